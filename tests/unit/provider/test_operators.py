"""What operators do before they open anything, how they wait, and what is said of them."""

import inspect
import json
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import exceptions
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from architecture.probing import ROOT
from tieout import errors
from tieout.domain.pair import FlowName
from tieout.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RateLimitedError,
    StreamPausedError,
    TieoutError,
    UnsettledError,
)
from tieout.ledger.tokens import KEY_SETTING
from tieout.provider import operators
from tieout.provider.hint_operators import CheckWebhooksOperator
from tieout.provider.operators import (
    DoublesSweepOperator,
    ListPairsOperator,
    XeroExtractOperator,
    XeroHistoryNoteOperator,
    XeroPaymentOperator,
    XeroUpsertOperator,
)
from tieout.provider.runtime import (
    DATA_DOCS_VARIABLE,
    EVENT_RUN,
    INCLUDE_VARIABLE,
    WAIT_MIN_S,
    Deferrable,
    open_runtime,
)
from tieout.stack.operator_reference import (
    MODULES,
    entries,
    inputs_of,
    operators_of,
    reference,
    sections,
)
from tieout.usecases.extract import Extracted
from tieout.usecases.flow import StepReport
from tieout.wiring.systems import AIRFLOW_KEY_SETTING
from world import INCLUDE

EVERY = [kind for module in MODULES for kind in operators_of(module)]
EXECUTE_LINES_MAX = 15
PAIR = "harbor_and_pine"
SINCE, UNTIL = (datetime(2026, 11, day, tzinfo=UTC) for day in (28, 29))


class Installation:
    """An installation whose next call fails with ``error``, and that keeps what it was asked."""

    def __init__(self, error: TieoutError | None = None) -> None:
        self.error = error
        self.asked: list[object] = []

    def run_step(self, step: str, batch_id: int) -> StepReport:
        self._asked(step, batch_id)
        return StepReport(step=step, documents=3, confirmed=2, set_aside=1)

    def extract(self, pair: str, resource: str, *, interval: object) -> Extracted:
        self._asked(pair, resource, interval)
        return Extracted(resource=resource, pages=1, records=7, landed=5)

    def _asked(self, *what: object) -> None:
        self.asked.append(what)
        error, self.error = self.error, None
        if error is not None:
            raise error


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[[TieoutError | None], Installation]:
    def open_one(error: TieoutError | None = None) -> Installation:
        installation = Installation(error)
        monkeypatch.setattr(operators, "open_runtime", lambda: installation)
        return installation

    return open_one


def context(run_type: str = "scheduled") -> Any:
    run = SimpleNamespace(run_type=run_type, data_interval_start=SINCE, data_interval_end=UNTIL)
    return {"dag_run": run}


def payments() -> XeroPaymentOperator:
    return XeroPaymentOperator(task_id="write_payments", batch_id="7", pair=PAIR)


def test_a_run_that_an_event_started_leaves_doubles_to_the_next_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(INCLUDE_VARIABLE, raising=False)
    sweep = DoublesSweepOperator(task_id="sweep_doubles", pair=PAIR)
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


def test_each_operator_of_xero_runs_its_step(
    opened: Callable[[TieoutError | None], Installation],
) -> None:
    installation = opened(None)
    contacts = XeroUpsertOperator(task_id="c", entity="contact", batch_id="7", pair=PAIR)
    notes = XeroHistoryNoteOperator(task_id="n", batch_id="7", pair=PAIR)
    for operator in (contacts, payments(), notes):
        assert operator.execute(context())["confirmed"] == 2
    assert installation.asked == [("contact", 7), ("payment", 7), ("invoice_note", 7)]


@pytest.mark.parametrize(
    ("run_type", "interval"),
    [("scheduled", None), (EVENT_RUN, None), ("backfill", (SINCE, UNTIL))],
)
def test_only_a_backfill_extracts_an_interval(
    opened: Callable[[TieoutError | None], Installation], run_type: str, interval: object
) -> None:
    installation = opened(None)
    extract = XeroExtractOperator(task_id="extract", pair=PAIR, resource="Invoices")
    counts = extract.execute(context(run_type))
    assert installation.asked == [(PAIR, "Invoices", interval)]
    assert (counts["records"], counts["landed"]) == (7, 5)


