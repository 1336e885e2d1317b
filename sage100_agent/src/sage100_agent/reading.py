"""Reading for Tieout by ODBC, because Sage's driver lives on this server only.

A request asks for one page of one table; its rows go out as they are read, a line of JSON each, so
nothing holds a table. The last line says how it ended: ``end`` with the number of rows, and with
``unreadable`` when the driver could not give the next row; or ``failed`` with its SQLSTATE.
No value of a row appears in any log.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sage100_agent.errors import BadCommandError
from sage100_agent.statements import PROBES, check_statement

LOG = logging.getLogger("sage100_agent")
ROWS_MAX = 10_000
"""Most rows of one page."""
BLOCK_ROWS = 500
"""Rows that are read and sent at a time."""
READERS_MAX = 2
"""Connections to one company at a time."""
TURN_TIMEOUT_S = 30.0
LOGIN_TIMEOUT_S = 15
REASON_LENGTH_MAX = 200
UNICODE_SERVER = "Microsoft SQL Server"
"""Premium's database, whose driver knows the encoding of its text."""

Connect = Callable[[], Any]


def odbc(connection_string: str, encoding: str) -> Connect:
    """Return a way to connect by pyodbc; ``encoding`` is that of ProvideX's 8-bit text."""

    def connect() -> Any:  # noqa: ANN401 - pyodbc ships no types
        import pyodbc  # an agent that only writes needs no driver manager

        connection = pyodbc.connect(
            connection_string, autocommit=True, readonly=True, timeout=LOGIN_TIMEOUT_S
        )
        if connection.getinfo(pyodbc.SQL_DBMS_NAME) != UNICODE_SERVER:
            connection.setdecoding(pyodbc.SQL_CHAR, encoding=encoding)
        return connection

    return connect


@dataclass
class Source:
    """One company's DSN, with the connections that wait for the next page."""

    connect: Connect
    _idle: list[Any] = field(default_factory=list)
    _turns: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(READERS_MAX)
    )

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Lend a connection; one whose use failed is closed and not lent again."""
        if not self._turns.acquire(timeout=TURN_TIMEOUT_S):
            raise TimeoutError("HYT00", "other readings of this company take too long")
        try:
            connection = self._waiting() or self.connect()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)
        finally:
            self._turns.release()

    def release(self) -> None:
        """Close the connections that wait."""
        while (connection := self._waiting()) is not None:
            connection.close()

    def _waiting(self) -> Any:  # noqa: ANN401
        try:
            return self._idle.pop()
        except IndexError:
            return None


class Readings:
    """What may be read, by company."""

    def __init__(self, sources: Mapping[str, Connect]) -> None:
        """Connect to nothing yet."""
        self._sources = {company: Source(connect) for company, connect in sources.items()}

    def release(self) -> None:
        """Close the connections that wait, and with them Sage's files."""
        for source in self._sources.values():
            source.release()

    def answer(self, body: bytes) -> Iterator[bytes]:
        """Return the lines that answer a request.

        Raises:
            BadCommandError: It asks for nothing that we give.
        """
        try:
            asked = json.loads(body)
            source = self._sources.get(asked["company"])
            if asked["ask"] == "inspection":
                work = _inspection([str(name) for name in asked["tables"]])
            else:
                work = _page(asked["sql"], asked["parameters"], asked["rows_max"])
        except (KeyError, TypeError, ValueError) as error:
            message = "not a reading: see README.md for its form"
            raise BadCommandError(message) from error
        if source is None:
            message = "this agent has no --dsn for that company"
            raise BadCommandError(message)
        return _answered(source, work)


Work = Callable[[Any], Iterator[bytes]]


def _answered(source: Source, work: Work) -> Iterator[bytes]:
    try:
        with source.connection() as connection:
            yield from work(connection)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises goes to who asked
        state = _state(error)
        LOG.warning("a reading failed with SQLSTATE %s", state or "none")
        yield _line({"failed": _reason(error), "state": state})


def _page(sql: object, parameters: list[object], rows_max: object) -> Work:
    if not isinstance(sql, str) or not isinstance(rows_max, int):
        message = "a statement is text, and its rows are counted"
        raise TypeError(message)
    if not 0 < rows_max <= ROWS_MAX:
        message = f"a page has from 1 to {ROWS_MAX} rows"
        raise BadCommandError(message)
    values = [value for value in parameters if isinstance(value, str)]
    check_statement(sql, values)

    def work(connection: Any) -> Iterator[bytes]:  # noqa: ANN401
        cursor = connection.cursor()
        cursor.execute(sql, *values)
        sent = 0
        try:
            while sent < rows_max and (rows := cursor.fetchmany(min(BLOCK_ROWS, rows_max - sent))):
                yield b"".join([_line(list(row)) for row in rows])
                sent += len(rows)
        except (ValueError, TypeError) as error:  # a value that is none, or not of our kinds
            yield _line({"end": sent, "unreadable": _reason(error)})
            return
        except Exception as error:
            if not _state(error).startswith("22"):
                raise
            yield _line({"end": sent, "unreadable": _reason(error)})
            return
        finally:
            cursor.close()
        yield _line({"end": sent})

    return work


def _inspection(tables: list[str]) -> Work:
    def work(connection: Any) -> Iterator[bytes]:  # noqa: ANN401
        columns = _columns(connection.cursor(), tables)
        yield b"".join(_line(column) for column in columns)
        refused = {name: said for name, sql in PROBES.items() if (said := _tried(connection, sql))}
        dbms = str(connection.getinfo(17))  # SQL_DBMS_NAME
        yield _line({"end": len(columns), "dbms": dbms, "refused": refused})

    return work


def _columns(cursor: Any, tables: list[str]) -> list[list[object]]:  # noqa: ANN401
    """Return table, name, type and size of each column, under the names of the tables asked for.

    Databases fold the case of names. In the name that SQLColumns is given, ``_`` stands for any
    character, so its answers are compared again.
    """
    asked = {name.casefold(): name for name in tables}
    found = sorted({str(row.table_name) for row in cursor.tables()})
    return [
        [asked[name.casefold()], row.column_name, row.type_name, row.column_size]
        for name in found
        if name.casefold() in asked
        for row in cursor.columns(table=name)
        if row.table_name == name
    ]


def _tried(connection: Any, sql: str) -> str:  # noqa: ANN401
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        cursor.fetchmany(1)
    except Exception as error:  # noqa: BLE001 - a refusal is what is asked for
        return _reason(error)
    finally:
        cursor.close()
    return ""


def _line(value: object) -> bytes:
    return json.dumps(value, default=_marked, separators=(",", ":")).encode() + b"\n"


def _marked(value: object) -> dict[str, str]:
    """Return a value that JSON has no kind for, with its kind."""
    match value:
        case Decimal():
            return {"n": str(value)}
        case datetime():
            return {"t": value.isoformat()}
        case date():
            return {"d": value.isoformat()}
        case _:
            message = f"a value of kind {type(value).__name__}"
            raise TypeError(message)


def _state(error: BaseException) -> str:
    return str(error.args[0]) if error.args and isinstance(error.args[0], str) else ""


def _reason(error: BaseException) -> str:
    said = " ".join(str(error).split())[:REASON_LENGTH_MAX]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
