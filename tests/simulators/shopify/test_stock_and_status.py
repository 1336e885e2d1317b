"""Stock, shipments, tags, metafields and notes: what a client may write."""

from typing import Any

from simulators.shopify.shop_client import Client
from simulators.shopify.shopify_orders import make_line, make_order

FIRST_VARIANT, FIRST_ITEM = 71_100_000_000_001, 71_100_500_000_001
LOCATION = "gid://shopify/Location/71001"
LEVEL = """
query ($id: ID!) {
  inventoryItem(id: $id) {
    inventoryLevel(locationId: "gid://shopify/Location/71001") {
      quantities(names: ["available", "committed", "on_hand"]) { name quantity }
    }
  }
}
"""
SET = """
mutation ($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { reason changes { name delta quantityAfterChange } }
    userErrors { field message code }
  }
}
"""
FULFILLMENT_ORDERS = """
query ($id: ID!) {
  order(id: $id) {
    displayFulfillmentStatus
    fulfillmentOrders(first: 5) {
      nodes { id status lineItems(first: 9) { nodes { id totalQuantity remainingQuantity } } }
    }
    fulfillments { name status trackingInfo { company number url } totalQuantity }
  }
}
"""
SHIP = """
mutation ($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { status totalQuantity trackingInfo { number } order { name } }
    userErrors { field message }
  }
}
"""


def nth_line(number: int, place: int, quantity: int, price: str = "10.00") -> dict[str, Any]:
    """Return a line of the catalog's item number ``place``, counted from 0."""
    return make_line(number, price, quantity, variant_id=FIRST_VARIANT + place)


def quantities(shop: Client, place: int) -> dict[str, int]:
    data = shop.data(LEVEL, id=f"gid://shopify/InventoryItem/{FIRST_ITEM + place}")
    found = data["inventoryItem"]["inventoryLevel"]["quantities"]
    return {one["name"]: one["quantity"] for one in found}


def change(place: int, **more: object) -> dict[str, object]:
    item = f"gid://shopify/InventoryItem/{FIRST_ITEM + place}"
    return {"inventoryItemId": item, "locationId": LOCATION, "changeFromQuantity": None, **more}


def set_input(*quantities: dict[str, object], name: str = "available") -> dict[str, object]:
    return {"name": name, "reason": "correction", "quantities": list(quantities)}


def test_placing_an_order_commits_its_pieces_and_on_hand_stays(shop: Client) -> None:
    before = quantities(shop, 10)

    shop.place(make_order(4001, nth_line(40010, 10, 3)))

    after = quantities(shop, 10)
    assert after == {
        "available": before["available"] - 3,
        "committed": before["committed"] + 3,
        "on_hand": before["on_hand"],
    }


def test_placing_the_same_order_again_commits_nothing_more(shop: Client) -> None:
    shop.place(make_order(4002, nth_line(40020, 11, 3)))
    once = quantities(shop, 11)

    shop.place(make_order(4002, nth_line(40020, 11, 3)))

    assert quantities(shop, 11) == once


def test_an_edit_and_a_cancellation_release_what_was_committed(shop: Client) -> None:
    shop.place(make_order(4003, nth_line(40030, 12, 3)))

    shop.control("edit", {"order_id": 4003, "lines": [{"id": 40030, "current_quantity": 1}]})
    edited = quantities(shop, 12)["committed"]
    shop.control("cancel", {"order_id": 4003})

    assert (edited, quantities(shop, 12)["committed"]) == (1, 0)


def test_setting_stock_needs_an_idempotency_key(shop: Client) -> None:
    answer = shop.answer(
        """mutation ($input: InventorySetQuantitiesInput!) {
          inventorySetQuantities(input: $input) { userErrors { code } } }""",
        input=set_input(change(13, quantity=5)),
    )

    assert answer["data"] == {"inventorySetQuantities": None}
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "@idempotent directive is required" in answer["errors"][0]["message"]


