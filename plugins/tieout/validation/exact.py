"""Amounts as Great Expectations can hold them: numbers to it, exact when compared.

Great Expectations turns each Decimal of a result into a float by walking the call stack, which
takes 10 ms apiece; and it reads the 0.29 of a suite as a float a little below 0.29, so that a
Decimal of 0.29 would be above it. Nothing is computed with these: findings show the row's Decimal.
"""

from decimal import Decimal
from typing import Self

from typing_extensions import override


class Exact(float):
    """A Decimal in the guise of a float: written as a float, compared as the Decimal it is."""

    amount: Decimal

    def __new__(cls, amount: Decimal) -> Self:
        """Wrap ``amount``."""
        self = super().__new__(cls, amount)
        self.amount = amount
        return self

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, int | float) and self.amount == _decimal(other)

    @override
    def __ne__(self, other: object) -> bool:
        return not self == other

    @override
    def __hash__(self) -> int:
        return super().__hash__()

    @override
    def __lt__(self, other: float) -> bool:
        return self.amount < _decimal(other)

    @override
    def __le__(self, other: float) -> bool:
        return self.amount <= _decimal(other)

    @override
    def __gt__(self, other: float) -> bool:
        return self.amount > _decimal(other)

    @override
    def __ge__(self, other: float) -> bool:
        return self.amount >= _decimal(other)


def _decimal(number: float) -> Decimal:
    """Return the number as it is written: 0.29 is 0.29."""
    return number.amount if isinstance(number, Exact) else Decimal(repr(number))
