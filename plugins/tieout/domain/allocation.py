"""Splitting an amount so that its parts add up to it again, whatever is rounded."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from tieout.domain.money import ZERO


def allocate(total: Decimal, weights: Sequence[Decimal], unit: Decimal) -> list[Decimal]:
    """Split ``total`` by ``weights`` into multiples of ``unit`` by largest remainder.

    Every part gets its share rounded down; the units left over go to the parts that lost most, the
    earlier first among equals. So no part is a whole unit away from its exact share, and the same
    input always gives the same parts (docs/reference/accounting.md, currency).

    Raises:
        ValueError: Something is to be split and nothing weighs, or it is no multiple of ``unit``.
    """
    if total % unit:
        message = f"{total} is no multiple of {unit}"
        raise ValueError(message)
    whole = sum(weights, ZERO)
    if not whole:
        if total:
            message = f"nothing weighs, so {total} cannot be split"
            raise ValueError(message)
        return [total for _ in weights]
    exact = [total * weight / whole for weight in weights]
    parts = [share.quantize(unit, rounding=ROUND_FLOOR) for share in exact]
    left = int((total - sum(parts, ZERO)) / unit)
    by_loss = sorted(range(len(parts)), key=lambda place: parts[place] - exact[place])
    for place in by_loss[:left]:
        parts[place] += unit
    return parts
