"""The DAGs that keep records in step: one definition, for whichever kind of record.

What differs is which lists the ledgers have them in, and whether Xero's events tell of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from airflow.sdk import DAG, AssetOrTimeSchedule, CronDataIntervalTimetable

from tieout.domain.pair import FlowName
from tieout.provider.in_step_operators import PARAMS, keep_in_step
from tieout.provider.pipelines import at_sweeps, contacts_or_time, vendors_or_time
from tieout.provider.retry import task_defaults


@dataclass(frozen=True)
class Kept:
    """One kind of record: its name, which list each ledger has of it, and what starts a run."""

    entity: str
    xero: str
    sage100: str
    schedule: Callable[[], AssetOrTimeSchedule | CronDataIntervalTimetable]


KEPT = {
    FlowName.CUSTOMER_SYNC: Kept("customer", "Contacts", "AR_Customer", contacts_or_time),
    FlowName.ITEM_SYNC: Kept("item", "Items", "CI_Item", at_sweeps),
    FlowName.VENDOR_SYNC: Kept("vendor", "Suppliers", "AP_Vendor", vendors_or_time),
}


def in_step_dag(flow: FlowName, *, docs: str | None) -> DAG:
    """Return the DAG of a flow that keeps records in step."""
    kept = KEPT[flow]
    with DAG(
        flow.value,
        schedule=kept.schedule(),
        start_date=datetime(2024, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        max_active_tasks=2,
        params=PARAMS,
        default_args=task_defaults(),
        tags=[f"entity:{kept.entity}", "system:xero", "system:sage100", "tier:standard"],
        doc_md=docs,
    ) as dag:
        keep_in_step(flow.value, kept.entity, xero=kept.xero, sage100=kept.sage100)
    return dag
