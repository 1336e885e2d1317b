"""The smallest set of documents that a change takes in each ledger; what they say is mapped later.

Xero bills at order: a change is one credit note there, or one invoice where it adds more than it
gives back, and money goes back against a credit note. In Sage 100 only what has left was billed:
what came back is a credit memo (a stock memo where stock moves, else one of accounts), what never
left comes off the order, and its money out of the deposit.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tieout.domain.base import Amount, Frozen
from tieout.domain.money import ZERO
from tieout.domain.order import LineKind, Order, OrderLine
from tieout.domain.order_changes.changes import Change, ChangeKind
from tieout.domain.order_changes.events import Goods, RefundedMoney


class Settles(StrEnum):
    """What money that goes back settles in Sage 100."""

    DEPOSIT = "deposit"
    STOCK_MEMO = "stock_memo"
    ACCOUNT_MEMO = "account_memo"
    ADJUSTMENTS = "adjustments"


class ReceiptPart(Frozen):
    """What of one payment back settles what; positive goes to the buyer."""

    settles: Settles
    amount: Amount


class MoneyBack(Frozen):
    """One receipt of Sage 100, whose money is negative: its transaction, and what it settles.

    A refund whose adjustment eats up its lines moves no money, nor does a cancellation that takes
    back what was given as goodwill: such a receipt is of zero.
    """

    key: str
    gateway: str
    amount: Amount
    book_date: date
    parts: tuple[ReceiptPart, ...]

    @property
    def awaits(self) -> frozenset[Settles]:
        """Return the memos that must be posted before money can be applied to them."""
        memos = {Settles.STOCK_MEMO, Settles.ACCOUNT_MEMO}
        return frozenset(part.settles for part in self.parts if part.settles in memos)


class Invoiced(Frozen):
    """What Sage 100 has invoiced of one line of an order."""

    quantity: Decimal
    net: Amount
    tax: Amount


def left_by_rounding(ordered: Order, invoiced: Mapping[str, Invoiced]) -> dict[str, Invoiced]:
    """Return what invoices of some pieces left of lines of which no piece is to come any more.

    The last invoice takes the remainder of its line. Where the rest came off the order instead,
    cents can be left, or be too many: an invoice or credit memo of accounts takes them.
    """
    left: dict[str, Invoiced] = {}
    for line in ordered.lines:
        had = invoiced.get(line.source_id)
        if had is not None and had.quantity == line.quantity:
            rest = Invoiced(quantity=ZERO, net=line.net - had.net, tax=line.tax - had.tax)
            if rest.net or rest.tax:
                left[line.source_id] = rest
    return left


def credit_lines(change: Change) -> tuple[OrderLine, ...]:
    """Return the lines of the Xero credit note that the change takes; none when it adds more."""
    is_credit = change.total > ZERO or (not change.total and not _adds(change))
    return _all(change) if change.lines and is_credit else ()


def invoice_lines(change: Change) -> tuple[OrderLine, ...]:
    """Return the lines, negative, of the Xero invoice that the change takes, if it takes one."""
    return () if credit_lines(change) else _all(change)


def stock_memo(change: Change) -> tuple[OrderLine, ...]:
    """Return the lines of the Sage 100 credit memo by which goods come back into stock."""
    restocked = change.lines_of(Goods.RESTOCKED)
    return (*restocked, *_freight(change)) if restocked else ()


def account_memo(change: Change) -> tuple[OrderLine, ...]:
    """Return the lines of the Sage 100 credit memo that moves no stock."""
    lost = change.lines_of(Goods.LOST)
    if not change.lines_of(Goods.RESTOCKED):
        return lost
    return tuple(line for line in lost if line.kind is not LineKind.SHIPPING)


def changes_order(change: Change) -> bool:
    """Say whether the Sage 100 order comes to something else by the change."""
    return bool(change.lines_of(Goods.ON_ORDER))


def money_back(change: Change) -> tuple[MoneyBack, ...]:
    """Return the Sage 100 receipts of a change: one a transaction, each settling what is left."""
    left = _to_settle(change)
    if change.payments:
        return tuple(_receipt(payment, left) for payment in change.payments)
    if change.kind is ChangeKind.CANCELLATION:
        # The deposit stays until its money goes back, less what the buyer was given already.
        left = left | {Settles.DEPOSIT: -left[Settles.ADJUSTMENTS]}
    parts = tuple(ReceiptPart(settles=what, amount=rest) for what, rest in left.items() if rest)
    if len(parts) < 2 or sum((part.amount for part in parts), ZERO):  # noqa: PLR2004 - both sides
        return ()
    zero = {"key": change.source_id, "gateway": "", "amount": ZERO, "book_date": change.book_date}
    return (MoneyBack.model_validate({**zero, "parts": parts}),)


def set_against(order: Order, billed: Decimal, changes: Sequence[Change]) -> dict[str, Decimal]:
    """Return what of each credit is set against what is still due of the order, by the change.

    ``billed`` is what the order's invoices come to. What a credit pays back in money is not set
    against anything.
    """
    due = max(ZERO, billed - order.captured)
    found: dict[str, Decimal] = {}
    for change in changes:
        back = (one for other in changes for one in other.pays)
        paid = change.paid + sum(
            (one.amount for one in back if one.source_id == change.source_id), ZERO
        )
        amount = min(due, change.total - paid)
        if credit_lines(change) and amount > ZERO:
            found[change.source_id] = amount
            due -= amount
    return found


def _all(change: Change) -> tuple[OrderLine, ...]:
    return tuple(one.line for one in change.lines)


def _adds(change: Change) -> bool:
    return any(one.line.quantity < 0 for one in change.lines)


def _freight(change: Change) -> tuple[OrderLine, ...]:
    lost = change.lines_of(Goods.LOST)
    return tuple(line for line in lost if line.kind is LineKind.SHIPPING)


def _to_settle(change: Change) -> dict[Settles, Decimal]:
    """Return what money of the change settles in all; what is negative comes first."""
    if change.pays:
        return {Settles.DEPOSIT: change.paid}
    sums = {
        Settles.ADJUSTMENTS: change.lines_of(None),
        Settles.DEPOSIT: change.lines_of(Goods.ON_ORDER),
        Settles.STOCK_MEMO: stock_memo(change),
        Settles.ACCOUNT_MEMO: account_memo(change),
    }
    amounts = {what: sum((line.gross for line in lines), ZERO) for what, lines in sums.items()}
    return dict(sorted(amounts.items(), key=lambda one: one[1] > ZERO))


def _receipt(payment: RefundedMoney, left: dict[Settles, Decimal]) -> MoneyBack:
    parts: list[ReceiptPart] = []
    rest = payment.amount
    for settles, open_amount in left.items():
        amount = min(rest, open_amount)
        if amount:
            left[settles] -= amount
            rest -= amount
            parts.append(ReceiptPart(settles=settles, amount=amount))
    return MoneyBack(
        key=payment.source_id,
        gateway=payment.gateway,
        amount=payment.amount,
        book_date=payment.book_date,
        parts=tuple(parts),
    )
