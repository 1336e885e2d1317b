"""Run the simulator: ``python -m tieout.simulators.sage100 --port N --state DIR [--now ISO]``."""

import argparse
from datetime import datetime
from pathlib import Path

from tieout.simulators.sage100.app import create_app
from tieout.simulators.service import serve


def main() -> None:
    """Parse the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="tieout.simulators.sage100", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="the home folder of Sage 100")
    parser.add_argument("--now", type=datetime.fromisoformat, help="aware; the clock starts here")
    arguments = parser.parse_args()
    now: datetime | None = arguments.now
    if now is not None and now.tzinfo is None:
        parser.error("--now needs an offset, such as 2026-11-29T15:00:00+00:00")
    clock = (lambda: now) if now is not None else None
    serve(create_app(arguments.state, clock), port=arguments.port, state=arguments.state)


if __name__ == "__main__":
    main()
