"""Commands that put dead letters back: replay."""

import argparse
import sys
from typing import TYPE_CHECKING

from tieout.cli.common import (
    FAILED,
    OK,
    actor,
    add_by,
    add_connections,
    open_installation,
    say,
)
from tieout.errors import RejectedError

if TYPE_CHECKING:
    from tieout.cli.common import Commands
    from tieout.domain.desk import Case

NEXT_RUN = (
    "The next run of order_to_cash takes it from the start; the next sweep is at most 15 minutes "
    "away. Of an order that changed in the shop meanwhile, only the newest version is posted."
)


def add(commands: "Commands") -> None:
    """Add the command."""
    _add_replay(commands.add_parser("replay", help="put dead letters back for the next run"))


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "dead_letter_ids",
        type=int,
        nargs="+",
        metavar="ID",
        help="number of a dead letter, as dead-letters lists it",
    )
    parser.add_argument(
        "--mapping",
        choices=("current", "original"),
        default="current",
        help="send what was mapped before as it was, instead of mapping it anew",
    )
    add_by(parser)
    add_connections(parser)
    parser.set_defaults(run=_replay)


def _replay(given: argparse.Namespace) -> int:
    """Put back each dead letter by itself: one that cannot be does not hold up the others."""
    from tieout.domain.desk import MappingChoice

    desk = open_installation(given).desk
    mapping = MappingChoice(given.mapping)
    rejected = 0
    for number in given.dead_letter_ids:
        try:
            desk.put_back(number, by=actor(given), mapping=mapping)
        except RejectedError as error:
            sys.stderr.write(f"{error}\n")
            rejected += 1
        else:
            say(_told(desk.case(number)))
    if rejected < len(given.dead_letter_ids):
        say(NEXT_RUN)
    return FAILED if rejected else OK


def _told(case: "Case") -> str:
    """Say what became of a letter's record, and that a newer version overrules a correction."""
    named = f"{case.letter.dead_letter_id}  {case.letter.trace_key}"
    if case.newer_version_id is None:
        return f"{named}  put back"
    own = [c for c in case.corrections if c.dead_letter_id == case.letter.dead_letter_id]
    lost = "; its correction does not apply to that" if own else ""
    return f"{named}  closed: document {case.newer_version_id} is newer and counts{lost}"
