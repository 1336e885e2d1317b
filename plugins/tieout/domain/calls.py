"""What is known of an organization's calls: those that count, and what answers say of the limits.

The vendor counts in fixed windows, and nobody knows when an organization's begin. So no more calls
are let through within any 60 seconds than a window holds: each counts from when it is admitted
until a minute after its answer, since it was counted somewhere in between. The day's window is
known by what answers say is left of it. What others use shows in the answers too. Who may call is
domain.admission's.
"""

from datetime import datetime, timedelta
from math import ceil

from pydantic import AwareDatetime

from tieout.domain.base import Frozen
from tieout.domain.budget import (
    DAY_S,
    MINUTE_S,
    Allowed,
    Answered,
    Lane,
    Limit,
    Permit,
    Standing,
)

CALL_MAX_S = 150.0
"""How long a call may take: after that its worker is taken for dead and its place is free again.

Longer than a client waits to connect and for a whole answer (connectors.http).
"""
CLOCK_MARGIN_S = 1.0
"""Added to what ``Retry-After`` says: it is rounded to seconds."""
CONCURRENT_PAUSE_S = 1.0
"""How long nobody calls after a refusal for concurrency, which says no time."""
DAY_PROBE_S = 900.0
"""How often one call is let through when a day is used up and nobody knows when it ends."""
_RANKS = {lane: rank for rank, lane in enumerate(Lane)}


class Counted(Frozen):
    """So many calls, which count until then."""

    until: AwareDatetime
    calls: int


class Running(Frozen):
    """A call under way."""

    permit: int
    started_at: AwareDatetime


class Waiter(Frozen):
    """Who is first in the line; forgotten at ``until`` if it does not come back."""

    lane: Lane
    since: AwareDatetime
    until: AwareDatetime
    limit: Limit

    def goes_before(self, lane: Lane, since: datetime) -> bool:
        """Say whether a caller of that lane must wait for this one."""
        return (_RANKS[self.lane], self.since) < (_RANKS[lane], since)


class OrganizationCalls(Frozen):
    """What is known of one organization's limits and use."""

    granted: int = 0
    running: tuple[Running, ...] = ()
    minute: tuple[Counted, ...] = ()
    per_minute: int = 0
    """What a minute holds as answers have shown; 0 = as allowed. Vendors lift limits at times."""
    per_day: int | None = None
    day_left: int | None = None
    day_ends_at: AwareDatetime | None = None
    closed_by: Limit | None = None
    closed_until: AwareDatetime | None = None
    spread_at: AwareDatetime | None = None
    """When the latest call that had to be spread was due."""
    first: Waiter | None = None

    def used(self, now: datetime) -> int:
        """Return how many calls may count in the present minute."""
        return total(self.minute, now) + len(self.running)

    def minute_size(self, allowed: Allowed) -> int:
        """Return how many calls a minute holds."""
        return self.per_minute or allowed.per_minute


class AppCalls(Frozen):
    """What is known of the limits that one app has for all organizations together."""

    minute: tuple[Counted, ...] = ()
    closed_until: AwareDatetime | None = None


def calls_at(calls: OrganizationCalls, now: datetime) -> OrganizationCalls:
    """Return what is left of a state once time has passed."""
    lease = timedelta(seconds=CALL_MAX_S)
    alive = tuple(one for one in calls.running if one.started_at + lease > now)
    minute = calls.minute
    for one in calls.running:
        if one.started_at + lease <= now:
            minute = plus(minute, 1, one.started_at + lease + timedelta(seconds=MINUTE_S))
    # What a running call's answer will say may still count what has just stopped counting.
    oldest = min((one.started_at for one in alive), default=now)
    update: dict[str, object] = {
        "running": alive,
        "minute": tuple(one for one in minute if one.until > oldest),
    }
    if calls.closed_until is not None and calls.closed_until <= now:
        update |= {"closed_by": None, "closed_until": None}
    if calls.first is not None and calls.first.until <= now:
        update["first"] = None
    if calls.day_ends_at is not None and calls.day_ends_at <= now:
        days = ceil(((now - calls.day_ends_at).total_seconds() + 1) / DAY_S)
        ends_at = calls.day_ends_at + timedelta(seconds=days * DAY_S)
        update |= {"day_left": None, "day_ends_at": ends_at}
    return calls.model_copy(update=update)


def settle(
    calls: OrganizationCalls, allowed: Allowed, permit: Permit, answered: Answered, now: datetime
) -> OrganizationCalls:
    """Count a call that has ended, and believe what its answer says."""
    calls = calls_at(calls, now)
    run = next((one for one in calls.running if one.permit == permit.number), None)
    if run is not None:
        others = tuple(one for one in calls.running if one is not run)
        calls = calls.model_copy(update={"running": others})
        until = now + timedelta(seconds=MINUTE_S)
        calls = calls.model_copy(update={"minute": plus(calls.minute, 1, until)})
    if answered.minute_left is not None:
        calls = _minute_learnt(calls, allowed, answered.minute_left, run, now)
    if answered.day_left is not None:
        calls = _day_learnt(calls, allowed, answered.day_left, now)
    return _refused(calls, answered, now)


