"""What becomes of our errors in a task, and on whose account a task's calls are."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from airflow.sdk.execution_time.context import set_current_context

from tieout.domain.budget import Caller, Lane
from tieout.errors import (
    AuthenticationError,
    RateLimitedError,
    RejectedError,
    TieoutError,
    UnavailableError,
)
from tieout.provider.runtime import airflow_errors, task_caller
from tieout.wiring.clock import SystemClock


def limited(seconds: float | None) -> RateLimitedError:
    return RateLimitedError("The day is used up.", remedy="Wait.", retry_after_s=seconds)


def test_a_task_whose_calls_are_used_up_is_put_off_until_they_come_back() -> None:
    before = SystemClock().now()
    with pytest.raises(TaskDeferred) as raised, airflow_errors():
        raise limited(66975)
    later = raised.value.trigger.moment - timedelta(seconds=66975)
    assert before <= later <= SystemClock().now()


def test_a_limit_that_says_no_time_is_left_to_the_retries() -> None:
    with pytest.raises(RateLimitedError), airflow_errors():
        raise limited(None)


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (AuthenticationError("No.", remedy="None."), AirflowFailException),
        (RejectedError("No.", remedy="None.", cause="target_refused"), AirflowFailException),
        (UnavailableError("No.", remedy="None."), UnavailableError),
    ],
)
def test_what_only_a_person_can_mend_fails_at_once(
    error: TieoutError, becomes: type[Exception]
) -> None:
    with pytest.raises(becomes), airflow_errors():
        raise error


@pytest.mark.parametrize(
    ("run_type", "lane"),
    [
        ("asset_triggered", Lane.EVENT),
        ("scheduled", Lane.POLL),
        ("manual", Lane.POLL),
        ("backfill", Lane.BACKFILL),
    ],
)
def test_what_started_a_run_decides_the_lane_of_its_calls(run_type: str, lane: Lane) -> None:
    run = SimpleNamespace(run_type=run_type)
    context: Any = {"dag": SimpleNamespace(dag_id="order_to_cash"), "dag_run": run}
    with set_current_context(context):
        assert task_caller() == Caller(flow="order_to_cash", lane=lane)
