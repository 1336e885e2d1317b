"""The DAG ``replay``: a manual run with params makes one job; every run works until none runs."""

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

import records
from fake_desk import FakeDesk
from fakes import FakeClock
from tieout.provider import replay_operators
from tieout.provider.replay_operators import (
    ROUND,
    OpenReplayJobOperator,
    ResolveProvenOperator,
    WorkReplayJobsSensor,
)
from tieout.usecases.desk import JobWish, open_job, work_jobs


@dataclass
class Runtime:
    """What a task opens, over a desk in memory."""

    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.desk = FakeDesk(self.clock)

    def open_replay_job(self, params: dict[str, Any], *, by: str, request_key: str) -> Any:
        wish = JobWish(**{name: value for name, value in params.items() if value is not None})
        return open_job(self.desk, wish, by=by, request_key=request_key)

    def work_replay_jobs(self) -> Any:
        return work_jobs(self.desk)

    def resolve_proven(self, pair: str) -> list[str]:
        return [f"one of {pair}"]


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    opened = Runtime()
    monkeypatch.setattr(replay_operators, "open_runtime", lambda: opened)
    opened.desk.set_aside(records.dead_letter(document_id=records.received(opened.desk)))
    return opened


def context(runtime: Runtime, *, run_type: str = "manual", **params: Any) -> Any:
    run = SimpleNamespace(
        run_type=run_type,
        run_id="manual__1",
        triggering_user_name="anna",
        start_date=runtime.clock.now(),
    )
    return {"dag_run": run, "params": {"cause": None, "per_minute": 60, **params}}


def opened(runtime: Runtime, **given: Any) -> int | None:
    return OpenReplayJobOperator(task_id="open").execute(context(runtime, **given))


def test_a_manual_run_with_params_makes_one_job_however_often_it_is_tried(runtime: Runtime) -> None:
    assert opened(runtime, cause="unknown_item") == 1
    assert opened(runtime, cause="unknown_item") == 1
    (job,) = runtime.desk.jobs()
    assert (job.requested_by, job.cause) == ("anna", "unknown_item")


@pytest.mark.parametrize("given", [{}, {"cause": "unknown_item", "run_type": "scheduled"}])
def test_any_other_run_makes_none(runtime: Runtime, given: dict[str, Any]) -> None:
    assert opened(runtime, **given) is None
    assert runtime.desk.jobs() == []


def test_a_run_works_until_no_job_runs(runtime: Runtime) -> None:
    sensor = WorkReplayJobsSensor(task_id="work")
    assert sensor.poke(context(runtime))
    opened(runtime, cause="unknown_item")
    assert not sensor.poke(context(runtime))
    (document,) = runtime.desk.unsettled(records.PAIR, "shop_order")
    runtime.desk.mark_done(document.document_id)
    assert sensor.poke(context(runtime))


def test_a_run_leaves_a_long_job_to_the_next_one(runtime: Runtime) -> None:
    opened(runtime, cause="unknown_item")
    given = context(runtime)
    runtime.clock.advance((ROUND + timedelta(seconds=1)).total_seconds())
    assert WorkReplayJobsSensor(task_id="work").poke(given)
    assert runtime.desk.jobs(is_running=True)


def test_a_night_returns_how_many_it_resolved(runtime: Runtime) -> None:
    night = ResolveProvenOperator(task_id="resolve", pair=records.PAIR)
    assert night.execute(context(runtime)) == 1
