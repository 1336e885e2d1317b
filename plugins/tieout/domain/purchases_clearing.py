"""What came and was not billed: the balance that purchases clearing must have.

A posted receipt of goods credits purchases clearing at its cost, a posted receipt of invoice debits
it: sum((received - invoiced) x receipt cost) = purchases clearing (docs/reference/accounting.md).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from tieout.domain.base import Amount, Frozen
from tieout.domain.money import ZERO, round_half_up
from tieout.domain.three_way import CENTS


class Received(Frozen):
    """Goods of one line of an order that came at once, at one cost."""

    order_no: str
    order_line: str
    quantity: Amount
    unit_cost: Amount


def received_not_invoiced(
    received: Sequence[Received], invoiced: Mapping[tuple[str, str], Decimal]
) -> Decimal:
    """Return what came and was not billed, at the cost of its receipts.

    ``invoiced`` says how many were billed, by order and line. Of several receipts of a line the
    first is billed first.
    """
    left = dict(invoiced)
    total = ZERO
    for receipt in received:
        line = receipt.order_no, receipt.order_line
        gone = min(left.get(line, ZERO), receipt.quantity)
        left[line] = left.get(line, ZERO) - gone
        came = round_half_up(receipt.quantity * receipt.unit_cost, CENTS)
        total += came - round_half_up(gone * receipt.unit_cost, CENTS)
    return total
