"""SO_Invoice_bus on the worked order 1042: shipments (A03 to A06), credit memos, kits, lots."""

from decimal import Decimal
from typing import Any

import pytest

from simulators.sage100.boi_client import (
    Boi,
    Reference,
    add_item,
    add_line,
    enter_lines,
    override_tax,
    set_all,
    ship,
    start_invoice,
    start_order,
    value_of,
    write_order_1042,
)
from simulators.sage100.installation import Sage100
from tieout.simulators.sage100 import kits
from tieout.simulators.sage100.store import CompanyFile

LAMPS, SHADE = "000001", "000002"


def shipped(boi: Boi, order_no: str, quantities: dict[str, float], tax: float) -> str:
    """Enter an invoice of what ships, with the shop's tax and as much deposit as it takes."""
    invoices = boi.sales_invoices()
    number = start_invoice(invoices, SalesOrderNo=order_no)
    assert invoices.oLines.nCopyLinesFromSalesOrder(order_no, "Y") == 1
    ship(invoices, quantities)
    override_tax(invoices, "STATE", tax)
    goods = value_of(invoices, "TaxableAmt") + value_of(invoices, "NonTaxableAmt")
    due = round(goods + value_of(invoices, "FreightAmt") + tax, 2)
    set_all(invoices, DepositAmt=min(due, value_of(invoices, "DepositAmt")))
    assert invoices.nWrite() == 1, invoices.sLastErrorMsg
    return number


def credited(boi: Boi, *, tax: float, **header: object) -> tuple[Any, str]:
    """Start the credit memo of step 11: one lamp of 17.99."""
    invoices = boi.sales_invoices()
    number = start_invoice(
        invoices, InvoiceType="CM", ARDivisionNo="00", CustomerNo="0001001", **header
    )
    set_all(invoices, TaxSchedule="STATE")
    invoices.oLines.nAddLine()
    set_all(invoices.oLines, ItemCode="LAMP-01", QuantityShipped=1.0, UnitPrice=17.99)
    assert invoices.oLines.nWrite() == 1
    override_tax(invoices, "STATE", tax)
    assert invoices.nWrite() == 1, invoices.sLastErrorMsg
    return invoices, number


def test_a_shipment_moves_nothing_until_its_register(sage100: Sage100, boi: Boi) -> None:
    number = shipped(boi, write_order_1042(boi), {LAMPS: 3.0}, 4.34)
    found = sage100.query(
        "SELECT InvoiceNo, FreightAmt, SalesTaxAmt, DepositAmt, CustomerPONo FROM SO_InvoiceHeader"
    )
    assert tuple(found[0]) == (number, "8", "4.34", "66.31", "HP-1042")
    lines = sage100.query(
        "SELECT OrderLineKey, QuantityShipped, QuantityBackordered FROM SO_InvoiceDetail"
    )
    assert [tuple(line) for line in lines] == [(LAMPS, "3", "0"), (SHADE, "0", "1")]
    order = sage100.query("SELECT CurrentInvoiceNo FROM SO_SalesOrderHeader")
    assert order[0][0] == number
    assert sage100.ledger() == {}
    assert sage100.stock("LAMP-01") == (Decimal(240), Decimal(3))


def test_two_shipments_come_to_the_order_as_people_would_ship_it(
    sage100: Sage100, boi: Boi
) -> None:
    order_no = write_order_1042(boi)
    shipped(boi, order_no, {LAMPS: 3.0}, 4.34)
    ledger = sage100.posted()
    assert (ledger["400-00"], ledger["410-00"]) == (Decimal("-53.97"), Decimal(-8))
    assert (ledger["500-00"], ledger["230-00"]) == (Decimal("22.20"), Decimal("66.31"))
    assert sage100.query("SELECT OrderStatus, CurrentInvoiceNo FROM SO_SalesOrderHeader")[0][0] == (
        "O"
    )
    shipped(boi, order_no, {SHADE: 1.0}, 2.87)
    ledger = sage100.posted("2026-12-02")
    assert (ledger["220-00"], ledger["120-00"]) == (Decimal("-7.21"), Decimal(0))
    assert ledger["230-00"] == Decimal("110.13")
    assert sage100.stock("LAMP-01") == (Decimal(237), Decimal(0))
    history = sage100.query("SELECT OrderStatus FROM SO_SalesOrderHistoryHeader")
    assert history[0][0] == "C"


