"""The queue of variances, as it is kept."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Protocol

from tieout.domain.reconciliation.queue import IN_QUEUE, KeptCounts, KeptVariance, VarianceState
from tieout.domain.reconciliation.records import Variance


class Variances(Protocol):
    """The queue. Each call is one transaction, in the name of who acts."""

    def keep(
        self, pair: str, seen: Sequence[Variance], *, today: date, payouts_since: date
    ) -> KeptCounts:
        """Bring the queue of a pair to what a run saw: open what is new, close what is gone.

        A document that has a variance on its side already keeps that one. What a gateway paid out
        before ``payouts_since`` was not read, and stays as it is.
        """

    def variances(
        self,
        pair: str | None = None,
        *,
        states: Collection[VarianceState] = IN_QUEUE,
        limit: int | None = None,
    ) -> list[KeptVariance]:
        """Return the variances in these states, those of the most money first."""

    def variance(self, variance_id: int) -> KeptVariance:
        """Return one variance.

        Raises:
            RejectedError: There is none of that number.
        """

    def assign(self, variance_id: int, to: str) -> KeptVariance:
        """Give a variance in the queue to somebody.

        Raises:
            RejectedError: There is none in the queue of that number.
        """

    def accept(self, variance_id: int, *, why: str, until: date) -> KeptVariance:
        """Let a variance in the queue stand through a day.

        Raises:
            RejectedError: There is none in the queue of that number.
        """

    def resolve(self, variance_id: int, *, why: str) -> KeptVariance:
        """Close a variance in the queue as put right.

        Raises:
            RejectedError: There is none in the queue of that number.
        """
