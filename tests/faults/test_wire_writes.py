"""T-12, T-13, T-14, T-27, T-56, T-66: what goes over the wire, counted there and in the ledger.

The proxies see every request; the ledger has every intent. What one has more than the other is a
write that nobody meant, or one that nobody made.
"""

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from acceptance.orders import paid
from acceptance.test_faults import ONE_OF_EACH, causes_of, copies_of, draft_of, new_buyer
from deliveries import delivered, make_delivery
from fakes import FakeClock, FakeLedger
from faults.conftest import AGENT, SHOPIFY, XERO, ProxiedWorld
from faults.proxy import Fault, Mode
from faults.shapes import http
from faults.test_malformed_answers import GRAPHQL, contact, invoice, wanted
from figures.report import record
from records import fence
from tieout.connectors import http as http_client
from tieout.domain.base import Json, System
from tieout.domain.ledger import Delivery, Landed, NewInboxEntry, Origin
from tieout.domain.streams import StreamState
from tieout.errors import AuthenticationError, OutcomeUnknownError, StreamPausedError
from tieout.simulators.shopify.demo_build import Draft, order_id
from tieout.usecases.delivery import Delivered, Writer
from tieout.wiring.connections import LEDGER_CONNECTION, connections_in, ledger_url
from world import HARBOR, LOTUS, SHOPS

API = "/api.xro/2.0/"
RESOURCES = {"Contacts": "contact", "Invoices": "invoice", "Payments": "payment"}
KINDS = {"sales_order.create": "sales_order", "customer.create": "customer"}
KINDS |= {"sales_order.set_deposit": "order_deposit", "cash_receipt.create": "cash_receipt"}
MUTATIONS = {"metafieldsSet": "order_status", "inventorySetQuantities": "inventory_level"}
BATCH = 50


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "READ_RETRY_WAIT_S", 0.0)


def writes(proxied: ProxiedWorld) -> Counter[str]:
    """Count what was sent so far, by entity: each element of a batch, and each copy of it."""
    counted: Counter[str] = Counter()
    for seen in proxied.proxies[XERO].seen:
        path = seen.path.partition("?")[0].removeprefix(API)
        if seen.method in ("PUT", "POST") and seen.path.startswith(API):
            is_note = path.endswith("/History")
            entity = "invoice_note" if is_note else RESOURCES[path]
            counted[entity] += 1 if is_note else len(json.loads(seen.body)[path])
    for seen in proxied.proxies[AGENT].seen:
        if seen.method == "POST":
            counted[KINDS[json.loads(seen.body)["kind"]]] += 1
    for seen in proxied.proxies[SHOPIFY].seen:
        for name, entity in MUTATIONS.items():
            if name.encode() in seen.body:
                counted[entity] += 1
    return counted


def attempts(proxied: ProxiedWorld) -> Counter[str]:
    """Sum the sends that the ledger has an intent for, by entity."""
    with psycopg.connect(plain_ledger_url(proxied)) as connection:
        rows = connection.execute(
            "SELECT entity, sum(attempts) FROM tieout.deliveries GROUP BY entity"
        ).fetchall()
    return Counter({str(entity): int(number) for entity, number in rows})


def plain_ledger_url(proxied: ProxiedWorld) -> str:
    url = ledger_url(connections_in(proxied.world.configuration.connections)(LEDGER_CONNECTION))
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def lost(method: str, path: str, *, skip: int = 0, contains: bytes = b"") -> list[Fault]:
    """Return one fault of each kind that a client could answer by sending again by itself."""
    modes = (Mode.RESET, Mode.DROP_ANSWER, Mode.CUT_ANSWER)
    return [Fault(mode, method=method, path=path, skip=skip, contains=contains) for mode in modes]


def test_every_write_at_the_wire_has_an_intent_in_the_ledger(proxied: ProxiedWorld) -> None:
    world = proxied.world
    drafts = [draft_of(new_buyer()) for _ in range(3)]
    for draft in drafts:
        world.place(paid(draft))
    sent, meant = writes(proxied), attempts(proxied)
    faults = {
        XERO: lost("PUT", f"{API}Invoices"),
        AGENT: lost("POST", "/v1/commands"),
        SHOPIFY: lost("POST", GRAPHQL, contains=b"metafieldsSet"),
    }
    for name, armed in faults.items():
        proxied.proxies[name].faults[:] = armed
    troubles = world.run_retrying({}, retries_max=8)
    for proxy in proxied.proxies.values():
        proxy.faults.clear()
    assert [fault.hits for armed in faults.values() for fault in armed] == [1] * 9, "not injected"
    made, intended = writes(proxied) - sent, attempts(proxied) - meant
    record("writes at the wire against intents", wire=dict(made), ledger=dict(intended), faults=9)
    assert troubles
    # Stock is one request for many levels, each of them an intent of its own.
    assert made.pop("inventory_level", 0) <= intended.pop("inventory_level", 0)
    assert made == intended
    assert [causes_of(world, draft) for draft in drafts] == [[], [], []]
    assert copies_of(world, drafts[0]) == ONE_OF_EACH
    assert_clean(proxied)