def test_setting_stock_needs_what_it_changes_from(shop: Client) -> None:
    quantity = change(13, quantity=5)
    del quantity["changeFromQuantity"]

    answer = shop.answer(SET, input=set_input(quantity), key="needs-change-from")

    assert answer["errors"][0]["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"


def test_setting_available_moves_on_hand_by_as_much(shop: Client) -> None:
    shop.place(make_order(4004, nth_line(40040, 14, 2)))
    before = quantities(shop, 14)

    data = shop.data(SET, input=set_input(change(14, quantity=50)), key="moves-on-hand")

    delta = 50 - before["available"]
    assert data["inventorySetQuantities"] == {
        "inventoryAdjustmentGroup": {
            "reason": "correction",
            "changes": [
                {"name": "available", "delta": delta, "quantityAfterChange": 50},
                {"name": "on_hand", "delta": delta, "quantityAfterChange": 52},
            ],
        },
        "userErrors": [],
    }
    assert quantities(shop, 14) == {"available": 50, "committed": 2, "on_hand": 52}


def test_setting_on_hand_leaves_what_is_committed(shop: Client) -> None:
    shop.place(make_order(4005, nth_line(40050, 15, 2)))

    shop.data(SET, input=set_input(change(15, quantity=30), name="on_hand"), key="on-hand")

    assert quantities(shop, 15) == {"available": 28, "committed": 2, "on_hand": 30}


def test_a_stale_quantity_is_refused_and_nothing_moves(shop: Client) -> None:
    before = quantities(shop, 16)
    stale = change(16, quantity=5, changeFromQuantity=before["available"] + 1)
    fresh = change(17, quantity=5)

    data = shop.data(SET, input=set_input(fresh, stale), key="stale")

    error = data["inventorySetQuantities"]["userErrors"][0]
    assert error["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert error["field"] == ["input", "quantities", "1", "changeFromQuantity"]
    assert quantities(shop, 16) == before
    assert quantities(shop, 17)["available"] != 5


def test_the_same_key_repeats_the_first_answer_and_another_input_is_refused(shop: Client) -> None:
    now = quantities(shop, 18)["available"]
    first = set_input(change(18, quantity=7, changeFromQuantity=now))
    done = shop.data(SET, input=first, key="repeat")
    again = shop.data(SET, input=first, key="repeat")
    other = shop.data(SET, input=set_input(change(18, quantity=8)), key="repeat")

    assert again == done
    errors = other["inventorySetQuantities"]["userErrors"]
    assert errors[0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    assert quantities(shop, 18)["available"] == 7


def test_impossible_stock_is_refused_with_its_code(shop: Client) -> None:
    unknown = {**change(0, quantity=1), "inventoryItemId": "gid://shopify/InventoryItem/1"}
    nowhere = {**change(0, quantity=1), "locationId": "gid://shopify/Location/1"}
    huge = change(0, quantity=1_000_000_001)
    data = shop.data(SET, input=set_input(unknown, nowhere, huge), key="impossible")
    unnamed = shop.data(SET, input=set_input(change(0, quantity=1), name="committed"), key="name")

    codes = [error["code"] for error in data["inventorySetQuantities"]["userErrors"]]
    assert codes == ["INVALID_INVENTORY_ITEM", "INVALID_LOCATION", "INVALID_QUANTITY_TOO_HIGH"]
    errors = unnamed["inventorySetQuantities"]["userErrors"]
    assert errors[0]["code"] == "INVALID_NAME"


def fulfillment_order(shop: Client, order: str) -> dict[str, Any]:
    nodes = shop.data(FULFILLMENT_ORDERS, id=order)["order"]["fulfillmentOrders"]["nodes"]
    found: dict[str, Any] = nodes[0]
    return found


def test_a_part_ships_and_then_the_rest(shop: Client) -> None:
    order = shop.place(make_order(4101, nth_line(41010, 20, 3)))
    committed = quantities(shop, 20)["committed"]
    opened = fulfillment_order(shop, order)
    part = {"id": opened["lineItems"]["nodes"][0]["id"], "quantity": 2}
    some = {
        "lineItemsByFulfillmentOrder": [
            {"fulfillmentOrderId": opened["id"], "fulfillmentOrderLineItems": [part]}
        ],
        "trackingInfo": {"company": "UPS", "number": "1Z001", "url": "https://ups.example/1Z001"},
    }
    rest = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": opened["id"]}]}

    first = shop.data(SHIP, fulfillment=some)["fulfillmentCreate"]
    between = shop.data(FULFILLMENT_ORDERS, id=order)["order"]
    second = shop.data(SHIP, fulfillment=rest)["fulfillmentCreate"]
    after = shop.data(FULFILLMENT_ORDERS, id=order)["order"]

    assert first["userErrors"] == []
    assert first["fulfillment"] == {
        "status": "SUCCESS",
        "totalQuantity": 2,
        "trackingInfo": [{"number": "1Z001"}],
        "order": {"name": "#4101"},
    }
    assert between["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED"
    assert between["fulfillmentOrders"]["nodes"][0]["status"] == "IN_PROGRESS"
    assert (
        between["fulfillmentOrders"]["nodes"][0]["lineItems"]["nodes"][0]["remainingQuantity"] == 1
    )
    assert second["fulfillment"]["totalQuantity"] == 1
    assert after["displayFulfillmentStatus"] == "FULFILLED"
    assert after["fulfillmentOrders"]["nodes"][0]["status"] == "CLOSED"
    assert [one["name"] for one in after["fulfillments"]] == ["#4101-F1", "#4101-F2"]
    assert quantities(shop, 20)["committed"] == committed - 3


def test_more_than_remains_or_what_is_closed_does_not_ship(shop: Client) -> None:
    order = shop.place(make_order(4102, nth_line(41020, 21, 1)))
    opened = fulfillment_order(shop, order)
    part = {"id": opened["lineItems"]["nodes"][0]["id"], "quantity": 2}
    group = {"fulfillmentOrderId": opened["id"], "fulfillmentOrderLineItems": [part]}
    too_many = shop.data(SHIP, fulfillment={"lineItemsByFulfillmentOrder": [group]})
    shop.control("cancel", {"order_id": 4102})
    whole = {"fulfillmentOrderId": opened["id"]}
    closed = shop.data(SHIP, fulfillment={"lineItemsByFulfillmentOrder": [whole]})
    unknown = {"fulfillmentOrderId": "gid://shopify/FulfillmentOrder/1"}
    nobody = shop.data(SHIP, fulfillment={"lineItemsByFulfillmentOrder": [unknown]})

    messages = [
        answer["fulfillmentCreate"]["userErrors"][0]["message"]
        for answer in (too_many, closed, nobody)
    ]
    assert messages[0] == "Invalid fulfillment order line item quantity requested."
    assert "has an unfulfillable status= closed." in messages[1]
    assert messages[2] == "Fulfillment order does not exist."


def test_tracking_can_be_corrected_and_parts_lead_back_to_their_order(shop: Client) -> None:
    customer = {"id": 4103, "first_name": "Ann", "last_name": "Lee"}
    order = shop.place(make_order(4103, nth_line(41030, 22, 1), customer=customer))
    group = {"fulfillmentOrderId": fulfillment_order(shop, order)["id"]}
    shop.data(SHIP, fulfillment={"lineItemsByFulfillmentOrder": [group]})
    back = """query ($id: ID!) { order(id: $id) {
      customer { displayName orders(first: 5) { nodes { name } } }
      fulfillmentOrders(first: 1) { nodes { order { name } } }
      fulfillments { id order { name } }
    } }"""
    found = shop.data(back, id=order)["order"]

    corrected = shop.data(
        """mutation ($id: ID!) {
          fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: {number: "1Z9"}) {
            fulfillment { trackingInfo { number } } userErrors { message } } }""",
        id=found["fulfillments"][0]["id"],
    )["fulfillmentTrackingInfoUpdate"]

    assert corrected == {"fulfillment": {"trackingInfo": [{"number": "1Z9"}]}, "userErrors": []}
    assert found["customer"] == {
        "displayName": "Ann Lee",
        "orders": {"nodes": [{"name": "#4103"}]},
    }
    assert found["fulfillments"][0]["order"] == {"name": "#4103"}
    assert found["fulfillmentOrders"]["nodes"][0]["order"] == {"name": "#4103"}


TAGS = """
mutation ($id: ID!, $tags: [String!]!) {
  tagsAdd(id: $id, tags: $tags) {
    node { ... on Order { tags updatedAt } }
    userErrors { field message }
  }
}
"""


def test_tags_append_and_the_order_counts_as_updated(shop: Client) -> None:
    order = shop.place(make_order(4201, tags="vip", updated_at="2026-01-01T00:00:00Z"))

    data = shop.data(TAGS, id=order, tags=["tieout-posted", "VIP"])["tagsAdd"]

    assert data["userErrors"] == []
    assert data["node"]["tags"] == ["tieout-posted", "vip"]
    assert data["node"]["updatedAt"] > "2026-01-01T00:00:00Z"


def test_tags_of_nothing_are_a_user_error(shop: Client) -> None:
    data = shop.data(TAGS, id="gid://shopify/Order/9", tags=["a"])["tagsAdd"]

    assert data == {
        "node": None,
        "userErrors": [{"field": ["id"], "message": "Order does not exist"}],
    }


UPDATE = """
mutation ($input: OrderInput!) {
  orderUpdate(input: $input) {
    order { note tags poNumber customAttributes { key value } }
    userErrors { field message }
  }
}
"""


def test_order_update_overwrites_tags_and_takes_no_endless_note(shop: Client) -> None:
    order = shop.place(make_order(4202, tags="vip"))
    fields = {"tags": ["new"], "note": "hello", "poNumber": "PO-7"}
    attributes = [{"key": "book", "value": "HP-1"}]
    changed = {"id": order, **fields, "customAttributes": attributes}

    done = shop.data(UPDATE, input=changed)["orderUpdate"]
    refused = shop.data(UPDATE, input={"id": order, "note": "x" * 5001})["orderUpdate"]

    assert done["order"] == {**fields, "customAttributes": attributes}
    assert refused["order"] is None
    assert refused["userErrors"][0]["field"] == ["note"]


METAFIELDS = """
mutation ($metafields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $metafields) {
    metafields { namespace key value compareDigest ownerType }
    userErrors { field message code elementIndex }
  }
}
"""


def metafield(order: str, value: str, **more: object) -> dict[str, object]:
    return {
        "ownerId": order,
        "namespace": "tieout",
        "key": "invoice",
        "type": "single_line_text_field",
        "value": value,
        **more,
    }


def test_metafields_compare_before_they_are_set(shop: Client) -> None:
    order = shop.place(make_order(4203))
    new = [metafield(order, "HP-1", compareDigest=None)]
    made = shop.data(METAFIELDS, metafields=new)["metafieldsSet"]
    digest = made["metafields"][0]["compareDigest"]

    again = shop.data(METAFIELDS, metafields=new)["metafieldsSet"]
    replaced = shop.data(METAFIELDS, metafields=[metafield(order, "HP-2", compareDigest=digest)])

    assert made["metafields"][0]["ownerType"] == "ORDER"
    assert again["metafields"] == []
    assert again["userErrors"][0]["code"] == "STALE_OBJECT"
    assert replaced["metafieldsSet"]["metafields"][0]["value"] == "HP-2"


def test_metafields_are_set_all_or_none(shop: Client) -> None:
    order = shop.place(make_order(4204))
    good, bad = metafield(order, "HP-1"), metafield("gid://shopify/Order/9", "HP-1")

    data = shop.data(METAFIELDS, metafields=[good, bad])["metafieldsSet"]

    assert data["userErrors"][0]["elementIndex"] == 1
    found = shop.data(
        "query ($id: ID!) { order(id: $id) { metafields(first: 5) { nodes { key } } } }", id=order
    )
    assert found["order"]["metafields"]["nodes"] == []


def test_at_most_25_metafields_at_once(shop: Client) -> None:
    order = shop.place(make_order(4205))

    data = shop.data(METAFIELDS, metafields=[metafield(order, "HP-1")] * 26)["metafieldsSet"]

    assert data["userErrors"][0]["code"] == "LESS_THAN_OR_EQUAL_TO"
