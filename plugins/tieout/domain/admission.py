"""Who may call now: the rules of a budget, as pure functions from one state to the next.

Lanes: lower ones leave some calls to higher ones, are spread evenly instead of taking a minute at
once, and wait while a higher one waits. What is known of limits and use is domain.calls'.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from tieout.domain.budget import DAY_S, MINUTE_S, Allowed, Lane, Limit, Permit, Wait
from tieout.domain.calls import (
    DAY_PROBE_S,
    AppCalls,
    Counted,
    OrganizationCalls,
    Running,
    Waiter,
    app_at,
    calls_at,
    closed,
    plus,
    total,
)

APP_CALL_S = 5.0
"""How long a call is on its way, for the app's minute: at 10,000 a minute nobody needs it exact."""
RETRY_MIN_S = 0.05
RETRY_MAX_S = 5.0
CONCURRENT_RETRY_S = 0.25
"""How soon to ask again when too many calls run: nobody knows when one ends."""
PLACE_S = 1.0
"""How long past the time to ask again a place in the line is kept."""
DAY_RECHECK_S = 3600.0
"""How often a lane that leaves the rest of the day to others looks whether that changed."""
EVENT_DAY_SHARE = 0.05
"""The part of a day that polls leave to events."""
LIVE_DAY_SHARE = 0.25
"""The part of a day that a backfill leaves to events and polls, or more if they used more."""


class Share(NamedTuple):
    """What one lane leaves to those before it."""

    places_left: int
    """Of the calls that may run at once."""
    calls_left: int
    """Of a minute's."""
    burst: float
    """The part of a minute that may be used at once; past it calls are spread over the minute."""


SHARES: Mapping[Lane, Share] = {
    Lane.EVENT: Share(places_left=0, calls_left=0, burst=1.0),
    Lane.POLL: Share(places_left=1, calls_left=2, burst=1 / 3),
    Lane.BACKFILL: Share(places_left=2, calls_left=2, burst=0.0),
}


class Admitted(NamedTuple):
    """What became of a question for a call."""

    calls: OrganizationCalls
    app: AppCalls
    answer: Permit | Wait


class Asked(NamedTuple):
    """A question for a call: by which lane, since when, and what live flows use on a day."""

    lane: Lane
    since: datetime
    live_per_day: int = 0


def admit(
    calls: OrganizationCalls, app: AppCalls, allowed: Allowed, asked: Asked, now: datetime
) -> Admitted:
    """Let a call through, or say when to ask again."""
    calls, app = calls_at(calls, now), app_at(app, now)
    day = _wait_for_day(calls, asked, now)
    if day is not None:
        return Admitted(calls, app, day)
    for limit, until in _obstacles(calls, app, allowed, asked, now):
        if until > now:
            wait = _wait(limit, until, asked, now)
            return Admitted(_lined_up(calls, asked, wait, now), app, wait)
    is_probe = calls.day_left is not None and calls.day_left <= 0
    admitted = calls.model_copy(
        update={
            "granted": calls.granted + 1,
            "running": (*calls.running, Running(permit=calls.granted + 1, started_at=now)),
            "day_left": None if calls.day_left is None else max(calls.day_left - 1, 0),
            "spread_at": _spread_due(calls, allowed, asked.lane, now) or calls.spread_at,
            "first": None if _is_first(calls.first, asked) else calls.first,
            **(closed(Limit.DAY, now, DAY_PROBE_S) if is_probe else {}),
        }
    )
    counted = plus(app.minute, 1, now + timedelta(seconds=MINUTE_S + APP_CALL_S))
    return Admitted(
        admitted, app.model_copy(update={"minute": counted}), Permit(number=admitted.granted)
    )


def day_reserve(
    per_day: int, day_ends_at: datetime | None, lane: Lane, live_per_day: int, now: datetime
) -> int:
    """Return how many of the day's calls a lane leaves to those before it until the day ends."""
    shares = {
        Lane.EVENT: 0.0,
        Lane.POLL: EVENT_DAY_SHARE * per_day,
        Lane.BACKFILL: max(LIVE_DAY_SHARE * per_day, live_per_day),
    }
    left_s = (day_ends_at - now).total_seconds() if day_ends_at else DAY_S
    return ceil(shares[lane] * min(max(left_s, 0.0) / DAY_S, 1.0))


