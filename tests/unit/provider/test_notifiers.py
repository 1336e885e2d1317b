"""The alerts, in a process of their own, as Airflow's dag-processor and triggerer run them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from wire import Reply, Wire, serving

FAILED_TASK = """
from types import SimpleNamespace
from tieout.provider.notifiers import FailureNotifier
ti = SimpleNamespace(dag_id="order_to_cash", task_id="pair.write_invoices", run_id="run 1")
FailureNotifier().notify({"ti": ti, "exception": ValueError("Xero is down.")})
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


def test_a_run_past_its_deadline_is_told(tmp_path: Path) -> None:
    (request,) = alerted(LATE_RUN, tmp_path).received
    assert "run 1 is past its deadline" in request.json()["text"]


def test_without_an_alerts_connection_the_log_says_it(tmp_path: Path) -> None:
    ended = run(FAILED_TASK, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "Xero is down." in ended.stderr + ended.stdout
