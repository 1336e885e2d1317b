"""The Streams port on PostgreSQL: one row per stream that anything ever happened to.

What happens to a stream is decided by domain.streams while its row is locked; times are the
database's. An open stream costs one read to enter.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from typing_extensions import override

from tieout.domain.ramps import (
    after_return,
    after_turn,
    is_back,
    is_news,
    rate,
    system_row,
    tells_by_system,
)
from tieout.domain.streams import (
    Admission,
    Stream,
    StreamState,
    after_access_refused,
    after_failure,
    after_judging,
    after_success,
    held,
    resumed,
    untouched,
)
from tieout.errors import RejectedError
from tieout.ledger.schema import streams
from tieout.ledger.session import Database
from tieout.ports.streams import Streams

Change = Callable[[Stream, datetime], Stream]

_ACT_AS = text("SELECT set_config('tieout.actor', :actor, true)")


class PostgresStreams(Streams):
    """The streams of one ledger."""

    def __init__(self, database: Database) -> None:
        """Take the ledger's database; nothing is read before the first call."""
        self._database = database

    @override
    def stream(self, name: str) -> Stream:
        with self._database.transaction() as connection:
            return _read(connection, name)

    @override
    def streams(self, pair: str | None = None) -> list[Stream]:
        statement = select(streams).order_by(streams.c.name)
        if pair is not None:
            statement = statement.where(streams.c.pair == pair)
        with self._database.transaction() as connection:
            return [_stream(row) for row in connection.execute(statement).mappings()]

    @override
    def admit(self, name: str) -> Admission:
        with self._database.transaction() as connection:
            stream = _read(connection, name)
            if _is_paused(stream):
                return _probe(connection, name)
            is_open = stream.state is StreamState.OPEN
            return Admission(
                stream=stream, is_admitted=is_open, is_ramping=_is_ramping(connection, name)
            )

    @override
    def peek(self, name: str) -> Admission:
        with self._database.transaction() as connection:
            stream = _read(connection, name)
            wait_s = stream.probe_in_s(_now(connection)) if _is_paused(stream) else 0.0
            is_open = stream.state is StreamState.OPEN
            is_due = _is_paused(stream) and wait_s == 0
            return Admission(
                stream=stream, is_admitted=is_open or is_due, is_probe=is_due, wait_s=wait_s
            )

    @override
    def judged(self, name: str, *, good: int, is_bad: bool) -> bool:
        after = self._change(
            name, lambda stream, now: after_judging(stream, now, good=good, is_bad=is_bad)
        )
        return after.state is StreamState.OPEN

    @override
    def failed(self, name: str, *, reason: str) -> Stream:
        return self._change(name, lambda stream, now: after_failure(stream, now, reason=reason))

    @override
    def access_refused(self, name: str, *, reason: str) -> Stream:
        return self._change(
            name, lambda stream, now: after_access_refused(stream, now, reason=reason)
        )

    @override
    def succeeded(self, name: str) -> None:
        self._change(name, after_success)

    @override
    def hold(self, name: str, *, reason: str) -> None:
        self._change(name, lambda stream, now: held(stream, now, reason=reason))

    @override
    def resume(self, name: str, *, by: str, reason: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(_ACT_AS, {"actor": by})
            # Read before it is locked: no name that somebody mistyped becomes a row.
            if _read(connection, name).state is StreamState.OPEN:
                raise RejectedError(
                    f"The stream {name!r} is not paused or held.",
                    remedy="'tieout streams' lists the names and states.",
                    cause="stream_open",
                )
            stream, now = _locked(connection, name)
            after = resumed(stream, now, reason=reason)
            _store(connection, after)
            _notice(connection, stream, after)

    @override
    def turn(self, name: str, count: int) -> float:
        row_name = system_row(name)
        if row_name is None:
            return 0.0
        with self._database.transaction() as connection:
            before, now = _locked(connection, row_name)
            after, wait_s = after_turn(before, now, count)
            if after != before:
                _store(connection, after)
            return wait_s

    @override
    def tell(self, name: str) -> bool:
        with self._database.transaction() as connection:
            stream = _read(connection, name)
            row_name = system_row(name) if tells_by_system(stream) else None
            row, now = _locked(connection, row_name or name)
            if not is_news(stream, row):
                return False
            _store(connection, row.model_copy(update={"told_at": now}))
            return True

    def _change(self, name: str, change: Change) -> Stream:
        with self._database.transaction() as connection:
            before, now = _locked(connection, name)
            after = change(before, now)
            if after != before:
                _store(connection, after)
            _notice(connection, before, after)
            return after


def _read(connection: Connection, name: str) -> Stream:
    row = connection.execute(select(streams).where(streams.c.name == name)).mappings().first()
    return untouched(name) if row is None else _stream(row)


def _locked(connection: Connection, name: str) -> tuple[Stream, datetime]:
    """Return the stream, its row locked until the transaction ends, and the present."""
    new = untouched(name)
    connection.execute(insert(streams).values(name=name, pair=new.pair).on_conflict_do_nothing())
    row = (
        connection.execute(select(streams).where(streams.c.name == name).with_for_update())
        .mappings()
        .one()
    )
    # Read after the lock was waited for, so that times follow each other as changes do.
    return _stream(row), _now(connection)


def _notice(connection: Connection, before: Stream, after: Stream) -> None:
    """Begin the ramp of a system that a stream found back at work.

    The row of a system is always locked after that of a stream, never before.
    """
    row_name = system_row(after.name)
    if row_name is None or not is_back(before, after):
        return
    row, now = _locked(connection, row_name)
    changed = after_return(row, now, before=before)
    if changed != row:
        _store(connection, changed)


def _is_ramping(connection: Connection, name: str) -> bool:
    row_name = system_row(name)
    row = None if row_name is None else _read(connection, row_name)
    return row is not None and row.back_at is not None and rate(row, _now(connection)) is not None


def _now(connection: Connection) -> datetime:
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now


def _is_paused(stream: Stream) -> bool:
    return stream.state is StreamState.PAUSED


def _probe(connection: Connection, name: str) -> Admission:
    """Give the one probe that is due to whoever comes first."""
    stream, now = _locked(connection, name)
    if not _is_paused(stream):
        return Admission(stream=stream, is_admitted=stream.state is StreamState.OPEN)
    wait_s = stream.probe_in_s(now)
    if wait_s > 0:
        return Admission(stream=stream, is_admitted=False, wait_s=wait_s)
    probed = stream.model_copy(update={"probed_at": now})
    _store(connection, probed)
    return Admission(stream=probed, is_admitted=True, is_probe=True)


def _store(connection: Connection, stream: Stream) -> None:
    connection.execute(
        update(streams)
        .where(streams.c.name == stream.name)
        .values(stream.model_dump(exclude={"name", "pair"}))
    )


def _stream(row: RowMapping) -> Stream:
    return Stream.model_validate(dict(row))
