"""The simulator's present: the machine's clock, shifted."""

from collections.abc import Callable
from datetime import datetime, timedelta


class ShiftedClock:
    """A clock that runs like another, from another start, and can be set forward."""

    def __init__(self, read: Callable[[], datetime], *, start: datetime | None = None) -> None:
        """Follow ``read``; begin at ``start`` when given."""
        self._read = read
        self._shift = start - read() if start else timedelta(0)

    def __call__(self) -> datetime:
        """Return the present, aware, in UTC."""
        return self._read() + self._shift

    def advance(self, by: timedelta) -> None:
        """Set the clock forward."""
        self._shift += by
