"""The queue of variances: what is kept of each from one run to the next, and who said what of it.

A variance is of one document on one side, and stays the same one for as long as the document has
one; what it comes to may change. A run opens and closes, people accept and resolve.
"""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime

from tieout.domain.base import Frozen
from tieout.domain.reconciliation.records import Side, Variance


class VarianceState(StrEnum):
    """Where a variance stands; the first two are in the queue."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """Somebody says, with name and reason, that it may stand until a day."""
    RESOLVED = "resolved"
    """Somebody says that it is put right; a run that sees it again opens it again."""
    GONE = "gone"
    """A run did not see it any more."""


IN_QUEUE = (VarianceState.OPEN, VarianceState.ACCEPTED)


class KeptVariance(Variance):
    """A variance as it is kept: since when, whose it is now, and what was said of it.

    Its age is that of the day when it was seen last.
    """

    variance_id: int
    pair: str
    day: date
    """The day of the document."""
    state: VarianceState
    assigned_to: str = ""
    """Who sees to it, '' for whoever the owner is."""
    said_by: str = ""
    """Who accepted or resolved it last."""
    said_why: str = ""
    accepted_until: date | None = None
    opened_at: AwareDatetime
    seen_at: AwareDatetime
    closed_at: AwareDatetime | None = None


class KeptCounts(Frozen):
    """What one run changed in the queue of a pair."""

    opened: int = 0
    reopened: int = 0
    """Closed, accepted for another amount, or accepted until a day that is over, and seen again."""
    unchanged: int = 0
    accepted: int = 0
    gone: int = 0


def state_when_seen(kept: KeptVariance, seen: Variance, *, today: date) -> VarianceState:
    """Return the state of a variance that is seen again.

    What was accepted stays so through its day, and only as what it was: another amount or class is
    another thing than was agreed to.
    """
    is_same = (kept.variance_class, kept.currency, kept.amount) == (
        seen.variance_class,
        seen.currency,
        seen.amount,
    )
    is_accepted = kept.state is VarianceState.ACCEPTED and is_same
    if is_accepted and kept.accepted_until is not None and today <= kept.accepted_until:
        return VarianceState.ACCEPTED
    return VarianceState.OPEN


def is_out_of_sight(kept: KeptVariance, *, payouts_since: date) -> bool:
    """Say whether a run cannot tell that a variance is gone: its payout was not read any more."""
    return kept.side is Side.GATEWAY and kept.day < payouts_since
