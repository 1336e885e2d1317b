"""Whatever the shop charged, both ledgers carry it to the cent."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.order import LineKind
from tieout.mapping.mapper import YamlMapper
from tieout.settings import load_pairs
from unit.mapping.conftest import ROOT
from unit.mapping.factories import (
    invoice_record,
    make_line,
    make_node,
    make_shipping,
    make_tax,
    sage100_net,
    sales_order_record,
    xero_tax,
    xero_total,
)
from unit.mapping.profile import REPEATABLE

MAPPER = YamlMapper(ROOT / "include", load_pairs(ROOT / "include")["harbor_and_pine"])
CENTS = Decimal("0.01")
amounts = st.integers(min_value=0, max_value=99_999).map(lambda cents: cents * CENTS)


@st.composite
def lines(draw, number):
    price, quantity = draw(amounts), draw(st.integers(min_value=1, max_value=250))
    share = draw(st.integers(min_value=0, max_value=100))
    discount = (price * quantity * share / 100).quantize(CENTS)
    rate = draw(st.sampled_from(["0.07", "0.2"]))
    tax = ((price * quantity - discount) * Decimal(rate)).quantize(CENTS)
    line = make_line(
        number,
        str(price),
        quantity=quantity,
        discounts=[str(discount)],
        taxes=[make_tax(str(tax), rate)],
    )
    return line, price * quantity - discount, tax


@st.composite
def orders(draw):
    included = draw(st.booleans())
    drawn = [draw(lines(number)) for number in range(draw(st.integers(1, 6)))]
    shipping = draw(amounts)
    net = sum((price for _line, price, _tax in drawn), shipping)
    tax = sum((tax for _line, _price, tax in drawn), Decimal(0))
    return make_node(
        [line for line, _price, _tax in drawn],
        total=str(net if included else net + tax),
        tax=str(tax),
        shipping=[make_shipping(str(shipping))],
        taxesIncluded=included,
    )


@REPEATABLE
@given(orders())
def test_an_order_reads_to_what_the_shop_charged(node):
    order = MAPPER.order_from_shop(node)

    assert (order.lines_total, order.lines_tax) == (order.total, order.tax)


@REPEATABLE
@given(orders())
def test_the_lines_of_the_xero_invoice_come_to_the_orders_total_and_tax(node):
    order = MAPPER.order_from_shop(node)

    invoice = MAPPER.payload("to_xero/invoice", invoice_record(order))

    assert (xero_total(invoice), xero_tax(invoice)) == (order.total, order.tax)


@REPEATABLE
@given(orders())
def test_the_lines_of_the_sage_100_order_come_to_the_orders_net(node):
    order = MAPPER.order_from_shop(node)

    document = MAPPER.payload("to_sage100/sales_order", sales_order_record(order))

    goods = sum((line.net for line in order.lines_of(LineKind.PRODUCT)), Decimal(0))
    assert sage100_net(document) == goods
    assert goods + Decimal(document["header"]["FreightAmt"]) + order.tax == order.total
