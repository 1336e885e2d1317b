"""The tie-out: proof that both ledgers of each pair agree, every difference named.

Every night after the nightly work, and on demand with the params `as_of` (a day, such as
2026-11-30) and `pair`. A tie-out that leaves something unknown or unread, or finds an error, fails
its task with the words that say what; `tieout tie-out --save DIR` writes it as files.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, Param

from tieout.provider.retry import task_defaults
from tieout.provider.tie_out_operators import tie_out

with DAG(
    "tie_out",
    # No start date and no grace: a new installation shall not run the night that was before it.
    schedule=CronTriggerTimetable("30 4 * * *", timezone="UTC", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    params={
        "as_of": Param(None, type=["null", "string"], format="date", description="The cut-off."),
        "pair": Param(None, type=["null", "string"], description="Only this pair."),
    },
    default_args=task_defaults(),
    tags=["entity:order", "system:shopify", "system:xero", "system:sage100", "tier:standard"],
    doc_md=__doc__,
):
    tie_out()
