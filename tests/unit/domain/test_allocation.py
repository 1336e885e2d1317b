"""Splitting amounts: nothing is lost, nothing is made, and nobody is a whole unit off."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.domain.allocation import allocate

CENT = Decimal("0.01")
UNITS = [Decimal(1), CENT, Decimal("0.001")]
REPEATABLE = settings(derandomize=True, deadline=None, max_examples=100, database=None)


def test_the_cents_left_over_go_to_the_parts_that_lost_most() -> None:
    weights = [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    parts = allocate(Decimal("10.00"), weights, CENT)
    assert parts == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]


def test_among_equals_the_earlier_part_gets_the_cent() -> None:
    assert allocate(Decimal("0.02"), [Decimal(1)] * 3, CENT) == [CENT, CENT, Decimal("0.00")]


def test_nothing_is_split_over_nothing() -> None:
    assert allocate(Decimal("0.00"), [Decimal(0), Decimal(0)], CENT) == [Decimal(0), Decimal(0)]


@pytest.mark.parametrize(
    ("total", "weights"), [("1.00", []), ("1.00", [Decimal(0)]), ("1.001", [Decimal(1)])]
)
def test_what_cannot_be_split_is_refused(total: str, weights: list[Decimal]) -> None:
    with pytest.raises(ValueError, match=total):
        allocate(Decimal(total), weights, CENT)


@REPEATABLE
@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.integers(0, 10**7), min_size=1, max_size=40).filter(any),
    st.sampled_from(UNITS),
)
def test_the_parts_add_up_and_none_is_a_unit_away(
    units: int, shares: list[int], unit: Decimal
) -> None:
    total = units * unit
    weights = [Decimal(share).scaleb(-2) for share in shares]
    parts = allocate(total, weights, unit)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert part % unit == 0
        assert abs(part - total * weight / whole) < unit
