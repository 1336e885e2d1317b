"""Reading Sage 100 by ODBC: pages by key, values in our types, failures by recovery.

Read-only. The driver's connection comes in from outside, so nothing here knows pyodbc.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, Protocol

from tieout.connectors.sage100.catalog import DATE, TABLES
from tieout.connectors.sage100.dialect import Key, Select
from tieout.domain.money import round_half_up
from tieout.errors import (
    AuthenticationError,
    ConfigurationError,
    TieoutError,
    UnavailableError,
)

PAGES_MAX = 10_000
VALUES_PER_QUERY_MAX = 50
"""Longest IN list: older ProvideX builds slow down on long ones."""
NO_DATE = date(1753, 1, 1)
"""How Premium writes a blank date."""

Among = Mapping[str, Sequence[str]]


class OdbcCursor(Protocol):
    """What we use of a DB-API cursor."""

    def execute(self, sql: str, *parameters: Any) -> object:
        """Run a statement with bound parameters."""

    def fetchmany(self, size: int, /) -> Sequence[Sequence[Any]]:
        """Return the next rows."""

    def close(self) -> None:
        """Free the statement."""


class OdbcConnection(Protocol):
    """What we use of a DB-API connection; it must be in autocommit mode."""

    def cursor(self) -> OdbcCursor:
        """Return a new cursor."""

    def close(self) -> None:
        """Disconnect."""


class Row:
    """One row, converted column by column on access."""

    def __init__(self, table: str, values: Mapping[str, object]) -> None:
        """Keep the driver's values."""
        self._table = TABLES[table]
        self._values = values

    def text(self, column: str) -> str:
        """Return a text column without padding."""
        value = self._values[column]
        return "" if value is None else str(value).strip()

    def amount(self, column: str) -> Decimal:
        """Return a numeric column with the dictionary's decimals."""
        places = self._table.columns[column].scale
        value = self._values[column]
        try:
            return round_half_up(Decimal(str(value if value is not None else 0)), places)
        except InvalidOperation:
            self._refuse(column, "number")

    def day(self, column: str) -> date | None:
        """Return a date column; None for a blank one."""
        value = self._values[column]
        if isinstance(value, datetime):
            value = value.date()
        if not isinstance(value, date):
            value = self._parsed(column, str(value or "").strip())
        return None if value == NO_DATE else value

    def dated(self, column: str) -> date:
        """Return a date column that must not be blank."""
        day = self.day(column)
        if day is None:
            self._refuse(column, "date")
        return day

    def key(self) -> Key:
        """Return the row's key, which was selected as stored."""
        return tuple(
            self.dated(name) if self._table.columns[name].kind == DATE else str(self._values[name])
            for name in self._table.key
        )

    def _parsed(self, column: str, text: str) -> date | None:
        if not text or text.startswith("0000"):
            return None
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            self._refuse(column, "date")

    def _refuse(self, column: str, kind: str) -> NoReturn:
        key = "/".join(str(self._values.get(name, "?")) for name in self._table.key)
        raise ConfigurationError(
            f"Sage 100 has no usable {kind} in {self._table.name}.{column} of {key}.",
            remedy="Correct the record in Sage 100, then run again.",
        )


class Sage100Reader:
    """Reads one company. Not for use by several threads at once."""

    def __init__(self, connect: Callable[[], OdbcConnection], *, page_rows_max: int) -> None:
        """Take the way to connect, which is called when first needed."""
        self._connect = connect
        self._page_rows_max = page_rows_max
        self._connection: OdbcConnection | None = None
        self.queries_made = 0

    def close(self) -> None:
        """Disconnect; the next read connects again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def rows(
        self,
        table: str,
        columns: str,
        *,
        among: Among | None = None,
        since: Mapping[str, date] | None = None,
    ) -> Iterator[Row]:
        """Yield the rows of a table in key order.

        ``columns`` are names parted by blanks; the key comes along. ``among`` narrows by values: an
        empty list selects nothing, a long one is asked in parts.

        Raises:
            UnavailableError: Sage could not be read now.
            AuthenticationError: It refused our user.
            ConfigurationError: It lacks a table or column, or holds a value that is none.
        """
        names = dict.fromkeys([*TABLES[table].key, *columns.split()])
        for part in _parts(among or {}):
            select = Select(table, tuple(names), among=part, since=since or {})
            yield from self._pages(select)

    def _pages(self, select: Select) -> Iterator[Row]:
        for _ in range(PAGES_MAX):
            page = [
                Row(select.table, dict(zip(select.columns, values, strict=True)))
                for values in self._page(select)
            ]
            yield from page
            if len(page) < self._page_rows_max:
                return
            last = page[-1].key()
            if last == select.after:
                raise UnavailableError(
                    f"Sage 100 repeats a page of {select.table} instead of going on.",
                    remedy="Check the ODBC driver; the read is tried again.",
                )
            select = replace(select, after=last)
        raise ConfigurationError(
            f"{select.table} has more than {PAGES_MAX} pages of {self._page_rows_max} rows.",
            remedy="Raise page_rows_max in the connection.",
        )

    def _page(self, select: Select) -> Sequence[Sequence[Any]]:
        sql, parameters = select.statement()
        try:
            return self._fetch(sql, parameters)
        except TieoutError:
            raise
        except Exception as error:  # each driver has its own exceptions
            self.close()
            raise _translated(error, select.table) from error

    def _fetch(self, sql: str, parameters: Sequence[str]) -> Sequence[Sequence[Any]]:
        if self._connection is None:
            self._connection = self._connect()
        self.queries_made += 1
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql, *parameters)
            return cursor.fetchmany(self._page_rows_max)
        finally:
            cursor.close()


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


def _translated(error: Exception, table: str) -> TieoutError:
    """Name a driver's error by its SQLSTATE, which ODBC puts first."""
    state = str(error.args[0]) if error.args else ""
    if state.startswith("28"):
        return AuthenticationError(
            "Sage 100 refused our ODBC user.",
            remedy="Check the connection's user, and its ODBC rights in Role Maintenance.",
        )
    is_missing = state.startswith("42") or "no such" in str(error)
    if is_missing:
        return ConfigurationError(
            f"Sage 100 lacks {table} or a column of it that we read (SQLSTATE {state}).",
            remedy="Compare the site's catalog with docs/reference/sage100-unconfirmed.md.",
        )
    return UnavailableError(
        f"Sage 100 could not be read by ODBC (SQLSTATE {state or 'none'}).",
        remedy="Check the ODBC driver and the Sage server; the read is tried again.",
    )
