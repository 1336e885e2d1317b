"""Tokens, versions, errors, cost, search and pages, as Shopify's Admin API documents them."""

from pathlib import Path

import requests

from simulators.shopify.shop_client import HARBOR, LOTUS, Client, client, simulator
from simulators.shopify.shopify_orders import make_order

SHOP = "{ shop { name currencyCode } }"
NAMES = """
query ($query: String, $first: Int, $after: String, $sortKey: OrderSortKeys, $reverse: Boolean) {
  orders(first: $first, after: $after, query: $query, sortKey: $sortKey, reverse: $reverse) {
    nodes { name }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}
"""


def names(shop: Client, query: str, **more: object) -> list[str]:
    orders = shop.data(NAMES, query=query, first=50, **more)["orders"]
    return [node["name"] for node in orders["nodes"]]


def test_client_credentials_give_a_token_for_a_day(shop: Client) -> None:
    answer = shop.ask_token()

    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 86399
    assert "write_orders" in answer.json()["scope"]


def test_wrong_credentials_and_other_grants_are_refused(shop: Client) -> None:
    assert shop.ask_token(client_secret="wrong").status_code == 401  # noqa: S106 - it is wrong
    assert shop.ask_token(client_id="tieout-lotus_lane").status_code == 401
    assert shop.ask_token(grant_type="password").status_code == 400


def test_a_call_without_a_good_token_is_unauthorized(shop: Client) -> None:
    shop.token = "shpat_wrong"  # noqa: S105 - it is wrong

    answer = shop.post(SHOP, {})

    assert answer.status_code == 401
    assert "Invalid API key or access token" in answer.json()["errors"]


def test_a_token_of_one_shop_does_not_open_the_other(shop: Client) -> None:
    shop.domain = LOTUS

    assert shop.post(SHOP, {}).status_code == 401


def test_an_unknown_shop_is_not_found(base: str) -> None:
    url = f"{base}/shops/nobody.myshopify.com/admin/api/2026-10/graphql.json"

    assert requests.post(url, json={"query": SHOP}, timeout=5).status_code == 404


def test_the_answer_names_the_version_that_served_it_even_for_a_retired_one(shop: Client) -> None:
    current = shop.post(SHOP, {}).headers["X-Shopify-API-Version"]
    shop.version = "2024-04"
    retired = shop.post(SHOP, {}).headers["X-Shopify-API-Version"]

    assert (current, retired) == ("2026-10", "2026-01")


def test_a_token_expires_and_everything_else_survives_a_restart(tmp_path: Path) -> None:
    with simulator(tmp_path, "--now", "2026-11-22T10:00:00Z") as base, client(base) as shop:
        shop.place(make_order(3001))
        token = shop.token
    with simulator(tmp_path, "--now", "2026-11-23T09:59:00Z") as base, client(base) as shop:
        shop.token = token
        assert names(shop, "id:3001") == ["#3001"]
    with simulator(tmp_path, "--now", "2026-11-23T10:00:00Z") as base, client(base) as shop:
        shop.token = token
        assert shop.post(SHOP, {}).status_code == 401


def test_unknown_fields_are_refused_with_the_vendors_code(shop: Client) -> None:
    answer = shop.answer("{ shop { nothing } }")

    assert answer["errors"][0]["message"] == "Field 'nothing' doesn't exist on type 'Shop'"
    assert answer["errors"][0]["extensions"]["code"] == "undefinedField"


def test_plain_user_errors_have_no_code(shop: Client) -> None:
    answer = shop.answer(
        'mutation { tagsAdd(id: "gid://shopify/Order/1", tags: ["a"]) { userErrors { code } } }'
    )

    assert answer["errors"][0]["message"] == "Field 'code' doesn't exist on type 'UserError'"


