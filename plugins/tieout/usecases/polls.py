"""Polls: lists of Xero that are read at every sweep, by the calls that events leave.

Xero tells nothing of payments, items, purchase orders and bank transactions, and an event may be
lost. What a flow cares for is looked into at once (hints.py); the rest waits for a flow of its own.
"""

from datetime import timedelta

from tieout.domain.base import Frozen
from tieout.domain.reading import START, Page, Position, Reading
from tieout.ports.landing import Landing
from tieout.ports.lists import Lists
from tieout.usecases.extract import Extracted, extract
from tieout.usecases.flow import Flow
from tieout.usecases.hints import Hinted, look_into_list

BEFORE_FIRST = timedelta(hours=1)
"""How far the first poll of a list reaches back; what changed before is for a backfill."""


class Polled(Frozen):
    """What one poll brought in, and what it came to."""

    extracted: Extracted
    hinted: Hinted

    def counts(self) -> dict[str, int]:
        """Return the figures alone; small enough to travel between tasks."""
        read = {"records": self.extracted.records, "landed": self.extracted.landed}
        return {**read, **self.hinted.counts()}


def poll(flow: Flow, lists: Lists, landing: Landing, resource: str) -> Polled:
    """Land what changed in a list since the last poll, and look into it where a flow cares.

    Raises:
        ConfigurationError: There is no such list, or its form is not the one we know.
        RetryableError: Xero has no answer for now; what was read so far has landed.
    """
    reading = Reading(
        pair=flow.pair.pair, source=lists.source, account=lists.account, resource=resource
    )
    if landing.position(reading) == START:
        begin = Position(through=flow.clock.now() - BEFORE_FIRST)
        landing.land(reading, Page(records=[], position=begin, odd=[]), before=START)
    extracted = extract(lists, landing, flow.pair.pair, resource)
    return Polled(extracted=extracted, hinted=look_into_list(flow, resource))
