"""What each ledger is told of an order's money: the rate, the base amounts, the tax.

Xero gets the shop's own money, with the rate; Sage 100, which has one currency, the books'. Both
get the shop's tax to the cent, in the way that the pair's policy says. Whether an order may be
posted at all is the gate's question.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from tieout.domain.conversion import in_base
from tieout.domain.exchange import Exchange, exchange_on
from tieout.domain.money import ZERO, round_half_up
from tieout.domain.order import CHARGE_KINDS, Order, OrderLine, TaxShare
from tieout.domain.pair import Pair, TaxGroup, TaxRate
from tieout.domain.taxes import by_schedule, channel_tax_apart, tax_as_line, with_computed_tax
from tieout.errors import RejectedError

TAX_ROUNDING_MAX = Decimal("0.05")
"""How much of one document's tax may go to the rounding account (accounting.md, tax)."""
CENT_PLACES = 2
"""Sage 100 keeps two decimals of an amount."""


def is_foreign(pair: Pair, order: Order) -> bool:
    """Say whether the order is in another currency than the books."""
    return order.currency != pair.currency


def converted(pair: Pair, order: Order, *, posted_rate: Decimal | None = None) -> Order:
    """Freeze on a foreign order, and on its payments, the rates of their days.

    The rate that its invoice has already stays the order's, whatever the file says by now. What has
    no rate stays without one.
    """
    if pair.policies.fx == "reject" or not is_foreign(pair, order):
        return order
    exchange = _on(pair, order.currency, order.book_date)
    if posted_rate is not None and (exchange is None or exchange.rate != posted_rate):
        exchange = Exchange(
            base=pair.currency,
            currency=order.currency,
            day=order.book_date,
            rate=posted_rate,
            source="the invoice that was posted",
            date_rule="as it was posted",
        )
    payments = tuple(
        one.model_copy(update={"exchange": _on(pair, order.currency, one.book_date)})
        for one in order.payments
    )
    return order.model_copy(update={"exchange": exchange, "payments": payments})


def missing_rates(pair: Pair, order: Order) -> list[str]:
    """Name each day for which a foreign order lacks a rate."""
    if pair.policies.fx == "reject" or not is_foreign(pair, order):
        return []
    days = [] if order.exchange else [order.book_date]
    days += [one.book_date for one in order.payments if one.exchange is None]
    return [f"{order.currency} on {day.isoformat()}" for day in sorted(set(days))]


def xero_order(order: Order) -> Order:
    """Return the order as Xero is to book it: in the shop's money."""
    return channel_tax_apart(order)


def sage100_order(pair: Pair, order: Order) -> Order:
    """Return the order as Sage 100 is to book it: in the money of the books, tax by policy.

    Raises:
        RejectedError: The schedule's tax is further from the shop's than rounding may be.
    """
    booked = in_base(channel_tax_apart(order))
    if pair.policies.sage_tax == "charge_line":
        booked = tax_as_line(booked)
    if pair.policies.sage_tax == "rounding":
        booked = _with_rounding(pair, booked)
    # A charge that conversion leaves nothing of is no line.
    kept = [one for one in booked.lines if one.price_total or one.kind not in CHARGE_KINDS]
    return booked.model_copy(update={"lines": tuple(_as_charge(line) for line in kept)})


def tax_overrides(pair: Pair, order: Order) -> dict[str, Decimal]:
    """Return the tax of each Sage 100 code, where it replaces what the schedule computes."""
    if pair.policies.sage_tax != "override":
        return {}
    amounts: dict[str, Decimal] = {}
    for share in own_shares(order):
        code = rate_of(pair, share).sage100_tax_code
        amounts[code] = amounts.get(code, ZERO) + share.amount
    return amounts


def tax_schedule(pair: Pair, order: Order) -> str:
    """Return the Sage 100 schedule of an order: that of all of its taxes together."""
    shares = own_shares(order)
    if not shares:
        return pair.exempt_tax_schedule
    rates = _rates(pair, shares)
    if len(rates) == 1:
        return next(iter(rates.values())).sage100_tax_schedule
    return _group_of(pair, rates).sage100_tax_schedule


def xero_tax_type(pair: Pair, line: OrderLine) -> str:
    """Return the Xero tax type of a line: that of all of its taxes together."""
    rates = _rates(pair, line.taxes)
    if not rates:
        return pair.exempt_xero_tax_type
    if len(rates) == 1:
        return next(iter(rates.values())).xero_tax_type
    return _group_of(pair, rates).xero_tax_type


