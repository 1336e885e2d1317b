"""Money movements and agreements of an order as GraphQL shows them."""

from decimal import Decimal

from tieout.simulators.shopify.money import Bag, empty_bag, money_node, total
from tieout.simulators.shopify.nodes_lines import (
    line_item_nodes,
    shipping_line_nodes,
    tax_line_node,
)
from tieout.simulators.shopify.payments import (
    CARD_FLAT_FEE,
    CARD_RATE,
    RECEIVED,
    amount_of,
    card_fee,
)
from tieout.simulators.shopify.shapes import Json, gid, zulu_or_none
from tieout.simulators.shopify.site import Site

CARD_GATEWAY = "shopify_payments"
GATEWAY_NAMES = {CARD_GATEWAY: "Shopify Payments", "paypal": "PayPal Express Checkout"}
SHIPPING_REFUND = "shipping_refund"
"""How REST calls an adjustment that gives back shipping."""
MANUAL_GATEWAYS = ("manual", "bank_deposit", "cash", "Cash on Delivery (COD)")


def transaction_nodes(site: Site, record: Json) -> list[Json]:
    """Return the OrderTransactions of an order, oldest first."""
    return [transaction_node(site, record, one) for one in record["transactions"]]


def transaction_node(site: Site, record: Json, one: Json) -> Json:
    """Return an OrderTransaction."""
    parents = {other["id"]: other for other in record["transactions"]}
    parent = parents.get(one.get("parent_id"))
    gateway = one.get("gateway") or ""
    return {
        "__typename": "OrderTransaction",
        "_back": (site, record),
        "id": gid("OrderTransaction", one["id"]),
        "kind": one["kind"].upper(),
        "status": one["status"].upper(),
        "gateway": gateway,
        "formattedGateway": GATEWAY_NAMES.get(gateway, gateway.replace("_", " ").title()),
        "manualPaymentGateway": gateway in MANUAL_GATEWAYS,
        "test": bool(one.get("test")),
        "createdAt": zulu_or_none(one.get("created_at") or one.get("processed_at")),
        "processedAt": zulu_or_none(one.get("processed_at") or one.get("created_at")),
        "paymentId": one.get("payment_id"),
        "errorCode": None,
        "parentTransaction": transaction_node(site, record, parent) if parent else None,
        "amountSet": amount_of(one, empty_bag(record["rest"])).node(),
        "amountRoundingSet": None,
        "settlementCurrency": _settlement_currency(record, one),
        "fees": _fee_nodes(record, one),
    }


def _settlement_currency(record: Json, one: Json) -> str | None:
    card = one.get("gateway") == CARD_GATEWAY
    return str(record["rest"].get("currency")) if card else None


def _fee_nodes(record: Json, one: Json) -> list[Json]:
    taken = one["kind"] in RECEIVED and one["status"] == "success"
    if one.get("gateway") != CARD_GATEWAY or not taken:
        return []
    amount = amount_of(one, empty_bag(record["rest"]))
    currency = amount.shop_currency
    return [
        {
            "__typename": "TransactionFee",
            "id": gid("TransactionFee", one["id"]),
            "amount": money_node(card_fee(amount), currency),
            "flatFee": money_node(CARD_FLAT_FEE, currency),
            "rate": f"{CARD_RATE}",
            "taxAmount": money_node(Decimal(0), currency),
            "type": "processing_fee",
        }
    ]


def refund_nodes(site: Site, record: Json) -> list[Json]:
    """Return the Refunds that the REST order lists."""
    return [_refund_node(site, record, one) for one in record["rest"].get("refunds") or []]


