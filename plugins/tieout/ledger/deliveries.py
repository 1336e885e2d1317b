"""Statements on deliveries: written before anything is sent, settled by what the target holds.

A delivery's idempotency key stays the same while it is intent, sent or in doubt, so that a repeated
send is byte-identical; a refusal ends that key, and the next send has another one.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, RowMapping, case, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import DeliveryId, DocumentId
from tieout.domain.ledger import (
    DOUBTFUL,
    LANDED,
    UNFINISHED,
    Delivery,
    DeliveryState,
    Fence,
    NewDelivery,
    Refused,
)
from tieout.errors import ConfigurationError, RetryableError
from tieout.ledger import rows, steps
from tieout.ledger.documents import renew
from tieout.ledger.schema import deliveries, documents
from tieout.ledger.storable import storable_columns

UNSETTLED = (DeliveryState.INTENT, DeliveryState.SENT, DeliveryState.IN_DOUBT)
SENDABLE = (*UNSETTLED, DeliveryState.REFUSED)
CREATE = "create"
POSTING = (DeliveryState.ENTERED, DeliveryState.UPDATED, DeliveryState.IN_GL)
"""How far people have posted what was entered, in their order."""
REPLACEABLE = (DeliveryState.INTENT, DeliveryState.REFUSED)
"""States in which the target certainly holds nothing, so that another payload may take over."""
_Key = tuple[str, str, str, str, str]
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


def _key_of(new: NewDelivery) -> _Key:
    return (new.pair, str(new.target), new.entity, new.document_key, new.operation)


def intend(
    connection: Connection, new: Sequence[NewDelivery], *, newest_wins: bool
) -> list[Delivery]:
    """Insert intents and return one delivery for each, in order.

    Where the target certainly holds nothing (intent, refused), another payload replaces the one
    that was meant before; with ``newest_wins`` it does so in every state. Any other known delivery
    is returned as it stands.
    """
    _check_unfinished(connection, {delivery.document_id for delivery in new})
    _insert_or_replace(connection, new, DeliveryState if newest_wins else REPLACEABLE)
    if not new:
        return []
    found = connection.execute(
        select(*rows.DELIVERY).where(tuple_(*_KEY).in_([_key_of(delivery) for delivery in new]))
    )
    by_key = {_key_of(found): found for found in map(rows.delivery, found.mappings())}
    return [by_key[_key_of(delivery)] for delivery in new]


def _check_unfinished(connection: Connection, document_ids: Collection[DocumentId]) -> None:
    """Make sure that the documents are still to be written, and keep them so until the commit.

    Raises:
        RetryableError: One is settled, such as superseded by a newer version.
    """
    found = connection.execute(
        select(documents.c.document_id, documents.c.state)
        .where(documents.c.document_id.in_(sorted(document_ids)))
        .order_by(documents.c.document_id)
        .with_for_update(read=True)
    )
    settled = [row.document_id for row in found if row.state not in UNFINISHED]
    if settled:
        raise RetryableError(
            f"Documents {settled} are settled: a newer version or another worker was faster.",
            remedy="Nothing is written for them; the next attempt goes by their present state.",
        )


def _insert_or_replace(
    connection: Connection, new: Sequence[NewDelivery], replaceable: Iterable[DeliveryState]
) -> None:
    """Insert what is new in one statement, in the order of keys: no two at once wait in a ring."""
    if not new:
        return
    values = [
        {"idempotency_key": idempotency_key(one, 0), **one.model_dump()}
        for one in sorted(new, key=_key_of)
    ]
    # Named, one constraint would leave the other to raise when two insert at the same moment.
    statement = insert(deliveries).on_conflict_do_nothing().returning(*_KEY)
    inserted = {tuple(row) for row in connection.execute(statement, values)}
    known = {_key_of(one): one for one in new if _key_of(one) not in inserted}
    if known:
        _replace(connection, known, replaceable)


def _replace(
    connection: Connection,
    new: Mapping[_Key, NewDelivery],
    replaceable: Iterable[DeliveryState],
) -> None:
    """Let another payload take the place of one that was meant before, where it may."""
    found = connection.execute(
        select(
            *_KEY,
            deliveries.c.delivery_id,
            deliveries.c.key_epoch,
            deliveries.c.state,
            deliveries.c.version_hash,
        )
        .where(tuple_(*_KEY).in_(list(new)), deliveries.c.state.in_(list(replaceable)))
        .order_by(*_KEY)
        .with_for_update()
    ).all()
    for known in found:
        pair, target, entity, document_key, operation, *_rest = known
        wanted = new[pair, target, entity, document_key, operation]
        if wanted.version_hash == known.version_hash:
            continue
        # What the target was sent before may come again after something else: as another write.
        key_epoch = known.key_epoch + (known.state not in REPLACEABLE)
        _set(
            connection,
            known.delivery_id,
            key_epoch=key_epoch,
            idempotency_key=idempotency_key(wanted, key_epoch),
            state=DeliveryState.INTENT,
            attempts=0,
            **wanted.model_dump(),
        )


def mark_sent(
    connection: Connection, delivery_ids: Sequence[DeliveryId], fence: Fence, lease_s: int
) -> list[Delivery]:
    """Count an attempt, raise the epoch and note the time, before anything is sent.

    Raises:
        RetryableError: Another worker has begun the step anew, the lease has ended, or one of the
            deliveries is settled.
    """
    steps.check(connection, fence)
    renew(connection, fence.batch_id, lease_s)
    return _move_all(
        connection,
        delivery_ids,
        DeliveryState.SENT,
        SENDABLE,
        attempts=deliveries.c.attempts + 1,
        epoch=deliveries.c.epoch + 1,
        sent_at=func.clock_timestamp(),
        # What is in doubt is sent again under its key: the target counts from the first time on.
        key_sent_at=case(
            (
                deliveries.c.state.in_(DOUBTFUL),
                func.coalesce(deliveries.c.key_sent_at, func.clock_timestamp()),
            ),
            else_=func.clock_timestamp(),
        ),
    )


def mark_in_doubt(connection: Connection, sent: Sequence[Delivery], *, is_counted: bool) -> None:
    """Record that an answer was lost; an attempt that was certainly not taken is uncounted."""
    spared = 0 if is_counted else 1
    _check_epochs(connection, sent)
    _move_all(
        connection,
        _ids(sent),
        DeliveryState.IN_DOUBT,
        UNSETTLED,
        attempts=func.greatest(deliveries.c.attempts - spared, 0),
    )


def mark_unsent(connection: Connection, sent: Sequence[Delivery]) -> None:
    """Record that the target took nothing of them: back to ``intent``, the attempt uncounted."""
    _check_epochs(connection, sent)
    _move_all(
        connection,
        _ids(sent),
        DeliveryState.INTENT,
        UNSETTLED,
        attempts=func.greatest(deliveries.c.attempts - 1, 0),
    )


def _ids(sent: Sequence[Delivery]) -> list[DeliveryId]:
    return [delivery.delivery_id for delivery in sent]


def _check_epochs(connection: Connection, sent: Sequence[Delivery]) -> None:
    """Make sure that nobody sent them since: an outdated worker's word says nothing of that send.

    Raises:
        RetryableError: Somebody did.
    """
    epochs = {delivery.delivery_id: delivery.epoch for delivery in sent}
    rows_now = connection.execute(
        select(deliveries.c.delivery_id, deliveries.c.epoch)
        .where(deliveries.c.delivery_id.in_(list(epochs)))
        .order_by(deliveries.c.delivery_id)
        .with_for_update()
    )
    newer = [row.delivery_id for row in rows_now if row.epoch != epochs[row.delivery_id]]
    if newer:
        raise RetryableError(
            f"Deliveries {newer} were sent again by another worker.",
            remedy="Leave them to it; read their present state.",
        )


def renew_key(connection: Connection, delivery_ids: Sequence[DeliveryId]) -> list[Delivery]:
    """Bring back to ``intent`` under a new key: what was looked up and cannot land any more."""
    moved = _move_all(connection, delivery_ids, DeliveryState.INTENT, UNSETTLED)
    for delivery in moved:
        _end_key(connection, delivery)
    return _of_ids(connection, delivery_ids)


def _end_key(connection: Connection, delivery: Delivery) -> None:
    """Give a delivery its next idempotency key."""
    key_epoch = connection.execute(
        select(deliveries.c.key_epoch).where(deliveries.c.delivery_id == delivery.delivery_id)
    ).scalar_one()
    key = idempotency_key(delivery, key_epoch + 1)
    _set(connection, delivery.delivery_id, key_epoch=key_epoch + 1, idempotency_key=key)


def _move_all(
    connection: Connection,
    delivery_ids: Sequence[DeliveryId],
    state: DeliveryState,
    allowed: Collection[DeliveryState],
    **values: object,
) -> list[Delivery]:
    """Move all deliveries, each from an allowed state, or none; return them as they are now.

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
    return _of_ids(connection, delivery_ids)


