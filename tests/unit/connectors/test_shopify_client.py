"""The Shopify connector at the wire: budget, errors that come with HTTP 200, and lists cut off."""

from datetime import UTC, datetime

import pytest

from deliveries import make_delivery
from tieout.connectors.shopify.connector import ShopifyConfig, ShopifyConnector
from tieout.connectors.shopify.documents import document, operations
from tieout.connectors.shopify.orders import ORDER_MEMBERS
from tieout.domain.base import Json, System
from tieout.domain.ledger import Landed, Refused
from tieout.errors import (
    AuthenticationError,
    ConfigurationError,
    OutcomeUnknownError,
    RateLimitedError,
    RetryableError,
    UnavailableError,
)
from wire import Reply, SetClock, Wire, json_reply, serving

TOKEN = json_reply({"access_token": "shpat", "scope": "read_orders", "expires_in": 86399})
SINCE = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
UNTIL = datetime(2026, 11, 29, 12, 0, 0, 500, tzinfo=UTC)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def shop(wire: Wire, clock: SetClock) -> ShopifyConnector:
    config = ShopifyConfig.model_validate(
        {
            "shop_domain": "harbor-and-pine.myshopify.com",
            "client_id": "app",
            "client_secret": "s3cret",
            "base_url": wire.url,
        }
    )
    return ShopifyConnector(config, clock=clock, sleep=clock.sleep)


def data(content: object, *, available: int = 1900, requested: int = 100) -> Reply:
    throttle = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": 100}
    cost = {"requestedQueryCost": requested, "throttleStatus": throttle}
    return json_reply({"data": content, "extensions": {"cost": cost}})


def error(code: str, *, available: int = 1900) -> Reply:
    throttle = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": 100}
    cost = {"requestedQueryCost": 800, "throttleStatus": throttle}
    errors = [{"message": "no", "extensions": {"code": code}}]
    return json_reply({"errors": errors, "extensions": {"cost": cost}})


def page(*nodes: Json, cursor: str = "") -> Json:
    info: Json = {"hasNextPage": bool(cursor), "endCursor": cursor or None}
    return {"nodes": list(nodes), "pageInfo": info}


def node(number: int, **members: object) -> dict[str, object]:
    return {
        "id": f"gid://shopify/Order/{number}",
        "legacyResourceId": str(number),
        "updatedAt": f"2026-11-29T11:{number:02}:00Z",
        **dict.fromkeys(ORDER_MEMBERS),
        "edited": False,
        "lineItems": page({"id": "L1"}),
        "shippingLines": page(),
        "fulfillmentOrders": page(),
        "transactionsCount": {"count": 0},
        "transactions": [],
        "refunds": [],
        **members,
    }


def orders_of(*replies: Reply) -> dict[str, Json]:
    clock = SetClock()
    with serving(TOKEN, *replies) as wire:
        return shop(wire, clock).orders(["1", "2"])


def level(quantity: int) -> Json:
    quantities: list[Json] = [{"name": "available", "quantity": quantity}]
    return {"level0": {"inventoryLevel": {"quantities": [*quantities]}}}


WISH = make_delivery(
    "inventory_level",
    {"inventory_item_id": "5", "location_id": "71001", "available": "12"},
    target=System.SHOPIFY,
)


def set_levels(*errors: Json) -> Reply:
    return data({"inventorySetQuantities": {"userErrors": [*errors]}})


def test_every_document_has_its_operation_and_only_fragments_it_uses() -> None:
    spare = [
        (operation, part)
        for operation in operations()
        for part in document(operation).split("fragment ")[1:]
        if f"...{part.split(' ')[0]}" not in document(operation)
    ]
    assert spare == []
    assert "OrdersById" in operations()


def test_changed_orders_are_searched_outwards_and_come_oldest_first(clock: SetClock) -> None:
    ids = data({"orders": page({"legacyResourceId": "2"}, {"legacyResourceId": "1"})})
    with serving(TOKEN, ids, data({"nodes": [node(2), node(1)]})) as wire:
        changed = shop(wire, clock).changed_orders(SINCE, UNTIL)
        search = wire.received[1].json()["variables"]["query"]
    assert [order["legacyResourceId"] for order in changed] == ["1", "2"]
    assert search == ("updated_at:>='2026-11-29T10:00:00Z' AND updated_at:<'2026-11-29T12:00:01Z'")


def test_ids_are_read_page_by_page(clock: SetClock) -> None:
    first = data({"orders": page({"legacyResourceId": "1"}, cursor="c1")})
    second = data({"orders": page({"legacyResourceId": "2"})})
    with serving(TOKEN, first, second, data({"nodes": [node(1), node(2)]})) as wire:
        assert len(shop(wire, clock).changed_orders(SINCE, UNTIL)) == 2
        assert wire.received[2].json()["variables"]["after"] == "c1"


