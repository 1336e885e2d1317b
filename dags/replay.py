"""Replay many dead letters: put them back bit by bit, watch what becomes of them, stop in time.

Start it here with params that say which dead letters (cause, flow, pair, since, until) and how
many a minute, or make the job with `tieout replay --cause ...`: every 5 minutes a run works on
whatever jobs run. What was put back is taken from the start by order_to_cash. A job stops by itself
when more than a fifth fails again for the same cause; `tieout replay-jobs` says so, pauses and
resumes.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG, Param

from tieout.provider.replay_operators import OpenReplayJobOperator, WorkReplayJobsSensor
from tieout.provider.retry import task_defaults

TEXT = ["null", "string"]
TIME = "date-time"

with DAG(
    "replay",
    schedule="*/5 * * * *",
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=4,
    default_args=task_defaults(),
    params={
        "cause": Param(None, type=TEXT, description="only this cause, such as unknown_item"),
        "flow": Param(None, type=TEXT, description="only this flow, such as order_to_cash"),
        "pair": Param(None, type=TEXT, description="only this pair"),
        "since": Param(None, type=TEXT, format=TIME, description="only what was set aside since"),
        "until": Param(None, type=TEXT, format=TIME, description="only what was set aside before"),
        "per_minute": Param(60, type="integer", minimum=1, maximum=600),
        "mapping": Param("current", enum=["current", "original"]),
    },
    tags=["entity:order", "system:xero", "system:sage100", "tier:standard"],
    doc_md=__doc__,
):
    OpenReplayJobOperator(task_id="open_replay_job") >> WorkReplayJobsSensor(
        task_id="work_replay_jobs"
    )
