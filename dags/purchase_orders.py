"""Purchase orders of Sage 100 shown in Xero, as they stand: ordered, and in the end billed.

Every 15 minutes, for each pair that has `purchase_orders` among its `flows`: read which orders
changed in Sage 100, judge them (`include/expectations/purchase_order.yaml`), and bring each to Xero
under its number; a later state is written over the earlier one. Nothing is written to Sage 100.
A backfill reads past intervals again; with the param `plan_only` a run writes nothing, and its log
says what it would.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG

from tieout.domain.pair import FlowName
from tieout.provider.in_step_operators import PARAMS, bring_purchase_orders
from tieout.provider.pipelines import at_sweeps
from tieout.provider.retry import task_defaults

with DAG(
    "purchase_orders",
    schedule=at_sweeps(),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=2,
    params=PARAMS,
    default_args=task_defaults(),
    tags=["entity:purchase_order", "system:sage100", "system:xero", "tier:standard"],
    doc_md=__doc__,
):
    bring_purchase_orders(FlowName.PURCHASE_ORDERS, sage100="PO_PurchaseOrderHeader")
