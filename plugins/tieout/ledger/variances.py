"""The Variances port on PostgreSQL: one row for each document that ever had a variance."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import Connection, RowMapping, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text
from typing_extensions import override

from tieout.domain.reconciliation.queue import (
    IN_QUEUE,
    KeptCounts,
    KeptVariance,
    VarianceState,
    is_out_of_sight,
    state_when_seen,
)
from tieout.domain.reconciliation.records import Variance
from tieout.errors import RejectedError
from tieout.ledger.locks import lock_until_commit
from tieout.ledger.schema import variances
from tieout.ledger.session import Database, actor
from tieout.ports.variances import Variances

Key = tuple[str, str]
"""Which variance of a pair it is: its side and its document."""
_ANEW = {"said_by": "", "said_why": "", "accepted_until": None, "closed_at": None}


class PostgresVariances(Variances):
    """The queue of variances of one ledger."""

    def __init__(self, database: Database) -> None:
        """Take the ledger's database; nothing is read before the first call."""
        self._database = database

    @override
    def keep(
        self, pair: str, seen: Sequence[Variance], *, today: date, payouts_since: date
    ) -> KeptCounts:
        with self._database.transaction() as connection:
            # Two runs at once would each close what the other opened.
            lock_until_commit(connection, f"variances|{pair}")
            known = _known(connection, pair, seen)
            new = [one for one in seen if _key(one) not in known]
            if new:
                rows = [{"pair": pair, **_facts(one, today)} for one in new]
                connection.execute(insert(variances), rows)
            again = [(known.pop(_key(one)), one) for one in seen if _key(one) in known]
            states = [state_when_seen(kept, one, today=today) for kept, one in again]
            _renew(connection, again, states, today)
            gone = [
                kept.variance_id
                for kept in known.values()
                if kept.state in IN_QUEUE and not is_out_of_sight(kept, payouts_since=payouts_since)
            ]
            if gone:
                _close(connection, gone)
        reopened = sum(
            state is VarianceState.OPEN and kept.state is not VarianceState.OPEN
            for (kept, _seen), state in zip(again, states, strict=True)
        )
        accepted = states.count(VarianceState.ACCEPTED)
        return KeptCounts(
            opened=len(new),
            reopened=reopened,
            unchanged=len(again) - reopened - accepted,
            accepted=accepted,
            gone=len(gone),
        )

    @override
    def variances(
        self,
        pair: str | None = None,
        *,
        states: Collection[VarianceState] = IN_QUEUE,
        limit: int | None = None,
    ) -> list[KeptVariance]:
        wanted = select(variances).where(variances.c.state.in_(states)).limit(limit)
        if pair is not None:
            wanted = wanted.where(variances.c.pair == pair)
        wanted = wanted.order_by(variances.c.amount.desc(), variances.c.variance_id)
        with self._database.transaction() as connection:
            return [_kept(row) for row in connection.execute(wanted).mappings()]

    @override
    def variance(self, variance_id: int) -> KeptVariance:
        with self._database.transaction() as connection:
            return _one(connection, variance_id)

    @override
    def assign(self, variance_id: int, to: str) -> KeptVariance:
        return self._said(variance_id, {"assigned_to": to})

    @override
    def accept(self, variance_id: int, *, why: str, until: date) -> KeptVariance:
        said = {"state": VarianceState.ACCEPTED, "said_by": actor(), "said_why": why}
        return self._said(variance_id, {**said, "accepted_until": until})

    @override
    def resolve(self, variance_id: int, *, why: str) -> KeptVariance:
        said = {"state": VarianceState.RESOLVED, "said_by": actor(), "said_why": why}
        closed = {"accepted_until": None, "closed_at": func.clock_timestamp()}
        return self._said(variance_id, {**said, **closed})

    def _said(self, variance_id: int, values: Mapping[str, object]) -> KeptVariance:
        with self._database.transaction() as connection:
            known = _one(connection, variance_id, is_locked=True)
            if known.state not in IN_QUEUE:
                raise _not_in_queue(variance_id, f"it is {known.state}")
            connection.execute(
                update(variances).where(variances.c.variance_id == variance_id).values(**values)
            )
            return _one(connection, variance_id)


def _known(connection: Connection, pair: str, seen: Sequence[Variance]) -> dict[Key, KeptVariance]:
    """Return what is in the queue, and what was in it of the documents that were seen now."""
    documents = bindparam("documents", [one.document_id for one in seen], type_=ARRAY(Text))
    is_wanted = variances.c.state.in_(IN_QUEUE) | (variances.c.document_id == any_(documents))
    wanted = select(variances).where(variances.c.pair == pair, is_wanted).with_for_update()
    found = (_kept(row) for row in connection.execute(wanted).mappings())
    return {_key(one): one for one in found}


def _key(one: Variance) -> Key:
    return one.side, one.document_id


def _facts(one: Variance, today: date) -> dict[str, object]:
    plain = one.model_dump(include=set(Variance.model_fields) - {"entry", "evidence"})
    entry = None if one.entry is None else one.entry.model_dump(mode="json")
    day = today - timedelta(days=one.age_days)
    return {**plain, "day": day, "evidence": list(one.evidence), "entry": entry}


def _renew(
    connection: Connection,
    again: Sequence[tuple[KeptVariance, Variance]],
    states: Sequence[VarianceState],
    today: date,
) -> None:
    """Bring what is seen again up to date; what opens again has nothing said of it."""
    rows = []
    for (kept, seen), state in zip(again, states, strict=True):
        is_reopened = state is VarianceState.OPEN and kept.state is not VarianceState.OPEN
        told = {name: getattr(kept, name) for name in _ANEW}
        said = {**_facts(seen, today), **(_ANEW if is_reopened else told), "state": state}
        rows.append({"known_id": kept.variance_id, **said})
    if rows:
        names = [name for name in rows[0] if name != "known_id"]
        connection.execute(
            update(variances)
            .where(variances.c.variance_id == bindparam("known_id"))
            .values({**{name: bindparam(name) for name in names}, "seen_at": func.now()}),
            rows,
        )


def _close(connection: Connection, variance_ids: Sequence[int]) -> None:
    connection.execute(
        update(variances)
        .where(variances.c.variance_id.in_(variance_ids))
        .values(state=VarianceState.GONE, closed_at=func.clock_timestamp())
    )


def _one(connection: Connection, variance_id: int, *, is_locked: bool = False) -> KeptVariance:
    wanted = select(variances).where(variances.c.variance_id == variance_id)
    row = connection.execute(wanted.with_for_update() if is_locked else wanted).mappings().first()
    if row is None:
        raise _not_in_queue(variance_id, "there is none of that number")
    return _kept(row)


def _not_in_queue(variance_id: int, why: str) -> RejectedError:
    return RejectedError(
        f"Variance {variance_id} is not in the queue: {why}.",
        remedy="See 'tieout variances list' for those that are, --all for the closed ones.",
        cause="variance_not_in_queue",
        field="variance_id",
        value=str(variance_id),
    )


def _kept(row: RowMapping) -> KeptVariance:
    return KeptVariance.model_validate(dict(row))
