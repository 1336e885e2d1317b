"""What operators do before they open anything."""

from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from tieout.errors import ConfigurationError
from tieout.provider.operators import EVENT_RUN, DoublesSweepOperator
from tieout.provider.runtime import INCLUDE_VARIABLE


def test_a_run_that_an_event_started_leaves_doubles_to_the_next_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(INCLUDE_VARIABLE, raising=False)
    sweep = DoublesSweepOperator(task_id="sweep_doubles", pair="harbor_and_pine")
    with pytest.raises(AirflowSkipException):
        sweep.execute({"dag_run": SimpleNamespace(run_type=EVENT_RUN)})
    with pytest.raises(Exception, match=INCLUDE_VARIABLE) as opened:
        sweep.execute({"dag_run": SimpleNamespace(run_type="scheduled")})
    assert isinstance(opened.value.__cause__, ConfigurationError)