def test_our_own_write_that_comes_back_as_a_webhook_writes_nothing(proxied: ProxiedWorld) -> None:
    world = proxied.world
    draft = draft_of(new_buyer())
    world.post(paid(draft))
    before = writes(proxied)
    body = json.dumps({"id": order_id(draft.number), "echo": True}).encode()
    for topic in ("orders/updated", "orders/paid"):
        assert world.tieout.ledger.land([webhook(draft, topic, body)]) == 1
    world.run()
    world.run()
    assert writes(proxied) == before
    assert world.tieout.ledger.conservation(HARBOR).pending == 0
    assert_clean(proxied)


def webhook(draft: Draft, topic: str, body: bytes) -> NewInboxEntry:
    return NewInboxEntry(
        pair=HARBOR,
        source=System.SHOPIFY,
        account=SHOPS[HARBOR],
        topic=topic,
        event_id=f"echo {topic} {draft.number}",
        resource_id=str(order_id(draft.number)),
        origin=Origin.WEBHOOK,
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_size=len(body),
    )


def assert_clean(proxied: ProxiedWorld) -> None:
    verdict = proxied.world.verdict()
    assert verdict.is_clean, verdict.text()


@dataclass(frozen=True)
class Revoked:
    """How a system says that it does not let us in any more."""

    system: str
    path: str
    answer: bytes


REVOKED = {
    "xero: no token": Revoked(
        XERO, "/connect/token", http(b'{"error": "unauthorized_client"}', "400 Bad Request")
    ),
    "xero: token refused": Revoked(
        XERO, API, http(b'{"Title": "Unauthorized", "Detail": "TokenExpired"}', "401 Unauthorized")
    ),
    "xero: disconnected": Revoked(
        XERO, API, http(b'{"Detail": "AuthenticationUnsuccessful"}', "403 Forbidden")
    ),
    "shopify: uninstalled": Revoked(
        SHOPIFY, GRAPHQL, http(b'{"errors": "[API] Invalid API key"}', "401 Unauthorized")
    ),
    "shopify: scope lost": Revoked(
        SHOPIFY,
        GRAPHQL,
        http(b'{"errors": [{"message": "no", "extensions": {"code": "ACCESS_DENIED"}}]}'),
    ),
    "agent: key refused": Revoked(AGENT, "/v1/commands", http(b"{}", "401 Unauthorized")),
}


NIGHTLY = {"xero: no token", "xero: disconnected", "shopify: scope lost"}


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[pytest.mark.tier2] * (case in NIGHTLY)) for case in REVOKED],
)
def test_a_revoked_consent_stops_the_flow_and_sets_nothing_aside(
    proxied: ProxiedWorld, case: str
) -> None:
    world, revoked = proxied.world, REVOKED[case]
    draft = draft_of(new_buyer())
    world.place(paid(draft))
    fault = Fault(
        Mode.REPLACE, path=revoked.path, answer=revoked.answer, count=1000, forwards=False
    )
    letters = len(world.tieout.ledger.dead_letters(HARBOR))
    with proxied.proxies[revoked.system].armed(fault):
        with pytest.raises(AuthenticationError) as raised:
            world.run(name=case)
        assert raised.value.remedy
        if revoked.system != SHOPIFY:  # what it is captured from has no stream
            asked = fault.hits
            with pytest.raises(StreamPausedError, match=re.escape(raised.value.message)):
                world.run(name=case)
            assert fault.hits == asked, "it was asked although its stream pauses"
    conservation = world.tieout.ledger.conservation(HARBOR)
    assert len(world.tieout.ledger.dead_letters(HARBOR)) == letters
    assert (conservation.is_conserved, conservation.in_doubt) == (True, 0)
    let_a_minute_pass(proxied)
    world.run(name=case)
    assert {one.state for one in world.tieout.streams.streams(HARBOR)} == {StreamState.OPEN}
    assert causes_of(world, draft) == []
    assert world.tieout.ledger.conservation(HARBOR).pending == 0
    assert_clean(proxied)


def let_a_minute_pass(proxied: ProxiedWorld) -> None:
    """Let the next probe of every paused stream be due."""
    with psycopg.connect(plain_ledger_url(proxied)) as connection:
        connection.execute("UPDATE tieout.streams SET probed_at = probed_at - interval '1 minute'")


HOSTILE = ("=cmd|'/C calc'!A0", "x'); DROP TABLE AR_Customer;--", "{{7*7}}", "<script>1</script>")