def _of_ids(connection: Connection, delivery_ids: Sequence[DeliveryId]) -> list[Delivery]:
    """Return deliveries in the order of their ids given."""
    found = connection.execute(
        select(*rows.DELIVERY).where(deliveries.c.delivery_id.in_(list(delivery_ids)))
    )
    by_id = {one.delivery_id: one for one in map(rows.delivery, found.mappings())}
    return [by_id[delivery_id] for delivery_id in delivery_ids]


def advance(connection: Connection, delivery_id: DeliveryId, state: DeliveryState) -> None:
    """Move a landed delivery on to ``updated`` or ``in_gl``, never back."""
    earlier = POSTING[: POSTING.index(state)]
    connection.execute(
        update(deliveries)
        .where(deliveries.c.delivery_id == delivery_id, deliveries.c.state.in_(earlier))
        .values(state=state, changed_at=func.clock_timestamp())
    )


def refuse(connection: Connection, sent: Delivery, refused: Refused) -> None:
    """Record the target's no: it ends the idempotency key and the attempts without an answer.

    Raises:
        RetryableError: It has landed, or was sent since: another worker knows better.
    """
    _check_epochs(connection, [sent])
    delivery_id = sent.delivery_id
    present = _locked(connection, delivery_id)
    if present["state"] in LANDED:
        raise RetryableError(
            f"Delivery {delivery_id} has landed and cannot become refused.",
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
        attempts=0,
        key_epoch=key_epoch,
        idempotency_key=idempotency_key(stored, key_epoch),
        **storable_columns(refused.model_dump(exclude={"field", "value"})),
    )


def _locked(connection: Connection, delivery_id: DeliveryId) -> RowMapping:
    return locked(connection, [delivery_id])[delivery_id]


def locked(
    connection: Connection, delivery_ids: Collection[DeliveryId]
) -> dict[DeliveryId, RowMapping]:
    """Return deliveries with their key's epoch, locked until the transaction ends.

    Raises:
        ConfigurationError: There is no such delivery.
    """
    found = connection.execute(
        select(*rows.DELIVERY, deliveries.c.key_epoch)
        .where(deliveries.c.delivery_id.in_(sorted(delivery_ids)))
        .order_by(deliveries.c.delivery_id)
        .with_for_update()
    ).mappings()
    present = {DeliveryId(row["delivery_id"]): row for row in found}
    unknown = sorted(set(delivery_ids) - set(present))
    if unknown:
        raise ConfigurationError(
            f"The ledger has no delivery {unknown[0]}.",
            remedy="Take ids from intend() of the same ledger.",
        )
    return present


def _set(connection: Connection, delivery_id: DeliveryId, **values: object) -> None:
    connection.execute(
        update(deliveries)
        .where(deliveries.c.delivery_id == delivery_id)
        .values(changed_at=func.clock_timestamp(), **values)
    )
