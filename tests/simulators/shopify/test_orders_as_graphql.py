"""An order's REST and GraphQL forms are one order, equal to the cent."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulators.shopify.shop_client import Client
from simulators.shopify.shopify_orders import make_line, make_order

SAMPLES = Path(__file__).parents[4] / "shared" / "data" / "shopify"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample orders are not here")

ORDER_MONEY = """
query ($id: ID!) {
  order(id: $id) {
    edited
    originalTotalPriceSet { shopMoney { amount } }
    totalPriceSet { shopMoney { amount } }
    currentTotalPriceSet { shopMoney { amount } }
    currentTotalTaxSet { shopMoney { amount } }
    currentTaxLines { title priceSet { shopMoney { amount } } }
    lineItems(first: 5) {
      nodes { quantity currentQuantity taxLines { priceSet { shopMoney { amount } } } }
    }
    agreements(first: 5) {
      nodes {
        reason
        sales(first: 5) {
          nodes {
            actionType
            lineType
            quantity
            totalAmount { shopMoney { amount } }
            totalTaxAmount { shopMoney { amount } }
          }
        }
      }
    }
  }
}
"""


MONEY = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
TAXES = f"taxLines {{ title rate channelLiable priceSet {MONEY} }}"
ADDRESS = """{ firstName lastName company address1 address2 city provinceCode zip countryCodeV2
  phone }"""
DISCOUNT = f"""discountAllocations {{ allocatedAmountSet {MONEY}
  discountApplication {{ __typename index }} }}"""
LINE_MONEY = " ".join(
    f"{name} {MONEY}"
    for name in (
        "originalUnitPriceSet",
        "originalTotalSet",
        "discountedUnitPriceSet",
        "discountedTotalSet",
        "totalDiscountSet",
        "priceAfterAllDiscountsBeforeTaxesSet",
    )
)
ORDER_SETS = " ".join(
    f"{name} {MONEY}"
    for name in (
        "subtotalPriceSet",
        "totalDiscountsSet",
        "totalShippingPriceSet",
        "totalTaxSet",
        "totalPriceSet",
        "originalTotalPriceSet",
        "originalTotalDutiesSet",
        "originalTotalAdditionalFeesSet",
        "totalTipReceivedSet",
        "totalReceivedSet",
        "totalRefundedSet",
        "netPaymentSet",
        "totalOutstandingSet",
        "currentSubtotalPriceSet",
        "currentTotalDiscountsSet",
        "currentShippingPriceSet",
        "currentTotalTaxSet",
        "currentTotalPriceSet",
        "currentTotalDutiesSet",
        "currentTotalAdditionalFeesSet",
    )
)
WHOLE = f"""
  id legacyResourceId name number confirmationNumber sourceName test createdAt processedAt updatedAt
  cancelledAt cancelReason closedAt edited currencyCode presentmentCurrencyCode taxesIncluded
  dutiesIncluded taxExempt estimatedTaxes displayFinancialStatus displayFulfillmentStatus
  returnStatus fullyPaid paymentGatewayNames email phone poNumber note tags
  customAttributes {{ key value }} discountCodes
  customer {{ id displayName taxExempt defaultEmailAddress {{ emailAddress }}
    defaultPhoneNumber {{ phoneNumber }} }}
  purchasingEntity {{ __typename ... on Customer {{ id }} }}
  billingAddress {ADDRESS} shippingAddress {ADDRESS}
  {ORDER_SETS}
  totalCashRoundingAdjustment {{ paymentSet {MONEY} refundSet {MONEY} }}
  {TAXES} additionalFees {{ id }}
  discountApplications(first: 10) {{ nodes {{ __typename index allocationMethod targetSelection
    targetType value {{ __typename ... on PricingPercentageValue {{ percentage }} }}
    ... on DiscountCodeApplication {{ code }} }} }}
  lineItems(first: 50) {{ pageInfo {{ hasNextPage }} nodes {{ id sku title variantTitle
    quantity currentQuantity refundableQuantity isGiftCard requiresShipping taxable
    {LINE_MONEY} {DISCOUNT} {TAXES} duties {{ id }} product {{ id }}
    variant {{ id inventoryItem {{ id }} }} }} }}
  shippingLines(first: 10) {{ nodes {{ id title code source isRemoved originalPriceSet {MONEY}
    discountedPriceSet {MONEY} currentDiscountedPriceSet {MONEY} {DISCOUNT} {TAXES} }} }}
  transactions {{ id kind status gateway formattedGateway manualPaymentGateway test processedAt
    paymentId parentTransaction {{ id }} amountSet {MONEY} amountRoundingSet {MONEY}
    settlementCurrency fees {{ amount {{ amount currencyCode }} flatFee {{ amount currencyCode }}
    rate taxAmount {{ amount currencyCode }} }} }}
  refunds {{ id }} returns(first: 5) {{ nodes {{ id }} }} fulfillments {{ id }}
  fulfillmentOrders(first: 5) {{ nodes {{ id status requestStatus
    assignedLocation {{ name location {{ id }} }}
    lineItems(first: 50) {{ nodes {{ id totalQuantity remainingQuantity sku lineItem {{ id }} }} }}
  }} }}
  metafields(first: 5) {{ nodes {{ id }} }}
