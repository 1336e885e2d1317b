"""How a table of Sage 100 is read by a task, and how one waits for a change without a worker."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from tieout.domain.base import System
from tieout.errors import ConfigurationError, TieoutError, UnavailableError
from tieout.provider import sage100_operators, triggers
from tieout.provider.sage100_operators import Sage100ChangeSensor, Sage100ExtractOperator
from tieout.provider.triggers import SAGE100_READ_AGAIN_S, Sage100ChangeTrigger
from tieout.usecases.extract import Extracted

PAIR, TABLE = "harbor_and_pine", "AR_Customer"
SINCE, UNTIL = (datetime(2026, 11, day, tzinfo=UTC) for day in (28, 29))


class Installation:
    """An installation whose table has so much news at each reading, and looks so at each look."""

    def __init__(self, *, landed: list[int], looks: list[str | TieoutError]) -> None:
        self.landed = landed
        self.looks = looks
        self.asked: list[object] = []

    def extract(self, pair: str, table: str, *, source: System, interval: object) -> Extracted:
        self.asked.append((pair, table, source, interval))
        return Extracted(resource=table, pages=1, records=7, landed=self.landed.pop(0))

    def sage100_fingerprint(self, pair: str, table: str) -> str:
        self.asked.append((pair, table))
        look = self.looks.pop(0)
        if isinstance(look, TieoutError):
            raise look
        return look


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Installation]:
    def open_one(*, landed: list[int] = [], looks: list[Any] = []) -> Installation:  # noqa: B006 - copied
        installation = Installation(landed=[*landed], looks=[*looks])
        monkeypatch.setattr(sage100_operators, "open_runtime", lambda: installation)
        monkeypatch.setattr("tieout.provider.runtime.open_runtime", lambda: installation)
        return installation

    return open_one


def context(run_type: str = "scheduled") -> Any:
    run = SimpleNamespace(run_type=run_type, data_interval_start=SINCE, data_interval_end=UNTIL)
    return {"dag_run": run}


def sensor() -> Sage100ChangeSensor:
    return Sage100ChangeSensor(task_id="wait", pair=PAIR, table=TABLE, poll_s=0.01)


@pytest.mark.parametrize(
    ("run_type", "interval"), [("scheduled", None), ("manual", None), ("backfill", (SINCE, UNTIL))]
)
def test_a_backfill_reads_its_interval_and_any_other_run_what_changed(
    opened: Callable[..., Installation], run_type: str, interval: object
) -> None:
    installation = opened(landed=[5])
    counts = Sage100ExtractOperator(task_id="extract", pair=PAIR, table=TABLE).execute(
        context(run_type)
    )
    assert installation.asked == [(PAIR, TABLE, System.SAGE100, interval)]
    assert (counts["records"], counts["landed"]) == (7, 5)


def test_a_sensor_lands_what_there_is(opened: Callable[..., Installation]) -> None:
    opened(landed=[2], looks=["a"])
    assert sensor().execute(context())["landed"] == 2


def test_a_sensor_without_news_waits_with_what_it_saw_before_it_read(
    opened: Callable[..., Installation],
) -> None:
    installation = opened(landed=[0, 3], looks=["before", "after"])
    with pytest.raises(TaskDeferred) as deferred:
        sensor().execute(context())
    assert installation.asked[0] == (PAIR, TABLE)
    trigger = deferred.value.trigger
    assert isinstance(trigger, Sage100ChangeTrigger)
    assert trigger.serialize() == (
        "tieout.provider.triggers.Sage100ChangeTrigger",
        {"pair": PAIR, "table": TABLE, "seen": "before", "poll_s": 0.01},
    )
    waiting = sensor()
    assert getattr(waiting, deferred.value.method_name)(context(), None)["landed"] == 3


def test_what_only_a_person_mends_fails_at_once(opened: Callable[..., Installation]) -> None:
    opened(looks=[ConfigurationError("no such table", remedy="Name another.")])
    with pytest.raises(AirflowFailException):
        sensor().execute(context())


def fired(trigger: Sage100ChangeTrigger, events: int) -> list[object]:
    """Return the first events of a trigger."""

    async def run() -> list[object]:
        found: list[object] = []
        async with aclosing(trigger.run()) as running:  # type: ignore[type-var]
            async for event in running:
                found.append(event.payload)
                if len(found) == events:
                    break
        return found

    return asyncio.run(asyncio.wait_for(run(), timeout=60))


def test_a_trigger_fires_when_the_table_looks_otherwise(
    opened: Callable[..., Installation],
) -> None:
    installation = opened(looks=["a", "a", "b", "b", "c"])
    trigger = Sage100ChangeTrigger(pair=PAIR, table=TABLE, seen="a", poll_s=0.0)
    assert fired(trigger, 2) == [{"seen": "b"}, {"seen": "c"}]
    assert installation.looks == []


def test_a_trigger_looks_again_when_sage_cannot_be_read(
    opened: Callable[..., Installation],
) -> None:
    opened(looks=[UnavailableError("down", remedy="Wait."), "b"])
    trigger = Sage100ChangeTrigger(pair=PAIR, table=TABLE, seen="a", poll_s=0.0)
    assert fired(trigger, 1) == [{"seen": "b"}]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Let a trigger sleep no time, and keep how long it would have."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(triggers, "asyncio", SimpleNamespace(sleep=sleep, to_thread=at_once))
    return slept


async def at_once(act: Callable[..., object], *arguments: object) -> object:
    return act(*arguments)


def test_a_table_that_nobody_writes_to_is_read_now_and_then(
    opened: Callable[..., Installation], hasty: list[float]
) -> None:
    opened(looks=["a"] * 50)
    trigger = Sage100ChangeTrigger(pair=PAIR, table=TABLE, seen="a", poll_s=60.0)
    assert fired(trigger, 2) == [{"seen": "a"}] * 2
    assert sum(hasty) == 2 * SAGE100_READ_AGAIN_S
