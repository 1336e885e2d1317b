"""How often the installation of this folder sweeps, and what Airflow knows of its runs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from installation import Installation
from tieout.domain.pair import FlowName
from tieout.stack.environment import airflow_settings
from tieout.stack.secrets import load_or_create

SWEEP_EVERY = timedelta(minutes=3)
"""A sweep costs as much as several orders: often enough to wait for, seldom enough to afford."""
SWEEPS = {
    "TIEOUT_SWEEP_CRON": "*/3 * * * *",
    # A scheduler that looks ten times a second takes a fifth of a core from the other tests.
    "TIEOUT_AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.4",
}


def now() -> datetime:
    """Return the time by the schedule's own clock."""
    return datetime.now(UTC)  # noqa: TID251 - the schedule's own clock


def interval_begin(moment: datetime) -> datetime:
    """Return when the interval began that a moment falls into."""
    return moment - (moment - moment.replace(minute=0, second=0, microsecond=0)) % SWEEP_EVERY


def next_sweep_in() -> timedelta:
    """Return how long it is until the next sweep."""
    moment = now()
    return interval_begin(moment) + SWEEP_EVERY - moment


def pause(installation: Installation, *flows: FlowName) -> None:
    """Let no more runs of these DAGs begin, as their switch in Airflow's pages does."""
    names = ", ".join(f"'{flow}'" for flow in flows)
    paused = f"UPDATE dag SET is_paused = true WHERE dag_id IN ({names}) RETURNING dag_id"  # noqa: S608 - our names
    assert set(ask_airflow(installation, paused)) == set(flows)


def ask_airflow(installation: Installation, question: str) -> list[Any]:
    """Return the first column of what Airflow's database answers."""
    settings = airflow_settings(installation.configuration, load_or_create(installation.home))
    url = settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg", "")
    with psycopg.connect(url) as database:
        return [row[0] for row in database.execute(question).fetchall()]
