"""What a shop says of an order after it was placed: edits, refunds with their money, its end.

Amounts of a refund are positive when they go to the buyer.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from tieout.domain.base import Amount, Frozen
from tieout.domain.money import ZERO
from tieout.domain.order import Order, OrderLine


class Goods(StrEnum):
    """What becomes of goods, or of shipping, whose price goes back to the buyer."""

    ON_ORDER = "on_order"
    """They never left: they come off the sales order."""
    RESTOCKED = "restocked"
    """They came back and are in stock again."""
    LOST = "lost"
    """They left, and no shelf has them again."""


class RefundedLine(Frozen):
    """What of one line of the order, or of its shipping, a refund takes back.

    ``amount`` is what the shop shows: with tax when the order's prices include it. ``sold`` is how
    many pieces of the line the order has in all; for shipping both quantities are 1.
    """

    line_id: str
    quantity: Decimal
    sold: Decimal
    amount: Amount
    tax: Amount
    goods: Goods


class Adjustment(Frozen):
    """Money of a refund that belongs to no line: goodwill, or less than its lines come to."""

    reason: str
    amount: Amount


class RefundedMoney(Frozen):
    """One successful transaction by which money went back, through the gateway that took it."""

    source_id: str
    gateway: str
    amount: Amount
    book_date: date


class Refund(Frozen):
    """One refund of an order, as the shop's record of it says."""

    source_id: str
    book_date: date
    lines: tuple[RefundedLine, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    payments: tuple[RefundedMoney, ...] = ()

    @property
    def adjusted(self) -> Decimal:
        """Return what belongs to no line."""
        return sum((one.amount for one in self.adjustments), ZERO)

    @property
    def paid(self) -> Decimal:
        """Return the money that went back."""
        return sum((one.amount for one in self.payments), ZERO)


class Edit(Frozen):
    """One edit of an order after it was placed; its lines are what it added, removals negative."""

    source_id: str
    book_date: date
    lines: tuple[OrderLine, ...] = ()


class ChangedOrder(Order):
    """An order with all that happened to it, each oldest first.

    Its lines, total and tax count edits in and refunds not. ``has_shipped``: something of it left.
    """

    edits: tuple[Edit, ...] = ()
    refunds: tuple[Refund, ...] = ()
    has_shipped: bool = False
    cancelled_on: date | None = None
