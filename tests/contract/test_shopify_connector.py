"""The Shopify connector against the Shopify simulator, a process of its own."""

import json
import urllib.request
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
from graphql import build_schema, parse, validate

from deliveries import make_delivery
from processes import free_port, running
from tieout.connectors.shopify.connector import ShopifyConfig, ShopifyConnector
from tieout.connectors.shopify.documents import document, operations
from tieout.connectors.shopify.targets import CALLS_PER_STATUS
from tieout.domain.base import Json, System
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.errors import AuthenticationError, ConfigurationError, OutcomeUnknownError
from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify.demo_orders import demo_orders
from wire import SetClock

SHOP = "harbor-and-pine.myshopify.com"
TODAY = date(2026, 11, 29)
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
DEMO = {order.name: order for order in demo_orders(TODAY) if order.shop == SHOP}
PLACED = {order.name for order in DEMO.values() if order.order is not None}
LAMP, SHADE = COMPANIES["HPS"].items[:2]
LOCATION = "71001"
METAFIELD: Json = {"namespace": "tieout", "type": "single_line_text_field"}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    state = tmp_path_factory.mktemp("shopify")
    arguments = ["-m", "tieout.simulators.shopify", "--port", str(port), "--state", str(state)]
    url = f"http://127.0.0.1:{port}"
    with running([*arguments, "--now", NOW.isoformat()], ready_url=f"{url}/_health"):
        control(url, "/_demo/orders", {})
        yield url


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def shop(origin: str, clock: SetClock) -> ShopifyConnector:
    return connector(origin, clock)


def connector(
    origin: str, clock: SetClock, *, proof: str = "shopify-secret-harbor_and_pine"
) -> ShopifyConnector:
    config = ShopifyConfig.model_validate(
        {
            "shop_domain": SHOP,
            "client_id": "tieout-harbor_and_pine",
            "client_secret": proof,
            "base_url": f"{origin}/shops/{SHOP}",
        }
    )
    return ShopifyConnector(config, clock=clock, sleep=clock.sleep)


def control(origin: str, path: str, body: Mapping[str, object]) -> Any:
    content = json.dumps(body).encode()
    request = urllib.request.Request(f"{origin}{path}", data=content, method="POST")  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        return json.loads(answer.read())


def order(shop: ShopifyConnector, name: str) -> Any:
    number = str(DEMO[name].order_id)
    return shop.orders([number])[number]


def amount(bag: Any) -> Decimal:
    return Decimal(bag["shopMoney"]["amount"])


def status(order_id: str, text: str = "posted") -> Delivery:
    payload: Json = {
        "order_id": order_id,
        "metafields": [
            {**METAFIELD, "key": "status", "value": text},
            {**METAFIELD, "key": "correlation_id", "value": order_id},
        ],
        "tags": ["tieout-posted"],
    }
    return make_delivery("order_status", payload, key=order_id, target=System.SHOPIFY)


def make_status_without_tags(order_id: str) -> Delivery:
    fields: Json = {**METAFIELD, "key": "status", "value": "posted"}
    payload: Json = {"order_id": order_id, "metafields": [fields], "tags": []}
    return make_delivery("order_status", payload, key=order_id, target=System.SHOPIFY)


def level(item_id: str, available: str, *, location: str = LOCATION) -> Delivery:
    payload: Json = {"inventory_item_id": item_id, "location_id": location, "available": available}
    key = f"{item_id}@{location}"
    return make_delivery("inventory_level", payload, key=key, target=System.SHOPIFY)


def send_one(shop: ShopifyConnector, delivery: Delivery) -> Outcome:
    return shop.target(delivery.entity).send([delivery])[delivery.delivery_id]


def landed(shop: ShopifyConnector, delivery: Delivery) -> Landed:
    outcome = send_one(shop, delivery)
    assert isinstance(outcome, Landed), outcome
    return outcome


