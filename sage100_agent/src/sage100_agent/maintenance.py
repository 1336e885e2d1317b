"""When the agent keeps its hands off Sage: daily windows, and a switch that a person turns.

Period ends, backups, rebuilds and changes of user-defined fields need Sage's files for themselves.
While maintenance lasts nothing is written or read, and no session is open.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

SWITCH_RETRY_S = 300.0
"""How long a sender is asked to wait while the switch is on: nobody knows until when it is."""
WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True)
class Window:
    """A part of every day, by the clock of this server; it may go over midnight."""

    begins: time
    ends: time

    def remaining_s(self, now: datetime) -> float | None:
        """Return how long it lasts yet, or None outside of it."""
        moment = now.time()
        if self.begins <= self.ends:
            is_within = self.begins <= moment < self.ends
        else:
            is_within = moment >= self.begins or moment < self.ends
        if not is_within:
            return None
        end = datetime.combine(now.date(), self.ends, now.tzinfo)
        if end <= now:
            end += timedelta(days=1)
        return (end - now).total_seconds()


def window(text: str) -> Window:
    """Read ``22:00-23:30``.

    Raises:
        ValueError: The text is no window.
    """
    read = WINDOW.fullmatch(text)
    if read is None or read[1] + read[2] == read[3] + read[4]:
        message = f"{text!r} is no window such as 22:00-23:30"
        raise ValueError(message)
    hours = [int(part) for part in read.groups()]
    return Window(time(hours[0], hours[1]), time(hours[2], hours[3]))


@dataclass(frozen=True)
class Maintenance:
    """The windows, and the file whose being there is the switch."""

    windows: tuple[Window, ...] = ()
    switch: Path | None = None

    def remaining_s(self, now: datetime) -> float | None:
        """Return how long to wait, or None when Sage may be used."""
        waits_s = [wait_s for one in self.windows if (wait_s := one.remaining_s(now)) is not None]
        if self.switch is not None and self.switch.exists():
            waits_s.append(SWITCH_RETRY_S)
        return max(waits_s, default=None)
