"""Rows that a driver cannot give: set aside one by one, whatever else stands on their page."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tieout.connectors.sage100.catalog import TABLES
from tieout.connectors.sage100.dialect import Select
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.routes import Inspection, OdbcRoute, Page
from tieout.connectors.sage100.rows import UnreadableError, UnreadableRow
from tieout.errors import ConfigurationError, UnavailableError

KEY = "0000000"


class BadRowsRoute:
    """Orders by number; a page with a bad one fails whole, or where the bad one stands."""

    def __init__(self, count: int, bad: set[int], *, streams: bool = False) -> None:
        self.numbers = [f"{number:07d}" for number in range(count)]
        self.bad = {f"{number:07d}" for number in bad}
        self.streams = streams
        self.statements_made = 0
        self.has_bad_keys = False

    def fetch(self, select: Select, rows_max: int) -> Page:
        select.statement()
        self.statements_made += 1
        after = str(select.after[0]) if select.after else ""
        some = [number for number in self.numbers if number > after][:rows_max]
        is_key_alone = list(select.columns) == ["SalesOrderNo"]
        bad = [] if is_key_alone and not self.has_bad_keys else [n for n in some if n in self.bad]
        if bad:
            before = some[: some.index(bad[0])] if self.streams else []
            return Page([self.row(number, select) for number in before], "ValueError: month 13")
        return Page([self.row(number, select) for number in some])

    def row(self, number: str, select: Select) -> Sequence[Any]:
        return [number if name == "SalesOrderNo" else Decimal("1.5") for name in select.columns]

    def inspect(self, tables: Any) -> Inspection:  # noqa: ARG002 - as the port has it
        return Inspection("fake", [])

    def close(self) -> None:
        """Nothing to close."""


def read(route: BadRowsRoute, page_rows_max: int = 100) -> tuple[list[str], list[str]]:
    """Return the numbers of good and bad rows, in the order in which they came."""
    reader = Sage100Reader(route, page_rows_max=page_rows_max)
    good, bad = [], []
    order = []
    for row in reader.rows("SO_SalesOrderHeader", "DepositAmt"):
        order.append(row.text("SalesOrderNo"))
        (bad if isinstance(row, UnreadableRow) else good).append(row.text("SalesOrderNo"))
    assert order == route.numbers
    return good, bad


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    "bad", [{0}, {249}, {99}, {100}, {7, 8, 9}, {50, 150}, set(range(0, 250, 11)), set(range(250))]
)
def test_every_bad_row_is_set_aside_and_every_other_read_once(
    *, bad: set[int], streams: bool
) -> None:
    route = BadRowsRoute(250, bad, streams=streams)
    good, found = read(route)
    assert found == sorted(route.bad)
    assert good == [number for number in route.numbers if number not in route.bad]


def test_one_bad_row_costs_a_handful_of_statements() -> None:
    route = BadRowsRoute(1000, {500})
    read(route, page_rows_max=1000)
    assert route.statements_made < 40


def test_a_row_set_aside_has_its_key_and_says_why_it_has_no_more() -> None:
    reader = Sage100Reader(BadRowsRoute(3, {1}), page_rows_max=10)
    rows = list(reader.rows("SO_SalesOrderHeader", "DepositAmt OrderDate"))
    assert rows[1].key() == ("0000001",)
    with pytest.raises(UnreadableError, match=r"month 13.*DepositAmt of 0000001") as raised:
        rows[1].amount("DepositAmt")
    assert raised.value.column == "DepositAmt"
    with pytest.raises(ConfigurationError, match="OrderDate of 0000001"):
        rows[1].day("OrderDate")


def test_a_key_that_cannot_be_read_ends_the_reading_and_says_where() -> None:
    route = BadRowsRoute(10, {4})
    route.has_bad_keys = True
    reader = Sage100Reader(route, page_rows_max=4)
    with pytest.raises(ConfigurationError, match=r"SO_SalesOrderHeader.*behind 0000003"):
        list(reader.rows("SO_SalesOrderHeader", "DepositAmt"))


class FailingCursor:
    """Fails while it runs a statement, or while it fetches."""

    def __init__(self, on_execute: Exception | None, on_fetch: Exception | None) -> None:
        self.on_execute = on_execute
        self.on_fetch = on_fetch

    def execute(self, *_statement: Any) -> None:
        if self.on_execute:
            raise self.on_execute

    def fetchmany(self, _size: int, /) -> Sequence[Any]:
        if self.on_fetch:
            raise self.on_fetch
        return []

    def close(self) -> None:
        """Nothing to free."""


class FailingDriver:
    """Gives cursors that fail."""

    def __init__(
        self, *, on_execute: Exception | None = None, on_fetch: Exception | None = None
    ) -> None:
        self.failures = (on_execute, on_fetch)

    def cursor(self) -> Any:
        return FailingCursor(*self.failures)

    def getinfo(self, _number: int, /) -> str:
        return "fake"

    def setdecoding(self, _sqltype: int, /, encoding: str) -> None:
        """Nothing to decode."""

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize(
    "failure",
    [
        ValueError("month must be in 1..12"),
        UnicodeDecodeError("charmap", b"c\x81", 1, 2, "undefined"),
        RuntimeError("22007", "invalid datetime format"),
    ],
    ids=repr,
)
def test_what_a_driver_says_of_a_value_is_of_its_row(failure: Exception) -> None:
    driver = FailingDriver(on_fetch=failure)
    page = OdbcRoute(lambda: driver).fetch(Select("GL_Bank", TABLES["GL_Bank"].key), 10)
    assert (page.rows, page.problem.partition(":")[0]) == ((), type(failure).__name__)


@pytest.mark.parametrize(
    "driver",
    [
        FailingDriver(on_fetch=RuntimeError("08S01", "link failure")),
        FailingDriver(on_execute=ValueError("no such thing")),
    ],
)
def test_every_other_failure_is_of_the_reading(driver: FailingDriver) -> None:
    with pytest.raises((UnavailableError, ConfigurationError)):
        OdbcRoute(lambda: driver).fetch(Select("GL_Bank", TABLES["GL_Bank"].key), 10)
