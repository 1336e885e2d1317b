"""Closed periods: through which day the books take nothing more, and who said so.

Both ledgers are closed together: what only one of them takes any more would part them. So one day
counts for both, the latest of three: Xero's lock dates, the periods that people closed in Sage 100,
and the pair's own date. Sage 100 tells nobody which periods it has closed (no table of its
dictionary holds it), so that day is the pair's to name. Domain ``accounting``, section 8.
"""

from datetime import date, timedelta

from tieout.domain.base import Frozen
from tieout.domain.pair import Pair

PERIOD_LOCKED = "period_locked"
"""The cause of what is set aside because its day is closed, before it is sent or by the target."""
CHOICES = (
    "Choose: 'tieout close post ID' posts it on the first open day, with its own day in the "
    "reference; or the controller opens the period again, then replay; or dismiss it."
)


class Closing(Frozen):
    """The last day that takes no postings, and whose word that is."""

    through: date
    by: str

    @property
    def first_open_day(self) -> date:
        """Return the first day that takes postings."""
        return self.through + timedelta(days=1)


def closing_of(pair: Pair, xero_lock: date | None) -> Closing | None:
    """Return what is closed, by the latest of all who may close; None when nothing is."""
    said = {
        "Xero's lock date": xero_lock,
        "the periods closed in Sage 100": pair.sage100_closed_through,
        "the pair's own date": pair.closed_through,
    }
    closed = [Closing(through=day, by=by) for by, day in said.items() if day is not None]
    return max(closed, key=lambda one: one.through, default=None)
