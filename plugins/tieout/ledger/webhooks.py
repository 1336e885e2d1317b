"""The Webhooks port on PostgreSQL: ranges of numbers that are only added, and what lies between.

The receiver's role may insert and nothing else, so a gap is not noted when it opens: it is what the
rows leave out, and it is gone once late events have come.
"""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, Select, func, literal, select, update
from sqlalchemy import over as over_window
from sqlalchemy.dialects.postgresql import insert
from typing_extensions import override

from tieout.domain.ledger import InboxState, NewInboxEntry
from tieout.domain.webhooks import NO_PAIR, AppWebhooks, HeardEvents, MissedEvents, Strays
from tieout.errors import AuthenticationError, RejectedError
from tieout.ledger import inbox as inbox_statements
from tieout.ledger.schema import inbox, webhook_ranges
from tieout.ledger.session import Database, act_as
from tieout.ports.webhooks import Webhooks

DISMISSED = "dismissed"


class PostgresWebhooks(Webhooks):
    """The webhooks of one ledger."""

    def __init__(self, database: Database) -> None:
        """Take the ledger's database; nothing is read before the first call."""
        self._database = database

    def check_landing(self) -> None:
        """Make sure that this role may land what webhooks bring.

        Raises:
            UnavailableError: The database cannot be reached.
            AuthenticationError: The role may not insert.
            ConfigurationError: The database is not migrated.
        """
        right = func.has_column_privilege(webhook_ranges.fullname, "last_no", "INSERT")
        with self._database.transaction() as connection:
            inbox_statements.check_landing(connection)
            if not connection.execute(select(right)).scalar_one():
                raise AuthenticationError(
                    "The database role may not note which webhook events it heard.",
                    remedy="Run tieout.ledger.grants for it, as the owner of the tables.",
                )

    @override
    def land(self, entries: Sequence[NewInboxEntry], heard: HeardEvents | None) -> int:
        with self._database.transaction() as connection:
            if heard is not None:
                noting = insert(webhook_ranges).inline().values(heard.model_dump())
                connection.execute(noting.on_conflict_do_nothing())
            return inbox_statements.land(connection, entries)

    @override
    def apps(self) -> list[AppWebhooks]:
        ranges = webhook_ranges.c
        statement = (
            select(
                ranges.app,
                func.max(ranges.last_no).label("last_no"),
                func.max(ranges.heard_at).label("heard_at"),
            )
            .where(ranges.given_up_by == "")
            .group_by(ranges.app)
            .order_by(ranges.app)
        )
        with self._database.transaction() as connection:
            found = connection.execute(statement).mappings()
            return [AppWebhooks.model_validate(dict(row)) for row in found]

    @override
    def missed(self) -> list[MissedEvents]:
        with self._database.transaction() as connection:
            return _missed(connection)

    @override
    def strays(self) -> list[Strays]:
        statement = (
            select(
                inbox.c.account,
                func.count().label("count"),
                func.max(inbox.c.received_at).label("latest_at"),
            )
            .where(inbox.c.pair == NO_PAIR, inbox.c.state == InboxState.PENDING)
            .group_by(inbox.c.account)
            .order_by(inbox.c.account)
        )
        with self._database.transaction() as connection:
            found = connection.execute(statement).mappings()
            return [Strays.model_validate(dict(row)) for row in found]

    @override
    def give_up(self, events: HeardEvents, *, by: str, reason: str) -> None:
        with self._database.transaction() as connection:
            act_as(connection, by)
            missed = _missed(connection)
            if not any(
                one.app == events.app
                and one.first_no <= events.first_no
                and events.last_no <= one.last_no
                for one in missed
            ):
                raise RejectedError(
                    f"{events.app}: events {events.first_no} to {events.last_no} are not missed.",
                    remedy="'tieout webhooks' lists what is.",
                    cause="not_missed",
                )
            given_up = {**events.model_dump(), "given_up_by": by, "reason": reason}
            connection.execute(insert(webhook_ranges).values(given_up).on_conflict_do_nothing())

    @override
    def dismiss(self, account: str, *, by: str) -> int:
        with self._database.transaction() as connection:
            act_as(connection, by)
            dismissed = connection.execute(
                update(inbox)
                .where(
                    inbox.c.pair == NO_PAIR,
                    inbox.c.account == account,
                    inbox.c.state == InboxState.PENDING,
                )
                .values(state=InboxState.SKIPPED, rule=DISMISSED)
            ).rowcount
        if not dismissed:
            raise RejectedError(
                f"No webhook event of {account!r} waits without a pair.",
                remedy="'tieout webhooks' lists whose do.",
                cause="no_strays",
            )
        return dismissed


def _missed(connection: Connection) -> list[MissedEvents]:
    found = connection.execute(_gaps()).mappings()
    return [MissedEvents.model_validate(dict(row)) for row in found]


def _gaps() -> Select[str, int, int, object]:
    """Select what lies between the ranges; one that begins lower than heard before is a repeat.

    Before the first number ever heard nothing is missed: the app's webhook is older than we are.
    """
    ranges = webhook_ranges.c
    over = partial(over_window, partition_by=ranges.app, order_by=(ranges.first_no, ranges.last_no))
    known = (
        select(
            ranges.app,
            ranges.first_no,
            over(func.max(ranges.last_no), rows=(None, -1)).label("through"),
            over(func.min(ranges.heard_at), rows=(0, None)).label("since"),
        )
    ).subquery()
    return (
        select(
            known.c.app,
            (known.c.through + literal(1)).label("first_no"),
            (known.c.first_no - literal(1)).label("last_no"),
            known.c.since,
        )
        .where(known.c.first_no > known.c.through + literal(1))
        .order_by(known.c.app, known.c.first_no)
    )
