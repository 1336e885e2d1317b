"""The shops' stock kept in step with Sage 100's: what may be sold, published whenever it changes.

Every 15 minutes, for each pair that has `stock_sync` among its `flows`: read which quantities
changed in Sage 100 (receipts, shipments, transfers, adjustments, orders), and set at the shops what
is available to sell of those items by the pair's policy (`to_sell` in `include/pairs.yaml`).
Nothing is ever written the other way. With the param `plan_only` a run writes nothing, and its log
says what it would.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG

from tieout.domain.pair import FlowName
from tieout.provider.in_step_operators import PARAMS, publish_stock
from tieout.provider.pipelines import at_sweeps
from tieout.provider.retry import task_defaults

with DAG(
    "stock_sync",
    schedule=at_sweeps(),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=2,
    params=PARAMS,
    default_args=task_defaults(),
    tags=["entity:item", "system:sage100", "system:shopify", "tier:standard"],
    doc_md=__doc__,
):
    publish_stock(FlowName.STOCK_SYNC, sage100="IM_ItemWarehouse")
