"""The steps of order-to-cash by the entity they write: the table that operators run from."""

from collections.abc import Callable

from tieout.domain.base import BatchId
from tieout.errors import ConfigurationError
from tieout.usecases.buyers import write_contacts, write_customers
from tieout.usecases.flow import LEASE_S, Flow, StepReport
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
from tieout.usecases.stock import push_inventory

Step = Callable[[Flow, BatchId], StepReport]

STEPS: dict[str, Step] = {
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


def run_step(flow: Flow, step: str, batch_id: BatchId) -> StepReport:
    """Renew the batch's lease and run one step over it.

    Raises:
        ConfigurationError: There is no such step.
    """
    if step not in STEPS:
        raise ConfigurationError(
            f"There is no step {step!r}.", remedy=f"Use one of {', '.join(STEPS)}."
        )
    flow.ledger.renew(batch_id, lease_s=LEASE_S)
    return STEPS[step](flow, batch_id)
