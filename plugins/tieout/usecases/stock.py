"""Inventory: read back what the sales orders committed, publish what is left to sell.

Available to sell is Sage 100's available quantity (on hand, less what is on sales orders, on back
order and in shipping) less what the shop already sold and Sage 100 does not hold yet; pushing
without that would undo the shop's own reservations. The pair's policy (``to_sell``) keeps pieces
back. Quantities are never written to Sage 100: stock moves by transactions only.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal

from tieout.domain.base import BatchId, DocumentId, System
from tieout.domain.items import Part, alias_of
from tieout.domain.ledger import LANDED, Document
from tieout.domain.money import ZERO
from tieout.domain.order import LineKind, Order, OrderLine
from tieout.domain.pair import Pair
from tieout.errors import RejectedError
from tieout.usecases.catalog import INVENTORY_LEVEL, SALES_ORDER
from tieout.usecases.flow import (
    SHOP_ORDER,
    Flow,
    Ready,
    ReadyOrder,
    StepReport,
    added_up,
    by_shop,
    each,
    ready_orders,
)
from tieout.usecases.guarded import guarded_read
from tieout.usecases.order_names import shop_of, warehouse_code
from tieout.usecases.writing import Write, write_all

UNSETTLED_PAGE_ROWS = 500
Place = tuple[str, str]
"""Item code and warehouse code."""


def push_inventory(flow: Flow, batch_id: BatchId) -> StepReport:
    """Set the shop's available quantity of every item that the batch's orders sell."""
    orders = ready_orders(flow, batch_id)
    reports = each(by_shop(orders).items(), lambda domain, ours: _push(flow, domain, ours))
    return added_up(INVENTORY_LEVEL.entity, reports)


def alone_with_stock(flow: Flow) -> AbstractContextManager[None]:
    """Let nobody else push the pair's stock between our look at Sage 100 and our write.

    Whoever looked first would else write last, and nothing would tell of it.
    """
    return flow.ledger.locks([f"{flow.pair.pair}|stock"])


def _push(flow: Flow, domain: str, orders: Sequence[ReadyOrder]) -> StepReport:
    shop = shop_of(flow.pair, orders[0].order)
    variants: dict[str, tuple[Part, ...]] = {}
    owners: dict[str, DocumentId] = {}
    for ready in orders:
        for line in _products(ready.order):
            if line.variant_id:
                variants[line.variant_id] = _parts(flow.pair, line)
                owners[line.variant_id] = ready.document_id
    items = flow.shops[domain].inventory_items(set(variants))
    target = flow.shops[domain].target(INVENTORY_LEVEL.entity)
    with alone_with_stock(flow):
        sellable = to_sell(flow, {one.item_code for parts in variants.values() for one in parts})

        def writes_of(ready: ReadyOrder) -> Iterator[Write]:
            for variant, parts in variants.items():
                if owners[variant] == ready.document_id and variant in items:
                    yield from levels(ready, shop.locations, parts, items[variant], sellable)

        return write_all(flow, INVENTORY_LEVEL, target, orders, writes_of)


def _parts(pair: Pair, line: OrderLine) -> tuple[Part, ...]:
    """Return the items that a variant is, which an alias may say, else its item alone."""
    parts = alias_of(pair.item_aliases, line.variant_id, line.sku)
    return parts or (Part(item_code=line.item_code),)


def levels(
    ready: Ready,
    locations: Mapping[str, str],
    parts: Sequence[Part],
    inventory_item: str,
    sellable: Mapping[Place, Decimal],
) -> Iterator[Write]:
    """Yield what may be sold of a variant by location: whole pieces, of all that it is made of.

    The shop's quantity falls by itself with every sale, so each document is an occasion.
    """
    for location, warehouse in locations.items():
        if any((part.item_code, warehouse) not in sellable for part in parts):
            continue
        pieces = min(
            sellable[part.item_code, warehouse] * part.per // part.pieces for part in parts
        )
        quantity = f"{pieces:f}"
        record = {
            "inventory_item_id": inventory_item,
            "location_id": location,
            "available": quantity,
        }
        key = f"{inventory_item}@{location}"
        occasion = str(ready.document_id)
        yield Write(key, record, {"available": quantity}, occasion=occasion)


def to_sell(flow: Flow, codes: Collection[str]) -> dict[Place, Decimal]:
    """Return what may be sold of items, by the warehouses of the pair's locations.

    Left out is what Sage 100 has no stock record of.
    """
    available = _available(flow, codes)
    policy = flow.pair.to_sell
    sellable: dict[Place, Decimal] = {}
    for warehouse in {own for shop in flow.pair.shops for own in shop.locations.values()}:
        counted = (warehouse, *policy.also_from.get(warehouse, ()))
        for code in codes:
            held = [available[code, one] for one in counted if (code, one) in available]
            if held:
                keep_back = policy.keep_back_of.get(code, policy.keep_back)
                sellable[code, warehouse] = max(sum(held, ZERO) - keep_back, ZERO)
    return sellable


def _available(flow: Flow, codes: Collection[str]) -> dict[Place, Decimal]:
    available = {
        (level.item_code, level.warehouse_code): level.available
        for level in guarded_read(flow, System.SAGE100, lambda: flow.sage100.stock(codes))
    }
    for place, quantity in _sold_elsewhere(flow).items():
        if place in available:
            available[place] -= quantity
    return available


def _sold_elsewhere(flow: Flow) -> dict[Place, Decimal]:
    """Return what the shop sold and Sage 100 does not hold yet, parked orders included."""
    sold_by: dict[tuple[str, str], dict[Place, Decimal]] = {}
    for page in _pages(flow):
        source_ids = [document.source_id for document in page]
        entered = {
            delivery.document_key
            for delivery in flow.ledger.deliveries_of(
                flow.pair.pair, SALES_ORDER.entity, source_ids
            )
            if delivery.state in LANDED
        }
        for document in page:
            if document.source_id not in entered:
                # Of an order's versions the newest comes last, and counts.
                sold_by[document.account, document.source_id] = _sold(flow, document)
    sold: dict[Place, Decimal] = {}
    for quantities in sold_by.values():
        for place, quantity in quantities.items():
            sold[place] = sold.get(place, Decimal(0)) + quantity
    return sold


def _pages(flow: Flow) -> Iterator[list[Document]]:
    """Yield what is unsettled, a page at a time: after an outage that may be very much."""
    last: Document | None = None
    while page := flow.ledger.unsettled(
        flow.pair.pair, SHOP_ORDER, after=last, limit=UNSETTLED_PAGE_ROWS
    ):
        yield page
        last = page[-1]


def _sold(flow: Flow, document: Document) -> dict[Place, Decimal]:
    """Return what a document sells; what cannot be read sells nothing that we could count."""
    try:
        order = flow.mapper.order_from_shop(document.payload, shop=document.account)
    except RejectedError:
        return {}
    sold: dict[Place, Decimal] = {}
    for line in () if order.is_cancelled else _products(order):
        place = (line.item_code, warehouse_code(flow.pair, order))
        sold[place] = sold.get(place, Decimal(0)) + max(line.quantity, Decimal(0))
    return sold


def _products(order: Order) -> tuple[OrderLine, ...]:
    return order.lines_of(LineKind.PRODUCT)
