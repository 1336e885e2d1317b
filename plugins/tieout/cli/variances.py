"""Commands on money that does not match: variances list."""

import argparse
from typing import TYPE_CHECKING

from tieout.cli.common import NOT_GOOD, OK, add_report, open_installation, show

if TYPE_CHECKING:
    from tieout.cli.common import Commands

DAYS = 35
"""How many days of payouts are looked at unless somebody says otherwise: a month and some more."""


def add(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "variances", help="reconcile payments, receipts and payouts, and name what is left"
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="list")
    listing = actions.add_parser("list", help="list what no settlement explains, in money")
    listing.add_argument(
        "--days",
        type=int,
        default=DAYS,
        metavar="N",
        help=f"take the payouts of so many days, default {DAYS}",
    )
    add_report(listing, run=_list)


def _list(given: argparse.Namespace) -> int:
    from tieout.stack import payment_reports
    from tieout.wiring.payments import reconciled

    tieout = open_installation(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    found = [reconciled(tieout, pair, days=given.days) for pair in pairs]
    text = "\n\n".join(payment_reports.payments_text(one) for one in found)
    show(given, payment_reports.payments_json(found), text)
    return OK if all(one.is_good for one in found) else NOT_GOOD
