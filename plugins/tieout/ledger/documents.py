"""Statements on documents and on the batches that hold them for a while."""

from collections.abc import Collection, Iterable

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    case,
    exists,
    func,
    select,
    tuple_,
    update,
)

from tieout.domain.base import BatchId, DocumentId, Json
from tieout.domain.ledger import LANDED, UNFINISHED, Document, DocumentState, Validated
from tieout.errors import ConfigurationError, RetryableError
from tieout.ledger import rows
from tieout.ledger.schema import batches, deliveries, documents
from tieout.ledger.storable import storable

UNSETTLED = (*UNFINISHED, DocumentState.HELD, DocumentState.DEAD_LETTER)
SUPERSEDED = "superseded"


def lease_end(lease_s: int) -> ColumnElement[object]:
    """Return when a lease that begins now ends, by the database's clock."""
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, lease_s)


def renew(connection: Connection, batch_id: BatchId, lease_s: int) -> None:
    """Extend a lease; documents that another batch has taken over stay with that one."""
    result = connection.execute(
        update(batches).where(batches.c.batch_id == batch_id).values(lease_until=lease_end(lease_s))
    )
    if result.rowcount == 0:
        raise no_batch(batch_id)


def is_leased(connection: Connection, batch_id: BatchId) -> bool:
    """Say whether the batch's lease is alive, by the database's clock."""
    alive = select(batches.c.batch_id).where(
        batches.c.batch_id == batch_id, batches.c.lease_until > func.clock_timestamp()
    )
    return connection.execute(alive).first() is not None


def batch_pair(connection: Connection, batch_id: BatchId) -> str:
    """Return the pair of a batch."""
    pair = connection.execute(
        select(batches.c.pair).where(batches.c.batch_id == batch_id)
    ).scalar_one_or_none()
    if pair is None:
        raise no_batch(batch_id)
    return str(pair)


def no_batch(batch_id: BatchId) -> ConfigurationError:
    """Return the error of an unknown batch."""
    return ConfigurationError(
        f"The ledger has no batch {batch_id}.",
        remedy="Pass on the id that claim returned, and use the same ledger throughout a run.",
    )


def of_batch(connection: Connection, batch_id: BatchId, states: tuple[str, ...]) -> list[Document]:
    """Return the documents of a batch, oldest version first; no states means every state."""
    statement = (
        select(*rows.DOCUMENT)
        .where(documents.c.batch_id == batch_id)
        .order_by(documents.c.version_at, documents.c.document_id)
    )
    if states:
        statement = statement.where(documents.c.state.in_(states))
    return [rows.document(row) for row in connection.execute(statement).mappings()]


