"""The three-way match: what a vendor bills against what was ordered and what came.

Per line: billed <= received - billed before, and no more than a little over the order's price
(docs/reference/accounting.md, procure to pay). What nobody puts on a shelf, a service, is never
received: it is matched with the order alone. Quantities are in the order's units, amounts in its
currency. Pure: where the figures come from is the use case's.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from tieout.domain.base import Amount, Frozen
from tieout.domain.money import ZERO, round_half_up

CENTS = 2
WAY_OUT_OF_QUANTITY = "Have the vendor credit or correct it, or post the receipt that is missing"
WAY_OUT_OF_SERVICE = "Have the vendor credit or correct it, or raise the quantity of the order"
WAY_OUT_OF_PRICE = "Have the vendor credit or correct it, or change the cost on the order"
WAY_OUT_OF_SIGN = "Enter what goes back as a credit of its own"
WAY_OUT_OF_ITEM = "Correct the item or the order that the bill names, or add the line to the order"


class Tolerances(Frozen):
    """How far over the order's price a bill may be; below it anything is right.

    A line by ``price_percent`` of what it was ordered at and by ``line_max``, whichever is less; a
    bill by ``bill_max`` in all. Lines that are cheaper make up for none that is dearer.
    """

    price_percent: Amount = Field(default=Decimal(2), ge=0)
    line_max: Amount = Field(default=Decimal("50.00"), ge=0)
    bill_max: Amount = Field(default=Decimal("100.00"), ge=0)

    def allowed(self, ordered_at: Decimal) -> Decimal:
        """Return how much over ``ordered_at`` a line may be."""
        return min(ordered_at * self.price_percent / 100, self.line_max)


class BilledLine(Frozen):
    """A line of a bill; ``net`` is after discounts and without tax."""

    item_code: str
    quantity: Amount
    net: Amount

    @property
    def price(self) -> Decimal:
        """Return what one costs."""
        return self.net / self.quantity


class OrderLine(Frozen):
    """A line of a purchase order, with what came of it and what was billed of it before."""

    key: str
    item_code: str
    ordered: Amount
    unit_cost: Amount
    received: Amount = ZERO
    billed: Amount = ZERO
    is_stock: bool = True

    @property
    def due(self) -> Decimal:
        """Return how many may be billed yet, never less than none."""
        return max((self.received if self.is_stock else self.ordered) - self.billed, ZERO)


class Finding(StrEnum):
    """What is wrong with a line of a bill, or with the bill."""

    NO_QUANTITY = "no_quantity"
    NOT_ORDERED = "not_ordered"
    QUANTITY_OVER = "quantity_over"
    PRICE_OVER = "price_over"
    BILL_OVER = "bill_over"


class Invoiced(Frozen):
    """What a bill takes of one line of the order, and for how much."""

    order_line: str
    quantity: Amount
    amount: Amount


class LineVerdict(Frozen):
    """What the match says of one line; ``reasons`` are for people, a sentence or two each.

    ``variance`` is what it costs beyond the order's price, negative when it is cheaper.
    """

    place: int
    invoiced: tuple[Invoiced, ...] = ()
    variance: Amount = ZERO
    findings: tuple[Finding, ...] = ()
    reasons: tuple[str, ...] = ()


class Verdict(Frozen):
    """What the match says of a bill."""

    lines: tuple[LineVerdict, ...]
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]

    @property
    def is_match(self) -> bool:
        """Say whether the bill may go on."""
        return not self.findings

    @property
    def variance(self) -> Decimal:
        """Return what goes to the purchase price variance, in all."""
        return sum((line.variance for line in self.lines), ZERO)

    @property
    def invoiced(self) -> tuple[Invoiced, ...]:
        """Return what the bill takes of each line of the order, in the order's order."""
        taken: dict[str, Invoiced] = {}
        for one in (part for line in self.lines for part in line.invoiced):
            so_far = taken.get(one.order_line)
            taken[one.order_line] = (
                one
                if so_far is None
                else Invoiced(
                    order_line=one.order_line,
                    quantity=so_far.quantity + one.quantity,
                    amount=so_far.amount + one.amount,
                )
            )
        return tuple(taken[key] for key in sorted(taken))


def match(
    billed: Sequence[BilledLine], ordered: Sequence[OrderLine], tolerances: Tolerances
) -> Verdict:
    """Match the lines of a bill with those of its order.

    Where several lines are of one item, those of the nearest prices go together. What is more than
    is due is judged by the price of the last line that it could have been of.
    """
    shares = _shared_out(billed, ordered)
    lines = tuple(
        _judged(place, line, shares[place - 1], ordered, tolerances)
        for place, line in enumerate(billed, start=1)
    )
    findings = dict.fromkeys(finding for line in lines for finding in line.findings)
    reasons = [reason for line in lines for reason in line.reasons]
    # What is dearer is added up alone: a cheap line is no leave for a dear one.
    over = sum((max(line.variance, ZERO) for line in lines), ZERO)
    if over > tolerances.bill_max:
        findings[Finding.BILL_OVER] = None
        reasons.append(
            f"The bill is {money(over)} over the order's prices, and {money(tolerances.bill_max)} "
            f"a bill is allowed. {WAY_OUT_OF_PRICE}."
        )
    return Verdict(lines=lines, findings=tuple(findings), reasons=tuple(reasons))


