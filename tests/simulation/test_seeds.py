"""The sync core under faults, seed by seed: nothing lost, nothing doubled, whatever strikes.

``pytest tests/simulation --seed N``, or TIEOUT_SEED=N, runs one seed again exactly as it was.
"""

import time

import pytest

from figures.report import record
from simulation.seeds import run_seed
from simulation.summing import PROCESSES, Sum, run_seeds, run_seeds_at_once

SEEDS = range(200)
SEEDS_NIGHTLY = range(1_000, 6_000)


def judge(total: Sum, name: str, seconds: float) -> None:
    record(name, seconds=round(seconds, 1), **total.figures())
    assert not total.failed, total.text()
    assert total.not_injected == [], f"not injected: {total.not_injected}"


def test_two_hundred_seeds_lose_and_double_nothing(only_seed: int | None) -> None:
    started_s = time.monotonic()
    if only_seed is not None:
        outcome = run_seed(only_seed)
        print("\n".join(outcome.trace))  # noqa: T201 - what --seed is asked for
        assert not outcome.wrongs, outcome.text()
        return
    judge(run_seeds(SEEDS), "simulated seeds", time.monotonic() - started_s)


@pytest.mark.tier2
def test_five_thousand_seeds_lose_and_double_nothing() -> None:
    started_s = time.monotonic()
    total = run_seeds_at_once(SEEDS_NIGHTLY, PROCESSES)
    judge(total, "five thousand simulated seeds", time.monotonic() - started_s)
