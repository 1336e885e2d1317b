"""From a shop's order node to the canonical order.

The node is as plugins/tieout/connectors/shopify/order.graphql selects it. What the shop charged is
copied, never recomputed: net = unit price x quantity - discount allocations, tax = its tax lines.
Whether it adds up is the gate's question. An edited order's lines are what its sales agreements add
up to, because its line items keep the tax lines of the original order.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tieout.domain.money import ZERO, to_currency
from tieout.domain.order import (
    Address,
    Buyer,
    CapturedPayment,
    LineKind,
    Order,
    OrderLine,
    TaxShare,
)
from tieout.mapping.shop_edits import Sold, sold_by_line
from tieout.mapping.shop_node import Node

MONEY_KINDS = frozenset({"SALE", "CAPTURE"})
"""The transactions by which money arrives; an authorization is none."""
TRANSACTION_KINDS = MONEY_KINDS | {
    "AUTHORIZATION",
    "CHANGE",
    "EMV_AUTHORIZATION",
    "REFUND",
    "SUGGESTED_REFUND",
    "VOID",
}
TRANSACTION_STATUSES = frozenset(
    {"AWAITING_RESPONSE", "ERROR", "FAILURE", "PENDING", "SUCCESS", "UNKNOWN"}
)
"""Shopify's OrderTransactionKind and OrderTransactionStatus."""


def read_order(node: Node, *, pair: str, shop: str, time_zone: str) -> Order:
    """Read an order node.

    Raises:
        RejectedError: The node lacks something without which it is no order.
    """
    zone = ZoneInfo(time_zone)
    edited = node.is_true("edited")
    included = node.is_true("taxesIncluded")
    currency = node.needed_text("currencyCode")
    lines = (_edited_lines if edited else _lines)(node, included=included)
    exact = _exact(currency)
    billing = _address(node.optional("billingAddress"))
    ship_to = _address(node.optional("shippingAddress"))
    return Order(
        pair=pair,
        shop=shop,
        source_id=node.needed_text("legacyResourceId"),
        name=node.needed_text("name"),
        currency=currency,
        book_date=_book_date(node.moment("processedAt"), zone),
        updated_at=node.moment("updatedAt"),
        taxes_included=included,
        buyer=_buyer(node, billing if billing != Address() else ship_to),
        ship_to=ship_to if ship_to != Address() else billing,
        lines=tuple(_in_currency(line, exact) for line in lines),
        total=exact(node.money("currentTotalPriceSet" if edited else "totalPriceSet")),
        tax=exact(node.money("currentTotalTaxSet" if edited else "totalTaxSet")),
        payments=tuple(_payments(node, zone, exact)),
        location_id=_location(node),
        note=node.text("note"),
        is_test=node.is_true("test"),
        is_cancelled=node.has("cancelledAt") and bool(node.moment("cancelledAt")),
        is_refunded=_is_refunded(node, edited=edited),
    )


