"""AP_Invoice_bus and the A/P Invoice Register."""

from decimal import Decimal

import pytest

from simulators.sage100.boi_client import Boi, set_all, value_of
from simulators.sage100.installation import Sage100
from simulators.sage100.payables import (
    BRIGHT,
    VALLEY,
    bill_key,
    bills,
    enter_bill,
    keyed,
    line,
)

DAY = "2026-11-30"


def open_amounts(sage100: Sage100, number: str) -> list[tuple[str, str, str]]:
    sql = "SELECT VendorNo, InvoiceAmt, Balance FROM AP_OpenInvoice WHERE InvoiceNo = ?"
    return [tuple(row) for row in sage100.query(sql, number)]


def test_a_bill_is_entered_and_posts_nothing(sage100: Sage100, boi: Boi) -> None:
    """README 0.2: nothing is final until a register is updated."""
    enter_bill(boi, "B-1", 120.5, sage100.account_key("620-00"))
    header = sage100.query(
        "SELECT VendorNo, InvoiceAmt, TermsCode, InvoiceDueDate, Adjustment, BatchNo"
        " FROM AP_InvoiceHeader"
    )
    assert [str(value) for value in header[0]] == [
        *(BRIGHT, "120.5", "30", "2026-12-20", "N", "00001")
    ]
    assert sage100.ledger() == {}
    assert open_amounts(sage100, "B-1") == []


def test_the_header_must_equal_distributions_freight_and_tax(boi: Boi, sage100: Sage100) -> None:
    """boi.json: Sum(DistributionAmt) (+ freight, tax) must equal InvoiceAmt or nWrite fails."""
    bus = bills(boi)
    keyed(bus, **bill_key("B-2"))
    set_all(bus, InvoiceAmt=110.0, FreightAmt=6.0, SalesTaxAmt=3.99)
    line(bus, AccountKey=sage100.account_key("620-00"), DistributionAmt=100.0)
    assert bus.nWrite() == 0
    assert bus.sLastErrorMsg == "The distribution balance 0.01 must be zero."
    set_all(bus, SalesTaxAmt=4.0)
    assert bus.nWrite() == 1


def test_distributions_take_the_key_of_an_account_not_its_number(
    boi: Boi, sage100: Sage100
) -> None:
    """README 6: AccountKey not Account."""
    bus = bills(boi)
    keyed(bus, **bill_key("B-3"))
    bus.oLines.nAddLine()
    assert bus.oLines.nSetValue("Account$", "620-00") == 0
    assert bus.oLines.nSetValue("AccountKey$", "620-00") == 0
    assert bus.oLines.nSetValue("AccountKey$", sage100.account_key("620-00")) == 1


@pytest.mark.parametrize(("vendor", "opened"), [("100", 2), ("0000100", 2), ("NOBODY", 0)])
def test_vendor_numbers_are_padded_and_must_exist(boi: Boi, vendor: str, opened: int) -> None:
    assert keyed(bills(boi), **bill_key("B-4", vendor)) == opened


def test_a_vendors_invoice_number_keeps_its_zeros(boi: Boi, sage100: Sage100) -> None:
    """accounting.md A41 tells 0012 from 12 ourselves: Sage keeps both as they came."""
    enter_bill(boi, "0012", 5, sage100.account_key("620-00"))
    enter_bill(boi, "12", 5, sage100.account_key("620-00"))
    found = sage100.query("SELECT InvoiceNo FROM AP_InvoiceHeader ORDER BY InvoiceNo")
    assert [row[0] for row in found] == ["0012", "12"]


def test_bills_need_a_batch(boi: Boi) -> None:
    bus = boi.open("AP_Invoice_bus", "AP_Invoice_ui")
    assert keyed(bus, **bill_key("B-5")) == 0
    assert bus.sLastErrorMsg == "A batch must be selected."


def test_an_entered_number_is_the_same_bill_whatever_the_batch(boi: Boi, sage100: Sage100) -> None:
    enter_bill(boi, "B-6", 10, sage100.account_key("620-00"))
    assert keyed(bills(boi), **bill_key("B-6")) == 1