def test_step_11_a_credit_memo_puts_the_goods_back(sage100: Sage100, boi: Boi) -> None:
    shipped(boi, write_order_1042(boi), {LAMPS: 3.0, SHADE: 1.0}, 7.21)
    before = sage100.posted()
    _invoices, number = credited(boi, tax=1.26)
    assert sage100.posted("2026-12-04")["400-00"] - before["400-00"] == Decimal("17.99")
    ledger = sage100.ledger()
    assert ledger["220-00"] - before["220-00"] == Decimal("1.26")
    assert ledger["500-00"] - before["500-00"] == Decimal("-7.40")
    assert sage100.stock("LAMP-01") == (Decimal(238), Decimal(0))
    assert sage100.open_items()["CM", number] == Decimal("-19.25")
    history = sage100.query(
        "SELECT InvoiceType, SalesTaxAmt FROM AR_InvoiceHistoryHeader WHERE InvoiceNo = ?", number
    )
    assert tuple(history[0]) == ("CM", "-1.26")
    refund = {"InvoiceType": "CM", "InvoiceNo": number, "AmountPosted": -19.25}
    enter_lines(boi, refund, amount=-19.25, check_no="R1")
    assert sage100.posted("2026-12-04")["106-00"] == Decimal("-19.25")
    assert sage100.open_items()["CM", number] == 0


def test_a_credit_memo_that_names_an_invoice_is_taken_off_what_is_open_of_it(
    sage100: Sage100, boi: Boi
) -> None:
    invoice_no = shipped(boi, write_order_1042(boi, deposit=100.0), {LAMPS: 3.0, SHADE: 1.0}, 7.21)
    sage100.posted()
    assert sage100.open_items()["IN", invoice_no] == Decimal("10.13")
    _invoices, number = credited(boi, tax=1.26, ApplyToInvoiceNo=invoice_no)
    sage100.posted("2026-12-04")
    assert sage100.open_items()["IN", invoice_no] == 0
    assert sage100.open_items()["CM", number] == Decimal("-9.12")


def test_without_an_override_an_invoice_has_the_schedules_tax(boi: Boi) -> None:
    order_no = write_order_1042(boi)
    invoices = boi.sales_invoices()
    start_invoice(invoices, SalesOrderNo=order_no)
    invoices.oLines.nCopyLinesFromSalesOrder(order_no, "Y")
    assert value_of(invoices, "SalesTaxAmt") == 7.20


def test_an_invoice_without_an_order_commits_nothing(sage100: Sage100, boi: Boi) -> None:
    invoices = boi.sales_invoices()
    start_invoice(invoices, ARDivisionNo="00", CustomerNo="0001001", TaxSchedule="EXEMPT")
    invoices.oLines.nAddLine()
    set_all(invoices.oLines, ItemCode="LAMP-01", QuantityShipped=2.0, UnitPrice=17.99)
    assert invoices.oLines.nWrite() == 1
    assert invoices.nWrite() == 1, invoices.sLastErrorMsg
    assert sage100.posted()["400-00"] == Decimal("-35.98")
    assert sage100.stock("LAMP-01") == (Decimal(238), Decimal(0))


