"""SO_SalesOrder_bus: what an order needs, what it commits, what it refuses."""

from decimal import Decimal

from simulators.sage100.boi_client import (
    Boi,
    add_line,
    next_number,
    override_tax,
    set_all,
    start_order,
    value_of,
    write_order_1042,
)
from simulators.sage100.installation import Sage100


def test_the_worked_order_is_stored_with_the_shops_tax(sage100: Sage100, boi: Boi) -> None:
    number = write_order_1042(boi)
    found = sage100.query(
        "SELECT SalesOrderNo, SalesTaxAmt, TaxableAmt, NonTaxableAmt, CustomerNo"
        " FROM SO_SalesOrderHeader"
    )
    number_stored, tax, taxable, exempt, customer = found[0]
    assert (number_stored, customer) == (number, "0001001")
    assert [Decimal(tax), Decimal(taxable), Decimal(exempt)] == [
        Decimal("7.21"),
        Decimal("94.92"),
        Decimal(0),
    ]


def test_without_an_override_the_schedule_computes_a_cent_less(boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders, TaxSchedule="STATE")
    add_line(orders, "LAMP-01", 3, UnitPrice=17.99)
    add_line(orders, "SHADE-02", 1, UnitPrice=40.95)
    set_all(orders, FreightAmt=8.0)
    assert value_of(orders, "SalesTaxAmt") == 7.20


def test_a_change_after_the_override_recalculates(boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders, TaxSchedule="STATE")
    add_line(orders, "LAMP-01", 3, UnitPrice=17.99)
    override_tax(orders, "STATE", 3.99)
    set_all(orders, FreightAmt=8.0)
    assert value_of(orders, "SalesTaxAmt") == 4.34


def test_the_override_is_kept_per_tax_code(sage100: Sage100, boi: Boi) -> None:
    write_order_1042(boi)
    found = sage100.query(
        "SELECT TaxCode, SalesTaxAmt, SalesTaxOverridden FROM SO_SalesOrderTaxSummary"
    )
    assert [tuple(row) for row in found] == [("STATE", "7.21", "Y")]


def test_a_tax_code_of_another_schedule_is_refused(boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders, TaxSchedule="EXEMPT")
    add_line(orders, "LAMP-01", 1)
    summary = orders.oTaxSummary
    summary.nSetKeyValue("TaxCode$", "STATE")
    assert summary.nSetKey() == 0


def test_an_order_commits_stock(sage100: Sage100, boi: Boi) -> None:
    write_order_1042(boi)
    assert sage100.stock("LAMP-01") == (Decimal(240), Decimal(3))
    assert sage100.stock("SHADE-02") == (Decimal(277), Decimal(1))


def test_deleting_an_order_releases_stock(sage100: Sage100, boi: Boi) -> None:
    number = write_order_1042(boi)
    orders = boi.sales_orders()
    orders.nSetKeyValue("SalesOrderNo$", number)
    assert orders.nSetKey() == 1
    assert orders.nDelete() == 1
    assert sage100.stock("LAMP-01") == (Decimal(240), Decimal(0))
    assert sage100.query("SELECT OrderStatus FROM SO_SalesOrderHistoryHeader")[0][0] == "X"


def test_history_shows_an_open_order_as_active(sage100: Sage100, boi: Boi) -> None:
    number = write_order_1042(boi)
    found = sage100.query("SELECT SalesOrderNo, OrderStatus FROM SO_SalesOrderHistoryHeader")
    assert [tuple(row) for row in found] == [(number, "A")]


