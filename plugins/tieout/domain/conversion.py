"""A foreign order in the currency of the books: total and tax converted, lines allocated.

Nothing is converted line by line, so nothing is left over: the lines, freight and tax of the order
in base currency add up to its total there (docs/reference/accounting.md, currency).
"""

from decimal import Decimal

from tieout.domain.allocation import allocate
from tieout.domain.base import Amount, Frozen
from tieout.domain.exchange import Exchange
from tieout.domain.money import ZERO, minor_unit
from tieout.domain.order import CapturedPayment, Order, OrderLine


class Settlement(Frozen):
    """One payment in the base currency: what it settles of its order, and what was banked."""

    payment: CapturedPayment
    applied: Amount
    banked: Amount

    @property
    def difference(self) -> Decimal:
        """Return the realised exchange gain; a loss is negative."""
        return self.banked - self.applied


def in_base(order: Order) -> Order:
    """Return the order in the currency of the books; one that is in it already is returned as is.

    Its lines are net of tax, and its payments are what they settle of it.
    """
    exchange = order.exchange
    if exchange is None:
        return order
    total, tax = exchange.to_base(order.total), exchange.to_base(order.tax)
    unit = minor_unit(exchange.base)
    nets = allocate(total - tax, [line.net for line in order.lines], unit)
    charged = [share.amount for line in order.lines for share in line.taxes]
    shares = iter(allocate(tax, charged, unit))
    lines = []
    for line, net in zip(order.lines, nets, strict=True):
        taxes = tuple(one.model_copy(update={"amount": next(shares)}) for one in line.taxes)
        lines.append(_converted(line, exchange, {"price_total": net, "taxes": taxes}))
    payments = tuple(
        one.payment.model_copy(update={"amount": one.applied}) for one in settlements(order)
    )
    changes = {"currency": exchange.base, "total": total, "tax": tax, "exchange": None}
    changes |= {"taxes_included": False, "lines": tuple(lines), "payments": payments}
    return order.model_copy(update=changes)


def settlements(order: Order) -> list[Settlement]:
    """Return each payment in the base currency.

    What the payments so far settle is converted together, so that the last one settles what is left
    of the order; what is banked goes by the rate of the payment's own day.
    """
    made = []
    captured = ZERO
    for payment in order.payments:
        before, captured = captured, captured + payment.amount
        applied = banked = payment.amount
        if order.exchange is not None:
            applied = order.exchange.to_base(captured) - order.exchange.to_base(before)
            banked = applied
        if payment.exchange is not None:
            banked = payment.exchange.to_base(payment.amount)
        made.append(Settlement(payment=payment, applied=applied, banked=banked))
    return made


def _converted(line: OrderLine, exchange: Exchange, changes: dict[str, object]) -> OrderLine:
    list_price = exchange.to_base(line.list_price)
    return line.model_copy(update={**changes, "list_price": list_price, "taxes_included": False})
