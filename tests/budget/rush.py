"""Workers in a rush for calls, on a clock that jumps from one thing that happens to the next.

The vendor is the simulator's own meter of limits; networks are slow and uneven, workers die. What
is tried is domain.admission and domain.calls alone: the same rules that the adapters keep.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random

from tieout.connectors.xero.limits import said_of
from tieout.connectors.xero.tiers import Tier, allowed_by
from tieout.domain.admission import Asked, admit
from tieout.domain.budget import Answered, Lane, Limit, Permit, Wait
from tieout.domain.calls import AppCalls, OrganizationCalls, settle
from tieout.simulators.xero.limits import Limits, Meter
from wire import START

ALLOWED = allowed_by(Tier.CUSTOM)
ORGANIZATION = "organization"
APP = "app"
Step = Iterator[float]
"""What one worker does: yields how long it lets pass, in seconds, before it goes on."""


@dataclass
class Rush:
    """One organization's calls, the vendor that counts them, and what came of it."""

    rng: Random
    limits: Limits = field(default_factory=Limits)
    is_shared: bool = True
    slowest_s: float = 2.0
    now: datetime = START
    calls: OrganizationCalls = field(default_factory=OrganizationCalls)
    app: AppCalls = field(default_factory=AppCalls)
    refused: Counter[Limit] = field(default_factory=Counter)
    taken: Counter[Lane] = field(default_factory=Counter)
    waited_s: dict[Lane, list[float]] = field(default_factory=dict)
    live_per_day: int = 0
    _queue: list[tuple[datetime, int, Step]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.meter = Meter(self.limits, lambda: self.now)

    def start(self, work: Step, *, after_s: float = 0.0) -> None:
        """Let a worker begin."""
        at = self.now + timedelta(seconds=after_s)
        heapq.heappush(self._queue, (at, next(self._order), work))

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self.now + timedelta(seconds=seconds)
        while self._queue and self._queue[0][0] <= end:
            self.now, _order, work = heapq.heappop(self._queue)
            pause_s = next(work, None)
            if pause_s is not None:
                self.start(work, after_s=pause_s)
        self.now = end

    def worker(self, lane: Lane, *, calls: int = 10**9, dies: float = 0.0) -> Step:
        """Call as often as it may; with ``dies``, the share of calls that kill it, never again."""
        for _call in range(calls):
            asked_at, since = self.now, self.now
            while isinstance(answer := self._admit(lane, since), Wait):
                yield answer.retry_in_s
            self.waited_s.setdefault(lane, []).append((self.now - asked_at).total_seconds())
            yield self.rng.uniform(0.0, self.slowest_s / 4)
            over = self.meter.enter(APP, ORGANIZATION, "GET things")
            if not over:
                self.taken[lane] += 1
                yield self.rng.uniform(0.01, self.slowest_s / 2)
                self.meter.leave(APP, ORGANIZATION)
            headers = over | self.meter.headers(APP, ORGANIZATION)
            yield self.rng.uniform(0.0, self.slowest_s / 4)
            if self.rng.random() < dies:
                return
            answered = said_of(429 if over else 200, headers)
            self._settle(answer, answered)
            if answered.limited_by:
                self.refused[answered.limited_by] += 1
                yield answered.retry_after_s or 2.0

    def others(self, per_minute: float) -> Step:
        """Somebody else who calls with the same app and knows of no budget."""
        while True:
            if not self.meter.enter(APP, ORGANIZATION, "GET others"):
                self.meter.leave(APP, ORGANIZATION)
            yield self.rng.expovariate(per_minute / 60)

    def used_share(self, seconds: float) -> float:
        """Return which part of all the minutes' calls was used."""
        return self.taken.total() / (self.limits.per_minute * seconds / 60)

    def _admit(self, lane: Lane, since: datetime) -> Permit | Wait:
        if not self.is_shared:
            return Permit(number=0)
        asked = Asked(lane, since, self.live_per_day)
        self.calls, self.app, answer = admit(self.calls, self.app, ALLOWED, asked, self.now)
        return answer

    def _settle(self, permit: Permit, answered: Answered) -> None:
        if self.is_shared:
            self.calls = settle(self.calls, ALLOWED, permit, answered, self.now)


Scene = Callable[[Rush], None]
