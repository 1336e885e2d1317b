"""Commands of a period's close: close post, close checklist."""

import argparse
from datetime import date
from typing import TYPE_CHECKING

from tieout.cli.common import (
    NOT_GOOD,
    OK,
    actor,
    add_by,
    add_connections,
    add_report,
    open_installation,
    say,
    show,
)

if TYPE_CHECKING:
    from tieout.cli.common import Commands


def add(commands: "Commands") -> None:
    """Add the commands."""
    parser = commands.add_parser(
        "close", help="a period's close: its checklist, and what is dated in a closed one"
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    post = actions.add_parser(
        "post", help="let what a closed period set aside be posted on an open day"
    )
    post.add_argument("dead_letter_id", type=int, metavar="ID", help="number of a dead letter")
    post.add_argument(
        "--on",
        type=date.fromisoformat,
        metavar="DATE",
        help="another open day than the first one",
    )
    post.add_argument("--reason", required=True, metavar="TEXT", help="why not in its own period")
    add_by(post)
    add_connections(post)
    post.set_defaults(run=_post)
    checklist = actions.add_parser("checklist", help="say what is done before a period is closed")
    checklist.add_argument(
        "--through",
        type=date.fromisoformat,
        required=True,
        metavar="DATE",
        help="the last day of the period, such as 2026-11-30",
    )
    add_report(checklist, run=_checklist)


def _post(given: argparse.Namespace) -> int:
    from tieout.domain.base import DeadLetterId
    from tieout.stack import letters
    from tieout.wiring.close import post_in_open_period

    number = DeadLetterId(given.dead_letter_id)
    tieout = open_installation(given)
    made = post_in_open_period(tieout, number, on=given.on, by=actor(given), reason=given.reason)
    say(letters.correction_text(made))
    say("It is put back: the next run posts it, at most 15 minutes from now.")
    return OK


def _checklist(given: argparse.Namespace) -> int:
    from tieout.stack import close_reports
    from tieout.wiring.close import checked

    tieout = open_installation(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    found = [checked(tieout, pair, given.through) for pair in pairs]
    text = "\n\n".join(close_reports.checklist_text(one) for one in found)
    show(given, {"checklists": [close_reports.checklist_json(one) for one in found]}, text)
    return OK if all(one.is_done for one in found) else NOT_GOOD
