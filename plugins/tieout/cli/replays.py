"""Commands that put dead letters back: replay."""

import argparse
import sys
from typing import TYPE_CHECKING

from tieout.cli.common import FAILED, OK, add_connections, open_installation, say
from tieout.errors import RejectedError

if TYPE_CHECKING:
    from tieout.cli.common import Commands

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
    add_connections(parser)
    parser.set_defaults(run=_replay)


def _replay(given: argparse.Namespace) -> int:
    """Put back each dead letter by itself: one that cannot be does not hold up the others."""
    tieout = open_installation(given)
    names = {letter.dead_letter_id: letter.trace_key for letter in tieout.dead_letters()}
    rejected = 0
    for number in given.dead_letter_ids:
        try:
            tieout.replay(number)
        except RejectedError as error:
            sys.stderr.write(f"{error}\n")
            rejected += 1
        else:
            say(f"{number}  {names.get(number, '')}  put back")
    if rejected < len(given.dead_letter_ids):
        say(NEXT_RUN)
    return FAILED if rejected else OK
