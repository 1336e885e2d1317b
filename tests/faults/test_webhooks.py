"""T-18, T-20, T-21: copies, forgeries and replays of webhooks change nothing.

In one process against the receiver's app, for speed; that it answers the same over real sockets is
shown in tests/contract/test_receiver.py.
"""

import asyncio
import json
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url
from starlette.applications import Starlette
from typing_extensions import override

from fakes import FakeShop
from faults.receiving import (
    PAIR,
    PREVIOUS,
    SECRET,
    SHOP,
    TENANT,
    headers,
    post,
    signature,
    signature_name,
    xero_headers,
)
from figures.report import record
from tieout.domain.base import Json
from tieout.ledger.postgres import PostgresLedger
from tieout.usecases.capture import drain
from tieout.usecases.flow import Flow
from tieout.web.config import ReceiverConfig
from tieout.web.receiver import create_app
from unit.usecases.test_steps import make_flow, worked

MUTATIONS = 10_000
SEED = 20
BODY = json.dumps(
    {"id": 1042, "name": "#1042", "note": "café 漢", "total_price": "110.13"}, ensure_ascii=False
).encode()
"""With blanks after colons and letters beyond ASCII: written anew, it is another body."""
XERO_BODY = json.dumps(
    {
        "events": [
            {
                "resourceUrl": "https://api.xero.com/api.xro/2.0/Invoices/1042",
                "resourceId": "1042",
                "tenantId": TENANT,
                "tenantType": "ORGANISATION",
                "eventCategory": "INVOICE",
                "eventType": "UPDATE",
                "eventDateUtc": "2026-11-24T04:06:33.902",
            }
        ],
        "firstEventSequence": 1,
        "lastEventSequence": 1,
        "entropy": "café 漢 110.13",
    },
    ensure_ascii=False,
).encode()
COPIES, SENDERS = 100, 50

Sent = tuple[bytes, dict[str, str]]
Mutation = Callable[[random.Random, bytes, dict[str, str]], Sent]


@dataclass(frozen=True)
class Receiving:
    """The receiver's app over an empty ledger."""

    app: Starlette
    ledger: PostgresLedger
    admin_url: str

    def rows(self) -> int:
        with psycopg.connect(self.admin_url) as connection:
            found = connection.execute("SELECT count(*) FROM tieout.inbox").fetchone()
        assert found is not None
        return int(found[0])


@pytest.fixture
def receiving(emptied_ledger_url: str) -> Iterator[Receiving]:
    config = ReceiverConfig.model_validate(
        {
            "database_url": emptied_ledger_url,
            "shops": {SHOP: {"pair": PAIR, "secrets": [SECRET, PREVIOUS]}},
            "xero_apps": {"books": {"keys": [SECRET, PREVIOUS], "tenants": {TENANT: PAIR}}},
        }
    )
    ledger = PostgresLedger(emptied_ledger_url)
    plain = make_url(emptied_ledger_url).set(drivername="postgresql")
    yield Receiving(create_app(config), ledger, plain.render_as_string(hide_password=False))
    ledger.close()


def _signed(given: dict[str, str], signed: str) -> dict[str, str]:
    return given | {signature_name(given): signed}


def bit_of_the_body(chance: random.Random, body: bytes, given: dict[str, str]) -> Sent:
    at = chance.randrange(len(body))
    return body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :], given


def body_cut(chance: random.Random, body: bytes, given: dict[str, str]) -> Sent:
    return body[: chance.randrange(len(body))], given


def body_longer(chance: random.Random, body: bytes, given: dict[str, str]) -> Sent:
    return body + chance.randbytes(chance.randint(1, 40)), given


def body_written_anew(chance: random.Random, body: bytes, given: dict[str, str]) -> Sent:
    said = json.loads(body)
    ways: list[dict[str, Any]] = [
        {},
        {"separators": (",", ":")},
        {"indent": 1, "ensure_ascii": False},
        {"sort_keys": True},
        {"indent": 2},
    ]
    return json.dumps(said, **chance.choice(ways)).encode(), given


def amount_changed(chance: random.Random, body: bytes, given: dict[str, str]) -> Sent:
    return body.replace(b"110.13", f"{chance.randrange(10**6)}.00".encode()), given


def letter_of_the_signature(chance: random.Random, body: bytes, given: dict[str, str]) -> Sent:
    signed = signature(body)
    at = chance.randrange(len(signed))
    others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
    letter = chance.choice(others.replace(signed[at], ""))
    return body, _signed(given, signed[:at] + letter + signed[at + 1 :])


def signature_cut(chance: random.Random, body: bytes, given: dict[str, str]) -> Sent:
    signed = signature(body)
    return body, _signed(given, signed[: chance.randrange(len(signed))])


def signature_of_another_kind(chance: random.Random, body: bytes, given: dict[str, str]) -> Sent:
    digest = chance.choice(["hex", "upper", "lower", "noise", "twice"])
    signed = signature(body)
    forms = {
        "hex": chance.randbytes(32).hex(),
        "upper": signed.upper(),
        "lower": signed.lower(),
        "noise": "".join(map(chr, chance.choices(range(1, 0x2FF), k=44))),
        "twice": signed + signed,
    }
    return body, _signed(given, forms[digest])


