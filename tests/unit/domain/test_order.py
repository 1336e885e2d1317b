from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from tieout.domain.order import (
    Address,
    Buyer,
    CapturedPayment,
    LineKind,
    Order,
    OrderLine,
    TaxShare,
)

MOMENT = datetime(2026, 11, 29, 15, tzinfo=UTC)


def make_order_line(price_total, *taxes, included=False, kind=LineKind.PRODUCT):
    shares = (TaxShare(title="VAT", rate=Decimal("0.2"), amount=Decimal(tax)) for tax in taxes)
    return OrderLine(
        source_id="1",
        kind=kind,
        title="Linen shade",
        quantity=Decimal(1),
        price_total=Decimal(price_total),
        taxes=tuple(shares),
        taxes_included=included,
    )


def make_payment(amount):
    return CapturedPayment(
        source_id="1",
        gateway="manual",
        amount=Decimal(amount),
        captured_at=MOMENT,
        book_date=date(2026, 11, 29),
    )


def make_order(*lines, payments=()):
    return Order(
        pair="harbor_and_pine",
        shop="harbor-and-pine.myshopify.com",
        source_id="1",
        name="#1042",
        currency="USD",
        book_date=date(2026, 11, 29),
        updated_at=MOMENT,
        taxes_included=False,
        buyer=Buyer(source_id="", name="Dana Okafor"),
        ship_to=Address(),
        lines=lines,
        total=Decimal("10.00"),
        tax=Decimal("0.00"),
        payments=payments,
    )


def test_a_price_without_tax_is_the_net():
    line = make_order_line("10.00", "1.50", "0.50")

    assert (line.net, line.tax, line.gross) == (Decimal(10), Decimal(2), Decimal(12))


def test_a_price_with_tax_is_the_gross():
    line = make_order_line("12.00", "1.50", "0.50", included=True)

    assert (line.net, line.tax, line.gross) == (Decimal(10), Decimal(2), Decimal(12))


def test_an_order_adds_up_its_lines_and_its_money():
    order = make_order(
        make_order_line("10.00", "2.00"),
        make_order_line("6.00", "1.00", included=True, kind=LineKind.SHIPPING),
        payments=(make_payment("4.00"), make_payment("6.50")),
    )

    assert (order.lines_total, order.lines_tax) == (Decimal(18), Decimal(3))
    assert order.captured == Decimal("10.50")
    assert [line.net for line in order.lines_of(LineKind.SHIPPING)] == [Decimal(5)]


def test_an_order_of_nothing_adds_up_to_nothing():
    order = make_order()

    assert (order.lines_total, order.lines_tax, order.captured) == (0, 0, 0)


def test_nobody_known_is_a_guest():
    assert Buyer(source_id="", name="Dana").is_guest
    assert not Buyer(source_id="88", name="Dana").is_guest


@pytest.mark.parametrize("amount", ["NaN", "Infinity"])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(ValidationError, match="finite number"):
        make_order_line(amount)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValidationError, match="timezone"):
        CapturedPayment(
            source_id="1",
            gateway="manual",
            amount=Decimal(1),
            captured_at=datetime(2026, 11, 29),  # noqa: DTZ001 - a zone is what is missing
            book_date=date(2026, 11, 29),
        )


def test_an_order_comes_back_from_json_as_it_was():
    order = make_order(make_order_line("10.00", "2.00"), payments=(make_payment("4.00"),))

    assert Order.model_validate(order.model_dump(mode="json")) == order
