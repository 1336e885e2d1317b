"""Run the Xero simulator: ``python -m tieout.simulators.xero --port N --state DIR``."""

import argparse
import gc
from datetime import UTC, datetime
from pathlib import Path

from tieout.simulators.service import serve
from tieout.simulators.xero.app import create_app
from tieout.simulators.xero.clock import ShiftedClock
from tieout.simulators.xero.limits import Limits


def _machine_time() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - an entry point reads the clock


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m tieout.simulators.xero", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="folder of the records")
    parser.add_argument("--now", type=_moment, help="start the clock at this ISO time")
    parser.add_argument("--minute-limit", type=int, default=Limits.per_minute)
    parser.add_argument("--day-limit", type=int, default=Limits.per_day)
    parser.add_argument("--latency-ms", type=int, default=0, help="what each API call takes")
    options = parser.parse_args()
    clock = ShiftedClock(_machine_time, start=options.now)
    app = create_app(
        options.state,
        clock,
        limits=Limits(per_minute=options.minute_limit, per_day=options.day_limit),
        latency_s=options.latency_ms / 1000,
        advance=clock.advance,
    )
    # The collector need not go through the loaded records again and again.
    gc.freeze()
    serve(app, port=options.port, state=options.state)


if __name__ == "__main__":
    main()
