"""Refunds out of a shop's node, read in full, and the words for what they take in both ledgers."""

import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tieout.domain.order_changes.changes import changes_of
from tieout.domain.order_changes.events import ChangedOrder, Goods
from tieout.mapping.shop_changes import changed_order
from unit.domain.order_changes.worked import as_placed, order_1042

GOLDEN = Path(__file__).parents[2] / "golden/order/order_1042.shopify.json"
ZONE = "America/New_York"


def bag(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "USD"}}


def page(*nodes: Any) -> dict[str, Any]:
    return {"nodes": [*nodes], "pageInfo": {"hasNextPage": False}}


def node(*, restock: str = "RETURN", shipped: int = 3, **more: Any) -> dict[str, Any]:
    """Return 1042 as the connector reads it after one A of it was paid back."""
    told: dict[str, Any] = deepcopy(json.loads(GOLDEN.read_text("utf-8")))
    line = {"id": "gid://shopify/LineItem/A"}
    told["lineItems"]["nodes"][0]["id"] = line["id"]
    refund = {
        "legacyResourceId": "9001",
        "createdAt": "2026-12-05T02:30:00Z",
        "processedAt": "2026-12-05T02:30:00Z",
        "refundLineItems": page(
            {
                "quantity": 1,
                "restockType": restock,
                "lineItem": line,
                "subtotalSet": bag("17.99"),
                "totalTaxSet": bag("1.26"),
            }
        ),
        "refundShippingLines": page(),
        "orderAdjustments": page(),
        "transactions": page(
            {
                "id": "gid://shopify/OrderTransaction/8001",
                "kind": "REFUND",
                "status": "SUCCESS",
                "gateway": "shopify_payments",
                "processedAt": "2026-12-05T02:30:00Z",
                "amountSet": bag("19.25"),
            }
        ),
        **more,
    }
    left = {
        "status": "SUCCESS",
        "fulfillmentLineItems": page({"quantity": shipped, "lineItem": line}),
    }
    return told | {"refunds": [refund], "fulfillments": [left] if shipped else []}


def read(told: dict[str, Any]) -> ChangedOrder:
    known = changed_order(as_placed(order_1042()), told, zone=ZONE)
    assert known is not None
    return known


def test_a_refund_is_read_with_its_lines_its_money_and_the_books_day() -> None:
    known = read(node())
    (refund,) = known.refunds
    assert refund.book_date.isoformat() == "2026-12-04"
    (line,) = refund.lines
    assert (line.quantity, line.sold, line.goods) == (1, 3, Goods.RESTOCKED)
    assert (str(line.amount), str(line.tax)) == ("17.99", "1.26")
    assert (refund.payments[0].source_id, refund.paid) == ("8001", Decimal("19.25"))
    assert known.has_shipped
    (change,) = changes_of(known)
    assert (change.total, change.tax) == (Decimal("19.25"), Decimal("1.26"))


@pytest.mark.parametrize(
    ("restock", "shipped", "goods"),
    [
        ("NO_RESTOCK", 3, Goods.LOST),
        ("NO_RESTOCK", 0, Goods.ON_ORDER),
        ("CANCEL", 0, Goods.ON_ORDER),
        ("RETURN", 3, Goods.RESTOCKED),
    ],
)
def test_what_became_of_goods_is_what_the_shop_says(
    restock: str, shipped: int, goods: Goods
) -> None:
    (refund,) = read(node(restock=restock, shipped=shipped)).refunds
    assert [line.goods for line in refund.lines] == [goods]


def test_goodwill_is_an_adjustment_that_goes_to_the_buyer() -> None:
    adjustment = {
        "reason": "REFUND_DISCREPANCY",
        "amountSet": bag("-19.25"),
        "taxAmountSet": bag("0.0"),
    }
    told = node(refundLineItems=page(), orderAdjustments=page(adjustment))
    (refund,) = read(told).refunds
    assert (refund.lines, refund.adjusted) == ((), Decimal("19.25"))


def test_shipping_goes_back_with_its_own_tax() -> None:
    shipping = {
        "shippingLine": {"id": "gid://shopify/ShippingLine/shipping"},
        "subtotalAmountSet": bag("8.0"),
        "taxAmountSet": bag("0.56"),
    }
    (refund,) = read(node(refundShippingLines=page(shipping))).refunds
    assert (refund.lines[1].amount, refund.lines[1].tax) == (Decimal("8.00"), Decimal("0.56"))
    assert refund.lines[1].goods is Goods.LOST


def test_money_under_way_is_none_yet() -> None:
    told = node()
    told["refunds"][0]["transactions"]["nodes"][0]["status"] = "PENDING"
    assert read(told).refunds[0].payments == ()


def test_what_is_not_told_in_full_and_what_an_edit_changed_too_nobody_can_say() -> None:
    thin = node() | {"refunds": [{"legacyResourceId": "9001"}]}
    assert changed_order(as_placed(order_1042()), thin, zone=ZONE) is None
    assert changed_order(as_placed(order_1042()), node() | {"edited": True}, zone=ZONE) is None
