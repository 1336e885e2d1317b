"""Whatever a shop charged, every target's lines, discounts, freight and tax come to it to the cent.

In the company's own currency, with 0, 2 or 3 decimals, and by the policy ``fx: base`` in another;
prices with tax and without; by each policy for the tax in Sage 100; with several taxes on a line,
and some that a marketplace remits. What a ledger cannot hold (a third decimal) is refused by name.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tieout.domain.conversion import in_base, settlements
from tieout.domain.exchange import ExchangeRate
from tieout.domain.money import minor_unit, round_half_up, to_currency
from tieout.domain.order import LineKind, Order
from tieout.domain.pair import Pair, Policies
from tieout.domain.taxes import by_schedule, channel_tax_apart
from tieout.errors import RejectedError
from tieout.mapping.mapper import YamlMapper
from tieout.settings import load_pairs
from tieout.usecases.order_money import (
    cents_text,
    charge_item,
    converted,
    missing_rates,
    own_shares,
    sage100_order,
    tax_overrides,
    tax_schedule,
    unmapped_taxes,
    xero_order,
    xero_tax_type,
)
from unit.mapping.conftest import ROOT
from unit.mapping.factories import (
    make_line,
    make_node,
    make_shipping,
    make_tax,
    make_transaction,
    money_bag,
    sage100_net,
    xero_tax,
    xero_total,
)
from unit.mapping.profile import REPEATABLE

PAIR = load_pairs(ROOT / "include")["harbor_and_pine"]
MAPPER = YamlMapper(ROOT / "include", PAIR)
DAY = date(2026, 11, 29)
CURRENCIES = ("USD", "JPY", "KWD")
"""With 2, 0 and 3 decimals."""
RATES = {"STATE": ("State Tax", "0.07"), "COUNTY": ("County Tax", "0.01")}
CENT = Decimal("0.01")


def pair_of(currency: str, *rates: ExchangeRate, **policies: Any) -> Pair:
    changes = {"currency": currency, "exchange_rates": rates, "policies": Policies(**policies)}
    return PAIR.model_copy(update=changes)


def rate_of(base: str, currency: str, rate: str, day: date = DAY) -> ExchangeRate:
    return ExchangeRate(base=base, currency=currency, day=day, rate=Decimal(rate), source="test")


@st.composite
def lines(draw, number, currency, *, included, coarse):
    """A line with its discount and its taxes, and what it comes to."""
    unit = max(minor_unit(currency), CENT) if coarse else minor_unit(currency)
    price = draw(st.integers(0, 99_999)) * unit
    quantity = draw(st.integers(1, 120))
    discount = (price * quantity * draw(st.integers(0, 100)) / 100 // unit) * unit
    net = price * quantity - discount
    titles = draw(st.sampled_from([(), ("STATE",), ("STATE", "COUNTY")]))
    taxes = []
    for code in titles:
        title, rate = RATES[code]
        base = net / (1 + Decimal(rate)) if included else net
        amount = round_half_up(base * Decimal(rate) / unit, 0) * unit
        liable = draw(st.booleans())
        tax = make_tax(f"{amount:f}", rate, title, channelLiable=liable)
        taxes.append((tax | {"priceSet": bag(amount, currency)}, amount))
    line = make_line(
        number,
        "0.00",
        quantity=quantity,
        taxes=[tax for tax, _amount in taxes],
        originalUnitPriceSet=bag(price, currency),
        discountAllocations=[{"allocatedAmountSet": bag(discount, currency)}],
    )
    return line, net, sum((amount for _tax, amount in taxes), Decimal(0))


def bag(amount: Decimal, currency: str) -> Any:
    """A money bag of an amount, however many decimals its currency has."""
    return money_bag(f"{amount:f}", currency)


@st.composite
def orders(draw, currency, *, coarse=False):
    """Draw an order node; ``coarse``: no amount has more than two decimals."""
    included = draw(st.booleans())
    made = [
        draw(lines(number, currency, included=included, coarse=coarse))
        for number in range(draw(st.integers(1, 6)))
    ]
    unit = max(minor_unit(currency), CENT) if coarse else minor_unit(currency)
    freight = draw(st.integers(0, 9_999)) * unit
    net = sum((price for _line, price, _tax in made), freight)
    tax = sum((tax for _line, _price, tax in made), Decimal(0))
    total = net if included else net + tax
    first = total * draw(st.integers(0, 100)) / 100 // unit * unit
    paid = [amount for amount in (first, total - first) if amount]
    return make_node(
        [line for line, _price, _tax in made],
        total="0.00",
        shipping=[
            make_shipping("0.00")
            | {name: bag(freight, currency) for name in ("originalPriceSet", "discountedPriceSet")}
        ],
        taxesIncluded=included,
        currencyCode=currency,
        totalPriceSet=bag(total, currency),
        totalTaxSet=bag(tax, currency),
        transactions=[
            make_transaction("0.00", id=f"gid://shopify/OrderTransaction/{place}", **money)
            for place, money in enumerate([{"amountSet": bag(one, currency)} for one in paid], 1)
        ],
    )


def xero_payload(pair: Pair, order: Order) -> Any:
    booked = xero_order(order)
    record = {
        "order": booked,
        "invoice_number": "HP-1042",
        "contact_id": "8d5c3f52-0000-4000-8000-000000000042",
        "due_date": booked.book_date,
        "lines": [
            {
                "line": line,
                "item_code": line.sku,
                "account_code": "200",
                "tax_type": xero_tax_type(pair, line),
                "tracking": (),
            }
            for line in booked.lines
        ],
    }
    return MAPPER.payload("to_xero/invoice", record)


def sage100_payload(pair: Pair, order: Order) -> tuple[Any, Order]:
    booked = sage100_order(pair, order)
    goods = [line for line in booked.lines if line.kind is not LineKind.SHIPPING]
    record = {
        "order": booked,
        "customer_no": "0000042",
        "division": "00",
        "invoice_number": "HP-1042",
        "warehouse_code": "000",
        "tax_schedule": tax_schedule(pair, booked),
        "taxes": tax_overrides(pair, booked),
        "terms_code": "00",
        "deposit": cents_text(booked.captured),
        "lines": [
            {"line": line, "item_code": line.sku or charge_item(pair, line), "account": ""}
            for line in goods
        ],
    }
    return MAPPER.payload("to_sage100/sales_order", record), booked


def sage100_total(payload: Any, booked: Order) -> Decimal:
    """What Sage 100 makes of the order: lines, freight, and the tax that it is told or computes."""
    overridden = sum((Decimal(amount) for amount in payload["tax"].values()), Decimal(0))
    tax = overridden if payload["tax"] else booked.tax
    return sage100_net(payload) + Decimal(payload["header"]["FreightAmt"]) + tax


def is_whole(order: Order) -> bool:
    """Say whether no amount of the order has a third decimal."""
    amounts = [order.total, order.tax, *(line.price_total for line in order.lines)]
    amounts += [share.amount for line in order.lines for share in line.taxes]
    return all(amount == round_half_up(amount, 2) for amount in amounts)


def carried(pair: Pair, order: Order) -> None:
    """Check that both ledgers carry the order, each in its own money."""
    invoice = xero_payload(pair, order)
    assert (xero_total(invoice), xero_tax(invoice)) == (order.total, xero_order(order).tax)
    document, booked = sage100_payload(pair, order)
    assert sage100_total(document, booked) == in_base(order).total
    assert booked.lines_total == booked.total


@pytest.mark.parametrize("sage_tax", ["override", "charge_line"])
@pytest.mark.parametrize("currency", CURRENCIES)
def test_an_order_in_the_companys_currency_comes_to_its_total_in_both_ledgers(currency, sage_tax):
    pair = pair_of(currency, sage_tax=sage_tax)

    @REPEATABLE
    @given(orders(currency, coarse=currency == "KWD"))
    def check(node):
        order = MAPPER.order_from_shop(node)
        assert (order.lines_total, order.lines_tax) == (order.total, order.tax)
        assert unmapped_taxes(pair, order) == []
        carried(pair, order)

    check()


@REPEATABLE
@given(orders("KWD"))
def test_a_third_decimal_that_no_ledger_holds_is_refused(node):
    order = MAPPER.order_from_shop(node)
    pair = pair_of("KWD")
    if is_whole(order):
        event("whole")
        return carried(pair, order)
    with pytest.raises(RejectedError) as caught:
        carried(pair, order)
    assert caught.value.cause == "price_not_representable"
    return None


@pytest.mark.parametrize("sage_tax", ["override", "charge_line"])
@pytest.mark.parametrize(
    ("base", "currency"), [("USD", "EUR"), ("USD", "JPY"), ("JPY", "USD"), ("KWD", "EUR")]
)
def test_an_order_in_another_currency_leaves_nothing_over_in_base(base, currency, sage_tax):
    @REPEATABLE
    @given(orders(currency), st.integers(1, 2_000_000_000))
    def check(node, millionths):
        rate = rate_of(base, currency, f"{Decimal(millionths).scaleb(-6):f}")
        pair = pair_of(base, rate, fx="base", sage_tax=sage_tax)
        order = converted(pair, MAPPER.order_from_shop(node))
        assert missing_rates(pair, order) == []
        booked = in_base(order)
        assert booked.total == to_currency(order.total / rate.rate, base)
        assert booked.tax == to_currency(order.tax / rate.rate, base)
        assert (booked.lines_total, booked.lines_tax) == (booked.total, booked.tax)
        assert sum(one.applied for one in settlements(order)) == booked.total
        # What is stored is enough to compute it again.
        assert in_base(Order.model_validate(order.model_dump(mode="json"))) == booked
        if base != "KWD":
            carried(pair, order)

    check()


@REPEATABLE
@given(orders("USD"))
def test_with_a_rounding_account_the_total_is_the_shops_or_the_order_parks(node):
    order = MAPPER.order_from_shop(node)
    pair = pair_of("USD", sage_tax="rounding")
    computed = by_schedule(
        channel_tax_apart(order), {share.title: share.rate for share in own_shares(order)}
    )
    if abs(computed - xero_order(order).tax) > Decimal("0.05"):
        event("beyond rounding")
        with pytest.raises(RejectedError, match="no rounding"):
            sage100_payload(pair, order)
        return
    document, booked = sage100_payload(pair, order)
    assert sage100_total(document, booked) == order.total
    rounding = [line for line in booked.lines if line.kind is LineKind.ROUNDING]
    assert sum((abs(line.price_total) for line in rounding), Decimal(0)) <= Decimal("0.05")


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (date(2026, 11, 28), None),
        (date(2026, 11, 29), "0.921659"),
        (date(2026, 12, 1), "0.930000"),
        (date(2026, 12, 5), "0.930000"),
        (date(2026, 12, 6), None),
    ],
)
def test_the_rate_is_the_newest_that_is_recent_enough(day, found):
    rates = (rate_of("USD", "EUR", "0.921659"), rate_of("USD", "EUR", "0.93", date(2026, 12, 1)))
    pair = pair_of("USD", *rates, rate_of("USD", "GBP", "0.8"), fx="base")
    node = make_node([make_line(1, "10.00")], total="10.00", currencyCode="EUR", transactions=[])
    order = MAPPER.order_from_shop(node).model_copy(update={"book_date": day})
    booked = converted(pair, order)
    assert (booked.exchange and f"{booked.exchange.rate:.6f}") == found
    assert missing_rates(pair, booked) == ([] if found else [f"EUR on {day.isoformat()}"])


def test_the_rate_of_a_posted_invoice_stays_the_orders():
    pair = pair_of("USD", rate_of("USD", "EUR", "0.90"), fx="base")
    node = make_node([make_line(1, "10.00")], total="10.00", currencyCode="EUR")
    order = converted(pair, MAPPER.order_from_shop(node), posted_rate=Decimal("0.921659"))
    assert order.exchange is not None
    assert (order.exchange.rate, order.exchange.date_rule) == (
        Decimal("0.921659"),
        "as it was posted",
    )


def test_a_combination_of_taxes_that_the_books_lack_is_named():
    taxes = [make_tax("0.70"), make_tax("2.00", "0.2", "VAT")]
    node = make_node([make_line(1, "10.00", taxes=taxes)], total="12.70", tax="2.70")
    assert unmapped_taxes(PAIR, MAPPER.order_from_shop(node)) == ["STATE and VAT together"]