def _refund_node(site: Site, record: Json, refund: Json) -> Json:
    empty = empty_bag(record["rest"])
    lines = {node["id"]: node for node in line_item_nodes(site, record)}
    moved = [one for one in refund.get("transactions") or [] if one["kind"] == "refund"]
    paid = total([amount_of(one, empty) for one in moved if one["status"] == "success"], empty)
    at = refund.get("processed_at") or refund.get("created_at")
    return {
        "__typename": "Refund",
        "_back": (site, record),
        "id": gid("Refund", refund["id"]),
        "legacyResourceId": str(refund["id"]),
        "note": refund.get("note"),
        "createdAt": zulu_or_none(refund.get("created_at")),
        "processedAt": zulu_or_none(at),
        "updatedAt": zulu_or_none(at),
        "totalRefundedSet": paid.node(),
        "transactions": [transaction_node(site, record, one) for one in moved],
        "orderAdjustments": [
            _adjustment_node(one, empty)
            for one in refund.get("order_adjustments") or []
            if one.get("kind") != SHIPPING_REFUND
        ],
        "refundShippingLines": [
            _refunded_shipping_node(record, one, empty)
            for one in refund.get("order_adjustments") or []
            if one.get("kind") == SHIPPING_REFUND
        ],
        "refundLineItems": [
            {
                "id": gid("RefundLineItem", one["id"]),
                "lineItem": lines[gid("LineItem", one["line_item_id"])],
                "location": None,
                "quantity": int(one["quantity"]),
                "restockType": (one.get("restock_type") or "no_restock").upper(),
                "restocked": one.get("restock_type") in ("return", "cancel"),
                "priceSet": Bag.read(one.get("line_item") or {}, "price", empty).node(),
                "subtotalSet": Bag.read(one, "subtotal", empty).node(),
                "totalTaxSet": Bag.read(one, "total_tax", empty).node(),
            }
            for one in refund.get("refund_line_items") or []
        ],
    }


def _adjustment_node(one: Json, empty: Bag) -> Json:
    """Return an OrderAdjustment: less than zero when more went back than was calculated."""
    return {
        "__typename": "OrderAdjustment",
        "id": gid("OrderAdjustment", one["id"]),
        "reason": str(one.get("kind") or "refund_discrepancy").upper(),
        "amountSet": Bag.read(one, "amount", empty).node(),
        "taxAmountSet": Bag.read(one, "tax_amount", empty).node(),
    }


def _refunded_shipping_node(record: Json, one: Json, empty: Bag) -> Json:
    """Return a RefundShippingLine, which REST has as an adjustment below zero."""
    return {
        "__typename": "RefundShippingLine",
        "id": gid("RefundShippingLine", one["id"]),
        "shippingLine": shipping_line_nodes(record["rest"])[0],
        "subtotalAmountSet": (empty - Bag.read(one, "amount", empty)).node(),
        "taxAmountSet": (empty - Bag.read(one, "tax_amount", empty)).node(),
    }


AGREEMENT_TYPES = {"ORDER": "OrderAgreement", "ORDER_EDIT": "OrderEditAgreement"}
SALE_TYPES = {
    "PRODUCT": "ProductSale",
    "GIFT_CARD": "GiftCardSale",
    "SHIPPING": "ShippingLineSale",
}


def agreement_nodes(site: Site, record: Json) -> list[Json]:
    """Return the SalesAgreements of an order, oldest first."""
    lines = {node["id"]: node for node in line_item_nodes(site, record)}
    shipping = {node["id"]: node for node in shipping_line_nodes(record["rest"])}
    return [
        {
            "__typename": AGREEMENT_TYPES[made["reason"]],
            "_back": (site, record),
            "id": gid("SalesAgreement", made["id"]),
            "reason": made["reason"],
            "happenedAt": zulu_or_none(made["happened_at"]),
            "sales": [_sale_node(record, sale, lines, shipping) for sale in made["sales"]],
        }
        for made in record["agreements"]
    ]


def _sale_node(record: Json, sale: Json, lines: Json, shipping: Json) -> Json:
    empty = empty_bag(record["rest"])
    taxes = [
        {
            "id": gid("SaleTax", f"{sale['id']}{place}"),
            "amount": Bag.of_set(entry["amount"], 0, empty).node(),
            "taxLine": tax_line_node(entry["tax_line"], empty),
        }
        for place, entry in enumerate(sale["taxes"])
    ]
    return {
        "__typename": SALE_TYPES[sale["kind"]],
        "id": gid("Sale", sale["id"]),
        "actionType": sale["action"],
        "lineType": sale["kind"],
        "quantity": sale["quantity"],
        "lineItem": lines.get(gid("LineItem", sale["line_id"])),
        "shippingLine": shipping.get(gid("ShippingLine", sale["line_id"])),
        "totalAmount": Bag.of_set(sale["total"], 0, empty).node(),
        "totalTaxAmount": Bag.of_set(sale["tax"], 0, empty).node(),
        "totalDiscountAmountBeforeTaxes": Bag.of_set(
            sale["discount_before_taxes"], 0, empty
        ).node(),
        "totalDiscountAmountAfterTaxes": Bag.of_set(sale["discount_after_taxes"], 0, empty).node(),
        "taxes": taxes,
    }
