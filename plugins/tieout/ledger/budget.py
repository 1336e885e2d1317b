"""The CallBudget port on PostgreSQL: one row for each organization and one for its app.

What becomes of a call is decided by domain.admission and domain.calls while the rows are locked,
always the organization's first; times are the database's. Use is added up by day, flow and lane.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert
from typing_extensions import override

from tieout.domain.admission import Asked, admit
from tieout.domain.base import Frozen
from tieout.domain.budget import (
    Allowed,
    Answered,
    Caller,
    Lane,
    Permit,
    Standing,
    Usage,
    Wait,
)
from tieout.domain.calls import (
    AppCalls,
    OrganizationCalls,
    app_settled,
    concerns_app,
    settle,
    standing,
)
from tieout.domain.forecast import live_per_day, live_since
from tieout.ledger.schema import budgets, call_usage
from tieout.ledger.session import Database
from tieout.ports.budget import CallBudget

State = TypeVar("State", bound=Frozen)


class PostgresCallBudget(CallBudget):
    """The budget of one app at one organization."""

    def __init__(
        self,
        database: Database,
        *,
        app: str,
        organization: str,
        allowed: Allowed,
        present: ColumnElement[Any] | None = None,
    ) -> None:
        """Take the database, whose budget it is, and what the system allows.

        ``present`` is the SQL of the present; without it, the database's clock.
        """
        self._database = database
        self._app = app
        self._organization = organization
        self._allowed = allowed
        self._present = func.clock_timestamp() if present is None else present

    @override
    def admit(self, lane: Lane, *, since: datetime | None = None) -> Permit | Wait:
        with self._database.transaction() as connection:
            calls = self._locked(connection, self._organization, OrganizationCalls)
            app = self._locked(connection, self._app, AppCalls)
            # Read after the locks were waited for, so that times follow each other as changes do.
            now = self._now(connection)
            live = 0
            if lane is Lane.BACKFILL:
                live = live_per_day(self._usage(connection, live_since(now)))
            admitted = admit(calls, app, self._allowed, Asked(lane, since or now, live), now)
            if admitted.calls != calls:
                self._store(connection, self._organization, admitted.calls)
            if isinstance(admitted.answer, Permit):
                self._store(connection, self._app, admitted.app)
            return admitted.answer

    @override
    def settle(self, permit: Permit, caller: Caller, answered: Answered) -> None:
        with self._database.transaction() as connection:
            calls = self._locked(connection, self._organization, OrganizationCalls)
            now = self._now(connection)
            settled = settle(calls, self._allowed, permit, answered, now)
            self._store(connection, self._organization, settled)
            if concerns_app(self._allowed, answered):
                app = self._locked(connection, self._app, AppCalls)
                after = app_settled(app, self._allowed, answered, now)
                self._store(connection, self._app, after)
            self._meter(connection, caller, answered, now.date())

    @override
    def standing(self) -> Standing:
        with self._database.transaction() as connection:
            state = select(budgets.c.state).where(budgets.c.name == self._organization)
            calls = OrganizationCalls.model_validate(connection.execute(state).scalar() or {})
            return standing(calls, self._allowed, self._organization, self._now(connection))

    @override
    def usage(self, since: date) -> Sequence[Usage]:
        with self._database.transaction() as connection:
            return self._usage(connection, since)

    def _now(self, connection: Connection) -> datetime:
        now: datetime = connection.execute(select(self._present)).scalar_one()
        return now.astimezone(UTC)

    def _locked(self, connection: Connection, name: str, kind: type[State]) -> State:
        """Return a state, its row locked until the transaction ends."""
        statement = select(budgets.c.state).where(budgets.c.name == name).with_for_update()
        stored = connection.execute(statement).scalar_one_or_none()
        if stored is None:
            connection.execute(insert(budgets).values(name=name).on_conflict_do_nothing())
            stored = connection.execute(statement).scalar_one()
        return kind.model_validate(stored)

    def _store(self, connection: Connection, name: str, state: Frozen) -> None:
        content = state.model_dump(mode="json", exclude_defaults=True)
        connection.execute(
            update(budgets)
            .where(budgets.c.name == name)
            .values(state=content, changed_at=func.clock_timestamp())
        )

    def _meter(self, connection: Connection, caller: Caller, answered: Answered, day: date) -> None:
        counts = {
            "calls": 1,
            "limited": int(answered.limited_by is not None),
            "received_bytes": answered.received_bytes,
            "unpacked_bytes": answered.unpacked_bytes,
        }
        key = {
            "app": self._app,
            "organization": self._organization,
            "day": day,
            "flow": caller.flow,
            "lane": caller.lane,
        }
        adding = insert(call_usage).values(**key, **counts)
        connection.execute(
            adding.on_conflict_do_update(
                index_elements=list(key),
                set_={name: call_usage.c[name] + adding.excluded[name] for name in counts},
            )
        )

    def _usage(self, connection: Connection, since: date) -> list[Usage]:
        columns = [call_usage.c[name] for name in Usage.model_fields]
        statement = (
            select(*columns)
            .where(call_usage.c.organization == self._organization, call_usage.c.day >= since)
            .order_by(call_usage.c.day, call_usage.c.flow, call_usage.c.lane)
        )
        return [Usage.model_validate(dict(row)) for row in connection.execute(statement).mappings()]


def app_usage(database: Database, app: str, since: date) -> list[Usage]:
    """Return what all organizations of an app used on that day (UTC) and later."""
    columns = [call_usage.c[name] for name in Usage.model_fields]
    statement = select(*columns).where(call_usage.c.app == app, call_usage.c.day >= since)
    with database.transaction() as connection:
        return [Usage.model_validate(dict(row)) for row in connection.execute(statement).mappings()]
