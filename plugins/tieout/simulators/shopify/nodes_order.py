"""An order as GraphQL shows it, made from its record: the REST order and what belongs to it.

Equal to the cent to the REST form. Nothing is decided here; acts are in ``acts``.
"""

from tieout.simulators.shopify.agreements import line_net_of_discounts
from tieout.simulators.shopify.edits import current_quantity, current_tax_lines
from tieout.simulators.shopify.money import Bag, empty_bag, total
from tieout.simulators.shopify.nodes_lines import (
    application_nodes,
    line_item_nodes,
    shipping_line_nodes,
    tax_line_node,
    tax_line_nodes,
)
from tieout.simulators.shopify.nodes_payments import (
    agreement_nodes,
    refund_nodes,
    transaction_nodes,
)
from tieout.simulators.shopify.nodes_people import (
    address_node,
    attribute_nodes,
    customer_node,
    metafield_fields,
    purchasing_node,
)
from tieout.simulators.shopify.nodes_shipping import fulfillment_node, fulfillment_order_nodes
from tieout.simulators.shopify.nodes_stock import location_node
from tieout.simulators.shopify.payments import (
    RECEIVED,
    capturable,
    current_total,
    net_payment,
    summed,
)
from tieout.simulators.shopify.shapes import Json, gid, tags_of, zulu_or_none
from tieout.simulators.shopify.site import Site

FULFILLMENT_STATUSES = {
    "fulfilled": "FULFILLED",
    "partial": "PARTIALLY_FULFILLED",
    "restocked": "RESTOCKED",
}
ADDRESS_OFFSETS = {"billing_address": 1, "shipping_address": 2}


def order_node(site: Site, record: Json) -> Json:
    """Return an Order."""
    rest = record["rest"]
    customer = rest.get("customer")
    buyer = (
        customer_node(site, site.customer(str(customer["id"])) or customer) if customer else None
    )
    owner = gid("Order", rest["id"])
    return {
        "__typename": "Order",
        "id": owner,
        "customer": buyer,
        "purchasingEntity": purchasing_node(rest, buyer),
        "tags": tags_of(rest.get("tags")),
        **_facts(rest),
        **_times(site, rest),
        **_money(record),
        **_status(record),
        **_parts(site, record),
        **metafield_fields(site, owner),
    }


def order_stub(site: Site, record: Json) -> Json:
    """Return what an order is searched and sorted by; ``_full`` makes the Order of a page."""
    rest = record["rest"]
    customer = rest.get("customer") or {}
    times = _times(site, rest)
    name = f"{customer.get('first_name') or ''} {customer.get('last_name') or ''}".strip()
    return {
        **times,
        "_full": lambda: order_node(site, record),
        "_sort": _sort_values(rest, times),
        "id": gid("Order", rest["id"]),
        "name": rest.get("name") or "",
        "email": rest.get("email") or None,
        "customer_id": customer.get("id"),
        "customer_name": name,
        "financial_status": rest.get("financial_status"),
        "fulfillment_status": rest.get("fulfillment_status") or "unfulfilled",
        "test": bool(rest.get("test")),
        "tags": tags_of(rest.get("tags")),
        "source_name": rest.get("source_name"),
        "po_number": rest.get("po_number"),
        "confirmation_number": rest.get("confirmation_number"),
        "gateways": rest.get("payment_gateway_names") or [],
        "skus": [line.get("sku") for line in rest.get("line_items") or []],
    }


def _sort_values(rest: Json, times: Json) -> Json:
    customer = rest.get("customer") or {}
    lines = rest.get("line_items") or []
    return {
        "CREATED_AT": times["createdAt"],
        "PROCESSED_AT": times["processedAt"],
        "UPDATED_AT": times["updatedAt"],
        "ORDER_NUMBER": int(rest.get("order_number") or rest.get("number") or 0),
        "TOTAL_PRICE": float(rest.get("total_price") or 0),
        "CURRENT_TOTAL_PRICE": float(current_total(rest).shop),
        "FINANCIAL_STATUS": rest.get("financial_status") or "",
        "FULFILLMENT_STATUS": rest.get("fulfillment_status") or "",
        "CUSTOMER_NAME": f"{customer.get('last_name')}, {customer.get('first_name')}",
        "DESTINATION": (rest.get("shipping_address") or {}).get("city") or "",
        "PO_NUMBER": rest.get("po_number") or "",
        "TOTAL_ITEMS_QUANTITY": sum(int(line["quantity"]) for line in lines),
    }