"""


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text(encoding="utf-8"))


@needs_samples
def test_a_webhook_body_comes_back_from_graphql_as_the_sample_of_the_same_order(
    shop: Client,
) -> None:
    expected = sample("made_order_graphql.json")["data"]["order"]
    paid = expected["transactions"][0]
    del expected["lineItems"]["pageInfo"]["endCursor"]  # opaque: each server's own
    body = {
        "order": sample("made_order_webhook.json"),
        "transactions": [
            {
                "id": 8411223344551,
                "kind": "sale",
                "status": "success",
                "gateway": "shopify_payments",
                "amount": "92.37",
                "currency": "USD",
                "processed_at": "2026-11-20T14:03:05-05:00",
                "payment_id": paid["paymentId"],
            }
        ],
        "assigned_location": {"id": 71011223344, "name": "Main warehouse"},
    }
    number = shop.place(body)

    found = shop.data(f"query ($id: ID!) {{ order(id: $id) {{ {WHOLE} }} }}", id=number)["order"]

    assert found == expected


@needs_samples
def test_a_real_order_of_the_second_shop_keeps_its_figures_and_names_its_variants(
    lotus: Client,
) -> None:
    number = lotus.place(sample("real_order_1070.json"))

    order = lotus.data(
        """query ($id: ID!) { order(id: $id) {
          currentTotalPriceSet { shopMoney { amount currencyCode } }
          lineItems(first: 5) { nodes { sku variant { legacyResourceId inventoryItem { id } }
            discountAllocations { allocatedAmountSet { shopMoney { amount } }
              discountApplication { __typename } } } }
          transactions { kind gateway amountSet { shopMoney { amount } } }
        } }""",
        id=number,
    )["order"]

    assert order["currentTotalPriceSet"]["shopMoney"] == {
        "amount": "304.0",
        "currencyCode": "HKD",
    }
    assert order["lineItems"]["nodes"][0] == {
        "sku": "",
        "variant": {
            "legacyResourceId": "50398373085484",
            "inventoryItem": {"id": "gid://shopify/InventoryItem/50398873085484"},
        },
        "discountAllocations": [
            {
                "allocatedAmountSet": {"shopMoney": {"amount": "3.2"}},
                "discountApplication": {"__typename": "ManualDiscountApplication"},
            },
            {
                "allocatedAmountSet": {"shopMoney": {"amount": "5.0"}},
                "discountApplication": {"__typename": "AutomaticDiscountApplication"},
            },
        ],
    }
    assert order["transactions"] == [
        {"kind": "SALE", "gateway": "manual", "amountSet": {"shopMoney": {"amount": "304.0"}}}
    ]


@needs_samples
def test_published_samples_that_do_not_add_up_are_taken_as_they_are(shop: Client) -> None:
    number = shop.place(sample("order.json"))

    order = shop.data(
        "query ($id: ID!) { order(id: $id) { name displayFinancialStatus"
        " totalPriceSet { shopMoney { amount } } transactions { kind } } }",
        id=number,
    )["order"]

    assert order == {
        "name": "#1001",
        "displayFinancialStatus": "AUTHORIZED",
        "totalPriceSet": {"shopMoney": {"amount": "409.94"}},
        "transactions": [{"kind": "AUTHORIZATION"}],
    }


def test_an_edit_leaves_the_order_as_placed_and_moves_only_the_current_figures(
    shop: Client,
) -> None:
    # The figures recorded on a development store in 2026: 226 edited to 113.
    line = make_line(21010, "100.00", 2, tax="26.00")
    order = make_order(2101, line, total="226.00", total_tax="26.00", subtotal_price="200.00")
    number = shop.place(order)

    shop.control("edit", {"order_id": 2101, "lines": [{"id": 21010, "current_quantity": 1}]})

    found = shop.data(ORDER_MONEY, id=number)["order"]
    sale = {"actionType": "ORDER", "lineType": "PRODUCT"}
    assert found == {
        "edited": True,
        "originalTotalPriceSet": {"shopMoney": {"amount": "226.0"}},
        "totalPriceSet": {"shopMoney": {"amount": "226.0"}},
        "currentTotalPriceSet": {"shopMoney": {"amount": "113.0"}},
        "currentTotalTaxSet": {"shopMoney": {"amount": "13.0"}},
        "currentTaxLines": [{"title": "State Tax", "priceSet": {"shopMoney": {"amount": "13.0"}}}],
        "lineItems": {
            "nodes": [
                {
                    "quantity": 2,
                    "currentQuantity": 1,
                    "taxLines": [{"priceSet": {"shopMoney": {"amount": "26.0"}}}],
                }
            ]
        },
        "agreements": {
            "nodes": [
                {
                    "reason": "ORDER",
                    "sales": {
                        "nodes": [
                            {
                                **sale,
                                "quantity": 2,
                                "totalAmount": {"shopMoney": {"amount": "226.0"}},
                                "totalTaxAmount": {"shopMoney": {"amount": "26.0"}},
                            }
                        ]
                    },
                },
                {
                    "reason": "ORDER_EDIT",
                    "sales": {
                        "nodes": [
                            {
                                **sale,
                                "actionType": "UPDATE",
                                "quantity": -1,
                                "totalAmount": {"shopMoney": {"amount": "-113.0"}},
                                "totalTaxAmount": {"shopMoney": {"amount": "-13.0"}},
                            }
                        ]
                    },
                },
            ]
        },
    }


def test_agreements_and_current_figures_agree_when_half_a_tax_is_half_a_cent(
    shop: Client,
) -> None:
    # Half of 6.37 is 3.185: the piece that stays carries 3.19, the one that goes 3.18.
    line = make_line(21020, "45.50", 2, tax="6.37")
    number = shop.place(make_order(2102, line, total="97.37"))

    shop.control("edit", {"order_id": 2102, "lines": [{"id": 21020, "current_quantity": 1}]})

    found = shop.data(ORDER_MONEY, id=number)["order"]
    removed = found["agreements"]["nodes"][1]["sales"]["nodes"][0]
    assert found["currentTotalTaxSet"]["shopMoney"]["amount"] == "3.19"
    assert removed["totalTaxAmount"]["shopMoney"]["amount"] == "-3.18"
    assert found["currentTotalPriceSet"]["shopMoney"]["amount"] == "48.69"


def test_a_line_added_after_payment_leaves_the_order_owing(shop: Client) -> None:
    number = shop.place(make_order(2103, financial_status="paid"))

    shop.control("edit", {"order_id": 2103, "added_lines": [make_line(21039, "10.00")]})

    found = shop.data(
        """query ($id: ID!) { order(id: $id) {
          displayFinancialStatus
          originalTotalPriceSet { shopMoney { amount } }
          totalPriceSet { shopMoney { amount } }
          totalOutstandingSet { shopMoney { amount } }
          agreements(first: 5) { nodes { sales(first: 5) { nodes { actionType quantity } } } }
        } }""",
        id=number,
    )["order"]
    assert found["displayFinancialStatus"] == "PARTIALLY_PAID"
    assert found["originalTotalPriceSet"]["shopMoney"]["amount"] == "19.99"
    assert found["totalPriceSet"]["shopMoney"]["amount"] == "29.99"
    assert found["totalOutstandingSet"]["shopMoney"]["amount"] == "10.0"
    assert found["agreements"]["nodes"][1]["sales"]["nodes"] == [
        {"actionType": "ORDER", "quantity": 1}
    ]


def test_only_captured_money_counts_as_received(shop: Client) -> None:
    number = shop.place(make_order(2104, financial_status="authorized"))
    money = """query ($id: ID!) { order(id: $id) { displayFinancialStatus capturable
      totalReceivedSet { shopMoney { amount } }
      transactions { kind parentTransaction { kind } fees { amount { amount } } } } }"""
    before = shop.data(money, id=number)["order"]

    shop.control("capture", {"order_id": 2104})

    after = shop.data(money, id=number)["order"]
    assert before["displayFinancialStatus"] == "AUTHORIZED"
    assert before["totalReceivedSet"]["shopMoney"]["amount"] == "0.0"
    assert before["capturable"] is True
    assert after["displayFinancialStatus"] == "PAID"
    assert after["totalReceivedSet"]["shopMoney"]["amount"] == "19.99"
    assert after["transactions"][1] == {
        "kind": "CAPTURE",
        "parentTransaction": {"kind": "AUTHORIZATION"},
        "fees": [{"amount": {"amount": "0.88"}}],
    }


def test_an_order_without_transactions_has_no_payment_status_when_the_shop_gave_none(
    shop: Client,
) -> None:
    number = shop.place(make_order(2105, financial_status=None))

    order = shop.data("query ($id: ID!) { order(id: $id) { displayFinancialStatus } }", id=number)

    assert order == {"order": {"displayFinancialStatus": None}}


def test_importing_an_order_again_replaces_it_and_keeps_what_the_app_wrote(shop: Client) -> None:
    number = shop.place(make_order(2106))
    shop.data(
        'mutation ($id: ID!) { metafieldsSet(metafields: [{ownerId: $id, namespace: "tieout",'
        ' key: "status", type: "single_line_text_field", value: "posted"}])'
        " { userErrors { message } } }",
        id=number,
    )

    shop.place(make_order(2106, note="changed"))

    order = shop.data(
        'query ($id: ID!) { order(id: $id) { note metafield(namespace: "tieout", key: "status")'
        " { value } agreements(first: 5) { nodes { reason } } } }",
        id=number,
    )["order"]
    assert order == {
        "note": "changed",
        "metafield": {"value": "posted"},
        "agreements": {"nodes": [{"reason": "ORDER"}]},
    }