Share = tuple[OrderLine, Decimal]
"""A line of the order, and how many of it."""


def _shared_out(billed: Sequence[BilledLine], ordered: Sequence[OrderLine]) -> list[list[Share]]:
    """Return which lines of the order each line of the bill takes from, and how many of each."""
    wanted = [line.quantity for line in billed]
    due = [line.due for line in ordered]
    shares: list[list[Share]] = [[] for _ in billed]
    pairs = sorted(
        (abs(bill.price - order.unit_cost), place, at)
        for place, bill in enumerate(billed)
        for at, order in enumerate(ordered)
        if bill.item_code == order.item_code and bill.quantity > ZERO
    )
    for _difference, place, at in pairs:
        taken = min(wanted[place], due[at])
        if taken:
            wanted[place] -= taken
            due[at] -= taken
            shares[place].append((ordered[at], taken))
    return shares


def _judged(
    place: int,
    line: BilledLine,
    shares: Sequence[Share],
    ordered: Sequence[OrderLine],
    tolerances: Tolerances,
) -> LineVerdict:
    of_item = [one for one in ordered if one.item_code == line.item_code]
    called = f"Line {place} ({line.item_code or 'no item'})"
    if line.quantity <= ZERO:
        reason = f"{called} bills {figure(line.quantity)} pieces. {WAY_OUT_OF_SIGN}."
        return LineVerdict(place=place, findings=(Finding.NO_QUANTITY,), reasons=(reason,))
    if not of_item:
        reason = f"{called} is of no line of the order. {WAY_OUT_OF_ITEM}."
        return LineVerdict(place=place, findings=(Finding.NOT_ORDERED,), reasons=(reason,))
    findings, reasons = [], []
    taken = sum((quantity for _line, quantity in shares), ZERO)
    if taken < line.quantity:
        findings.append(Finding.QUANTITY_OVER)
        reasons.append(_too_many(called, line, taken, of_item))
    last = shares[-1][0] if shares else of_item[-1]
    priced = [*shares, (last, line.quantity - taken)]
    exact = sum((quantity * one.unit_cost for one, quantity in priced), ZERO)
    ordered_at = round_half_up(exact, CENTS)
    variance = line.net - ordered_at
    allowed = tolerances.allowed(ordered_at)
    if variance > allowed:
        findings.append(Finding.PRICE_OVER)
        reasons.append(
            f"{called}: {figure(line.quantity)} billed at {figure(line.price)} are "
            f"{money(line.net)}, ordered at {money(ordered_at)}: {money(variance)} over, and "
            f"{money(allowed)} is allowed ({figure(tolerances.price_percent)} %, at most "
            f"{money(tolerances.line_max)} a line). {WAY_OUT_OF_PRICE}."
        )
    return LineVerdict(
        place=place,
        invoiced=_invoiced(line, shares),
        variance=variance,
        findings=tuple(findings),
        reasons=tuple(reasons),
    )


def _too_many(called: str, line: BilledLine, due: Decimal, of_item: Sequence[OrderLine]) -> str:
    is_stock = any(one.is_stock for one in of_item)
    came = sum((one.received if one.is_stock else one.ordered for one in of_item), ZERO)
    before = sum((one.billed for one in of_item), ZERO)
    way_out = WAY_OUT_OF_QUANTITY if is_stock else WAY_OUT_OF_SERVICE
    return (
        f"{called}: {figure(line.quantity)} billed, but {figure(came)} "
        f"{'received' if is_stock else 'ordered'} and {figure(before)} billed before: "
        f"{figure(line.quantity - due)} too many. {way_out}."
    )


def _invoiced(line: BilledLine, shares: Sequence[Share]) -> tuple[Invoiced, ...]:
    """Return the shares with their amounts, which come to the line's when nothing is too many."""
    parts: list[Invoiced] = []
    left, wanted = line.net, line.quantity
    for one, quantity in shares:
        amount = round_half_up(left * quantity / wanted, CENTS)
        parts.append(Invoiced(order_line=one.key, quantity=quantity, amount=amount))
        left, wanted = left - amount, wanted - quantity
    return tuple(parts)


def figure(number: Decimal) -> str:
    """Write a quantity or a price as people do: without zeros that say nothing."""
    rounded = round_half_up(number, 6).normalize()
    cents = round_half_up(rounded, CENTS)
    whole = rounded == rounded.to_integral_value()
    return format(rounded if whole or cents != rounded else cents, "f")


def money(amount: Decimal) -> str:
    """Write an amount with its cents; more of them where they decide."""
    cents = round_half_up(amount, CENTS)
    return format(cents if cents == amount else round_half_up(amount, 6).normalize(), "f")
