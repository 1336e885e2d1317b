"""A pair's money: payments with receipts and open invoices, payouts with what is booked."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from fake_money import FakePayouts, FakeReceivables
from fakes import FakeXero
from payouts import FIRST_ROW, MadePayout, Row, made
from tieout.domain.books import SageReceipt, SageState, XeroInvoice, XeroPayment
from tieout.domain.hashing import base36
from tieout.domain.payouts import PartKind
from tieout.domain.reconciliation.records import Owner, Shape, Side, VarianceClass
from tieout.ports.receivables import SageOpenInvoice
from tieout.stack.payment_reports import payments_json, payments_text
from tieout.usecases.payment_reconciliation import PairPayments, reconcile_payments
from two_ledgers import PAIR

KNOWN_AT = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
CLEARING = next(one for one in PAIR.accounts if one.role == "clearing_shopify_payments")
PAID_ON = date(2026, 11, 24)


def invoice(number: str, total: str) -> XeroInvoice:
    return XeroInvoice(
        invoice_id=f"id-{number}",
        number=number,
        reference="",
        status="AUTHORISED",
        date=PAID_ON,
        currency="USD",
        total=Decimal(total),
        total_tax=Decimal(0),
        amount_due=Decimal(0),
        lines=(),
    )


def payment(number: str, amount: str, transaction: int) -> XeroPayment:
    return XeroPayment(
        payment_id=f"pay-{transaction}",
        invoice_id=f"id-{number}",
        account_code=CLEARING.xero or "",
        date=PAID_ON,
        amount=Decimal(amount),
        reference=f"1042 {transaction}",
        status="AUTHORISED",
    )


def receipt(amount: str, transaction: int, *, account: str = "230-00") -> SageReceipt:
    return SageReceipt(
        deposit_no="00007",
        check_no=f"T{base36(transaction)}",
        customer_no="0000042",
        date=PAID_ON,
        bank_code="S",
        amount=Decimal(amount),
        credited_account=account,
        state=SageState.ENTERED,
    )


def charge(amount: str, fee: str, transaction: int) -> Row:
    row = Row(FIRST_ROW + transaction, "CHARGE", Decimal(amount), Decimal(fee))
    row.order, row.transaction = f"#{transaction}", str(transaction)
    return row


class Books:
    """Both ledgers and the gateway, to be filled by a test."""

    def __init__(self) -> None:
        self.xero, self.sage100, self.gateway = FakeXero(), FakeReceivables(), FakePayouts()

    def sold(self, number: str, amount: str, transaction: int, *, received: bool = True) -> None:
        self.xero.held_invoices.append(invoice(number, amount))
        self.xero.held_payments.append(payment(number, amount, transaction))
        if received:
            self.sage100.held_receipts.append(receipt(amount, transaction))

    def paid_out(self, made_: MadePayout) -> None:
        self.gateway.held.append(made_.read())

    def reconciled(self) -> PairPayments:
        return reconcile_payments(
            PAIR,
            self.xero,
            self.sage100,
            {"a shop": self.gateway},
            since=KNOWN_AT - timedelta(days=30),
            known_at=KNOWN_AT,
        )


def test_a26_the_worked_order_is_settled_and_its_payout_taken_apart() -> None:
    books = Books()
    books.sold("HP-1042", "110.13", 77)
    books.paid_out(made(charge("110.13", "3.49", 77), issued_at=KNOWN_AT))
    found = books.reconciled()
    assert found.is_good
    assert [one.shape for one in found.settlements] == [Shape.ONE_TO_ONE]
    assert found.variances == ()
    assert [one.amounts for one in found.entries] == [
        {"fees": Decimal("3.49"), CLEARING.role: Decimal("-3.49")},
        {"bank": Decimal("106.64"), CLEARING.role: Decimal("-106.64")},
    ]
    assert "1 payouts that add up, 0 that do not" in payments_text(found)


def test_a_receipt_of_several_lines_is_one() -> None:
    books = Books()
    books.sold("HP-1", "107.90", 5, received=False)
    books.sage100.held_receipts += [receipt("108.50", 5), receipt("-0.60", 5, account="695-00")]
    assert books.reconciled().variances == ()


def test_a_payment_without_a_receipt_settles_the_open_invoice_of_its_number() -> None:
    books = Books()
    books.sold("HP-1043", "50.00", 78, received=False)
    books.sage100.held_open_invoices = [
        SageOpenInvoice(
            invoice_no="0000311",
            invoice_type="IN",
            customer_no="0000042",
            customer_po="HP-1043",
            date=PAID_ON,
            balance=Decimal("110.13"),
        )
    ]
    found = books.reconciled()
    assert [one.shape for one in found.settlements] == [Shape.PARTIAL]
    [rest] = found.variances
    assert (rest.variance_class, rest.amount, rest.age_days) == (
        VarianceClass.UNPAID,
        Decimal("60.13"),
        6,
    )
    assert found.is_good


def test_what_one_ledger_alone_has_is_named_with_what_to_do() -> None:
    books = Books()
    books.sold("HP-1044", "20.00", 79, received=False)
    books.sage100.held_receipts.append(receipt("33.00", 99))
    found = books.reconciled()
    assert {(one.variance_class, f"{one.amount}") for one in found.variances} == {
        (VarianceClass.MISSING, "20.00"),
        (VarianceClass.EXTRA, "33.00"),
    }
    missing = next(one for one in found.variances if one.entry)
    assert missing.entry is not None
    assert missing.entry.amounts == {
        CLEARING.role: Decimal("20.00"),
        "customer_deposits": Decimal("-20.00"),
    }
    assert not found.is_good
    text = payments_text(found)
    assert "missing" in text
    assert "Sage 100 receipt 00007/T2R of 0000042" in text


def test_a28_a_payout_that_does_not_add_up_is_parked_with_its_row() -> None:
    books = Books()
    row = Row(758509248, "ADJUSTMENT", Decimal("-1.50"), Decimal("-0.25"), Decimal("-1.75"))
    books.paid_out(made(row, issued_at=KNOWN_AT))
    found = books.reconciled()
    assert not found.payouts
    assert not found.entries
    assert not found.is_good
    assert "Row 758509248" in found.parked[0].message
    assert "Parked whole" in payments_text(found)


def test_a_charge_that_is_on_no_clearing_account_is_named() -> None:
    books = Books()
    books.paid_out(made(charge("10.00", "0.59", 81), issued_at=KNOWN_AT))
    found = books.reconciled()
    [variance] = found.variances
    assert (variance.side, variance.variance_class) == (Side.GATEWAY, VarianceClass.MISSING)
    assert (variance.amount, variance.owner) == (Decimal("10.00"), Owner.OPERATIONS)
    assert variance.document_id.endswith(f"row {FIRST_ROW + 81} of #81")
    assert not found.is_good
    said = payments_json([found])
    assert isinstance(said, dict)
    assert said["is_good"] is False


def test_what_a_gateway_corrected_waits_for_a_person() -> None:
    books = Books()
    books.paid_out(made(Row(9_001, "ADJUSTMENT", Decimal("-4.20")), issued_at=KNOWN_AT))
    [variance] = books.reconciled().variances
    assert (variance.variance_class, variance.amount) == (VarianceClass.UNKNOWN, Decimal("4.20"))
    assert variance.owner is Owner.CONTROLLER


def test_a_receipt_that_moves_a_gateways_own_money_pays_nothing() -> None:
    books = Books()
    books.sold("HP-1", "107.90", 5)
    fee = receipt("3.49", 999, account=CLEARING.sage100)
    books.sage100.held_receipts.append(fee.model_copy(update={"check_no": "P1"}))
    assert books.reconciled().variances == ()


def test_another_amount_than_booked_parks_unless_the_buyer_paid_in_another_currency() -> None:
    books = Books()
    books.sold("HP-1045", "13.50", 82)
    books.paid_out(made(charge("12.77", "0.70", 82), issued_at=KNOWN_AT))
    assert "booked with 13.50" in books.reconciled().parked[0].message
    books.gateway.held_converted = frozenset({"82"})
    found = books.reconciled()
    assert books.gateway.asked == [{"82"}, {"82"}]
    assert found.payouts[0].total(PartKind.CONVERSION) == Decimal("-0.73")
    assert found.is_good
