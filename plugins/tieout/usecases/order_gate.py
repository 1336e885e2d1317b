"""The gate of order-to-cash: read each document, skip by rule, have its row judged.

Good orders go on, bad ones become dead letters with the rule and the value. Which rows fail is
include/expectations' word; rows/orders.py computes what the rules look at.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from tieout.domain.account_rules import Tracking
from tieout.domain.base import BatchId, DocumentId, System
from tieout.domain.items import is_item_code
from tieout.domain.ledger import DeliveryState, Document, NewDeadLetter
from tieout.domain.money import ZERO
from tieout.domain.order import LineKind, Order
from tieout.errors import RejectedError
from tieout.ports.gate import Finding
from tieout.usecases.accounts import with_item_facts
from tieout.usecases.catalog import INVOICE, SALES_ORDER
from tieout.usecases.credit import on_account
from tieout.usecases.flow import (
    SHOP_ORDER,
    Flow,
    ReadyOrder,
    StepReport,
    as_refused,
    dead_letter_of,
)
from tieout.usecases.guarded import REFERENCE_AGE_MAX_S, ensure_readable, guarded_read
from tieout.usecases.judging import Judging, Taken, judge
from tieout.usecases.order_changes import told_changes
from tieout.usecases.order_items import nearest_items
from tieout.usecases.order_money import converted
from tieout.usecases.parents import item_parent
from tieout.usecases.rows.facts import Known, Row
from tieout.usecases.rows.orders import called, order_row, products
from tieout.usecases.tax_rounding import rounded_by_day
from tieout.usecases.versions import newest_versions

STEP = "gate_orders"
LACK_OF_ITEMS = frozenset({"unknown_item", "item_code_too_long"})
"""The rules of the suite whose failing rows wait for the items that they name."""
SALE_KINDS = frozenset({LineKind.PRODUCT, LineKind.SHIPPING})


def gate_orders(flow: Flow, batch_id: BatchId) -> StepReport:
    """Judge the batch's received orders.

    Raises:
        StreamPausedError: A system that judging must read does not answer; nothing was read.
        ConfigurationError: An expectation of severity *halt* failed; nothing of the batch goes on.
    """
    for system in (System.XERO, System.SAGE100):
        ensure_readable(flow, system)
    return judge(flow, batch_id, ORDERS)


def _take(flow: Flow, documents: Sequence[Document]) -> Taken[ReadyOrder]:
    newest = newest_versions(flow, documents)
    posted = _posted(flow, newest)
    orders, unreadable = _read(flow, newest, posted)

    def looked_up(age_max_s: float) -> Taken[ReadyOrder]:
        told, rows, is_kept = _looked_up(flow, orders, posted, age_max_s=age_max_s)
        anew = (lambda: looked_up(0.0)) if is_kept else None
        return Taken(documents=newest, records=told, rows=rows, unreadable=unreadable, anew=anew)

    return looked_up(REFERENCE_AGE_MAX_S)


def _posted(flow: Flow, documents: Sequence[Document]) -> dict[str, Decimal | None]:
    """Return the orders of which a target holds something, or may hold it.

    With the rate of the invoice, when it is a foreign one.
    """
    numbers = [document.source_id for document in documents]
    untouched = (DeliveryState.INTENT, DeliveryState.REFUSED)
    posted: dict[str, Decimal | None] = {}
    for kind in (INVOICE, SALES_ORDER):
        for delivery in flow.ledger.deliveries_of(flow.pair.pair, kind.entity, numbers):
            if delivery.state not in untouched:
                rate = delivery.payload.get("CurrencyRate")
                known = Decimal(str(rate)) if rate else None
                posted[delivery.document_key] = posted.get(delivery.document_key) or known
    return posted


def _read(
    flow: Flow, documents: Sequence[Document], posted: Mapping[str, Decimal | None]
) -> tuple[list[ReadyOrder], dict[DocumentId, NewDeadLetter]]:
    """Read documents into orders; skip by rule, return a dead letter of what cannot be read."""
    orders: list[ReadyOrder] = []
    unreadable: dict[DocumentId, NewDeadLetter] = {}
    for document in documents:
        try:
            order = flow.mapper.order_from_shop(document.corrected, shop=document.account)
            rule = _skip_rule(order, is_posted=order.source_id in posted)
            if rule:
                flow.ledger.skip_document(document.document_id, rule=rule)
                continue
            _refuse_unsupported(order, told_changes(document, order, zone=flow.pair.time_zone))
            order = converted(flow.pair, order, posted_rate=posted.get(order.source_id))
        except RejectedError as error:
            letter = dead_letter_of(document, as_refused(error), step=STEP)
            unreadable[document.document_id] = letter
            continue
        orders.append(ReadyOrder(document=document, order=order))
    return orders, unreadable


def _skip_rule(order: Order, *, is_posted: bool) -> str:
    if order.is_test:
        return "test_order"
    if order.is_cancelled and order.captured == ZERO and not is_posted:
        return "cancelled_before_posting"
    return ""


def _refuse_unsupported(order: Order, changes: str) -> None:
    """Refuse what this version does not post, in words, before any rule looks at it.

    ``changes`` says what a cancelled or refunded order takes in both ledgers.
    """
    if order.is_cancelled:
        raise RejectedError(
            f"Order {order.name} was cancelled after it was posted, or after money was taken "
            f"({order.captured} {order.currency}).",
            remedy=(
                "Void or credit its Xero invoice, cancel its Sage 100 order, and refund what was "
                f"taken, in the shop and in both ledgers.{changes}"
            ),
            cause="cancelled_after_posting",
        )
    if order.captured > order.total:
        raise RejectedError(
            f"{order.captured} {order.currency} were taken for {order.name} of {order.total}.",
            remedy="Refund the excess in the shop, or post the overpayment by hand, then replay.",
            cause="overpaid_not_supported",
            field="captured",
            value=str(order.captured),
        )
    for line in order.lines:
        if line.kind not in SALE_KINDS:
            raise RejectedError(
                f"Order {order.name} sells {line.title!r}, a {line.kind}: not posted yet.",
                remedy="Post it by hand in both ledgers; the dead letter stays as its record.",
                cause="line_kind_not_supported",
                field="lines",
                value=line.kind,
            )


def _looked_up(
    flow: Flow, orders: Sequence[ReadyOrder], posted: Collection[str], *, age_max_s: float
) -> tuple[list[ReadyOrder], list[Row], bool]:
    """Return the orders with what Sage 100 says of their items, and their rows.

    And whether what they were held against may be out of date.
    """
    if not orders:
        return [], [], False
    pair = flow.pair
    xero = guarded_read(flow, System.XERO, lambda: flow.xero.reference(age_max_s=age_max_s))
    nearest = nearest_items([ready.order for ready in orders], xero)
    codes = {line.item_code for ready in orders for line in products(ready.order)}
    codes |= {one.value for alike in nearest.values() for one in alike}
    codes = set(filter(is_item_code, codes)) | {one.item_code for one in pair.charge_items}
    credit = on_account(flow, [r.order for r in orders if r.order.source_id not in posted])
    known = Known(
        pair=pair,
        xero=xero,
        sage100=guarded_read(flow, System.SAGE100, lambda: flow.sage100.reference(codes)),
        today=flow.clock.now().astimezone(ZoneInfo(pair.time_zone)).date(),
        owing=credit.owing,
        credits=credit.credits,
        changes={
            ready.order.source_id: told_changes(ready.document, ready.order, zone=pair.time_zone)
            for ready in orders
        },
        rounded=rounded_by_day(flow, [ready.order for ready in orders]),
        nearest=nearest,
        tracking=_tracking(flow),
    )
    told = [
        ready.model_copy(update={"order": with_item_facts(ready.order, known.sage100)})
        for ready in orders
    ]
    return told, [_row(ready, known, posted) for ready in told], xero.is_kept


def _row(ready: ReadyOrder, known: Known, posted: Collection[str]) -> Row:
    """Return an order's row; of what stands in the books no day is asked, only of what is new.

    That the period guard asks when it is written (period.py).
    """
    row = order_row(str(ready.document_id), ready.order, known)
    return {**row, "period_closed": "no"} if ready.order.source_id in posted else row


def _tracking(flow: Flow) -> frozenset[Tracking]:
    """Return Xero's tracking options; a pair that has no rule for them asks for none."""
    if not flow.pair.tracking_rules:
        return frozenset()
    return guarded_read(flow, System.XERO, flow.xero.tracking_options)


def _items_awaited(ready: ReadyOrder, failed: Sequence[Finding]) -> tuple[str, ...]:
    """Return the items that the order waits for, if it lacks nothing but them.

    What has neither SKU nor variant waits for a person: no item, and no alias, could come for it.
    """
    if any(finding.rule not in LACK_OF_ITEMS for finding in failed):
        return ()
    # One whose name is part of another's may be named needlessly: it is there, and keeps nothing.
    missing = " ".join(finding.value for finding in failed)
    lacking = [line for line in products(ready.order) if called(line) in missing]
    if not all(line.sku or line.variant_id for line in lacking):
        return ()
    return tuple(sorted(set(map(item_parent, lacking))))


ORDERS = Judging[ReadyOrder](
    suite=SHOP_ORDER,
    step=STEP,
    take=_take,
    canonical=lambda ready: ready.order.model_dump(mode="json"),
    awaited=_items_awaited,
)