def test_a_page_that_repeats_itself_ends_the_reading(clock: SetClock) -> None:
    again = data({"orders": page({"legacyResourceId": "1"}, cursor="c1")})
    with serving(TOKEN, again, again) as wire, pytest.raises(UnavailableError, match="repeats"):
        shop(wire, clock).changed_orders(SINCE, UNTIL)


def test_a_search_that_shopify_ignores_is_an_error(clock: SetClock) -> None:
    warned = json_reply(
        {
            "data": {"orders": page()},
            "extensions": {"search": [{"query": "x", "warnings": [{"field": "updated"}]}]},
        }
    )
    with serving(TOKEN, warned) as wire, pytest.raises(ConfigurationError, match="ignored"):
        shop(wire, clock).changed_orders(SINCE, UNTIL)


def test_orders_that_do_not_exist_are_left_out() -> None:
    assert orders_of(data({"nodes": [node(1), None]})).keys() == {"1"}


def test_what_is_no_order_number_is_not_asked_for(clock: SetClock) -> None:
    with serving() as wire:
        assert shop(wire, clock).orders(["abc", "", "1 OR 2", "\u0661"]) == {}
        assert wire.received == []


def test_the_rate_of_a_tax_stays_exact() -> None:
    rated = node(1, lineItems=page({"taxLines": [{"rate": 0.07}]}))
    lines = orders_of(data({"nodes": [rated, None]}))["1"]["lineItems"]
    assert lines == page({"taxLines": [{"rate": "0.07"}]})


def test_line_items_that_did_not_fit_are_fetched() -> None:
    cut = node(1, lineItems=page({"id": "L1"}, cursor="c1"))
    more = data({"order": {"lineItems": page({"id": "L2"}, cursor="c2")}})
    rest = data({"order": {"lineItems": page({"id": "L3"})}})
    orders = orders_of(data({"nodes": [cut, None]}), more, rest)
    assert orders["1"]["lineItems"] == page({"id": "L1"}, {"id": "L2"}, {"id": "L3"})


def test_transactions_that_did_not_fit_are_fetched() -> None:
    cut = node(1, transactionsCount={"count": 2}, transactions=[{"id": "T1"}])
    every = data({"order": {"transactions": [{"id": "T1"}, {"id": "T2"}]}})
    orders = orders_of(data({"nodes": [cut, None]}), every)
    assert orders["1"]["transactions"] == [{"id": "T1"}, {"id": "T2"}]


def test_only_an_edited_order_gets_its_agreements_and_all_their_sales() -> None:
    first = page({"id": "A1", "sales": page({"id": "S1"}, cursor="s1")}, cursor="a1")
    again = page({"id": "A1", "sales": page({"id": "S2"})}, cursor="a1")
    second = page({"id": "A2", "sales": page({"id": "S3"})})
    orders = orders_of(
        data({"nodes": [node(1, edited=True), node(2)]}),
        data({"order": {"agreements": first}}),
        data({"order": {"agreements": again}}),
        data({"order": {"agreements": second}}),
    )
    assert orders["1"]["agreements"] == page(
        {"id": "A1", "sales": page({"id": "S1"}, {"id": "S2"})},
        {"id": "A2", "sales": page({"id": "S3"})},
    )
    assert "agreements" not in orders["2"]


def test_a_query_that_costs_too_much_is_asked_for_fewer_orders() -> None:
    too_costly = error("MAX_COST_EXCEEDED")
    halves = (data({"nodes": [node(1), node(2)]}),)
    assert len(orders_of(too_costly, *halves)) == 2


def test_an_order_that_alone_costs_too_much_is_said_so() -> None:
    with pytest.raises(ConfigurationError, match="fewer records"):
        orders_of(*[error("MAX_COST_EXCEEDED")] * 4)


def test_a_throttled_query_waits_for_the_budget(clock: SetClock) -> None:
    with serving(TOKEN, error("THROTTLED", available=300), data({"nodes": [node(1)]})) as wire:
        assert shop(wire, clock).orders(["1"]).keys() == {"1"}
    assert clock.slept_s == [5]


def test_throttling_is_not_waited_out_for_more_than_a_minute(clock: SetClock) -> None:
    throttled = [error("THROTTLED", available=-2000)] * 4
    with serving(TOKEN, *throttled) as wire, pytest.raises(RateLimitedError) as raised:
        shop(wire, clock).orders(["1"])
    assert clock.slept_s == [28, 28]
    assert raised.value.retry_after_s == 28


def test_a_query_waits_beforehand_when_the_budget_cannot_pay_it(clock: SetClock) -> None:
    poor = data({"nodes": [node(1)]}, available=50, requested=250)
    with serving(TOKEN, poor, data({"nodes": [node(1)]})) as wire:
        reader = shop(wire, clock)
        reader.orders(["1"])
        reader.orders(["1"])
    assert clock.slept_s == [2]


def test_a_missing_scope_is_a_matter_for_a_person() -> None:
    with pytest.raises(AuthenticationError, match="scopes"):
        orders_of(error("ACCESS_DENIED"))


