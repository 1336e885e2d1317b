"""Statements on the inbox and its watermarks.

Uniqueness is the indexes' work: nothing here asks whether a row exists before it inserts one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import InboxId, System
from tieout.domain.ledger import InboxEntry, InboxState, NewInboxEntry, Origin, Watermark
from tieout.errors import AuthenticationError
from tieout.ledger import rows
from tieout.ledger.schema import inbox, watermarks


def land(connection: Connection, entries: Sequence[NewInboxEntry]) -> int:
    """Insert what is new and return how many were.

    It needs no right but INSERT, so that the receiver's role can have no other: no RETURNING and no
    named conflict target. The order is fixed so that two landings cannot deadlock on each other.
    """
    if not entries:
        return 0
    values = sorted(
        (entry.model_dump() for entry in entries),
        key=lambda value: (value["account"], value["topic"], value["resource_id"]),
    )
    statement = insert(inbox).inline().on_conflict_do_nothing()
    counted = statement.execution_options(preserve_rowcount=True)
    return connection.execute(counted, values).rowcount


def check_landing(connection: Connection) -> None:
    """Fail if this role may not insert entries."""
    right = func.has_column_privilege(inbox.fullname, "body", "INSERT")
    if not connection.execute(select(right)).scalar_one():
        raise AuthenticationError(
            "The database role may not insert into the inbox.",
            remedy="Run tieout.ledger.grants for it, as the owner of the tables.",
        )


def move_watermark(connection: Connection, watermark: Watermark) -> None:
    """Move a watermark forward; it never goes back."""
    statement = insert(watermarks).values(watermark.model_dump())
    connection.execute(
        statement.on_conflict_do_update(
            constraint="watermarks_pkey",
            set_={
                "read_through": statement.excluded.read_through,
                "changed_at": func.clock_timestamp(),
            },
            where=watermarks.c.read_through < statement.excluded.read_through,
        )
    )


def watermark(connection: Connection, pair: str, source: System, resource: str) -> datetime | None:
    """Return how far a resource has been read."""
    found = connection.execute(
        select(watermarks.c.read_through).where(
            watermarks.c.pair == pair,
            watermarks.c.source == source,
            watermarks.c.resource == resource,
        )
    ).scalar_one_or_none()
    return found if isinstance(found, datetime) else None


@dataclass(frozen=True)
class Wanted:
    """Which entries: of a source, an origin and a kind, where one is said, but none ``besides``."""

    source: System | None = None
    origin: Origin | None = None
    kind: str | None = None
    besides: Collection[str] = ()


def pending_entries(
    connection: Connection, pair: str, limit: int, wanted: Wanted
) -> list[InboxEntry]:
    """Return the oldest pending entries that are wanted."""
    statement = (
        select(*rows.INBOX_ENTRY)
        .where(inbox.c.pair == pair, inbox.c.state == InboxState.PENDING)
        .order_by(inbox.c.inbox_id)
        .limit(limit)
    )
    of_kind = func.split_part(inbox.c.topic, "/", 1)
    if wanted.source is not None:
        statement = statement.where(inbox.c.source == wanted.source)
    if wanted.origin is not None:
        statement = statement.where(inbox.c.origin == wanted.origin)
    if wanted.kind is not None:
        statement = statement.where(of_kind == wanted.kind)
    if wanted.besides:
        statement = statement.where(of_kind.not_in(wanted.besides))
    found = connection.execute(statement)
    return [rows.inbox_entry(row) for row in found.mappings()]


def settle(connection: Connection, inbox_id: InboxId, state: InboxState, rule: str = "") -> bool:
    """Move a pending entry to ``state``; False when it was no longer pending."""
    result = connection.execute(
        update(inbox)
        .where(inbox.c.inbox_id == inbox_id, inbox.c.state == InboxState.PENDING)
        .values(state=state, rule=rule)
    )
    return result.rowcount == 1


def reopen(connection: Connection, inbox_id: InboxId) -> None:
    """Move an entry that was set aside back to ``pending``."""
    connection.execute(
        update(inbox)
        .where(inbox.c.inbox_id == inbox_id, inbox.c.state == InboxState.DEAD_LETTER)
        .values(state=InboxState.PENDING)
    )


def drop(connection: Connection, inbox_id: InboxId, rule: str) -> None:
    """Skip an entry that was set aside, by a named rule."""
    connection.execute(
        update(inbox)
        .where(inbox.c.inbox_id == inbox_id, inbox.c.state == InboxState.DEAD_LETTER)
        .values(state=InboxState.SKIPPED, rule=rule)
    )
