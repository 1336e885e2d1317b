"""Statements that list bindings, and what is not the same, with who said so."""

from sqlalchemy import Connection, or_, select

from tieout.domain.in_step.crosswalk import KeptBinding, KeptNotSame
from tieout.ledger.schema import bindings, not_same


def all_bindings(  # noqa: PLR0913 - the port's own
    connection: Connection,
    pair: str,
    entity: str,
    *,
    named: str,
    with_ended: bool,
    after: str,
    limit: int,
) -> list[KeptBinding]:
    """Return the bindings of so many keys, in the keys' order."""
    wanted = [bindings.c.pair == pair, bindings.c.entity == entity, bindings.c.key > after]
    if not with_ended:
        wanted.append(bindings.c.ended_at.is_(None))
    names = (bindings.c.key, bindings.c.external_id, bindings.c.external_no)
    by_name = [or_(*(name == named for name in names))] if named else []
    keys = (
        select(bindings.c.key)
        .where(*wanted, *by_name)
        .distinct()
        .order_by(bindings.c.key)
        .limit(limit)
    )
    found = connection.execute(
        select(*(bindings.c[name] for name in KeptBinding.model_fields))
        .where(*wanted, bindings.c.key.in_(keys))
        .order_by(bindings.c.key, bindings.c.binding_id)
    )
    return [KeptBinding.model_validate(dict(row)) for row in found.mappings()]


def all_parted(
    connection: Connection, pair: str, entity: str, *, with_ended: bool
) -> list[KeptNotSame]:
    """Return who is not the same as whom, the oldest word first."""
    wanted = [not_same.c.pair == pair, not_same.c.entity == entity]
    if not with_ended:
        wanted.append(not_same.c.ended_at.is_(None))
    found = connection.execute(
        select(*(not_same.c[name] for name in KeptNotSame.model_fields))
        .where(*wanted)
        .order_by(not_same.c.not_same_id)
    )
    return [KeptNotSame.model_validate(dict(row)) for row in found.mappings()]
