from decimal import Decimal

import pytest

from tieout.domain.money import minor_unit, round_half_up, to_currency


@pytest.mark.parametrize(("currency", "unit"), [("USD", "0.01"), ("JPY", "1"), ("KWD", "0.001")])
def test_each_currency_has_its_smallest_amount(currency, unit):
    assert minor_unit(currency) == Decimal(unit)


@pytest.mark.parametrize(
    ("amount", "rounded"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("2.675", "2.68")]
)
def test_halves_go_away_from_zero(amount, rounded):
    assert to_currency(Decimal(amount), "USD") == Decimal(rounded)
    assert round_half_up(Decimal(amount), 2) == Decimal(rounded)
