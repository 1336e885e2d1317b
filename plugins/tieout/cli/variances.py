"""Commands on money that does not match: variances list, show, assign, accept, resolve."""

import argparse
from datetime import date, timedelta
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

DAYS = 35
"""How many days of payouts a live look takes unless somebody says otherwise: a month and some."""


def add(commands: "Commands") -> None:
    """Add the commands."""
    parser = commands.add_parser(
        "variances", help="the money that no settlement explains, and what people say of it"
    )
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="list|show|assign|accept|resolve"
    )
    _add_list(actions.add_parser("list", help="list the queue, or what would be in it now"))
    one = actions.add_parser("show", help="show all that is known of one")
    _add_number(one)
    one.add_argument("--json", action="store_true", help="print JSON")
    one.set_defaults(run=_show)
    assigning = actions.add_parser("assign", help="give one to somebody")
    _add_number(assigning)
    assigning.add_argument("to", metavar="NAME", help="who sees to it")
    add_by(assigning)
    assigning.set_defaults(run=_assign)
    accepting = actions.add_parser("accept", help="let one stand until a day")
    _add_number(accepting)
    accepting.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with it")
    accepting.add_argument(
        "--until",
        required=True,
        type=date.fromisoformat,
        metavar="DAY",
        help="the last day that it may stand, such as 2026-12-31; then it is open again",
    )
    add_by(accepting)
    accepting.set_defaults(run=_accept)
    resolving = actions.add_parser("resolve", help="close one that was put right")
    _add_number(resolving)
    resolving.add_argument("--reason", required=True, metavar="TEXT", help="what was done")
    add_by(resolving)
    resolving.set_defaults(run=_resolve)


def _add_list(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="the closed ones too")
    which.add_argument(
        "--live",
        action="store_true",
        help="read both ledgers and the gateways now, show everything, keep nothing",
    )
    parser.add_argument(
        "--days",
        type=int,
        default=DAYS,
        metavar="N",
        help=f"with --live: take the payouts of so many days, default {DAYS}",
    )
    add_report(parser, run=_list)


def _add_number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("variance_id", type=int, metavar="ID", help="number, as list shows it")
    add_connections(parser)


def _list(given: argparse.Namespace) -> int:
    from tieout.stack import variance_reports
    from tieout.wiring.payments import Payments

    if given.live:
        return _look(given)
    kept = Payments(open_installation(given)).variances(given.pair, is_in_queue=not given.all)
    show(given, variance_reports.variances_json(kept), variance_reports.variances_text(kept))
    return OK if variance_reports.is_good(kept) else NOT_GOOD


def _look(given: argparse.Namespace) -> int:
    from tieout.stack import payment_reports
    from tieout.wiring.payments import Payments

    tieout = open_installation(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    look_back = timedelta(days=given.days)
    found = [Payments(tieout).reconciled(pair, look_back=look_back) for pair in pairs]
    text = "\n\n".join(payment_reports.payments_text(one) for one in found)
    show(given, payment_reports.payments_json(found), text)
    return OK if all(one.is_good for one in found) else NOT_GOOD


def _show(given: argparse.Namespace) -> int:
    from tieout.stack.variance_reports import variance_text
    from tieout.wiring.payments import Payments

    one = Payments(open_installation(given)).variance(given.variance_id)
    show(given, one.model_dump(mode="json"), variance_text(one))
    return OK


def _assign(given: argparse.Namespace) -> int:
    from tieout.wiring.payments import Payments

    payments = Payments(open_installation(given))
    one = payments.assign(given.variance_id, given.to, by=actor(given))
    say(f"Variance {one.variance_id}, {one.amount} {one.currency}, is {one.assigned_to}'s.")
    return OK


def _accept(given: argparse.Namespace) -> int:
    from tieout.wiring.payments import Payments

    payments = Payments(open_installation(given))
    one = payments.accept(given.variance_id, by=actor(given), why=given.reason, until=given.until)
    say(
        f"Variance {one.variance_id}, {one.amount} {one.currency}, may stand until "
        f"{given.until.isoformat()}, says {one.said_by}."
    )
    return OK


def _resolve(given: argparse.Namespace) -> int:
    from tieout.wiring.payments import Payments

    payments = Payments(open_installation(given))
    one = payments.resolve(given.variance_id, by=actor(given), why=given.reason)
    say(
        f"Variance {one.variance_id}, {one.amount} {one.currency}, is put right, says "
        f"{one.said_by}; a run that sees it again opens it again."
    )
    return OK
