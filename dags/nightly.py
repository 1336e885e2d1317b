"""Nightly: the whole of what the runs of the day look at in part.

For each pair: compare every order that the shops have with the ledger, by key and content, and
bring in what is missing or different; read back everything that a target could hold twice; see
what Sage 100's people have posted of what was entered; close the dead letters that both ledgers are
proven to hold; let the independent oracle count what was lost, doubled or made up. Then seal the
audit.

A double, or a verdict that is not clean, fails its task with the words that say what is wrong.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable

from tieout.provider.nightly_operators import nightly
from tieout.provider.retry import task_defaults

with DAG(
    "nightly",
    # No start date and no grace: a new installation shall not run the night that was before it.
    schedule=CronTriggerTimetable("30 2 * * *", timezone="UTC", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    default_args=task_defaults(),
    tags=["entity:order", "system:shopify", "system:xero", "system:sage100", "tier:standard"],
    doc_md=__doc__,
):
    nightly()
