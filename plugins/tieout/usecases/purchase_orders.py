"""Purchase orders of Sage 100, shown in Xero as they stand: ordered, and in the end billed.

They are made and received in Sage 100; Xero has them for those who approve the vendor's bill there.
An order is no posting: a later state of it is written over the earlier one, under its number. A
bill that people copy from it in Xero names it in its lines, and by that it is matched
(three_way.py).
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from tieout.domain.base import BatchId, DocumentId, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import (
    LANDED,
    Document,
    DocumentState,
    InboxEntry,
    NewDeadLetter,
    NewDocument,
    Origin,
)
from tieout.domain.money import ZERO, round_half_up
from tieout.domain.reading import SWEPT
from tieout.domain.records import OrderedLine, PurchaseOrder
from tieout.domain.three_way import figure
from tieout.errors import RejectedError
from tieout.usecases.capture import DOCUMENTS_PER_BATCH_MAX, ENTRIES_PER_ROUND_MAX, ROUNDS_MAX
from tieout.usecases.catalog import PURCHASE_ORDER
from tieout.usecases.flow import (
    LEASE_S,
    Flow,
    Ready,
    StepReport,
    as_refused,
    dead_letter_of,
    documents_of,
)
from tieout.usecases.guarded import ensure_readable, guarded_read
from tieout.usecases.judging import Judging, Taken, judge
from tieout.usecases.payees import VENDOR
from tieout.usecases.rows.facts import Known
from tieout.usecases.rows.trade import purchase_order_row
from tieout.usecases.versions import newest_versions
from tieout.usecases.writing import Write, write_all

ORDER_LIST = "PO_PurchaseOrderHeader"
"""Sage 100's list of purchase orders, whose records have their lines."""
ORDER_DOCUMENT = "purchase_order"
"""The document type, and the suite that judges it."""
STEP = "gate_purchase_orders"
TO_XERO = "purchase_order_to_xero"
BINDING = "purchase_order"
STATUSES = "sage100_to_xero_statuses"
"""The crosswalk from an order's status in Sage 100 to its status in Xero."""
SENT_TYPES = frozenset({"S", "D"})
"""OrderType: standard ones and drop shipments. Others, as masters of repeating orders, order
nothing themselves."""
ANOTHER_TYPE = "order_of_another_type"
ON_HOLD = "order_on_hold"
"""The rule for an order that people hold back in Sage 100; released, it comes again."""
GONE = "order_gone"
"""The rule for an order that Sage 100 does not have any more; its copy in Xero is a person's."""
COMMENT = "4"
"""The ItemType of a line that orders nothing."""
PLACES_MAX = 4
"""How many decimals a quantity or price has in Xero (domain/xero README, 2.7)."""
DESCRIPTION_CHARACTERS_MAX = 4000


class ReadyPurchaseOrder(Ready):
    """A document that was read, and its order."""

    order: PurchaseOrder


def capture_orders(
    flow: Flow,
    *,
    interval: tuple[datetime, datetime] | None,  # noqa: ARG001 - the list is read by a task of its own
    origin: Origin,
    claimed_by: str,
) -> BatchId | None:
    """Turn what the list told into documents, and claim what is unfinished."""
    take_in_orders(flow)
    batch = flow.ledger.claim(
        flow.pair.pair,
        ORDER_DOCUMENT,
        claimed_by=claimed_by,
        limit=DOCUMENTS_PER_BATCH_MAX,
        lease_s=LEASE_S,
        history_first=origin is Origin.BACKFILL,
    )
    return batch.batch_id if batch else None


def take_in_orders(flow: Flow) -> None:
    """Turn what the list told into documents; nothing is claimed."""
    for _round in range(ROUNDS_MAX):
        entries = flow.ledger.pending_entries(
            flow.pair.pair, limit=ENTRIES_PER_ROUND_MAX, source=System.SAGE100, kind=ORDER_LIST
        )
        if not entries:
            break
        for entry in entries:
            node: Json = json.loads(entry.body or b"{}", parse_float=str)
            rule = _rule(entry, node)
            if rule:
                flow.ledger.skip_entry(entry.inbox_id, rule=rule)
            else:
                flow.ledger.document(entry.inbox_id, _document(entry, node))


def _rule(entry: InboxEntry, node: Json) -> str:
    """Return the rule by which an entry goes nowhere; '' for one that does."""
    if not entry.topic.endswith(f"/{SWEPT}"):
        return GONE
    if node.get("OrderType") not in SENT_TYPES:
        return ANOTHER_TYPE
    return ON_HOLD if node.get("OnHold") == "Y" else ""


