"""What happened to a shop's order after it was placed, out of the node that was read in full.

Refunds are as the connector reads them (RefundsInFull in operations.graphql). Shopify writes an
adjustment below zero when more went back than it calculated; here what goes to the buyer is above.
"""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from tieout.domain.money import ZERO
from tieout.domain.order import Order
from tieout.domain.order_changes.events import (
    Adjustment,
    ChangedOrder,
    Goods,
    Refund,
    RefundedLine,
    RefundedMoney,
)
from tieout.mapping.readings import day_in, exact_amount, last_part
from tieout.mapping.shop_node import Node

RESTOCK_TYPES = frozenset({"CANCEL", "LEGACY_RESTOCK", "NO_RESTOCK", "RETURN"})
"""Shopify's RefundLineItemRestockType."""
LEFT = "SUCCESS"
"""The status of a fulfillment that left."""


def changed_order(order: Order, node: Mapping[str, object], *, zone: str) -> ChangedOrder | None:
    """Return an order with its refunds and its end; None when the node does not tell them in full.

    The lines of an edited order that was refunded count refunds in already, so that nobody can say
    what was sold of each: None.

    Raises:
        RejectedError: The node cannot be read.
    """
    told = Node(node)
    refunds = told.list_of("refunds")
    is_told = all(one.has("refundLineItems") for one in refunds)
    if not is_told or (refunds and told.is_true("edited")):
        return None
    sold = {_id(one): one.number("quantity") for one in told.connection("lineItems")}
    left = _left(told)
    cancelled = told.text("cancelledAt")
    return ChangedOrder(
        **dict(order),
        refunds=tuple(_refund(order, one, sold, left, zone=zone) for one in refunds),
        has_shipped=bool(left),
        cancelled_on=day_in(zone, cancelled) if cancelled else None,
    )


def _left(order: Node) -> Counter[str]:
    """Return how many pieces of each line have left, by the line's id."""
    left: Counter[str] = Counter()
    for fulfillment in order.list_of("fulfillments"):
        if fulfillment.text("status") == LEFT:
            for one in fulfillment.connection("fulfillmentLineItems"):
                left[_id(one.node("lineItem"))] += int(one.number("quantity"))
    return left


def _refund(
    order: Order, refund: Node, sold: Mapping[str, Decimal], left: Counter[str], *, zone: str
) -> Refund:
    def money(owner: Node, name: str) -> Decimal:
        return exact_amount(owner.money(name), order.currency)

    at = refund.text("processedAt") or refund.needed_text("createdAt")
    lines = []
    for one in refund.connection("refundLineItems"):
        line_id = _id(one.node("lineItem"))
        pieces = sold.get(line_id, ZERO)
        lines.append(
            RefundedLine(
                line_id=line_id,
                quantity=one.number("quantity"),
                sold=pieces,
                amount=money(one, "subtotalSet"),
                tax=money(one, "totalTaxSet"),
                goods=_goods(one, has_left=bool(pieces) and left[line_id] >= pieces),
            )
        )
    for one in refund.connection("refundShippingLines"):
        net, tax = money(one, "subtotalAmountSet"), money(one, "taxAmountSet")
        lines.append(
            RefundedLine(
                line_id=_id(one.node("shippingLine")),
                quantity=Decimal(1),
                sold=Decimal(1),
                amount=net + tax if order.taxes_included else net,
                tax=tax,
                goods=Goods.LOST if left else Goods.ON_ORDER,
            )
        )
    adjustments = (
        Adjustment(
            reason=one.text("reason"),
            amount=-money(one, "amountSet") - money(one, "taxAmountSet"),
        )
        for one in refund.connection("orderAdjustments")
    )
    return Refund(
        source_id=refund.needed_text("legacyResourceId"),
        book_date=day_in(zone, at),
        lines=tuple(lines),
        adjustments=tuple(one for one in adjustments if one.amount),
        payments=tuple(
            RefundedMoney(
                source_id=_id(one),
                gateway=one.needed_text("gateway"),
                amount=money(one, "amountSet"),
                book_date=day_in(zone, one.text("processedAt") or one.text("createdAt")),
            )
            for one in refund.connection("transactions")
            if one.text("kind") == "REFUND" and one.text("status") == LEFT
        ),
    )


def _goods(line: Node, *, has_left: bool) -> Goods:
    """Say what became of goods; what goes to no shelf is lost, or else never left."""
    restock = line.choice("restockType", RESTOCK_TYPES)
    if restock == "NO_RESTOCK":
        return Goods.LOST if has_left else Goods.ON_ORDER
    return Goods.ON_ORDER if restock == "CANCEL" else Goods.RESTOCKED


def _id(node: Node) -> str:
    return last_part(node.needed_text("id"))
