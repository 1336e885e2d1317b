"""The command that follows postings: follow."""

import argparse
from typing import TYPE_CHECKING

from tieout.cli.common import NOT_GOOD, OK, add_report, open_installation, show

if TYPE_CHECKING:
    from tieout.cli.common import Commands


def add(commands: "Commands") -> None:
    """Add the command."""
    text = "see what people have posted in Sage 100 of what was entered there"
    add_report(commands.add_parser("follow", help=text), run=_follow)


def _follow(given: argparse.Namespace) -> int:
    from tieout.stack.tables import text_table

    tieout = open_installation(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    followed = [one for pair in pairs for one in tieout.follow(pair)]
    rows = [
        (one.pair, one.entity, str(one.read), str(one.updated), str(one.in_gl)) for one in followed
    ]
    gone = [f"taken back: {trouble}" for one in followed for trouble in one.taken_back]
    headers = ("pair", "document type", "not in the GL", "updated since", "in the GL since")
    text = "\n".join([text_table(headers, rows, right="  rrr"), *gone])
    show(given, {"followed": [one.model_dump(mode="json") for one in followed]}, text)
    return NOT_GOOD if gone else OK
