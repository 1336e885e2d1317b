"""Compare: every order that the shops have against what the ledger knows of it, by key and hash.

A watermark alone misses rows that show late and edits that leave the time of change alone. What is
missing or different lands in the inbox as a sweep's entry; the next run takes it from there.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tieout.domain.base import Frozen, Json
from tieout.domain.ledger import Origin
from tieout.ports.systems import Shop
from tieout.usecases.capture import order_hash, swept
from tieout.usecases.flow import SHOP_ORDER, Flow, each

FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any shop."""
WINDOW = timedelta(days=30)
WINDOWS = 24
"""How many windows are read one by one; what is older is read at once. A window is in memory."""


class Compared(Frozen):
    """What one comparison read and found."""

    pair: str
    read: int = 0
    missing: int = 0
    changed: int = 0
    landed: int = 0
    """Entries that the inbox did not have yet: others of the same content still wait in it."""


def compare_source(flow: Flow) -> Compared:
    """Compare every order of the pair's shops with its newest known version, and land the rest.

    A record whose personal data was redacted is passed over: the shop's word would bring it back.
    Safe to repeat. The trouble of one shop is raised after the others were compared.

    Raises:
        RetryableError: A shop could not be read.
    """
    found = each(
        ((domain, [shop]) for domain, shop in flow.shops.items()),
        lambda domain, shops: [_compare(flow, domain, shop) for shop in shops],
    )
    return _sum(flow, [one for shop in found for one in shop])


def _compare(flow: Flow, domain: str, shop: Shop) -> Compared:
    windows = _windows(flow.clock.now())
    return _sum(flow, [_land(flow, domain, shop.changed_orders(*one)) for one in windows])


def _windows(now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield intervals that cover all time, the oldest first; the last reaches beyond the present.

    A clock that is a little behind the shop's would hide what changed just now.
    """
    begin = now - WINDOW * WINDOWS
    yield FIRST_DAY, begin
    for number in range(WINDOWS):
        since = begin + WINDOW * number
        yield since, since + WINDOW * (2 if number == WINDOWS - 1 else 1)


def _land(flow: Flow, domain: str, nodes: list[Json]) -> Compared:
    known = flow.ledger.known_records(
        flow.pair.pair, domain, SHOP_ORDER, [_source_id(node) for node in nodes]
    )
    missing: list[Json] = []
    changed: list[Json] = []
    for node in nodes:
        record = known.get(_source_id(node))
        if record is None or record.state is None:
            missing.append(node)
        elif not record.is_redacted and record.content_hash != order_hash(node):
            changed.append(node)
    entries = [swept(flow, domain, node, Origin.SWEEP) for node in [*missing, *changed]]
    return Compared(
        pair=flow.pair.pair,
        read=len(nodes),
        missing=len(missing),
        changed=len(changed),
        landed=flow.ledger.land(entries) if entries else 0,
    )


def _source_id(node: Json) -> str:
    return str(node.get("legacyResourceId"))


def _sum(flow: Flow, parts: list[Compared]) -> Compared:
    return Compared(
        pair=flow.pair.pair,
        read=sum(part.read for part in parts),
        missing=sum(part.missing for part in parts),
        changed=sum(part.changed for part in parts),
        landed=sum(part.landed for part in parts),
    )
