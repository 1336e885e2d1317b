"""Places that hold Sage 100's tables, to read them by each route: the same rows, other databases.

SQLite stands in for ProvideX: blank dates are blank, text is 8-bit cp1252. PostgreSQL stands in for
a client/server database such as Premium's: it folds the case of names, a date is a moment, and a
blank one is 1 January 1753. Both have all tables of the catalog, under its names.
"""

import sqlite3
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy import URL, make_url

from agent.calls import KEY
from tieout.connectors.sage100.agent_client import AgentClient
from tieout.connectors.sage100.catalog import DATE, MEMO, NUMBER, TABLES, Column, Table
from tieout.connectors.sage100.dialect import PROBES, Select
from tieout.connectors.sage100.relayed import RelayedRoute
from tieout.connectors.sage100.routes import (
    Inspection,
    LiveColumn,
    OdbcConnection,
    OdbcRoute,
    Page,
    Route,
)
from tieout.errors import ConfigurationError

TEXT_DATES = {("AP_OpenInvoice", "InvoiceDate")}
"""A date column that comes as text, as some builds give them: anything can stand there."""
NO_LENGTH = 60
PREMIUM_BLANK = date(1753, 1, 1)


class RealClock:
    """The clock by which an agent in another process judges signatures."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)


class Site(Protocol):
    """One company's tables."""

    def put(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Let a table hold these rows and no others; columns not named are blank or zero."""

    def route(self) -> Route:
        """Return a way to read it."""


def row_of(table: Table, values: Mapping[str, Any]) -> list[Any]:
    """Return a whole row: the values named, and blanks."""
    assert not values.keys() - table.columns.keys()
    return [values.get(name, blank(column)) for name, column in table.columns.items()]


def blank(column: Column) -> Any:
    """Return what a column holds that nobody filled; there are no NULLs."""
    return Decimal(0) if column.kind == NUMBER else ""


class ProvidexSite:
    """A SQLite file, read through libsqliteodbc."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        for table in TABLES.values():
            self.connection.execute(ddl(table, date_type="DATE", quote='"'))

    @property
    def odbc(self) -> str:
        """The connection string; StepAPI lets the driver read row by row, not all at once."""
        return f"Driver=SQLite3;Database={self.path};Timeout=10000;StepAPI=1;"

    def put(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        columns = TABLES[table].columns.values()
        self.connection.execute(f'DELETE FROM "{table}"')  # noqa: S608
        marks = ", ".join("CAST(? AS TEXT)" if c.kind != NUMBER else "?" for c in columns)
        self.connection.execute("BEGIN")
        self.connection.executemany(
            f'INSERT INTO "{table}" VALUES ({marks})',  # noqa: S608
            [[_in_cp1252(value) for value in row_of(TABLES[table], row)] for row in rows],
        )
        self.connection.execute("COMMIT")

    def route(self) -> Route:
        return OdbcRoute(lambda: connected(self.odbc), encoding="cp1252")


class RelayedSite(ProvidexSite):
    """The same file, read by an agent that was started with its ``odbc``."""

    agent_url = ""

    def route(self) -> Route:
        return relayed(self.agent_url)


class ClientServerSite:
    """A database of PostgreSQL, read through its own ODBC driver."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        plain = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.connection = psycopg.connect(plain, autocommit=True)
        for table in TABLES.values():
            # Without quotes, as somebody creates them who thinks of no other case than his own.
            self.connection.execute(ddl(table, date_type="TIMESTAMP", quote=""))

    @property
    def odbc(self) -> str:
        """The connection string; UseDeclareFetch lets the driver read by parts, not all at once."""
        host = self.url.host or str(self.url.query["host"])
        return (
            f"Driver={{PostgreSQL Unicode}};Server={host};Port={self.url.port or 5432};"
            f"Database={self.url.database};Uid={self.url.username};Pwd={self.url.password or ''};"
            "UseDeclareFetch=1;Fetch=1000;"
        )

    def put(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        columns = TABLES[table].columns.values()
        marks = ", ".join(["%s"] * len(columns))
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608
            cursor.executemany(
                f"INSERT INTO {table} VALUES ({marks})",  # noqa: S608
                [
                    [
                        PREMIUM_BLANK if is_date(table, column) and value == "" else value
                        for column, value in zip(columns, row_of(TABLES[table], row), strict=True)
                    ]
                    for row in rows
                ],
            )

    def route(self) -> Route:
        return OdbcRoute(lambda: connected(self.odbc))


class FakeSite:
    """Rows in memory, and a route that answers as the real ones do."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        self.statements_made = 0

    def put(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        columns = TABLES[table].columns
        self.tables[table] = [
            dict(zip(columns, row_of(TABLES[table], row), strict=True)) for row in rows
        ]

    def route(self) -> Route:
        return FakeRoute(self.tables)


class FakeRoute:
    """A route over rows in memory; ``bytes`` in a row are text that no driver can decode."""

    def __init__(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self.tables = tables
        self.statements_made = 0

    def fetch(self, select: Select, rows_max: int) -> Page:
        select.statement()
        self.statements_made += 1
        if select.table not in self.tables:
            raise ConfigurationError(f"No {select.table}.", remedy="Add it.")
        key = TABLES[select.table].key
        found = [
            row
            for row in sorted(self.tables[select.table], key=lambda row: _sortable(row, key))
            if _is_wanted(row, select, key)
        ][:rows_max]
        rows: list[list[Any]] = []
        for row in found:
            values = [row[name] for name in select.columns]
            if any(isinstance(value, bytes) for value in values):
                return Page(rows, "UnicodeDecodeError: bytes that are no text")
            rows.append(values)
        return Page(rows)

    def inspect(self, tables: Collection[str]) -> Inspection:
        columns = [
            LiveColumn(name, column.name, column.kind, column.length)
            for name in tables
            if name in self.tables
            for column in TABLES[name].columns.values()
        ]
        return Inspection("fake", columns, dict.fromkeys([*PROBES][:3], "refused"))

    def close(self) -> None:
        """Nothing to close."""


def created(server: URL, name: str) -> str:
    """Create a database, and return its URL."""
    plain = server.set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return plain.set(database=name).render_as_string(hide_password=False)


def relayed(agent_url: str, key: str = KEY) -> RelayedRoute:
    """Return the route through an agent."""
    agent = AgentClient(url=agent_url, key=SecretStr(key), clock=RealClock())
    return RelayedRoute(agent, "HPS")


def connected(odbc: str) -> OdbcConnection:
    """Connect by pyodbc."""
    import pyodbc

    connection: OdbcConnection = pyodbc.connect(odbc, autocommit=True)
    return connection


def ddl(table: Table, *, date_type: str, quote: str) -> str:
    """Return the statement that creates a table."""
    parts = [
        f"{quote}{name}{quote} {_type(table, column, date_type)} NOT NULL"
        for name, column in table.columns.items()
    ]
    key = ", ".join(f"{quote}{name}{quote}" for name in table.key)
    return f"CREATE TABLE {quote}{table.name}{quote} ({', '.join(parts)}, PRIMARY KEY ({key}))"


def is_date(table: str, column: Column) -> bool:
    """Say whether a column of a site is a date, and not text that says one."""
    return column.kind == DATE and (table, column.name) not in TEXT_DATES


def _type(table: Table, column: Column, date_type: str) -> str:
    if is_date(table.name, column):
        return date_type
    if column.kind == NUMBER:
        return f"DECIMAL({column.length},{column.scale})"
    return "TEXT" if column.kind == MEMO else f"VARCHAR({column.length or NO_LENGTH})"


def _in_cp1252(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.encode("cp1252") if isinstance(value, str) else value


def _sortable(row: Mapping[str, Any], key: Sequence[str]) -> list[str]:
    return [str(row[name]) for name in key]


def _is_wanted(row: Mapping[str, Any], select: Select, key: Sequence[str]) -> bool:
    among = all(str(row[name]) in values for name, values in select.among.items())
    since = all(row[name] != "" and row[name] >= first for name, first in select.since.items())
    after = tuple(map(str, select.after or ()))
    own = tuple(_sortable(row, key))[: len(after)]
    return among and since and (not after or (own[:-1] == after[:-1] and own[-1] > after[-1]))