def _facts(rest: Json) -> Json:
    currency = rest.get("currency") or "USD"
    codes = [code["code"] for code in rest.get("discount_codes") or []]
    return {
        "legacyResourceId": str(rest["id"]),
        "name": rest.get("name") or "",
        "number": int(rest.get("order_number") or rest.get("number") or 0),
        "confirmationNumber": rest.get("confirmation_number"),
        "confirmed": bool(rest.get("confirmed", True)),
        "sourceName": rest.get("source_name"),
        "sourceIdentifier": rest.get("source_identifier"),
        "test": bool(rest.get("test")),
        "currencyCode": currency,
        "presentmentCurrencyCode": rest.get("presentment_currency") or currency,
        "taxesIncluded": bool(rest.get("taxes_included")),
        "dutiesIncluded": bool(rest.get("duties_included")),
        "taxExempt": bool(rest.get("tax_exempt")),
        "estimatedTaxes": bool(rest.get("estimated_taxes")),
        "email": rest.get("email") or None,
        "phone": rest.get("phone"),
        "poNumber": rest.get("po_number"),
        "note": rest.get("note"),
        "discountCode": codes[0] if codes else None,
        "discountCodes": codes,
        "paymentGatewayNames": rest.get("payment_gateway_names") or [],
        "customAttributes": attribute_nodes(rest.get("note_attributes")),
        "totalWeight": str(rest.get("total_weight") or 0),
        **{
            name: address_node(rest.get(key), f"{rest['id']}{ADDRESS_OFFSETS[key]}")
            for name, key in (
                ("billingAddress", "billing_address"),
                ("shippingAddress", "shipping_address"),
            )
        },
    }


def _times(site: Site, rest: Json) -> Json:
    created = zulu_or_none(rest.get("created_at")) or site.now_text()
    reason = rest.get("cancel_reason")
    return {
        "createdAt": created,
        "processedAt": zulu_or_none(rest.get("processed_at")) or created,
        "updatedAt": zulu_or_none(rest.get("updated_at")) or created,
        "cancelledAt": zulu_or_none(rest.get("cancelled_at")),
        "cancelReason": reason.upper() if reason else None,
        "closedAt": zulu_or_none(rest.get("closed_at")),
        "closed": bool(rest.get("closed_at")),
    }


def _money(record: Json) -> Json:
    rest = record["rest"]
    empty = empty_bag(rest)
    shipping = rest.get("shipping_lines") or []
    listed = total([Bag.read(line, "price", empty) for line in shipping], empty)
    after = total([line_net_of_discounts(line, empty) for line in shipping], empty)
    due, paid = current_total(rest), net_payment(record)

    def read(key: str, fallback: str = "") -> Json:
        chosen = key if key in rest or f"{key}_set" in rest else fallback or key
        return Bag.read(rest, chosen, empty).node()

    return {
        "subtotalPriceSet": read("subtotal_price"),
        "totalDiscountsSet": read("total_discounts"),
        "totalTaxSet": read("total_tax"),
        "totalPriceSet": read("total_price"),
        "totalShippingPriceSet": Bag.of_set(
            rest.get("total_shipping_price_set") or listed.rest(), 0, empty
        ).node(),
        "totalTipReceivedSet": read("total_tip_received"),
        "currentSubtotalPriceSet": read("current_subtotal_price", "subtotal_price"),
        "currentTotalDiscountsSet": read("current_total_discounts", "total_discounts"),
        "currentTotalTaxSet": read("current_total_tax", "total_tax"),
        "currentTotalPriceSet": due.node(),
        "currentShippingPriceSet": Bag.of_set(
            rest.get("current_shipping_price_set") or after.rest(), 0, empty
        ).node(),
        "originalTotalPriceSet": Bag.of_set(record["original_total"], 0, empty).node(),
        "totalReceivedSet": summed(record, RECEIVED).node(),
        "totalRefundedSet": summed(record, ("refund",)).node(),
        "netPaymentSet": paid.node(),
        "totalOutstandingSet": (due - paid).node(),
        "totalCapturableSet": capturable(record).node(),
        "totalCashRoundingAdjustment": {
            "paymentSet": read("total_cash_rounding_payment_adjustment"),
            "refundSet": read("total_cash_rounding_refund_adjustment"),
        },
        **_rare_money(rest, empty),
    }


