"""Vendors kept in step between Xero and Sage 100, both ways.

Every 15 minutes, for each pair that has `vendor_sync` among its `flows`: read what changed in both
lists, read the records of which anything was told, merge them field by field against what both
ledgers agreed on last (`include/in_step/vendor.yaml`), and write to each what the other one says.
What policy does not decide waits as a conflict (`tieout conflicts`). A backfill reads past
intervals again; with the param `plan_only` a run writes nothing, and its log says what it would.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG

from tieout.domain.pair import FlowName
from tieout.provider.in_step_operators import PARAMS, keep_in_step
from tieout.provider.pipelines import at_sweeps
from tieout.provider.retry import task_defaults

with DAG(
    "vendor_sync",
    schedule=at_sweeps(),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=2,
    params=PARAMS,
    default_args=task_defaults(),
    tags=["entity:vendor", "system:xero", "system:sage100", "tier:standard"],
    doc_md=__doc__,
):
    keep_in_step(FlowName.VENDOR_SYNC, "vendor", xero="Suppliers", sage100="AP_Vendor")
