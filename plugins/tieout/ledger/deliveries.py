"""Statements on deliveries: written before anything is sent, settled by what the target holds.

A delivery's idempotency key stays the same while it is intent, sent or in doubt, so that a repeated
send is byte-identical; a refusal ends that key, and the next send has another one.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, RowMapping, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import DeliveryId, DocumentId
from tieout.domain.ledger import Delivery, DeliveryState, Landed, NewDelivery, Refused
from tieout.errors import ConfigurationError, RejectedError, RetryableError
from tieout.ledger import rows
from tieout.ledger.schema import deliveries, documents
from tieout.ledger.storable import storable_columns

UNSETTLED = (DeliveryState.INTENT, DeliveryState.SENT, DeliveryState.IN_DOUBT)
SENDABLE = (*UNSETTLED, DeliveryState.REFUSED)
REPLACEABLE = (DeliveryState.INTENT, DeliveryState.REFUSED)
"""States in which the target certainly holds nothing, so that another payload may take over."""
_KEY = (
    deliveries.c.pair,
    deliveries.c.target,
    deliveries.c.entity,
    deliveries.c.document_key,
    deliveries.c.operation,
)


def idempotency_key(new: NewDelivery, key_epoch: int) -> str:
    """Return the key of one write: 64 hex digits, another one after each refusal."""
    parts = (*_key_of(new), new.version_hash, str(key_epoch))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _key_of(new: NewDelivery) -> tuple[str, str, str, str, str]:
    return (new.pair, str(new.target), new.entity, new.document_key, new.operation)


def intend(
    connection: Connection, new: Sequence[NewDelivery], *, newest_wins: bool
) -> list[Delivery]:
    """Insert intents and return one delivery for each, in order.

    Where the target certainly holds nothing (intent, refused), another payload replaces the one
    that was meant before; with ``newest_wins`` it does so in every state. Any other known delivery
    is returned as it stands.
    """
    for delivery in sorted(new, key=_key_of):
        _insert_or_replace(connection, delivery, DeliveryState if newest_wins else REPLACEABLE)
    if not new:
        return []
    found = connection.execute(
        select(*rows.DELIVERY).where(tuple_(*_KEY).in_([_key_of(delivery) for delivery in new]))
    )
    by_key = {_key_of(found): found for found in map(rows.delivery, found.mappings())}
    return [by_key[_key_of(delivery)] for delivery in new]


def _insert_or_replace(
    connection: Connection, new: NewDelivery, replaceable: Iterable[DeliveryState]
) -> None:
    values = new.model_dump()
    inserted = connection.execute(
        insert(deliveries)
        .values(idempotency_key=idempotency_key(new, 0), **values)
        .on_conflict_do_nothing(constraint="deliveries_key")
    )
    if inserted.rowcount == 1:
        return
    known = connection.execute(
        select(deliveries.c.delivery_id, deliveries.c.key_epoch)
        .where(
            tuple_(*_KEY).in_([_key_of(new)]),
            deliveries.c.state.in_(list(replaceable)),
            deliveries.c.version_hash != new.version_hash,
        )
        .with_for_update()
    ).one_or_none()
    if known is not None:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.delivery_id == known.delivery_id)
            .values(
                idempotency_key=idempotency_key(new, known.key_epoch),
                state=DeliveryState.INTENT,
                changed_at=func.clock_timestamp(),
                **values,
            )
        )


def of_documents(
    connection: Connection, document_ids: Collection[DocumentId], entity: str | None
) -> list[Delivery]:
    """Return the deliveries of documents, oldest first."""
    statement = (
        select(*rows.DELIVERY)
        .where(deliveries.c.document_id.in_(document_ids))
        .order_by(deliveries.c.delivery_id)
    )
    if entity is not None:
        statement = statement.where(deliveries.c.entity == entity)
    return [rows.delivery(row) for row in connection.execute(statement).mappings()]


def of_keys(
    connection: Connection, pair: str, entity: str, document_keys: Collection[str]
) -> list[Delivery]:
    """Return the deliveries of one kind for the keys, oldest first."""
    statement = (
        select(*rows.DELIVERY)
        .where(
            deliveries.c.pair == pair,
            deliveries.c.entity == entity,
            deliveries.c.document_key.in_(document_keys),
        )
        .order_by(deliveries.c.delivery_id)
    )
    return [rows.delivery(row) for row in connection.execute(statement).mappings()]


def mark_sent(connection: Connection, delivery_ids: Sequence[DeliveryId]) -> None:
    """Count an attempt and note the time and the fencing epoch, before anything is sent."""
    _move_all(
        connection,
        delivery_ids,
        DeliveryState.SENT,
        SENDABLE,
        attempts=deliveries.c.attempts + 1,
        sent_at=func.clock_timestamp(),
        epoch=select(documents.c.epoch)
        .where(documents.c.document_id == deliveries.c.document_id)
        .scalar_subquery(),
    )


def mark_in_doubt(connection: Connection, delivery_ids: Sequence[DeliveryId]) -> None:
    """Record that the answer was lost."""
    _move_all(connection, delivery_ids, DeliveryState.IN_DOUBT, UNSETTLED)


def mark_unsent(connection: Connection, delivery_ids: Sequence[DeliveryId]) -> None:
    """Record that the target holds nothing of them: back to ``intent``, with the same key."""
    _move_all(connection, delivery_ids, DeliveryState.INTENT, UNSETTLED)


def _move_all(
    connection: Connection,
    delivery_ids: Sequence[DeliveryId],
    state: DeliveryState,
    allowed: Collection[DeliveryState],
    **values: object,
) -> None:
    """Move all deliveries, each from an allowed state, or none.

    Raises:
        RetryableError: One of them is settled: another worker was faster, and nothing may be sent.
    """
    wanted = sorted(set(delivery_ids))
    locked = connection.execute(
        select(deliveries.c.delivery_id)
        .where(deliveries.c.delivery_id.in_(wanted), deliveries.c.state.in_(allowed))
        .order_by(deliveries.c.delivery_id)
        .with_for_update()
    )
    settled = sorted(set(wanted) - set(locked.scalars()))
    if settled:
        raise RetryableError(
            f"Deliveries {settled} cannot become {state}: they are settled or unknown.",
            remedy="Send nothing; read the deliveries again and go on from their present state.",
        )
    connection.execute(
        update(deliveries)
        .where(deliveries.c.delivery_id.in_(wanted))
        .values(state=state, changed_at=func.clock_timestamp(), **values)
    )


def confirm(connection: Connection, delivery_id: DeliveryId, landed: Landed) -> None:
    """Record what the target holds; the same again changes nothing.

    Reading the target is the truth, so even a refused delivery can turn out to have landed.

    Raises:
        RejectedError: It was confirmed with another id: the target holds two.
    """
    present = _locked(connection, delivery_id)
    if present["state"] == DeliveryState.CONFIRMED:
        if present["external_id"] != landed.external_id:
            raise RejectedError(
                f"Delivery {delivery_id} is confirmed as {present['external_id']!r} and was read "
                f"back as {landed.external_id!r}.",
                remedy="Look at both at the target; void the one that must not be there.",
                cause="read_back_differs",
                field="external_id",
                value=landed.external_id,
            )
        return
    values = storable_columns(landed.model_dump())
    no_refusal = {"cause": "", "message": "", "remedy": ""}
    _set(connection, delivery_id, state=DeliveryState.CONFIRMED, **no_refusal, **values)


def refuse(connection: Connection, delivery_id: DeliveryId, refused: Refused) -> None:
    """Record the target's no and end the idempotency key; the same again changes nothing.

    Raises:
        RetryableError: It is confirmed: another worker read it at the target.
    """
    present = _locked(connection, delivery_id)
    if present["state"] == DeliveryState.CONFIRMED:
        raise RetryableError(
            f"Delivery {delivery_id} is confirmed and cannot become refused.",
            remedy="Read the delivery again and go on from its present state.",
        )
    if present["state"] == DeliveryState.REFUSED:
        return
    key_epoch = present["key_epoch"] + 1
    stored = NewDelivery.model_validate({name: present[name] for name in NewDelivery.model_fields})
    _set(
        connection,
        delivery_id,
        state=DeliveryState.REFUSED,
        key_epoch=key_epoch,
        idempotency_key=idempotency_key(stored, key_epoch),
        **storable_columns(refused.model_dump(exclude={"field", "value"})),
    )


def _locked(connection: Connection, delivery_id: DeliveryId) -> RowMapping:
    row = (
        connection.execute(
            select(*rows.DELIVERY, deliveries.c.key_epoch)
            .where(deliveries.c.delivery_id == delivery_id)
            .with_for_update()
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise ConfigurationError(
            f"The ledger has no delivery {delivery_id}.",
            remedy="Take ids from intend() of the same ledger.",
        )
    return row


def _set(connection: Connection, delivery_id: DeliveryId, **values: object) -> None:
    connection.execute(
        update(deliveries)
        .where(deliveries.c.delivery_id == delivery_id)
        .values(changed_at=func.clock_timestamp(), **values)
    )
