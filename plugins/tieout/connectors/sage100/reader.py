"""Reading Sage 100: pages by key over either route, and rows that cannot be read set aside.

Read-only. A page is a statement of its own that begins after the last one's key, so nothing holds a
table, a reading goes on after any interruption, and no cursor stays open while rows are worked on.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from tieout.connectors.sage100.catalog import TABLES
from tieout.connectors.sage100.dialect import Key, Select
from tieout.connectors.sage100.routes import Inspection, Page, Route
from tieout.connectors.sage100.rows import Row, Shape, Sheet, UnreadableRow
from tieout.errors import ConfigurationError, UnavailableError

PAGES_MAX = 10_000
VALUES_PER_QUERY_MAX = 50
"""Longest IN list: older ProvideX builds slow down on long ones."""

OUR_NAMES = {
    table.name: {name.casefold(): name for name in table.columns} for table in TABLES.values()
}
"""How we write the names of columns; databases fold their case."""

Among = Mapping[str, Sequence[str]]


class Sage100Reader:
    """Reads one company. Not for use by several threads at once."""

    def __init__(self, route: Route, *, page_rows_max: int) -> None:
        """Take the way to Sage; nothing is connected yet."""
        self._route = route
        self.page_rows_max = page_rows_max

    @property
    def queries_made(self) -> int:
        """Return how many statements were sent."""
        return self._route.statements_made

    def close(self) -> None:
        """Disconnect; the next read connects again."""
        self._route.close()

    def inspect(self, tables: Collection[str] = tuple(TABLES)) -> Inspection:
        """Ask the site what it is, its columns under our names; site.py says what that means."""
        found = self._route.inspect(tables)
        columns = [
            replace(column, name=OUR_NAMES[column.table].get(column.name.casefold(), column.name))
            for column in found.columns
        ]
        return replace(found, columns=columns)

    def rows(
        self,
        table: str,
        columns: str,
        *,
        among: Among | None = None,
        since: Mapping[str, date] | None = None,
        after: Key | None = None,
        page_rows_max: int | None = None,
    ) -> Iterator[Row]:
        """Yield the rows of a table in key order.

        ``columns`` are names parted by blanks; the key comes along. ``among`` narrows by values: an
        empty list selects nothing, a long one is asked in parts. ``after`` goes on behind a key.
        ``page_rows_max`` is for pages smaller than usual. A row that the driver cannot give comes
        as an ``UnreadableRow``, which raises when its columns are asked for.

        Raises:
            UnavailableError: Sage could not be read now.
            AuthenticationError: It refused our user.
            ConfigurationError: It lacks a table or column, or holds a key that is none.
        """
        rows_max = min(page_rows_max or self.page_rows_max, self.page_rows_max)
        names = dict.fromkeys([*TABLES[table].key, *columns.split()])
        for part in _parts(among or {}):
            select = Select(table, tuple(names), among=part, since=since or {})
            yield from self._pages(select, after, rows_max)

    def _pages(self, select: Select, after: Key | None, rows_max: int) -> Iterator[Row]:
        shape = Shape(select.table, select.columns)
        legs, last = _legs(select, after), after
        size = rows_max
        for _ in range(PAGES_MAX):
            if not legs:
                return
            page = self._route.fetch(legs[0], size)
            rows = Sheet(shape, page.rows).rows()
            yield from rows
            if page.problem and size == 1:
                rows = self._set_aside(legs[0], shape, page)
                yield from rows
            if rows:
                previous, last = last, rows[-1].key()
                _check_progress(select.table, previous, last)
            if page.problem and size > 1:
                # Half as many until the row that cannot be given stands alone.
                legs, size = _legs(select, last) if rows else legs, size // 2
            elif len(rows) == size:
                legs, size = _legs(select, last), min(size * 2, rows_max)
            else:
                legs = legs[1:]
        raise ConfigurationError(
            f"{select.table} has more than {PAGES_MAX} pages of {rows_max} rows.",
            remedy="Raise page_rows_max in the connection.",
        )

    def _set_aside(self, leg: Select, shape: Shape, page: Page) -> list[Row]:
        """Return the next row by its key alone; nothing when it is gone meanwhile.

        Raises:
            ConfigurationError: Not even its key can be read.
        """
        key = self._route.fetch(replace(leg, columns=shape.table.key), 1)
        if key.problem:
            behind = "/".join(map(str, leg.after)) if leg.after else "its beginning"
            raise ConfigurationError(
                f"Sage 100 has a key in {leg.table} that cannot be read, behind {behind}: "
                f"{key.problem}.",
                remedy="Correct the record in Sage 100, then run again.",
            )
        return [UnreadableRow(shape, values, page.problem) for values in key.rows]


def _legs(select: Select, key: Key | None) -> list[Select]:
    """Return the statements that together give what follows a key, in key order.

    Behind (a, b) stand first the rows of a with a greater b, then those with a greater a. One
    statement for both would need an OR, which keeps every database from seeking in its index.
    """
    if key is None:
        return [select]
    return [replace(select, after=key[:length]) for length in range(len(key), 0, -1)]


def _check_progress(table: str, previous: Key | None, last: Key) -> None:
    if last == previous:
        raise UnavailableError(
            f"Sage 100 repeats a page of {table} instead of going on.",
            remedy="Check the ODBC driver; the read is tried again.",
        )


def _parts(among: Among) -> Iterator[Among]:
    """Split the one long list of a condition into lists that a query can take."""
    if not all(among.values()):
        return
    long = max(among, key=lambda name: len(among[name]), default="")
    if not long:
        yield among
        return
    values = sorted(set(among[long]))
    for start in range(0, len(values), VALUES_PER_QUERY_MAX):
        yield {**among, long: values[start : start + VALUES_PER_QUERY_MAX]}
