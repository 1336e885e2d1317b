"""AR_Invoice_bus: lines of types 3, 4 and 5 ("AR invoice lines only 3,4,5"), tax, credit memos."""

from decimal import Decimal
from typing import Any

import pytest

from simulators.sage100.boi_client import (
    Boi,
    Reference,
    add_item,
    next_number,
    override_tax,
    set_all,
    value_of,
)
from simulators.sage100.installation import Sage100


def started(boi: Boi, kind: str = "IN", **header: object) -> tuple[Any, str]:
    invoices = boi.ar_invoices()
    assert invoices.nSelectNewBatch(Reference(), "N", "test") == 1
    number = next_number(invoices, "nGetNextInvoiceNo")
    invoices.nSetKeyValue("InvoiceNo$", number)
    invoices.nSetKeyValue("InvoiceType$", kind)
    assert invoices.nSetKey() == 2, invoices.sLastErrorMsg
    set_all(invoices, ARDivisionNo="00", CustomerNo="0001001", TaxSchedule="STATE", **header)
    return invoices, number


def add(invoices: Any, **values: object) -> None:
    invoices.oLines.nAddLine()
    set_all(invoices.oLines, **values)
    assert invoices.oLines.nWrite() == 1, invoices.oLines.sLastErrorMsg


def test_an_invoice_of_accounts_and_items_posts_revenue_and_tax(sage100: Sage100, boi: Boi) -> None:
    add_item(boi, "FEE", "5", "420-00")
    add_item(boi, "NOTE", "4")
    invoices, number = started(boi)
    add(invoices, SalesAcctKey=sage100.account_key("400-00"), ExtensionAmt=50.0)
    add(invoices, ItemCode="FEE", Quantity=2.0, UnitPrice=10.0)
    add(invoices, ItemCode="NOTE", CommentText="as agreed")
    assert value_of(invoices, "SalesTaxAmt") == 1.4
    override_tax(invoices, "STATE", 1.41)
    assert invoices.nWrite() == 1, invoices.sLastErrorMsg
    assert sage100.ledger() == {}
    assert sage100.posted() == {
        "120-00": Decimal("71.41"),
        "400-00": Decimal(-50),
        "420-00": Decimal(-20),
        "220-00": Decimal("-1.41"),
    }
    assert sage100.open_items() == {("IN", number): Decimal("71.41")}
    assert sage100.query("SELECT * FROM AR_InvoiceTaxSummary") == []


def test_a_credit_memo_is_taken_off_the_invoice_that_it_names(sage100: Sage100, boi: Boi) -> None:
    account = sage100.account_key("400-00")
    invoices, number = started(boi)
    add(invoices, SalesAcctKey=account, ExtensionAmt=50.0)
    assert invoices.nWrite() == 1
    sage100.posted()
    memos, memo_no = started(boi, "CM", ApplyToInvoiceNo=number)
    add(memos, SalesAcctKey=account, ExtensionAmt=20.0)
    assert memos.nWrite() == 1
    assert sage100.posted("2026-12-01")["400-00"] == Decimal(-30)
    assert sage100.open_items() == {("IN", number): Decimal(30), ("CM", memo_no): Decimal(0)}


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("ItemCode$", "LAMP-01", "The Item LAMP-01 is of type 1, which moves stock."),
        ("ItemCode$", "NOTHING", "The Item NOTHING is not on file."),
        ("SalesAcctKey$", "999999999", "The G/L Account 999999999 is not on file."),
        ("ExtensionAmt", -1.0, "The ExtensionAmt may not be negative."),
    ],
)
def test_a_line_is_refused(boi: Boi, column: str, value: object, message: str) -> None:
    invoices, _number = started(boi)
    invoices.oLines.nAddLine()
    assert invoices.oLines.nSetValue(column, value) == 0
    assert invoices.oLines.sLastErrorMsg == message


def test_a_line_needs_an_account_and_an_amount(sage100: Sage100, boi: Boi) -> None:
    invoices, _number = started(boi)
    invoices.oLines.nAddLine()
    set_all(invoices.oLines, ExtensionAmt=1.0)
    assert invoices.oLines.nWrite() == 0
    set_all(invoices.oLines, ExtensionAmt=0.0, SalesAcctKey=sage100.account_key("400-00"))
    assert (invoices.oLines.nWrite(), invoices.oLines.sLastErrorMsg) == (
        0,
        "The extension is required.",
    )


def test_the_type_is_part_of_the_key(boi: Boi) -> None:
    invoices = boi.ar_invoices()
    invoices.nSelectNewBatch(Reference(), "N", "")
    invoices.nSetKeyValue("InvoiceNo$", "0000900")
    assert invoices.nSetKey() == 0
    invoices.nSetKeyValue("InvoiceType$", "XX")
    assert (invoices.nSetKey(), invoices.sLastErrorMsg) == (0, "The InvoiceType XX is invalid.")


def test_a_posted_invoice_is_found_in_history(sage100: Sage100, boi: Boi) -> None:
    invoices, number = started(boi, Comment="T-1")
    add(invoices, SalesAcctKey=sage100.account_key("400-00"), ExtensionAmt=5.0)
    assert invoices.nWrite() == 1
    sage100.posted()
    history = boi.open("AR_InvoiceHistoryInquiry_svc", "AR_Invoice_ui")
    history.nSetKeyValue("InvoiceNo$", number)
    history.nSetKeyValue("HeaderSeqNo$", "000000")
    assert history.nFind() == 1
    assert value_of(history, "Comment$") == "T-1"
