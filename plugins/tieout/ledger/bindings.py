"""Statements on bindings, which two unique indexes decide, and on what is not the same."""

from collections.abc import Collection, Sequence
from operator import attrgetter

from sqlalchemy import Connection, Text, and_, func, literal, or_, select, union_all, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tieout.domain.base import System
from tieout.domain.in_step.records import NotSame
from tieout.domain.ledger import Binding, NewBinding
from tieout.errors import RejectedError
from tieout.ledger import rows
from tieout.ledger.schema import bindings, heirs, not_same
from tieout.ledger.session import actor

_PLACE = ("pair", "entity", "system")


def bind(connection: Connection, new: NewBinding) -> None:
    """Insert a binding; the same key with the same external id is the same binding.

    Raises:
        RejectedError: The key or the external id is bound to something else.
    """
    for error in bind_all(connection, [new]).values():
        raise error


def bind_all(connection: Connection, new: Sequence[NewBinding]) -> dict[str, RejectedError]:
    """Insert bindings of one pair, entity and system; return by key what could not be, and why.

    That is a key, or an external id, which is bound to something else.
    """
    if not new:
        return {}
    in_order = sorted(new, key=attrgetter("key"))  # so that no two at once wait for each other
    connection.execute(
        insert(bindings).on_conflict_do_nothing(), [one.model_dump() for one in in_order]
    )
    first = new[0]
    keys, ids = [one.key for one in new], [one.external_id for one in new]
    found = connection.execute(
        select(bindings.c.key, bindings.c.external_id).where(
            bindings.c.pair == first.pair,
            bindings.c.entity == first.entity,
            bindings.c.system == first.system,
            bindings.c.ended_at.is_(None),
            or_(bindings.c.key.in_(keys), bindings.c.external_id.in_(ids)),
        )
    )
    bound = [(row.key, row.external_id) for row in found]
    by_key, by_id = dict(bound), {external_id: key for key, external_id in bound}
    rejected: dict[str, RejectedError] = {}
    for one in new:
        other_id, other_key = by_key.get(one.key), by_id.get(one.external_id)
        if other_id not in {None, one.external_id}:
            rejected[one.key] = _bound_otherwise(one, one.key, str(other_id))
        elif other_key not in {None, one.key}:
            rejected[one.key] = _bound_otherwise(one, str(other_key), one.external_id)
    return rejected


def _bound_otherwise(new: NewBinding, key: str, external_id: str) -> RejectedError:
    return RejectedError(
        f"{new.entity} {new.key!r} cannot be bound to {new.external_id!r} in {new.system}: "
        f"{key!r} is bound to {external_id!r}.",
        remedy="Find out which of the two is right, and correct or merge the other.",
        cause="number_taken",
        field="external_id",
        value=new.external_id,
    )


def of_keys(
    connection: Connection, pair: str, entity: str, keys: Collection[str], system: System
) -> dict[str, Binding]:
    """Return the bindings of the keys, by key; of what was merged, those of what it goes by."""
    of_place = (
        bindings.c.pair == pair,
        bindings.c.entity == entity,
        bindings.c.system == system,
        bindings.c.ended_at.is_(None),
    )
    # Rows to join: of an array, PostgreSQL would look up each key again for every binding.
    wanted = select(func.unnest(literal(list(keys), ARRAY(Text))))
    own = select(bindings.c.key.label("asked"), *rows.BINDING).where(
        *of_place, bindings.c.key.in_(wanted)
    )
    of_heirs = (
        select(heirs.c.key.label("asked"), *rows.BINDING)
        .join(heirs, and_(*(heirs.c[name] == bindings.c[name] for name in _PLACE)))
        .where(*of_place, heirs.c.heir == bindings.c.key, heirs.c.key.in_(wanted))
    )
    found = connection.execute(union_all(of_heirs, own)).mappings().all()
    # What has a record of its own all the same, because a person linked it, goes by that.
    in_order = sorted(found, key=lambda row: bool(row["asked"] == row["key"]))
    return {row["asked"]: rows.binding(row) for row in in_order}


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
        .values(ended_at=func.clock_timestamp(), ended_by=actor(), ended_why=why)
    )
    return ended.rowcount == 1


def part(connection: Connection, said: NotSame, *, is_so: bool, why: str) -> None:
    """Keep that two records are not the same, or take it back."""
    values = said.in_order.model_dump()
    if is_so:
        connection.execute(insert(not_same).values(**values, why=why).on_conflict_do_nothing())
        return
    connection.execute(
        update(not_same)
        .where(
            *(not_same.c[name] == value for name, value in values.items()),
            not_same.c.ended_at.is_(None),
        )
        .values(ended_at=func.clock_timestamp(), ended_by=actor())
    )


def parted(connection: Connection, pair: str, entity: str) -> list[NotSame]:
    """Return which records are not the same, as it stands."""
    found = connection.execute(
        select(*(not_same.c[name] for name in NotSame.model_fields))
        .where(not_same.c.pair == pair, not_same.c.entity == entity, not_same.c.ended_at.is_(None))
        .order_by(not_same.c.not_same_id)
    )
    return [NotSame.model_validate(dict(row)) for row in found.mappings()]
