"""What a shop's order node does not say field by field: what its lines come to, and what was paid.

The node is as plugins/tieout/connectors/shopify/order.graphql selects it; from_shopify/order.yaml
copies its fields into the canonical order, along with what is worked out here. What the shop
charged is never recomputed: net = unit price x quantity - discount allocations, tax = its tax
lines. Whether it adds up is the gate's question. An edited order's lines are what its sales
agreements add up to, because its line items keep the tax lines of the original order.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from tieout.domain.money import ZERO
from tieout.domain.order import LineKind, TaxShare
from tieout.mapping.shop_edits import NOTHING, Sold, sold_by_line
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
OBJECTS: Mapping[str, tuple[str, ...]] = {
    "customer": ("defaultEmailAddress", "defaultPhoneNumber"),
    "purchasingEntity": ("company",),
    "billingAddress": (),
    "shippingAddress": (),
}
"""Members that are objects where they are there at all, and those of theirs that are."""
ADDRESS = (
    *("name", "firstName", "lastName", "company", "address1", "address2", "city"),
    *("provinceCode", "zip", "countryCodeV2", "phone"),
)

Members = Mapping[str, object]


def worked_out(node: Node) -> dict[str, object]:
    """Return the node's members, and with them what the mapping cannot copy from one place.

    ``sold`` is what each line comes to: its ``item`` (a line item or shipping line as the shop has
    it), ``kind``, ``quantity``, ``price_total`` and ``taxes``. ``captured`` are the transactions by
    which money arrived. ``billTo`` and ``shipTo`` are the order's addresses, either for both where
    the other says nothing.

    Raises:
        RejectedError: The node lacks something without which it is no order.
    """
    _check_objects(node)
    billing, shipping = (_address(node, name) for name in ("billingAddress", "shippingAddress"))
    return {
        **node.members,
        "billTo": billing or shipping,
        "shipTo": shipping or billing,
        "sold": list(_edited_lines(node) if node.is_true("edited") else _lines(node)),
        "captured": [payment.members for payment in _captured(node)],
    }


def _check_objects(node: Node) -> None:
    """Refuse what is no object where one must be, which a mapping would read as empty."""
    for name, inner in OBJECTS.items():
        if (found := node.optional(name)) is not None:
            for member in inner:
                found.optional(member)


def _address(node: Node, name: str) -> Members:
    """Return an address that says something, an empty one for any other."""
    address = node.optional(name)
    said = address is not None and any(address.text(member) for member in ADDRESS)
    return address.members if address is not None and said else {}


def _lines(node: Node) -> Iterator[Members]:
    tip = node.optional_money("totalTipReceivedSet")
    is_tip_listed = False
    for item in node.connection("lineItems"):
        unit_price, quantity = item.money("originalUnitPriceSet"), item.number("quantity")
        allocated = sum(
            (share.money("allocatedAmountSet") for share in item.list_of("discountAllocations")),
            ZERO,
        )
        price_total = unit_price * quantity - allocated
        kind = _kind(item, is_tip=bool(tip) and price_total == tip and _has_no_goods(item))
        is_tip_listed = is_tip_listed or kind is LineKind.TIP
        sold = Sold(quantity=quantity, price_total=price_total, taxes=_taxes(item))
        yield _line(item, kind, sold)
    if tip and not is_tip_listed:
        price = node.members["totalTipReceivedSet"]
        listed = {"id": "tip", "title": "Tip", "originalUnitPriceSet": price}
        yield _line(Node(listed), LineKind.TIP, Sold(quantity=Decimal(1), price_total=tip))
    for line in node.connection("shippingLines"):
        # What shipping cost after discounts, which the original price does not tell.
        price_total = line.money("discountedPriceSet")
        sold = Sold(quantity=Decimal(1), price_total=price_total, taxes=_taxes(line))
        yield _line(line, LineKind.SHIPPING, sold)


def _edited_lines(node: Node) -> Iterator[Members]:
    sold = sold_by_line(node, taxes_included=node.is_true("taxesIncluded"))
    for item in node.connection("lineItems"):
        now = sold.get(item.needed_text("id"), NOTHING)
        if now.quantity != item.number("currentQuantity"):
            problem = f"differs from the {now.quantity} that the order's agreements add up to"
            raise item.unreadable("currentQuantity", problem)
        if now.is_something:
            yield _line(item, _kind(item, is_tip=now.is_tip), now)
    for line in node.connection("shippingLines"):
        now = sold.get(line.needed_text("id"), NOTHING)
        if now.is_something:
            whole = now.model_copy(update={"quantity": Decimal(1)})
            yield _line(line, LineKind.SHIPPING, whole)


def _line(item: Node, kind: LineKind, sold: Sold) -> Members:
    item.optional("variant")
    return {
        "item": item.members,
        "kind": kind,
        "quantity": sold.quantity,
        "price_total": sold.price_total,
        "taxes": sold.taxes,
    }


def _kind(item: Node, *, is_tip: bool) -> LineKind:
    if is_tip:
        return LineKind.TIP
    return LineKind.GIFT_CARD if item.is_true("isGiftCard") else LineKind.PRODUCT


def _has_no_goods(item: Node) -> bool:
    return not item.has("variant") and not item.text("sku") and not item.is_true("isGiftCard")


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


def _captured(node: Node) -> Iterable[Node]:
    for transaction in node.list_of("transactions"):
        kind = transaction.choice("kind", TRANSACTION_KINDS)
        status = transaction.choice("status", TRANSACTION_STATUSES)
        if kind not in MONEY_KINDS or status != "SUCCESS" or transaction.is_true("test"):
            continue
        if transaction.money("amountSet"):
            yield transaction
