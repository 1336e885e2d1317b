"""Bills matched with the purchase orders that they name, as Sage 100 has both now.

What earlier bills took of an order counts: receipts of invoice as Sage 100 tells them, and bills of
ours that went, or are on their way, as A/P invoices, of which the order itself knows nothing.
"""

from collections.abc import Sequence

from tieout.domain.base import System
from tieout.domain.ledger import LANDED, DocumentState
from tieout.domain.money import ZERO
from tieout.domain.records import Bill
from tieout.domain.three_way import BilledLine, OrderLine, Tolerances, Verdict, match
from tieout.ports.purchasing import SagePurchaseOrder
from tieout.usecases.catalog import INVOICE_RECEIPT
from tieout.usecases.flow import Flow
from tieout.usecases.guarded import guarded_read
from tieout.usecases.procure_to_pay.capture import BILL_DOCUMENT

ON_THEIR_WAY = (DocumentState.VALIDATED, DocumentState.READY, DocumentState.DONE)


def mismatches(flow: Flow, bills: Sequence[Bill]) -> dict[str, str]:
    """Return why bills are not what was ordered and came, in words, by their source ids.

    Bills of one order count one after another. One that names no order is not matched, nor is a
    vendor's credit.
    """
    ordering = [one for one in bills if one.purchase_order_no and one.total > ZERO]
    if not ordering:
        return {}
    numbers = {one.purchase_order_no for one in ordering}
    orders = guarded_read(flow, System.SAGE100, lambda: flow.sage100.purchase_orders(numbers))
    lines = {
        number: _after(order.lines, _earlier(flow, number, ordering))
        for number, order in orders.items()
    }
    found: dict[str, str] = {}
    for bill in ordering:
        order = orders.get(bill.purchase_order_no)
        reason = _not_of(bill, order)
        if not reason:
            verdict = _matched(flow, bill, lines[bill.purchase_order_no])
            reason = " ".join(verdict.reasons)
            if verdict.is_match:
                lines[bill.purchase_order_no] = _taken(lines[bill.purchase_order_no], verdict)
        if reason:
            found[bill.source_id] = reason
    return found


def _not_of(bill: Bill, order: SagePurchaseOrder | None) -> str:
    if order is None:
        return (
            f"It names purchase order {bill.purchase_order_no}, which Sage 100 does not have. "
            "Correct the number on the bill, or enter the order."
        )
    if (order.division, order.vendor_no) != (bill.vendor_division, bill.vendor_no):
        return (
            f"It names purchase order {order.number}, which is of vendor {order.vendor_no}. "
            "Correct the number or the vendor on the bill."
        )
    return ""


def _earlier(flow: Flow, order_no: str, judged: Sequence[Bill]) -> list[Bill]:
    """Return bills of ours of an order of which Sage 100's order knows nothing, oldest first."""
    ours = {one.source_id for one in judged}
    bills = [
        Bill.model_validate(document.canonical)
        for document in flow.ledger.documents_holding(
            flow.pair.pair, BILL_DOCUMENT, {"purchase_order_no": order_no}, *ON_THEIR_WAY
        )
        if document.source_id not in ours
    ]
    received = {
        delivery.document_key
        for delivery in flow.ledger.deliveries_of(
            flow.pair.pair, INVOICE_RECEIPT.entity, [one.source_id for one in bills]
        )
        if delivery.state in LANDED
    }
    latest = {one.source_id: one for one in bills}
    return [one for key, one in latest.items() if key not in received and one.total > ZERO]


def _after(lines: Sequence[OrderLine], bills: Sequence[Bill]) -> list[OrderLine]:
    """Return the lines of an order as earlier bills left them, matched as they were."""
    left = list(lines)
    for bill in bills:
        left = _taken(left, match(_billed(bill), left, Tolerances()))
    return left


def _matched(flow: Flow, bill: Bill, lines: Sequence[OrderLine]) -> Verdict:
    return match(_billed(bill), lines, flow.pair.policies.three_way)


def _billed(bill: Bill) -> list[BilledLine]:
    return [
        BilledLine(item_code=line.item_code, quantity=line.quantity, net=line.net)
        for line in bill.lines
    ]


def _taken(lines: Sequence[OrderLine], verdict: Verdict) -> list[OrderLine]:
    """Return the lines of an order after a bill."""
    taken = {one.order_line: one.quantity for one in verdict.invoiced}
    return [
        line.model_copy(update={"billed": line.billed + taken.get(line.key, ZERO)})
        for line in lines
    ]
