"""T-16: an answer that is none never counts: writes are in doubt until the target is read.

Each shape strikes reads and writes of all three systems at the wire. On a write nothing is entered
by it, and there is one document in the end, whether the write had landed or not. On a read there is
a clear error, and no watermark moves.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from typing import Any

import pytest

import records
from acceptance.orders import TODAY, paid
from acceptance.test_faults import (
    ONE_OF_EACH,
    causes_of,
    copies_of,
    draft_of,
    new_buyer,
    on_account,
)
from deliveries import delivered, make_delivery
from fakes import FakeClock, FakeLedger
from faults.conftest import AGENT, SHOPIFY, XERO, ProxiedWorld
from faults.proxy import Fault, Mode
from faults.shapes import COMMON, SERVER_ATTEMPTS, SHAPES, malformed
from tieout.connectors import http
from tieout.domain.base import DocumentId, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import Delivery, DeliveryState, NewDelivery, Origin
from tieout.domain.streams import FAILURES_IN_A_ROW_MAX
from tieout.errors import ConfigurationError, OutcomeUnknownError, RetryableError
from tieout.ports.targets import Target
from tieout.simulators.shopify.demo_build import Draft
from tieout.usecases.capture import capture
from tieout.usecases.delivery import Writer
from world import HARBOR, LOTUS, SHOPS, SWEEP_FROM

WATERMARK = f"orders {SHOPS[HARBOR]}"
ONE_BY_ONE = {
    "sales_order": (AGENT, {"method": "POST", "path": "/v1/commands"}),
    "invoice_note": (XERO, {"method": "PUT", "path": "/api.xro/2.0/Invoices/"}),
    "order_status": (SHOPIFY, {"contains": b"metafieldsSet"}),
}
"""The writes that go one at a time, so that each order meets another shape in one run."""
LOST_IN_A_ROW = FAILURES_IN_A_ROW_MAX - 1
OTHER_PAIR = LOTUS
"""Its organization takes the records that no order stands behind; the oracle judges the first."""
GRAPHQL = f"/shops/{SHOPS[HARBOR]}/admin/api/"
QUERIES = (b"ChangedOrders", b"OrdersById")
NUMBERS = count(1)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_RETRY_WAIT_S", 0.0)


def states_of(proxied: ProxiedWorld, entity: str) -> list[DeliveryState]:
    """Return the states of the deliveries of an entity that the unfinished orders have."""
    ledger = proxied.world.tieout.ledger
    documents = [one.document_id for one in ledger.unsettled(HARBOR, "shop_order")]
    return [one.state for one in ledger.deliveries(documents, entity=entity)]


def _with_good_ones(faults: list[Fault], where: Mapping[str, Any]) -> list[Fault]:
    """Let a write pass now and then: lost answers in a row would pause the stream."""
    mixed: list[Fault] = []
    for number, fault in enumerate(faults):
        if number and number % LOST_IN_A_ROW == 0:
            mixed.append(Fault(Mode.PASS, **where))
        mixed.append(fault)
    return mixed


@pytest.mark.parametrize(
    ("shapes", "landed"),
    [
        pytest.param(COMMON, [True, False], id="common shapes, every other write landed"),
        pytest.param(tuple(SHAPES), [True], id="all shapes, landed", marks=pytest.mark.tier2),
        pytest.param(tuple(SHAPES), [False], id="all, never arrived", marks=pytest.mark.tier2),
    ],
)
def test_a_write_with_a_malformed_answer_is_in_doubt_and_ends_as_one_document(
    proxied: ProxiedWorld, shapes: tuple[str, ...], landed: list[bool]
) -> None:
    world = proxied.world
    good_ones = (len(shapes) - 1) // LOST_IN_A_ROW
    drafts = [draft_of(new_buyer()) for _ in range(len(shapes) + good_ones)]
    world.place(paid(drafts[0]))
    for draft in drafts[1:]:
        world.place(on_account(draft))
    armed = {
        step: [
            malformed(name, forwards=forwards, **where)
            for name, forwards in zip(shapes, cycle(landed), strict=False)
        ]
        for step, (_system, where) in ONE_BY_ONE.items()
    }
    doubtful: dict[str, int] = {}
    current: list[str] = []

    def arm(step: str) -> None:
        system, where = ONE_BY_ONE[step]
        proxied.proxies[system].faults[:] = _with_good_ones(armed[step], where)
        current.append(step)

    def look() -> None:
        states = states_of(proxied, current[-1])
        doubtful[current[-1]] = states.count(DeliveryState.IN_DOUBT)

    troubles = world.run_retrying(
        {step: (lambda step=step: arm(step)) for step in ONE_BY_ONE}, between=look
    )
    for proxy in proxied.proxies.values():
        proxy.faults.clear()

    assert {step: [one.hits for one in faults] for step, faults in armed.items()} == {
        step: [1] * len(shapes) for step in ONE_BY_ONE
    }, "not injected"
    assert [type(trouble) for trouble in troubles] == [OutcomeUnknownError] * len(ONE_BY_ONE)
    assert doubtful == dict.fromkeys(ONE_BY_ONE, len(shapes))
    assert_one_of_each(proxied, drafts)


def assert_one_of_each(proxied: ProxiedWorld, drafts: list[Draft]) -> None:
    world = proxied.world
    conservation = world.tieout.ledger.conservation(HARBOR)
    assert (conservation.is_conserved, conservation.in_doubt, conservation.pending) == (True, 0, 0)
    assert [causes_of(world, draft) for draft in drafts] == [[] for _ in drafts]
    assert copies_of(world, drafts[0]) == ONE_OF_EACH
    verdict = world.verdict()
    assert verdict.is_clean, verdict.text()


def wanted(entity: str, payload: Json, expected: dict[str, str]) -> NewDelivery:
    return NewDelivery(
        document_id=DocumentId(1),
        pair=HARBOR,
        target=System.XERO,
        entity=entity,
        document_key=str(payload.get("InvoiceNumber") or payload["ContactNumber"]),
        operation="create",
        version_hash=content_hash(payload),
        payload=payload,
        expected=expected,
    )


def contact(number: int) -> NewDelivery:
    name = f"Shape {number}"
    return wanted("contact", {"Name": name, "ContactNumber": f"SHAPE-{number}"}, {"name": name})


def invoice(number: int, contact_id: str) -> NewDelivery:
    line = {"Description": "Lamp", "Quantity": "1", "UnitAmount": "10.00", "AccountCode": "200"}
    payload: Json = {
        "Type": "ACCREC",
        "InvoiceNumber": f"SHAPE-{number}",
        "Reference": f"shape {number}",
        "Contact": {"ContactID": contact_id},
        "Date": TODAY.isoformat(),
        "DueDate": TODAY.isoformat(),
        "LineAmountTypes": "NoTax",
        "LineItems": [{**line, "TaxType": "NONE"}],
        "Status": "AUTHORISED",
    }
    return wanted("invoice", payload, {"total": "10.00"})


def sent(ledger: FakeLedger, target: Target, new: NewDelivery) -> Delivery:
    writer = Writer(
        ledger=ledger,
        target=target,
        fence=records.fence(ledger),
        lease_s=900,
        binding_of=lambda _delivery, _landed: None,
    )
    (settled,) = delivered(writer, [new]).values()
    assert settled.refused is None
    return settled.delivery


@pytest.mark.parametrize("forwards", [True, False], ids=["landed", "never arrived"])
@pytest.mark.parametrize("entity", ["contact", "invoice"])
def test_a_batch_with_a_malformed_answer_is_in_doubt_and_ends_as_one_record(
    proxied: ProxiedWorld, entity: str, *, forwards: bool
) -> None:
    xero = proxied.world.tieout.xero(OTHER_PAIR)
    ledger = FakeLedger(FakeClock())
    target = xero.target(entity)
    buyer = sent(ledger, xero.target("contact"), contact(next(NUMBERS))).external_id
    resource = f"{entity.capitalize()}s"
    path = f"/api.xro/2.0/{resource}"
    for shape in SHAPES:
        number = next(NUMBERS)
        new = contact(number) if entity == "contact" else invoice(number, buyer)
        fault = malformed(shape, method="PUT", path=path, forwards=forwards)
        with proxied.proxies[XERO].armed(fault), pytest.raises(OutcomeUnknownError):
            sent(ledger, target, new)
        (doubtful,) = ledger.deliveries_of(HARBOR, entity, [new.document_key])
        assert doubtful.state is DeliveryState.IN_DOUBT, shape
        assert sent(ledger, target, new).external_id, shape
    held = len(ledger.deliveries([DocumentId(1)], entity=entity))
    numbers = [f"SHAPE-{number}" for number in range(1, next(NUMBERS))]
    if entity == "contact":
        assert len(xero.find_contacts(numbers=numbers)) >= held
    else:
        made = [one.number for one in xero.invoices() if one.number in numbers]
        assert len(made) == len(set(made))
        assert len(made) >= held


class Reads:
    """One read of each system."""

    def __init__(self, proxied: ProxiedWorld) -> None:
        self._tieout = proxied.world.tieout

    def xero(self) -> object:
        return self._tieout.xero(HARBOR).invoices()

    def xero_list(self) -> object:
        return self._tieout.xero(HARBOR).reference()

    def shopify(self) -> object:
        shop = self._tieout.shop(HARBOR, SHOPS[HARBOR])
        return shop.changed_orders(SWEEP_FROM, datetime.now(UTC))  # noqa: TID251 - the real shop's

    def shopify_variants(self) -> object:
        return self._tieout.shop(HARBOR, SHOPS[HARBOR]).inventory_items(["1"])

    def agent(self) -> object:
        target = self._tieout.sage100(HARBOR).target("sales_order")
        return target.find([make_delivery("sales_order", {}, target=System.SAGE100)])


READS = {
    "xero": (XERO, "/api.xro/"),
    "xero_list": (XERO, "/api.xro/"),
    "shopify": (SHOPIFY, GRAPHQL),
    "shopify_variants": (SHOPIFY, GRAPHQL),
    "agent": (AGENT, "/v1/commands/"),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("read", READS)
def test_a_read_with_a_malformed_answer_is_a_clear_error(
    proxied: ProxiedWorld, read: str, shape: str
) -> None:
    system, path = READS[read]
    fault = malformed(shape, path=path, count=SERVER_ATTEMPTS)
    reading = getattr(Reads(proxied), read)
    with (
        proxied.proxies[system].armed(fault),
        pytest.raises((RetryableError, ConfigurationError)) as raised,
    ):
        reading()
    if shape != "envelope of nothing":
        assert isinstance(raised.value, RetryableError)
    assert raised.value.remedy


@pytest.mark.parametrize("shape", SHAPES)
def test_a_sweep_with_a_malformed_answer_moves_no_watermark(
    proxied: ProxiedWorld, shape: str
) -> None:
    world = proxied.world
    flow = world.tieout.flow(HARBOR)
    interval = (SWEEP_FROM, flow.clock.now() + timedelta(minutes=1))
    before = flow.ledger.watermark(HARBOR, System.SHOPIFY, WATERMARK)
    with (
        proxied.proxies[SHOPIFY].armed(
            malformed(shape, path=GRAPHQL, contains=QUERIES[0], count=SERVER_ATTEMPTS)
        ),
        pytest.raises((RetryableError, ConfigurationError)),
    ):
        capture(flow, interval=interval, origin=Origin.SWEEP, claimed_by=f"sweep {shape}")
    assert flow.ledger.watermark(HARBOR, System.SHOPIFY, WATERMARK) == before
