"""Commands of the first match: match customers, items, vendors; match accept."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.cli.common import (
    NOT_GOOD,
    OK,
    actor,
    add_by,
    add_connections,
    open_installation,
    say,
)
from tieout.errors import ConfigurationError

if TYPE_CHECKING:
    from tieout.cli.common import Commands

KINDS = {"customers": "customer", "items": "item", "vendors": "vendor"}


def add(commands: "Commands") -> None:
    """Add the commands."""
    parser = commands.add_parser("match", help="find who is whom in two lists that grew apart")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, entity in KINDS.items():
        one = actions.add_parser(
            name, help=f"class every {entity} of both ledgers in a file for a person to decide"
        )
        one.add_argument("--pair", required=True, help="whose lists are read")
        one.add_argument("--out", type=Path, required=True, metavar="FILE", help="a CSV file")
        add_connections(one)
        one.set_defaults(run=_propose, entity=entity)
    accept = actions.add_parser("accept", help="keep what a person decided in such a file")
    accept.add_argument("file", type=Path, metavar="FILE")
    add_by(accept)
    add_connections(accept)
    accept.set_defaults(run=_accept)


def _propose(given: argparse.Namespace) -> int:
    from tieout.stack import match_files
    from tieout.wiring.first_match import open_first_match

    rows = open_first_match(open_installation(given), given.pair, given.entity).propose()
    match_files.write(given.out, rows)
    say(match_files.proposal_text(rows, given.out))
    return OK


def _accept(given: argparse.Namespace) -> int:
    from tieout.stack import match_files
    from tieout.wiring.first_match import open_first_match

    rows = match_files.read(given.file)
    whose = {(row.pair, row.entity) for row in rows}
    if len(whose) != 1:
        raise ConfigurationError(
            f"{given.file} has rows of {len(whose)} pairs and kinds.",
            remedy="Keep the columns kind and pair as tieout match wrote them.",
        )
    ((pair, entity),) = whose
    by = actor(given)
    tieout = open_installation(given).acting_as(by)
    accepted = open_first_match(tieout, pair, entity).accept(rows, by=by)
    say(match_files.accepted_text(accepted))
    return NOT_GOOD if accepted.left_open else OK
