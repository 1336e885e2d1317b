"""The tables as an ODBC client sees them, through pyodbc and libsqliteodbc."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from simulators.sage100.boi_client import Boi, add_line, start_order, write_order_1042
from simulators.sage100.installation import Sage100
from tieout.simulators.sage100.schema import tables

DICTIONARY = Path(__file__).parents[4] / "shared" / "domain" / "sage100" / "dictionary.json"
UNCONFIRMED_TABLES = {
    *(name for name in tables() if "Tax" in name),
    *("AP_ManualCheckDetail", "IM_ProductLine"),
}


def test_amounts_come_back_to_the_digit(sage100: Sage100, boi: Boi) -> None:
    write_order_1042(boi)
    found = sage100.query("SELECT FreightAmt, SalesTaxAmt, DepositAmt FROM SO_SalesOrderHeader")
    assert [Decimal(value) for value in found[0]] == [
        Decimal("8.00"),
        Decimal("7.21"),
        Decimal("110.13"),
    ]


def test_six_decimal_prices_come_back_to_the_digit(sage100: Sage100, boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    add_line(orders, "LAMP-01", 7, UnitPrice=17.123457)
    assert orders.nWrite() == 1
    found = sage100.query("SELECT UnitPrice, ExtensionAmt FROM SO_SalesOrderDetail")
    assert [Decimal(value) for value in found[0]] == [Decimal("17.123457"), Decimal("119.86")]


def test_date_escapes_work_through_the_driver(sage100: Sage100, boi: Boi) -> None:
    write_order_1042(boi)
    sql = "SELECT OrderDate FROM SO_SalesOrderHeader WHERE OrderDate >= {d '2026-11-29'}"
    assert sage100.query(sql)[0][0] == date(2026, 11, 29)
    assert sage100.query(sql.replace("11-29", "11-30")) == []


def test_a_blank_date_is_no_date(sage100: Sage100) -> None:
    assert sage100.query("SELECT DateLastPayment FROM AR_Customer")[0][0] is None


def test_audit_columns_are_a_local_date_and_decimal_hours(sage100: Sage100, boi: Boi) -> None:
    write_order_1042(boi)
    found = sage100.query(
        "SELECT DateUpdated, TimeUpdated, UserUpdatedKey FROM SO_SalesOrderHeader"
    )
    updated_on, hours, user = found[0]
    assert (updated_on, user) == (date(2026, 11, 29), "0000000012")
    assert 8.5246 < float(hours) < 9


def test_detail_tables_have_no_audit_columns() -> None:
    details = ["SO_SalesOrderDetail", "SO_InvoiceDetail", "AR_InvoiceHistoryDetail"]
    assert not [name for name in details if "DateUpdated" in tables()[name].columns]


def test_no_column_can_be_null(sage100: Sage100) -> None:
    sql = 'SELECT name FROM pragma_table_info(?) WHERE NOT "notnull"'
    nullable = [column for name in tables() for column in sage100.query(sql, name)]
    assert nullable == []


def test_unicode_within_the_code_page_survives(sage100: Sage100) -> None:
    names = sage100.query(
        "SELECT CustomerNo FROM AR_Customer WHERE CustomerName LIKE ?", "%Bergström"
    )
    assert names


def test_the_system_table_names_the_company(sage100: Sage100) -> None:
    found = sage100.query("SELECT CompanyCode, CompanyName FROM SY_Company", company="LLT")
    assert tuple(found[0]) == ("LLT", "Lotus Lane Trading Limited")


@pytest.mark.skipif(not DICTIONARY.exists(), reason="the data dictionary is not here")
@pytest.mark.parametrize("name", sorted(set(tables()) - UNCONFIRMED_TABLES))
def test_columns_are_those_of_the_dictionary(name: str) -> None:
    published = json.loads(DICTIONARY.read_text("utf-8"))[name]
    columns = [column["name"] for column in published["columns"]]
    ours = [column for column in tables()[name].columns if not column.startswith("UDF_")]
    assert ours == columns
    assert list(tables()[name].key) == published["primary_key"]