def test_nothing_is_stored_before_the_header_is_written(sage100: Sage100, boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    add_line(orders, "LAMP-01", 3)
    assert sage100.query("SELECT * FROM SO_SalesOrderHeader") == []
    assert sage100.stock("LAMP-01") == (Decimal(240), Decimal(0))


def test_a_failed_write_burns_the_number(boi: Boi) -> None:
    orders = boi.sales_orders()
    first = start_order(orders)
    assert orders.nWrite() == 0
    assert orders.sLastErrorMsg == "The order has no lines."
    assert int(next_number(orders)) == int(first) + 1


def test_a_line_that_was_not_written_is_lost(sage100: Sage100, boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    add_line(orders, "LAMP-01", 1)
    orders.oLines.nAddLine()
    set_all(orders.oLines, ItemCode="SHADE-02", QuantityOrdered=1)
    assert orders.nWrite() == 1
    assert len(sage100.query("SELECT * FROM SO_SalesOrderDetail")) == 1


def test_the_item_comes_first_on_a_line(boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    orders.oLines.nAddLine()
    assert orders.oLines.nSetValue("QuantityOrdered", 1) == 0
    assert orders.oLines.sLastErrorMsg == "The Item Code is required."


def test_the_item_loads_its_defaults(boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    orders.oLines.nAddLine()
    set_all(orders.oLines, ItemCode="LAMP-01")
    assert value_of(orders.oLines, "UnitPrice") == 19.99
    assert value_of(orders.oLines, "ItemCodeDesc$") == "Aluminium desk lamp"
    assert value_of(orders.oLines, "LineKey$") == "000001"


def test_an_unknown_item_is_refused(boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    orders.oLines.nAddLine()
    assert orders.oLines.nSetValue("ItemCode$", "NO-SUCH") == 0
    assert orders.oLines.sLastErrorMsg == "The Item NO-SUCH is not on file."


def test_an_unknown_customer_is_refused(boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    assert orders.nSetValue("CustomerNo$", "4711") == 0
    assert orders.sLastErrorMsg == "The Customer Number 00-0004711 is not on file."


def test_an_unknown_schedule_is_refused(boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    assert orders.nSetValue("TaxSchedule$", "MOON") == 0
    assert orders.sLastErrorMsg == "The Tax Schedule MOON is not on file."


def test_the_division_comes_before_the_customer(boi: Boi) -> None:
    orders = boi.sales_orders()
    orders.nSetKeyValue("SalesOrderNo$", next_number(orders))
    orders.nSetKey()
    assert orders.nSetValue("CustomerNo$", "0001001") == 0
    assert orders.sLastErrorMsg == "The A/R Division is required."


def test_the_tax_amount_cannot_be_set_on_the_header(boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    assert orders.nSetValue("SalesTaxAmt", 7.21) == 0


def test_a_repeated_customer_po_is_only_a_warning(sage100: Sage100, boi: Boi) -> None:
    write_order_1042(boi)
    orders = boi.sales_orders()
    start_order(orders)
    assert orders.nSetValue("CustomerPONo$", "HP-1042") == -1
    assert "already exists on one or more sales orders" in orders.sLastErrorMsg
    add_line(orders, "LAMP-01", 1)
    assert orders.nWrite() == 1
    assert len(sage100.query("SELECT * FROM SO_SalesOrderHeader")) == 2


def test_a_stored_order_opens_for_editing(sage100: Sage100, boi: Boi) -> None:
    number = write_order_1042(boi)
    orders = boi.sales_orders()
    orders.nSetKeyValue("SalesOrderNo$", number)
    assert orders.nSetKey() == 1
    assert orders.oLines.nMoveFirst() == 1
    assert value_of(orders.oLines, "ItemCode$") == "LAMP-01"
    set_all(orders, DepositAmt=60.0)
    assert orders.nWrite() == 1
    found = sage100.query("SELECT DepositAmt, SalesTaxAmt FROM SO_SalesOrderHeader")
    assert tuple(found[0]) == ("60", "7.21")
    assert sage100.stock("LAMP-01") == (Decimal(240), Decimal(3))


def test_order_numbers_are_zero_filled(boi: Boi) -> None:
    orders = boi.sales_orders()
    orders.nSetKeyValue("SalesOrderNo$", "77")
    assert orders.nSetKey() == 2
    assert orders.sValue("SalesOrderNo$") == "0000077"


def test_the_site_field_is_stored(sage100: Sage100, boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders, UDF_TIEOUT_ID="5600000001042")
    add_line(orders, "LAMP-01", 1)
    assert orders.nWrite() == 1
    found = sage100.query("SELECT UDF_TIEOUT_ID FROM SO_SalesOrderHeader")
    assert found[0][0] == "5600000001042"


def test_lotus_lane_orders_have_no_tax(sage100: Sage100) -> None:
    boi = Boi(sage100.home, "LLT")
    orders = boi.sales_orders()
    number = next_number(orders)
    orders.nSetKeyValue("SalesOrderNo$", number)
    orders.nSetKey()
    set_all(orders, ARDivisionNo="00", CustomerNo="WEBGUEST")
    add_line(orders, "LL-TEA-01", 2, UnitPrice=99.0)
    assert orders.nWrite() == 1
    found = sage100.query(
        "SELECT NonTaxableAmt, SalesTaxAmt FROM SO_SalesOrderHeader", company="LLT"
    )
    assert tuple(found[0]) == ("198", "0")
    boi.session.nCleanup()
