"""Statements that point the crosswalk at what people merged or renumbered records into."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import System
from tieout.domain.in_step.records import NewHeir
from tieout.domain.ledger import Binding, NewBinding
from tieout.ledger import bindings as bound
from tieout.ledger.schema import bindings, heirs


def repoint(connection: Connection, new: NewBinding, *, why: str) -> None:
    """Bind a key to another record than so far; the same again changes nothing.

    Raises:
        RejectedError: The record is bound to another key.
    """
    known = bound.of_keys(connection, new.pair, new.entity, [new.key], new.system).get(new.key)
    if known is not None and known.key == new.key:
        if known.external_id == new.external_id:
            return
        bound.end(connection, new.pair, new.entity, new.key, new.system, why)
    bound.bind(connection, new)


def hand_over(connection: Connection, given: Sequence[NewHeir]) -> None:
    """Let things go by others; what those lack is theirs from now on. Again changes nothing."""
    for one in given:
        if not _go_by(connection, one):
            continue
        place = (one.pair, one.entity)
        known = bound.of_keys(connection, *place, [one.key, one.heir], one.system)
        before = known.get(one.key)
        if one.brings and known.pop(one.heir, None) is not None:
            bound.end(connection, *place, one.heir, one.system, one.why)
        bound.end(connection, *place, one.key, one.system, one.why)
        if before is not None and before.key == one.key and one.heir not in known:
            new = before.model_dump(include=set(NewBinding.model_fields))
            bound.bind(connection, NewBinding(**{**new, "key": one.heir, "provenance": one.why}))
        _point_others(connection, one)


def _go_by(connection: Connection, one: NewHeir) -> bool:
    """Keep the heir; False when it is the one already."""
    stored = connection.execute(
        insert(heirs)
        .values(one.model_dump(exclude={"brings"}))
        .on_conflict_do_update(
            constraint=heirs.primary_key,
            set_={"heir": one.heir, "why": one.why, "since": func.clock_timestamp()},
            where=heirs.c.heir != one.heir,
        )
        .returning(heirs.c.heir)
    )
    return stored.first() is not None


def _point_others(connection: Connection, one: NewHeir) -> None:
    """Let whoever went by a thing go by its heir, so that nothing is looked up in several steps."""
    connection.execute(
        update(heirs)
        .where(
            heirs.c.pair == one.pair,
            heirs.c.entity == one.entity,
            heirs.c.system == one.system,
            heirs.c.heir == one.key,
        )
        .values(heir=one.heir)
    )


def successors(
    connection: Connection, pair: str, entity: str, external_ids: Collection[str], system: System
) -> dict[str, Binding]:
    """Return by what goes now whatever was bound to these ids and is no more, by those ids."""
    found = connection.execute(
        select(bindings.c.external_id, bindings.c.key)
        .where(
            bindings.c.pair == pair,
            bindings.c.entity == entity,
            bindings.c.system == system,
            bindings.c.ended_at.is_not(None),
            bindings.c.external_id.in_(external_ids),
        )
        .order_by(bindings.c.binding_id)
    )
    keys = {row.external_id: row.key for row in found}
    now = bound.of_keys(connection, pair, entity, set(keys.values()), system)
    return {record_id: now[key] for record_id, key in keys.items() if key in now}


def half_merged(connection: Connection, pair: str, entity: str) -> list[NewHeir]:
    """Return what goes by another thing in one ledger, and by a record of its own in the other."""
    found = connection.execute(
        select(*(heirs.c[name] for name in ("pair", "entity", "system", "key", "heir", "why")))
        .join(
            bindings,
            and_(*(bindings.c[name] == heirs.c[name] for name in ("pair", "entity", "key"))),
        )
        .where(
            heirs.c.pair == pair,
            heirs.c.entity == entity,
            bindings.c.system != heirs.c.system,
            bindings.c.ended_at.is_(None),
        )
        .order_by(heirs.c.since, heirs.c.key)
    )
    return [NewHeir.model_validate(dict(row)) for row in found.mappings()]


def handed_over(
    connection: Connection, pair: str, entity: str, external_ids: Collection[str], system: System
) -> set[str]:
    """Return which of these records are bound no more because another one took their place."""
    found = connection.execute(
        select(bindings.c.external_id)
        .join(
            heirs,
            and_(
                *(heirs.c[name] == bindings.c[name] for name in ("pair", "entity", "system")),
                heirs.c.why == bindings.c.ended_why,
                or_(heirs.c.key == bindings.c.key, heirs.c.heir == bindings.c.key),
            ),
        )
        .where(
            bindings.c.pair == pair,
            bindings.c.entity == entity,
            bindings.c.system == system,
            bindings.c.ended_at.is_not(None),
            bindings.c.external_id.in_(external_ids),
        )
    )
    return set(found.scalars())
