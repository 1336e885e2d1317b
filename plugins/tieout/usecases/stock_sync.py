"""The shops' stock kept in step with Sage 100's: whatever moved it there, not orders alone.

Sage 100's list of quantities tells which items changed; an entry is a hint, and what may be sold is
read anew when it is worked on. It goes one way: no quantity of a shop's is written to Sage 100.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from tieout.domain.base import BatchId, DocumentId, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.items import Part, alias_of, sold_as
from tieout.domain.ledger import (
    UNFINISHED,
    Document,
    DocumentState,
    InboxEntry,
    NewDocument,
    Origin,
    Validated,
)
from tieout.domain.pair import Shop as ShopOfPair
from tieout.ports.systems import Variant
from tieout.usecases.capture import DOCUMENTS_PER_BATCH_MAX, ENTRIES_PER_ROUND_MAX, ROUNDS_MAX
from tieout.usecases.catalog import INVENTORY_LEVEL
from tieout.usecases.flow import LEASE_S, Flow, Ready, StepReport, added_up, documents_of, each
from tieout.usecases.in_step.entities import external_id
from tieout.usecases.in_step.merging import TOLD_TOGETHER
from tieout.usecases.stock import alone_with_stock, levels, to_sell
from tieout.usecases.writing import Write, write_all

STOCK = "stock"
"""The document type: one item of which a quantity changed in Sage 100."""
STOCK_LIST = "IM_ItemWarehouse"
PUSH_STOCK = "push_stock"
ITEMS_PER_ROUND_MAX = 50
"""How many items are looked at and written while nobody else may: orders wait for it."""


class ReadyStock(Ready):
    """A document of the type ``stock``."""

    @property
    def item_code(self) -> str:
        """Return the item that it tells of."""
        return self.document.source_id


def capture_stock(
    flow: Flow,
    *,
    interval: tuple[datetime, datetime] | None,  # noqa: ARG001 - the list is read by a task of its own
    origin: Origin,
    claimed_by: str,
) -> BatchId | None:
    """Turn what the list told into documents, one for each item, and claim what is unfinished."""
    take_in_stock(flow)
    batch = flow.ledger.claim(
        flow.pair.pair,
        STOCK,
        claimed_by=claimed_by,
        limit=DOCUMENTS_PER_BATCH_MAX,
        lease_s=LEASE_S,
        history_first=origin is Origin.BACKFILL,
    )
    return batch.batch_id if batch else None


def take_in_stock(flow: Flow) -> None:
    """Make documents of what the list told, one for each item; none is claimed."""
    for _round in range(ROUNDS_MAX):
        entries = flow.ledger.pending_entries(
            flow.pair.pair, limit=ENTRIES_PER_ROUND_MAX, source=System.SAGE100, kind=STOCK_LIST
        )
        if not entries:
            break
        for entry in entries:
            flow.ledger.document(entry.inbox_id, _document(entry))


def _document(entry: InboxEntry) -> NewDocument:
    item_code = external_id(System.SAGE100, entry.resource_id.split("/")[0])
    payload: Json = {"item": item_code}
    return NewDocument(
        pair=entry.pair,
        document_type=STOCK,
        source=entry.source,
        account=entry.account,
        source_id=item_code,
        name=f"stock of {item_code}",
        version_at=entry.received_at,
        # Each is an occasion to look: what it speaks of may have changed since the one before.
        content_hash=content_hash({**payload, "inbox_id": entry.inbox_id}),
        payload=payload,
    )


def push_stock(flow: Flow, batch_id: BatchId) -> StepReport:
    """Set what the shops may sell of every item that the batch tells of, and close the documents.

    Raises:
        RetryableError: A system did not answer or take some of it now.
        OutcomeUnknownError: Some are in doubt until the next attempt looks them up.
    """
    told = documents_of(flow, batch_id, *UNFINISHED)
    ready = [ReadyStock(document=one) for one in _latest(flow, told)]
    flow.ledger.mark_validated(
        *(
            Validated(document_id=one.document_id, canonical=one.document.payload)
            for one in ready
            if one.document.state is DocumentState.RECEIVED
        )
    )
    flow.ledger.mark_ready([one.document_id for one in ready])
    rounds = (
        (f"round from {start}", ready[start : start + ITEMS_PER_ROUND_MAX])
        for start in range(0, len(ready), ITEMS_PER_ROUND_MAX)
    )
    reports = each(rounds, lambda _name, some: _push_round(flow, batch_id, some))
    return added_up(PUSH_STOCK, reports).model_copy(update={"documents": len(told)})


def _latest(flow: Flow, told: Sequence[Document]) -> list[Document]:
    """Return the latest document of each item, and skip those before it."""
    latest: dict[str, Document] = {}
    for document in sorted(told, key=lambda one: one.document_id):
        before = latest.pop(document.source_id, None)
        if before is not None:
            flow.ledger.skip_document(before.document_id, rule=TOLD_TOGETHER)
        latest[document.source_id] = document
    return list(latest.values())


def _push_round(flow: Flow, batch_id: BatchId, ready: Sequence[ReadyStock]) -> StepReport:
    shops = ((shop.domain, [shop]) for shop in flow.pair.shops)
    reports = each(shops, lambda _domain, one: _push(flow, one[0], ready))
    ours = {one.document_id for one in ready}
    landed = documents_of(flow, batch_id, DocumentState.READY)
    flow.ledger.mark_done(*(one.document_id for one in landed if one.document_id in ours))
    return added_up(PUSH_STOCK, reports)


def _push(flow: Flow, shop: ShopOfPair, ready: Sequence[ReadyStock]) -> StepReport:
    """Set what one shop may sell, at those of its locations where it counts stock of it."""
    told = {one.item_code: one.document_id for one in ready}
    sold = _sold_as(flow, shop, told)
    owners = {variant.variant_id: _owner(told, parts) for variant, parts in sold}
    target = flow.shops[shop.domain].target(INVENTORY_LEVEL.entity)
    with alone_with_stock(flow):
        sellable = to_sell(flow, {one.item_code for _, parts in sold for one in parts})

        def writes_of(one: ReadyStock) -> Iterator[Write]:
            for variant, parts in sold:
                if owners[variant.variant_id] == one.document_id:
                    places = {
                        location: warehouse
                        for location, warehouse in shop.locations.items()
                        if location in variant.locations
                    }
                    yield from levels(one, places, parts, variant.inventory_item_id, sellable)

        return write_all(flow, INVENTORY_LEVEL, target, ready, writes_of)


def _sold_as(
    flow: Flow, shop: ShopOfPair, told: Mapping[str, DocumentId]
) -> list[tuple[Variant, tuple[Part, ...]]]:
    """Return what the shop sells that is one of the items, or made of it, and of which items."""
    aliases = flow.pair.item_aliases
    names = {
        name for name, parts in aliases.items() if any(part.item_code in told for part in parts)
    }
    found = flow.shops[shop.domain].variants(skus={*told, *names}, variant_ids=names)
    with_parts = (
        (
            one,
            alias_of(aliases, one.variant_id, one.sku) or (Part(item_code=sold_as(one.sku)),),
        )
        for one in found
    )
    return [
        (variant, parts)
        for variant, parts in with_parts
        if any(part.item_code in told for part in parts)
    ]


def _owner(told: Mapping[str, DocumentId], parts: Sequence[Part]) -> DocumentId:
    """Return the document that a variant's levels go for: the latest of its items'."""
    return max(told[part.item_code] for part in parts if part.item_code in told)
