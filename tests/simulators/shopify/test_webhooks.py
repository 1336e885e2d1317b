"""Webhooks as they arrive at a real server: signed, repeated, given up."""

import base64
import hashlib
import hmac
import time

import pytest
import requests

from simulators.shopify.shop_client import HARBOR, WAIT_S, Client, Receiver
from simulators.shopify.shopify_orders import make_line, make_order

SECRET = b"shopify-secret-harbor_and_pine"
DELETE = """
mutation ($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { message } }
}
"""
SUBSCRIPTIONS = "{ webhookSubscriptions(first: 50) { nodes { id topic uri } } }"


@pytest.fixture(autouse=True)
def no_subscription_is_left_over(shop: Client) -> None:
    for node in shop.data(SUBSCRIPTIONS)["webhookSubscriptions"]["nodes"]:
        shop.data(DELETE, id=node["id"])


def signed(body: bytes) -> str:
    return base64.b64encode(hmac.new(SECRET, body, hashlib.sha256).digest()).decode()


def test_a_delivery_is_signed_over_its_raw_bytes_and_says_what_it_is(
    shop: Client, receiver: Receiver
) -> None:
    made = shop.subscribe("ORDERS_CREATE", receiver.uri)

    done = shop.control("orders", make_order(5001, note="Zoë 王"), deliver="orders/create")

    [webhook] = receiver.got
    assert made["userErrors"] == []
    assert done["deliveries"] == {"orders/create": [200]}
    assert webhook.headers["X-Shopify-Hmac-Sha256"] == signed(webhook.body)
    assert webhook.headers["X-Shopify-Topic"] == "orders/create"
    assert webhook.headers["X-Shopify-Shop-Domain"] == HARBOR
    assert webhook.headers["X-Shopify-API-Version"] == "2026-10"
    assert webhook.headers["X-Shopify-Webhook-Id"] != webhook.headers["X-Shopify-Event-Id"]
    assert webhook.payload["id"] == 5001
    assert webhook.payload["note"] == "Zoë 王"
    assert "transactions" not in webhook.payload


def test_addresses_must_be_https_or_on_the_loopback_and_new(
    shop: Client, receiver: Receiver
) -> None:
    first = shop.subscribe("ORDERS_PAID", receiver.uri)
    again = shop.subscribe("ORDERS_PAID", receiver.uri)
    plain = shop.subscribe("ORDERS_PAID", "http://example.com/hook")
    secure = shop.subscribe("ORDERS_PAID", "https://example.com/hook")

    assert first["webhookSubscription"]["apiVersion"] == {"handle": "2026-10"}
    assert again["userErrors"][0]["message"] == "Address for this topic has already been taken"
    assert plain["userErrors"][0]["message"] == "Address protocol http:// is not supported"
    assert secure["userErrors"] == []


def test_captures_edits_cancellations_and_tags_are_announced(
    shop: Client, receiver: Receiver
) -> None:
    order = shop.place(make_order(5002, make_line(50020, "10.00", 2), total="20.00"))
    for topic in ("ORDERS_UPDATED", "ORDERS_PAID", "ORDERS_EDITED", "ORDERS_CANCELLED"):
        shop.subscribe(topic, receiver.uri)

    shop.control("edit", {"order_id": 5002, "lines": [{"id": 50020, "current_quantity": 1}]})
    shop.control("capture", {"order_id": 5002})
    shop.control("cancel", {"order_id": 5002, "reason": "inventory"})
    shop.data(
        'mutation ($id: ID!) { tagsAdd(id: $id, tags: ["a"]) { userErrors { message } } }',
        id=order,
    )

    got = receiver.wait_for(7)
    assert [webhook.headers["X-Shopify-Topic"] for webhook in got] == [
        "orders/edited",
        "orders/updated",
        "orders/paid",
        "orders/updated",
        "orders/cancelled",
        "orders/updated",
        "orders/updated",
    ]
    edit = got[0].payload["order_edit"]
    assert edit["line_items"] == {"additions": [], "removals": [{"id": 50020, "delta": 1}]}
    assert got[2].payload["current_total_price"] == "10.00"
    assert got[4].payload["cancel_reason"] == "inventory"
    assert got[6].payload["tags"] == "a"


