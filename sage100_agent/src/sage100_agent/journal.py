"""The journal: what was asked, how far each command got, and what Sage answered. Survives crashes.

Phases: ``accepted`` (nothing done) -> ``reserved`` (a record key is ours) -> ``writing`` (a write
may have happened) -> ``written``, or ``refused`` (nothing was written). Every change is on disk
(synchronous=FULL) before the step that it announces. What the phases lead to belongs in worker.py.

What stood in Sage before the journal began is in its sightings: our marks and the keys they were
found under, listed once for each kind before this journal's first write of it. A journal that was
lost is thereby replaced by an empty one.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sage100_agent.commands import Command
from sage100_agent.errors import JournalError

SCHEMA = """
create table if not exists command (
    command_id text primary key,
    company text not null,
    kind text not null,
    document text not null,
    payload_sha256 text not null,
    epoch integer not null,
    phase text not null,
    record_key text not null default '{}',
    result text not null default '{}',
    accepted_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    changed_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
create index if not exists command_by_phase on command (phase);
create table if not exists batch (
    company text not null,
    kind text not null,
    run text not null,
    batch_no text not null,
    primary key (company, kind, run)
);
create table if not exists survey (
    company text not null,
    kind text not null,
    made_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    primary key (company, kind)
);
create table if not exists sighting (
    company text not null,
    kind text not null,
    mark text not null,
    record_key text not null,
    primary key (company, kind, mark)
) without rowid;
"""
RUN_COLUMN = "run"
"""Younger than the first journals, which are kept for ever."""


class Phase(StrEnum):
    """How far a command got."""

    ACCEPTED = "accepted"
    RESERVED = "reserved"
    WRITING = "writing"
    WRITTEN = "written"
    REFUSED = "refused"


class OtherPayloadError(Exception):
    """The id is known with another payload."""


class FencedError(Exception):
    """A later epoch of the command was seen: this sender lost its lease."""


@dataclass(frozen=True)
class Entry:
    """One command as the journal has it."""

    command: Command
    phase: Phase
    key: dict[str, str]
    result: dict[str, Any]


class Journal:
    """The journal in one SQLite file; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Open or create the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("pragma journal_mode=wal")
        self._connection.execute("pragma synchronous=full")
        self._connection.executescript(SCHEMA)
        columns = self._connection.execute("pragma table_info(command)").fetchall()
        if RUN_COLUMN not in {column[1] for column in columns}:
            sql = f"alter table command add column {RUN_COLUMN} text not null default ''"
            self._connection.execute(sql)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def accept(self, command: Command) -> Entry:
        """Store a command, or return what is known of it.

        Raises:
            OtherPayloadError: The id came before with another payload.
            FencedError: The id came before with a later epoch.
            JournalError: It could not be stored.
        """
        with self._transaction() as connection:
            known = self._entry(connection, command.command_id)
            if known is not None:
                if known.command.payload_sha256 != command.payload_sha256:
                    raise OtherPayloadError
                if known.command.epoch > command.epoch:
                    raise FencedError
            connection.execute(
                "insert into command"
                " (command_id, company, kind, document, payload_sha256, epoch, phase, run)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)"
                " on conflict (command_id)"
                " do update set epoch = excluded.epoch, run = excluded.run",
                (
                    command.command_id,
                    command.company,
                    command.kind,
                    json.dumps(command.document),
                    command.payload_sha256,
                    command.epoch,
                    Phase.ACCEPTED,
                    command.run,
                ),
            )
        return known or Entry(command, Phase.ACCEPTED, {}, {})

    def entry(self, command_id: str) -> Entry | None:
        """Return what is known of a command."""
        with self._lock:
            return self._entry(self._connection, command_id)

    def set_phase(
        self,
        command_id: str,
        phase: Phase,
        *,
        key: dict[str, str] | None = None,
        result: dict[str, Any] | None = None,
    ) -> None:
        """Record that a command reached ``phase``, with its record key or its result.

        Raises:
            JournalError: It could not be recorded.
        """
        with self._transaction() as connection:
            connection.execute(
                "update command set phase = ?, record_key = coalesce(?, record_key),"
                " result = coalesce(?, result),"
                " changed_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') where command_id = ?",
                (
                    phase,
                    None if key is None else json.dumps(key),
                    None if result is None else json.dumps(result),
                    command_id,
                ),
            )

    def in_phase(self, phase: Phase) -> list[Entry]:
        """Return the commands in a phase, oldest first."""
        with self._lock:
            ids = self._connection.execute(
                "select command_id from command where phase = ? order by accepted_at", (phase,)
            ).fetchall()
            entries = [self._entry(self._connection, command_id) for (command_id,) in ids]
        return [entry for entry in entries if entry is not None]

    def has_survey(self, company: str, kind: str) -> bool:
        """Say whether the kind's records were listed since this journal began."""
        sql = "select 1 from survey where company = ? and kind = ?"
        with self._lock:
            return self._connection.execute(sql, (company, kind)).fetchone() is not None

    def keep_survey(
        self, company: str, kind: str, seen: Iterable[tuple[str, dict[str, str]]]
    ) -> None:
        """Store the marks that a kind's records carry, and under which keys."""
        rows = [(company, kind, mark, json.dumps(key)) for mark, key in seen]
        with self._transaction() as connection:
            connection.executemany("insert or ignore into sighting values (?, ?, ?, ?)", rows)
            connection.execute("insert into survey (company, kind) values (?, ?)", (company, kind))

    def sighted(self, company: str, kind: str, mark: str) -> dict[str, str] | None:
        """Return the key of the record that carried ``mark`` before this journal began."""
        sql = "select record_key from sighting where company = ? and kind = ? and mark = ?"
        with self._lock:
            row = self._connection.execute(sql, (company, kind, mark)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def batch(self, company: str, kind: str, run: str) -> str:
        """Return the number of a run's batch of a kind, or ''."""
        sql = "select batch_no from batch where company = ? and kind = ? and run = ?"
        with self._lock:
            row = self._connection.execute(sql, (company, kind, run)).fetchone()
        return "" if row is None else str(row[0])

    def keep_batch(self, company: str, kind: str, run: str, batch_no: str) -> None:
        """Record a run's batch of a kind, in place of one that is gone."""
        sql = "insert or replace into batch values (?, ?, ?, ?)"
        with self._transaction() as connection:
            connection.execute(sql, (company, kind, run, batch_no))

    @staticmethod
    def _entry(connection: sqlite3.Connection, command_id: str) -> Entry | None:
        row = connection.execute(
            "select command_id, company, kind, document, epoch, run, phase, record_key, result"
            " from command where command_id = ?",
            (command_id,),
        ).fetchone()
        if row is None:
            return None
        command = Command(row[0], row[1], row[2], json.loads(row[3]), row[4], row[5])
        return Entry(command, Phase(row[6]), json.loads(row[7]), json.loads(row[8]))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("begin immediate")
                yield self._connection
                self._connection.execute("commit")
            except sqlite3.Error as error:
                message = f"the journal could not be written: {error}"
                raise JournalError(message) from error
            finally:
                # A commit that failed leaves its transaction open, and the next one shut out.
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
