"""Payment reconciliation: payouts believed or parked, money settled, and the rest kept in a queue.

Every morning, and whenever somebody starts it, for each pair that has `payment_reconciliation`
among its `flows`: read the payouts that its gateways tell and take each apart, to the cent; book
what they kept, held back and paid out in Xero and Sage 100, each entry once; settle Xero's payments
with Sage 100's cash receipts and open invoices; and bring the queue of variances to what is left
(`tieout variances`): new ones open, those that are no longer there close. A payout that does not
add up becomes a dead letter, whole, and nothing of it is booked. As a backfill it reads the payouts
of past intervals again.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG, CronDataIntervalTimetable

from tieout.provider.reconciliation_operators import RECONCILE_CRON, payment_reconciliation
from tieout.provider.retry import task_defaults

with DAG(
    "payment_reconciliation",
    schedule=CronDataIntervalTimetable(RECONCILE_CRON, timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=2,
    default_args=task_defaults(),
    tags=["entity:order", "system:xero", "system:sage100", "system:shopify", "tier:standard"],
    doc_md=__doc__,
):
    payment_reconciliation()
