"""Commands on webhooks: what Xero told and what never came; giving up; dismissing strays."""

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


def add(commands: "Commands") -> None:
    """Add the commands."""
    listing = commands.add_parser("webhooks", help="list what Xero told, and what never came")
    listing.add_argument("--json", action="store_true", help="print JSON")
    add_connections(listing)
    listing.set_defaults(run=_webhooks)
    acts = listing.add_subparsers(dest="act", metavar="ACT")
    giving_up = acts.add_parser("give-up", help="close a gap: its events will not come")
    giving_up.add_argument("app", metavar="APP")
    giving_up.add_argument("first_no", type=int, metavar="FIRST")
    giving_up.add_argument("last_no", type=int, metavar="LAST")
    giving_up.add_argument("--reason", required=True, help="why, kept in the audit")
    add_by(giving_up)
    add_connections(giving_up)
    giving_up.set_defaults(run=_give_up)
    dismissing = acts.add_parser("dismiss", help="skip the events of an organization of no pair")
    dismissing.add_argument("tenant", metavar="TENANT", help="as listed; '' for unreadable ones")
    add_by(dismissing)
    add_connections(dismissing)
    dismissing.set_defaults(run=_dismiss)


def _webhooks(given: argparse.Namespace) -> int:
    from tieout.usecases.webhooks import webhook_alarms

    tieout = open_installation(given)
    webhooks, now = tieout.webhooks, tieout.clock.now()
    apps, missed, strays = webhooks.apps(), webhooks.missed(), webhooks.strays()
    lines = [
        f"{one.app}: heard up to event {one.last_no}, {one.heard_at:%Y-%m-%d %H:%M}Z"
        for one in apps
    ]
    lines += [
        one.text() + ("" if one.is_late(now) else " (Xero may yet send them)") for one in missed
    ]
    lines += [one.text() for one in strays]
    value: JsonValue = {
        "apps": [one.model_dump(mode="json") for one in apps],
        "missed": [{**one.model_dump(mode="json"), "is_late": one.is_late(now)} for one in missed],
        "strays": [one.model_dump(mode="json") for one in strays],
    }
    show(given, value, "\n".join(lines) or "No app of Xero has sent anything.")
    return NOT_GOOD if webhook_alarms(webhooks, now) else OK


def _give_up(given: argparse.Namespace) -> int:
    from tieout.domain.webhooks import HeardEvents

    events = HeardEvents(app=given.app, first_no=given.first_no, last_no=given.last_no)
    open_installation(given).webhooks.give_up(events, by=actor(given), reason=given.reason)
    say(f"{given.app}: events {given.first_no} to {given.last_no} are given up.")
    return OK


def _dismiss(given: argparse.Namespace) -> int:
    count = open_installation(given).webhooks.dismiss(given.tenant, by=actor(given))
    say(f"{count} events are skipped.")
    return OK