def _document(entry: InboxEntry, node: Json) -> NewDocument:
    number = str(node.get("PurchaseOrderNo") or entry.resource_id)
    return NewDocument(
        pair=entry.pair,
        document_type=ORDER_DOCUMENT,
        source=entry.source,
        account=entry.account,
        source_id=number,
        name=f"purchase order {number}",
        version_at=entry.received_at,
        content_hash=content_hash(node),
        payload=node,
    )


def gate_purchase_orders(flow: Flow, batch_id: BatchId) -> StepReport:
    """Judge the batch's received orders.

    Raises:
        StreamPausedError: A system that judging must read does not answer; nothing was read.
        ConfigurationError: An expectation of severity *halt* failed; nothing of the batch goes on.
    """
    for system in (System.XERO, System.SAGE100):
        ensure_readable(flow, system)
    return judge(flow, batch_id, ORDERS)


def _take(flow: Flow, documents: Sequence[Document]) -> Taken[ReadyPurchaseOrder]:
    newest = newest_versions(flow, documents)
    contacts = _contacts(flow, {_vendor_id(one.corrected) for one in newest})
    orders: list[ReadyPurchaseOrder] = []
    unreadable: dict[DocumentId, NewDeadLetter] = {}
    for document in newest:
        try:
            order = order_from(document.corrected, flow.pair.currency)
            _contact_of(contacts, document.corrected)
        except RejectedError as error:
            letter = dead_letter_of(document, as_refused(error), step=STEP)
            unreadable[document.document_id] = letter
        else:
            orders.append(ReadyPurchaseOrder(document=document, order=order))
    known = _known(flow, [one.order for one in orders])
    rows = [purchase_order_row(str(one.document_id), one.order, known) for one in orders]
    return Taken(documents=newest, records=orders, rows=rows, unreadable=unreadable)


def _known(flow: Flow, orders: Sequence[PurchaseOrder]) -> Known:
    codes = {line.item_code for order in orders for line in order.lines}
    return Known(
        pair=flow.pair,
        xero=guarded_read(flow, System.XERO, flow.xero.reference),
        sage100=guarded_read(flow, System.SAGE100, lambda: flow.sage100.reference(codes)),
        today=flow.clock.now().astimezone(ZoneInfo(flow.pair.time_zone)).date(),
        # Sage 100 takes no order of another vendor, and no other terms.
        vendor_nos={order.vendor_no for order in orders},
        vendor_terms_codes={order.terms_code for order in orders},
    )


ORDERS = Judging[ReadyPurchaseOrder](
    suite=ORDER_DOCUMENT,
    step=STEP,
    take=_take,
    canonical=lambda ready: ready.order.model_dump(mode="json"),
)
"""How purchase orders are judged."""


def write_purchase_orders(flow: Flow, batch_id: BatchId) -> StepReport:
    """Bring the batch's orders to Xero as they stand now, and close their documents.

    Raises:
        RetryableError: Xero did not take some of them now.
        OutcomeUnknownError: Some are in doubt until the next attempt looks them up.
    """
    passed = documents_of(flow, batch_id, DocumentState.VALIDATED)
    flow.ledger.mark_ready([one.document_id for one in passed])
    orders = [
        ReadyPurchaseOrder(document=one, order=PurchaseOrder.model_validate(one.canonical))
        for one in documents_of(flow, batch_id, DocumentState.READY)
    ]
    contacts = _contacts(flow, {_vendor_id(one.document.corrected) for one in orders})

    def writes_of(ready: ReadyPurchaseOrder) -> Iterator[Write]:
        order = ready.order
        record = {
            "order": order,
            "reference": f"Sage 100 purchase order {order.number}",
            "contact_id": _contact_of(contacts, ready.document.corrected),
            "status": _xero_status(flow, order),
            "lines": [_xero_line(order, line) for line in order.lines],
        }
        expected = {"total": f"{order.total:.2f}", "tax": "0.00", "currency": order.currency}
        yield Write(order.number, record, expected, binding_entity=BINDING)

    try:
        target = flow.xero.target(PURCHASE_ORDER.entity)
        report = write_all(flow, PURCHASE_ORDER, target, orders, writes_of)
    finally:
        _close(flow, batch_id)
    return report.model_copy(update={"step": TO_XERO})


def _close(flow: Flow, batch_id: BatchId) -> None:
    """Mark done what stands in Xero."""
    ready = documents_of(flow, batch_id, DocumentState.READY)
    keys = {one.source_id for one in ready}
    standing = {
        delivery.document_key
        for delivery in flow.ledger.deliveries_of(flow.pair.pair, PURCHASE_ORDER.entity, keys)
        if delivery.state in LANDED
    }
    flow.ledger.mark_done(*(one.document_id for one in ready if one.source_id in standing))


