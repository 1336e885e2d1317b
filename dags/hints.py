"""Hints: what Xero's webhooks tell of, and the echoes of our own writes to the shops.

A webhook is a hint: it says that a record changed, never what. Runs when a hint lands in the inbox,
15 seconds after it so that a burst shares a run, and every 15 minutes for what was left over.

For each pair: read the records that Xero told of and that a flow cares for, many in one call; what
people changed of an order's invoice becomes a dead letter. Drain what the shops told of: an echo of
our own status comes to nothing here, and starts no run of order_to_cash. By the clock, events that
Xero numbered and that never came fail the task `check_webhooks` until they come
(`tieout webhooks`).
"""

from datetime import UTC, datetime

from airflow.sdk import DAG

from tieout.provider.pipelines import hints, hints_or_time
from tieout.provider.retry import task_defaults

with DAG(
    "hints",
    schedule=hints_or_time(),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_tasks=2,
    default_args=task_defaults(),
    tags=["entity:order", "system:shopify", "system:xero", "tier:standard"],
    doc_md=__doc__,
):
    hints()
