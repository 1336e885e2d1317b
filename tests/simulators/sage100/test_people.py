"""People's acts on the worked order 1042; A03 to A05, A15 and A20 of the accounting examples."""

from decimal import Decimal

import pytest

from simulators.sage100.boi_client import (
    Boi,
    add_line,
    enter_receipt,
    set_all,
    start_order,
    write_order_1042,
)
from simulators.sage100.installation import Sage100

SHIP_A = [{"line_key": "000001", "quantity": "3"}]
STEP_8 = {
    "120-00": Decimal(0),
    "400-00": Decimal("-53.97"),
    "410-00": Decimal("-8.00"),
    "220-00": Decimal("-4.34"),
    "500-00": Decimal("22.20"),
    "130-00": Decimal("-22.20"),
    "230-00": Decimal("66.31"),
}


@pytest.fixture
def order_no(boi: Boi) -> str:
    return write_order_1042(boi)


def test_the_first_shipment_takes_freight_its_share_of_tax_and_of_the_deposit(
    sage100: Sage100, order_no: str
) -> None:
    invoice = sage100.done(
        "enter_invoice", sales_order_no=order_no, invoice_date="2026-11-30", lines=SHIP_A
    )
    figures = (invoice["goods"], invoice["freight"], invoice["tax"], invoice["deposit"])
    assert figures == ("53.97", "8.00", "4.34", "66.31")


def test_a03_entered_only_moves_nothing(sage100: Sage100, order_no: str) -> None:
    sage100.done("enter_invoice", sales_order_no=order_no, invoice_date="2026-11-30", lines=SHIP_A)
    assert sage100.ledger() == {}
    assert sage100.stock("LAMP-01") == (Decimal(240), Decimal(3))
    assert sage100.query("SELECT * FROM AR_OpenInvoice") == []
    assert len(sage100.query("SELECT * FROM SO_InvoiceHeader")) == 1


def test_a04_updated_moves_the_subledger_and_not_the_ledger(
    sage100: Sage100, order_no: str
) -> None:
    sage100.done("enter_invoice", sales_order_no=order_no, invoice_date="2026-11-30", lines=SHIP_A)
    sage100.done("post_sales_journal", posting_date="2026-11-30")
    assert sage100.ledger() == {}
    assert sage100.stock("LAMP-01") == (Decimal(237), Decimal(0))
    items = sage100.query("SELECT Balance, SalesTaxAmt, FreightAmt FROM AR_OpenInvoice")
    assert [tuple(row) for row in items] == [("0", "4.34", "8")]
    assert sage100.query("SELECT * FROM SO_InvoiceHeader") == []


def test_a05_posted_shows_exactly_the_shipment(sage100: Sage100, order_no: str) -> None:
    sage100.done("enter_invoice", sales_order_no=order_no, invoice_date="2026-11-30", lines=SHIP_A)
    sage100.done("post_sales_journal", posting_date="2026-11-30")
    sage100.done("post_daily_transaction_register", posting_date="2026-11-30")
    assert sage100.ledger() == STEP_8
    assert sage100.query("SELECT OrderStatus FROM SO_SalesOrderHeader")[0][0] == "O"


def test_a05_with_the_receipt_leaves_the_deposit_of_what_is_not_shipped(
    sage100: Sage100, boi: Boi, order_no: str
) -> None:
    key = sage100.account_key("230-00")
    enter_receipt(boi, amount=110.13, check_no="T1042", account_key=key)
    sage100.done("enter_invoice", sales_order_no=order_no, invoice_date="2026-11-30", lines=SHIP_A)
    sage100.done("post_cash_receipts", posting_date="2026-11-29")
    sage100.done("post_sales_journal", posting_date="2026-11-30")
    sage100.done("post_daily_transaction_register", posting_date="2026-11-30")
    ledger = sage100.ledger()
    assert ledger["230-00"] == Decimal("-43.82")
    assert ledger["106-00"] == Decimal("110.13")
    assert sum(ledger.values()) == 0


def test_the_second_shipment_takes_the_remainder_and_completes_the_order(
    sage100: Sage100, order_no: str
) -> None:
    sage100.done("enter_invoice", sales_order_no=order_no, invoice_date="2026-11-30", lines=SHIP_A)
    sage100.done("post_sales_journal", posting_date="2026-11-30")
    second = sage100.done("enter_invoice", sales_order_no=order_no, invoice_date="2026-12-02")
    figures = (second["goods"], second["freight"], second["tax"], second["deposit"])
    assert figures == ("40.95", "0.00", "2.87", "43.82")
    sage100.done("post_sales_journal", posting_date="2026-12-02")
    sage100.done("post_daily_transaction_register", posting_date="2026-12-02")
    ledger = sage100.ledger()
    assert ledger["220-00"] == Decimal("-7.21")
    assert ledger["500-00"] == Decimal("40.45")
    assert ledger["120-00"] == 0
    assert sage100.stock("SHADE-02") == (Decimal(276), Decimal(0))
    assert sage100.query("SELECT * FROM SO_SalesOrderHeader") == []
    history = sage100.query("SELECT OrderStatus, SalesTaxAmt FROM SO_SalesOrderHistoryHeader")
    assert [tuple(row) for row in history] == [("C", "7.21")]


def test_a20_shipped_whole_carries_the_shops_tax(sage100: Sage100, order_no: str) -> None:
    invoice = sage100.done("enter_invoice", sales_order_no=order_no, invoice_date="2026-11-30")
    assert (invoice["tax"], invoice["total"]) == ("7.21", "110.13")
    sage100.done("post_sales_journal", posting_date="2026-11-30")
    sage100.done("post_daily_transaction_register", posting_date="2026-11-30")
    assert sage100.ledger()["220-00"] == Decimal("-7.21")