@pytest.mark.parametrize("operation", operations())
def test_every_document_is_valid_against_the_schema(operation: str) -> None:
    schema = build_schema(
        files("tieout.simulators.shopify").joinpath("admin.graphql").read_text(encoding="utf-8")
    )
    assert validate(schema, parse(document(operation))) == []


def test_a_sweep_reads_every_order_cancelled_and_test_ones_too(shop: ShopifyConnector) -> None:
    swept = shop.changed_orders(NOW - timedelta(days=60), NOW + timedelta(days=1))
    names = [str(node["name"]) for node in swept]
    assert set(names) >= PLACED
    assert len(names) == len(set(names))
    stamps = [str(node["updatedAt"]) for node in swept]
    assert stamps == sorted(stamps)


def test_a_sweep_ends_before_its_upper_bound(shop: ShopifyConnector) -> None:
    changed_at = datetime.fromisoformat(order(shop, "#1011")["updatedAt"])
    before = shop.changed_orders(changed_at - timedelta(hours=1), changed_at)
    from_then = shop.changed_orders(changed_at, changed_at + timedelta(seconds=1))
    assert "#1011" not in {node["name"] for node in before}
    assert "#1011" in {node["name"] for node in from_then}


def test_the_worked_order_is_read_with_its_money(shop: ShopifyConnector) -> None:
    node = order(shop, "#1042")
    assert (amount(node["totalPriceSet"]), amount(node["totalTaxSet"])) == (
        Decimal("110.13"),
        Decimal("7.21"),
    )
    assert [line["sku"] for line in node["lineItems"]["nodes"]] == [LAMP.code, SHADE.code]
    assert node["lineItems"]["nodes"][0]["taxLines"][0]["rate"] == "0.07"
    assert node["transactions"][0]["kind"] == "SALE"
    assert "agreements" not in node


def test_an_edited_order_is_read_with_agreements_that_add_up(shop: ShopifyConnector) -> None:
    node = order(shop, "#1027")
    agreements = node["agreements"]["nodes"]
    sales = [sale for agreement in agreements for sale in agreement["sales"]["nodes"]]
    assert len(agreements) > 1
    assert sum(amount(sale["totalAmount"]) for sale in sales) == amount(
        node["currentTotalPriceSet"]
    )


def test_a_refunded_order_is_read_with_all_that_its_refund_is_made_of(
    origin: str, shop: ShopifyConnector
) -> None:
    body = deepcopy(DEMO["#1042"].order)
    assert body is not None
    body |= {"id": 6_900_000_000_042, "name": "#9042"}
    line = body["line_items"][0]
    money = {"id": 8_900_000_000_001, "kind": "refund", "status": "success", "amount": "27.31"}
    money |= {"gateway": "shopify_payments"}
    body["refunds"] = [
        {
            "id": 9_900_000_000_001,
            "created_at": "2026-11-29T15:00:00-05:00",
            "refund_line_items": [
                {
                    "id": 1,
                    "line_item_id": line["id"],
                    "quantity": 1,
                    "restock_type": "no_restock",
                    "subtotal": "17.99",
                    "total_tax": "1.26",
                }
            ],
            "order_adjustments": [
                {"id": 2, "kind": "shipping_refund", "amount": "-3.00", "tax_amount": "-0.06"},
                {"id": 3, "kind": "refund_discrepancy", "amount": "-5.00", "tax_amount": "0.00"},
            ],
            "transactions": [money | {"created_at": "2026-11-29T15:00:00-05:00"}],
        }
    ]
    control(origin, f"/_shops/{SHOP}/orders", body)
    node: Any = shop.orders(["6900000000042"])["6900000000042"]
    (refund,) = node["refunds"]
    (given,) = refund["refundLineItems"]["nodes"]
    assert (given["quantity"], given["restockType"]) == (1, "NO_RESTOCK")
    assert (amount(given["subtotalSet"]), amount(given["totalTaxSet"])) == (
        Decimal("17.99"),
        Decimal("1.26"),
    )
    assert given["lineItem"]["id"] == node["lineItems"]["nodes"][0]["id"]
    (shipping,) = refund["refundShippingLines"]["nodes"]
    assert amount(shipping["subtotalAmountSet"]) == Decimal(3)
    (adjustment,) = refund["orderAdjustments"]["nodes"]
    assert amount(adjustment["amountSet"]) == Decimal(-5)
    (back,) = refund["transactions"]["nodes"]
    assert (back["kind"], amount(back["amountSet"])) == ("REFUND", Decimal("27.31"))
    assert node["fulfillments"] == []


