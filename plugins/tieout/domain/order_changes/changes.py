"""The changes of an order since it was first billed: what each event gives back, or adds.

A change is immutable, as the shop's record of it is, and has that record's id: the documents made
of it are numbered by it, so that a repeat is known. What the shop says is the fact; what does not
add up is refused with its figures (docs/reference/accounting.md, money).
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tieout.domain.allocation import allocate
from tieout.domain.base import Amount, Frozen
from tieout.domain.money import ZERO, minor_unit
from tieout.domain.order import LineKind, OrderLine
from tieout.domain.order_changes.events import (
    ChangedOrder,
    Goods,
    Refund,
    RefundedLine,
    RefundedMoney,
)
from tieout.errors import RejectedError


class ChangeKind(StrEnum):
    """The events that change what an order comes to."""

    REFUND = "refund"
    EDIT = "edit"
    CANCELLATION = "cancellation"


class ChangedLine(Frozen):
    """What a change gives back of one line; negative is what it adds.

    ``goods`` is None for an amount that belongs to no goods.
    """

    line: OrderLine
    goods: Goods | None


class PaidBack(Frozen):
    """What of an earlier credit, which came without money, a refund without lines pays back."""

    source_id: str
    amount: Amount


class Change(Frozen):
    """One event and what of the order it gives back to the buyer.

    ``pays`` are the credits that the money pays back, where this event has no lines of its own.
    """

    kind: ChangeKind
    source_id: str
    book_date: date
    lines: tuple[ChangedLine, ...] = ()
    payments: tuple[RefundedMoney, ...] = ()
    pays: tuple[PaidBack, ...] = ()

    @property
    def total(self) -> Decimal:
        """Return what is given back, tax included."""
        return sum((one.line.gross for one in self.lines), ZERO)

    @property
    def tax(self) -> Decimal:
        """Return the tax of it."""
        return sum((one.line.tax for one in self.lines), ZERO)

    @property
    def paid(self) -> Decimal:
        """Return the money that went back."""
        return sum((one.amount for one in self.payments), ZERO)

    def lines_of(self, *goods: Goods | None) -> tuple[OrderLine, ...]:
        """Return the lines whose goods end so."""
        return tuple(one.line for one in self.lines if one.goods in goods)


def changes_of(order: ChangedOrder, *, billed_edits: int = 0) -> tuple[Change, ...]:
    """Return the order's changes; its first invoice has ``billed_edits`` of its edits in it.

    Raises:
        RejectedError: A refund does not add up, or gives back more than was sold.
    """
    edits = [_edited(order, place) for place in range(billed_edits, len(order.edits))]
    # What a cancellation takes off without money is its own to give back.
    refunds = [
        one for one in order.refunds if one.payments or one.adjustments or not order.is_cancelled
    ]
    cancelled = [_cancelled(order, refunds)] if order.is_cancelled else []
    owed = [
        PaidBack(source_id=one.source_id, amount=one.total)
        for one in (*edits, *cancelled)
        if one.total > ZERO
    ]
    made: list[Change] = []
    for place, refund in enumerate(refunds):
        made.append(_refunded(order, refunds[:place], refund, owed))
    return (*edits, *made, *(one for one in cancelled if one.lines))


def first_billed(order: ChangedOrder, *, billed_edits: int) -> ChangedOrder:
    """Return the order as its first invoice has it: without the edits that came later."""
    lines = order.lines
    for edit in order.edits[billed_edits:]:
        lines = _less(lines, edit.lines)
    return _with_lines(order, tuple(line for line in lines if _is_something(line)))


def still_ordered(first: ChangedOrder, changes: Sequence[Change]) -> ChangedOrder:
    """Return what of the order was sold and never taken off again: what leaves, or has left.

    Every line of the first order keeps its place, though nothing may be left of it; what edits
    added comes behind them.
    """
    lines = first.lines
    for change in changes:
        lines = _less(lines, change.lines_of(Goods.ON_ORDER))
    return _with_lines(first, lines)


def _with_lines(order: ChangedOrder, lines: tuple[OrderLine, ...]) -> ChangedOrder:
    total = sum((line.gross for line in lines), ZERO)
    tax = sum((line.tax for line in lines), ZERO)
    return order.model_copy(update={"lines": lines, "total": total, "tax": tax})


def _edited(order: ChangedOrder, place: int) -> Change:
    edit = order.edits[place]
    return Change(
        kind=ChangeKind.EDIT,
        source_id=edit.source_id,
        book_date=edit.book_date,
        lines=tuple(
            ChangedLine(line=negated(line), goods=Goods.ON_ORDER)
            for line in edit.lines
            if _is_something(line)
        ),
    )


def _cancelled(order: ChangedOrder, refunds: Sequence[Refund]) -> Change:
    """Return the end of an order of which nothing has left, as far as no refund gave it back.

    Raises:
        RejectedError: Something has left.
    """
    if order.has_shipped:
        raise RejectedError(
            f"Order {order.name} was cancelled after a part of it had shipped.",
            remedy=(
                "Credit in Xero what will not ship, take it off the Sage 100 order, and book what "
                "was paid back, by hand."
            ),
            cause="cancelled_partly_shipped",
        )
    left = order.lines
    for place, refund in enumerate(refunds):
        left = _less(left, [one.line for one in _lines(order, refunds[:place], refund)])
    # What was given as goodwill was part of the price that goes back now.
    goodwill = sum((one.adjusted for one in refunds), ZERO)
    return Change(
        kind=ChangeKind.CANCELLATION,
        source_id=order.source_id,
        book_date=order.cancelled_on or order.book_date,
        lines=(
            *(ChangedLine(line=line, goods=Goods.ON_ORDER) for line in left if _is_something(line)),
            *_adjustment(order, -goodwill),
        ),
    )


def _refunded(
    order: ChangedOrder, earlier: Sequence[Refund], refund: Refund, owed: list[PaidBack]
) -> Change:
    """Return a refund's change; ``owed`` is what credits without money still owe the buyer.

    Raises:
        RejectedError: Lines, shipping and adjustments are not the money that went back.
    """
    lines = _lines(order, earlier, refund)
    pays = () if lines or refund.adjusted else _paid_back(refund, owed)
    if not pays:
        _check_money(order, refund, lines)
        lines += _adjustment(order, refund.adjusted)
    return Change(
        kind=ChangeKind.REFUND,
        source_id=refund.source_id,
        book_date=refund.book_date,
        lines=lines,
        payments=refund.payments,
        pays=pays,
    )


def _paid_back(refund: Refund, owed: list[PaidBack]) -> tuple[PaidBack, ...]:
    """Take what a refund pays off the credits that are owed; nothing if it is more than all."""
    rest = refund.paid
    if not rest or rest > sum((one.amount for one in owed), ZERO):
        return ()
    pays: list[PaidBack] = []
    for place, one in enumerate(owed):
        amount = min(rest, one.amount)
        if amount:
            rest -= amount
            pays.append(one.model_copy(update={"amount": amount}))
            owed[place] = one.model_copy(update={"amount": one.amount - amount})
    return tuple(pays)


def _check_money(order: ChangedOrder, refund: Refund, lines: Sequence[ChangedLine]) -> None:
    goods = sum((one.line.gross for one in lines if one.line.kind is LineKind.PRODUCT), ZERO)
    shipping = sum((one.line.gross for one in lines if one.line.kind is LineKind.SHIPPING), ZERO)
    if goods + shipping + refund.adjusted == refund.paid:
        return
    raise RejectedError(
        f"Refund {refund.source_id} of order {order.name} does not add up: lines {goods}, shipping "
        f"{shipping} and adjustments {refund.adjusted} {order.currency}, and {refund.paid} went "
        "back.",
        remedy=(
            "Look at the refund in the shop. Where its money is still under way, the order goes on "
            "by itself when it has gone; else book the refund by hand in both ledgers."
        ),
        cause="refund_does_not_add_up",
        field="refunds",
        value=f"{refund.paid - goods - shipping - refund.adjusted:f}",
    )


def _adjustment(order: ChangedOrder, amount: Decimal) -> tuple[ChangedLine, ...]:
    if not amount:
        return ()
    line = OrderLine(
        source_id=LineKind.REFUND_ADJUSTMENTS,
        kind=LineKind.REFUND_ADJUSTMENTS,
        title="Refund adjustment",
        quantity=Decimal(1),
        price_total=amount,
        taxes_included=order.taxes_included,
    )
    return (ChangedLine(line=line, goods=None),)


def _lines(
    order: ChangedOrder, earlier: Sequence[Refund], refund: Refund
) -> tuple[ChangedLine, ...]:
    """Return what a refund gives back of each line, as the ledgers have lines."""
    before: dict[str, list[RefundedLine]] = {}
    for one in (line for past in earlier for line in past.lines):
        before.setdefault(one.line_id, []).append(one)
    changed: list[ChangedLine] = []
    for one in refund.lines:
        past = before.setdefault(one.line_id, [])
        parts = _parts(order, refund, past, one)
        changed += [ChangedLine(line=line, goods=one.goods) for line in parts]
        past.append(one)
    return tuple(one for one in changed if _is_something(one.line))


def _parts(
    order: ChangedOrder, refund: Refund, past: Sequence[RefundedLine], one: RefundedLine
) -> Iterator[OrderLine]:
    """Yield a refunded line for each line that the ledgers have of it.

    What a bundle's parts, and the taxes of a line, have got back so far is split anew with every
    refund, less what they had: so that the last one takes what rounding left.
    """
    sold = [line for line in order.lines if line.source_id == one.line_id]
    so_far = [*past, one]
    unit = minor_unit(order.currency)
    try:
        now, then = _shares(sold, so_far, unit), _shares(sold, past, unit)
    except ValueError as error:
        raise _beyond(order, refund, one) from error
    for line, (quantity, price, taxes), (had, was, had_taxes) in zip(sold, now, then, strict=True):
        if quantity > line.quantity or price > line.price_total or sum(taxes, ZERO) > line.tax:
            raise _beyond(order, refund, one)
        yield line.model_copy(
            update={
                "quantity": quantity - had,
                "price_total": price - was,
                "taxes": tuple(
                    share.model_copy(update={"amount": amount - before})
                    for share, amount, before in zip(line.taxes, taxes, had_taxes, strict=True)
                ),
            }
        )


_Share = tuple[Decimal, Decimal, list[Decimal]]


def _shares(
    sold: Sequence[OrderLine], refunded: Sequence[RefundedLine], unit: Decimal
) -> list[_Share]:
    """Return quantity, price and taxes that each line has got back by all of these.

    Raises:
        ValueError: There is something to be split and no line, or no price or tax, to split it by.
    """
    back = sum((one.quantity for one in refunded), ZERO)
    pieces = max((one.sold for one in refunded), default=ZERO) or Decimal(1)
    prices = allocate(
        sum((one.amount for one in refunded), ZERO), [line.price_total for line in sold], unit
    )
    charged = [share.amount for line in sold for share in line.taxes]
    taxes = iter(allocate(sum((one.tax for one in refunded), ZERO), charged, unit))
    return [
        (line.quantity * back / pieces, price, [next(taxes) for _share in line.taxes])
        for line, price in zip(sold, prices, strict=True)
    ]


def _beyond(order: ChangedOrder, refund: Refund, one: RefundedLine) -> RejectedError:
    return RejectedError(
        f"Refund {refund.source_id} of order {order.name} gives back {one.quantity} for "
        f"{one.amount} and {one.tax} of tax of line {one.line_id}: more than is left of what was "
        "sold.",
        remedy="Look at the refund in the shop, and book it by hand in both ledgers.",
        cause="refund_beyond_sale",
        field="refunds",
        value=one.line_id,
    )


def negated(line: OrderLine) -> OrderLine:
    """Return the line taken back."""
    return line.model_copy(
        update={
            "quantity": -line.quantity,
            "price_total": -line.price_total,
            "taxes": tuple(one.model_copy(update={"amount": -one.amount}) for one in line.taxes),
        }
    )


def _less(lines: tuple[OrderLine, ...], taken: Sequence[OrderLine]) -> tuple[OrderLine, ...]:
    """Return the lines less others of the same identity; what they lack comes behind, negated."""
    left = {line.identity: line for line in lines}
    for line in taken:
        known = left.get(line.identity)
        left[line.identity] = negated(line) if known is None else _minus(known, line)
    return tuple(left.values())


def _minus(line: OrderLine, taken: OrderLine) -> OrderLine:
    taxes = {(one.title, one.rate, one.channel_liable): one for one in line.taxes}
    for one in taken.taxes:
        key = (one.title, one.rate, one.channel_liable)
        before = taxes[key].amount if key in taxes else ZERO
        taxes[key] = one.model_copy(update={"amount": before - one.amount})
    return line.model_copy(
        update={
            "quantity": line.quantity - taken.quantity,
            "price_total": line.price_total - taken.price_total,
            "taxes": tuple(taxes.values()),
        }
    )


def _is_something(line: OrderLine) -> bool:
    return bool(line.quantity or line.price_total or line.tax)
