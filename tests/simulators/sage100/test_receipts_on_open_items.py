"""Receipts that pay invoices, take discounts, open prepayments and allocate credits (A35, A36)."""

from decimal import Decimal

import pytest

from simulators.sage100.boi_client import Boi, enter_lines, set_all, start_receipt
from simulators.sage100.installation import Sage100


@pytest.fixture
def invoices(sage100: Sage100) -> list[str]:
    """Two open invoices of customer 0001001, of 100.00 and 50.00."""
    numbers = [invoiced(sage100, amount) for amount in ("100.00", "50.00")]
    sage100.done("post_sales_journal", posting_date="2026-11-28")
    sage100.done("post_daily_transaction_register", posting_date="2026-11-28")
    return numbers


def invoiced(sage100: Sage100, amount: str) -> str:
    answer = sage100.done(
        "enter_ar_invoice", customer="1001", amount=amount, customer_po="PO", date="2026-11-28"
    )
    return str(answer["invoice_no"])


def test_one_receipt_pays_several_invoices_one_line_each(
    sage100: Sage100, boi: Boi, invoices: list[str]
) -> None:
    first, second = invoices
    lines = [
        {"InvoiceNo": first, "AmountPosted": 100.0},
        {"InvoiceNo": second, "AmountPosted": 20.0},
    ]
    enter_lines(boi, *lines, amount=120.0, check_no="C1")
    assert sage100.open_items()["IN", first] == Decimal(100)
    assert sage100.posted()["106-00"] == Decimal(120)
    assert sage100.open_items() == {("IN", first): Decimal(0), ("IN", second): Decimal(30)}
    history = sage100.query("SELECT InvoiceNo, CashAmountApplied FROM AR_CashReceiptsHistory")
    assert [tuple(row) for row in history] == [(first, "100"), (second, "20")]


def test_an_early_discount_is_explicit(sage100: Sage100, boi: Boi, invoices: list[str]) -> None:
    line = {"InvoiceNo": invoices[0], "AmountPosted": 98.0, "DiscountAmt": 2.0}
    enter_lines(boi, line, amount=98.0, check_no="C1")
    ledger = sage100.posted()
    assert (ledger["106-00"], ledger["425-00"]) == (Decimal(98), Decimal(2))
    assert sage100.open_items()["IN", invoices[0]] == 0


def test_a35_what_is_over_opens_a_prepayment_with_a_negative_balance(
    sage100: Sage100, boi: Boi, invoices: list[str]
) -> None:
    lines = [
        {"InvoiceNo": invoices[0], "AmountPosted": 100.0},
        {"InvoiceType": "PP", "InvoiceNo": "PP00001", "AmountPosted": 9.87},
    ]
    enter_lines(boi, *lines, amount=109.87, check_no="C1")
    sage100.posted()
    assert sage100.open_items()["PP", "PP00001"] == Decimal("-9.87")
    found = sage100.query("SELECT CurrentBalance FROM AR_Customer WHERE CustomerNo = '0001001'")
    assert Decimal(found[0][0]) == Decimal("40.13")


def test_a36_a_zero_receipt_allocates_a_prepayment_and_moves_no_cash(
    sage100: Sage100, boi: Boi, invoices: list[str]
) -> None:
    prepaid = {"InvoiceType": "PP", "InvoiceNo": "PP00001", "AmountPosted": 50.0}
    enter_lines(boi, prepaid, amount=50.0, check_no="C1")
    before = sage100.posted()
    lines = [
        {"InvoiceNo": invoices[1], "AmountPosted": 50.0},
        {**prepaid, "AmountPosted": -50.0},
    ]
    enter_lines(boi, *lines, amount=0.0, check_no="C2")
    assert sage100.posted() == before
    assert sage100.open_items()["PP", "PP00001"] == 0
    assert sage100.open_items()["IN", invoices[1]] == 0


def test_a_negative_receipt_pays_a_prepayment_back(
    sage100: Sage100, boi: Boi, invoices: list[str]
) -> None:
    prepaid = {"InvoiceType": "PP", "InvoiceNo": "PP00001", "AmountPosted": 50.0}
    enter_lines(boi, prepaid, amount=50.0, check_no="C1")
    sage100.posted()
    enter_lines(boi, {**prepaid, "AmountPosted": -50.0}, amount=-50.0, check_no="C2")
    assert sage100.posted()["106-00"] == 0
    assert sage100.open_items()["PP", "PP00001"] == 0
    assert sage100.open_items()["IN", invoices[0]] == Decimal(100)


@pytest.mark.parametrize("amount", [100.01, -1.0])
def test_more_than_is_open_is_taken_with_a_warning(
    boi: Boi, invoices: list[str], amount: float
) -> None:
    receipts, _number = start_receipt(boi, amount=amount, check_no="C1")
    receipts.oLines.nAddLine()
    set_all(receipts.oLines, InvoiceNo=invoices[0])
    assert receipts.oLines.nSetValue("AmountPosted", amount) == -1
    expected = "The amount posted is more than what is open of the invoice."
    assert receipts.oLines.sLastErrorMsg == expected


def test_what_entered_receipts_pay_is_not_open_any_more(boi: Boi, invoices: list[str]) -> None:
    enter_lines(boi, {"InvoiceNo": invoices[0], "AmountPosted": 60.0}, amount=60.0, check_no="C1")
    receipts, _number = start_receipt(boi, amount=40.01, check_no="C2")
    receipts.oLines.nAddLine()
    set_all(receipts.oLines, InvoiceNo=invoices[0])
    assert receipts.oLines.nSetValue("AmountPosted", 40.0) == 1
    assert receipts.oLines.nSetValue("AmountPosted", 40.01) == -1


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("InvoiceNo$", "9999999", "The Invoice 9999999 is not on file for the customer."),
        ("InvoiceType$", "XX", "The Invoice Type XX is invalid."),
    ],
)
def test_an_open_item_must_be_on_file(boi: Boi, column: str, value: str, message: str) -> None:
    receipts, _number = start_receipt(boi, amount=1.0, check_no="C1")
    receipts.oLines.nAddLine()
    assert receipts.oLines.nSetValue(column, value) == 0
    assert receipts.oLines.sLastErrorMsg == message


def test_a_new_prepayment_is_positive(boi: Boi) -> None:
    receipts, _number = start_receipt(boi, amount=-1.0, check_no="C1")
    receipts.oLines.nAddLine()
    set_all(receipts.oLines, InvoiceType="PP", InvoiceNo="PP00001", AmountPosted=-1.0)
    assert receipts.oLines.nWrite() == 0
    expected = "A new prepayment is a positive amount without a discount."
    assert receipts.oLines.sLastErrorMsg == expected


def test_a_reversal_opens_what_the_receipt_paid(
    sage100: Sage100, boi: Boi, invoices: list[str]
) -> None:
    line = {"InvoiceNo": invoices[0], "AmountPosted": 98.0, "DiscountAmt": 2.0}
    enter_lines(boi, line, amount=98.0, check_no="C1")
    sage100.posted()
    sage100.done("reverse_cash_receipt", check_no="C1", deposit_date="2026-11-29")
    ledger = sage100.posted()
    assert (ledger["106-00"], ledger["425-00"]) == (0, 0)
    assert sage100.open_items()["IN", invoices[0]] == Decimal(100)
