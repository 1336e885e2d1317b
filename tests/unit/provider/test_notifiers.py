"""The alerts, in a process of their own, as Airflow's dag-processor and triggerer run them.

Those of a gate's task come from the task itself.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fake_streams import FakeStreams
from fakes import FakeClock
from tieout.domain.base import System
from tieout.domain.streams import StreamState, source_stream
from tieout.provider import notifiers, operators
from tieout.provider.operators import GreatExpectationsGateOperator, KeepInStepOperator
from tieout.usecases.flow import StepReport
from two_ledgers import TwoLedgers
from wire import Reply, Wire, serving

FAILED_TASK = """
from types import SimpleNamespace
from tieout.provider.notifiers import FailureNotifier
ti = SimpleNamespace(dag_id="order_to_cash", task_id="pair.write_invoices", run_id="run 1")
FailureNotifier().notify({"ti": ti, "exception": ValueError("Xero is down.")})
"""
PAUSED = """
from types import SimpleNamespace
from tieout.errors import StreamPausedError
from tieout.provider import notifiers
answers = iter(ANSWERS)
def opened():
    told = next(answers)
    if isinstance(told, Exception):
        raise told
    return SimpleNamespace(streams=SimpleNamespace(tell=lambda name: told))
notifiers.open_runtime = opened
error = StreamPausedError("It pauses.", remedy="Wait.", stream="harbor/read/sage100")
ti = SimpleNamespace(dag_id="order_to_cash", task_id="pair.gate", run_id="run 1")
for _ in range(len(ANSWERS)):
    notifiers.FailureNotifier().notify({"ti": ti, "exception": error})
"""
LATE_RUN = """
import asyncio
from tieout.provider.notifiers import deadline_missed
asyncio.run(deadline_missed(context={"dag_run": {"dag_run_id": "run 1"}}))
"""


def run(script: str, home: Path, **told: str) -> subprocess.CompletedProcess[str]:
    kept = {key: text for key, text in os.environ.items() if not key.startswith("AIRFLOW")}
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**kept, "AIRFLOW_HOME": str(home), **told},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )


def alerted(script: str, home: Path) -> Wire:
    with serving(Reply()) as wire:
        connection = json.dumps({"conn_type": "http", "host": f"{wire.url}/alerts"})
        ended = run(script, home, AIRFLOW_CONN_TIEOUT_ALERTS=connection)
    assert ended.returncode == 0, ended.stderr
    return wire


def test_a_failed_task_is_told_in_one_line(tmp_path: Path) -> None:
    (request,) = alerted(FAILED_TASK, tmp_path).received
    assert request.json() == {
        "text": "Tieout: order_to_cash.pair.write_invoices failed in run 1: Xero is down."
    }


def test_of_a_stream_that_pauses_people_are_told_once(tmp_path: Path) -> None:
    script = PAUSED.replace("(ANSWERS)", "([True, False, False])")
    (request,) = alerted(script, tmp_path).received
    assert "failed in run 1: It pauses." in request.json()["text"]


def test_without_the_ledger_people_are_rather_told_twice(tmp_path: Path) -> None:
    away = "TieoutError('The ledger is away.', remedy='Wait.')"
    script = PAUSED.replace("(ANSWERS)", f"([{away}, False])")
    with_import = "from tieout.errors import TieoutError\n" + script
    assert len(alerted(with_import, tmp_path).received) == 1


def test_a_gate_whose_stream_pauses_tells_people_once_and_fails_no_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, streams = source_stream("harbor", "shop_order"), FakeStreams(FakeClock())
    while streams.judged(name, good=0, is_bad=True):
        pass
    report = StepReport(step="gate_orders", documents=30, confirmed=0, set_aside=20, paused=name)
    runtime = SimpleNamespace(streams=streams, run_step=lambda _entity, _batch_id: report)
    for module in (notifiers, operators):
        monkeypatch.setattr(module, "open_runtime", lambda: runtime)
    gate = GreatExpectationsGateOperator(
        task_id="gate", entity="shop_order", batch_id=7, pair="harbor"
    )
    with serving(Reply(), Reply()) as wire:
        connection = json.dumps({"conn_type": "http", "host": f"{wire.url}/alerts"})
        monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_ALERTS", connection)
        counted = [gate.execute({})["set_aside"] for _run in range(2)]
    assert counted == [20, 20]
    (request,) = wire.received
    stream = streams.stream(name)
    assert stream.state is StreamState.PAUSED
    text = f"Tieout: {name} is paused: {stream.reason} See 'tieout streams'."
    assert request.json() == {"text": text}


def test_of_a_record_that_keeps_changing_people_are_told_once_and_no_task_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    town = TwoLedgers()
    contact = town.add_contact("Acme", EmailAddress="a@acme.com")
    town.settle()
    with serving(Reply(), Reply()) as wire:
        connection = json.dumps({"conn_type": "http", "host": f"{wire.url}/alerts"})
        monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_ALERTS", connection)
        for number in range(13):
            town.edit(System.XERO, contact, EmailAddress=f"{number}@acme.com")
            town.clock.advance(60)
            town.tell()
            for step, run in town.steps():
                runtime = SimpleNamespace(run_step=lambda _step, _batch_id, run=run: run())
                monkeypatch.setattr(operators, "open_runtime", lambda runtime=runtime: runtime)
                operator = KeepInStepOperator(task_id=step, entity=step, batch_id=0, pair="harbor")
                operator.execute({})
    assert [one.cause for one in town.ledger.dead_letters()].count("keeps_changing") > 1
    (request,) = wire.received
    text = request.json()["text"]
    assert text.startswith("Tieout: harbor_and_pine: X-")
    assert "was written 10 times within an hour" in text


def test_a_run_past_its_deadline_is_told(tmp_path: Path) -> None:
    (request,) = alerted(LATE_RUN, tmp_path).received
    assert "run 1 is past its deadline" in request.json()["text"]


def test_without_an_alerts_connection_the_log_says_it(tmp_path: Path) -> None:
    ended = run(FAILED_TASK, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "Xero is down." in ended.stderr + ended.stdout
