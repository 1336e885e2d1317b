"""Payment reconciliation of an installation: what is read, kept, and said of it by people."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tieout.domain.base import BatchId
from tieout.domain.ledger import Origin
from tieout.domain.reconciliation.queue import (
    IN_QUEUE,
    KeptCounts,
    KeptVariance,
    VarianceState,
)
from tieout.errors import RejectedError
from tieout.ledger.variances import PostgresVariances
from tieout.usecases.payment_reconciliation import PairPayments, reconcile_payments
from tieout.usecases.payouts import LOOK_BACK, capture_payouts
from tieout.wiring.installation import Tieout


class Payments:
    """The money of one installation's pairs."""

    def __init__(self, tieout: Tieout) -> None:
        """Take the installation; nothing is read before the first call."""
        self._tieout = tieout

    def reconciled(self, name: str, *, look_back: timedelta = LOOK_BACK) -> PairPayments:
        """Put together what is known of a pair's money, and keep nothing of it."""
        flow = self._tieout.flow(name)
        known_at = self._tieout.clock.now()
        return reconcile_payments(
            flow.pair,
            flow.xero,
            self._tieout.sage100(name),
            flow.gateways,
            since=known_at - look_back,
            known_at=known_at,
        )

    def keep(self, name: str) -> tuple[PairPayments, KeptCounts]:
        """Reconcile a pair, and bring its queue of variances to what was found."""
        found = self.reconciled(name)
        zone = ZoneInfo(self._tieout.pair(name).time_zone)
        counts = _queue(self._tieout).keep(
            name,
            found.variances,
            today=found.known_at.astimezone(zone).date(),
            payouts_since=(found.known_at - LOOK_BACK).astimezone(zone).date(),
        )
        return found, counts

    def capture(
        self, name: str, *, interval: tuple[datetime, datetime] | None, claimed_by: str
    ) -> BatchId | None:
        """Read payouts, and claim those that say something new.

        Those issued in ``interval``, as a backfill asks for it, else those of the last weeks.
        """
        now = self._tieout.clock.now()
        return capture_payouts(
            self._tieout.flow(name),
            interval=interval or (now - LOOK_BACK, now),
            origin=Origin.BACKFILL if interval else Origin.SWEEP,
            claimed_by=claimed_by,
        )

    def variances(self, name: str | None, *, is_in_queue: bool) -> list[KeptVariance]:
        """Return what is in the queue, or all there ever was, those of the most money first."""
        states = IN_QUEUE if is_in_queue else tuple(VarianceState)
        return _queue(self._tieout).variances(name, states=states)

    def variance(self, variance_id: int) -> KeptVariance:
        """Return one variance.

        Raises:
            RejectedError: There is none of that number.
        """
        return _queue(self._tieout).variance(variance_id)

    def assign(self, variance_id: int, to: str, *, by: str) -> KeptVariance:
        """Give a variance to somebody, in the name of ``by``.

        Raises:
            RejectedError: It is not in the queue.
        """
        with self._acting(by) as queue:
            return queue.assign(variance_id, to)

    def accept(self, variance_id: int, *, by: str, why: str, until: date) -> KeptVariance:
        """Let a variance stand through a day, in the name of ``by``.

        Raises:
            RejectedError: It is not in the queue, the reason is empty, or the day is over.
        """
        if until < self._tieout.clock.now().date():
            raise RejectedError(
                f"A variance cannot be accepted until {until.isoformat()}, which is over.",
                remedy="Give a day to come; when it is over, the variance is open again.",
                cause="acceptance_is_over",
                field="until",
                value=until.isoformat(),
            )
        with self._acting(by) as queue:
            return queue.accept(variance_id, why=_said(why), until=until)

    def resolve(self, variance_id: int, *, by: str, why: str) -> KeptVariance:
        """Close a variance as put right, in the name of ``by``.

        Raises:
            RejectedError: It is not in the queue, or the reason is empty.
        """
        with self._acting(by) as queue:
            return queue.resolve(variance_id, why=_said(why))

    @contextmanager
    def _acting(self, by: str) -> Iterator[PostgresVariances]:
        acting = self._tieout.acting_as(by)
        try:
            yield _queue(acting)
        finally:
            acting.close()


def _queue(tieout: Tieout) -> PostgresVariances:
    return PostgresVariances(tieout.ledger.database)


def _said(why: str) -> str:
    if not why.strip():
        raise RejectedError(
            "What is said of a variance needs a reason.",
            remedy="Say why, with --reason.",
            cause="reason_missing",
            field="reason",
        )
    return why.strip()
