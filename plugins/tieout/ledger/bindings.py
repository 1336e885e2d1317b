"""Statements on bindings, which two unique indexes decide, and on what is not the same."""

from collections.abc import Collection

from sqlalchemy import Connection, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import System
from tieout.domain.in_step.records import NotSame
from tieout.domain.ledger import Binding, NewBinding
from tieout.errors import RejectedError
from tieout.ledger import rows
from tieout.ledger.schema import bindings, not_same


def bind(connection: Connection, new: NewBinding) -> None:
    """Insert a binding; the same key with the same external id is the same binding.

    Raises:
        RejectedError: The key or the external id is bound to something else.
    """
    inserted = connection.execute(
        insert(bindings).values(new.model_dump()).on_conflict_do_nothing()
    )
    if inserted.rowcount == 1:
        return
    found = connection.execute(
        select(bindings.c.key, bindings.c.external_id).where(
            bindings.c.pair == new.pair,
            bindings.c.entity == new.entity,
            bindings.c.system == new.system,
            bindings.c.ended_at.is_(None),
            or_(bindings.c.key == new.key, bindings.c.external_id == new.external_id),
        )
    )
    others = [row for row in found if (row.key, row.external_id) != (new.key, new.external_id)]
    if others:
        raise RejectedError(
            f"{new.entity} {new.key!r} cannot be bound to {new.external_id!r} in {new.system}: "
            f"{others[0].key!r} is bound to {others[0].external_id!r}.",
            remedy="Find out which of the two is right, and correct or merge the other.",
            cause="number_taken",
            field="external_id",
            value=new.external_id,
        )


def of_keys(
    connection: Connection, pair: str, entity: str, keys: Collection[str], system: System
) -> dict[str, Binding]:
    """Return the bindings of the keys, by key."""
    found = connection.execute(
        select(*rows.BINDING).where(
            and_(
                bindings.c.pair == pair,
                bindings.c.entity == entity,
                bindings.c.system == system,
                bindings.c.ended_at.is_(None),
                bindings.c.key.in_(keys),
            )
        )
    )
    return {row["key"]: rows.binding(row) for row in found.mappings()}


def of_external_ids(
    connection: Connection, pair: str, entity: str, external_ids: Collection[str], system: System
) -> dict[str, Binding]:
    """Return the bindings to the external ids, by external id."""
    found = connection.execute(
        select(*rows.BINDING).where(
            and_(
                bindings.c.pair == pair,
                bindings.c.entity == entity,
                bindings.c.system == system,
                bindings.c.ended_at.is_(None),
                bindings.c.external_id.in_(external_ids),
            )
        )
    )
    return {row["external_id"]: rows.binding(row) for row in found.mappings()}


def end(connection: Connection, pair: str, entity: str, key: str, system: System, why: str) -> bool:
    """End a binding; False when there is none."""
    ended = connection.execute(
        update(bindings)
        .where(
            bindings.c.pair == pair,
            bindings.c.entity == entity,
            bindings.c.key == key,
            bindings.c.system == system,
            bindings.c.ended_at.is_(None),
        )
        .values(ended_at=func.clock_timestamp(), ended_why=why)
    )
    return ended.rowcount == 1


def part(connection: Connection, said: NotSame, *, is_so: bool) -> None:
    """Keep that two records are not the same, or take it back."""
    values = said.in_order.model_dump()
    if is_so:
        connection.execute(insert(not_same).values(values).on_conflict_do_nothing())
        return
    connection.execute(
        update(not_same)
        .where(
            *(not_same.c[name] == value for name, value in values.items()),
            not_same.c.ended_at.is_(None),
        )
        .values(ended_at=func.clock_timestamp())
    )


def parted(connection: Connection, pair: str, entity: str) -> list[NotSame]:
    """Return which records are not the same, as it stands."""
    found = connection.execute(
        select(*(not_same.c[name] for name in NotSame.model_fields))
        .where(not_same.c.pair == pair, not_same.c.entity == entity, not_same.c.ended_at.is_(None))
        .order_by(not_same.c.not_same_id)
    )
    return [NotSame.model_validate(dict(row)) for row in found.mappings()]