def test_another_api_version_is_a_matter_for_a_person() -> None:
    retired = json_reply({"data": {"nodes": []}}, headers={"X-Shopify-API-Version": "2027-01"})
    with pytest.raises(ConfigurationError, match="2027-01"):
        orders_of(retired)


def test_a_query_that_is_wrong_is_a_matter_for_a_person() -> None:
    with pytest.raises(ConfigurationError):
        orders_of(json_reply({"errors": "Not Found"}, status=404))


def test_a_level_that_is_right_already_is_not_written(clock: SetClock) -> None:
    with serving(TOKEN, data(level(12))) as wire:
        outcomes = shop(wire, clock).target("inventory_level").send([WISH])
    outcome = outcomes[WISH.delivery_id]
    assert isinstance(outcome, Landed)
    assert outcome.figures == {"available": "12"}


def test_a_level_is_changed_from_what_was_read_and_read_back(clock: SetClock) -> None:
    with serving(TOKEN, data(level(9)), set_levels(), data(level(12))) as wire:
        outcomes = shop(wire, clock).target("inventory_level").send([WISH])
        variables = wire.received[2].json()["variables"]
    assert isinstance(outcomes[WISH.delivery_id], Landed)
    assert variables["input"]["quantities"] == [
        {
            "inventoryItemId": "gid://shopify/InventoryItem/5",
            "locationId": "gid://shopify/Location/71001",
            "quantity": 12,
            "changeFromQuantity": 9,
        }
    ]
    assert len(variables["key"]) == 64


def test_a_level_that_moved_meanwhile_is_tried_again_later(clock: SetClock) -> None:
    stale = set_levels({"code": "CHANGE_FROM_QUANTITY_STALE", "message": "stale"})
    with serving(TOKEN, data(level(9)), stale) as wire, pytest.raises(RetryableError):
        shop(wire, clock).target("inventory_level").send([WISH])


def test_a_change_that_shopify_is_still_making_is_in_doubt(clock: SetClock) -> None:
    busy = set_levels({"code": "IDEMPOTENCY_CONCURRENT_REQUEST", "message": "busy"})
    with serving(TOKEN, data(level(9)), busy) as wire, pytest.raises(OutcomeUnknownError):
        shop(wire, clock).target("inventory_level").send([WISH])


def test_a_level_that_shopify_refuses_says_why(clock: SetClock) -> None:
    no = set_levels({"code": "INVALID_QUANTITY_TOO_HIGH", "message": "too high"})
    with serving(TOKEN, data(level(9)), no) as wire:
        outcomes = shop(wire, clock).target("inventory_level").send([WISH])
    refusal = outcomes[WISH.delivery_id]
    assert isinstance(refusal, Refused)
    assert "too high" in refusal.message


def test_an_item_that_is_not_stocked_there_is_refused(clock: SetClock) -> None:
    with serving(TOKEN, data({"level0": {"inventoryLevel": None}})) as wire:
        outcomes = shop(wire, clock).target("inventory_level").send([WISH])
    assert isinstance(outcomes[WISH.delivery_id], Refused)


def test_a_mutation_whose_answer_is_no_json_is_in_doubt(clock: SetClock) -> None:
    with serving(TOKEN, data(level(9)), Reply(b"<html>")) as wire:
        target = shop(wire, clock).target("inventory_level")
        with pytest.raises(OutcomeUnknownError):
            target.send([WISH])


def test_a_subscription_that_exists_is_left_alone(clock: SetClock) -> None:
    held: Json = {"id": "gid://s/1", "topic": "ORDERS_CREATE", "uri": "https://x.example/hooks"}
    listed = data({"webhookSubscriptions": {"nodes": [held]}})
    with serving(TOKEN, listed) as wire:
        found = shop(wire, clock).subscribe("orders/create", "https://x.example/hooks")
    assert found == "gid://s/1"


def test_a_new_subscription_is_made(clock: SetClock) -> None:
    made: Json = {"webhookSubscription": {"id": "gid://s/2"}, "userErrors": []}
    none_yet = data({"webhookSubscriptions": {"nodes": []}})
    with serving(TOKEN, none_yet, data({"webhookSubscriptionCreate": made})) as wire:
        assert shop(wire, clock).subscribe("orders/paid", "https://x.example/hooks") == "gid://s/2"
        assert wire.received[2].json()["variables"]["topic"] == "ORDERS_PAID"


def test_a_subscription_that_is_refused_says_why(clock: SetClock) -> None:
    no: Json = {"webhookSubscription": None, "userErrors": [{"message": "Address is invalid"}]}
    none_yet = data({"webhookSubscriptions": {"nodes": []}})
    refused = pytest.raises(ConfigurationError, match="Address is invalid")
    with serving(TOKEN, none_yet, data({"webhookSubscriptionCreate": no})) as wire, refused:
        shop(wire, clock).subscribe("orders/paid", "nowhere")
