import copy
from decimal import Decimal

import pytest

from tieout.validation.exact import Exact


@pytest.mark.parametrize("number", [0.29, Exact(Decimal("0.29"))], ids=["float", "exact"])
def test_an_amount_equals_the_number_as_it_is_written(number):
    amount = Exact(Decimal("0.290"))

    assert amount == number
    assert not amount != number  # noqa: SIM202 - the operator is what is tested
    assert amount <= number
    assert amount >= number
    assert not amount < number
    assert not amount > number
    assert hash(amount) == hash(number)


def test_amounts_that_no_float_tells_apart_differ():
    amount = Exact(Decimal("0.2900000000000000000000000001"))

    assert amount > 0.29
    assert amount != 0.29
    assert amount < 1
    assert amount != "0.29"


def test_a_copy_is_as_exact_as_the_amount():
    amount = Exact(Decimal("0.2900000000000000000000000001"))

    assert copy.deepcopy(amount) == amount
