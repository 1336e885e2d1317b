"""The port through which Sage 100 is read, and its direct route: ODBC from this process.

A route sends what the dialect's checker let through and returns a page as the driver gives it. The
other route is relayed.py, the same through the agent, where the driver lives on Windows only. Pages
in a row, and what values mean, belong to reader.py and rows.py.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tieout.connectors.sage100.dialect import PROBES, Select
from tieout.connectors.sage100.rows import Values
from tieout.errors import (
    AuthenticationError,
    ConfigurationError,
    TieoutError,
    UnavailableError,
)

DBMS_NAME = 17
"""SQL_DBMS_NAME of the ODBC standard: what database the driver says it serves."""
SQL_CHAR = 1
"""The ODBC type of 8-bit text."""
REASON_LENGTH_MAX = 200


@dataclass(frozen=True)
class Page:
    """The next rows; ``problem`` says why the driver could not give the one after them."""

    rows: Sequence[Values]
    problem: str = ""


@dataclass(frozen=True)
class LiveColumn:
    """One column as the site's own catalog has it (SQLColumns)."""

    table: str
    name: str
    type_name: str
    size: int | None


@dataclass(frozen=True)
class Inspection:
    """What one site is: its database, its columns, and the statements that it refuses, with why."""

    dbms: str
    columns: Sequence[LiveColumn]
    refused: Mapping[str, str] = field(default_factory=dict)


class Route(Protocol):
    """One way to read one company. Not for use by several threads at once."""

    statements_made: int

    def fetch(self, select: Select, rows_max: int) -> Page:
        """Return the first rows of a statement.

        Raises:
            UnavailableError: Sage could not be read now.
            AuthenticationError: It refused our user.
            ConfigurationError: It lacks a table or a column, or the route is set up wrongly.
        """

    def inspect(self, tables: Collection[str]) -> Inspection:
        """Ask for the columns of those tables, and try each probe of the dialect.

        Raises what ``fetch`` raises.
        """

    def close(self) -> None:
        """Disconnect; the next read connects again."""


class OdbcCursor(Protocol):
    """What we use of a DB-API cursor."""

    def execute(self, sql: str, *parameters: Any) -> object:
        """Run a statement with bound parameters."""

    def fetchmany(self, size: int, /) -> Sequence[Values]:
        """Return the next rows."""

    def tables(self) -> Iterable[Any]:
        """List the tables (SQLTables)."""

    def columns(self, table: str) -> Iterable[Any]:
        """List the columns of one table (SQLColumns)."""

    def close(self) -> None:
        """Free the statement."""


class OdbcConnection(Protocol):
    """What we use of a DB-API connection; it must be in autocommit mode."""

    def cursor(self) -> OdbcCursor:
        """Return a new cursor."""

    def getinfo(self, number: int, /) -> object:
        """Return what the driver says of itself (SQLGetInfo)."""

    def setdecoding(self, sqltype: int, /, encoding: str) -> object:
        """Say in what encoding text of one ODBC type comes."""

    def close(self) -> None:
        """Disconnect."""


class OdbcRoute:
    """The direct route. ``encoding`` is that of 8-bit text, where the driver does not know it."""

    def __init__(self, connect: Callable[[], OdbcConnection], *, encoding: str = "") -> None:
        """Take the way to connect, which is called when first needed."""
        self._connect = connect
        self._encoding = encoding
        self._connection: OdbcConnection | None = None
        self.statements_made = 0

    def close(self) -> None:
        """Disconnect; the next read connects again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def fetch(self, select: Select, rows_max: int) -> Page:
        """Return the first rows of a statement, held in memory."""
        sql, parameters = select.statement()
        try:
            cursor = self._executed(sql, parameters)
            try:
                return Page(cursor.fetchmany(rows_max))
            except Exception as error:
                if not is_of_a_value(error):
                    raise
                return Page((), reason_of(error))
            finally:
                cursor.close()
        except Exception as error:  # each driver has its own exceptions
            self.close()
            raise translated(state_of(error), reason_of(error), select.table) from error

    def inspect(self, tables: Collection[str]) -> Inspection:
        """Ask the driver's catalog functions and try each probe."""
        try:
            connection = self._opened()
            dbms = str(connection.getinfo(DBMS_NAME))
            columns = live_columns(connection.cursor(), tables)
        except Exception as error:
            self.close()
            raise translated(state_of(error), reason_of(error), "its catalog") from error
        refused = {name: reason for name, sql in PROBES.items() if (reason := self._refusal(sql))}
        return Inspection(dbms, columns, refused)

    def _refusal(self, sql: str) -> str:
        try:
            cursor = self._executed(sql, ())
            try:
                cursor.fetchmany(1)
            finally:
                cursor.close()
        except Exception as error:  # noqa: BLE001 - whatever the driver raises is its answer
            self.close()  # some drivers are of no use after an error
            return reason_of(error)
        return ""

    def _executed(self, sql: str, parameters: Sequence[str]) -> OdbcCursor:
        cursor = self._opened().cursor()
        self.statements_made += 1
        cursor.execute(sql, *parameters)
        return cursor

    def _opened(self) -> OdbcConnection:
        if self._connection is None:
            self._connection = self._connect()
            if self._encoding:
                self._connection.setdecoding(SQL_CHAR, encoding=self._encoding)
        return self._connection


def live_columns(cursor: OdbcCursor, tables: Collection[str]) -> list[LiveColumn]:
    """Return the columns of the tables that are there, under our names of the tables.

    Databases fold the case of names, so names are compared without it. A ``_`` in the name that
    SQLColumns is given stands for any character, so its answers are compared again.
    """
    ours = {name.casefold(): name for name in tables}
    theirs = {str(row.table_name) for row in cursor.tables()}
    return [
        LiveColumn(ours[name.casefold()], str(row.column_name), str(row.type_name), row.column_size)
        for name in sorted(theirs)
        if name.casefold() in ours
        for row in cursor.columns(table=name)
        if row.table_name == name
    ]


def is_of_a_value(error: Exception) -> bool:
    """Say whether a fetch failed on what one row holds: bytes that are no text, a 13th month."""
    return isinstance(error, ValueError) or state_of(error).startswith("22")


def state_of(error: Exception) -> str:
    """Return the SQLSTATE of a driver's error, which ODBC puts first; empty where it has none."""
    return str(error.args[0]) if error.args else ""


def reason_of(error: Exception) -> str:
    """Return what a driver said, shortened; with its class, since some say nothing."""
    said = " ".join(str(error).split())[:REASON_LENGTH_MAX]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def translated(state: str, reason: str, subject: str) -> TieoutError:
    """Name a driver's error by its SQLSTATE."""
    if state.startswith("28"):
        return AuthenticationError(
            "Sage 100 refused our ODBC user.",
            remedy="Check the connection's user, and its ODBC rights in Role Maintenance.",
        )
    if state.startswith("42") or "no such" in reason:
        return ConfigurationError(
            f"Sage 100 lacks {subject} or a column of it that we read (SQLSTATE {state}).",
            remedy="Run 'tieout connect sage100': it compares the site's tables with ours.",
        )
    return UnavailableError(
        f"Sage 100 could not be read by ODBC (SQLSTATE {state or 'none'}).",
        remedy="Check the ODBC driver and the Sage server; the read is tried again.",
    )