def test_without_an_override_the_invoice_has_the_schedules_tax(sage100: Sage100, boi: Boi) -> None:
    orders = boi.sales_orders()
    number = start_order(orders, TaxSchedule="STATE")
    add_line(orders, "LAMP-01", 3, UnitPrice=17.99)
    add_line(orders, "SHADE-02", 1, UnitPrice=40.95)
    set_all(orders, FreightAmt=8.0)
    assert orders.nWrite() == 1
    invoice = sage100.done("enter_invoice", sales_order_no=number, invoice_date="2026-11-30")
    assert invoice["tax"] == "7.20"


def test_a15_an_invoice_keyed_in_receivables_doubles_the_sale(sage100: Sage100) -> None:
    entered = sage100.done(
        "enter_ar_invoice",
        customer="1001",
        amount="110.13",
        customer_po="HP-1042",
        date="2026-11-30",
    )
    sage100.done("post_sales_journal", posting_date="2026-11-30")
    sage100.done("post_daily_transaction_register", posting_date="2026-11-30")
    assert sage100.ledger() == {"120-00": Decimal("110.13"), "400-00": Decimal("-110.13")}
    comments = sage100.query("SELECT DISTINCT SourceJournal, PostingComment FROM GL_DetailPosting")
    assert [tuple(row) for row in comments] == [("IN", f"INV {entered['invoice_no']}")]


def test_the_posting_date_is_the_persons_choice(sage100: Sage100, order_no: str) -> None:
    sage100.done("enter_invoice", sales_order_no=order_no, invoice_date="2026-11-30")
    sage100.done("post_sales_journal", posting_date="2026-12-01")
    sage100.done("post_daily_transaction_register", posting_date="2026-11-30")
    assert sage100.ledger() == {}
    sage100.done("post_daily_transaction_register", posting_date="2026-12-01")
    dates = sage100.query("SELECT DISTINCT PostingDate FROM GL_DetailPosting")
    assert [str(row[0]) for row in dates] == ["2026-12-01"]
    history = sage100.query("SELECT InvoiceDate, TransactionDate FROM AR_InvoiceHistoryHeader")
    assert [str(day) for day in history[0]] == ["2026-11-30", "2026-12-01"]


def test_more_than_was_ordered_cannot_ship(sage100: Sage100, order_no: str) -> None:
    answer = sage100.act(
        "enter_invoice",
        sales_order_no=order_no,
        invoice_date="2026-11-30",
        lines=[{"line_key": "000001", "quantity": "4"}],
    )
    assert answer.status_code == 409


def test_an_order_is_invoiced_once_at_a_time(sage100: Sage100, order_no: str) -> None:
    sage100.done("enter_invoice", sales_order_no=order_no, invoice_date="2026-11-30", lines=SHIP_A)
    answer = sage100.act("enter_invoice", sales_order_no=order_no, invoice_date="2026-11-30")
    assert answer.status_code == 409
    assert "is being invoiced" in answer.json()["message"]


def test_an_unknown_order_cannot_be_invoiced(sage100: Sage100) -> None:
    answer = sage100.act("enter_invoice", sales_order_no="9999", invoice_date="2026-11-30")
    assert answer.status_code == 409
    assert answer.json()["message"] == "The Sales Order 0009999 is not on file."


def test_an_empty_register_does_nothing(sage100: Sage100) -> None:
    assert sage100.done("post_sales_journal", posting_date="2026-11-30") == {"posted": []}


def test_an_unknown_act_is_not_found(sage100: Sage100) -> None:
    assert sage100.act("burn_the_books").status_code == 404


def test_a_row_in_flight_is_not_seen_and_comes_as_it_was(sage100: Sage100, order_no: str) -> None:
    line = "SELECT * FROM SO_SalesOrderDetail WHERE SalesOrderNo = ? AND LineKey = '000002'"
    before = [tuple(row) for row in sage100.query(line, order_no)]
    key = {"SalesOrderNo": order_no, "LineKey": "000002"}
    assert sage100.done("begin_write", table="SO_SalesOrderDetail", key=key) == {"rows": 1}
    assert sage100.query(line, order_no) == []
    assert sage100.act("begin_write", table="SO_SalesOrderDetail", key=key).status_code == 409
    assert sage100.done("end_writes") == {"rows": 1}
    assert [tuple(row) for row in sage100.query(line, order_no)] == before
    assert sage100.done("end_writes") == {"rows": 0}


def test_a_header_in_flight_keeps_the_time_at_which_it_was_written(
    sage100: Sage100, order_no: str
) -> None:
    header = "SELECT DateUpdated, TimeUpdated FROM SO_SalesOrderHeader WHERE SalesOrderNo = ?"
    before = [tuple(row) for row in sage100.query(header, order_no)]
    sage100.done("begin_write", table="SO_SalesOrderHeader", key={"SalesOrderNo": order_no})
    sage100.done("end_writes")
    assert [tuple(row) for row in sage100.query(header, order_no)] == before


def test_the_servers_clock_can_be_moved(sage100: Sage100) -> None:
    times = "SELECT DateUpdated, TimeUpdated FROM AR_Customer WHERE CustomerNo = '0001001'"
    key = {"ARDivisionNo": "00", "CustomerNo": "0001001"}
    change = {"table": "AR_Customer", "key": key, "values": {"Comment": "Moved"}}
    stamps = []
    for seconds in (0, 86_400, -86_400):
        sage100.move_clock(seconds)
        sage100.done("change_record", **change)
        stamps.append(sage100.query(times)[0])
    assert (stamps[1][0] - stamps[0][0]).days == 1
    assert stamps[2][0] == stamps[0][0]
    assert all(0 <= float(hours) <= 24 for _day, hours in stamps)
