"""Builds orders in REST shape that add up as the vendor's do: tax per line, rounded, then summed.

A discount for the whole order is spread over the lines by their price, one cent at a time from the
first line. Which orders the demo has is in ``demo_orders``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from tieout.simulators.company import Item
from tieout.simulators.shopify.money import CENT, ZERO, cents
from tieout.simulators.shopify.payments import transaction_body
from tieout.simulators.shopify.shapes import Json, gid
from tieout.simulators.shopify.site import PRODUCT_OFFSET

ORDER_BASE, LINE_BASE, SHIPPING_BASE = 6_811_300_000_000, 16_011_300_000_000, 5_211_300_000_000
IDS_PER_ORDER = 1000
STATE_TAX = ("State Tax", Decimal("0.07"))
VAT = ("VAT", Decimal("0.2"))


@dataclass(frozen=True)
class Line:
    """A line: an item of the catalog or a thing of its own, and its own discount if any."""

    sku: str
    title: str
    price: Decimal
    quantity: int = 1
    variant_id: int | None = None
    discount: Decimal = ZERO
    code_share: Decimal = ZERO


@dataclass(frozen=True)
class Draft:
    """All that an order is made from."""

    number: int
    at: datetime
    lines: Sequence[Line]
    currency: str = "USD"
    buyer: Json | None = None
    email: str | None = None
    billing: Json | None = None
    ship_to: Json | None = None
    company: Json | None = None
    taxes: Sequence[tuple[str, Decimal]] = (STATE_TAX,)
    taxes_included: bool = False
    shipping: Decimal | None = Decimal("8.00")
    order_discount: Decimal = ZERO
    gateway: str = "shopify_payments"
    status: str | None = "paid"
    more: Json = field(default_factory=dict)


def line_of(item: Item, quantity: int = 1, *, price: str = "", discount: str = "0") -> Line:
    """Return a line of a catalog item."""
    return Line(
        sku=item.sku,
        title=item.description,
        price=Decimal(price) if price else item.list_price,
        quantity=quantity,
        variant_id=item.variant_id,
        discount=Decimal(discount),
    )


def order_id(number: int) -> int:
    """Return the id of the order that people call ``#<number>``."""
    return ORDER_BASE + number * IDS_PER_ORDER


def build(draft: Draft) -> Json:
    """Return the order in the shape of a 2026-10 webhook."""
    lines = [
        _line_body(draft, line, place) for place, line in enumerate(_with_order_discount(draft))
    ]
    shipping = [] if draft.shipping is None else [_shipping_body(draft, draft.shipping)]
    return {
        **_head(draft),
        **_sums(draft, lines, shipping),
        "tax_lines": _order_taxes(draft, [*lines, *shipping]),
        "line_items": lines,
        "shipping_lines": shipping,
        "discount_applications": _applications(draft),
        "discount_codes": _codes(draft),
        "billing_address": draft.billing or (draft.buyer or {}).get("default_address"),
        "shipping_address": draft.ship_to or (draft.buyer or {}).get("default_address"),
        "customer": draft.buyer,
        "company": draft.company,
        "fulfillments": [],
        "refunds": [],
        "returns": [],
        "line_item_groups": [],
        "payment_terms": None,
        **draft.more,
    }


def sale(order: Json, amount: str = "", *, gateway: str = "", index: int = 0) -> Json:
    """Return the successful sale of an order, whole unless an amount is given."""
    made = transaction_body(
        order, index, "sale", Decimal(amount or order["total_price"]), order["processed_at"]
    )
    return {**made, "gateway": gateway or made["gateway"]}


def authorization(order: Json) -> Json:
    """Return a successful authorization of the whole order."""
    return transaction_body(
        order, 0, "authorization", Decimal(order["total_price"]), order["processed_at"]
    )


