"""What is proven posted in both ledgers is closed with the proof, and nothing else ever is."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import records
from fake_desk import FakeDesk
from fake_streams import FakeStreams
from fakes import FakeClock, FakeGate, FakeSage100, FakeShop, FakeXero
from tieout.domain.base import DeadLetterId
from tieout.domain.books import SageOrder, SageReceipt, SageState, XeroInvoice
from tieout.domain.json_patch import Act, Operation
from tieout.domain.ledger import DocumentState
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.settings import load_pairs
from tieout.usecases.flow import Flow
from tieout.usecases.order_names import check_no
from tieout.usecases.resolve import resolve_proven

ROOT = Path(__file__).parents[3]
PAIR = load_pairs(ROOT / "include")["harbor_and_pine"]
NODE: dict[str, Any] = json.loads((ROOT / "tests/golden/order/order_1042.shopify.json").read_text())
MAPPER = YamlMapper(ROOT / "include", PAIR)
ORDER = MAPPER.order_from_shop(NODE)
DAY = date(2026, 11, 20)
INVOICE = XeroInvoice(
    invoice_id="inv-1",
    number="HP-1042",
    reference="",
    status="AUTHORISED",
    date=DAY,
    currency="USD",
    total=ORDER.total,
    total_tax=ORDER.tax,
    amount_due=ORDER.total - ORDER.captured,
    lines=(),
)
SALES_ORDER = SageOrder(
    order_no="0000042",
    customer_po="HP-1042",
    status="N",
    date=DAY,
    customer_no="WEB1",
    freight=Decimal(8),
    tax=ORDER.tax,
    deposit=ORDER.captured,
    total=ORDER.total,
    lines=(),
)
RECEIPTS = [
    SageReceipt(
        deposit_no="1",
        check_no=check_no(payment),
        customer_no="WEB1",
        date=DAY,
        bank_code="S",
        amount=payment.amount,
        credited_account="",
        state=SageState.ENTERED,
    )
    for payment in ORDER.payments
]


class Office:
    """A pair whose ledgers hold the order in full, and a desk where its letter lies."""

    def __init__(self, **changed: Any) -> None:
        self.desk = FakeDesk(FakeClock())
        self.xero, self.sage100 = FakeXero(), FakeSage100()
        self.xero.held_invoices = [INVOICE]
        self.sage100.held_orders = [SALES_ORDER]
        self.sage100.held_receipts = list(RECEIPTS)
        self.flow = Flow(
            pair=PAIR,
            ledger=self.desk,
            xero=self.xero,
            sage100=self.sage100,
            shops={records.SHOP: FakeShop()},
            mapper=MAPPER,
            matcher=ProbabilityMatcher(),
            gate=FakeGate(),
            streams=FakeStreams(FakeClock()),
            clock=FakeClock(),
        )
        new = records.document(payload={**NODE, **changed})
        self.document_id = records.land_document(self.desk, new)
        assert self.document_id is not None

    def aside(self, **changed: Any) -> DeadLetterId:
        letter = records.dead_letter(document_id=self.document_id)
        self.desk.set_aside(letter.model_copy(update={"step": "invoice", **changed}))
        return self.desk.dead_letters()[-1].dead_letter_id

    def resolved(self) -> list[DeadLetterId]:
        return [one.dead_letter_id for one in resolve_proven(self.flow, self.desk)]


def test_what_both_ledgers_hold_in_full_is_closed_with_ids_and_figures() -> None:
    office = Office()
    letter = office.aside()
    (resolved,) = resolve_proven(office.flow, office.desk)
    closed = office.desk.case(letter)
    assert closed.letter.proof == resolved.proof
    assert resolved.proof["xero_invoice_id"] == "inv-1"
    assert resolved.proof["sage100_sales_order_no"] == "0000042"
    assert resolved.proof["total"] == resolved.proof["sage100_total"] == "110.13"
    assert (closed.letter.resolution, closed.letter.closed_by) == ("resolved", "tieout resolve")
    assert closed.document is not None
    assert closed.document.state == DocumentState.SKIPPED
    assert office.desk.conservation(PAIR.pair).is_conserved
    assert office.resolved() == []


def test_a_corrected_order_is_compared_as_corrected() -> None:
    total = "/totalPriceSet/shopMoney/amount"
    office = Office()
    letter = office.aside()
    office.desk.correct(
        records.correction(letter, Operation(op=Act.REPLACE, path=total, value="111.13"))
    )
    assert office.resolved() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"total": Decimal("110.12")},
        {"currency": "EUR"},
        {"number": "HP-1043"},
        {"amount_due": Decimal("0.01")},
        {"reference": "6811300999999 #1"},
    ],
)
def test_an_invoice_that_differs_proves_nothing(changed: dict[str, Any]) -> None:
    office = Office()
    office.aside()
    office.xero.held_invoices = [INVOICE.model_copy(update=changed)]
    assert office.resolved() == []


@pytest.mark.parametrize(
    "orders",
    [
        [],
        [SALES_ORDER.model_copy(update={"total": Decimal("110.12")})],
        [SALES_ORDER.model_copy(update={"customer_po": "HP-1043"})],
        [SALES_ORDER, SALES_ORDER.model_copy(update={"order_no": "0000043"})],
    ],
)
def test_a_sales_order_that_is_missing_other_or_doubled_proves_nothing(
    orders: list[SageOrder],
) -> None:
    office = Office()
    office.aside()
    office.sage100.held_orders = orders
    assert office.resolved() == []


def test_a_payment_without_receipt_proves_nothing() -> None:
    office = Office()
    office.aside()
    office.sage100.held_receipts = []
    assert RECEIPTS
    assert office.resolved() == []


@pytest.mark.parametrize(
    "changed",
    [{"cause": "changed_after_posting"}, {"step": "order_status"}, {"step": "invoice_note"}],
)
def test_what_only_a_person_can_compare_or_is_no_posting_stays_open(
    changed: dict[str, Any],
) -> None:
    office = Office()
    office.aside(**changed)
    assert office.resolved() == []


def test_a_cancelled_order_stays_open() -> None:
    office = Office(cancelledAt="2026-11-20T10:00:00Z")
    office.aside()
    assert office.resolved() == []


def test_a_write_in_doubt_keeps_its_letter_open() -> None:
    office = Office()
    assert office.document_id is not None
    (delivery,) = office.desk.intend([records.delivery(office.document_id)])
    office.desk.mark_in_doubt(records.send(office.desk, delivery.delivery_id))
    office.aside()
    assert office.resolved() == []


def test_a_message_whose_record_is_done_by_now_is_closed() -> None:
    office = Office()
    assert office.document_id is not None
    inbox_id = records.land_pending(office.desk, records.document().source_id, body=b"broken")
    office.desk.set_aside(records.dead_letter(inbox_id=inbox_id))
    assert office.resolved() == []
    office.desk.mark_done(office.document_id)
    assert len(office.resolved()) == 1
    counts = office.desk.conservation(PAIR.pair)
    assert (counts.dead_letter, counts.skipped) == (0, {"resolved": 1})
