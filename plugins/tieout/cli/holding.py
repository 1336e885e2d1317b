"""Commands that hold an order back: held, hold, release."""

import argparse
from typing import TYPE_CHECKING

from tieout.cli.common import OK, add_connections, add_report, open_installation, say, show

if TYPE_CHECKING:
    from tieout.cli.common import Commands


def add(commands: "Commands") -> None:
    """Add the commands."""
    add_report(commands.add_parser("held", help="list what people hold back, and why"), run=_held)
    holding = commands.add_parser("hold", help="hold an order back until it is released")
    _add_record(holding)
    holding.add_argument("--reason", required=True, help="why; kept with the order")
    holding.set_defaults(run=_hold)
    releasing = commands.add_parser("release", help="let a held order go on from the gate")
    _add_record(releasing)
    releasing.set_defaults(run=_release)


def _add_record(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="ORDER", help="its name (#1042), id, or 'SHOP #1042'")
    parser.add_argument("--pair", required=True, help="the pair that it is of")
    parser.add_argument("--by", required=True, metavar="NAME", help="who decides, for the audit")
    add_connections(parser)


def _held(given: argparse.Namespace) -> int:
    tieout = open_installation(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    found = [one for pair in pairs for one in tieout.held(pair)]
    lines = [f"{one.pair}  {one.account} {one.name}  {one.held_for}" for one in found]
    listed = [
        {
            "pair": one.pair,
            "account": one.account,
            "name": one.name,
            "source_id": one.source_id,
            "held_for": one.held_for,
        }
        for one in found
    ]
    show(given, {"held": [dict(one) for one in listed]}, "\n".join(lines) or "Nothing is held.")
    return OK


def _hold(given: argparse.Namespace) -> int:
    document = open_installation(given).hold(
        given.pair, given.name, by=given.by, reason=given.reason
    )
    say(f"{document.account} {document.name} is held; 'tieout release' lets it go on.")
    return OK


def _release(given: argparse.Namespace) -> int:
    open_installation(given).release(given.pair, given.name, by=given.by)
    say(f"{given.name} goes on with the next run.")
    return OK
