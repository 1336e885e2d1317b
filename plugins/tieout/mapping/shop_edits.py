"""What each line of an edited order comes to: the sum of the order's sales agreements.

An agreement is made by the order itself and by every later edit; its sales never change. Lines keep
the quantity and tax lines of the original order, so they cannot say it.
"""

from collections.abc import Iterable
from decimal import Decimal

from tieout.domain.base import Amount, Frozen
from tieout.domain.money import ZERO
from tieout.domain.order import TaxShare
from tieout.mapping.shop_node import Node

LINE_MEMBERS = ("lineItem", "shippingLine")


class Sold(Frozen):
    """What one line comes to; ``price_total`` includes tax when the order's prices do."""

    quantity: Decimal = ZERO
    price_total: Amount = ZERO
    taxes: tuple[TaxShare, ...] = ()
    is_tip: bool = False

    @property
    def is_something(self) -> bool:
        """Say whether anything is left of the line."""
        return bool(self.quantity or self.price_total or any(tax.amount for tax in self.taxes))


NOTHING = Sold()
"""What a line comes to that no sale names."""


def sold_by_line(node: Node, *, taxes_included: bool) -> dict[str, Sold]:
    """Add up the sales of an edited order per line, by the line's global id.

    Raises:
        RejectedError: The node of an edited order has no agreements, so its lines cannot be known.
    """
    agreements = node.connection("agreements")
    if not agreements:
        raise node.unreadable("agreements", "is missing, although the order was edited")
    lines: dict[str, Sold] = {}
    for agreement in agreements:
        for sale in agreement.connection("sales"):
            line = next((sale.node(name) for name in LINE_MEMBERS if sale.has(name)), None)
            if line is not None:
                line_id = line.needed_text("id")
                before = lines.get(line_id, NOTHING)
                lines[line_id] = _plus(before, sale, taxes_included=taxes_included)
    return lines


def _plus(before: Sold, sale: Node, *, taxes_included: bool) -> Sold:
    is_return = sale.text("actionType") == "RETURN"

    def signed(amount: Decimal) -> Decimal:
        # The schema does not say whether a return is negative: take its size, not its sign.
        return -abs(amount) if is_return else amount

    gross, tax = signed(sale.money("totalAmount")), signed(sale.money("totalTaxAmount"))
    quantity = signed(sale.number("quantity")) if sale.has("quantity") else ZERO
    shares = [
        TaxShare(
            title=share.node("taxLine").text("title"),
            rate=share.node("taxLine").number("rate"),
            amount=signed(share.money("amount")),
            channel_liable=share.node("taxLine").is_true("channelLiable"),
        )
        for share in sale.list_of("taxes")
    ]
    return Sold(
        quantity=before.quantity + quantity,
        price_total=before.price_total + (gross if taxes_included else gross - tax),
        taxes=_summed((*before.taxes, *shares)),
        is_tip=before.is_tip or sale.text("lineType") == "TIP",
    )


def _summed(shares: Iterable[TaxShare]) -> tuple[TaxShare, ...]:
    sums: dict[tuple[str, Decimal, bool], TaxShare] = {}
    for share in shares:
        key = (share.title, share.rate, share.channel_liable)
        before = sums[key].amount if key in sums else ZERO
        sums[key] = share.model_copy(update={"amount": before + share.amount})
    return tuple(share for share in sums.values() if share.amount)
