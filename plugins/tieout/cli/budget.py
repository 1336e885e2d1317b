"""Commands on Xero's budget: budget."""

import argparse
from typing import TYPE_CHECKING

from tieout.cli.common import NOT_GOOD, OK, add_report, open_installation, show

if TYPE_CHECKING:
    from tieout.cli.common import Commands


def add(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "budget", help="show what is used and left of Xero's calls and bytes, and what will be"
    )
    add_report(parser, run=_budget)


def _budget(given: argparse.Namespace) -> int:
    from tieout.stack import budget_reports

    tieout = open_installation(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    reports = [tieout.xero_budget(pair).report(pair) for pair in pairs]
    text = "\n\n".join(budget_reports.budget_text(one) for one in reports)
    show(given, budget_reports.budget_json(reports), text)
    return OK if all(one.is_good for one in reports) else NOT_GOOD
