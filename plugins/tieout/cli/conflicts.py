"""Commands on what the ledgers disagree on: conflicts list, conflicts answer."""

import argparse
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
from tieout.domain.base import System

if TYPE_CHECKING:
    from pydantic import JsonValue

    from tieout.cli.common import Commands

LISTED_MAX = 500


def add(commands: "Commands") -> None:
    """Add the commands."""
    parser = commands.add_parser("conflicts", help="list what the ledgers disagree on, or answer")
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|answer")
    listing = actions.add_parser("list", help="list the conflicts that wait for an answer")
    listing.add_argument("--all", action="store_true", help="the closed ones too")
    add_report(listing, run=_list)
    answering = actions.add_parser("answer", help="say which ledger's value counts")
    answering.add_argument("conflict_id", type=int, metavar="ID", help="number, as list shows it")
    answering.add_argument("winner", choices=[System.XERO.value, System.SAGE100.value])
    answering.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with it")
    answering.add_argument(
        "--always", action="store_true", help="also for every later conflict on that field"
    )
    add_by(answering)
    add_connections(answering)
    answering.set_defaults(run=_answer)


def _list(given: argparse.Namespace) -> int:
    from tieout.usecases.in_step.answers import conflict_text
    from tieout.wiring.in_step import InStep

    found = InStep(open_installation(given)).conflicts(
        given.pair, is_open=not given.all, limit=LISTED_MAX
    )
    listed: list[JsonValue] = [one.model_dump(mode="json") for one in found]
    show(
        given, {"conflicts": listed}, "\n\n".join(map(conflict_text, found)) or "No conflict waits."
    )
    return NOT_GOOD if found and not given.all else OK


def _answer(given: argparse.Namespace) -> int:
    from tieout.wiring.in_step import InStep

    answered = InStep(open_installation(given)).answer(
        given.conflict_id,
        System(given.winner),
        by=actor(given),
        why=given.reason,
        is_standing=given.always,
    )
    say(f"{answered.field} of {answered.key}: {answered.winner} counts; the next run writes it.")
    return OK
