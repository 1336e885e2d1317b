"""What waits in a pair, how fast it is being done, and when it will all be done."""

from datetime import datetime, timedelta

from pydantic import AwareDatetime

from tieout.domain.base import Frozen

PACE_WINDOW_S = 1800.0
"""Over how long the pace is measured: all of a batch is done when it ends, and several batches of
500 orders should have, or the estimate says more about when one ended than about the pace.
"""


class CatchUp(Frozen):
    """``done`` is how many records were done within the last PACE_WINDOW_S before ``at``.

    ``done_at`` is when what waits will be done if it goes on like that; None when nothing was.
    """

    pair: str
    waiting: int
    done: int
    per_minute: float
    at: AwareDatetime
    done_at: AwareDatetime | None


def catch_up(pair: str, *, waiting: int, done: int, now: datetime) -> CatchUp:
    """Return the estimate of one pair, from what waits and what was done lately."""
    done_at = None
    if not waiting:
        done_at = now
    elif done:
        done_at = now + timedelta(seconds=waiting / done * PACE_WINDOW_S)
    return CatchUp(
        pair=pair,
        waiting=waiting,
        done=done,
        per_minute=round(done * 60 / PACE_WINDOW_S, 1),
        at=now,
        done_at=done_at,
    )