def unsettled(
    connection: Connection,
    pair: str,
    document_type: str,
    *,
    after: Document | None = None,
    limit: int | None = None,
) -> list[Document]:
    """Return the documents that are neither done nor skipped, oldest version first."""
    place = tuple_(documents.c.version_at, documents.c.document_id)
    statement = (
        select(*rows.DOCUMENT)
        .where(
            documents.c.pair == pair,
            documents.c.document_type == document_type,
            documents.c.state.in_(UNSETTLED),
        )
        .order_by(documents.c.version_at, documents.c.document_id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(place > (after.version_at, after.document_id))
    return [rows.document(row) for row in connection.execute(statement).mappings()]


def holding(
    connection: Connection, pair: str, document_type: str, part: Json, states: tuple[str, ...]
) -> list[Document]:
    """Return the documents of a type whose canonical record contains a part."""
    statement = (
        select(*rows.DOCUMENT)
        .where(
            documents.c.pair == pair,
            documents.c.document_type == document_type,
            documents.c.state.in_(states),
            documents.c.canonical.contains(part),
        )
        .order_by(documents.c.version_at, documents.c.document_id)
    )
    return [rows.document(row) for row in connection.execute(statement).mappings()]


def other_versions(connection: Connection, document_ids: Collection[DocumentId]) -> list[Document]:
    """Return what else is unsettled of the same records, oldest version first."""
    given, other = documents.alias("given"), documents.alias("other")
    wanted = sorted(document_ids)
    others = (
        select(other.c.document_id)
        .join(given, same_record(other, given))
        .where(
            given.c.document_id.in_(wanted),
            other.c.document_id.not_in(wanted),
            other.c.state.in_(UNSETTLED),
        )
    )
    statement = (
        select(*rows.DOCUMENT)
        .where(documents.c.document_id.in_(others))
        .order_by(documents.c.version_at, documents.c.document_id)
    )
    return [rows.document(row) for row in connection.execute(statement).mappings()]


def mark_validated(connection: Connection, validated: Iterable[Validated]) -> None:
    """Move unfinished documents to ``validated`` with their canonical forms and warnings."""
    for one in sorted(validated, key=lambda one: one.document_id):
        kept = [warning.model_dump() for warning in one.warnings]
        values = {"canonical": one.canonical, "warnings": storable(kept) or None}
        move(connection, one.document_id, DocumentState.VALIDATED, values=values)


def warned(connection: Connection, pair: str | None, limit: int) -> list[Document]:
    """Return documents that the gate let through with warnings, the newest first."""
    statement = (
        select(*rows.DOCUMENT)
        .where(documents.c.warnings.is_not(None))
        .order_by(documents.c.document_id.desc())
        .limit(limit)
    )
    if pair is not None:
        statement = statement.where(documents.c.pair == pair)
    return [rows.document(row) for row in connection.execute(statement).mappings()]


def mark_ready(connection: Connection, document_ids: Collection[DocumentId]) -> None:
    """Move validated documents to ``ready``; the others stay where they are."""
    connection.execute(
        update(documents)
        .where(
            documents.c.document_id.in_(sorted(document_ids)),
            documents.c.state == DocumentState.VALIDATED,
        )
        .values(state=DocumentState.READY, changed_at=func.clock_timestamp())
    )


def hold(connection: Connection, document_id: DocumentId, reason: str) -> None:
    """Move an unfinished document to ``held``."""
    move(connection, document_id, DocumentState.HELD, values={"held_for": reason})


def release(connection: Connection, document_id: DocumentId) -> None:
    """Move a held document back to ``received``, held by no batch."""
    connection.execute(
        update(documents)
        .where(documents.c.document_id == document_id, documents.c.state == DocumentState.HELD)
        .values(
            state=DocumentState.RECEIVED,
            held_for="",
            batch_id=None,
            canonical=None,
            changed_at=func.clock_timestamp(),
        )
    )


def mark_done(connection: Connection, document_ids: Collection[DocumentId]) -> None:
    """Move unfinished documents to ``done``, provided that all their deliveries have landed."""
    not_landed = exists().where(
        deliveries.c.document_id == documents.c.document_id, deliveries.c.state.not_in(LANDED)
    )
    wanted = sorted(set(document_ids))
    moved = connection.execute(
        update(documents)
        .where(documents.c.document_id.in_(wanted), documents.c.state.in_(UNFINISHED), ~not_landed)
        .values(state=DocumentState.DONE, changed_at=func.clock_timestamp())
        .returning(documents.c.document_id)
    ).scalars()
    for document_id in sorted(set(wanted) - set(moved)):
        _check_there(
            connection, document_id, DocumentState.DONE, unless="a delivery has not landed"
        )


def skip(connection: Connection, document_id: DocumentId, rule: str) -> None:
    """Move an unfinished document to ``skipped``."""
    move(connection, document_id, DocumentState.SKIPPED, values={"rule": rule})


def park(connection: Connection, document_id: DocumentId) -> bool:
    """Move an unfinished document to ``dead_letter``; False when it was there already."""
    return move(connection, document_id, DocumentState.DEAD_LETTER)


def put_back(
    connection: Connection, document_id: DocumentId, *, keeps_mapping: bool = False
) -> None:
    """Move a document that was set aside back to ``received``, held by no batch.

    With ``keeps_mapping`` it is written as it was mapped before. One of which a newer version is
    known is skipped as superseded: it may no longer be posted.
    """
    newer = documents.alias("newer")
    is_superseded = exists().where(
        same_record(newer, documents), newer.c.version_no > documents.c.version_no
    )
    connection.execute(
        update(documents)
        .where(
            documents.c.document_id == document_id,
            documents.c.state == DocumentState.DEAD_LETTER,
        )
        .values(
            state=case((is_superseded, DocumentState.SKIPPED), else_=DocumentState.RECEIVED),
            rule=case((is_superseded, SUPERSEDED), else_=""),
            batch_id=None,
            canonical=None,
            crashes=0,
            keeps_mapping=keeps_mapping,
            changed_at=func.clock_timestamp(),
        )
    )


def drop(connection: Connection, document_id: DocumentId, rule: str) -> None:
    """Skip a document that was set aside, by a named rule."""
    connection.execute(
        update(documents)
        .where(
            documents.c.document_id == document_id,
            documents.c.state == DocumentState.DEAD_LETTER,
        )
        .values(
            state=DocumentState.SKIPPED,
            rule=rule,
            batch_id=None,
            changed_at=func.clock_timestamp(),
        )
    )


def newer_version(connection: Connection, document_id: DocumentId) -> DocumentId | None:
    """Return the newest later version of the same record, if there is one."""
    newer = documents.alias("newer")
    found = connection.execute(
        select(newer.c.document_id)
        .select_from(documents)
        .join(newer, same_record(newer, documents))
        .where(documents.c.document_id == document_id, newer.c.version_no > documents.c.version_no)
        .order_by(newer.c.version_no.desc())
        .limit(1)
    ).scalar_one_or_none()
    return None if found is None else DocumentId(found)


def same_record(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Say whether rows of two views of the table are versions of one record."""
    return and_(
        *(one.c[name] == other.c[name] for name in ("source", "account", "document_type")),
        one.c.source_id == other.c.source_id,
    )


def take_up(connection: Connection, document_id: DocumentId) -> int:
    """Count one more beginning; return how many before it never came to an end."""
    counted = connection.execute(
        update(documents)
        .where(documents.c.document_id == document_id)
        .values(crashes=documents.c.crashes + 1)
        .returning(documents.c.crashes)
    ).scalar_one()
    return int(counted) - 1


def let_go(connection: Connection, document_id: DocumentId) -> None:
    """Start the count of crashes anew."""
    connection.execute(
        update(documents).where(documents.c.document_id == document_id).values(crashes=0)
    )


def move(
    connection: Connection,
    document_id: DocumentId,
    state: DocumentState,
    *,
    values: dict[str, object] | None = None,
) -> bool:
    """Move a document on; False, and no change, when it is there already.

    Raises:
        RetryableError: It is settled otherwise: another worker was faster.
        ConfigurationError: There is no such document.
    """
    moved = connection.execute(
        update(documents)
        .where(
            documents.c.document_id == document_id,
            documents.c.state.in_(UNFINISHED),
        )
        .values(state=state, changed_at=func.clock_timestamp(), **(values or {}))
    )
    if moved.rowcount == 1:
        return True
    _check_there(connection, document_id, state)
    return False


def _check_there(
    connection: Connection, document_id: DocumentId, state: DocumentState, *, unless: str = ""
) -> None:
    """Make sure that a document which could not be moved to a state is there already."""
    present = connection.execute(
        select(documents.c.state).where(documents.c.document_id == document_id)
    ).scalar_one_or_none()
    if present is None:
        raise ConfigurationError(
            f"The ledger has no document {document_id}.",
            remedy="Take ids from documents() of the same ledger.",
        )
    if present != state:
        raise RetryableError(
            f"Document {document_id} is {present} and cannot become {state}"
            f"{f' while {unless}' if unless else ''}.",
            remedy="Read its present state and deliveries, and go on from there.",
        )
