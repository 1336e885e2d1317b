"""What a webhook of Xero says: its events as inbox entries, and their numbers.

One message may speak of several organizations; each event becomes an entry of its pair. An event
has no id of its own: organization, category, type, record and moment are what it is known by, so
that one that is sent again, in whatever company, is the same entry. What belongs to no pair, or
cannot be read, is stored all the same (domain.webhooks.NO_PAIR), for it was signed. Form:
xero-webhooks.yaml; domain/xero README, 2.4.
"""

import hashlib
import json

from pydantic import JsonValue

from tieout.domain.base import Frozen, Json, System
from tieout.domain.ledger import NewInboxEntry, Origin
from tieout.domain.webhooks import EVENT_NO_MAX, NO_PAIR, HeardEvents
from tieout.web.config import XeroApp
from tieout.web.message import ReceivedBody

UNREADABLE = "unreadable"
"""The topic of what cannot be read."""
TEXT_LENGTH_MAX = 255


class XeroMessage(Frozen):
    """What one message of an app brought; the intent to receive brings nothing."""

    entries: tuple[NewInboxEntry, ...] = ()
    heard: HeardEvents | None = None

    @property
    def stray_count(self) -> int:
        """Return how many entries belong to no pair."""
        return sum(entry.pair == NO_PAIR for entry in self.entries)


def read_message(body: ReceivedBody, name: str, app: XeroApp) -> XeroMessage:
    """Read a signed message of the app ``name``; it never fails."""
    try:
        message = json.loads(body.kept() or b"", parse_float=str, parse_constant=str)
        events = message["events"]
        if not isinstance(events, list):
            return XeroMessage(entries=(_unreadable(body, name),))
        heard = _heard(message, name)
        entries = [
            _entry(event, name, app, heard.first_no + place if heard else None)
            for place, event in enumerate(events)
        ]
    except (ValueError, TypeError, LookupError, RecursionError):
        return XeroMessage(entries=(_unreadable(body, name),))
    return XeroMessage(entries=tuple(entries), heard=heard)


def _heard(message: Json, name: str) -> HeardEvents | None:
    """Return the numbers of a message's events, or None when it has none that can be."""
    first, last = message.get("firstEventSequence"), message.get("lastEventSequence")
    if type(first) is not int or type(last) is not int or not 1 <= first <= last <= EVENT_NO_MAX:
        return None
    return HeardEvents(app=name, first_no=first, last_no=last)


def _entry(event: JsonValue, name: str, app: XeroApp, number: int | None) -> NewInboxEntry:
    content = json.dumps(event, separators=(",", ":"), sort_keys=True).encode()
    said = event if isinstance(event, dict) else {}
    tenant, record = _text(said, "tenantId"), _text(said, "resourceId")
    category, kind = _text(said, "eventCategory"), _text(said, "eventType")
    moment = _text(said, "eventDateUtc")
    is_whole = all((tenant, record, category, kind, moment))
    return NewInboxEntry(
        pair=app.tenants.get(tenant, NO_PAIR) if is_whole else NO_PAIR,
        source=System.XERO,
        account=tenant,
        topic=f"{category}/{kind}" if is_whole else UNREADABLE,
        event_id=f"{record} {moment}" if is_whole else "",
        resource_id=record,
        origin=Origin.WEBHOOK,
        body=content,
        body_sha256=hashlib.sha256(content).hexdigest(),
        body_size=len(content),
        headers={"app": name} if number is None else {"app": name, "event_no": str(number)},
    )


def _unreadable(body: ReceivedBody, name: str) -> NewInboxEntry:
    return NewInboxEntry(
        pair=NO_PAIR,
        source=System.XERO,
        account="",
        topic=UNREADABLE,
        event_id="",
        resource_id="",
        origin=Origin.WEBHOOK,
        body=body.kept(),
        body_sha256=body.sha256,
        body_size=body.size,
        headers={"app": name},
    )


def _text(event: Json, member: str) -> str:
    """Return a member in lower case, or '' when it is not a short, plain text."""
    value = event.get(member)
    if not isinstance(value, str) or len(value) > TEXT_LENGTH_MAX:
        return ""
    return value.lower() if value.isascii() and value.isprintable() else ""