@pytest.mark.parametrize(
    ("error", "waits_s"),
    [
        (RateLimitedError("The day is over.", remedy="Wait.", retry_after_s=66_975), 66_975),
        (UnsettledError("In doubt.", remedy="Wait.", retry_after_s=540), 540),
        (UnsettledError("In doubt.", remedy="Wait.", retry_after_s=0.5), WAIT_MIN_S),
    ],
)
def test_what_only_time_settles_waits_without_a_worker_and_goes_on(
    opened: Callable[[TieoutError | None], Installation], error: TieoutError, waits_s: float
) -> None:
    installation = opened(error)
    operator = payments()
    begun_at = datetime.now(UTC)  # noqa: TID251 - the trigger's own clock
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context())
    path, kept = deferred.value.trigger.serialize()
    assert path.endswith("DateTimeTrigger")
    assert abs(kept["moment"] - begun_at - timedelta(seconds=waits_s)) < timedelta(seconds=60)
    method = deferred.value.method_name
    counts = operator.resume_execution(method, {"event": kept["moment"]}, context())
    assert counts["documents"] == 3
    assert installation.asked == [("payment", 7)] * 2


@pytest.mark.parametrize(
    "error",
    [
        RateLimitedError("Too many.", remedy="Wait."),
        StreamPausedError("It pauses.", remedy="Wait.", retry_after_s=30),
        OutcomeUnknownError("Lost.", remedy="Look."),
    ],
)
def test_what_the_next_try_is_for_is_tried_again(
    opened: Callable[[TieoutError | None], Installation], error: TieoutError
) -> None:
    opened(error)
    with pytest.raises(type(error)):
        payments().execute(context())


def test_what_a_person_must_change_fails_at_once(
    opened: Callable[[TieoutError | None], Installation],
) -> None:
    opened(ConfigurationError("It is wrong.", remedy="Correct it."))
    with pytest.raises(AirflowFailException, match="Correct it"):
        payments().execute(context())


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_operator_says_its_inputs_its_output_and_its_errors(kind: type) -> None:
    told = sections(kind)
    assert [name for name, _words in entries(told.get("Args", ""))] == list(inputs_of(kind))
    assert told["Returns"].strip()
    known = {**vars(exceptions), **vars(errors)}
    assert [name for name, _words in entries(told["Raises"]) if name not in known] == []


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_operators_hold_no_logic(kind: type) -> None:
    for name in ("execute", "poke"):
        method = vars(kind).get(name)
        if method is None:
            continue
        lines, _start = inspect.getsourcelines(inspect.unwrap(method))
        assert issubclass(kind, Deferrable)
        assert len(lines) - 3 <= EXECUTE_LINES_MAX  # its decorator, its name and its docstring


def test_the_document_is_what_the_docstrings_say() -> None:
    assert reference() in (ROOT / "docs/reference/operators.md").read_text("utf-8")


def test_a_run_that_an_event_started_leaves_missing_webhooks_to_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(INCLUDE_VARIABLE, raising=False)
    check = CheckWebhooksOperator(task_id="check_webhooks")
    with pytest.raises(AirflowSkipException):
        check.execute({"dag_run": SimpleNamespace(run_type=EVENT_RUN)})
    with pytest.raises(Exception, match=INCLUDE_VARIABLE):
        check.execute({"dag_run": SimpleNamespace(run_type="scheduled")})


def test_tokens_are_sealed_by_airflows_key_wherever_it_has_it_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (KEY_SETTING, AIRFLOW_KEY_SETTING):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{AIRFLOW_KEY_SETTING}_CMD", f"echo {'B' * 43}=")
    monkeypatch.setenv(INCLUDE_VARIABLE, str(INCLUDE))
    monkeypatch.setenv(DATA_DOCS_VARIABLE, str(tmp_path))
    ledger = {"conn_type": "postgres", "host": "127.0.0.1", "schema": "tieout"}
    monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_LEDGER", json.dumps(ledger))
    with closing(open_runtime()) as tieout:
        assert tieout.tokens is not None