def test_stock_and_shipments_are_announced(shop: Client, receiver: Receiver) -> None:
    order = shop.place(make_order(5003, make_line(50030, "10.00", 2), total="20.00"))
    shop.subscribe("FULFILLMENTS_CREATE", receiver.uri)
    shop.subscribe("INVENTORY_LEVELS_UPDATE", receiver.uri)
    opened = shop.data(
        "query ($id: ID!) { order(id: $id) { fulfillmentOrders(first: 1) { nodes { id } } } }",
        id=order,
    )["order"]["fulfillmentOrders"]["nodes"][0]
    groups = [{"fulfillmentOrderId": opened["id"]}]

    shop.data(
        """mutation ($groups: [FulfillmentOrderLineItemsInput!]!) {
          fulfillmentCreate(fulfillment: {lineItemsByFulfillmentOrder: $groups}) {
            userErrors { message } } }""",
        groups=groups,
    )
    shop.data(
        """mutation { inventorySetQuantities(input: {name: "available", reason: "correction",
          quantities: [{inventoryItemId: "gid://shopify/InventoryItem/71100500000050",
            locationId: "gid://shopify/Location/71002", quantity: 3, changeFromQuantity: null}]
        }) @idempotent(key: "announced") { userErrors { message } } }"""
    )

    shipment, level = receiver.wait_for(2)
    assert shipment.payload["order_id"] == 5003
    assert shipment.payload["line_items"][0]["quantity"] == 2
    assert level.payload["available"] == 3
    assert level.payload["location_id"] == 71002


def test_a_failed_delivery_is_repeated_with_the_same_bytes_and_id(
    shop: Client, receiver: Receiver
) -> None:
    shop.subscribe("ORDERS_CREATE", receiver.uri)
    receiver.statuses = [500]

    done = shop.control("orders", make_order(5004), deliver="orders/create")

    first, second = receiver.wait_for(2)
    assert done["deliveries"] == {"orders/create": [500]}
    assert second == first


def test_a_redirect_is_a_failure(shop: Client, receiver: Receiver) -> None:
    shop.subscribe("ORDERS_CREATE", receiver.uri)
    receiver.statuses = [302]

    shop.control("orders", make_order(5005), deliver="orders/create")

    assert len(receiver.wait_for(2)) == 2


def test_after_the_last_repetition_the_subscription_is_gone(
    shop: Client, receiver: Receiver
) -> None:
    # This simulator runs with two repetitions instead of eight.
    shop.subscribe("ORDERS_CREATE", receiver.uri)
    receiver.statuses = [500, 500, 500]

    shop.control("orders", make_order(5006), deliver="orders/create")
    receiver.wait_for(3)

    until = time.monotonic() + WAIT_S
    while shop.data(SUBSCRIPTIONS)["webhookSubscriptions"]["nodes"]:
        assert time.monotonic() < until
    assert len(receiver.got) == 3


def test_nobody_at_the_address_is_status_0(shop: Client) -> None:
    shop.subscribe("ORDERS_CREATE", "http://127.0.0.1:9/hook")

    done = shop.control("orders", make_order(5007), deliver="orders/create")

    assert done["deliveries"] == {"orders/create": [0]}


def test_a_test_can_send_copies_forgeries_and_raw_bodies(shop: Client, receiver: Receiver) -> None:
    shop.subscribe("ORDERS_CREATE", receiver.uri)
    shop.place(make_order(5008))
    topic = {"topic": "orders/create"}

    twice = shop.control("deliver", {**topic, "order_id": 5008, "copies": 2, "webhook_id": "w-1"})
    forged = shop.control("deliver", {**topic, "order_id": 5008, "secret": "guess"})
    raw = base64.b64encode(b'{"id": 1').decode()
    broken = shop.control("deliver", {**topic, "raw_body_base64": raw})

    assert (twice, forged, broken) == ([200, 200], [200], [200])
    first, second, third, fourth = receiver.got
    assert first.headers["X-Shopify-Webhook-Id"] == second.headers["X-Shopify-Webhook-Id"] == "w-1"
    assert third.headers["X-Shopify-Hmac-Sha256"] != signed(third.body)
    assert fourth.body == b'{"id": 1'
    assert fourth.headers["X-Shopify-Hmac-Sha256"] == signed(fourth.body)


def test_a_control_about_an_unknown_order_is_a_bad_request(shop: Client) -> None:
    url = f"{shop.base}/_shops/{shop.domain}/capture"

    answer = requests.post(url, json={"order_id": 9}, timeout=5)

    assert answer.status_code == 400
    assert "order 9" in answer.json()["error"]
