"""Command line of the Shopify simulator: ``python -m tieout.simulators.shopify``."""

import argparse
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tieout.simulators.service import serve
from tieout.simulators.shopify.app import create_app
from tieout.simulators.shopify.shapes import Clock, moment
from tieout.simulators.shopify.webhooks import RETRY_DELAYS_S


def _clock(start: str) -> Clock:
    """Return the real clock, or one that starts at ``start`` and runs on from there."""
    if not start:
        return lambda: datetime.now(UTC)  # noqa: TID251 - entry point
    first, began = moment(start), time.monotonic()
    return lambda: first + timedelta(seconds=time.monotonic() - began)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="shopify simulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--now", default="", help="ISO time at which the clock starts")
    parser.add_argument(
        "--retry-delays-s",
        type=float,
        nargs="*",
        default=RETRY_DELAYS_S,
        help="seconds before each repetition of a failed webhook",
    )
    given = parser.parse_args()
    app = create_app(given.state, _clock(given.now), retry_delays_s=given.retry_delays_s)
    serve(app, port=given.port, state=given.state)


if __name__ == "__main__":
    main()