def _book_date(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _exact(currency: str) -> Callable[[Decimal], Decimal]:
    """Return how to write an amount in the currency's decimals, without changing its value.

    The shop's API drops zeros ("31.8"). An amount with more decimals than the currency has stays as
    it is, so that the gate or the target's form refuses it instead of a cent vanishing here.
    """

    def exact(amount: Decimal) -> Decimal:
        rounded = to_currency(amount, currency)
        return rounded if rounded == amount else amount

    return exact


def _in_currency(line: OrderLine, exact: Callable[[Decimal], Decimal]) -> OrderLine:
    taxes = tuple(tax.model_copy(update={"amount": exact(tax.amount)}) for tax in line.taxes)
    return line.model_copy(
        update={
            "price_total": exact(line.price_total),
            "list_price": exact(line.list_price),
            "taxes": taxes,
        }
    )


def _address(node: Node | None) -> Address:
    if node is None:
        return Address()
    person = _words(node.text("firstName"), node.text("lastName"))
    return Address(
        name=_words(node.text("name")) or person,
        company=_words(node.text("company")),
        line1=node.text("address1"),
        line2=node.text("address2"),
        city=node.text("city"),
        region_code=node.text("provinceCode"),
        postal_code=node.text("zip"),
        country_code=node.text("countryCodeV2"),
        phone=node.text("phone"),
    )


def _words(*texts: str) -> str:
    """Join texts with single blanks: what tells names apart is not how they were typed."""
    return " ".join(" ".join(texts).split())


def _buyer(node: Node, address: Address) -> Buyer:
    company = address.company
    purchaser = node.optional("purchasingEntity")
    if purchaser is not None and (bought_for := purchaser.optional("company")) is not None:
        company = _words(bought_for.needed_text("name"))
    customer = node.optional("customer")
    if customer is None:
        return Buyer(
            source_id="",
            name=address.name,
            company=company,
            email=node.text("email"),
            phone=node.text("phone") or address.phone,
            tax_exempt=node.is_true("taxExempt"),
            address=address,
        )
    email = customer.optional("defaultEmailAddress")
    phone = customer.optional("defaultPhoneNumber")
    first, last = customer.text("firstName"), customer.text("lastName")
    return Buyer(
        source_id=customer.needed_text("legacyResourceId"),
        name=_words(first, last) or address.name or _words(customer.text("displayName")),
        company=company,
        first_name=first,
        last_name=last,
        email=(email.text("emailAddress") if email else "") or node.text("email"),
        phone=(phone.text("phoneNumber") if phone else "") or node.text("phone") or address.phone,
        tax_exempt=node.is_true("taxExempt") or customer.is_true("taxExempt"),
        address=address,
    )


def _lines(node: Node, *, included: bool) -> list[OrderLine]:
    tip = node.optional_money("totalTipReceivedSet")
    items = node.connection("lineItems")
    lines = []
    for item in items:
        unit_price, quantity = item.money("originalUnitPriceSet"), item.number("quantity")
        allocated = sum(
            (share.money("allocatedAmountSet") for share in item.list_of("discountAllocations")),
            ZERO,
        )
        price_total = unit_price * quantity - allocated
        kind = _kind(item, is_tip=bool(tip) and price_total == tip and _has_no_goods(item))
        taxes = _taxes(item)
        sold = Sold(quantity=quantity, price_total=price_total, taxes=taxes)
        lines.append(_item_line(item, kind, sold, included=included))
    if tip and not any(line.kind is LineKind.TIP for line in lines):
        lines.append(_tip_line(tip, included=included))
    shipping = [
        _shipping_line(
            line,
            Sold(quantity=Decimal(1), price_total=_shipping_price(line), taxes=_taxes(line)),
            included=included,
        )
        for line in node.connection("shippingLines")
    ]
    return lines + shipping


def _edited_lines(node: Node, *, included: bool) -> list[OrderLine]:
    sold = sold_by_line(node, taxes_included=included)
    lines = []
    for item in node.connection("lineItems"):
        now = sold.take(item.needed_text("id"))
        if now.quantity != item.number("currentQuantity"):
            problem = f"differs from the {now.quantity} that the order's agreements add up to"
            raise item.unreadable("currentQuantity", problem)
        if now.is_something:
            kind = _kind(item, is_tip=now.is_tip)
            lines.append(_item_line(item, kind, now, included=included))
    for line in node.connection("shippingLines"):
        now = sold.take(line.needed_text("id"))
        if now.is_something:
            lines.append(_shipping_line(line, now, included=included))
    return lines


def _kind(item: Node, *, is_tip: bool) -> LineKind:
    if is_tip:
        return LineKind.TIP
    return LineKind.GIFT_CARD if item.is_true("isGiftCard") else LineKind.PRODUCT


def _has_no_goods(item: Node) -> bool:
    return not item.has("variant") and not item.text("sku") and not item.is_true("isGiftCard")


def _item_line(item: Node, kind: LineKind, sold: Sold, *, included: bool) -> OrderLine:
    variant = item.optional("variant")
    title = " - ".join(filter(None, (item.text("title"), item.text("variantTitle"))))
    return OrderLine(
        source_id=item.tail("id"),
        kind=kind,
        title=title,
        quantity=sold.quantity,
        price_total=sold.price_total,
        taxes=sold.taxes,
        taxes_included=included,
        sku=item.text("sku"),
        variant_id=variant.needed_text("legacyResourceId") if variant else "",
        list_price=item.money("originalUnitPriceSet"),
    )


def _shipping_price(line: Node) -> Decimal:
    """Return what shipping cost after discounts, which the original price does not tell."""
    return line.money("discountedPriceSet")


def _shipping_line(line: Node, sold: Sold, *, included: bool) -> OrderLine:
    return OrderLine(
        source_id=line.tail("id") if line.has("id") else "shipping",
        kind=LineKind.SHIPPING,
        title=line.text("title") or "Shipping",
        quantity=Decimal(1),
        price_total=sold.price_total,
        taxes=sold.taxes,
        taxes_included=included,
        list_price=line.money("originalPriceSet"),
    )


def _tip_line(tip: Decimal, *, included: bool) -> OrderLine:
    return OrderLine(
        source_id="tip",
        kind=LineKind.TIP,
        title="Tip",
        quantity=Decimal(1),
        price_total=tip,
        taxes_included=included,
        list_price=tip,
    )


def _taxes(line: Node) -> tuple[TaxShare, ...]:
    return tuple(
        TaxShare(
            title=tax.text("title"),
            rate=tax.number("rate"),
            amount=tax.money("priceSet"),
            channel_liable=tax.is_true("channelLiable"),
        )
        for tax in line.list_of("taxLines")
    )


def _payments(
    node: Node, zone: ZoneInfo, exact: Callable[[Decimal], Decimal]
) -> Iterable[CapturedPayment]:
    for transaction in node.list_of("transactions"):
        kind = transaction.choice("kind", TRANSACTION_KINDS)
        status = transaction.choice("status", TRANSACTION_STATUSES)
        if kind not in MONEY_KINDS or status != "SUCCESS" or transaction.is_true("test"):
            continue
        captured_at = transaction.moment(
            "processedAt" if transaction.has("processedAt") else "createdAt"
        )
        if amount := exact(transaction.money("amountSet")):
            yield CapturedPayment(
                source_id=transaction.tail("id"),
                gateway=transaction.needed_text("gateway"),
                amount=amount,
                captured_at=captured_at,
                book_date=_book_date(captured_at, zone),
            )


def _location(node: Node) -> str:
    for order in node.connection("fulfillmentOrders"):
        location = order.node("assignedLocation").optional("location")
        if location is not None:
            return location.needed_text("legacyResourceId")
    retail = node.optional("retailLocation")
    return retail.needed_text("legacyResourceId") if retail else ""


def _is_refunded(node: Node, *, edited: bool) -> bool:
    """Say whether something went back to the buyer.

    A refund of nothing takes units off an order that was never edited; an edited order's agreements
    have them already.
    """
    if node.optional_money("totalRefundedSet"):
        return True
    refunds = node.list_of("refunds")
    return any(edited is False or refund.optional_money("totalRefundedSet") for refund in refunds)
