"""How much of a day's tax goes to the rounding account, under the policy ``rounding``.

The limit of one day is the suite's word (docs/reference/accounting.md, tax). Two batches at once
may each take what is left of a day.
"""

from collections.abc import Sequence
from decimal import Decimal

from tieout.domain.ledger import Delivery, DeliveryState
from tieout.domain.money import ZERO
from tieout.domain.order import LineKind, Order
from tieout.domain.pair import Pair
from tieout.errors import RejectedError
from tieout.usecases.catalog import SALES_ORDER
from tieout.usecases.flow import Flow
from tieout.usecases.order_money import sage100_order


def rounded_by_day(flow: Flow, orders: Sequence[Order]) -> dict[str, Decimal]:
    """Return, for each order, what its day has sent to the rounding account with it, signs aside.

    The day's sales orders that were meant before count, and then these orders one after the other.
    """
    if flow.pair.policies.sage_tax != "rounding":
        return {}
    ours = {order.source_id for order in orders}
    used = {day: _used(flow, day, ours) for day in {one.book_date.isoformat() for one in orders}}
    totals: dict[str, Decimal] = {}
    for order in orders:
        day = order.book_date.isoformat()
        used[day] += _rounding_of(flow.pair, order)
        totals[order.source_id] = used[day]
    return totals


def _used(flow: Flow, day: str, without: set[str]) -> Decimal:
    codes = [one.item_code for one in flow.pair.charge_items if one.role == LineKind.ROUNDING]
    meant = [
        delivery
        for code in codes
        for delivery in flow.ledger.deliveries_holding(
            flow.pair.pair,
            SALES_ORDER.entity,
            {"header": {"OrderDate": day}, "lines": [{"ItemCode": code}]},
        )
        if delivery.document_key not in without and delivery.state is not DeliveryState.REFUSED
    ]
    return sum((_amount(delivery, codes[0]) for delivery in meant), ZERO)


def _amount(delivery: Delivery, item_code: str) -> Decimal:
    """Return the rounding of a sales order: pieces of 1.00."""
    lines = delivery.payload.get("lines")
    return sum(
        (
            Decimal(str(line.get("QuantityOrdered", "0")))
            for line in (lines if isinstance(lines, list) else ())
            if isinstance(line, dict) and line.get("ItemCode") == item_code
        ),
        ZERO,
    )


def _rounding_of(pair: Pair, order: Order) -> Decimal:
    try:
        lines = sage100_order(pair, order).lines_of(LineKind.ROUNDING)
    except RejectedError:
        return ZERO  # another rule sets it aside
    return sum((abs(line.price_total) for line in lines), ZERO)