def app_settled(app: AppCalls, allowed: Allowed, answered: Answered, now: datetime) -> AppCalls:
    """Believe what an answer says of the app's minute."""
    app = app_at(app, now)
    if answered.app_minute_left is not None:
        used = total(app.minute, now)
        others = allowed.app_per_minute - answered.app_minute_left - used
        if others > 0:
            until = now + timedelta(seconds=MINUTE_S)
            app = app.model_copy(update={"minute": plus(app.minute, others, until)})
    if answered.limited_by is Limit.APP_MINUTE:
        shut = closed(Limit.APP_MINUTE, now, _retry_after_s(answered, MINUTE_S))
        app = app.model_copy(update={"closed_until": shut["closed_until"]})
    return app


def concerns_app(allowed: Allowed, answered: Answered) -> bool:
    """Say whether an answer says anything of the app's minute that our own count may not know."""
    left = answered.app_minute_left
    is_low = left is not None and left < allowed.app_per_minute // 2
    return is_low or answered.limited_by is Limit.APP_MINUTE


def standing(
    calls: OrganizationCalls, allowed: Allowed, organization: str, now: datetime
) -> Standing:
    """Return how the budget stands."""
    calls = calls_at(calls, now)
    return Standing(
        organization=organization,
        at=now,
        running=len(calls.running),
        concurrent=allowed.concurrent,
        minute_used=calls.used(now),
        per_minute=calls.minute_size(allowed),
        day_left=calls.day_left,
        per_day=calls.per_day,
        day_ends_at=calls.day_ends_at,
        closed_by=calls.closed_by,
        closed_until=calls.closed_until,
    )


def _minute_learnt(
    calls: OrganizationCalls, allowed: Allowed, left: int, run: Running | None, now: datetime
) -> OrganizationCalls:
    """Take from an answer how large a minute is, and what others use of it."""
    own = total(calls.minute, run.started_at if run else now) + len(calls.running)
    believed = calls.minute_size(allowed)
    per_minute = max(allowed.per_minute, left, min(believed, left + own))
    others = per_minute - left - own
    minute = calls.minute
    if others > 0:
        minute = plus(minute, others, now + timedelta(seconds=MINUTE_S))
    return calls.model_copy(update={"per_minute": per_minute, "minute": minute})


def _day_learnt(
    calls: OrganizationCalls, allowed: Allowed, left: int, now: datetime
) -> OrganizationCalls:
    """Take from an answer what is left of the day, and see when a new one has begun."""
    running = len(calls.running)
    update: dict[str, object] = {}
    per_day, known = calls.per_day, calls.day_left
    if per_day is None or known is None or left > per_day:
        per_day = next((limit for limit in allowed.per_day if limit >= left), left)
    slack = running + allowed.concurrent
    if known is None:
        update["day_left"] = max(left - running, 0)
    elif left <= known + slack:
        # An older answer may come later than a newer one: then it says that more is left.
        update["day_left"] = min(known, left)
    else:
        update["day_left"] = max(left - running, 0)
        if left >= per_day - slack:
            update["day_ends_at"] = now + timedelta(seconds=DAY_S)
    if left > 0 and calls.closed_by is Limit.DAY:
        update |= {"closed_by": None, "closed_until": None}
    return calls.model_copy(update={**update, "per_day": per_day})


def _refused(calls: OrganizationCalls, answered: Answered, now: datetime) -> OrganizationCalls:
    """Close what a refusal says is used up."""
    match answered.limited_by:
        case None | Limit.APP_MINUTE:
            return calls
        case Limit.CONCURRENT:
            return calls.model_copy(update=closed(Limit.CONCURRENT, now, CONCURRENT_PAUSE_S))
        case Limit.MINUTE:
            wait_s = _retry_after_s(answered, MINUTE_S)
            return calls.model_copy(update=closed(Limit.MINUTE, now, wait_s))
        case Limit.DAY:
            shut = closed(Limit.DAY, now, _retry_after_s(answered, DAY_PROBE_S))
            is_said = answered.retry_after_s is not None
            ends_at = shut["closed_until"] if is_said else calls.day_ends_at
            return calls.model_copy(update={**shut, "day_left": 0, "day_ends_at": ends_at})


def _retry_after_s(answered: Answered, default_s: float) -> float:
    if answered.retry_after_s is None:
        return default_s
    return answered.retry_after_s + CLOCK_MARGIN_S


def closed(limit: Limit, now: datetime, seconds: float) -> dict[str, object]:
    """Return the change that closes a budget for some seconds."""
    return {"closed_by": limit, "closed_until": now + timedelta(seconds=seconds)}


def app_at(app: AppCalls, now: datetime) -> AppCalls:
    """Return what is left of a state once time has passed."""
    is_closed = app.closed_until is not None and app.closed_until > now
    return AppCalls(
        minute=tuple(one for one in app.minute if one.until > now),
        closed_until=app.closed_until if is_closed else None,
    )


def total(counted: tuple[Counted, ...], now: datetime) -> int:
    """Return how many calls count yet."""
    return sum(one.calls for one in counted if one.until > now)


def plus(counted: tuple[Counted, ...], calls: int, until: datetime) -> tuple[Counted, ...]:
    """Add calls, to the whole second, so that a minute is some sixty numbers at most."""
    second = until.replace(microsecond=0) + timedelta(seconds=1 if until.microsecond else 0)
    known = {one.until: one.calls for one in counted}
    known[second] = known.get(second, 0) + calls
    return tuple(Counted(until=at, calls=known[at]) for at in sorted(known))
