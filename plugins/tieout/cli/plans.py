"""Commands that plan and apply: plan, apply."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.cli.common import (
    NOT_GOOD,
    OK,
    add_connections,
    add_report,
    connections_file,
    open_installation,
    say,
    show,
)
from tieout.errors import ConfigurationError

if TYPE_CHECKING:
    from tieout.cli.common import Commands
    from tieout.domain.plan import Plan
    from tieout.wiring.installation import Tieout

FLOW_DEFAULT = "order_to_cash"
PLANS_FOLDER = "plans"


def add(commands: "Commands") -> None:
    """Add the commands."""
    plan = commands.add_parser("plan", help="show what a run would do; nothing is written")
    _add_scope(plan)
    plan.add_argument("--out", type=Path, metavar="FILE", help="also write a plan file")
    add_report(plan, run=_plan)
    apply = commands.add_parser("apply", help="run exactly what a plan says, or refuse on drift")
    apply.add_argument("plan_hash", nargs="?", metavar="HASH", help="as plan prints it")
    apply.add_argument("--plan", type=Path, metavar="FILE", help="a plan file instead of a hash")
    apply.add_argument("--by", required=True, metavar="NAME", help="who approves it")
    apply.add_argument("--json", action="store_true", help="print JSON")
    add_connections(apply)
    apply.set_defaults(run=_apply)


def _add_scope(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "flow", nargs="?", metavar="FLOW", help=f"such as customer_sync; default {FLOW_DEFAULT}"
    )
    parser.add_argument("--flow", dest="flow_named", metavar="FLOW", help="the same")
    for name, text in (("--from", "also plan what a sweep from here"), ("--to", "to here finds")):
        parser.add_argument(name, dest=f"moment_{name[2:]}", type=_moment, metavar="ISO", help=text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = f"{text} has no time zone, such as +00:00"
        raise argparse.ArgumentTypeError(message)
    return moment


def _plan(given: argparse.Namespace) -> int:
    from tieout.stack import plan_reports

    tieout = open_installation(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    flow = given.flow or given.flow_named or FLOW_DEFAULT
    plans = [tieout.plan(pair, flow, interval=_interval(given)) for pair in pairs]
    for one in plans:
        plan_reports.write_plans(_stored(given, one.plan_hash), [one])
    if given.out is not None:
        plan_reports.write_plans(given.out, plans)
    text = "\n\n".join(plan_reports.plan_text(one) for one in plans)
    show(given, plan_reports.plans_json(plans), text)
    return OK


def _interval(given: argparse.Namespace) -> tuple[datetime, datetime] | None:
    since, until = given.moment_from, given.moment_to
    if since is None and until is None:
        return None
    if since is None or until is None or since >= until:
        raise ConfigurationError(
            "A sweep needs both ends, the earlier one first.", remedy="Give --from and --to."
        )
    return since, until


def _stored(given: argparse.Namespace, plan_hash: str) -> Path:
    return connections_file(given).parent / PLANS_FOLDER / f"{plan_hash}.json"


def _apply(given: argparse.Namespace) -> int:
    from tieout.stack import plan_reports

    tieout = open_installation(given)
    applied = [tieout.apply(plan, by=given.by) for plan in _plans(given, tieout)]
    if given.json:
        import json

        say(json.dumps({"applied": [one.model_dump(mode="json") for one in applied]}, indent=2))
    else:
        say("\n\n".join(plan_reports.applied_text(one) for one in applied))
    good = all(one.is_as_planned and not one.unfinished for one in applied)
    return OK if good else NOT_GOOD


def _plans(given: argparse.Namespace, tieout: "Tieout") -> "list[Plan]":
    """Return the plans of a file, or the one with a hash: as stored, or as made anew."""
    from tieout.stack import plan_reports

    if (given.plan is None) == (given.plan_hash is None):
        raise ConfigurationError("Which plan?", remedy="Give its HASH, or --plan FILE.")
    if given.plan is not None:
        return plan_reports.read_plans(given.plan)
    wanted: str = given.plan_hash.lower()
    if len(wanted) < plan_reports.SHORT_HASH or set(wanted) - set("0123456789abcdef"):
        raise ConfigurationError(
            f"{wanted!r} is no plan's hash.",
            remedy=f"Give at least {plan_reports.SHORT_HASH} digits of what 'tieout plan' printed.",
        )
    stored = sorted(_stored(given, wanted).parent.glob(f"{wanted}*.json"))
    if len(stored) == 1:
        return plan_reports.read_plans(stored[0])
    for pair in tieout.pairs:
        made = tieout.plan(pair, FLOW_DEFAULT)
        if made.plan_hash.startswith(wanted):
            return [made]
    raise ConfigurationError(
        f"No plan {wanted[: plan_reports.SHORT_HASH]} is kept here, and what waits now makes "
        "another one.",
        remedy="Apply the plan's file with --plan FILE, or plan again with 'tieout plan'.",
    )
