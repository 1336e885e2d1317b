"""Statements on what was entered: how far people have posted it, and what they took back."""

from collections.abc import Collection

from sqlalchemy import Connection, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import DeliveryId, DocumentId, System
from tieout.domain.ledger import (
    LANDED,
    UNFINISHED,
    Delivery,
    DeliveryState,
    DocumentState,
    NewDeadLetter,
)
from tieout.ledger import rows
from tieout.ledger.documents import same_record
from tieout.ledger.schema import dead_letters, deliveries, documents
from tieout.ledger.storable import storable_columns

NOT_IN_GL = (DeliveryState.ENTERED, DeliveryState.UPDATED)
RECALLABLE = (*UNFINISHED, DocumentState.DONE)


def following(
    connection: Connection,
    pair: str,
    entity: str,
    among: Collection[str] | None,
    after: DeliveryId | None,
    limit: int,
) -> list[Delivery]:
    """Return what is entered or updated and not in the GL yet, by id."""
    # The words are those of the partial index, so that it serves this and grows with this alone.
    statement = (
        select(*rows.DELIVERY)
        .where(
            deliveries.c.pair == pair,
            deliveries.c.entity == entity,
            deliveries.c.target == literal(str(System.SAGE100), literal_execute=True),
            deliveries.c.state.in_(
                [literal(str(state), literal_execute=True) for state in NOT_IN_GL]
            ),
            deliveries.c.delivery_id > (after or 0),
        )
        .order_by(deliveries.c.delivery_id)
        .limit(limit)
    )
    if among is not None:
        # Again the words of a partial index, of the one that finds what has landed by its id.
        statement = statement.where(
            deliveries.c.operation == literal("create", literal_execute=True),
            deliveries.c.external_id != literal("", literal_execute=True),
            deliveries.c.external_id.in_(sorted(among)),
        )
    return [rows.delivery(row) for row in connection.execute(statement).mappings()]


def recall(connection: Connection, delivery_id: DeliveryId, letter: NewDeadLetter) -> bool:
    """Hold a landed delivery, and set aside the newest version of its record."""
    landed = connection.execute(
        select(deliveries.c.document_id)
        .where(deliveries.c.delivery_id == delivery_id, deliveries.c.state.in_(LANDED))
        .with_for_update()
    ).scalar_one_or_none()
    if landed is None:
        return False
    newest = _newest(connection, DocumentId(landed))
    moved = connection.execute(
        update(documents)
        .where(documents.c.document_id == newest, documents.c.state.in_(RECALLABLE))
        .values(state=DocumentState.DEAD_LETTER, changed_at=func.clock_timestamp())
        .returning(documents.c.account, documents.c.name)
    ).one_or_none()
    connection.execute(
        update(deliveries)
        .where(deliveries.c.delivery_id == delivery_id)
        .values(
            state=DeliveryState.HELD,
            document_id=newest,
            cause=letter.cause,
            message=letter.message,
            remedy=letter.remedy,
            changed_at=func.clock_timestamp(),
        )
    )
    if moved is None:
        return False
    opened = letter.model_copy(
        update={"document_id": newest, "trace_key": f"{moved.account} {moved.name}"}
    )
    connection.execute(
        insert(dead_letters).values(storable_columns(opened.model_dump())).on_conflict_do_nothing()
    )
    return True


def _newest(connection: Connection, document_id: DocumentId) -> DocumentId:
    """Return the newest version of the record that a document is a version of, locked."""
    newer = documents.alias("newer")
    found = connection.execute(
        select(newer.c.document_id)
        .select_from(documents.join(newer, same_record(newer, documents)))
        .where(documents.c.document_id == document_id)
        .order_by(newer.c.version_no.desc())
        .limit(1)
        .with_for_update(of=newer)
    ).scalar_one()
    return DocumentId(found)