def _with_order_discount(draft: Draft) -> list[Line]:
    """Spread the order's discount over its lines by price, cents left over from the first on."""
    nets = [line.price * line.quantity - line.discount for line in draft.lines]
    whole = sum(nets, ZERO)
    if not draft.order_discount or not whole:
        return list(draft.lines)
    shares = [
        (draft.order_discount * net / whole).quantize(CENT, rounding=ROUND_FLOOR) for net in nets
    ]
    left = int((draft.order_discount - sum(shares, ZERO)) / CENT)
    return [
        replace(line, code_share=share + (CENT if place < left else ZERO))
        for place, (line, share) in enumerate(zip(draft.lines, shares, strict=True))
    ]


def _line_body(draft: Draft, line: Line, place: int) -> Json:
    number = LINE_BASE + draft.number * IDS_PER_ORDER + place
    net = line.price * line.quantity - line.discount - line.code_share
    return {
        "id": number,
        "admin_graphql_api_id": gid("LineItem", number),
        "current_quantity": line.quantity,
        "fulfillable_quantity": max(line.quantity, 0),
        "fulfillment_service": "manual",
        "fulfillment_status": None,
        "gift_card": False,
        "grams": 400,
        "name": line.title,
        "title": line.title,
        "variant_title": None,
        "price": str(line.price),
        "price_set": _set(line.price, draft.currency),
        "product_exists": line.variant_id is not None,
        "product_id": line.variant_id - PRODUCT_OFFSET if line.variant_id else None,
        "variant_id": line.variant_id,
        "variant_inventory_management": "shopify" if line.variant_id else None,
        "properties": [],
        "quantity": line.quantity,
        "requires_shipping": True,
        "sku": line.sku,
        "taxable": bool(draft.taxes),
        "total_discount": "0.00",
        "total_discount_set": _set(ZERO, draft.currency),
        "vendor": "Tieout demo",
        "tax_lines": _tax_lines(draft, net),
        "duties": [],
        "discount_allocations": _allocations(draft, line, place),
    }


def _allocations(draft: Draft, line: Line, place: int) -> list[Json]:
    """Return a line's discounts: its own offer, then its share of the order's code."""
    offers = _line_discounts(draft)
    parts = [(line.discount, offers.index(place))] if line.discount else []
    if line.code_share:
        parts.append((line.code_share, len(offers)))
    return [
        {
            "amount": str(amount),
            "amount_set": _set(amount, draft.currency),
            "discount_application_index": index,
        }
        for amount, index in parts
    ]


def _line_discounts(draft: Draft) -> list[int]:
    return [place for place, line in enumerate(draft.lines) if line.discount]


def _applications(draft: Draft) -> list[Json]:
    shared = {"target_type": "line_item", "value_type": "fixed_amount"}
    made: list[Json] = [
        {
            **shared,
            "type": "automatic",
            "value": str(draft.lines[place].discount),
            "allocation_method": "each",
            "target_selection": "explicit",
            "title": "Line offer",
        }
        for place in _line_discounts(draft)
    ]
    if draft.order_discount:
        made.append(
            {
                **shared,
                "type": "discount_code",
                "value": str(draft.order_discount),
                "allocation_method": "across",
                "target_selection": "all",
                "code": "THANKS",
            }
        )
    return made


def _codes(draft: Draft) -> list[Json]:
    if not draft.order_discount:
        return []
    amount = str(draft.order_discount)
    return [{"code": "THANKS", "amount": amount, "type": "fixed_amount"}]


def _shipping_body(draft: Draft, price: Decimal) -> Json:
    number = SHIPPING_BASE + draft.number * IDS_PER_ORDER
    amount = _set(price, draft.currency)
    return {
        "id": number,
        "carrier_identifier": None,
        "code": "Standard",
        "source": "shopify",
        "title": "Standard",
        "phone": None,
        "is_removed": False,
        "price": str(cents(price)),
        "price_set": amount,
        "discounted_price": str(cents(price)),
        "discounted_price_set": amount,
        "current_discounted_price_set": amount,
        "tax_lines": _tax_lines(draft, price),
        "discount_allocations": [],
    }


