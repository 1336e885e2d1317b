"""No call too many, hardly a call too few, and the lanes in their order: over many seeds."""

from random import Random
from statistics import median

import pytest

from budget.rush import Rush
from tieout.domain.budget import Lane, Limit
from tieout.simulators.xero.limits import Limits

SEEDS = range(4)
MINUTES = 6
SECONDS = MINUTES * 60.0
CROWDS = {
    "events": {"event": 20},
    "polls": {"poll": 20},
    "backfill": {"backfill": 20},
    "all": {"event": 3, "poll": 10, "backfill": 20},
}


def rush(seed: int, lanes: dict[str, int], *, is_shared: bool = True, dies: float = 0.0) -> Rush:
    """Return a rush of so many workers in each lane, at a vendor of the seed's slowness."""
    scene = Rush(Random(seed), is_shared=is_shared)  # noqa: S311 - no secret
    scene.slowest_s = scene.rng.choice([0.2, 1.0, 2.0])
    for lane, workers in lanes.items():
        for _worker in range(workers):
            scene.start(scene.worker(Lane(lane), dies=dies), after_s=scene.rng.uniform(0, 5))
    return scene


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("crowd", CROWDS)
def test_no_call_is_refused_and_nine_of_ten_are_used(crowd: str, seed: int) -> None:
    scene = rush(seed, CROWDS[crowd])
    scene.run(SECONDS)
    assert scene.refused == {}
    assert scene.used_share(SECONDS) >= 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_shared_budget_two_workers_are_refused(seed: int) -> None:
    scene = rush(seed, {"event": 2}, is_shared=False)
    scene.slowest_s = 0.2
    scene.run(SECONDS)
    assert scene.refused[Limit.MINUTE] > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_workers_that_die_in_a_call_let_nobody_make_one_too_many(seed: int) -> None:
    scene = rush(seed, {"event": 40}, dies=0.05)
    scene.run(SECONDS)
    assert scene.refused == {}
    assert len(scene.calls.running) <= 5


@pytest.mark.parametrize("seed", SEEDS)
def test_an_event_does_not_wait_for_a_backfill(seed: int) -> None:
    scene = rush(seed, {"backfill": 20, "poll": 5})
    for minute in range(1, MINUTES):
        scene.start(scene.worker(Lane.EVENT, calls=10), after_s=minute * 60)
    scene.run(SECONDS)
    waited = scene.waited_s[Lane.EVENT]
    assert len(waited) == 10 * (MINUTES - 1)
    assert scene.refused == {}
    assert max(waited) <= 10
    assert median(waited) <= 1
    assert scene.used_share(SECONDS) >= 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_a_poll_does_not_wait_for_a_backfill(seed: int) -> None:
    scene = rush(seed, {"backfill": 20})
    for minute in range(1, MINUTES):
        scene.start(scene.worker(Lane.POLL, calls=10), after_s=minute * 60)
    scene.run(SECONDS)
    waited = scene.waited_s[Lane.POLL]
    assert len(waited) == 10 * (MINUTES - 1)
    assert scene.refused == {}
    assert max(waited) <= 10


@pytest.mark.parametrize("seed", SEEDS)
def test_beside_others_who_know_no_budget_few_calls_are_refused(seed: int) -> None:
    scene = rush(seed, {"event": 20})
    scene.start(scene.others(per_minute=20))
    scene.run(SECONDS)
    assert scene.refused.total() <= 0.1 * scene.taken.total()


def test_a_backfill_leaves_a_quarter_of_the_day_and_the_day_is_never_refused() -> None:
    scene = rush(1, {"backfill": 5})
    scene.limits = Limits(per_day=1000)
    scene.meter.limits = scene.limits
    scene.run(30 * 60)
    assert scene.refused == {}
    assert 740 <= scene.taken[Lane.BACKFILL] <= 750
    scene.start(scene.worker(Lane.EVENT))
    scene.run(10 * 60)
    assert scene.taken[Lane.EVENT] == 1000 - scene.taken[Lane.BACKFILL]
    assert scene.refused.total() <= 1  # one call asks when the day ends