def test_broken_syntax_and_bad_variables_have_their_codes(shop: Client) -> None:
    broken = shop.answer("{ shop {")
    missing = shop.answer("query ($id: ID!) { order(id: $id) { name } }")

    assert broken["errors"][0]["extensions"]["code"] == "PARSE_ERROR"
    assert missing["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"


def test_a_connection_needs_first_or_last_and_at_most_250(shop: Client) -> None:
    without = shop.answer("{ products { nodes { id } } }")
    too_many = shop.answer("{ products(first: 251) { nodes { id } } }")

    assert without["errors"][0]["message"] == "you must provide one of first or last"
    assert too_many["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_what_does_not_exist_is_null(shop: Client) -> None:
    found = shop.data(
        """{
          order(id: "gid://shopify/Order/5") { name }
          nodes(ids: ["gid://shopify/Order/5", "gid://shopify/Nothing/1"]) { id }
        }"""
    )

    assert found == {"order": None, "nodes": [None, None]}


def test_every_answer_says_what_it_cost(shop: Client) -> None:
    # The costs of such queries as recorded on a development store in 2026: 4 and 9.
    first = shop.answer("{ shop { currencyCode } locations(first: 1) { nodes { id } } }")
    second = shop.answer(
        "{ a: products(first: 10) { nodes { title } } b: products(first: 1) { nodes { title } } }"
    )

    assert first["extensions"]["cost"]["requestedQueryCost"] == 4
    assert second["extensions"]["cost"]["requestedQueryCost"] == 9
    assert first["extensions"]["cost"]["throttleStatus"]["maximumAvailable"] == 2000


def test_an_empty_bucket_throttles_with_http_200_and_refills(shop: Client) -> None:
    shop.control("throttle", {"available": 3, "restore_per_s": 0.001})
    query = "{ shop { currencyCode } locations(first: 1) { nodes { id } } }"
    refused = shop.post(query, {})
    shop.control("throttle", {"available": 2000, "restore_per_s": 100})

    assert refused.status_code == 200
    assert refused.json()["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert refused.json()["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 3
    assert shop.answer(query)["data"]["shop"] == {"currencyCode": "USD"}


def test_a_query_over_a_thousand_points_is_never_run(shop: Client) -> None:
    ids = [f"gid://shopify/Order/{number}" for number in range(250)]
    answer = shop.answer(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Order { lineItems(first: 50)"
        " { nodes { id } } } } }",
        ids=ids,
    )

    assert answer["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


def test_orders_are_found_by_the_times_of_their_last_change(shop: Client) -> None:
    shop.place(make_order(3101, updated_at="2026-03-01T10:00:00Z"))
    shop.place(make_order(3102, updated_at="2026-03-01T05:30:00-05:00"))
    shop.place(make_order(3103, updated_at="2026-03-01T11:00:00Z"))

    found = names(
        shop,
        "updated_at:>='2026-03-01T10:00:00Z' AND updated_at:<'2026-03-01T11:00:00Z'",
        sortKey="UPDATED_AT",
    )

    assert found == ["#3101", "#3102"]


def test_orders_are_found_by_name_id_and_status(shop: Client) -> None:
    at = {"created_at": "2026-03-02T10:00:00Z"}
    shop.place(make_order(3111, financial_status="paid", **at))
    shop.place(make_order(3112, cancelled_at="2026-03-02T11:00:00Z", **at))
    day = "created_at:>=2026-03-02 created_at:<2026-03-03"

    assert names(shop, "name:3111") == ["#3111"]
    assert names(shop, "name:'#3111'") == ["#3111"]
    assert names(shop, "id:3112") == ["#3112"]
    assert names(shop, f"financial_status:paid {day}") == ["#3111"]
    assert names(shop, f"status:open {day}") == ["#3111"]
    assert names(shop, f"status:cancelled {day}") == ["#3112"]
    assert names(shop, day, sortKey="ORDER_NUMBER") == ["#3111", "#3112"]
    assert names(shop, f"-status:cancelled {day}") == ["#3111"]
    assert names(shop, "(name:3111 OR name:3112) AND NOT id:3111") == ["#3112"]


def test_an_unknown_search_field_is_ignored_with_a_warning(shop: Client) -> None:
    shop.place(make_order(3121))

    answer = shop.answer(NAMES, query="id:3121 AND colour:red", first=5)

    assert answer["data"]["orders"]["nodes"] == [{"name": "#3121"}]
    assert answer["extensions"]["search"] == [
        {
            "path": ["orders"],
            "query": "id:3121 AND colour:red",
            "parsed": {"field": "colour", "match_all": "red"},
            "warnings": [
                {
                    "field": "colour",
                    "message": "Invalid search field for this query.",
                    "code": "invalid_field",
                }
            ],
        }
    ]


def test_pages_follow_their_cursors_even_when_an_order_moves_away(shop: Client) -> None:
    for number in (3131, 3132, 3133):
        shop.place(make_order(number, updated_at=f"2026-04-01T10:{number - 3100}:00Z"))
    query = "updated_at:>='2026-04-01T00:00:00Z' AND updated_at:<'2026-05-01T00:00:00Z'"
    first = shop.data(NAMES, query=query, first=1, sortKey="UPDATED_AT")["orders"]
    shop.place(make_order(3131, updated_at="2026-04-01T12:00:00Z"))

    rest = shop.data(
        NAMES, query=query, first=5, sortKey="UPDATED_AT", after=first["pageInfo"]["endCursor"]
    )["orders"]

    assert first["nodes"] == [{"name": "#3131"}]
    assert first["pageInfo"]["hasNextPage"] is True
    assert [node["name"] for node in rest["nodes"]] == ["#3132", "#3133", "#3131"]
    assert rest["pageInfo"]["hasNextPage"] is False
    assert rest["pageInfo"]["hasPreviousPage"] is True


def test_reverse_turns_the_order_round(shop: Client) -> None:
    for number in (3141, 3142):
        shop.place(make_order(number, created_at=f"2026-05-01T10:{number - 3100}:00Z"))
    query = "created_at:2026-05-01"

    assert names(shop, query, sortKey="CREATED_AT", reverse=True) == ["#3142", "#3141"]


def test_the_catalog_and_the_customers_are_the_companys(shop: Client) -> None:
    found = shop.data(
        """{
          productVariants(first: 2, query: "sku:LAMP-01") {
            nodes { legacyResourceId price product { title } inventoryItem { unitCost { amount } } }
          }
          customersCount { count }
          locations(first: 5, sortKey: ID) { nodes { legacyResourceId name } }
          shop { myshopifyDomain currencyCode ianaTimezone }
        }"""
    )

    assert found == {
        "productVariants": {
            "nodes": [
                {
                    "legacyResourceId": "71100000000001",
                    "price": "19.99",
                    "product": {"title": "Aluminium desk lamp"},
                    "inventoryItem": {"unitCost": {"amount": "7.4"}},
                }
            ]
        },
        "customersCount": {"count": 100},
        "locations": {
            "nodes": [
                {"legacyResourceId": "71001", "name": "Portland main"},
                {"legacyResourceId": "71002", "name": "Newark cross-dock"},
                {"legacyResourceId": "71003", "name": "Reno west"},
            ]
        },
        "shop": {
            "myshopifyDomain": HARBOR,
            "currencyCode": "USD",
            "ianaTimezone": "America/New_York",
        },
    }