def order_from(node: Json, currency: str) -> PurchaseOrder:
    """Read a purchase order as Sage 100's list has it, with its lines.

    Raises:
        RejectedError: It lacks something without which it is none.
    """
    rows = node.get("lines")
    lines = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    number = str(node.get("PurchaseOrderNo") or "")
    try:
        return PurchaseOrder(
            source_id=number,
            number=number,
            currency=currency,
            vendor_no=str(node.get("VendorNo") or ""),
            book_date=date.fromisoformat(str(node.get("PurchaseOrderDate"))),
            required_date=date.fromisoformat(
                str(node.get("RequiredExpireDate") or node.get("PurchaseOrderDate"))
            ),
            terms_code=str(node.get("TermsCode") or ""),
            warehouse_code=str(node.get("WarehouseCode") or ""),
            status=str(node.get("OrderStatus") or ""),
            lines=tuple(_line(row) for row in lines if row.get("ItemType") != COMMENT),
            total=sum(
                (Decimal(str(node.get(name) or 0)) for name in ("TaxableAmt", "NonTaxableAmt")),
                ZERO,
            ),
        )
    except (ValidationError, ValueError, InvalidOperation) as error:
        raise RejectedError(
            f"Purchase order {number} of Sage 100 cannot be read: {error}.",
            remedy="Open it in Sage 100, correct it, and replay.",
            cause="not_of_type",
            field="PurchaseOrderNo",
            value=number,
        ) from error


def _line(row: Mapping[str, object]) -> OrderedLine:
    return OrderedLine(
        item_code=str(row.get("ItemCode") or ""),
        description=str(row.get("ItemCodeDesc") or ""),
        quantity=Decimal(str(row.get("QuantityOrdered") or 0)),
        unit_cost=Decimal(str(row.get("UnitCost") or 0)),
    )


def _xero_status(flow: Flow, order: PurchaseOrder) -> str:
    """Return the status that an order has in Xero by its status in Sage 100.

    Raises:
        RejectedError: The crosswalk does not know the status.
    """
    named = flow.mapper.crosswalk(STATUSES, f"{ORDER_DOCUMENT} {order.status}")
    if not named:
        raise RejectedError(
            f"Purchase order {order.number} has the status {order.status!r} in Sage 100, and "
            f"nothing says what that is in Xero.",
            remedy=f"Add it to include/mappings/tables/{STATUSES}.csv; then replay.",
            cause="unknown_status",
            field="OrderStatus",
            value=order.status,
        )
    return named.rpartition(" ")[2]


def _xero_line(order: PurchaseOrder, line: OrderedLine) -> Json:
    """Return a line as Xero keeps it; one of finer figures as one piece at what it comes to.

    It names the order: a bill that is copied from it in Xero is matched by that.
    """
    name = line.description or line.item_code
    named = f"{name} (PO {order.number})"[:DESCRIPTION_CHARACTERS_MAX]
    amount = round_half_up(line.quantity * line.unit_cost, 2)
    is_exact = all(
        round_half_up(number, PLACES_MAX) == number for number in (line.quantity, line.unit_cost)
    )
    return {
        "description": named if is_exact else f"{figure(line.quantity)} x {named}",
        "item_code": line.item_code,
        "quantity": f"{line.quantity.normalize():f}" if is_exact else "1",
        "unit_amount": f"{round_half_up(line.unit_cost, PLACES_MAX) if is_exact else amount:f}",
    }


def _vendor_id(node: Json) -> str:
    return f"{node.get('APDivisionNo')}-{node.get('VendorNo')}"


def _contacts(flow: Flow, vendor_ids: Collection[str]) -> dict[str, str]:
    """Return the contact's id by the vendor's in Sage 100, of those whom both ledgers have."""
    pair, ledger = flow.pair.pair, flow.ledger
    bound = ledger.bindings_to(pair, VENDOR, set(vendor_ids), System.SAGE100)
    there = ledger.bindings(pair, VENDOR, {one.key for one in bound.values()}, System.XERO)
    return {
        vendor_id: there[one.key].external_id
        for vendor_id, one in bound.items()
        if one.key in there
    }


def _contact_of(contacts: Mapping[str, str], node: Json) -> str:
    vendor_id = _vendor_id(node)
    if vendor_id in contacts:
        return contacts[vendor_id]
    name = str(node.get("PurchaseName") or vendor_id)
    raise RejectedError(
        f"The order is of vendor {vendor_id}, {name}, and nothing says which contact of Xero that "
        "is.",
        remedy=(
            "Let vendor_sync bring the vendor in step (it creates it in Xero), or link the two "
            "with 'tieout bindings link'; then replay."
        ),
        cause="vendor_unbound",
        field="VendorNo",
        value=vendor_id,
    )
