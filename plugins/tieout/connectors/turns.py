"""Turns: every request to a system with a budget waits for its turn, and says what came of it.

Short waits happen here, in the worker. What would take longer is an error that says when, so that
whoever runs the worker can let it do something else meanwhile.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import NamedTuple

from typing_extensions import override

from tieout.connectors.http import Answer, Patience, Sent
from tieout.domain.admission import Asked, admit
from tieout.domain.budget import (
    MINUTE_S,
    Allowed,
    Answered,
    Caller,
    Lane,
    Limit,
    Permit,
    Standing,
    Usage,
    Wait,
)
from tieout.domain.calls import AppCalls, OrganizationCalls, app_settled, settle, standing
from tieout.domain.forecast import live_per_day, live_since
from tieout.errors import RateLimitedError, TieoutError
from tieout.ports.budget import CallBudget
from tieout.ports.clock import Clock

log = logging.getLogger(__name__)


class Turns:
    """The turns of one caller at one system."""

    def __init__(
        self,
        budget: CallBudget,
        caller: Caller,
        *,
        system: str,
        said: Callable[[Answer], Answered],
        sleep: Callable[[float], None],
    ) -> None:
        """Take the budget, and on whose account the calls are.

        ``said`` reads in an answer of the system what it says of the limits.
        """
        self._budget = budget
        self._caller = caller
        self._system = system
        self._said = said
        self._sleep = sleep

    @contextmanager
    def turn(self, patience: Patience) -> Iterator[Sent]:
        """Wait for a turn, let the request happen in the block, and settle it.

        Raises:
            RateLimitedError: It would take longer than the patience lasts; nothing was sent.
            UnavailableError: The budget cannot be asked; nothing was sent.
        """
        permit = self._permit(patience)
        answers: list[Answer] = []
        try:
            yield answers.append
        finally:
            self._settle(permit, self._said(answers[0]) if answers else Answered())

    def _permit(self, patience: Patience) -> Permit:
        since = None
        while isinstance(answer := self._budget.admit(self._caller.lane, since=since), Wait):
            since = answer.since
            if answer.opens_in_s > patience.left_s or not patience.lasts(answer.retry_in_s):
                raise self._too_long(answer)
            self._sleep(answer.retry_in_s)
        return answer

    def _settle(self, permit: Permit, answered: Answered) -> None:
        """Settle it. A failure must not hide what the call came to: its permit will lapse."""
        try:
            self._budget.settle(permit, self._caller, answered)
        except TieoutError as error:
            log.warning("A call of %s was not settled in its budget: %s", self._system, error)

    def _too_long(self, wait: Wait) -> RateLimitedError:
        opens_in_s = max(wait.opens_in_s, MINUTE_S)
        what = f"{self._system}'s calls are used up for now ({wait.limit} limit)"
        if wait.limit is Limit.DAY and self._caller.lane is not Lane.EVENT:
            what = f"{self._system}'s calls of the day are used up, or left to more urgent ones"
        message = f"{what}: {self._caller.flow} has to wait in the lane {self._caller.lane}."
        remedy = (
            f"It goes on by itself in {opens_in_s:.0f} s; nothing was sent. See 'tieout budget'."
        )
        return RateLimitedError(message, remedy=remedy, retry_after_s=opens_in_s)


class _Metered(NamedTuple):
    """Under what calls are added up."""

    day: date
    flow: str
    lane: Lane


class MemoryApp:
    """What the budgets of one app's organizations share in a process."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self.lock = threading.Lock()
        self.calls = AppCalls()


class MemoryCallBudget(CallBudget):
    """The budget of one process, by its own clock; gone when it ends."""

    def __init__(self, allowed: Allowed, *, clock: Clock, app: MemoryApp | None = None) -> None:
        """Start with nothing known of the organization."""
        self._allowed = allowed
        self._clock = clock
        self._calls = OrganizationCalls()
        self._app = app or MemoryApp()
        self._used: dict[_Metered, Counter[str]] = {}

    @override
    def admit(self, lane: Lane, *, since: datetime | None = None) -> Permit | Wait:
        with self._app.lock:
            now = self._clock.now()
            live = live_per_day(self._usage(live_since(now))) if lane is Lane.BACKFILL else 0
            asked = Asked(lane, since or now, live)
            self._calls, self._app.calls, answer = admit(
                self._calls, self._app.calls, self._allowed, asked, now
            )
            return answer

    @override
    def settle(self, permit: Permit, caller: Caller, answered: Answered) -> None:
        with self._app.lock:
            now = self._clock.now()
            self._calls = settle(self._calls, self._allowed, permit, answered, now)
            self._app.calls = app_settled(self._app.calls, self._allowed, answered, now)
            key = _Metered(now.date(), caller.flow, caller.lane)
            self._used.setdefault(key, Counter()).update(
                calls=1,
                limited=int(answered.limited_by is not None),
                received_bytes=answered.received_bytes,
                unpacked_bytes=answered.unpacked_bytes,
            )

    @override
    def standing(self) -> Standing:
        with self._app.lock:
            return standing(self._calls, self._allowed, "", self._clock.now())

    @override
    def usage(self, since: date) -> Sequence[Usage]:
        with self._app.lock:
            return self._usage(since)

    def _usage(self, since: date) -> list[Usage]:
        return [
            Usage(organization="", **key._asdict(), **counts)
            for key, counts in sorted(self._used.items())
            if key.day >= since
        ]