def _tax_lines(draft: Draft, amount: Decimal) -> list[Json]:
    made = []
    for title, rate in draft.taxes:
        tax = cents(amount * rate / (1 + rate)) if draft.taxes_included else cents(amount * rate)
        made.append(
            {
                "title": title,
                "rate": float(rate),
                "price": str(tax),
                "price_set": _set(tax, draft.currency),
                "channel_liable": False,
            }
        )
    return made


def _tax_of(bodies: Sequence[Json]) -> Decimal:
    return sum((Decimal(tax["price"]) for body in bodies for tax in body["tax_lines"]), ZERO)


def _order_taxes(draft: Draft, bodies: Sequence[Json]) -> list[Json]:
    made = []
    for title, rate in draft.taxes:
        amounts = [
            Decimal(tax["price"])
            for body in bodies
            for tax in body["tax_lines"]
            if tax["title"] == title
        ]
        tax = sum(amounts, ZERO)
        made.append(
            {
                "title": title,
                "rate": float(rate),
                "price": str(cents(tax)),
                "price_set": _set(tax, draft.currency),
                "channel_liable": False,
            }
        )
    return made


def _sums(draft: Draft, lines: Sequence[Json], shipping: Sequence[Json]) -> Json:
    listed = sum((Decimal(one["price"]) * one["quantity"] for one in lines), ZERO)
    discounts = sum(
        (Decimal(part["amount"]) for one in lines for part in one["discount_allocations"]), ZERO
    )
    freight = sum((Decimal(one["price"]) for one in shipping), ZERO)
    tax = _tax_of([*lines, *shipping])
    subtotal = listed - discounts
    total = subtotal + freight + (ZERO if draft.taxes_included else tax)
    amounts = {
        "total_line_items_price": listed,
        "total_discounts": discounts,
        "current_total_discounts": discounts,
        "subtotal_price": subtotal,
        "current_subtotal_price": subtotal,
        "total_tax": tax,
        "current_total_tax": tax,
        "total_price": total,
        "current_total_price": total,
    }
    due = ZERO if draft.status == "paid" else total
    made: Json = {"total_outstanding": str(cents(due)), "total_tip_received": "0.00"}
    for key, amount in amounts.items():
        made[key] = str(cents(amount))
        made[f"{key}_set"] = _set(amount, draft.currency)
    for key in ("total_shipping_price_set", "current_shipping_price_set"):
        made[key] = _set(freight, draft.currency)
    for key in ("payment", "refund"):
        made[f"total_cash_rounding_{key}_adjustment_set"] = _set(ZERO, draft.currency)
    return made


def _head(draft: Draft) -> Json:
    number, at = order_id(draft.number), draft.at.isoformat()
    return {
        "id": number,
        "admin_graphql_api_id": gid("Order", number),
        "app_id": 580111,
        "cancel_reason": None,
        "cancelled_at": None,
        "closed_at": None,
        "confirmation_number": f"T{draft.number:08d}",
        "confirmed": True,
        "contact_email": draft.email,
        "created_at": at,
        "processed_at": at,
        "updated_at": at,
        "currency": draft.currency,
        "presentment_currency": draft.currency,
        "customer_locale": "en",
        "duties_included": False,
        "email": draft.email or "",
        "estimated_taxes": False,
        "financial_status": draft.status,
        "fulfillment_status": None,
        "location_id": None,
        "name": f"#{draft.number}",
        "note": None,
        "note_attributes": [],
        "number": draft.number - 1000,
        "order_number": draft.number,
        "payment_gateway_names": [draft.gateway] if draft.status != "pending" else [],
        "phone": None,
        "po_number": None,
        "source_name": "web",
        "tags": "",
        "tax_exempt": not draft.taxes,
        "taxes_included": draft.taxes_included,
        "test": False,
        "total_weight": 400 * len(draft.lines),
    }


def _set(amount: Decimal, currency: str) -> Json:
    money = {"amount": str(cents(amount)), "currency_code": currency}
    return {"shop_money": money, "presentment_money": dict(money)}