def _rare_money(rest: Json, empty: Bag) -> Json:
    """Return the sums that are null on most orders."""
    keys = {
        "originalTotalDutiesSet": "original_total_duties_set",
        "originalTotalAdditionalFeesSet": "original_total_additional_fees_set",
        "currentTotalDutiesSet": "current_total_duties_set",
        "currentTotalAdditionalFeesSet": "current_total_additional_fees_set",
    }
    return {
        name: Bag.of_set(rest[key], 0, empty).node() if rest.get(key) else None
        for name, key in keys.items()
    }


def _status(record: Json) -> Json:
    rest = record["rest"]
    financial = rest.get("financial_status")
    received = summed(record, RECEIVED).shop
    due = current_total(rest) - net_payment(record)
    lines = rest.get("line_items") or []
    return {
        "displayFinancialStatus": financial.upper() if financial else None,
        "displayFulfillmentStatus": FULFILLMENT_STATUSES.get(
            rest.get("fulfillment_status") or "", "UNFULFILLED"
        ),
        "returnStatus": "NO_RETURN",
        "edited": bool(record["edited"]),
        "fullyPaid": due.shop <= 0,
        "unpaid": received == 0,
        "capturable": capturable(record).shop > 0,
        "canMarkAsPaid": due.shop > 0 and not rest.get("cancelled_at"),
        "subtotalLineItemsQuantity": sum(int(line["quantity"]) for line in lines),
        "currentSubtotalLineItemsQuantity": sum(current_quantity(line) for line in lines),
    }


def _parts(site: Site, record: Json) -> Json:
    rest, empty = record["rest"], empty_bag(record["rest"])
    place = site.locations.get(str(rest.get("location_id")))

    def shipping(_info: object, includeRemovals: bool = False, **_: object) -> list[Json]:  # noqa: FBT001, FBT002, N803 - the vendor's argument
        nodes = shipping_line_nodes(rest)
        return [node for node in nodes if includeRemovals or not node["isRemoved"]]

    def transactions(_info: object, capturable: bool | None = None, **_: object) -> list[Json]:  # noqa: FBT001 - the vendor's argument
        nodes = transaction_nodes(site, record)
        return [one for one in nodes if not capturable or one["kind"] == "AUTHORIZATION"]

    return {
        "taxLines": tax_line_nodes(rest, empty),
        "currentTaxLines": lambda _info: [
            tax_line_node(tax, empty) for tax in current_tax_lines(rest)
        ],
        "additionalFees": [],
        "discountApplications": application_nodes(rest),
        "lineItems": lambda _info, **_: line_item_nodes(site, record),
        "shippingLines": shipping,
        "shippingLine": lambda info: next(iter(shipping(info)), None),
        "transactions": transactions,
        "transactionsCount": {"count": len(record["transactions"]), "precision": "EXACT"},
        "refunds": lambda _info, **_: refund_nodes(site, record),
        "returns": [],
        "fulfillments": lambda _info, **_: [
            fulfillment_node(site, record, one) for one in record["fulfillments"]
        ],
        "fulfillmentsCount": {"count": len(record["fulfillments"]), "precision": "EXACT"},
        "fulfillmentOrders": lambda _info, **_: fulfillment_order_nodes(site, record),
        "agreements": lambda _info, **_: agreement_nodes(site, record),
        "retailLocation": location_node(site, place) if place else None,
    }
