"""A company's files: rows in and out, audit columns, numbers, short transactions.

One SQLite file per company (``MAS_<code>.sqlite``), in WAL mode: the double in the agent's
process, the people's acts in the simulator's process and ODBC readers share it. Tables whose name
begins with ``_`` are the simulator's own (next numbers, postings that wait for the Daily
Transaction Register, locks, armed faults, options); a client must not look at them. What a posting
means does not belong here.
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from tieout.simulators.company import COMPANIES
from tieout.simulators.sage100.schema import CREATED, UPDATED, Column, tables

BUSY_TIMEOUT_S = 10.0
SECONDS_AN_HOUR = 3600
_HIDDEN_DDL = """
CREATE TABLE IF NOT EXISTS _next_number (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS _daily_transaction (
    id INTEGER PRIMARY KEY, posting_date TEXT, source_journal TEXT, register_no TEXT,
    source_module TEXT, account_key TEXT, amount TEXT, comment TEXT);
CREATE TABLE IF NOT EXISTS _lock (
    table_name TEXT, record_key TEXT, until_epoch REAL, PRIMARY KEY (table_name, record_key));
CREATE TABLE IF NOT EXISTS _boi_fault (
    id INTEGER PRIMARY KEY, kind TEXT, class TEXT, at TEXT, ends_process INTEGER,
    count_left INTEGER);
CREATE TABLE IF NOT EXISTS _option (name TEXT PRIMARY KEY, is_on INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS _sales_kit (
    kit TEXT, component TEXT, quantity_per_bill TEXT, PRIMARY KEY (kit, component));
CREATE TABLE IF NOT EXISTS _in_flight (id INTEGER PRIMARY KEY, table_name TEXT, row TEXT);
CREATE TABLE IF NOT EXISTS _clock (id INTEGER PRIMARY KEY CHECK (id = 1), offset_s REAL)
"""

Value = str | Decimal
Key = Mapping[str, str]


class Row(dict[str, Value]):
    """A row: text (dates as ISO text, blank when unknown) and Decimal numbers by column name."""

    def text(self, name: str) -> str:
        """Return a text or date column."""
        return str(self[name])

    def number(self, name: str) -> Decimal:
        """Return a numeric column."""
        return Decimal(self[name])


class CompanyFile:
    """One open connection to a company's file; not shared between threads."""

    def __init__(self, home: Path, code: str) -> None:
        """Open the company ``code`` of the Sage 100 home folder ``home``."""
        self.code = code
        self.zone = ZoneInfo(COMPANIES[code].time_zone)
        self.user_key = ""
        self._connection = sqlite3.connect(
            company_path(home, code), timeout=BUSY_TIMEOUT_S, isolation_level=None
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all or nothing; waits for other writers up to the busy timeout."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def run(self, sql: str, *arguments: object) -> list[tuple[object, ...]]:
        """Run one statement over the simulator's own tables."""
        return self._connection.execute(sql, arguments).fetchall()

    def create_tables(self) -> None:
        """Create what is missing, columns too: a site adds fields of its own to its tables."""
        for table in tables().values():
            self._connection.execute(table.ddl)
            known = {
                row[1] for row in self._connection.execute(f'PRAGMA table_info("{table.name}")')
            }
            for name in table.columns.keys() - known:
                declared = table.columns[name].declaration
                self._connection.execute(f'ALTER TABLE "{table.name}" ADD COLUMN {declared}')
        for statement in _HIDDEN_DDL.split(";"):
            self._connection.execute(statement)

    def local_now(self) -> datetime:
        """Return the wall clock of the server, which has no zone in Sage 100."""
        found = self.run("SELECT offset_s FROM _clock")
        offset = float(str(found[0][0])) if found else 0.0
        return datetime.fromtimestamp(time.time(), UTC).astimezone(self.zone) + timedelta(
            seconds=offset
        )

    def set_clock(self, moment: datetime | None) -> None:
        """Let the server's clock show ``moment`` now, and run on from there; None is real time."""
        offset = moment.timestamp() - time.time() if moment else 0.0
        self.run("INSERT OR REPLACE INTO _clock (id, offset_s) VALUES (1, ?)", offset)

    def move_clock(self, seconds: float) -> None:
        """Set the server's clock forward, or back."""
        self.set_clock(self.local_now() + timedelta(seconds=seconds))

    def rows(self, table: str, **where: str) -> list[Row]:
        """Return the rows whose columns equal ``where``, by primary key."""
        columns = tables()[table].columns
        names = ", ".join(f'"{name}"' for name in columns)
        order = ", ".join(f'"{name}"' for name in tables()[table].key)
        sql = f'SELECT {names} FROM "{table}"{_where(where)} ORDER BY {order}'  # noqa: S608 - names from tables.json
        found = self._connection.execute(sql, tuple(where.values())).fetchall()
        return [
            Row(
                (column.name, _read(column, value))
                for column, value in zip(columns.values(), raw, strict=True)
            )
            for raw in found
        ]

    def row(self, table: str, **where: str) -> Row | None:
        """Return the first row whose columns equal ``where``."""
        found = self.rows(table, **where)
        return found[0] if found else None

    def insert(self, table: str, values: Mapping[str, Value]) -> None:
        """Insert a row; columns not named are blank or zero; audit columns are stamped."""
        self.restore(table, {**values, **self._stamp(table, CREATED + UPDATED)})

    def restore(self, table: str, values: Mapping[str, Value]) -> None:
        """Insert a row as it is, whoever stamped it."""
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" * len(values))
        sql = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608 - names from tables.json
        self._connection.execute(sql, [_write(value) for value in values.values()])

    def update(self, table: str, key: Key, values: Mapping[str, Value]) -> None:
        """Change columns of the rows with ``key``; Updated columns are stamped."""
        stamped = {**values, **self._stamp(table, UPDATED)}
        names = ", ".join(f'"{name}" = ?' for name in stamped)
        sql = f'UPDATE "{table}" SET {names}{_where(key)}'  # noqa: S608 - names from tables.json
        arguments = [_write(value) for value in stamped.values()] + list(key.values())
        self._connection.execute(sql, arguments)

    def delete(self, table: str, **where: str) -> None:
        """Delete the rows whose columns equal ``where``."""
        sql = f'DELETE FROM "{table}"{_where(where)}'  # noqa: S608 - names from tables.json
        self._connection.execute(sql, tuple(where.values()))

    def next_number(self, name: str, width: int) -> str:
        """Burn and return the next number of a series, zero filled."""
        sql = (
            "INSERT INTO _next_number (name, value) VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
        )
        return f"{int(str(self.run(sql, name)[0][0])):0{width}d}"

    def _stamp(self, table: str, names: tuple[str, ...]) -> dict[str, Value]:
        present = tables()[table].columns
        now = self.local_now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        hours = (now - midnight).total_seconds() / SECONDS_AN_HOUR
        stamps = {"Date": now.date().isoformat(), "Time": f"{hours:.5f}", "User": self.user_key}
        return {name: stamps[name[:4]] for name in names if name in present}


def company_path(home: Path, code: str) -> Path:
    """Return where a company's file is."""
    return home / f"MAS_{code}.sqlite"


def _where(where: Key) -> str:
    return " WHERE " + " AND ".join(f'"{name}" = ?' for name in where) if where else ""


def _read(column: Column, value: object) -> Value:
    # SQLite keeps the number as binary; its shortest decimal form is what was written.
    return Decimal(str(value)) if column.is_numeric else str(value)


def _write(value: Value) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else value