def _wait_for_day(calls: OrganizationCalls, asked: Asked, now: datetime) -> Wait | None:
    if calls.closed_by is Limit.DAY and calls.closed_until is not None:
        return _wait(Limit.DAY, calls.closed_until, asked, now)
    if calls.day_left is None or calls.per_day is None:
        return None
    ends_at = calls.day_ends_at
    if calls.day_left <= 0:
        # When nobody knows when the day ends, one call finds out.
        return _wait(Limit.DAY, ends_at, asked, now) if ends_at else None
    reserve = day_reserve(calls.per_day, ends_at, asked.lane, asked.live_per_day, now)
    if calls.day_left > reserve:
        return None
    recheck = now + timedelta(seconds=DAY_RECHECK_S)
    return _wait(Limit.DAY, min(ends_at or recheck, recheck), asked, now)


def _obstacles(
    calls: OrganizationCalls, app: AppCalls, allowed: Allowed, asked: Asked, now: datetime
) -> Iterator[tuple[Limit, datetime]]:
    """Yield what could be in a call's way, and until when; what is over is in nobody's way."""
    share = SHARES[asked.lane]
    soon = now + timedelta(seconds=CONCURRENT_RETRY_S)
    if calls.closed_by is not None and calls.closed_until is not None:
        yield calls.closed_by, calls.closed_until
    if app.closed_until is not None:
        yield Limit.APP_MINUTE, app.closed_until
    if calls.first is not None and calls.first.goes_before(asked.lane, asked.since):
        its_turn = calls.first.until - timedelta(seconds=PLACE_S - CONCURRENT_RETRY_S)
        yield calls.first.limit, max(its_turn, soon)
    if len(calls.running) >= max(allowed.concurrent - share.places_left, 1):
        yield Limit.CONCURRENT, soon
    room = max(calls.minute_size(allowed) - share.calls_left, 1) - len(calls.running)
    yield Limit.MINUTE, _falls_below(calls.minute, room, now)
    yield Limit.APP_MINUTE, _falls_below(app.minute, allowed.app_per_minute, now)
    yield Limit.MINUTE, _spread_due(calls, allowed, asked.lane, now) or now


def _spread_due(
    calls: OrganizationCalls, allowed: Allowed, lane: Lane, now: datetime
) -> datetime | None:
    """Return when the lane's next call is due, or None while it need not be spread."""
    size = calls.minute_size(allowed)
    if calls.used(now) < SHARES[lane].burst * size:
        return None
    if calls.spread_at is None:
        return now
    apart = timedelta(seconds=MINUTE_S / size)
    # A call that comes late shall not make every later one late; one place is made up for.
    return max(calls.spread_at + apart, now - apart)


def _lined_up(
    calls: OrganizationCalls, asked: Asked, wait: Wait, now: datetime
) -> OrganizationCalls:
    """Put who waits first into the line, if nobody goes before it."""
    first = calls.first
    if first is not None and first.goes_before(asked.lane, asked.since):
        return calls
    until = now + timedelta(seconds=wait.retry_in_s + PLACE_S)
    waiter = Waiter(lane=asked.lane, since=asked.since, until=until, limit=wait.limit)
    return calls.model_copy(update={"first": waiter})


def _is_first(first: Waiter | None, asked: Asked) -> bool:
    return first is not None and (first.lane, first.since) == (asked.lane, asked.since)


def _wait(limit: Limit, until: datetime, asked: Asked, now: datetime) -> Wait:
    opens_in_s = max((until - now).total_seconds(), RETRY_MIN_S)
    return Wait(
        limit=limit,
        retry_in_s=min(opens_in_s, RETRY_MAX_S),
        opens_in_s=opens_in_s,
        since=asked.since,
    )


def _falls_below(counted: tuple[Counted, ...], room: int, now: datetime) -> datetime:
    """Return when fewer than ``room`` of the calls count; now if that is so already."""
    left = total(counted, now)
    for one in counted:
        if left < room:
            break
        if one.until > now:
            left -= one.calls
            now = one.until
    return now
