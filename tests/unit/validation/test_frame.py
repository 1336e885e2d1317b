"""Numbers compare in the frame as they do by themselves."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.errors import FatalError
from tieout.validation.exact import Exact
from tieout.validation.frame import frame_of

NUMBERS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.decimals(-1_000_000, 1_000_000, places=2),
    st.integers(),
    st.sampled_from(
        [Decimal(text) for text in ("0.1", "0.30000000000000004", "0.29", "0E-9", "-0", "1E-400")]
    ),
)


def column(*values: object) -> list[Any]:
    rows = [{"row_key": place, "amount": value} for place, value in enumerate(values)]
    return list(frame_of(rows, ["amount"])["amount"])


@settings(deadline=None)
@given(st.lists(NUMBERS, min_size=2, max_size=4))
def test_any_numbers_compare_as_they_are(numbers: list[Decimal | int]) -> None:
    held = column(*numbers)
    for one, in_frame in zip(numbers, held, strict=True):
        for other, other_in_frame in zip(numbers, held, strict=True):
            assert (in_frame < other_in_frame) == (one < other)
            assert (in_frame == other_in_frame) == (one == other)


def test_amounts_are_floats_and_what_a_float_cannot_hold_is_not() -> None:
    assert not isinstance(column(Decimal("110.13"), Decimal("0E-7"), 3)[0], Exact)
    assert isinstance(column(Decimal("12345678901234.567"), Decimal(0))[1], Exact)
    assert isinstance(column(Decimal("1E-400"), Decimal(0))[1], Exact)


@pytest.mark.parametrize("value", [None, Decimal("NaN"), Decimal("Infinity"), float("nan")])
@pytest.mark.parametrize("other", [Decimal(1), "text"])
def test_what_great_expectations_would_pass_over_is_refused(value: object, other: object) -> None:
    with pytest.raises(FatalError, match="Row 1 of the gate has no amount"):
        column(other, value)