def test_what_an_invoice_is_refused_for(sage100: Sage100, boi: Boi) -> None:
    order_no = write_order_1042(boi)
    invoices = boi.sales_invoices()
    invoices.nSetKeyValue("InvoiceNo$", "0000999")
    assert (invoices.nSetKey(), invoices.sLastErrorMsg) == (0, "A batch must be selected.")
    number = start_invoice(invoices)
    assert invoices.nSetValue("SalesOrderNo$", "0009999") == 0
    assert invoices.nSetValue("InvoiceType$", "XX") == 0
    assert invoices.nSetValue("ApplyToInvoiceNo$", "0009999") == 0
    set_all(invoices, SalesOrderNo=order_no)
    assert invoices.nSetValue("CustomerNo$", "0001002") == 0
    assert invoices.nSetValue("InvoiceType$", "CM") == 0
    assert (invoices.nWrite(), invoices.sLastErrorMsg) == (0, "The invoice has no lines.")
    assert invoices.oLines.nCopyLinesFromSalesOrder("0009999", "Y") == 0
    assert invoices.oLines.nCopyLinesFromSalesOrder(order_no, "N") == 1
    assert (invoices.nWrite(), invoices.sLastErrorMsg) == (0, "The invoice ships nothing.")
    invoices.oLines.nMoveFirst()
    set_all(invoices.oLines, QuantityShipped=4.0)
    assert invoices.oLines.nWrite() == 0
    assert invoices.oLines.sLastErrorMsg == "The quantity 4.000000 of line 000001 is invalid."
    ship(invoices, {LAMPS: 3.0})
    set_all(invoices, DepositAmt=110.13)
    assert invoices.nWrite() == 0
    assert invoices.sLastErrorMsg == "The deposit amount is more than the invoice total 66.31."
    set_all(invoices, DepositAmt=0.0)
    assert invoices.nWrite() == 1
    other = boi.sales_invoices()
    start_invoice(other)
    assert other.nSetValue("SalesOrderNo$", order_no) == 0
    expected = f"The Sales Order {order_no} is being invoiced on invoice {number}."
    assert other.sLastErrorMsg == expected
    sage100.posted()
    other.nSetKeyValue("InvoiceNo$", number)
    assert other.nSetKey() == 0
    assert other.sLastErrorMsg == f"The Invoice {number} has already been used; see history."


def test_an_order_that_somebody_has_open_cannot_be_invoiced(sage100: Sage100, boi: Boi) -> None:
    order_no = write_order_1042(boi)
    sage100.done("lock", table="SO_SalesOrderHeader", key=order_no, seconds=60)
    invoices = boi.sales_invoices()
    start_invoice(invoices)
    assert invoices.nSetValue("SalesOrderNo$", order_no) == 0
    assert invoices.sLastErrorMsg == "The record is in use by another workstation."


def test_a_deleted_invoice_frees_its_order(sage100: Sage100, boi: Boi) -> None:
    number = shipped(boi, write_order_1042(boi), {LAMPS: 3.0}, 4.34)
    invoices = boi.sales_invoices()
    invoices.nSelectNewBatch(Reference(), "N", "")
    invoices.nSetKeyValue("InvoiceNo$", number)
    assert invoices.nSetKey() == 1
    assert invoices.nDelete() == 1
    assert sage100.query("SELECT CurrentInvoiceNo FROM SO_SalesOrderHeader")[0][0] == ""
    assert sage100.query("SELECT * FROM SO_InvoiceDetail") == []


@pytest.fixture
def kit(boi: Boi) -> str:
    """A kit of two lamps and a shade."""
    add_item(boi, "LAMP-SET", "1")
    file = CompanyFile(boi.home, "HPS")
    kits.define(file, "LAMP-SET", {"LAMP-01": Decimal(2), "SHADE-02": Decimal(1)})
    file.close()
    return "LAMP-SET"


