"""Statements on agreed records and conflicts."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, RowMapping, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import System
from tieout.domain.in_step.merge import Conflict, Reason, Values
from tieout.domain.in_step.records import AgreedRecord, ConflictState, KeptConflict
from tieout.errors import RejectedError, RetryableError
from tieout.ledger.schema import agreed_records, conflicts
from tieout.ledger.session import actor
from tieout.ledger.storable import storable, storable_columns

_AGREED = [agreed_records.c[name] for name in AgreedRecord.model_fields]


def agreed(
    connection: Connection, pair: str, entity: str, keys: Collection[str]
) -> dict[str, AgreedRecord]:
    """Return the agreed records of the keys, by key."""
    found = connection.execute(
        select(*_AGREED).where(
            agreed_records.c.pair == pair,
            agreed_records.c.entity == entity,
            agreed_records.c.key.in_(keys),
        )
    )
    return {row["key"]: AgreedRecord.model_validate(dict(row)) for row in found.mappings()}


def agree(connection: Connection, record: AgreedRecord) -> AgreedRecord:
    """Insert the first version, or update the one that was read.

    Raises:
        RetryableError: It has another version by now.
    """
    said = storable_columns(record.model_dump(mode="json", include={"fields", "intended"}))
    values = {
        **said,
        "written_at": list(record.written_at),
        "version": record.version + 1,
    }
    where = {"pair": record.pair, "entity": record.entity, "key": record.key}
    if record.version == 0:
        inserting = insert(agreed_records).values(**where, **values).on_conflict_do_nothing()
        stored = connection.execute(inserting.returning(agreed_records.c.version)).first()
    else:
        of_version = (agreed_records.c[name] == value for name, value in where.items())
        updating = (
            update(agreed_records)
            .where(*of_version, agreed_records.c.version == record.version)
            .values(changed_at=func.clock_timestamp(), **values)
        )
        stored = connection.execute(updating.returning(agreed_records.c.version)).first()
    if stored is None:
        raise RetryableError(
            f"{record.entity} {record.key} was agreed on anew by another worker.",
            remedy="Read both records and what was agreed again, and merge them anew.",
        )
    return record.model_copy(update={"version": record.version + 1})


def keep_conflicts(connection: Connection, record: AgreedRecord, now: Sequence[Conflict]) -> None:
    """Bring the conflicts of one record up to date."""
    known = _of_record(connection, record)
    open_by_field = {one.field: one for one in known if one.state is ConflictState.OPEN}
    for conflict in now:
        before = open_by_field.pop(conflict.field, None)
        if conflict.winner is None:
            _keep_open(connection, record, conflict, before)
            continue
        if before is not None:
            _close(connection, before.conflict_id, ConflictState.SETTLED, conflict)
        elif conflict.reason is not Reason.ANSWERED and not _is_kept(known, conflict):
            _insert(connection, record, conflict, ConflictState.SETTLED)
    for gone in open_by_field.values():
        _close(connection, gone.conflict_id, ConflictState.GONE)


def _of_record(connection: Connection, record: AgreedRecord) -> list[KeptConflict]:
    found = connection.execute(
        select(conflicts)
        .where(
            conflicts.c.pair == record.pair,
            conflicts.c.entity == record.entity,
            conflicts.c.key == record.key,
        )
        .order_by(conflicts.c.conflict_id)
        .with_for_update()
    )
    return [_kept(row) for row in found.mappings()]


def _is_kept(known: Sequence[KeptConflict], conflict: Conflict) -> bool:
    """Say whether the last that is known of the field is that very conflict."""
    of_field = [one for one in known if one.field == conflict.field]
    if not of_field:
        return False
    last = of_field[-1]
    return (last.values, last.winner) == (conflict.values, conflict.winner)


def _keep_open(
    connection: Connection, record: AgreedRecord, conflict: Conflict, before: KeptConflict | None
) -> None:
    if before is None:
        _insert(connection, record, conflict, ConflictState.OPEN)
    elif any(getattr(before, name) != getattr(conflict, name) for name in Conflict.model_fields):
        connection.execute(
            update(conflicts)
            .where(conflicts.c.conflict_id == before.conflict_id)
            .values(**_columns(conflict))
        )


def _insert(
    connection: Connection, record: AgreedRecord, conflict: Conflict, state: ConflictState
) -> None:
    is_open = state is ConflictState.OPEN
    connection.execute(
        insert(conflicts).values(
            pair=record.pair,
            entity=record.entity,
            key=record.key,
            state=state,
            closed_at=None if is_open else func.clock_timestamp(),
            **_columns(conflict),
        )
    )


def _columns(conflict: Conflict) -> dict[str, object]:
    plain = conflict.model_dump(include=set(Conflict.model_fields) - {"values", "winner"})
    values = conflict.values.model_dump(mode="json")
    # In an object, because a ledger may say nothing, which is no null of SQL's.
    told = {name: {"value": storable(value)} for name, value in values.items()}
    return {**plain, **told, "winner": conflict.winner or ""}


def _kept(row: RowMapping) -> KeptConflict:
    values = Values(xero=row["xero"].get("value"), sage100=row["sage100"].get("value"))
    told = {name: row[name] for name in KeptConflict.model_fields if name in row}
    return KeptConflict.model_validate({**told, "values": values, "winner": row["winner"] or None})


def _close(
    connection: Connection,
    conflict_id: int,
    state: ConflictState,
    conflict: Conflict | None = None,
    **values: object,
) -> None:
    told = _columns(conflict) if conflict is not None else {}
    connection.execute(
        update(conflicts)
        .where(conflicts.c.conflict_id == conflict_id)
        .values(state=state, closed_at=func.clock_timestamp(), **told, **values)
    )


def kept(
    connection: Connection,
    pair: str | None,
    entity: str | None,
    keys: Collection[str] | None,
    states: Collection[ConflictState],
    limit: int | None,
) -> list[KeptConflict]:
    """Return conflicts, the oldest first."""
    statement = select(conflicts).where(conflicts.c.state.in_(states))
    given = ((conflicts.c.pair, pair), (conflicts.c.entity, entity))
    statement = statement.where(*(column == value for column, value in given if value is not None))
    if keys is not None:
        statement = statement.where(conflicts.c.key.in_(keys))
    found = connection.execute(statement.order_by(conflicts.c.conflict_id).limit(limit))
    return [_kept(row) for row in found.mappings()]


def standing(connection: Connection, pair: str, entity: str) -> dict[str, System]:
    """Return the winner by field, where an answer counts from then on."""
    found = connection.execute(
        select(conflicts.c.field, conflicts.c.winner)
        .where(
            conflicts.c.pair == pair,
            conflicts.c.entity == entity,
            conflicts.c.is_standing.is_(True),
        )
        .order_by(conflicts.c.closed_at, conflicts.c.conflict_id)
    )
    return {row.field: System(row.winner) for row in found}


def answer(
    connection: Connection, conflict_id: int, winner: System, *, why: str, is_standing: bool
) -> KeptConflict:
    """Answer an open conflict; the same answer again changes nothing.

    Raises:
        RejectedError: There is none, or it is closed otherwise.
    """
    row = (
        connection.execute(
            select(conflicts).where(conflicts.c.conflict_id == conflict_id).with_for_update()
        )
        .mappings()
        .one_or_none()
    )
    known = None if row is None else _kept(row)
    if known is None or known.state not in (ConflictState.OPEN, ConflictState.ANSWERED):
        raise no_conflict(conflict_id, "" if known is None else known.state)
    if known.state is ConflictState.ANSWERED:
        if known.winner is not winner:
            raise no_conflict(conflict_id, f"answered for {known.winner}")
        return known
    _close(
        connection,
        conflict_id,
        ConflictState.ANSWERED,
        winner=winner,
        answered_by=actor(),
        answered_why=why,
        is_standing=is_standing,
    )
    answered = connection.execute(select(conflicts).where(conflicts.c.conflict_id == conflict_id))
    return _kept(answered.mappings().one())


def no_conflict(conflict_id: int, state: str) -> RejectedError:
    """Return the error of a conflict that cannot be answered."""
    what = f"Conflict {conflict_id} is {state}" if state else f"There is no conflict {conflict_id}"
    return RejectedError(
        f"{what}.",
        remedy="See 'tieout conflicts list' for those that wait for an answer.",
        cause="already_settled" if state else "unknown_conflict",
    )
