"""Capture: sweep a shop into the inbox, and turn what waits of it there into documents.

A webhook is a hint: the order's state comes from the shop's API. Nothing is mapped or judged here.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tieout.domain.base import BatchId, Frozen, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import (
    InboxEntry,
    NewDeadLetter,
    NewDocument,
    NewInboxEntry,
    Origin,
    Refused,
    Watermark,
)
from tieout.errors import RejectedError
from tieout.ports.systems import Shop
from tieout.usecases.flow import LEASE_S, SHOP_ORDER, Flow, as_refused, each
from tieout.usecases.parents import let_children_on

SWEEP_OVERLAP = timedelta(minutes=10)
"""How far a sweep reaches back before its interval: the shop's search index lags."""

DOCUMENTS_PER_BATCH_MAX = 500
ENTRIES_PER_ROUND_MAX = 200
ROUNDS_MAX = 500
VOLATILE_MEMBERS = ("updatedAt", "tags", "metafields")
"""Members of an order node that move without the order changing, our own status among them."""

ORDER_TOPICS = frozenset(
    {"orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/edited"}
)
SWEEP_TOPIC = "orders/sweep"
OTHERS = frozenset({"payouts"})
"""Kinds of a shop's records that another flow takes in."""


class Captured(Frozen):
    """What one capture did."""

    swept: int
    documents: int
    skipped: int
    set_aside: int


def sweep(flow: Flow, since: datetime, until: datetime, *, origin: Origin) -> int:
    """Land the orders that every shop of the pair changed in [since - overlap, until).

    A sweep after an outage starts at the watermark when that is older than ``since``. The watermark
    moves in the transaction that lands the rows. Returns how many entries were new.
    """

    def sweep_shop(domain: str, shops: list[Shop]) -> int:
        read = flow.ledger.watermark(flow.pair.pair, System.SHOPIFY, _resource(domain))
        if read is None and origin is not Origin.BACKFILL:
            # Where the flow began: should this first sweep fail, the next one starts here too.
            flow.ledger.land([], watermark=_watermark(flow, domain, since, origin))
        start = since if origin is Origin.BACKFILL or read is None else min(since, read)
        nodes = [
            node for shop in shops for node in shop.changed_orders(start - SWEEP_OVERLAP, until)
        ]
        entries = [swept(flow, domain, node, origin) for node in nodes]
        return flow.ledger.land(entries, watermark=_watermark(flow, domain, until, origin))

    return sum(each(((domain, [shop]) for domain, shop in flow.shops.items()), sweep_shop))


def _watermark(flow: Flow, domain: str, until: datetime, origin: Origin) -> Watermark | None:
    """Return how far the sweep read; a backfill reads the past on purpose and moves nothing."""
    if origin is Origin.BACKFILL:
        return None
    return Watermark(
        pair=flow.pair.pair,
        source=System.SHOPIFY,
        resource=_resource(domain),
        read_through=until,
    )


def _resource(domain: str) -> str:
    return f"orders {domain}"


def swept(flow: Flow, domain: str, node: Json, origin: Origin) -> NewInboxEntry:
    """Return the inbox entry of an order that was read from the shop itself."""
    text = json.dumps(node, ensure_ascii=False, sort_keys=True, default=str)
    # A lone surrogate must not stop the sweep; the ledger refuses it for its one order later.
    body = text.encode("utf-8", "surrogatepass")
    return NewInboxEntry(
        pair=flow.pair.pair,
        source=System.SHOPIFY,
        account=domain,
        topic=SWEEP_TOPIC,
        event_id="",
        resource_id=str(node.get("legacyResourceId", "")),
        origin=origin,
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_size=len(body),
    )


def drain(flow: Flow) -> Captured:
    """Turn every pending entry of the pair's shops into a document, a skip or a dead letter."""
    documents = skipped = aside = 0
    for _round in range(ROUNDS_MAX):
        entries = flow.ledger.pending_entries(
            flow.pair.pair, limit=ENTRIES_PER_ROUND_MAX, source=System.SHOPIFY, besides=OTHERS
        )
        if not entries:
            break
        for domain in sorted({entry.account for entry in entries}):
            ours = [entry for entry in entries if entry.account == domain]
            counts = _drain_shop(flow, domain, ours)
            documents += counts.documents
            skipped += counts.skipped
            aside += counts.set_aside
    return Captured(swept=0, documents=documents, skipped=skipped, set_aside=aside)


def _drain_shop(flow: Flow, domain: str, entries: Sequence[InboxEntry]) -> Captured:
    hints = [e for e in entries if e.topic in ORDER_TOPICS and _trouble(e) is None]
    wanted = sorted({entry.resource_id for entry in [*hints, *_changed(flow, domain, entries)]})
    shop = flow.shops.get(domain)
    fetched = shop.orders(wanted) if shop and wanted else {}
    documents = skipped = aside = 0
    for entry in entries:
        trouble = _trouble(entry) if shop else _removed(entry)
        if trouble is None and entry.topic not in {*ORDER_TOPICS, SWEEP_TOPIC}:
            flow.ledger.skip_entry(entry.inbox_id, rule="topic_not_used")
            skipped += 1
            continue
        node = _node(entry, fetched) if trouble is None else None
        if trouble is not None or node is None:
            _set_entry_aside(flow, entry, trouble or _unknown(entry))
            aside += 1
            continue
        try:
            document_id = flow.ledger.document(entry.inbox_id, _document(entry, node))
        except RejectedError as error:
            # One order that cannot be stored or dated must not hold up all the others.
            _set_entry_aside(flow, entry, as_refused(error))
            aside += 1
            continue
        skipped += document_id is None
        documents += document_id is not None
    return Captured(swept=0, documents=documents, skipped=skipped, set_aside=aside)


