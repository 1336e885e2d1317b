"""Order to cash: a shop's order becomes one set of documents in Xero and in Sage 100.

Runs three ways: when a webhook lands in the inbox, every 15 minutes as a sweep of the shops, and as
a backfill over past intervals. However often an order is seen, it is posted once.

For each pair: capture the orders, gate them, then write the customer on both sides, the Xero
invoice, the Sage 100 sales order, the shop's stock, the payment in both ledgers, a note on the
invoice and the status in the shop. Records that cannot go on become dead letters
(`tieout dead-letters`); their neighbors are posted.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG

from tieout.provider.pipelines import inbox_or_time, order_to_cash, run_deadline
from tieout.provider.retry import task_defaults

LIVE_RUNS_MAX = 1000
"""Airflow starts no run for an event while so many runs are queued or active, and counts those of a
backfill among them: with a few only, live orders would wait for the backfill's end. How many runs
there really are at once is bounded by the trigger, which rests between two events.
"""

with DAG(
    "order_to_cash",
    schedule=inbox_or_time(),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=LIVE_RUNS_MAX,
    max_active_tasks=3,  # of one run: the fourth worker is another run's, whatever a backfill does
    default_args=task_defaults(),
    deadline=run_deadline(),
    tags=["entity:order", "system:shopify", "system:xero", "system:sage100", "tier:critical"],
    doc_md=__doc__,
):
    order_to_cash()
