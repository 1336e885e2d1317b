"""Commands on what people merged in Xero and have twice in Sage 100: merges list, show, decide."""

import argparse
from typing import TYPE_CHECKING

from tieout.cli.common import (
    NOT_GOOD,
    OK,
    actor,
    add_by,
    add_connections,
    open_installation,
    say,
    show,
)

if TYPE_CHECKING:
    from pydantic import JsonValue

    from tieout.cli.common import Commands

KINDS = ("customer", "vendor")
CHOICES = ("survivor", "other", "both")


def add(commands: "Commands") -> None:
    """Add the commands."""
    parser = commands.add_parser("merges", help="say what becomes of records merged in Xero alone")
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|decide")
    listing = _action(actions, "list", _list, "list the merges that wait for a person, with advice")
    showing = _action(actions, "show", _show, "show the advice on one merge")
    deciding = _action(actions, "decide", _decide, "say which record of Sage 100 is left")
    for one in (listing, showing):
        one.add_argument("--json", action="store_true", help="print JSON")
    for one in (showing, deciding):
        one.add_argument("key", metavar="KEY", help="as list shows it")
    deciding.add_argument("choice", choices=CHOICES)
    deciding.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with it")
    add_by(deciding)


def _action(actions: "Commands", name: str, run: object, text: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--pair", required=True, help="whose records")
    add_connections(parser)
    parser.set_defaults(run=run)
    return parser


def _list(given: argparse.Namespace) -> int:
    from tieout.usecases.in_step.merge_advice import advice_text
    from tieout.wiring.in_step import InStep

    found = InStep(open_installation(given)).merges(given.pair, given.kind)
    listed: list[JsonValue] = [one.model_dump(mode="json") for one in found]
    show(given, {"merges": listed}, "\n\n".join(map(advice_text, found)) or "No merge waits.")
    return NOT_GOOD if found else OK


def _show(given: argparse.Namespace) -> int:
    from tieout.usecases.in_step.merge_advice import advice_text
    from tieout.wiring.in_step import InStep

    found = InStep(open_installation(given)).merge(given.pair, given.kind, given.key)
    show(given, {"merge": found.model_dump(mode="json")}, advice_text(found))
    return OK


def _decide(given: argparse.Namespace) -> int:
    from tieout.usecases.in_step.merge_advice import MergeChoice
    from tieout.wiring.in_step import InStep

    InStep(open_installation(given)).decide_merge(
        given.pair,
        given.kind,
        given.key,
        MergeChoice(given.choice),
        by=actor(given),
        why=given.reason,
    )
    say(f"{given.kind} {given.key}: {given.choice}.")
    return OK
