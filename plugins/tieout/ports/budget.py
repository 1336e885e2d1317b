"""The budget of calls that all workers share."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from tieout.domain.budget import Answered, Caller, Lane, Permit, Standing, Usage, Wait


class CallBudget(Protocol):
    """The calls that an app may make of one organization; its lanes are domain.budget's.

    Neither method waits. Times are the store's. A permit that is never settled lapses by itself.
    """

    def admit(self, lane: Lane, *, since: datetime | None = None) -> Permit | Wait:
        """Let one call through, or say when to ask again.

        ``since`` is what the first ``Wait`` of the same call said: it keeps its place in the line.

        Raises:
            UnavailableError: The store cannot be reached, so nobody may call.
        """

    def settle(self, permit: Permit, caller: Caller, answered: Answered) -> None:
        """Say what became of the call, and meter it on the caller's account.

        Raises:
            UnavailableError: The store cannot be reached; the permit lapses by itself.
        """

    def standing(self) -> Standing:
        """Return how the budget stands."""

    def usage(self, since: date) -> Sequence[Usage]:
        """Return what was used on that day (UTC) and later, by day, flow and lane."""
