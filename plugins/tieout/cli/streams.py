"""Commands on streams: streams lists them, resume lets one go on."""

import argparse
from typing import TYPE_CHECKING

from tieout.cli.common import (
    NOT_GOOD,
    OK,
    add_connections,
    add_report,
    open_installation,
    say,
    show,
)

if TYPE_CHECKING:
    from tieout.cli.common import Commands
    from tieout.domain.streams import Stream

ALL_OPEN = "Every stream is open."


def add(commands: "Commands") -> None:
    """Add the commands."""
    listing = commands.add_parser("streams", help="list what pauses or is held, and why")
    add_report(listing, run=_streams)
    resuming = commands.add_parser("resume", help="let a paused or held stream go on")
    resuming.add_argument("stream", metavar="STREAM", help="its name, as streams lists it")
    resuming.add_argument("--by", required=True, help="who decides it, named in the audit")
    resuming.add_argument("--reason", required=True, help="why it may go on, kept in the audit")
    add_connections(resuming)
    resuming.set_defaults(run=_resume)


def _streams(given: argparse.Namespace) -> int:
    from tieout.domain.ramps import rate

    tieout = open_installation(given)
    known = tieout.streams.streams(given.pair)
    stopped = [one for one in known if one.state != "open"]
    now = tieout.clock.now()
    paces = {one.name: rate(one, now) for one in known if one.back_at is not None}
    ramps = [
        f"{name}  was away and is given {pace} records in this minute, then more"
        for name, pace in paces.items()
        if pace is not None
    ]
    text = "\n".join([*(_line(one) for one in stopped), *ramps]) or ALL_OPEN
    show(given, {"streams": [one.model_dump(mode="json") for one in known]}, text)
    return NOT_GOOD if stopped else OK


def _line(stream: "Stream") -> str:
    since = f"{stream.since:%Y-%m-%d %H:%M:%S} UTC" if stream.since else ""
    return f"{stream.name}  {stream.state} since {since}  {stream.cause}: {stream.reason}"


def _resume(given: argparse.Namespace) -> int:
    open_installation(given).streams.resume(given.stream, by=given.by, reason=given.reason)
    say(f"{given.stream} goes on; the next run takes up what waits.")
    return OK
