import json
from datetime import date
from decimal import Decimal

import pytest

from tieout.domain.order import LineKind
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.mapper import YamlMapper
from unit.mapping.conftest import ROOT
from unit.mapping.factories import (
    make_address,
    make_customer,
    make_line,
    make_node,
    make_shipping,
    make_tax,
    make_transaction,
    money_bag,
    nodes,
)

SHARED = ROOT.parent / "shared" / "data" / "shopify"


def test_the_worked_order_1042_reads_to_the_cent(mapper):
    node = json.loads((ROOT / "tests/golden/order/order_1042.shopify.json").read_text("utf-8"))

    order = mapper.order_from_shop(node)

    assert [(str(line.net), str(line.tax)) for line in order.lines] == [
        ("53.97", "3.78"),
        ("40.95", "2.87"),
        ("8.00", "0.56"),
    ]
    assert (order.total, order.tax) == (Decimal("110.13"), Decimal("7.21"))
    assert (order.lines_total, order.lines_tax) == (order.total, order.tax)


def test_prices_that_include_tax_give_the_shops_tax_and_not_a_computed_one(mapper):
    node = json.loads((ROOT / "tests/golden/order/inclusive.shopify.json").read_text("utf-8"))

    order = mapper.order_from_shop(node)

    assert [str(line.net) for line in order.lines] == ["16.66", "4.57", "0.82"]
    assert (order.lines_tax, order.lines_total) == (Decimal("4.42"), Decimal("26.47"))


def test_the_net_is_the_unit_price_times_quantity_less_every_allocation(mapper):
    line = make_line(1, "10.00", quantity=3, discounts=["1.10", "0.05"])

    order = mapper.order_from_shop(make_node([line], total="28.85"))

    assert order.lines[0].net == Decimal("28.85")
    assert order.lines[0].list_price == Decimal("10.00")


def test_shipping_is_what_it_cost_after_discounts(mapper):
    shipping = make_shipping("8.00", discounted="5.00", taxes=[make_tax("0.35")])

    order = mapper.order_from_shop(make_node([], total="5.35", tax="0.35", shipping=[shipping]))

    assert [(line.kind, line.net) for line in order.lines] == [(LineKind.SHIPPING, Decimal(5))]


def test_amounts_get_the_decimals_of_their_currency(mapper):
    node = make_node([make_line(1, "31.80")], total="31.80")
    yen = make_node([make_line(1, "31.0")], total="31.0", currencyCode="JPY")

    assert str(mapper.order_from_shop(node).lines[0].price_total) == "31.80"
    assert str(mapper.order_from_shop(yen).lines[0].price_total) == "31"


def test_an_amount_with_too_many_decimals_keeps_its_value(mapper):
    order = mapper.order_from_shop(make_node([make_line(1, "0.005")], total="0.01"))

    assert order.lines[0].price_total == Decimal("0.005")


def test_only_successful_sales_and_captures_are_money(mapper):
    node = make_node(
        [make_line(1, "10.00")],
        total="10.00",
        transactions=[
            make_transaction("10.00", kind="AUTHORIZATION"),
            make_transaction("4.00", kind="CAPTURE", id="gid://shopify/OrderTransaction/2"),
            make_transaction("6.00", status="FAILURE"),
            make_transaction("6.00", kind="REFUND"),
            make_transaction("6.00", kind="SALE", test=True),
            make_transaction("1.00", gateway="paypal", id="gid://shopify/OrderTransaction/6"),
            make_transaction("0.00"),
        ],
    )

    order = mapper.order_from_shop(node)

    assert [(p.source_id, p.gateway, str(p.amount)) for p in order.payments] == [
        ("2", "shopify_payments", "4.00"),
        ("6", "paypal", "1.00"),
    ]


def test_late_evening_in_utc_is_still_the_day_of_the_books(mapper):
    node = make_node(
        [make_line(1, "1.00")],
        total="1.00",
        processedAt="2026-12-01T04:30:00Z",
        transactions=[make_transaction("1.00", processedAt="2026-12-01T05:30:00Z")],
    )

    order = mapper.order_from_shop(node)

    assert order.book_date == date(2026, 11, 30)
    assert order.payments[0].book_date == date(2026, 12, 1)


def test_a_transaction_without_a_processing_time_is_dated_by_its_creation(mapper):
    payment = make_transaction("1.00", processedAt=None, createdAt="2026-11-02T12:00:00Z")
    node = make_node([make_line(1, "1.00")], total="1.00", transactions=[payment])

    assert mapper.order_from_shop(node).payments[0].book_date == date(2026, 11, 2)


