"""Statements on dead letters. Setting a record aside must never fail for what the record says.

An open dead letter and the state ``dead_letter`` of its record come and go in one transaction, so
that neither is ever without the other.
"""

from collections.abc import Collection

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import DeadLetterId, DocumentId, InboxId, Json
from tieout.domain.desk import Resolution
from tieout.domain.ledger import DeadLetter, DocumentState, InboxState, NewDeadLetter
from tieout.errors import ConfigurationError, RejectedError, RetryableError
from tieout.ledger import documents, rows
from tieout.ledger.inbox import drop, reopen, settle
from tieout.ledger.schema import dead_letters, inbox
from tieout.ledger.schema import documents as documents_table
from tieout.ledger.session import actor
from tieout.ledger.storable import storable_columns


def set_aside(connection: Connection, new: NewDeadLetter) -> None:
    """Open a dead letter and move its document, or else its inbox entry, there.

    A record has one open dead letter; setting it aside again keeps the first.
    """
    if new.document_id is not None:
        moved = documents.park(connection, new.document_id)
    elif new.inbox_id is not None:
        moved = _park_entry(connection, new.inbox_id)
    else:
        raise ConfigurationError(
            f"The dead letter of {new.trace_key!r} names neither an inbox entry nor a document.",
            remedy="Give inbox_id or document_id.",
        )
    if moved:
        connection.execute(
            insert(dead_letters).values(storable_columns(new.model_dump())).on_conflict_do_nothing()
        )


def _park_entry(connection: Connection, inbox_id: InboxId) -> bool:
    if settle(connection, inbox_id, InboxState.DEAD_LETTER):
        return True
    state = connection.execute(
        select(inbox.c.state).where(inbox.c.inbox_id == inbox_id)
    ).scalar_one_or_none()
    if state != InboxState.DEAD_LETTER:
        raise RetryableError(
            f"Inbox entry {inbox_id} is {state or 'unknown'} and cannot become a dead letter.",
            remedy="Read the pending entries again: another worker was faster.",
        )
    return False


def replay(
    connection: Connection,
    dead_letter_id: DeadLetterId,
    *,
    keeps_mapping: bool = False,
    reason: str = "",
) -> None:
    """Close an open dead letter and put its document, or else its inbox entry, back to its start.

    Raises:
        RejectedError: It is closed already, or there is none with this id.
    """
    closed = _close(connection, dead_letter_id, Resolution.REPLAYED, reason=reason)
    if closed.document_id is not None:
        documents.put_back(connection, closed.document_id, keeps_mapping=keeps_mapping)
    else:
        reopen(connection, closed.inbox_id)


def settle_moot(
    connection: Connection,
    dead_letter_id: DeadLetterId,
    resolution: Resolution,
    *,
    reason: str = "",
    proof: Json | None = None,
) -> None:
    """Close an open dead letter for good: its record is skipped by the resolution's name.

    Raises:
        RejectedError: It is closed already, or there is none with this id.
    """
    closed = _close(connection, dead_letter_id, resolution, reason=reason, proof=proof)
    if closed.document_id is not None:
        documents.drop(connection, closed.document_id, resolution)
    else:
        drop(connection, closed.inbox_id, resolution)


def settle_older(connection: Connection, document_ids: Collection[DocumentId]) -> None:
    """Close as resolved what is set aside of older versions of documents' records.

    The proof is the document: it is done, and a newer version of the same record.
    """
    older = documents_table.alias("older")
    found = connection.execute(
        select(
            dead_letters.c.dead_letter_id,
            older.c.document_id,
            documents_table.c.document_id.label("newer_id"),
        )
        .join(older, older.c.document_id == dead_letters.c.document_id)
        .join(documents_table, documents.same_record(older, documents_table))
        .where(
            documents_table.c.document_id.in_(sorted(document_ids)),
            older.c.version_no < documents_table.c.version_no,
            older.c.state == DocumentState.DEAD_LETTER,
            dead_letters.c.closed_at.is_(None),
        )
        .order_by(dead_letters.c.dead_letter_id)
    ).all()
    for row in found:
        proof: Json = {"newer_document_id": row.newer_id}
        if _closed(connection, row.dead_letter_id, Resolution.RESOLVED, proof=proof) is not None:
            documents.drop(connection, row.document_id, documents.SUPERSEDED)


def _close(
    connection: Connection,
    dead_letter_id: DeadLetterId,
    resolution: Resolution,
    *,
    reason: str = "",
    proof: Json | None = None,
) -> Row[int | None, int | None]:
    """Close an open dead letter. Of two at once the second waits for the row, and finds it closed.

    Raises:
        RejectedError: It is closed already, or there is none with this id.
    """
    closed = _closed(connection, dead_letter_id, resolution, reason=reason, proof=proof)
    if closed is None:
        raise not_open(connection, dead_letter_id)
    return closed


def _closed(
    connection: Connection,
    dead_letter_id: DeadLetterId,
    resolution: Resolution,
    *,
    reason: str = "",
    proof: Json | None = None,
) -> Row[int | None, int | None] | None:
    """Close a dead letter and return what it is of; None when it was not open."""
    return connection.execute(
        update(dead_letters)
        .where(dead_letters.c.dead_letter_id == dead_letter_id, dead_letters.c.closed_at.is_(None))
        .values(
            closed_at=func.clock_timestamp(),
            resolution=resolution,
            closed_by=actor(),
            reason=reason,
            proof=proof,
        )
        .returning(dead_letters.c.inbox_id, dead_letters.c.document_id)
    ).one_or_none()


def not_open(connection: Connection, dead_letter_id: DeadLetterId) -> RejectedError:
    """Return why a dead letter cannot be worked on: it is closed, or there is none."""
    resolution = connection.execute(
        select(dead_letters.c.resolution).where(dead_letters.c.dead_letter_id == dead_letter_id)
    ).scalar_one_or_none()
    if resolution is None:
        return RejectedError(
            f"The ledger has no dead letter {dead_letter_id}.",
            remedy="Take the number from 'tieout dead-letters'.",
            cause="unknown_dead_letter",
        )
    return RejectedError(
        f"Dead letter {dead_letter_id} is closed already: {resolution}.",
        remedy="Nothing to do; if its record failed again, 'tieout dead-letters' has a new number.",
        cause="already_settled",
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