def test_orders_that_do_not_exist_are_left_out(shop: ShopifyConnector) -> None:
    assert shop.orders(["1", "not a number", str(DEMO["#1010"].order_id)]).keys() == {
        str(DEMO["#1010"].order_id)
    }


def test_an_order_with_very_many_lines_is_read_whole(origin: str, shop: ShopifyConnector) -> None:
    body = deepcopy(DEMO["#1010"].order)
    assert body is not None
    line = body["line_items"][0]
    body |= {"id": 6_900_000_000_001, "name": "#9001"}
    body["line_items"] = [{**line, "id": 16_900_000_000_000 + number} for number in range(130)]
    control(origin, f"/_shops/{SHOP}/orders", body)
    node: Any = shop.orders(["6900000000001"])["6900000000001"]
    ids = [line["id"] for line in node["lineItems"]["nodes"]]
    assert ids == [f"gid://shopify/LineItem/{16_900_000_000_000 + number}" for number in range(130)]
    assert node["lineItems"]["pageInfo"]["hasNextPage"] is False


def test_a_status_lands_on_the_order_and_is_found(shop: ShopifyConnector) -> None:
    order_id = str(DEMO["#1010"].order_id)
    delivery = status(order_id)
    assert shop.target("order_status").find([delivery]) == {}
    calls = shop.calls_made
    outcome = landed(shop, delivery)
    # A look, metafields, tags, a look: the correlation id goes and comes with the status.
    assert shop.calls_made - calls == CALLS_PER_STATUS
    assert outcome.external_no == "#1010"
    assert outcome.figures == {"status": "posted", "correlation_id": order_id}
    assert shop.target("order_status").find([delivery])[delivery.delivery_id] == outcome


def test_a_status_sent_again_leaves_one_tag_and_the_latest_word(shop: ShopifyConnector) -> None:
    order_id = str(DEMO["#1012"].order_id)
    landed(shop, status(order_id))
    wanted = status(order_id, "shipped")
    standing = shop.target("order_status").present([wanted])[wanted.delivery_id]
    assert standing.figures == {"status": "posted", "correlation_id": order_id}
    outcome = landed(shop, wanted)
    assert outcome.figures == {"status": "shipped", "correlation_id": order_id}
    assert isinstance(outcome.answer, dict)
    assert outcome.answer["tags"] == ["tieout-posted"]


def test_a_status_of_an_order_that_is_not_there_is_refused(shop: ShopifyConnector) -> None:
    outcome = send_one(shop, status("1"))
    assert isinstance(outcome, Refused)
    assert "does not exist" in outcome.message


def test_a_metafield_that_shopify_refuses_is_a_refusal_and_sets_no_tag(
    shop: ShopifyConnector,
) -> None:
    order_id = str(DEMO["#1013"].order_id)
    outcome = send_one(shop, status(order_id, ""))
    assert isinstance(outcome, Refused)
    assert "blank" in outcome.message
    later = landed(shop, make_status_without_tags(order_id))
    assert isinstance(later.answer, dict)
    assert later.answer["tags"] == []


