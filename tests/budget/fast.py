"""A clock that runs faster than the machine's, the same in every process and in the database.

``python fast.py ORIGIN PORT STATE LATENCY_S`` serves the Xero simulator on it, at its real limits.
"""

import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, DateTime, literal_column
from typing_extensions import override

from tieout.ports.clock import Clock
from tieout.simulators.service import serve
from tieout.simulators.xero.app import create_app
from tieout.wiring.clock import SystemClock

SPEED = 5
"""How many seconds pass on it in one second."""


@dataclass(frozen=True)
class FastClock(Clock):
    """It showed the same as the machine's at ``origin``."""

    origin: datetime

    @override
    def now(self) -> datetime:
        return self.origin + (SystemClock().now() - self.origin) * SPEED

    def sleep(self, seconds: float) -> None:
        """Let so much time pass on it."""
        time.sleep(seconds / SPEED)

    def in_sql(self) -> ColumnElement[datetime]:
        """Return it as the database shows it."""
        origin = f"timestamptz '{self.origin.isoformat()}'"
        fast = f"({origin} + (clock_timestamp() - {origin}) * {SPEED})"
        return literal_column(fast, DateTime(timezone=True))

    def ends_at(self, seconds: float) -> datetime:
        """Return the moment that is so much later than its start."""
        return self.origin + timedelta(seconds=seconds)


def main() -> None:
    origin, port, state, latency_s = sys.argv[1:]
    clock = FastClock(datetime.fromisoformat(origin))
    app = create_app(Path(state), clock.now, latency_s=float(latency_s) / SPEED)
    serve(app, port=int(port), state=Path(state))


if __name__ == "__main__":
    main()
