"""Statements on dead letters. Setting a record aside must never fail for what the record says."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import InboxId
from tieout.domain.ledger import DeadLetter, InboxState, NewDeadLetter
from tieout.errors import ConfigurationError, RetryableError
from tieout.ledger import documents, rows
from tieout.ledger.inbox import settle
from tieout.ledger.schema import dead_letters, inbox
from tieout.ledger.storable import storable_columns


def set_aside(connection: Connection, new: NewDeadLetter) -> None:
    """Open a dead letter and move its document, or else its inbox entry, there.

    A record has one open dead letter; setting it aside again keeps the first.
    """
    if new.document_id is not None:
        documents.park(connection, new.document_id)
    elif new.inbox_id is not None:
        _park_entry(connection, new.inbox_id)
    else:
        raise ConfigurationError(
            f"The dead letter of {new.trace_key!r} names neither an inbox entry nor a document.",
            remedy="Give inbox_id or document_id.",
        )
    connection.execute(
        insert(dead_letters).values(storable_columns(new.model_dump())).on_conflict_do_nothing()
    )


def _park_entry(connection: Connection, inbox_id: InboxId) -> None:
    if settle(connection, inbox_id, InboxState.DEAD_LETTER):
        return
    state = connection.execute(
        select(inbox.c.state).where(inbox.c.inbox_id == inbox_id)
    ).scalar_one_or_none()
    if state != InboxState.DEAD_LETTER:
        raise RetryableError(
            f"Inbox entry {inbox_id} is {state or 'unknown'} and cannot become a dead letter.",
            remedy="Read the pending entries again: another worker was faster.",
        )


def open_ones(connection: Connection, pair: str | None) -> list[DeadLetter]:
    """Return the open dead letters, oldest first."""
    statement = (
        select(*rows.DEAD_LETTER)
        .where(dead_letters.c.closed_at.is_(None))
        .order_by(dead_letters.c.dead_letter_id)
    )
    if pair is not None:
        statement = statement.where(dead_letters.c.pair == pair)
    return [rows.dead_letter(row) for row in connection.execute(statement).mappings()]