def test_a_kit_lists_its_components_and_the_totals_agree(
    sage100: Sage100, boi: Boi, kit: str
) -> None:
    orders = boi.sales_orders()
    order_no = start_order(orders, TaxSchedule="STATE")
    add_line(orders, kit, 3, UnitPrice=50.0, LineDiscountPercent=10.0)
    add_line(orders, "LAMP-01", 1, UnitPrice=17.99)
    assert orders.nWrite() == 1, orders.sLastErrorMsg
    lines = sage100.query(
        "SELECT LineKey, ItemCode, QuantityOrdered, ExtensionAmt, SalesKitLineKey"
        " FROM SO_SalesOrderDetail ORDER BY LineKey"
    )
    assert [tuple(line) for line in lines] == [
        ("000001", kit, "3", "135", ""),
        ("000002", "LAMP-01", "6", "0", "000001"),
        ("000003", "SHADE-02", "3", "0", "000001"),
        ("000004", "LAMP-01", "1", "17.99", ""),
    ]
    assert sage100.stock("LAMP-01") == (Decimal(240), Decimal(7))
    invoices = boi.sales_invoices()
    start_invoice(invoices, SalesOrderNo=order_no)
    invoices.oLines.nCopyLinesFromSalesOrder(order_no, "N")
    invoices.oLines.nMoveFirst()
    set_all(invoices.oLines, QuantityShipped=2.0)
    assert invoices.oLines.nWrite() == 1
    assert invoices.nWrite() == 1, invoices.sLastErrorMsg
    ledger = sage100.posted()
    assert (ledger["400-00"], ledger["500-00"]) == (Decimal(-90), Decimal("66.10"))
    assert sage100.stock("LAMP-01") == (Decimal(236), Decimal(3))
    assert sage100.query("SELECT OrderStatus FROM SO_SalesOrderHeader")[0][0] == "O"


def test_a_components_line_follows_its_kit_and_takes_no_values(boi: Boi, kit: str) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    add_line(orders, kit, 1, UnitPrice=50.0)
    orders.oLines.nEditLine("000002")
    assert orders.oLines.nSetValue("QuantityOrdered", 5.0) == 0
    assert orders.oLines.sLastErrorMsg == "The line belongs to the kit of line 000001."
    orders.oLines.nEditLine("000001")
    set_all(orders.oLines, QuantityOrdered=4.0)
    assert orders.oLines.nWrite() == 1
    orders.oLines.nEditLine("000002")
    assert value_of(orders.oLines, "QuantityOrdered") == 8.0


def test_a_lot_item_that_is_not_distributed_stops_the_register(sage100: Sage100, boi: Boi) -> None:
    file = CompanyFile(boi.home, "HPS")
    file.update("CI_Item", {"ItemCode": "LAMP-01"}, {"Valuation": "5"})
    file.close()
    number = shipped(boi, write_order_1042(boi), {LAMPS: 3.0}, 4.34)
    answer = sage100.act("post_sales_journal", posting_date="2026-11-30")
    assert answer.status_code == 409
    expected = f"The item LAMP-01 is not fully distributed in line {LAMPS} of invoice {number}."
    assert answer.json()["message"] == expected


def test_lines_of_charges_comments_and_miscellaneous_items_move_no_stock(
    sage100: Sage100, boi: Boi
) -> None:
    add_item(boi, "CHARGE", "3")
    add_item(boi, "NOTE", "4")
    add_item(boi, "FEE", "5")
    invoices = boi.sales_invoices()
    start_invoice(invoices, ARDivisionNo="00", CustomerNo="0001001", TaxSchedule="EXEMPT")
    for values in (
        {"ItemCode": "CHARGE", "ExtensionAmt": 4.0},
        {"ItemCode": "NOTE", "CommentText": "thank you"},
        {"ItemCode": "FEE", "QuantityShipped": 2.0, "UnitPrice": 1.5},
    ):
        invoices.oLines.nAddLine()
        set_all(invoices.oLines, **values)
        assert invoices.oLines.nWrite() == 1, invoices.oLines.sLastErrorMsg
    assert invoices.nWrite() == 1, invoices.sLastErrorMsg
    assert sage100.posted()["400-00"] == Decimal(-7)
    assert sage100.query("SELECT * FROM IM_ItemTransactionHistory") == []
