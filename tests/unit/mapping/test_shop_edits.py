from decimal import Decimal

import pytest

from tieout.domain.order import LineKind
from tieout.errors import RejectedError
from unit.mapping.factories import (
    make_agreement,
    make_line,
    make_node,
    make_sale,
    make_shipping,
    make_shipping_sale,
    make_tax,
    money_bag,
    nodes,
)


def edited(lines, agreements, *, total, tax, **members):
    return make_node(
        lines,
        total="226.00",
        tax="26.00",
        edited=True,
        currentTotalPriceSet=money_bag(total),
        currentTotalTaxSet=money_bag(tax),
        agreements=nodes(*agreements),
        **members,
    )


def two_less_one(**edit):
    """Two pieces, of which an edit took one away; the line's tax lines stay as ordered."""
    line = make_line(1, "100.00", quantity=2, taxes=[make_tax("26.00", "0.13")])
    line["currentQuantity"] = 1
    bought = make_sale(line, "226.00", "26.00", quantity=2)
    return line, [make_agreement(bought), make_agreement(make_sale(line, **edit), reason="EDIT")]


@pytest.mark.parametrize(
    ("total", "tax", "quantity", "action"),
    [("-113.00", "-13.00", -1, "UPDATE"), ("113.00", "13.00", 1, "RETURN")],
)
def test_an_edited_line_is_what_its_sales_add_up_to(mapper, total, tax, quantity, action):
    line, agreements = two_less_one(total=total, tax=tax, quantity=quantity, actionType=action)

    order = mapper.order_from_shop(edited([line], agreements, total="113.00", tax="13.00"))

    assert [(line.quantity, line.net, line.tax) for line in order.lines] == [
        (Decimal(1), Decimal("100.00"), Decimal("13.00"))
    ]
    assert (order.total, order.lines_total) == (Decimal("113.00"), Decimal("113.00"))


def test_an_edited_line_with_tax_included_keeps_its_gross(mapper):
    line, agreements = two_less_one(total="-113.00", tax="-13.00", quantity=-1)
    node = edited([line], agreements, total="113.00", tax="13.00", taxesIncluded=True)

    order = mapper.order_from_shop(node)

    assert (order.lines[0].price_total, order.lines[0].net) == (Decimal(113), Decimal(100))


def test_a_line_that_an_edit_removed_is_gone(mapper):
    line = make_line(1, "10.00")
    line["currentQuantity"] = 0
    sales = [
        make_agreement(make_sale(line, "10.70", "0.70")),
        make_agreement(make_sale(line, "10.70", "0.70", actionType="RETURN"), reason="EDIT"),
    ]

    order = mapper.order_from_shop(edited([line], sales, total="0.00", tax="0.00"))

    assert order.lines == ()


def test_shipping_of_an_edited_order_is_its_sale(mapper):
    shipping = make_shipping("8.00", taxes=[make_tax("0.56")])
    agreement = make_agreement(make_shipping_sale(shipping, "8.56", "0.56"))

    order = mapper.order_from_shop(
        edited([], [agreement], total="8.56", tax="0.56", shipping=[shipping])
    )

    assert [(line.kind, line.net) for line in order.lines] == [(LineKind.SHIPPING, Decimal(8))]


def test_shipping_without_a_sale_is_gone(mapper):
    node = edited(
        [], [make_agreement()], total="0.00", tax="0.00", shipping=[make_shipping("8.00")]
    )

    assert mapper.order_from_shop(node).lines == ()


def test_a_tip_of_an_edited_order_is_known_by_its_sale(mapper):
    line = make_line(1, "3.00")
    agreement = make_agreement(make_sale(line, "3.00", "0.00", lineType="TIP"))

    order = mapper.order_from_shop(edited([line], [agreement], total="3.00", tax="0.00"))

    assert order.lines[0].kind is LineKind.TIP
    assert order.lines[0].taxes == ()


def test_a_sale_of_no_line_changes_no_line(mapper):
    line = make_line(1, "10.00")
    fee = {**make_sale(line, "2.00", "0.00"), "lineItem": None, "lineType": "ADJUSTMENT"}
    agreement = make_agreement(make_sale(line, "10.00", "0.00"), fee)

    order = mapper.order_from_shop(edited([line], [agreement], total="12.00", tax="0.00"))

    assert order.lines_total == Decimal("10.00")


def test_an_edited_order_without_agreements_is_rejected(mapper):
    with pytest.raises(RejectedError, match=r"order\.agreements is missing"):
        mapper.order_from_shop(edited([make_line(1, "1.00")], [], total="1.00", tax="0.00"))


def test_agreements_that_contradict_the_quantity_are_rejected(mapper):
    line = make_line(1, "10.00", quantity=2)
    agreement = make_agreement(make_sale(line, "10.00", "0.00", quantity=1))

    with pytest.raises(RejectedError, match="currentQuantity differs from the 1 that"):
        mapper.order_from_shop(edited([line], [agreement], total="20.00", tax="0.00"))


def test_an_edit_that_gave_nothing_back_is_no_refund(mapper):
    refund = {"legacyResourceId": "1", "totalRefundedSet": money_bag("0.00")}
    line = make_line(1, "10.00")
    agreement = make_agreement(make_sale(line, "10.00", "0.00"))
    node = edited([line], [agreement], total="10.00", tax="0.00", refunds=[refund])

    assert not mapper.order_from_shop(node).is_refunded
