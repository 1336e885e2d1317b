"""The steps of every flow by their names: the table that operators run from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from tieout.domain.base import BatchId, System
from tieout.domain.ledger import UNFINISHED, Document, Origin, Refused
from tieout.domain.pair import FlowName
from tieout.errors import ConfigurationError, OutcomeUnknownError, TieoutError
from tieout.usecases.buyers import write_contacts, write_customers
from tieout.usecases.capture import capture, drain
from tieout.usecases.catalog import BANK_TRANSACTION, BANK_TRANSFER, PAYOUT_RECEIPT
from tieout.usecases.flow import (
    LEASE_S,
    RETRY_LEASE_S,
    SHOP_ORDER,
    Flow,
    StepReport,
    added_up,
    each,
    set_aside,
)
from tieout.usecases.in_step.capture import capture_records, take_in_records
from tieout.usecases.in_step.entities import IN_STEP
from tieout.usecases.in_step.steps import steps_of
from tieout.usecases.order_gate import gate_orders
from tieout.usecases.order_to_cash import (
    report_status,
    write_deposits,
    write_invoices,
    write_notes,
    write_payments,
    write_receipts,
    write_sales_orders,
)
from tieout.usecases.payout_postings import (
    write_bank_transactions,
    write_bank_transfers,
    write_payout_receipts,
)
from tieout.usecases.payouts import PAYOUT, capture_payouts, gate_payouts, take_in_payouts
from tieout.usecases.postings import (
    POSTING,
    capture_postings,
    take_in_postings,
    write_posting_notes,
)
from tieout.usecases.procure_to_pay.capture import BILL_DOCUMENT, capture_bills, take_in_bills
from tieout.usecases.procure_to_pay.payment_gate import capture_payments, take_in_payments
from tieout.usecases.procure_to_pay.payments import BILL_PAYMENT
from tieout.usecases.procure_to_pay.steps import BILL_STEPS, PAYMENT_STEPS
from tieout.usecases.purchase_orders import (
    ORDER_DOCUMENT,
    TO_XERO,
    capture_orders,
    gate_purchase_orders,
    take_in_orders,
    write_purchase_orders,
)
from tieout.usecases.stock import push_inventory
from tieout.usecases.stock_sync import PUSH_STOCK, STOCK, capture_stock, push_stock, take_in_stock

Step = Callable[[Flow, BatchId], StepReport]


class Capture(Protocol):
    """Sweep an interval if there is one, drain the inbox, and claim what is unfinished."""

    def __call__(
        self,
        flow: Flow,
        *,
        interval: tuple[datetime, datetime] | None,
        origin: Origin,
        claimed_by: str,
    ) -> BatchId | None:
        """Return the claim, or None when nothing waits."""


ORDER_STEPS: dict[str, Step] = {
    "shop_order": gate_orders,
    "contact": write_contacts,
    "customer": write_customers,
    "invoice": write_invoices,
    "sales_order": write_sales_orders,
    "order_deposit": write_deposits,
    "inventory_level": push_inventory,
    "payment": write_payments,
    "cash_receipt": write_receipts,
    "invoice_note": write_notes,
    "order_status": report_status,
}
POSTING_STEPS: dict[str, Step] = {
    "posting_note": write_posting_notes,
}
STOCK_STEPS: dict[str, Step] = {
    PUSH_STOCK: push_stock,
}
PURCHASE_ORDER_STEPS: dict[str, Step] = {
    ORDER_DOCUMENT: gate_purchase_orders,
    TO_XERO: write_purchase_orders,
}
IN_STEP_STEPS: dict[FlowName, dict[str, Step]] = {
    name: dict(steps_of(entity)) for name, entity in IN_STEP.items()
}
PAYOUT_STEPS: dict[str, Step] = {
    PAYOUT: gate_payouts,
    BANK_TRANSACTION.entity: write_bank_transactions,
    BANK_TRANSFER.entity: write_bank_transfers,
    PAYOUT_RECEIPT.entity: write_payout_receipts,
}
STEPS: dict[str, Step] = {
    **ORDER_STEPS,
    **POSTING_STEPS,
    **STOCK_STEPS,
    **PURCHASE_ORDER_STEPS,
    **PAYOUT_STEPS,
    **BILL_STEPS,
    **PAYMENT_STEPS,
    **{name: step for steps in IN_STEP_STEPS.values() for name, step in steps.items()},
}


@dataclass(frozen=True)
class FlowSteps:
    """One flow: what it takes up, how it brings that in, and its steps in their order.

    ``sources`` are the systems whose messages become its documents; ``take_in`` makes documents of
    them and claims none.
    """

    document_type: str
    sources: tuple[System, ...]
    take_in: Callable[[Flow], object]
    capture: Capture
    steps: tuple[str, ...]


FLOWS: dict[str, FlowSteps] = {
    FlowName.ORDER_TO_CASH: FlowSteps(
        document_type=SHOP_ORDER,
        sources=(System.SHOPIFY,),
        take_in=drain,
        capture=capture,
        steps=tuple(ORDER_STEPS),
    ),
    FlowName.POSTINGS: FlowSteps(
        document_type=POSTING,
        sources=(System.SAGE100,),
        take_in=take_in_postings,
        capture=capture_postings,
        steps=tuple(POSTING_STEPS),
    ),
    FlowName.STOCK_SYNC: FlowSteps(
        document_type=STOCK,
        sources=(System.SAGE100,),
        take_in=take_in_stock,
        capture=capture_stock,
        steps=tuple(STOCK_STEPS),
    ),
    FlowName.PURCHASE_ORDERS: FlowSteps(
        document_type=ORDER_DOCUMENT,
        sources=(System.SAGE100,),
        take_in=take_in_orders,
        capture=capture_orders,
        steps=tuple(PURCHASE_ORDER_STEPS),
    ),
    FlowName.PAYMENT_RECONCILIATION: FlowSteps(
        document_type=PAYOUT,
        sources=(System.SHOPIFY,),
        take_in=take_in_payouts,
        capture=capture_payouts,
        steps=tuple(PAYOUT_STEPS),
    ),
    FlowName.PROCURE_TO_PAY: FlowSteps(
        document_type=BILL_DOCUMENT,
        sources=(System.XERO,),
        take_in=take_in_bills,
        capture=capture_bills,
        steps=tuple(BILL_STEPS),
    ),
    FlowName.BILL_PAYMENTS: FlowSteps(
        document_type=BILL_PAYMENT,
        sources=(System.XERO, System.SAGE100),
        take_in=take_in_payments,
        capture=capture_payments,
        steps=tuple(PAYMENT_STEPS),
    ),
    **{
        name: FlowSteps(
            document_type=entity.name,
            sources=tuple(entity.sides),
            take_in=partial(take_in_records, entity=entity),
            capture=partial(capture_records, entity=entity),
            steps=tuple(IN_STEP_STEPS[name]),
        )
        for name, entity in IN_STEP.items()
    },
}
"""Every flow by its name, which is its DAG's; a later one joins plans and reports by its row."""
CRASHES_MAX = 3
"""How often a record may bring its worker down before it is set aside; the batch's is the first."""