def test_a_status_whose_answer_was_lost_is_in_doubt_and_found(
    origin: str, shop: ShopifyConnector
) -> None:
    delivery = status(str(DEMO["#1014"].order_id))
    shop.target("order_status").find([delivery])
    # A send reads, sets metafields, then tags; the fault must hit the third request.
    control(origin, "/_faults", {"kind": "latency", "path": "/shops", "count": 2})
    control(origin, "/_faults", {"kind": "drop_answer", "path": "/shops", "count": 1})
    with pytest.raises(OutcomeUnknownError):
        send_one(shop, delivery)
    assert shop.target("order_status").find([delivery]).keys() == {delivery.delivery_id}


def test_inventory_items_are_found_by_variant(shop: ShopifyConnector) -> None:
    found = shop.inventory_items([str(LAMP.variant_id), str(SHADE.variant_id), "1", "x"])
    assert found == {
        str(LAMP.variant_id): str(LAMP.inventory_item_id),
        str(SHADE.variant_id): str(SHADE.inventory_item_id),
    }


def test_stock_levels_land_and_are_found(shop: ShopifyConnector) -> None:
    levels = [level(str(LAMP.inventory_item_id), "37"), level(str(SHADE.inventory_item_id), "5")]
    outcomes = shop.target("inventory_level").send(levels)
    figures = [outcome.figures for outcome in outcomes.values() if isinstance(outcome, Landed)]
    assert figures == [{"available": "37"}, {"available": "5"}]
    assert len(shop.target("inventory_level").find(levels)) == 2
    other = level(str(LAMP.inventory_item_id), "36")
    assert shop.target("inventory_level").find([other]) == {}
    before = shop.calls_made
    standing = shop.target("inventory_level").present([other])[other.delivery_id]
    assert standing.figures == {"available": "37"}
    assert shop.calls_made - before == 1


def test_a_stock_level_can_be_sent_twice_and_changed_again(shop: ShopifyConnector) -> None:
    item = str(COMPANIES["HPS"].items[2].inventory_item_id)
    wanted = [level(item, "11"), level(item, "11"), level(item, "12"), level(item, "11")]
    figures = [landed(shop, delivery).figures["available"] for delivery in wanted]
    assert figures == ["11", "11", "12", "11"]


def test_an_item_that_is_not_there_does_not_stop_its_neighbors(shop: ShopifyConnector) -> None:
    item = str(COMPANIES["HPS"].items[3].inventory_item_id)
    outcomes = shop.target("inventory_level").send([level("1", "3"), level(item, "4")])
    kinds = [type(outcome) for outcome in outcomes.values()]
    assert sorted(kind.__name__ for kind in kinds) == ["Landed", "Refused"]


def test_a_quantity_that_shopify_refuses_does_not_stop_its_neighbors(
    shop: ShopifyConnector,
) -> None:
    items = COMPANIES["HPS"].items
    too_much = level(str(items[4].inventory_item_id), "2000000000")
    fine = level(str(items[5].inventory_item_id), "21")
    outcomes = shop.target("inventory_level").send([too_much, fine])
    assert isinstance(outcomes[too_much.delivery_id], Refused)
    assert isinstance(outcomes[fine.delivery_id], Landed)


def test_a_subscription_is_made_once(shop: ShopifyConnector) -> None:
    first = shop.subscribe("orders/create", "http://127.0.0.1:1/hooks")
    assert shop.subscribe("orders/create", "http://127.0.0.1:1/hooks") == first
    assert shop.subscribe("orders/paid", "http://127.0.0.1:1/hooks") != first


def test_a_subscription_to_no_address_is_refused(shop: ShopifyConnector) -> None:
    with pytest.raises(ConfigurationError, match="orders/create"):
        shop.subscribe("orders/create", "nowhere")


def test_a_wrong_secret_is_a_matter_for_a_person(origin: str, clock: SetClock) -> None:
    with pytest.raises(AuthenticationError):
        connector(origin, clock, proof="wrong").orders(["1"])
