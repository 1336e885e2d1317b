"""Extract: bring what changed in a source's list into the inbox, page by page.

A page and the position after it are stored in one transaction, so that a run that dies anywhere is
taken up by the next one where it was. What an entry means is the flows' work.
"""

import hashlib

from tieout.domain.base import Frozen
from tieout.domain.ledger import NewDeadLetter, NewInboxEntry
from tieout.domain.reading import START, Interval, OddRecord, Page, Reading
from tieout.domain.streams import JUDGED_MIN, is_too_bad
from tieout.errors import ConfigurationError
from tieout.ports.landing import Landing
from tieout.ports.lists import Lists


class Extracted(Frozen):
    """What one extraction did; ``records`` counts what was read, known or not."""

    resource: str
    pages: int = 0
    records: int = 0
    landed: int = 0
    tombstones: int = 0
    set_aside: int = 0
    echoes: int = 0
    """What told of our own writes."""


def extract(
    lists: Lists, landing: Landing, pair: str, resource: str, *, interval: Interval | None = None
) -> Extracted:
    """Land what changed in the list since it was last read, or within the interval.

    A backfill moves no position but its own: the same interval again is read again.

    Raises:
        ConfigurationError: There is no such list, or its form is not the one we know.
        RetryableError: The source has no answer for now, or another run reads the same; what was
            read so far has landed.
    """
    reading = Reading(
        pair=pair,
        source=lists.source,
        account=lists.account,
        resource=resource,
        interval=interval,
    )
    position = landing.position(reading)
    done = Extracted(resource=resource)
    for page in lists.pages(resource, position, interval=interval):
        _check(reading, page)
        odd = [_odd(reading, record) for record in page.odd]
        landed = landing.land(reading, page, before=position, set_aside=odd)
        position = page.position
        done = Extracted(
            resource=resource,
            pages=done.pages + 1,
            records=done.records + len(page.records) + len(page.odd),
            landed=done.landed + landed.new,
            tombstones=done.tombstones + landed.tombstones,
            set_aside=done.set_aside + landed.set_aside,
            echoes=done.echoes + landed.echoes,
        )
    if interval is not None and position != START:
        landing.land(reading, Page(records=[], position=START, odd=[]), before=position)
    return done


def _check(reading: Reading, page: Page) -> None:
    """Refuse a page on which too many records are odd: its form has changed."""
    judged = len(page.records) + len(page.odd)
    if judged >= JUDGED_MIN and is_too_bad(judged=judged, bad=len(page.odd)):
        raise ConfigurationError(
            f"Of {judged} {reading.resource} on one page {len(page.odd)} have no usable "
            f"{page.odd[0].member}.",
            remedy="Compare the API's version with the connector's; nothing of it has landed.",
        )


def _odd(reading: Reading, record: OddRecord) -> tuple[NewInboxEntry, NewDeadLetter]:
    """Return the entry of an odd record, and why it is set aside."""
    body_sha256 = hashlib.sha256(record.body).hexdigest()
    entry = NewInboxEntry(
        pair=reading.pair,
        source=reading.source,
        account=reading.account,
        topic=reading.topic(),
        event_id="",
        resource_id=record.record_id,
        origin=reading.origin,
        body=record.body,
        body_sha256=body_sha256,
        body_size=len(record.body),
    )
    letter = NewDeadLetter(
        pair=reading.pair,
        trace_key=f"{reading.account} {reading.resource} {record.record_id or body_sha256[:12]}",
        step="extract",
        cause="record_incomplete",
        message=f"One record of {reading.resource} has no usable {record.member}.",
        remedy="Open it at the source; once it changes there it is read again. Else dismiss this.",
        field=record.member,
    )
    return entry, letter