def flow_steps(name: str) -> FlowSteps:
    """Return a flow by its name.

    Raises:
        ConfigurationError: There is none.
    """
    if name not in FLOWS:
        raise ConfigurationError(
            f"There is no flow {name!r}.", remedy=f"Use one of {', '.join(FLOWS)}."
        )
    return FLOWS[name]


class _BrokenError(OutcomeUnknownError):
    """One record set off a defect; what the step did of it is not known."""


def run_step(flow: Flow, step: str, batch_id: BatchId) -> StepReport:
    """Run one step over a batch, fencing off whoever was at it before.

    After a worker that never came to the step's end, the documents are taken up one by one, so that
    the one that brings workers down stands alone and is set aside at its third crash.

    Raises:
        ConfigurationError: There is no such step.
    """
    if step not in STEPS:
        raise ConfigurationError(
            f"There is no step {step!r}.", remedy=f"Use one of {', '.join(STEPS)}."
        )
    fence = flow.ledger.begin_step(batch_id, step, lease_s=LEASE_S)
    fenced = replace(flow, fence=fence)
    run = STEPS[step] if fence.unfinished == 0 else partial(_run_one_by_one, step)
    try:
        report = run(fenced, batch_id)
    except _BrokenError:
        # The step stays unfinished: the next attempt goes one by one again, and comes to an end.
        raise
    except TieoutError:
        flow.ledger.end_step(fence, lease_s=RETRY_LEASE_S)
        raise
    flow.ledger.end_step(fence)
    return report


def _run_one_by_one(step: str, flow: Flow, batch_id: BatchId) -> StepReport:
    documents = flow.ledger.documents(batch_id, *UNFINISHED)
    reports = each(
        ((document.name, [document]) for document in documents),
        lambda _name, only: _run_one(step, flow, batch_id, only[0]),
    )
    return added_up(step, reports)


def _run_one(step: str, flow: Flow, batch_id: BatchId, document: Document) -> StepReport:
    """Run the step over one document; a crash in it leaves its count standing."""
    crashes = flow.ledger.take_up(document.document_id) + 1
    if crashes >= CRASHES_MAX:
        set_aside(flow, document, _crashed(step, crashes), step=step)
        return StepReport(step=step, documents=1, confirmed=0, set_aside=1)
    try:
        report = STEPS[step](replace(flow, only=document.document_id), batch_id)
    except TieoutError:
        flow.ledger.let_go(document.document_id)
        raise
    except Exception as error:
        # A defect that one record sets off must not keep its neighbors: its count stands.
        raise _BrokenError(
            f"{document.name} broke step {step!r}: {type(error).__name__}.",
            remedy="It is tried alone until it is set aside; the worker's log has the trace.",
        ) from error
    flow.ledger.let_go(document.document_id)
    return report


def _crashed(step: str, crashes: int) -> Refused:
    return Refused(
        cause="crashed_worker",
        message=f"Step {step!r} ended without a word {crashes} times while working on this record.",
        remedy="Look at the record's size and characters and at the worker's log; then replay.",
    )
