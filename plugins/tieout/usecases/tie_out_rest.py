"""What is left of one order when all that waits is named: an error by its shape, or unknown."""

from collections.abc import Iterable
from decimal import Decimal

from tieout.domain.money import ZERO
from tieout.domain.roles import (
    DEPOSITS,
    EXCHANGE_GAINS,
    FREIGHT,
    RECEIVABLES,
    ROUNDING,
    SALES,
    SALES_TAX,
)
from tieout.domain.tie_out import DifferenceClass, Effect, TieOutItem
from tieout.usecases.tie_out_cases import Case, Roles

ROUNDING_MAX = Decimal("0.05")
"""How much of one document may be rounding, by account, in the currency of the books."""
CUSTOMERS = frozenset({RECEIVABLES, DEPOSITS})
"""What stands open with customers."""


def rest_item(case: Case, rest: Effect, roles: Roles) -> Iterable[TieOutItem]:
    """Give what is left of one order a name; quantities may differ where no amount does."""
    pieces = _pieces_apart(case)
    name = _named(case, rest, roles, is_apart=bool(pieces)) if rest else None
    if name is None and not pieces:
        return
    name = name or DifferenceClass.WRONG_QUANTITY
    text = "the documents of both ledgers show different amounts"
    if name is DifferenceClass.WRONG_QUANTITY:
        text = "; ".join(
            f"{item}: {xero} in Xero, {sage100} shipped in Sage 100"
            for item, (xero, sage100) in sorted(pieces.items())
        )
    elif name is DifferenceClass.UNAPPLIED:
        text = "money of the customer's is not applied to the invoice in Sage 100"
    dates = [one.date for one in case.invoices]
    dates += [one.date for one in case.shipments]
    dates += [one.date for one in case.receipts]
    yield TieOutItem(
        difference_class=name,
        document=case.number,
        explanation=text,
        amounts=rest,
        since=max(dates, default=None),
    )


def _named(case: Case, rest: Effect, roles: Roles, *, is_apart: bool) -> DifferenceClass:
    differing = frozenset(rest)
    is_both = bool(case.invoices and (case.orders or case.shipments))
    shapes = (
        (_is_rounding(case, rest, roles), DifferenceClass.ROUNDING),
        (
            EXCHANGE_GAINS in differing and not differing & {SALES, FREIGHT, SALES_TAX},
            DifferenceClass.FX,
        ),
        (
            differing == CUSTOMERS and rest[RECEIVABLES] < ZERO,
            DifferenceClass.UNAPPLIED,
        ),
        (_is_tax(differing), DifferenceClass.WRONG_TAX),
        (is_both and not differing & CUSTOMERS, DifferenceClass.WRONG_ACCOUNT),
        (is_both and is_apart, DifferenceClass.WRONG_QUANTITY),
        (is_both, DifferenceClass.WRONG_AMOUNT),
    )
    if sum(rest.values(), ZERO):
        return DifferenceClass.UNKNOWN
    return next((name for fits, name in shapes if fits), DifferenceClass.UNKNOWN)


def _is_tax(differing: frozenset[str]) -> bool:
    """Say whether only tax is not the same: against what is owed, or against what was earned."""
    earned = differing - {SALES_TAX}
    return SALES_TAX in differing and (earned <= CUSTOMERS or earned <= {SALES, FREIGHT})


def _is_rounding(case: Case, rest: Effect, roles: Roles) -> bool:
    """Say whether a rounding account took what is left, or Xero's conversion part by part made it.

    Customers are never part of it: what they owe is equal in both ledgers.
    """
    is_foreign = any(one.currency != roles.currency for one in case.invoices)
    is_small = all(abs(amount) <= ROUNDING_MAX for amount in rest.values())
    owed = {RECEIVABLES, DEPOSITS, EXCHANGE_GAINS} & set(rest)
    return is_small and not owed and (ROUNDING in rest or is_foreign)


def _pieces_apart(case: Case) -> dict[str, tuple[Decimal, Decimal]]:
    """Return what Xero billed other pieces of than Sage 100 shipped, once all is shipped.

    A line that says its quantity in words counts for nothing, and neither does its item.
    """
    lines = [one for order in case.orders for one in order.lines]
    if not case.invoices or not lines or any(one.shipped < one.ordered for one in lines):
        return {}
    billed: dict[str, Decimal] = {}
    said = [one for invoice in case.invoices for one in invoice.lines if one.item_code]
    in_words = {one.item_code for one in said if one.quantity is None}
    for one in said:
        billed[one.item_code] = billed.get(one.item_code, ZERO) + (one.quantity or ZERO)
    shipped: dict[str, Decimal] = {}
    for line in lines:
        shipped[line.item_code] = shipped.get(line.item_code, ZERO) + line.shipped
    return {
        item: (count, shipped.get(item, ZERO))
        for item, count in billed.items()
        if item not in in_words and count != shipped.get(item, ZERO)
    }
