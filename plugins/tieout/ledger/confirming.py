"""Statements that record what a target holds: reading the target is the truth.

So even a refused delivery can turn out to have landed. All that one answer of a target brings is
recorded at once: a document must not cost the database a conversation.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, RowMapping, bindparam, func, select, update

from tieout.domain.base import DeliveryId
from tieout.domain.ledger import LANDED, Confirmation, DeliveryState, Landed
from tieout.errors import RejectedError, RetryableError
from tieout.ledger.bindings import bind_all
from tieout.ledger.deliveries import CREATE, locked
from tieout.ledger.schema import deliveries
from tieout.ledger.storable import storable_columns

Rejected = dict[DeliveryId, RejectedError]
_ID = "of_delivery"
_ENTER = (
    update(deliveries)
    .where(deliveries.c.delivery_id == bindparam(_ID))
    .values(
        state=DeliveryState.ENTERED,
        cause="",
        message="",
        remedy="",
        changed_at=func.clock_timestamp(),
        **{name: bindparam(f"landed_{name}") for name in Landed.model_fields},
    )
)


def confirm(connection: Connection, confirmations: Sequence[Confirmation]) -> Rejected:
    """Record what the target holds, and bind it; the same again changes nothing.

    Returns what was rejected: it landed with another id, or its id is another record's.

    Raises:
        RetryableError: Another version is meant by now, and this one was compared with its own.
    """
    present = locked(connection, [one.delivery.delivery_id for one in confirmations])
    rejected: Rejected = {}
    fresh: list[Confirmation] = []
    for one in confirmations:
        row = present[one.delivery.delivery_id]
        if row["version_hash"] != one.delivery.version_hash:
            raise RetryableError(
                f"Delivery {one.delivery.delivery_id} means another version by now.",
                remedy="The next attempt compares what the target holds with that one.",
            )
        if row["state"] not in LANDED:
            fresh.append(one)
        elif row["external_id"] != one.landed.external_id:
            rejected[one.delivery.delivery_id] = _landed_twice(one, row)
    rejected |= _claimed(connection, fresh)
    rejected |= _bound(connection, confirmations, rejected)
    entered = [
        {_ID: one.delivery.delivery_id, **_columns(one.landed)}
        for one in fresh
        if one.delivery.delivery_id not in rejected
    ]
    if entered:
        connection.execute(_ENTER, entered)
    return rejected


def _columns(landed: Landed) -> dict[str, object]:
    columns = storable_columns(landed.model_dump())
    return {f"landed_{name}": value for name, value in columns.items()}


def _bound(
    connection: Connection, confirmations: Sequence[Confirmation], rejected: Rejected
) -> Rejected:
    """Bind what was not rejected; return what is bound otherwise."""
    wanted = {
        one.binding.key: one
        for one in confirmations
        if one.binding is not None and one.delivery.delivery_id not in rejected
    }
    clashes = bind_all(connection, [one.binding for one in wanted.values() if one.binding])
    return {wanted[key].delivery.delivery_id: error for key, error in clashes.items()}


def _landed_twice(one: Confirmation, present: RowMapping) -> RejectedError:
    return RejectedError(
        f"Delivery {one.delivery.delivery_id} has landed as {present['external_id']!r} and was "
        f"read back as {one.landed.external_id!r}.",
        remedy="Look at both at the target; void the one that must not be there.",
        cause="read_back_differs",
        field="external_id",
        value=one.landed.external_id,
    )


def _claimed(connection: Connection, fresh: Sequence[Confirmation]) -> Rejected:
    """Return what another delivery created: a document at the target belongs to one delivery."""
    created = [one for one in fresh if one.delivery.operation == CREATE and one.landed.external_id]
    if not created:
        return {}
    first = created[0].delivery
    found = connection.execute(
        select(deliveries.c.external_id, deliveries.c.document_key, deliveries.c.delivery_id).where(
            deliveries.c.pair == first.pair,
            deliveries.c.target == first.target,
            deliveries.c.entity == first.entity,
            deliveries.c.operation == CREATE,
            deliveries.c.external_id.in_([one.landed.external_id for one in created]),
        )
    )
    owners = {row.external_id: (row.delivery_id, row.document_key) for row in found}
    return _not_first(created, owners)


def _not_first(created: Sequence[Confirmation], owners: Mapping[str, tuple[int, str]]) -> Rejected:
    """Return those of which the id is another's, of those that come here together as well."""
    taken = dict(owners)
    rejected: Rejected = {}
    for one in created:
        delivery = one.delivery
        mine = (delivery.delivery_id, delivery.document_key)
        owner, key = taken.setdefault(one.landed.external_id, mine)
        if owner != delivery.delivery_id:
            rejected[delivery.delivery_id] = RejectedError(
                f"{delivery.target} {delivery.entity} {one.landed.external_id!r} was read back for "
                f"{delivery.document_key!r} and is that of {key!r}.",
                remedy="Look at both at the source and the one at the target; bind the right one.",
                cause="number_taken",
                field="external_id",
                value=one.landed.external_id,
            )
    return rejected