def secret_guessed(chance: random.Random, body: bytes, given: dict[str, str]) -> Sent:
    guess = chance.choice(
        ["", SECRET.upper(), SECRET[:-1], SECRET + " ", chance.randbytes(8).hex()]
    )
    return body, _signed(given, signature(body, guess))


def signature_of_another_body(chance: random.Random, body: bytes, given: dict[str, str]) -> Sent:
    return body, _signed(given, signature(chance.randbytes(chance.randrange(60))))


def shop_changed(chance: random.Random, body: bytes, given: dict[str, str]) -> Sent:
    shops = ["lotus-lane.myshopify.com", "", SHOP + ".", SHOP[:-1], chance.randbytes(6).hex()]
    return body, given | {"x-shopify-shop-domain": chance.choice(shops)}


def header_missing(chance: random.Random, body: bytes, given: dict[str, str]) -> Sent:
    proofs = {signature_name(given), "x-shopify-shop-domain"} & set(given)
    missing = chance.choice(sorted(proofs))
    return body, {name: value for name, value in given.items() if name != missing}


KINDS: tuple[Mutation, ...] = (
    bit_of_the_body,
    body_cut,
    body_longer,
    body_written_anew,
    amount_changed,
    letter_of_the_signature,
    signature_cut,
    signature_of_another_kind,
    secret_guessed,
    signature_of_another_body,
    header_missing,
)


@pytest.mark.parametrize(
    ("vendor", "whole", "signed", "kinds"),
    [
        ("shopify", BODY, headers(BODY), (*KINDS, shop_changed)),
        ("xero", XERO_BODY, xero_headers(XERO_BODY), KINDS),
    ],
    ids=["Shopify", "Xero"],
)
def test_of_ten_thousand_forgeries_none_is_accepted_or_stored(
    receiving: Receiving,
    caplog: pytest.LogCaptureFixture,
    vendor: str,
    whole: bytes,
    signed: dict[str, str],
    kinds: tuple[Mutation, ...],
) -> None:
    caplog.set_level(logging.ERROR)
    chance = random.Random(SEED)  # noqa: S311 - repeatable forgeries
    tried: Counter[str] = Counter()
    answers: Counter[int] = Counter()
    path = f"/webhooks/{vendor}"

    async def forge() -> None:
        while tried.total() < MUTATIONS:
            kind = chance.choice(kinds)
            body, changed = kind(chance, whole, signed)
            if (body, changed) == (whole, signed):
                continue
            tried[kind.__name__] += 1
            answers[await post(receiving.app, body, changed, path=path)] += 1

    asyncio.run(forge())
    record(
        "forged webhooks" if vendor == "shopify" else "forged webhooks of Xero",
        seed=SEED,
        tried=tried.total(),
        accepted=MUTATIONS - answers[401],
        **tried,
    )
    assert set(tried) == {kind.__name__ for kind in kinds}, "not injected"
    assert answers == {401: MUTATIONS}
    assert receiving.rows() == 0
    assert asyncio.run(post(receiving.app, whole, signed, path=path)) == 200
    assert receiving.rows() == 1


class CountingShop(FakeShop):
    """A shop that counts how often its orders are read."""

    def __init__(self, node: Json) -> None:
        super().__init__({str(node["legacyResourceId"]): node})
        self.reads = 0

    @override
    def orders(self, source_ids: Any) -> dict[str, Json]:
        self.reads += 1
        return super().orders(source_ids)


def flow_over(receiving: Receiving) -> tuple[Flow, CountingShop]:
    shop = CountingShop(worked())
    return replace(make_flow(), ledger=receiving.ledger, shops={SHOP: shop}), shop


def about_the_order() -> bytes:
    return json.dumps({"id": int(str(worked()["legacyResourceId"]))}).encode()


def test_a_hundred_copies_from_fifty_threads_are_one_row_and_one_document(
    receiving: Receiving,
) -> None:
    flow, shop = flow_over(receiving)
    body = about_the_order()

    def send(number: int) -> int:
        given = headers(body, webhook_id=f"w-{number % 2}")
        return asyncio.run(post(receiving.app, body, given))

    with ThreadPoolExecutor(SENDERS) as senders:
        assert list(senders.map(send, range(COPIES))) == [200] * COPIES
    assert receiving.rows() == 1
    assert drain(flow).documents == 1
    assert shop.reads == 1


def test_a_replay_under_new_ids_and_topics_costs_one_read_and_writes_nothing(
    receiving: Receiving,
) -> None:
    flow, shop = flow_over(receiving)
    body = about_the_order()

    def send(webhook_id: str, topic: str) -> None:
        given = headers(body, webhook_id=webhook_id, topic=topic)
        assert asyncio.run(post(receiving.app, body, given)) == 200

    send("w-1", "orders/create")
    assert drain(flow).documents == 1
    reads = shop.reads
    for number in range(2, 12):
        send(f"w-{number}", "orders/create")
    assert (receiving.rows(), drain(flow).documents, shop.reads) == (1, 0, reads)
    # No signature covers the topic: a replay under another one is a hint like any other.
    send("w-99", "orders/updated")
    drained = drain(flow)
    assert (drained.documents, drained.skipped, shop.reads) == (0, 1, reads + 1)
    targets = [flow.xero.target("invoice"), flow.sage100.target("sales_order")]
    assert [getattr(target, "sends", None) for target in targets] == [[], []]
