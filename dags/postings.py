"""Postings: what Sage 100's people have posted of what was entered, and what Xero hears of it.

Entered, updated and in the general ledger are three states in Sage 100, and only its people bring a
document from one to the next. Every 15 minutes, for each pair: read what history and general ledger
show as changed, move the deliveries on, and note on the order's invoice in Xero what the pair wants
to hear of (`tell_posted` in its policies), once and not before it is so. What people deleted is
found by `nightly`.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG

from tieout.provider.posting_operators import POSTINGS_CRON, postings
from tieout.provider.retry import task_defaults

with DAG(
    "postings",
    schedule=POSTINGS_CRON,
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=2,
    default_args=task_defaults(),
    tags=["entity:order", "system:sage100", "system:xero", "tier:standard"],
    doc_md=__doc__,
):
    postings()
