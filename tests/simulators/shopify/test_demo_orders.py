"""The forty demo orders: they add up, they say what must become of them, they place once."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from simulators.shopify.shop_client import LOTUS, Client, Receiver, client, simulator
from tieout.simulators.shopify.demo_maker import DemoOrder
from tieout.simulators.shopify.demo_orders import demo_orders

TODAY = date(2026, 11, 30)
ORDERS = {order.name: order for order in demo_orders(TODAY)}
SHORT_OF_SUMS = {"dead_letter:total_does_not_add_up", "dead_letter:order_incomplete"}
ADDING_UP = [
    order
    for order in ORDERS.values()
    if order.order is not None and order.expected not in SHORT_OF_SUMS
]
BAD = {
    "unknown_item",
    "quantity_not_positive",
    "total_does_not_add_up",
    "currency_not_of_company",
    "order_incomplete",
    "body_too_large",
    "body_not_json",
}


def body(name: str) -> dict[str, object]:
    order = ORDERS[name].order
    assert order is not None
    return order


def amounts(order: DemoOrder, path: str) -> Decimal:
    """Add up one kind of amount over an order's lines and shipping lines."""
    rest = order.order or {}
    lines = [*rest["line_items"], *rest["shipping_lines"]]
    if path == "price":
        return sum((Decimal(one["price"]) * one.get("quantity", 1) for one in lines), Decimal(0))
    key = "price" if path == "tax_lines" else "amount"
    return sum((Decimal(part[key]) for one in lines for part in one[path]), Decimal(0))


def test_there_are_forty_and_most_are_good() -> None:
    expected = [order.expected for order in ORDERS.values()]

    assert len(expected) == 40
    assert expected.count("posted") == 31
    assert {text for text in expected if text.startswith("skipped")} == {
        "skipped:test_order",
        "skipped:cancelled_before_posting",
    }
    assert {text.partition(":")[2] for text in expected if text.startswith("dead")} == BAD


def test_they_are_the_same_for_the_same_day() -> None:
    assert demo_orders(TODAY) == demo_orders(TODAY)


@pytest.mark.parametrize("order", ADDING_UP, ids=lambda order: order.name)
def test_the_order_adds_up_to_the_cent(order: DemoOrder) -> None:
    rest = order.order or {}
    taxes = amounts(order, "tax_lines")
    outside = Decimal(0) if rest["taxes_included"] else taxes
    net = amounts(order, "price") - amounts(order, "discount_allocations")

    assert Decimal(rest["total_price"]) == net + outside
    assert Decimal(rest["total_tax"]) == taxes
    assert Decimal(rest["total_discounts"]) == amounts(order, "discount_allocations")


def test_the_worked_order_is_the_accounting_guides() -> None:
    order = body("#1042")
    lines = order["line_items"]

    assert isinstance(lines, list)
    assert [line["sku"] for line in lines] == ["LAMP-01", "SHADE-02"]
    assert [line["tax_lines"][0]["price"] for line in lines] == ["3.78", "2.87"]
    assert order["total_tax"] == "7.21"
    assert order["total_price"] == "110.13"
    assert str(order["processed_at"]).startswith("2026-11-29")


def test_inclusive_tax_is_rounded_per_line() -> None:
    order = body("#1031")

    assert (order["total_tax"], order["total_price"]) == ("4.42", "26.47")


def test_useless_bodies_are_what_they_claim() -> None:
    large, cut = ORDERS["#1041"].raw_body, ORDERS["#1044"].raw_body

    assert large is not None
    assert cut is not None
    assert len(large) > 10 * 1024 * 1024
    assert not cut.endswith(b"}")


def test_the_demo_places_its_orders_once_and_tells_them_again_alike(
    tmp_path: Path, receiver: Receiver
) -> None:
    extra = {"shop": LOTUS, "order": {**body("#1072"), "id": 42, "name": "#1070"}}
    with simulator(tmp_path, "--now", "2026-11-30T12:00:00Z") as base, client(base) as shop:
        shop.subscribe("ORDERS_CREATE", receiver.uri)
        url = f"{base}/_demo/orders"
        first = shop.session.post(url, json={"extra": [extra]}, timeout=60).json()
        told = list(receiver.got)
        receiver.got.clear()
        again = shop.session.post(url, json={"extra": [extra]}, timeout=60).json()
        found = placed(shop)

    assert again == first
    assert len(first) == 41
    assert sorted(w.headers["X-Shopify-Webhook-Id"] for w in receiver.got) == sorted(
        w.headers["X-Shopify-Webhook-Id"] for w in told
    )
    assert [webhook.body for webhook in receiver.got] == [webhook.body for webhook in told]
    assert found["ordersCount"] == {"count": 34}
    assert found["cut"] is None
    assert found["large"] is None
    assert found["edited"] == EDITED


EDITED = {
    "edited": True,
    "displayFinancialStatus": "PAID",
    "totalPriceSet": {"shopMoney": {"amount": "105.93"}},
    "currentTotalPriceSet": {"shopMoney": {"amount": "57.25"}},
    "currentTotalTaxSet": {"shopMoney": {"amount": "3.75"}},
    "totalOutstandingSet": {"shopMoney": {"amount": "0.0"}},
    "transactions": [
        {"kind": "AUTHORIZATION", "amountSet": {"shopMoney": {"amount": "105.93"}}},
        {"kind": "CAPTURE", "amountSet": {"shopMoney": {"amount": "57.25"}}},
    ],
    "lineItems": {"nodes": [{"quantity": 2, "currentQuantity": 1}]},
}


def placed(shop: Client) -> dict[str, object]:
    return shop.data(
        """query ($edited: ID!, $cut: ID!, $large: ID!) {
          ordersCount { count }
          cut: order(id: $cut) { name }
          large: order(id: $large) { name }
          edited: order(id: $edited) {
            edited
            displayFinancialStatus
            totalPriceSet { shopMoney { amount } }
            currentTotalPriceSet { shopMoney { amount } }
            currentTotalTaxSet { shopMoney { amount } }
            totalOutstandingSet { shopMoney { amount } }
            transactions { kind amountSet { shopMoney { amount } } }
            lineItems(first: 5) { nodes { quantity currentQuantity } }
          }
        }""",
        edited=f"gid://shopify/Order/{ORDERS['#1027'].order_id}",
        cut=f"gid://shopify/Order/{ORDERS['#1044'].order_id}",
        large=f"gid://shopify/Order/{ORDERS['#1041'].order_id}",
    )
