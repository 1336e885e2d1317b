"""The present, as an argument."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of the present."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
