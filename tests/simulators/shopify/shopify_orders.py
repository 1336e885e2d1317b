"""Small orders in the shop's REST shape, for tests of the simulator and of its clients."""

from typing import Any

Json = dict[str, Any]
LAMP_VARIANT, SHADE_VARIANT = 71_100_000_000_001, 71_100_000_000_002


def make_line(number: int, price: str, quantity: int = 1, *, tax: str = "", **more: object) -> Json:
    """Return a line of the first catalog item."""
    taxes = [{"title": "State Tax", "rate": 0.07, "price": tax}] if tax else []
    return {
        "id": number,
        "variant_id": LAMP_VARIANT,
        "sku": "LAMP-01",
        "title": "Aluminium desk lamp",
        "price": price,
        "quantity": quantity,
        "current_quantity": quantity,
        "tax_lines": taxes,
        "discount_allocations": [],
        **more,
    }


def make_order(number: int, *lines: Json, total: str = "19.99", **more: object) -> Json:
    """Return an order named after its number, unpaid unless ``financial_status`` is given."""
    at = "2026-11-20T14:00:00-05:00"
    return {
        "id": number,
        "name": f"#{number}",
        "number": number,
        "order_number": number,
        "currency": "USD",
        "created_at": at,
        "processed_at": at,
        "updated_at": at,
        "financial_status": "pending",
        "payment_gateway_names": ["shopify_payments"],
        "subtotal_price": total,
        "total_tax": "0.00",
        "total_price": total,
        "current_total_price": total,
        "line_items": list(lines) or [make_line(number * 10, "19.99")],
        "shipping_lines": [],
        **more,
    }
