"""Polls: the lists of Xero of which no webhook tells, and those where an event may be lost.

Every 15 minutes, for each list that a pair names (`polls` in `include/pairs.yaml`, by default
Invoices and Payments), one call reads what changed since the last poll. A payment that people
deleted in Xero, and an invoice that they voided or changed while its event was lost, becomes a dead
letter. Calls take the lane of polls: what events start goes first, and a part of the day is its
own.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG

from tieout.provider.pipelines import at_sweeps, polls
from tieout.provider.retry import task_defaults

with DAG(
    "polls",
    schedule=at_sweeps(),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=2,
    default_args=task_defaults(),
    tags=["entity:order", "system:xero", "tier:standard"],
    doc_md=__doc__,
):
    polls()
