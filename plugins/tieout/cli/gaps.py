"""Commands that compare an interval: gaps."""

import argparse
from datetime import datetime
from typing import TYPE_CHECKING

from tieout.cli.common import NOT_GOOD, OK, add_report, open_installation, show

if TYPE_CHECKING:
    from tieout.cli.common import Commands


def add(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "gaps", help="list what an interval lacks, and plan the backfill that brings it in"
    )
    for name, text in (
        ("from", "start of the interval, ISO 8601 with a time zone"),
        ("to", "end of the interval, excluded"),
    ):
        parser.add_argument(
            f"--{name}", dest=f"{name}_", type=_moment, required=True, metavar="ISO", help=text
        )
    add_report(parser, run=_gaps)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 8601 time") from error
    if moment.utcoffset() is None:
        raise argparse.ArgumentTypeError(
            f"{text} names no time zone; say which, such as {text}Z for UTC"
        )
    return moment


def _gaps(given: argparse.Namespace) -> int:
    from tieout.stack import gap_reports

    tieout = open_installation(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    found = [tieout.gaps(pair, given.from_, given.to_) for pair in pairs]
    plan = tieout.backfill_plan(found)
    show(given, gap_reports.gaps_json(found, plan), gap_reports.gaps_text(found, plan))
    return NOT_GOOD if any(one.gaps for one in found) else OK
