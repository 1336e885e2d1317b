"""Customers kept in step between Xero and Sage 100, both ways.

When Xero tells of a contact, and every 15 minutes, for each pair that has `customer_sync` among its
`flows`: read what changed in both lists, read the records of which anything was told, merge them
field by field against what both ledgers agreed on last (`include/in_step/customer.yaml`), and write
to each what the other one says. What policy does not decide waits as a conflict (`tieout
conflicts`). A backfill reads past intervals again; with the param `plan_only` a run writes nothing,
and its log says what it would.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG

from tieout.domain.pair import FlowName
from tieout.provider.in_step_operators import PARAMS, keep_in_step
from tieout.provider.pipelines import contacts_or_time
from tieout.provider.retry import task_defaults

with DAG(
    "customer_sync",
    schedule=contacts_or_time(),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=2,
    params=PARAMS,
    default_args=task_defaults(),
    tags=["entity:customer", "system:xero", "system:sage100", "tier:standard"],
    doc_md=__doc__,
):
    keep_in_step(FlowName.CUSTOMER_SYNC, "customer", xero="Contacts", sage100="AR_Customer")
