"""The tax of an order as a ledger can carry it: moved between lines, never changed in sum.

Each function returns an order whose total is the one that came in (docs/reference/accounting.md,
tax). Which of them a pair needs is its policy.
"""

from collections.abc import Mapping
from decimal import Decimal

from tieout.domain.money import ZERO, round_half_up
from tieout.domain.order import CHARGE_KINDS, LineKind, Order, OrderLine, TaxShare

PLACES = 2
"""To how many decimals Sage 100 computes the tax of a code."""


def channel_tax_apart(order: Order) -> Order:
    """Make the tax that the marketplace remits a line of its own: it is no tax of the seller's."""
    liable = [share for line in order.lines for share in line.taxes if share.channel_liable]
    if not liable:
        return order
    amount = sum((share.amount for share in liable), ZERO)
    lines = [
        _keeping(line, [s for s in line.taxes if not s.channel_liable]) for line in order.lines
    ]
    titles = ", ".join(sorted({share.title for share in liable}))
    if amount:
        title = f"{titles}, remitted by the marketplace"
        lines.append(_charge(order, LineKind.CHANNEL_TAX, title, amount))
    return order.model_copy(update={"lines": tuple(lines), "tax": order.tax - amount})


def tax_as_line(order: Order) -> Order:
    """Make all of the tax a line, for a ledger that is to compute none of its own."""
    if not order.tax:
        return order
    lines = [_keeping(line, []) for line in order.lines]
    titles = ", ".join(sorted({share.title for line in order.lines for share in line.taxes}))
    lines.append(_charge(order, LineKind.SALES_TAX, titles, order.tax))
    return order.model_copy(update={"lines": tuple(lines), "tax": ZERO})


def with_computed_tax(order: Order, computed: Decimal) -> Order:
    """Let a ledger have the tax that it computes, and a line for what the shop charged beyond."""
    difference = order.tax - computed
    if not difference:
        return order
    line = _charge(order, LineKind.ROUNDING, "Rounding of tax", difference)
    return order.model_copy(update={"lines": (*order.lines, line), "tax": computed})


def by_schedule(order: Order, rates: Mapping[str, Decimal]) -> Decimal:
    """Return the tax that Sage 100 computes: per document and code, on all goods and freight."""
    net = sum((line.net for line in order.lines if line.kind not in CHARGE_KINDS), ZERO)
    return sum((round_half_up(net * rate, PLACES) for rate in rates.values()), ZERO)


def _keeping(line: OrderLine, shares: list[TaxShare]) -> OrderLine:
    """Return the line with only these of its taxes; its net stays as it was."""
    tax = sum((share.amount for share in shares), ZERO)
    price = line.net + tax if line.taxes_included else line.net
    return line.model_copy(update={"taxes": tuple(shares), "price_total": price})


def _charge(order: Order, kind: LineKind, title: str, amount: Decimal) -> OrderLine:
    return OrderLine(
        source_id=kind,
        kind=kind,
        title=title,
        quantity=Decimal(1),
        price_total=amount,
        taxes_included=order.taxes_included,
    )
