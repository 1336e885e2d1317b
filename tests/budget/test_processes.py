"""Two processes of many threads at the simulator's real limits, on a clock that runs faster."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from budget.fast import FastClock
from processes import free_port, running
from tieout.wiring.clock import SystemClock

FOLDER = Path(__file__).parent
MINUTES = 2
MINUTES_BY_NIGHT = 10
LATENCY_S = 0.3
CALLS_A_MINUTE = 60
EVENT_WAIT_S = 2.0
"""A call comes back about once a second when all are used."""


class Rush:
    """What the simulator counted and what the processes said."""

    def __init__(self, calls: int, refused: int, said: Sequence[dict[str, list[float]]]) -> None:
        self.calls = calls
        self.refused = refused
        self.said = said

    def waited_s(self, lane: str) -> list[float]:
        """Return what the turns of a lane took."""
        return [one for process in self.said for one in process.get(lane, ())]


def rush(
    folder: Path, ledger_url: str, how: str, *lanes: Sequence[str], minutes: int = MINUTES
) -> Rush:
    """Let processes with so many threads in those lanes call as often as they may."""
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    origin = SystemClock().now()
    server = [str(FOLDER / "fast.py"), origin.isoformat(), str(port), str(folder), str(LATENCY_S)]
    with running(server, ready_url=f"{url}/_health", env=path):
        from_s = (FastClock(origin).now() - origin).total_seconds() + 20
        given = [origin.isoformat(), url, ledger_url, how, str(from_s), str(from_s + minutes * 60)]
        processes = [
            subprocess.Popen(
                [sys.executable, str(FOLDER / "callers.py"), *given, *of_process],
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **path},
            )
            for of_process in lanes
        ]
        said = [json.loads(process.communicate()[0]) for process in processes]
        with urllib.request.urlopen(f"{url}/_calls", timeout=30) as answer:  # noqa: S310 - loopback
            counted: dict[str, Any] = json.load(answer)
    (organization,) = counted.values()
    return Rush(organization["count"], organization["refused"], said)


@pytest.mark.parametrize(
    "minutes", [MINUTES, pytest.param(MINUTES_BY_NIGHT, marks=pytest.mark.tier2)]
)
def test_two_processes_use_the_minutes_and_are_never_refused(
    tmp_path: Path, emptied_ledger_url: str, minutes: int
) -> None:
    lanes = [*["event"] * 2, *["poll"] * 4, *["backfill"] * 10]
    came = rush(tmp_path, emptied_ledger_url, "shared", lanes, lanes, minutes=minutes)
    assert came.refused == 0
    assert came.calls >= 0.9 * CALLS_A_MINUTE * minutes
    assert median(came.waited_s("event")) <= EVENT_WAIT_S


def test_with_a_budget_each_two_processes_are_refused(
    tmp_path: Path, emptied_ledger_url: str
) -> None:
    came = rush(tmp_path, emptied_ledger_url, "apart", ["poll"] * 3, ["poll"] * 3)
    assert came.refused > 0