def test_posting_moves_payables_at_the_register_and_the_ledger_at_the_daily_register(
    sage100: Sage100, boi: Boi
) -> None:
    """README 0.2: history, open items, GL move only on register update + Daily Transaction."""
    enter_bill(boi, "B-7", 120.5, sage100.account_key("620-00"))
    sage100.done("post_ap_invoices", posting_date=DAY)
    assert open_amounts(sage100, "B-7") == [(BRIGHT, "120.5", "120.5")]
    assert sage100.query("SELECT * FROM AP_InvoiceHeader") == []
    assert sage100.ledger() == {}
    sage100.done("post_daily_transaction_register", posting_date=DAY)
    assert sage100.ledger() == {"620-00": Decimal("120.50"), "200-00": Decimal("-120.50")}
    comments = sage100.query("SELECT DISTINCT PostingComment, SourceJournal FROM GL_DetailPosting")
    assert [tuple(row) for row in comments] == [(f"BILL 00/{BRIGHT}/B-7", "AP")]


def test_a_credit_memo_is_negative(sage100: Sage100, boi: Boi) -> None:
    """boi.json: credit memo = negative InvoiceAmt and lines."""
    enter_bill(boi, "C-1", -20, sage100.account_key("620-00"))
    sage100.done("post_ap_invoices", posting_date=DAY)
    sage100.done("post_daily_transaction_register", posting_date=DAY)
    assert open_amounts(sage100, "C-1") == [(BRIGHT, "-20", "-20")]
    assert sage100.ledger() == {"620-00": Decimal("-20.00"), "200-00": Decimal("20.00")}


def test_a_posted_number_starts_an_adjustment_and_is_not_refused(
    sage100: Sage100, boi: Boi
) -> None:
    """README 0.9: a repeated vendor invoice number is offered as an adjustment, not refused."""
    enter_bill(boi, "B-8", 50, sage100.account_key("620-00"))
    sage100.done("post_ap_invoices", posting_date=DAY)
    bus = bills(boi)
    assert keyed(bus, **bill_key("B-8")) == 2
    assert value_of(bus, "Adjustment$") == "Y"
    bus.DropObject()
    enter_bill(boi, "B-8", 50, sage100.account_key("620-00"))
    sage100.done("post_ap_invoices", posting_date=DAY)
    assert open_amounts(sage100, "B-8") == [(BRIGHT, "100", "100")]


def test_two_vendors_may_use_one_number_and_history_tells_them_apart_by_sequence(
    sage100: Sage100, boi: Boi
) -> None:
    """README 0.3: AP history = InvoiceNo+HeaderSeqNo without vendor."""
    enter_bill(boi, "SAME", 1, sage100.account_key("620-00"))
    enter_bill(boi, "SAME", 2, sage100.account_key("620-00"), vendor=VALLEY)
    sage100.done("post_ap_invoices", posting_date=DAY)
    found = sage100.query("SELECT HeaderSeqNo, VendorNo FROM AP_InvoiceHistoryHeader ORDER BY 1")
    assert [tuple(row) for row in found] == [("000000", BRIGHT), ("000001", VALLEY)]
    history = boi.open("AP_InvoiceHistoryHeader_svc", "AP_Invoice_ui")
    for name, value in (("InvoiceNo$", "SAME"), ("HeaderSeqNo$", "000001")):
        history.nSetKeyValue(name, value)
    assert history.nFind() == 1
    assert value_of(history, "VendorNo$") == VALLEY


def test_people_delete_an_entered_bill(sage100: Sage100, boi: Boi) -> None:
    enter_bill(boi, "B-9", 10, sage100.account_key("620-00"))
    sage100.done("delete_ap_invoice", vendor_no=BRIGHT, invoice_no="B-9")
    assert sage100.query("SELECT * FROM AP_InvoiceDetail") == []
    assert sage100.act("delete_ap_invoice", vendor_no=BRIGHT, invoice_no="B-9").status_code == 409
