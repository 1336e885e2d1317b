"""Gaps over fakes: each kind by the state that makes it one, and what is no gap."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fake_streams import FakeStreams
from fakes import FakeClock, FakeGate, FakeLedger, FakeSage100, FakeShop, FakeXero
from tieout.domain.base import BatchId
from tieout.domain.books import (
    SageOrder,
    SageReceipt,
    SageState,
    XeroInvoice,
    XeroPayment,
)
from tieout.domain.gaps import Gap
from tieout.domain.hashing import base36
from tieout.domain.ledger import NewDeadLetter, Origin, Validated
from tieout.errors import ConfigurationError
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.settings import load_pairs
from tieout.usecases.capture import capture, sweep
from tieout.usecases.flow import Flow
from tieout.usecases.gaps import find_gaps

ROOT = Path(__file__).parents[3]
PAIR = load_pairs(ROOT / "include")["harbor_and_pine"]
SHOP = "harbor-and-pine.myshopify.com"
NODE: dict[str, Any] = json.loads(
    (ROOT / "tests/golden/order/order_1042.shopify.json").read_text("utf-8")
)
CHANGED_AT = datetime.fromisoformat(NODE["updatedAt"])
SINCE, UNTIL = CHANGED_AT - timedelta(hours=1), CHANGED_AT + timedelta(hours=1)
DAY = date(2026, 11, 29)
TOTAL = Decimal("110.13")


class World:
    """One shop with order 1042, a ledger, and two books to put documents into."""

    def __init__(self) -> None:
        self.shop = FakeShop({NODE["legacyResourceId"]: NODE})
        self.xero, self.sage100 = FakeXero(), FakeSage100()
        clock = FakeClock()
        self.ledger = FakeLedger(clock)
        self.flow = Flow(
            pair=PAIR,
            ledger=self.ledger,
            streams=FakeStreams(clock),
            xero=self.xero,
            sage100=self.sage100,
            shops={SHOP: self.shop},
            mapper=YamlMapper(ROOT / "include", PAIR),
            matcher=ProbabilityMatcher(),
            gate=FakeGate(),
            clock=clock,
        )
        order = self.flow.mapper.order_from_shop(NODE, shop=SHOP)
        self.transaction = order.payments[0].source_id

    def gaps(self) -> list[Gap]:
        return list(find_gaps(self.flow, SINCE, UNTIL).gaps)

    def kinds(self) -> list[str]:
        return [str(gap.kind) for gap in self.gaps()]

    def know(self) -> BatchId:
        batch = capture(self.flow, interval=(SINCE, UNTIL), origin=Origin.SWEEP, claimed_by="a run")
        assert batch is not None
        return batch

    def book_invoice(self, *, due: Decimal = Decimal(0)) -> None:
        self.xero.held_invoices.append(
            XeroInvoice(
                invoice_id="i-1",
                number="HP-1042",
                reference="",
                status="PAID",
                date=DAY,
                currency="USD",
                total=TOTAL,
                total_tax=Decimal("7.21"),
                amount_due=due,
                lines=(),
            )
        )

    def book_payment(self) -> None:
        self.xero.held_payments.append(
            XeroPayment(
                payment_id="p-1",
                invoice_id="i-1",
                account_code="091",
                date=DAY,
                amount=TOTAL,
                reference=f"HP-1042 {self.transaction}",
                status="AUTHORISED",
            )
        )

    def book_sales_order(self) -> None:
        zero = Decimal(0)
        self.sage100.held_orders.append(
            SageOrder(
                order_no="0000042",
                customer_po="HP-1042",
                status="N",
                date=DAY,
                customer_no="C",
                freight=zero,
                tax=zero,
                deposit=zero,
                total=TOTAL,
                lines=(),
            )
        )

    def book_receipt(self) -> None:
        self.sage100.held_receipts.append(
            SageReceipt(
                deposit_no="1",
                check_no=f"T{base36(int(self.transaction))}",
                customer_no="C",
                date=DAY,
                bank_code="S",
                amount=TOTAL,
                credited_account="230-00",
                state=SageState.ENTERED,
            )
        )

    def book_all(self) -> None:
        self.book_invoice()
        self.book_sales_order()
        self.book_receipt()


@pytest.fixture
def world() -> World:
    return World()


def finish(world: World, batch: BatchId) -> None:
    (document,) = world.ledger.documents(batch)
    world.ledger.mark_validated(Validated(document_id=document.document_id, canonical={}))
    world.ledger.mark_ready([document.document_id])
    world.ledger.mark_done(document.document_id)


def test_an_order_nobody_told_us_of_is_missing(world: World) -> None:
    (gap,) = world.gaps()
    assert (gap.kind, gap.number, gap.changed_at) == ("missing", "HP-1042", CHANGED_AT)
    assert len(gap.absent) == 4


def test_an_order_of_which_a_message_waits_is_waiting(world: World) -> None:
    sweep(world.flow, SINCE, UNTIL, origin=Origin.SWEEP)
    assert world.kinds() == ["waiting"]


def test_a_known_order_of_which_nothing_is_posted_is_waiting(world: World) -> None:
    world.know()
    assert world.kinds() == ["waiting"]


def test_an_order_with_an_invoice_alone_is_half_posted(world: World) -> None:
    world.know()
    world.book_invoice(due=TOTAL)
    (gap,) = world.gaps()
    assert gap.kind == "half_posted"
    assert gap.found == ("xero invoice HP-1042",)
    assert {name.split()[0] for name in gap.absent} == {"xero", "sage100"}


def test_a_done_order_whose_documents_are_all_there_is_no_gap(world: World) -> None:
    finish(world, world.know())
    world.book_all()
    assert world.gaps() == []


def test_a_done_order_whose_receipt_is_gone_is_half_posted(world: World) -> None:
    finish(world, world.know())
    world.book_invoice()
    world.book_sales_order()
    (gap,) = world.gaps()
    assert [name.rsplit(" ", 1)[0] for name in gap.absent] == ["sage100 cash receipt"]


def test_a_payment_is_looked_for_by_its_reference_when_the_amount_due_does_not_tell(
    world: World,
) -> None:
    finish(world, world.know())
    world.book_all()
    world.xero.held_invoices[0] = world.xero.held_invoices[0].model_copy(
        update={"amount_due": Decimal("10.13")}
    )
    assert world.kinds() == ["half_posted"]
    world.book_payment()
    assert world.gaps() == []


def test_an_order_that_the_shop_changed_since_is_changed(world: World) -> None:
    finish(world, world.know())
    world.book_all()
    world.shop.nodes[NODE["legacyResourceId"]] = {**NODE, "note": "leave it at the door"}
    assert world.kinds() == ["changed"]


def test_our_own_status_in_the_shop_is_no_change(world: World) -> None:
    finish(world, world.know())
    world.book_all()
    world.shop.nodes[NODE["legacyResourceId"]] = {**NODE, "tags": ["tieout: posted, paid"]}
    assert world.gaps() == []


def test_a_dead_letter_is_set_aside_and_a_held_order_held(world: World) -> None:
    (document,) = world.ledger.documents(world.know())
    world.ledger.hold(document.document_id, reason="a double")
    assert world.kinds() == ["held"]
    world.ledger.release(document.document_id)
    world.ledger.set_aside(
        NewDeadLetter(
            pair=PAIR.pair,
            document_id=document.document_id,
            trace_key="#1042",
            step="gate",
            cause="unknown_item",
            message="m",
            remedy="r",
        )
    )
    assert world.kinds() == ["set_aside"]


def test_an_order_skipped_by_a_rule_is_no_gap(world: World) -> None:
    (document,) = world.ledger.documents(world.know())
    world.ledger.skip_document(document.document_id, rule="test_order")
    assert world.gaps() == []


def test_an_order_outside_the_interval_is_not_looked_at(world: World) -> None:
    found = find_gaps(world.flow, SINCE, CHANGED_AT)
    assert (found.orders, found.gaps) == (0, ())


def test_an_order_that_cannot_be_read_is_still_found_missing(world: World) -> None:
    world.shop.nodes[NODE["legacyResourceId"]] = {
        name: value for name, value in NODE.items() if name != "currencyCode"
    }
    (gap,) = world.gaps()
    assert (gap.kind, gap.number) == ("missing", "HP-1042")


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        (SINCE.replace(tzinfo=None), UNTIL, "names no time zone"),
        (SINCE, UNTIL.replace(tzinfo=None), "names no time zone"),
        (UNTIL, SINCE, "is empty"),
    ],
)
def test_an_unclear_interval_is_refused(
    world: World, since: datetime, until: datetime, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        find_gaps(world.flow, since, until)


def test_times_may_be_given_in_any_zone(world: World) -> None:
    elsewhere = SINCE.astimezone(UTC)
    assert len(find_gaps(world.flow, elsewhere, UNTIL).gaps) == 1
