"""What operators do before they open anything."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from tieout.domain.pair import FlowName
from tieout.errors import ConfigurationError
from tieout.provider.operators import EVENT_RUN, DoublesSweepOperator, ListPairsOperator
from tieout.provider.runtime import DATA_DOCS_VARIABLE, INCLUDE_VARIABLE
from world import INCLUDE


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


def test_a_flow_runs_for_the_pairs_that_have_it_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    include = shutil.copytree(INCLUDE, tmp_path / "include")
    pairs = include / "pairs.yaml"
    text = pairs.read_text("utf-8")
    pairs.write_text(text.replace("fx: reject}\n", "fx: reject}\n    flows: []\n", 1), "utf-8")
    monkeypatch.setenv(INCLUDE_VARIABLE, str(include))
    monkeypatch.setenv(DATA_DOCS_VARIABLE, str(tmp_path))
    scheduled = {"dag_run": SimpleNamespace(run_type="scheduled")}
    flow = ListPairsOperator(task_id="list_pairs", flow=FlowName.ORDER_TO_CASH)
    assert flow.execute(scheduled) == ["lotus_lane"]
    everything = ListPairsOperator(task_id="list_all_pairs")
    assert everything.execute(scheduled) == ["harbor_and_pine", "lotus_lane"]