def unmapped_taxes(pair: Pair, order: Order) -> list[str]:
    """Name every tax, or set of taxes, of an order that the pair has no tax of the books for."""
    shares = own_shares(order)
    unmapped = [_unknown(pair, share) for share in shares if _rate_of(pair, share) is None]
    if unmapped:
        return unmapped
    ours = channel_tax_apart(order)
    try:
        for line in ours.lines:
            if line.taxes and not xero_tax_type(pair, line):
                codes = {rate_of(pair, share).sage100_tax_code for share in line.taxes}
                return [f"{_joined(codes)} on one line, which no Xero tax type stands for"]
        tax_schedule(pair, order)
    except RejectedError as error:
        return [error.value]
    return []


def charge_item(pair: Pair, line: OrderLine) -> str:
    """Return the Sage 100 item of a line that no shop sells, or '' when the pair names none."""
    return next((one.item_code for one in pair.charge_items if one.role == line.kind), "")


def cents_text(amount: Decimal) -> str:
    """Write an amount as Sage 100 keeps it, whatever decimals its currency has."""
    return f"{round_half_up(amount, CENT_PLACES):f}"


def own_shares(order: Order) -> list[TaxShare]:
    """Return the taxes of all lines but those that a marketplace remits."""
    return [one for line in order.lines for one in line.taxes if not one.channel_liable]


def rate_of(pair: Pair, share: TaxShare) -> TaxRate:
    """Return what stands for a tax in the books.

    Raises:
        RejectedError: Nothing does.
    """
    if (rate := _rate_of(pair, share)) is None:
        raise _unmapped(pair, _unknown(pair, share))
    return rate


def _rates(pair: Pair, shares: Iterable[TaxShare]) -> dict[str, TaxRate]:
    """Return what stands for taxes in the books, by the Sage 100 tax code."""
    return {rate.sage100_tax_code: rate for rate in (rate_of(pair, one) for one in shares)}


def _rate_of(pair: Pair, share: TaxShare) -> TaxRate | None:
    named = (share.title, share.rate)
    return next((tax for tax in pair.taxes if (tax.title, tax.rate) == named), None)


def _unknown(pair: Pair, share: TaxShare) -> str:
    others = [f"{tax.rate:%}" for tax in pair.taxes if tax.title == share.title]
    known = f", which the books have at {_joined(others)}" if others else ""
    return f"{share.title} at {share.rate:%}{known}"


def _group_of(pair: Pair, codes: Iterable[str]) -> TaxGroup:
    wanted = frozenset(codes)
    for group in pair.tax_groups:
        if group.sage100_tax_codes == wanted:
            return group
    raise _unmapped(pair, f"{_joined(wanted)} together")


def _unmapped(pair: Pair, what: str) -> RejectedError:
    return RejectedError(
        f"Nothing in the books stands for the tax {what}.",
        remedy=f"Add it to include/mappings/accounts/{pair.pair}.yaml, then replay.",
        cause="tax_unmapped",
        field="taxes",
        value=what,
    )


def _joined(names: Iterable[str]) -> str:
    return " and ".join(sorted(names))


def _with_rounding(pair: Pair, order: Order) -> Order:
    rates = _rates(pair, own_shares(order))
    computed = by_schedule(order, {code: one.rate for code, one in rates.items()})
    difference = order.tax - computed
    if abs(difference) > TAX_ROUNDING_MAX:
        raise RejectedError(
            f"Sage 100 would compute {computed} of tax on {order.name}, the shop charged "
            f"{order.tax}: more than {TAX_ROUNDING_MAX} apart, which is no rounding.",
            remedy="Check what is taxed and the rates in the shop and in Sage 100, then replay.",
            cause="tax_beyond_rounding",
            field="tax",
            value=str(difference),
        )
    return with_computed_tax(order, computed)


def _as_charge(line: OrderLine) -> OrderLine:
    """Return a charge as Sage 100 ships it: pieces of 1.00, so that a part of it can go along."""
    if line.kind not in CHARGE_KINDS:
        return line
    return line.model_copy(update={"quantity": abs(line.price_total)})


def _on(pair: Pair, currency: str, day: date) -> Exchange | None:
    return exchange_on(pair.exchange_rates, base=pair.currency, currency=currency, day=day)
