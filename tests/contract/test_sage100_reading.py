"""One contract of reading Sage 100, held by each route: direct, relayed by a real agent, a fake."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import make_url

from agent.calls import running_agent
from fakes import FakeClock
from sage100_sites import (
    ClientServerSite,
    FakeRoute,
    FakeSite,
    ProvidexSite,
    RelayedSite,
    Site,
    connected,
    created,
)
from tieout.connectors.sage100.catalog import DATE, NUMBER, TABLES, Table
from tieout.connectors.sage100.dialect import PROBES, DialectError, Select
from tieout.connectors.sage100.lists import Sage100Lists
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.routes import OdbcRoute, Route
from tieout.connectors.sage100.rows import Row, UnreadableError, UnreadableRow
from tieout.connectors.sage100.site import report
from tieout.domain.reading import START
from tieout.errors import ConfigurationError

DAY = date(2026, 1, 31)
EIGHT_BIT = ["direct, SQLite", "relayed", "fake"]
"""Sites whose text is bytes; PostgreSQL lets nothing in that is no text."""


@pytest.fixture(scope="module")
def sites(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    folder = tmp_path_factory.mktemp("reading")
    relayed_site = RelayedSite(folder / "relayed.sqlite")
    client_server = ClientServerSite(created(make_url(postgres_url), "sage100"))
    with running_agent(folder, folder, "--dsn", f"HPS:{relayed_site.odbc}") as agent:
        relayed_site.agent_url = agent.url
        yield {
            "direct, SQLite": ProvidexSite(folder / "direct.sqlite"),
            "direct, PostgreSQL": client_server,
            "relayed": relayed_site,
            "fake": FakeSite(),
        }
    client_server.connection.close()


@pytest.fixture(params=["direct, SQLite", "direct, PostgreSQL", "relayed", "fake"])
def site(request: pytest.FixtureRequest, sites: dict[str, Site]) -> Site:
    return sites[request.param]


@pytest.fixture
def route(site: Site) -> Iterator[Route]:
    made = site.route()
    yield made
    made.close()


def reader(route: Route, page_rows_max: int = 100) -> Sage100Reader:
    return Sage100Reader(route, page_rows_max=page_rows_max)


def filled(table: Table) -> dict[str, Any]:
    """Return a row with a value of its kind in every column that we read."""
    return {name: value(table, name, place) for place, name in enumerate(table.readable, start=1)}


def value(table: Table, name: str, place: int) -> Any:
    column = table.columns[name]
    if column.kind == DATE:
        return date(2026, 1 + place % 12, 1 + place % 28)
    if column.kind == NUMBER:
        digits = min(column.length or 2, 15)
        return Decimal(place % 10 ** min(digits - column.scale, 3)) + (
            Decimal(5).scaleb(-column.scale) if column.scale else 0
        )
    return f"{place % 10}é"[: column.length or 60]


def read(row: Row, table: Table, name: str) -> Any:
    kind = table.columns[name].kind
    if kind == DATE:
        return row.day(name)
    return row.amount(name) if kind == NUMBER else row.text(name)


def test_every_column_of_every_table_arrives_as_it_stands(site: Site, route: Route) -> None:
    reading = reader(route)
    for table in TABLES.values():
        wanted = filled(table)
        site.put(table.name, [wanted])
        (row,) = reading.rows(table.name, " ".join(table.readable))
        assert {name: read(row, table, name) for name in table.readable} == wanted, table.name


def test_a_blank_row_is_blank_text_zero_and_no_date(site: Site, route: Route) -> None:
    table = TABLES["SO_SalesOrderHeader"]
    site.put(table.name, [{"SalesOrderNo": "0000001"}])
    (row,) = reader(route).rows(table.name, "CustomerPONo OrderDate DepositAmt")
    assert (row.text("CustomerPONo"), row.day("OrderDate"), row.amount("DepositAmt")) == (
        "",
        None,
        0,
    )


LINES = [
    {"SalesOrderNo": f"{order:07d}", "LineKey": f"{line:06d}", "ExtensionAmt": Decimal(line)}
    for order in range(1, 8)
    for line in range(1, order * 2)
]


@pytest.mark.parametrize("page_rows_max", [1, 2, 3, 7, 48, 49, 50, 100])
def test_pages_of_a_composite_key_join_without_gap_or_repeat(
    site: Site, route: Route, page_rows_max: int
) -> None:
    site.put("SO_SalesOrderDetail", list(reversed(LINES)))
    rows = reader(route, page_rows_max).rows("SO_SalesOrderDetail", "ExtensionAmt")
    found = [(*row.key(), row.amount("ExtensionAmt")) for row in rows]
    assert found == [tuple(line.values()) for line in LINES]


@pytest.mark.parametrize("line", [0, 1, 8, 48])
def test_a_reading_goes_on_behind_any_key(site: Site, route: Route, line: int) -> None:
    site.put("SO_SalesOrderDetail", LINES)
    after = (str(LINES[line]["SalesOrderNo"]), str(LINES[line]["LineKey"]))
    rows = reader(route, 4).rows("SO_SalesOrderDetail", "", after=after)
    assert [row.key() for row in rows] == [tuple(one.values())[:2] for one in LINES[line + 1 :]]


def test_pages_go_by_dates_where_the_key_has_dates(site: Site, route: Route) -> None:
    receipts = [
        {
            "BankCode": "A",
            "DepositDate": date(2026, 1, day),
            "DepositNo": f"{deposit:05d}",
            "CustomerNo": "O'HARE",
            "CheckNo": f"{check}",
        }
        for day in (30, 31)
        for deposit in (1, 2)
        for check in (1, 2, 3)
    ]
    site.put("AR_CashReceiptsHistory", receipts)
    rows = reader(route, 2).rows("AR_CashReceiptsHistory", "")
    found = [(row.day("DepositDate"), row.text("DepositNo"), row.text("CheckNo")) for row in rows]
    wanted = [(one["DepositDate"], one["DepositNo"], one["CheckNo"]) for one in receipts]
    assert found == wanted


def test_rows_are_narrowed_by_values_by_many_values_by_dates_and_since(
    site: Site, route: Route
) -> None:
    orders = [
        {
            "SalesOrderNo": f"{number:07d}",
            "CustomerPONo": f"O'HARE {number}",
            "OrderDate": date(2026, 1, 1 + number % 28),
        }
        for number in range(120)
    ]
    site.put("SO_SalesOrderHeader", orders)
    reading = reader(route)

    def numbers(**narrow: Any) -> list[int]:
        rows = reading.rows("SO_SalesOrderHeader", "OrderDate", **narrow)
        return [int(row.text("SalesOrderNo")) for row in rows]

    assert numbers(among={"CustomerPONo": ["O'HARE 5"]}) == [5]
    assert numbers(among={"CustomerPONo": []}) == []
    many = [f"O'HARE {number}" for number in range(0, 120, 2)]
    assert sorted(numbers(among={"CustomerPONo": many})) == list(range(0, 120, 2))
    assert numbers(among={"OrderDate": ["2026-01-02"]}) == [1, 29, 57, 85, 113]
    assert numbers(since={"OrderDate": date(2026, 1, 28)}) == [27, 55, 83, 111]


def test_a_corrupt_date_is_of_its_row_and_column_alone(site: Site, route: Route) -> None:
    bills = [
        {"APDivisionNo": "00", "VendorNo": f"V{number}", "InvoiceDate": text}
        for number, text in enumerate(["2026-01-31", "2026-13-45", "0000-00-00", "20260131"])
    ]
    site.put("AP_OpenInvoice", bills)
    rows = list(reader(route, 2).rows("AP_OpenInvoice", "InvoiceDate Balance"))
    assert [rows[place].day("InvoiceDate") for place in (0, 2, 3)] == [DAY, None, DAY]
    assert rows[1].amount("Balance") == 0
    with pytest.raises(UnreadableError, match=r"AP_OpenInvoice.InvoiceDate of 00/V1/") as raised:
        rows[1].day("InvoiceDate")
    assert raised.value.column == "InvoiceDate"


@pytest.mark.parametrize("site", EIGHT_BIT, indirect=True)
@pytest.mark.parametrize("page_rows_max", [1, 4, 100])
def test_bytes_that_are_no_text_set_their_row_aside_not_its_page(
    site: Site, route: Route, page_rows_max: int
) -> None:
    names: list[Any] = ["Café", b"Caf\x81", "Cafe", "Café", b"\x90", b"\x9d", "Cafe"]
    customers = [
        {"ARDivisionNo": "00", "CustomerNo": f"{number}", "CustomerName": name}
        for number, name in enumerate(names)
    ]
    site.put("AR_Customer", customers)
    rows = list(reader(route, page_rows_max).rows("AR_Customer", "CustomerName"))
    assert [row.text("CustomerNo") for row in rows] == list("0123456")
    assert [isinstance(row, UnreadableRow) for row in rows] == [
        isinstance(name, bytes) for name in names
    ]
    assert [rows[place].text("CustomerName") for place in (0, 2, 3, 6)] == [
        names[place] for place in (0, 2, 3, 6)
    ]
    with pytest.raises(UnreadableError, match=r"CustomerName of 00/1\."):
        rows[1].text("CustomerName")


def test_an_inspection_finds_every_column_under_our_names_and_says_what_is_refused(
    route: Route,
) -> None:
    found_there = route.inspect([*TABLES])
    found = {(column.table, column.name.casefold()) for column in found_there.columns}
    assert found == {
        (table.name, name.casefold()) for table in TABLES.values() for name in table.columns
    }
    assert found_there.dbms
    assert set(found_there.refused) < set(PROBES)
    assert not set(found_there.refused) & {"date literal", "our form"}
    assert "LIMIT before ORDER BY" in found_there.refused


def test_every_site_is_ready_whatever_its_database(route: Route) -> None:
    inspected = reader(route).inspect()
    names = {(column.table, column.name) for column in inspected.columns}
    assert names == {(table.name, name) for table in TABLES.values() for name in table.columns}
    found = report(inspected, has_our_field=True)
    assert (found.problems, found.tables, found.unconfirmed) == ((), 62, ())
    assert found.lengths == {}


def test_an_inspection_asks_for_no_other_table(route: Route) -> None:
    found_there = route.inspect(["GL_Bank", "GL_NoSuchTable"])
    assert {column.table for column in found_there.columns} == {"GL_Bank"}


def test_nothing_but_our_form_of_our_columns_leaves(route: Route) -> None:
    before = route.statements_made
    with pytest.raises(DialectError):
        route.fetch(Select("GL_Bank", ["BankCode; DROP TABLE GL_Bank"]), 1)
    with pytest.raises(DialectError):
        route.fetch(Select("SY_User", ["SecurityKey"]), 1)
    assert route.statements_made == before


def away(name: str, sites: dict[str, Site], tmp_path: Path) -> Route:
    """Return a route to a site that lacks its tables."""
    match name:
        case "direct, PostgreSQL":
            site = sites[name]
            assert isinstance(site, ClientServerSite)
            other = site.odbc.replace("Database=sage100", "Database=template1")
            return OdbcRoute(lambda: connected(other))
        case "fake":
            return FakeRoute({})
        case _:
            return OdbcRoute(lambda: connected(f"Driver=SQLite3;Database={tmp_path / 'empty'};"))


@pytest.mark.parametrize("name", ["direct, SQLite", "direct, PostgreSQL", "fake"])
def test_a_table_that_a_site_lacks_is_named(
    name: str, sites: dict[str, Site], tmp_path: Path
) -> None:
    route = away(name, sites, tmp_path)
    with pytest.raises(ConfigurationError, match="GL_Bank"):
        list(reader(route).rows("GL_Bank", ""))
    route.close()


def lists(route: Route) -> Sage100Lists:
    return Sage100Lists(
        reader(route),
        account="HPS",
        zone=ZoneInfo("America/New_York"),
        clock=FakeClock(),
        page_records=2,
    )


def landed(route: Route, table: str) -> list[tuple[str, bytes]]:
    """Return what a first reading of a table would land, and a second one behind it."""
    *pages, last = lists(route).pages(table, START)
    again = lists(route).pages(table, last.position)
    return [
        (record.record_id, record.body)
        for page in [*pages, last, *again]
        for record in [*page.records, *page.odd]
    ]


def test_a_table_is_the_same_list_by_every_route(site: Site, route: Route) -> None:
    customer = {"CustomerName": "Café Zoë", "CreditLimit": Decimal("12.50"), "TimeUpdated": "9.5"}
    tables: dict[str, list[dict[str, Any]]] = {
        "AR_Customer": [
            {"ARDivisionNo": "00", "CustomerNo": f"{number:07d}", "DateUpdated": day, **customer}
            for number, day in enumerate([date(2026, 11, 29), date(2026, 11, 1), ""])
        ],
        "SO_SalesOrderHeader": [
            {"SalesOrderNo": "0000001", "TaxableAmt": Decimal("7.50"), "DateUpdated": DAY},
            {"SalesOrderNo": "0000002", "TaxableAmt": Decimal("7.50"), "DateUpdated": DAY},
        ],
        "SO_SalesOrderDetail": [
            {"SalesOrderNo": "0000001", "LineKey": key, "ExtensionAmt": Decimal("3.75")}
            for key in ("000001", "000002")
        ],
        "SO_SalesOrderHistoryHeader": [
            {"SalesOrderNo": "0000003", "OrderStatus": "C", "DateUpdated": date(2026, 11, 29)}
        ],
    }
    fake = FakeSite()
    for table, rows in tables.items():
        site.put(table, rows)
        fake.put(table, rows)
    for table, count in (("AR_Customer", 4), ("SO_SalesOrderHeader", 2)):
        found = landed(route, table)
        assert found == landed(fake.route(), table)
        assert len(found) == count
    for table in tables:
        site.put(table, [])