def test_hostile_words_in_an_order_are_posted_as_words_or_set_aside(proxied: ProxiedWorld) -> None:
    world = proxied.world
    drafts = [draft_of(new_buyer()) for _ in HOSTILE]
    for draft, words in zip(drafts, HOSTILE, strict=True):
        order = paid(draft)
        order["note"] = words
        for line in order["line_items"]:
            line["title"] = line["name"] = words
        for member in ("billing_address", "shipping_address"):
            order[member] = {**order[member], "address2": words[:30]}
        world.place(order)
    world.run()
    conservation = world.tieout.ledger.conservation(HARBOR)
    assert (conservation.is_conserved, conservation.pending) == (True, 0)
    posted = [draft for draft in drafts if not causes_of(world, draft)]
    assert posted, "every order was refused, so nothing was shown"
    assert all(copies_of(world, draft) == ONE_OF_EACH for draft in posted)
    assert_clean(proxied)


def settle(proxied: ProxiedWorld, ledger: FakeLedger, batch: list[Any]) -> dict[str, Delivered]:
    target = proxied.world.tieout.xero(LOTUS).target(batch[0].entity)
    writer = Writer(
        ledger=ledger,
        target=target,
        fence=fence(ledger),
        lease_s=900,
        binding_of=lambda _delivery, _landed: None,
    )
    return delivered(writer, batch)


REFUSED_WHOLE = http(
    b'{"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception"}',
    "400 Bad Request",
)
BY_400 = {
    "by 200": None,
    "by 400, nothing written": False,
    "by 400, the good ones written": True,
}


@pytest.mark.parametrize(
    ("way", "batches"),
    [
        *(pytest.param(way, 1, id=way) for way in BY_400),
        *(pytest.param(way, 12, id=f"{way}, 12 times", marks=pytest.mark.tier2) for way in BY_400),
    ],
)
def test_one_bad_of_fifty_is_set_aside_and_the_others_are_posted_once(
    proxied: ProxiedWorld, way: str, batches: int
) -> None:
    ledger = FakeLedger(FakeClock())
    base = {"by 200": 10, "by 400, nothing written": 20, "by 400, the good ones written": 30}[way]
    start = (base + (batches > 1)) * 100_000
    buyer = settle(proxied, ledger, [contact(start)])[f"SHAPE-{start}"].delivery.external_id
    for batch in range(batches):
        numbers = range(start + 100 * batch, start + 100 * batch + BATCH)
        made = [invoice(number, buyer) for number in numbers]
        bad = made[BATCH // 2]
        made[BATCH // 2] = wanted("invoice", _without_account(bad.payload), bad.expected)
        fault = Fault(
            Mode.REPLACE,
            method="PUT",
            path=f"{API}Invoices",
            answer=REFUSED_WHOLE,
            forwards=bool(BY_400[way]),
        )
        if BY_400[way] is None:
            settled = settle(proxied, ledger, made)
        else:
            with proxied.proxies[XERO].armed(fault):
                settled = settle(proxied, ledger, made)
        refused = [key for key, one in settled.items() if one.refused is not None]
        assert refused == [bad.document_key]
        held = Counter(one.number for one in proxied.world.tieout.xero(LOTUS).invoices())
        assert [held[new.document_key] for new in made] == [
            int(new.document_key != bad.document_key) for new in made
        ]


def _without_account(payload: Json) -> Json:
    (line,) = payload["LineItems"]  # type: ignore[misc]  # one line
    return {**payload, "LineItems": [{**line, "AccountCode": "99999"}]}  # type: ignore[dict-item]


CHANGES = 200


def test_the_same_key_with_a_changed_body_is_in_doubt_and_writes_nothing(
    proxied: ProxiedWorld,
) -> None:
    xero = proxied.world.tieout.xero(LOTUS)
    target = xero.target("payment")
    (buyer,) = settle(proxied, FakeLedger(FakeClock()), [contact(900_000)]).values()
    new = invoice(900_001, buyer.delivery.external_id)
    (made,) = settle(proxied, FakeLedger(FakeClock()), [new]).values()
    first = payment(made.delivery.external_id, "0.01")
    assert isinstance(target.send([first])[first.delivery_id], Landed)
    held = len(xero.payments())
    for cents in range(2, CHANGES + 2):
        changed = payment(made.delivery.external_id, f"{cents / 100:.2f}")
        with pytest.raises(OutcomeUnknownError):
            target.send([changed.model_copy(update={"idempotency_key": first.idempotency_key})])
    assert len(xero.payments()) == held


def payment(invoice_id: str, amount: str) -> Delivery:
    payload: Json = {
        "Invoice": {"InvoiceID": invoice_id},
        "Account": {"Code": "091"},
        "Date": "2026-11-20",
        "Amount": amount,
        "Reference": f"SHAPE {amount}",
    }
    return make_delivery("payment", payload, key=f"SHAPE {amount}")