def test_nobody_behind_the_order_is_a_guest(mapper):
    node = make_node([make_line(1, "1.00")], total="1.00", customer=None, email=None)

    buyer = mapper.order_from_shop(node).buyer

    assert buyer.is_guest
    assert (buyer.name, buyer.email, buyer.phone) == ("Dana Okafor", "", "+16145550142")


def test_the_purchasing_company_goes_before_the_address_company(mapper):
    purchaser = {
        "__typename": "PurchasingCompany",
        "company": {"id": "gid://shopify/Company/1", "name": "Northwind  Interiors "},
        "location": {"id": "gid://shopify/CompanyLocation/1", "name": "HQ"},
    }
    node = make_node([make_line(1, "1.00")], total="1.00", purchasingEntity=purchaser)

    assert mapper.order_from_shop(node).buyer.company == "Northwind Interiors"


def test_a_customer_without_a_name_is_called_as_the_address_says(mapper):
    customer = make_customer(firstName=None, lastName=None, displayName="dana@example.com")
    node = make_node([make_line(1, "1.00")], total="1.00", customer=customer)

    assert mapper.order_from_shop(node).buyer.name == "Dana Okafor"


def test_a_customers_own_phone_and_exemption_count(mapper):
    customer = make_customer(defaultPhoneNumber={"phoneNumber": "+1800"}, taxExempt=True)
    node = make_node([make_line(1, "1.00")], total="1.00", customer=customer)

    buyer = mapper.order_from_shop(node).buyer

    assert (buyer.phone, buyer.tax_exempt) == ("+1800", True)


def test_one_address_serves_for_both_when_the_other_is_missing(mapper):
    shipped = make_node([], total="0.00", billingAddress=None)
    billed = make_node([], total="0.00", shippingAddress=None)
    neither = make_node([], total="0.00", billingAddress=None, shippingAddress=None)

    assert mapper.order_from_shop(shipped).buyer.address.city == "Columbus"
    assert mapper.order_from_shop(billed).ship_to.city == "Columbus"
    assert mapper.order_from_shop(neither).ship_to.city == ""


def test_an_address_without_a_full_name_takes_first_and_last(mapper):
    node = make_node([], total="0.00", shippingAddress=make_address(name=None))

    assert mapper.order_from_shop(node).ship_to.name == "Dana Okafor"


def test_gift_cards_are_lines_of_their_own_kind(mapper):
    node = make_node([make_line(1, "50.00", isGiftCard=True)], total="50.00")

    assert mapper.order_from_shop(node).lines[0].kind is LineKind.GIFT_CARD


def test_a_tip_that_is_a_line_item_is_not_added_again(mapper):
    tip = make_line(2, "3.00", sku="", variant=None, title="Tip")
    node = make_node(
        [make_line(1, "10.00"), tip], total="13.00", totalTipReceivedSet=money_bag("3.00")
    )

    kinds = [line.kind for line in mapper.order_from_shop(node).lines]

    assert kinds == [LineKind.PRODUCT, LineKind.TIP]


def test_a_tip_that_is_no_line_item_becomes_a_line(mapper):
    node = make_node([make_line(1, "10.00")], total="13.00", totalTipReceivedSet=money_bag("3.00"))

    order = mapper.order_from_shop(node)

    assert [line.kind for line in order.lines] == [LineKind.PRODUCT, LineKind.TIP]
    assert order.lines_total == order.total


def test_test_and_cancelled_orders_say_so(mapper):
    node = make_node([], total="0.00", test=True, cancelledAt="2026-11-30T00:00:00Z")

    order = mapper.order_from_shop(node)

    assert (order.is_test, order.is_cancelled) == (True, True)


def test_money_or_goods_that_went_back_are_a_refund(mapper):
    refund = {"legacyResourceId": "1", "totalRefundedSet": money_bag("0.00")}
    money_back = make_node([], total="0.00", totalRefundedSet=money_bag("5.00"))
    goods_back = make_node([], total="0.00", refunds=[refund])

    assert mapper.order_from_shop(money_back).is_refunded
    assert mapper.order_from_shop(goods_back).is_refunded
    assert not mapper.order_from_shop(make_node([], total="0.00")).is_refunded


