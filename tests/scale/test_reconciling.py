"""Reconciling payments with open invoices: fast, in little memory, and no slower per document."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from figures.report import record

RECONCILER = Path(__file__).parent / "reconciling_payments.py"
ROOT = RECONCILER.parents[2]
FEW, MANY = 500, 50_000
SECONDS_MAX = 60.0
RSS_BYTES_MAX = 10**9
TIMES_MAX = 2.5
"""How much more of the processor's time twice as many on both sides may take."""
TURNS = 3
"""Each size is measured so often, in turn, and its best turn counts."""
TIMEOUT_S = 1800


@dataclass(frozen=True)
class Took:
    """What a process did and took."""

    payments: int
    invoices: int
    settlements: int
    variances: int
    conserved: bool
    as_planted: bool
    seconds: float
    cpu_s: float
    rss_bytes_max: int


def reconciled(count: int) -> Took:
    done = subprocess.run(
        [sys.executable, str(RECONCILER), str(count)],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'plugins'}:{ROOT / 'tests'}"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=TIMEOUT_S,
    )
    took = Took(**json.loads(done.stdout))
    assert took.conserved
    assert took.as_planted
    assert min(took.payments, took.invoices) >= count
    return took


def test_the_measurement_reconciles_what_was_planted() -> None:
    took = reconciled(FEW)
    assert took.settlements > took.variances > 0


@pytest.mark.bench
def test_fifty_thousand_payments_are_reconciled_in_a_minute() -> None:
    once, twice = [
        min(turns, key=lambda one: one.cpu_s)
        for turns in zip(
            *((reconciled(MANY), reconciled(2 * MANY)) for _ in range(TURNS)), strict=True
        )
    ]
    times = twice.cpu_s / once.cpu_s
    record(
        "fifty thousand payments against fifty thousand open invoices",
        payments=once.payments,
        invoices=once.invoices,
        settlements=once.settlements,
        variances=once.variances,
        seconds=once.seconds,
        cpu_s=once.cpu_s,
        rss_mb=once.rss_bytes_max / 10**6,
        times_for_twice_as_many=times,
    )
    assert once.seconds < SECONDS_MAX
    assert once.rss_bytes_max < RSS_BYTES_MAX
    assert times < TIMES_MAX
