"""Operators of the desk: make a replay job of what a person asked for, work through jobs, resolve.

Which letters, how fast and when to stop is the desk's; a run does not hold a slot between chunks.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from typing_extensions import override

from tieout.provider.operators import MAP_INDEX_TEMPLATE
from tieout.provider.runtime import Deferrable, airflow_errors, open_runtime

if TYPE_CHECKING:
    from airflow.sdk import Context

MANUAL_RUN = "manual"
ROUND = timedelta(minutes=4)
"""How long one run works on; the next one, on schedule, carries on."""
CHUNK_EVERY = timedelta(seconds=20)


class OpenReplayJobOperator(Deferrable):
    """Make a replay job of the run's params; a run on schedule, or without params, makes none.

    The params say which dead letters (pair, cause, flow, since, until) and how (per_minute,
    mapping).

    Returns:
        The job's number, or nothing when none was made.

    Raises:
        AirflowFailException: The params ask for something that cannot be.
    """

    @override
    def execute(self, context: "Context") -> int | None:
        """Return the job's number, or None."""
        run = context["dag_run"]
        params: dict[str, Any] = dict(context["params"])
        is_manual = str(getattr(run.run_type, "value", run.run_type)) == MANUAL_RUN
        if not is_manual or not any(params.get(name) for name in WHICH):
            return None
        with airflow_errors():
            job = open_runtime().open_replay_job(
                params, by=run.triggering_user_name or "airflow", request_key=run.run_id
            )
        self.log.info("job %s: %s letters", job.job_id, job.total)
        return job.job_id


WHICH = ("pair", "cause", "flow", "since", "until")
"""Params that say which letters; with none of them a run only works on what runs."""


class ResolveProvenOperator(Deferrable):
    """Close the pair's dead letters that are proven posted in both ledgers, with the proof.

    Args:
        pair: The pair's name.

    Returns:
        How many were closed.

    Raises:
        TaskDeferred: A system asked to wait; it goes on by itself then, at no cost of a try.
        AirflowFailException: A file or a connection is wrong.
        RetryableError: A system does not answer now; nothing was closed.
    """

    template_fields: Sequence[str] = ("pair",)

    def __init__(self, *, pair: str, **kwargs: Any) -> None:
        """Store the pair's name."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair

    @override
    def execute(self, context: "Context") -> int:
        """Return how many were closed."""
        with airflow_errors():
            resolved = open_runtime().resolve_proven(self.pair)
        self.log.info("%s dead letters resolved", len(resolved))
        return len(resolved)


class WorkReplayJobsSensor(Deferrable, BaseSensorOperator):
    """Put back the next chunk of every running job, again and again, until none runs.

    Between chunks it gives its worker back, and after four minutes it leaves the rest to the next
    run.

    Returns:
        Nothing.

    Raises:
        AirflowFailException: A file or a connection is wrong.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Give the slot back between chunks."""
        super().__init__(mode="reschedule", poke_interval=CHUNK_EVERY, timeout=ROUND * 2, **kwargs)

    @override
    def poke(self, context: "Context") -> bool:
        """Return whether this run's work is over."""
        with airflow_errors():
            tieout = open_runtime()
            jobs = tieout.work_replay_jobs()
            started = context["dag_run"].start_date
            is_late = started is not None and tieout.clock.now() - started > ROUND
        for job in jobs:
            self.log.info("job %s is %s: %s waiting", job.job_id, job.state, job.waiting)
        return is_late or not any(job.state == "running" for job in jobs)
