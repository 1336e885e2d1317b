"""The SQL that may reach Sage 100, and everything that may not."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.connectors.sage100.dialect import DialectError, Select, check_dialect, literal
from tieout.connectors.sage100.tables import NUMBERS, TABLES

DICTIONARY = Path(__file__).parents[4] / "shared/domain/sage100/dictionary.json"
SIMULATED = Path(__file__).parents[3] / "plugins/tieout/simulators/sage100/tables.json"


def test_a_select_names_its_columns_and_orders_by_the_key() -> None:
    sql, parameters = Select("GL_Account", ["AccountKey", "Account"]).statement()
    assert sql == "SELECT AccountKey, Account FROM GL_Account ORDER BY AccountKey"
    assert parameters == []


def test_values_are_bound_and_dates_are_escapes() -> None:
    select = Select(
        "GL_DetailPosting",
        ["AccountKey"],
        among={"SourceJournal": ["CR", "SJ"]},
        since={"PostingDate": date(2026, 1, 31)},
    )
    sql, parameters = select.statement()
    assert "SourceJournal IN (?, ?) AND PostingDate >= {d '2026-01-31'}" in sql
    assert parameters == ["CR", "SJ"]


def test_the_next_page_of_a_composite_key_is_asked_without_row_values() -> None:
    select = Select("IM_ItemWarehouse", ["QuantityOnHand"], after=("LAMP-01", "001"))
    sql, parameters = select.statement()
    assert "(ItemCode > ? OR (ItemCode = ? AND WarehouseCode > ?))" in sql
    assert parameters == ["LAMP-01", "LAMP-01", "001"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT AccountKey FROM GL_Account ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Account = 'O''Hare' ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE (Status = ? OR Status = ?) ORDER BY AccountKey",
        "select AccountKey from GL_Account where Status <> 'I' order by AccountKey",
    ],
)
def test_the_one_form_passes(sql: str) -> None:
    check_dialect(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM GL_Account ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account",
        "SELECT AccountKey FROM GL_Account ORDER BY AccountKey;",
        "SELECT AccountKey FROM GL_Account ORDER BY AccountKey; DROP TABLE GL_Account",
        "SELECT [AccountKey] FROM GL_Account ORDER BY AccountKey",
        'SELECT "AccountKey" FROM GL_Account ORDER BY AccountKey',
        "SELECT AccountKey FROM GL_Account -- all\nORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account, GL_Bank ORDER BY AccountKey",
        "SELECT a.AccountKey FROM GL_Account a ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account JOIN GL_Bank ON 1 = 1 ORDER BY AccountKey",
        "SELECT AccountKey FROM {oj GL_Account LEFT OUTER JOIN GL_Bank} ORDER BY AccountKey",
        "WITH a AS (SELECT AccountKey FROM GL_Account) SELECT AccountKey FROM a",
        "SELECT TOP 5 AccountKey FROM GL_Account ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account LIMIT 5 ORDER BY AccountKey",
        "SELECT COUNT(AccountKey) FROM GL_Account ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Account = 5 ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Account = Status ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Account IS NULL ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Account LIKE 'a' ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Status IN (SELECT Status) ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE (Status = ? ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account UNION SELECT AccountKey FROM GL_Account",
        "SELECT AccountKey FROM SY_User ORDER BY AccountKey",
        "SELECT CreditCardGUID FROM AR_Customer ORDER BY CustomerNo",
        "SELECT AccountKey FROM GL_Account WHERE Account = 'it's' ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Account = '2026-01-31 ORDER BY AccountKey",
        "UPDATE GL_Account SET Status = 'I'",
        "DELETE FROM GL_Account",
        "",
    ],
)
def test_anything_else_is_refused(sql: str) -> None:
    with pytest.raises(DialectError):
        check_dialect(sql)


@pytest.mark.parametrize(
    "select",
    [
        Select("SY_User", ["UserKey"]),
        Select("GL_Account", ["AccountKey; DROP TABLE GL_Account"]),
        Select("GL_Account", ["AccountKey"], among={"1=1 OR Status": ["A"]}),
        Select("GL_Account", ["AccountKey"], among={"Status": []}),
    ],
)
def test_a_select_of_what_we_do_not_read_is_refused(select: Select) -> None:
    with pytest.raises(DialectError):
        select.statement()


@given(st.text())
def test_any_text_stays_inside_its_literal(text: str) -> None:
    form = "SELECT AccountKey FROM GL_Account WHERE Account = ~ ORDER BY AccountKey"
    check_dialect(form.replace("~", literal(text)))


def test_the_simulator_has_every_table_key_and_column_that_we_read() -> None:
    simulated = json.loads(SIMULATED.read_text())
    missing = [
        f"{table.name}.{column}"
        for table in TABLES.values()
        for column in table.columns
        if column not in simulated[table.name]["columns"]
    ]
    other_keys = [
        table.name
        for table in TABLES.values()
        if list(table.key)
        != [name for name in simulated[table.name]["key"] if name in table.columns]
    ]
    assert (missing, other_keys) == ([], [])


@pytest.mark.skipif(not DICTIONARY.exists(), reason="needs the Sage 100 data dictionary")
def test_names_and_decimals_are_those_of_the_dictionary() -> None:
    dictionary = json.loads(DICTIONARY.read_text())
    known = {
        (table, column["name"]): column["length"].replace(".", ",").partition(",")[2]
        for table in TABLES
        for column in dictionary[table]["columns"]
    }
    ours = {
        (table.name, column): str(NUMBERS[kind]) if kind in NUMBERS else ""
        for table in TABLES.values()
        for column, kind in table.columns.items()
        if column != "UDF_TIEOUT_ID"
    }
    assert ours == {place: known.get(place) for place in ours}
