"""Systems that were away: people are told once, and what waits is sent slowly at first.

What hours have heaped up would otherwise be sent at once, to a server whose people come back at the
same time. All streams of one system of one pair share a ramp and an alert: the row of its read
stream keeps them.
"""

from datetime import datetime
from typing import NamedTuple

from tieout.domain.base import Frozen, System
from tieout.domain.streams import Stream, StreamCause, StreamState

STEP_S = 60.0
"""After how long a ramp's rate grows."""
SYSTEMS = frozenset(System)


class Ramp(Frozen):
    """``start_per_minute`` records in the first minute, in each later one ``factor`` times as many.

    From ``limit_per_minute`` on nothing is kept back any more: the system's own pace is the limit.
    """

    start_per_minute: int
    factor: int
    limit_per_minute: int

    def per_minute(self, minute: int) -> int | None:
        """Return how many records may be sent in a minute, counted from 0; None = it is over."""
        rate = self.start_per_minute * self.factor**minute
        return rate if rate < self.limit_per_minute else None


RAMPS = {System.SAGE100: Ramp(start_per_minute=10, factor=2, limit_per_minute=160)}
"""The systems that are ramped: the others have a budget of calls, or need none."""


class Turn(NamedTuple):
    """The row after records asked for their turn, and in how many seconds to ask again; 0 = now."""

    row: Stream
    wait_s: float


def system_row(name: str) -> str | None:
    """Name the read stream of the system that a stream is of; None = it is of no system."""
    pair, *way = name.split("/")
    match way:
        case ["out" | "read", system, *_] if system in SYSTEMS:
            return f"{pair}/read/{system}"
        case _:
            return None


def rate(row: Stream, now: datetime) -> int | None:
    """Return how many records may be sent in this minute; None = as many as the system takes."""
    ramp = RAMPS.get(System(row.name.rpartition("/")[2]))
    if ramp is None or row.back_at is None:
        return None
    return ramp.per_minute(_minute(row.back_at, now))


def is_back(before: Stream, after: Stream) -> bool:
    """Say whether a change of a stream shows that its system was away and is not any more."""
    is_open = after.state is StreamState.OPEN
    return (
        before.cause is StreamCause.UNAVAILABLE and is_open and system_row(after.name) is not None
    )


def after_return(row: Stream, now: datetime, *, before: Stream) -> Stream:
    """Return the row once a stream, ``before``, found its system back.

    The first that notices begins the ramp; one that paused before that joins it.
    """
    if _is_before(before.since, row.back_at):
        return row
    return row.model_copy(update={"back_at": now, "ramp_minute": 0, "ramp_sent": 0})


def after_turn(row: Stream, now: datetime, count: int) -> Turn:
    """Give ``count`` records their turn if this minute has room for them."""
    allowed = rate(row, now)
    if allowed is None or row.back_at is None:
        return Turn(row, 0.0)
    minute = _minute(row.back_at, now)
    sent = row.ramp_sent if row.ramp_minute == minute else 0
    if sent and sent + count > allowed:
        passed_s = (now - row.back_at).total_seconds()
        return Turn(row, (minute + 1) * STEP_S - passed_s)
    kept = row.model_copy(update={"ramp_minute": minute, "ramp_sent": sent + count})
    return Turn(kept, 0.0)


def is_news(stream: Stream, row: Stream) -> bool:
    """Say whether people have not been told yet of what stops a stream.

    Of a system that is away they are told once, whichever of its streams they hear of; ``row`` is
    the system's, and for all other causes the stream itself.
    """
    if stream.state is StreamState.OPEN:
        return False
    if row.told_at is None:
        return True
    began = row.back_at if tells_by_system(stream) else stream.since
    return _is_before(row.told_at, began) and not _is_before(stream.since, began)


def tells_by_system(stream: Stream) -> bool:
    """Say whether a stream stands still for a system that all its streams wait for."""
    return stream.cause is StreamCause.UNAVAILABLE and system_row(stream.name) is not None


def _minute(back_at: datetime, now: datetime) -> int:
    return int((now - back_at).total_seconds() // STEP_S)


def _is_before(one: datetime | None, other: datetime | None) -> bool:
    """Say whether a moment lies before another; what never was lies before everything else."""
    if other is None:
        return False
    return one is None or one < other