def test_the_location_is_the_fulfillments_else_the_till_else_none(mapper):
    at_till = make_node(
        [], total="0.00", fulfillmentOrders=nodes(), retailLocation={"legacyResourceId": "71002"}
    )
    unassigned = {"id": "1", "status": "OPEN", "assignedLocation": {"location": None}}
    nowhere = make_node([], total="0.00", fulfillmentOrders=nodes(unassigned))

    assert mapper.order_from_shop(make_node([], total="0.00")).location_id == "71001"
    assert mapper.order_from_shop(at_till).location_id == "71002"
    assert mapper.order_from_shop(nowhere).location_id == ""


def test_variant_and_title_of_a_line_are_kept(mapper):
    line = make_line(1, "1.00", sku="", variantTitle="Blue", variant={"legacyResourceId": "77"})

    read = mapper.order_from_shop(make_node([line], total="1.00")).lines[0]

    assert (read.variant_id, read.sku, read.title) == ("77", "", "Item 1 - Blue")


@pytest.mark.parametrize(
    ("member", "value", "field"),
    [
        ("name", None, "order.name"),
        ("name", 1042, "order.name"),
        ("currencyCode", "", "order.currencyCode"),
        ("processedAt", "yesterday", "order.processedAt"),
        ("processedAt", "2026-11-29T15:00:05", "order.processedAt"),
        ("totalPriceSet", None, "order.totalPriceSet.shopMoney.amount"),
        ("totalPriceSet", {"shopMoney": {"amount": "ten"}}, "order.totalPriceSet.shopMoney.amount"),
        ("totalPriceSet", {"shopMoney": {"amount": "NaN"}}, "order.totalPriceSet.shopMoney.amount"),
        ("totalPriceSet", {"shopMoney": {"amount": None}}, "order.totalPriceSet.shopMoney.amount"),
        ("test", "yes", "order.test"),
        ("cancelledAt", "once", "order.cancelledAt"),
        ("customer", 7, "order.customer"),
        ("customer", {"firstName": "Dana"}, "order.customer.legacyResourceId"),
        ("billingAddress", [], "order.billingAddress"),
        ("purchasingEntity", {"company": {"name": " "}}, "order.purchasingEntity.company.name"),
        ("fulfillmentOrders", {"nodes": [{}]}, "order.fulfillmentOrders.nodes[0].assignedLocation"),
        ("transactions", {}, "order.transactions"),
        ("transactions", ["paid"], "order.transactions"),
        ("lineItems", {"nodes": [], "pageInfo": {"hasNextPage": True}}, "order.lineItems"),
    ],
)
def test_what_makes_no_order_is_rejected_by_its_place(mapper, member, value, field):
    node = {**make_node([], total="0.00"), member: value}

    with pytest.raises(RejectedError) as caught:
        mapper.order_from_shop(node)

    assert (caught.value.cause, caught.value.field) == ("order_incomplete", field)


def test_missing_line_items_read_as_an_order_without_lines(mapper):
    node = make_node([], total="10.00", lineItems=None)

    assert mapper.order_from_shop(node).lines == ()


def test_a_pair_with_several_shops_must_be_told_which(pairs):
    pair = pairs["harbor_and_pine"]
    second = pair.shops[0].model_copy(update={"domain": "second.myshopify.com"})
    mapper = YamlMapper(ROOT / "include", pair.model_copy(update={"shops": (*pair.shops, second)}))
    node = make_node([], total="0.00")

    assert mapper.order_from_shop(node, shop="second.myshopify.com").shop == "second.myshopify.com"
    with pytest.raises(ConfigurationError, match="has no shop ''"):
        mapper.order_from_shop(node)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared samples are not there")
def test_the_made_sample_of_the_shops_api_reads_and_adds_up(mapper):
    answer = json.loads(
        (SHARED / "made_order_graphql.json").read_text("utf-8"), parse_float=Decimal
    )
    node = answer["data"]["order"]
    node["customer"]["legacyResourceId"] = node["customer"]["id"].rpartition("/")[2]
    node["fulfillmentOrders"] = nodes()
    for line in node["lineItems"]["nodes"]:
        line["variant"]["legacyResourceId"] = line["variant"]["id"].rpartition("/")[2]

    order = mapper.order_from_shop(node)

    assert (order.total, order.lines_total) == (Decimal("92.37"), Decimal("92.37"))
    assert (order.tax, order.lines_tax, order.captured) == (
        Decimal("6.85"),
        Decimal("6.85"),
        Decimal("92.37"),
    )
