"""Rounding and currency precision. Amounts are Decimal; their currency stands on the document."""

from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision

ZERO = Decimal(0)


def minor_unit(currency: str) -> Decimal:
    """Return the smallest amount of ``currency``, such as 0.01 for USD and 1 for JPY."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def round_half_up(amount: Decimal, places: int) -> Decimal:
    """Round to ``places`` decimals, halves away from zero, as Xero and Shopify do."""
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def to_currency(amount: Decimal, currency: str) -> Decimal:
    """Round ``amount`` to the precision of ``currency``."""
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_UP)
