"""The SQL that may reach Sage 100, and everything that may not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.connectors.sage100.catalog import DATE, TABLES, Table
from tieout.connectors.sage100.dialect import DialectError, Select, check_dialect, literal


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
    assert "WHERE ItemCode = 'LAMP-01' AND WarehouseCode > '001' ORDER BY" in sql
    assert parameters == []


@pytest.mark.parametrize("key", ["O'HARE", "A?B", "\\", "{d '2026-01-31'}", "CAFÉ", "A\0B", "A;--"])
def test_a_key_that_is_not_plain_is_bound(key: str) -> None:
    sql, parameters = Select("IM_ItemWarehouse", ["QuantityOnHand"], after=(key, "001")).statement()
    assert "WHERE ItemCode = ? AND WarehouseCode > '001' ORDER BY" in sql
    assert parameters == [key]


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_select_of_every_column_of_every_table_passes(table: Table) -> None:
    key = [date(2026, 1, 31) if table.columns[name].kind == DATE else "1" for name in table.key]
    for after in (None, tuple(key), tuple(key[:1])):
        for since in ({}, dict.fromkeys(table.updated[:1], date(2026, 1, 31))):
            select = Select(table.name, table.readable, since=since, after=after)
            sql, parameters = select.statement()
            assert sql.startswith(f"SELECT {table.readable[0]}, ")
            assert sql.count("?") == len(parameters)


@pytest.mark.parametrize("name", TABLES)
def test_no_table_gives_what_is_withheld_or_unknown(name: str) -> None:
    table = TABLES[name]
    for column in {*table.columns} - {*table.readable} | {"NoSuchColumn"}:
        with pytest.raises(DialectError, match=column):
            Select(name, [column]).statement()
        with pytest.raises(DialectError, match=column):
            check_dialect(f"SELECT {table.key[0]} FROM {name} ORDER BY {column}")  # noqa: S608


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT AccountKey FROM GL_Account ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Account = 'O''Hare' ORDER BY AccountKey",
        "SELECT Account FROM GL_Account WHERE Status = ? AND Account IN (?, ?) ORDER BY Account",
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
        "WITH GL_Account AS (SELECT 1) SELECT AccountKey FROM GL_Account ORDER BY AccountKey",
        "SELECT ROW_NUMBER() OVER (ORDER BY AccountKey) FROM GL_Account ORDER BY AccountKey",
        "SELECT AccountKey, SUM(Account) OVER () FROM GL_Account ORDER BY AccountKey",
        (
            "SELECT AccountKey FROM GL_Account, GL_Bank WHERE AccountKey = CashAccountKey"
            " OR AccountKey = BankCode ORDER BY AccountKey"
        ),
        (
            "SELECT AccountKey FROM GL_Account INNER JOIN GL_Bank ON AccountKey = CashAccountKey"
            " OR AccountKey = BankCode ORDER BY AccountKey"
        ),
        (
            "SELECT AccountKey FROM GL_Account WHERE AccountKey = CashAccountKey OR Status = ?"
            " ORDER BY AccountKey"
        ),
        "SELECT AccountKey FROM GL_Account ORDER BY AccountKey LIMIT 5",
        "SELECT AccountKey FROM GL_Account ORDER BY AccountKey OFFSET 5",
        "SELECT AccountKey FROM GL_Account ORDER BY AccountKey DESC",
        "SELECT CASE WHEN Status = ? THEN 1 END FROM GL_Account ORDER BY AccountKey",
        "SELECT DISTINCT Status FROM GL_Account ORDER BY Status",
        "SELECT Status FROM GL_Account GROUP BY Status ORDER BY Status",
        "SELECT AccountKey FROM GL_Account WHERE EXISTS (SELECT 1) ORDER BY AccountKey",
        "SELECT {fn UCASE(Account)} FROM GL_Account ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account /* all */ ORDER BY AccountKey",
        "SELECT AccountKey FROM MAS_ABC.dbo.GL_Account ORDER BY AccountKey",
        "INSERT INTO GL_Account (AccountKey) VALUES ('1')",
        "CREATE TABLE GL_Account (AccountKey CHAR(9))",
        "DROP TABLE GL_Account",
        "EXEC sp_who",
        "SELECT TOP 5 AccountKey FROM GL_Account ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account LIMIT 5 ORDER BY AccountKey",
        "SELECT COUNT(AccountKey) FROM GL_Account ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Account = 5 ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Account = Status ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Account IS NULL ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Account LIKE 'a' ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Status IN (SELECT Status) ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE (Status = ?) ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE Status = ? OR Status = ? ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account WHERE NOT Status = ? ORDER BY AccountKey",
        "SELECT AccountKey FROM GL_Account UNION SELECT AccountKey FROM GL_Account",
        "SELECT AccountKey FROM SO_Secret ORDER BY AccountKey",
        "SELECT EncryptedVals FROM AR_Customer ORDER BY CustomerNo",
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
        Select("SO_Secret", ["UserKey"]),
        Select("SY_User", ["SecurityKey"]),
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