def _changed(flow: Flow, domain: str, entries: Sequence[InboxEntry]) -> list[InboxEntry]:
    """Return the swept entries whose order we know, or were told, with another content.

    They are read again: the shop tells times to the second, so of two contents of one second nobody
    could say which came first; and what a sweep read may have changed while it waited here.
    """
    swept = [entry for entry in entries if entry.topic == SWEEP_TOPIC and entry.body]
    ids = {entry.resource_id for entry in swept}
    if not ids:
        return []
    contents: dict[str, set[str]] = {source_id: set() for source_id in ids}
    for entry in swept:
        contents[entry.resource_id].add(order_hash(_node(entry, {})))
    known = flow.ledger.known_records(flow.pair.pair, domain, SHOP_ORDER, ids)
    for source_id, record in known.items():
        contents[source_id] |= {record.content_hash} - {""}
    return [entry for entry in swept if len(contents[entry.resource_id]) > 1]


def _node(entry: InboxEntry, fetched: Mapping[str, Json]) -> Json | None:
    """Return the order as the shop has it now, or else as a sweep read it."""
    if entry.topic == SWEEP_TOPIC and entry.resource_id not in fetched:
        node: Json = json.loads(entry.body or b"{}")
        return node
    return fetched.get(entry.resource_id)


def order_hash(node: Json | None) -> str:
    """Return the hash of what an order says, None being an order that says nothing."""
    return content_hash(node or {}, without=VOLATILE_MEMBERS)


def _document(entry: InboxEntry, node: Json) -> NewDocument:
    return NewDocument(
        pair=entry.pair,
        document_type=SHOP_ORDER,
        source=System.SHOPIFY,
        account=entry.account,
        source_id=str(node.get("legacyResourceId")),
        name=str(node.get("name")),
        version_at=_changed_at(node),
        content_hash=order_hash(node),
        payload=node,
    )


def _changed_at(node: Json) -> datetime:
    """Return when the order last changed.

    Raises:
        RejectedError: The node does not say so.
    """
    said = str(node.get("updatedAt"))
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise RejectedError(
            "The shop's order does not say when it changed.",
            remedy="Compare the shop's API version with the connector's; then replay.",
            cause="order_incomplete",
            field="updatedAt",
            value=said,
        )
    return moment


def _trouble(entry: InboxEntry) -> Refused | None:
    """Return why an entry cannot even be read, or None."""
    if entry.body is None:
        return Refused(
            cause="body_too_large",
            message=f"The {entry.topic} message is {entry.body_size:,} bytes; it was not stored.",
            remedy=(
                "Open the order in the shop and remove what inflates it (usually notes or "
                "attributes); the next change or sweep brings it in."
            ),
        )
    if entry.topic == SWEEP_TOPIC or entry.resource_id:
        return None
    try:
        json.loads(entry.body)
    except (ValueError, RecursionError) as error:
        return Refused(
            cause="body_not_json",
            message=f"The {entry.topic} message is not JSON: {error}.",
            remedy="Nothing to correct here: the next sweep reads the order from the shop itself.",
        )
    return Refused(
        cause="order_incomplete",
        message=f"The {entry.topic} message names no order.",
        remedy="Check which app sent it; the next sweep reads the shop's orders by themselves.",
    )


def _removed(entry: InboxEntry) -> Refused:
    return Refused(
        cause="shop_not_configured",
        message=f"Pair {entry.pair} has no shop {entry.account} (any more).",
        remedy="Add the shop to include/pairs.yaml again, with its connection, and replay.",
        field="account",
        value=entry.account,
    )


def _unknown(entry: InboxEntry) -> Refused:
    return Refused(
        cause="order_unknown_to_shop",
        message=f"{entry.account} told us of order {entry.resource_id} and now denies having it.",
        remedy=(
            "If the order was deleted, nothing is left to do. Otherwise give the app the scope "
            "read_all_orders, and replay."
        ),
    )


def _set_entry_aside(flow: Flow, entry: InboxEntry, refused: Refused) -> None:
    flow.ledger.set_aside(
        NewDeadLetter(
            pair=entry.pair,
            inbox_id=entry.inbox_id,
            trace_key=f"{entry.account} {entry.topic} {entry.resource_id or entry.event_id}",
            step="capture",
            cause=refused.cause,
            message=refused.message,
            remedy=refused.remedy,
            field=refused.field,
            value=refused.value,
        )
    )


def capture(
    flow: Flow, *, interval: tuple[datetime, datetime] | None, origin: Origin, claimed_by: str
) -> BatchId | None:
    """Sweep the interval if there is one, drain the inbox, and claim what is unfinished.

    What waits for a customer or an item goes on if that is there by now; a sweep looks for items.
    A backfill claims history, so that what came in live stays with live runs; ``waits`` tells them.

    Returns the claim on at most DOCUMENTS_PER_BATCH_MAX documents, or None when nothing waits.
    """
    if interval is not None:
        sweep(flow, *interval, origin=origin)
    drain(flow)
    let_children_on(flow, looks=interval is not None)
    batch = flow.ledger.claim(
        flow.pair.pair,
        SHOP_ORDER,
        claimed_by=claimed_by,
        limit=DOCUMENTS_PER_BATCH_MAX,
        lease_s=LEASE_S,
        history_first=origin is Origin.BACKFILL,
    )
    return batch.batch_id if batch else None
