"""Kills at every named point of every kind of write: one document each, the oracle clean.

Real processes, PostgreSQL, simulators and agent. A point that no worker died at fails as not
injected; a new kind of write joins by its row in the catalog.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crash_matrix.judging import Judged, gaps, judged, refuse_faults
from crash_matrix.killing import KILL_POINTS, Death, Point, ended, fork
from crash_matrix.routes import DEATHS, NotInjectedError, Route, Traveler, plan
from crash_matrix.seeds import seeds
from figures.report import record
from tieout.usecases.steps import CRASHES_MAX
from world import World, fresh_world

ROUNDS_NIGHTLY = 30
"""How often each of the two worlds of a night passes by every point of every kind."""
WORLDS_NIGHTLY = 2
JUDGED_EVERY = 500
"""How many kills lie between two judgements, so that a fault is found near its cause."""
SEED = 1


def travel(world: World, seed: int, rounds: int) -> Traveler:
    """Follow the routes of a seed to their end, judging on the way."""
    traveler = Traveler(world, f"seed {seed}")
    traveler.warm_up()
    judged_at = 0
    routes = plan(rounds, Random(seed))  # noqa: S311 - what is drawn must be drawn again by a seed
    for number, route in enumerate(routes, start=1):
        where = f"seed {seed}, route {number}: {route}"
        try:
            traveler.follow(route)
        except AssertionError as error:
            error.add_note(where)
            raise
        if traveler.hits.total() - judged_at >= JUDGED_EVERY:
            judged_at = traveler.hits.total()
            refuse_faults(judged(world), where)
    return traveler


def report(name: str, hits: Counter[Death], found: Sequence[Judged], **more: Any) -> None:
    """Record the figures of all worlds of one run."""
    record(
        name,
        kills=hits.total(),
        kills_per_point={
            point: sum(hits[death] for death in hits if death.point is point)
            for point in KILL_POINTS
        },
        kills_least=min(hits[death] for death in DEATHS),
        documents=sum(one.verdict.counts["documents"] for one in found),
        deliveries=sum(one.verdict.counts["deliveries"] for one in found),
        lost=sum(len(one.verdict.lost) for one in found),
        doubled=sum(len(one.verdict.doubled) + len(one.copies) for one in found),
        phantom=sum(len(one.verdict.phantom) for one in found),
        acknowledged_not_done=sum(len(one.verdict.acked_not_done) for one in found),
        in_doubt=sum(one.conservation.in_doubt for one in found),
        in_doubt_most_s=max(one.in_doubt_most_s for one in found),
        gaps=gaps(one.verdict for one in found),
        **more,
    )


def refuse_missed(hits: Counter[Death], at_least: int) -> None:
    missed = [str(death) for death in DEATHS if hits[death] < at_least]
    assert missed == [], "not injected"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[World]:
    """A world whose orders come by webhook."""
    with fresh_world(tmp_path_factory.mktemp("killed"), postgres_url) as running:
        yield running


def test_a_kill_at_every_point_of_every_write_leaves_one_document_each(world: World) -> None:
    began = time.monotonic()
    traveler = travel(world, SEED, 1)
    found = judged(world)
    report(
        "kills at every point",
        traveler.hits,
        [found],
        seeds=[SEED],
        seconds=round(time.monotonic() - began, 1),
    )
    refuse_missed(traveler.hits, 1)
    refuse_faults(found, f"seed {SEED}")


def test_a_worker_that_comes_through_where_it_should_have_died_fails_the_run(world: World) -> None:
    paid_at_once = Route(
        1, is_paid_later=False, deaths=(Death(Point.BEFORE_SEND, "order_deposit"),)
    )

    with pytest.raises(NotInjectedError, match="order_deposit: after the intent, before the send"):
        Traveler(world, "vain").follow(paid_at_once)


def test_every_seed_draws_every_death_equally_often_and_never_three_in_a_row() -> None:
    routes = list(plan(3, Random(SEED)))  # noqa: S311 - what is drawn must be drawn again by a seed

    drawn = Counter(death for route in routes for death in route.deaths)
    assert drawn == Counter(DEATHS * 3)
    in_a_row = [Counter(death.entity for death in route.deaths) for route in routes]
    assert max(most for route in in_a_row for most in route.values()) == CRASHES_MAX - 1


@pytest.mark.tier2
def test_three_thousand_kills_leave_one_document_each(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str
) -> None:
    began = time.monotonic()
    with ExitStack() as stack:
        folders = [tmp_path_factory.mktemp(f"killed{one}-") for one in range(WORLDS_NIGHTLY)]
        worlds = [stack.enter_context(fresh_world(one, postgres_url)) for one in folders]
        chosen = seeds(WORLDS_NIGHTLY)
        hits = side_by_side(worlds, chosen, folders)
        found = [judged(world) for world in worlds]
    report(
        "three thousand kills",
        hits,
        found,
        seeds=chosen,
        seconds=round(time.monotonic() - began, 1),
    )
    refuse_missed(hits, ROUNDS_NIGHTLY * WORLDS_NIGHTLY)
    for one, seed in zip(found, chosen, strict=True):
        refuse_faults(one, f"seed {seed}")


def side_by_side(
    worlds: Sequence[World], chosen: Sequence[int], folders: Sequence[Path]
) -> Counter[Death]:
    """Travel in every world at once, each in a process of its own; return all kills."""

    def act(world: World, seed: int, folder: Path) -> None:
        hits = travel(world, seed, ROUNDS_NIGHTLY).hits
        felt = [[death.point.name, death.entity, hits[death]] for death in hits]
        (folder / "hits.json").write_text(json.dumps(felt))

    for world in worlds:
        world.tieout.ledger.close()  # a fork must not use this process's connections
    travelers = [
        fork(lambda args=args: act(*args), name=f"seed {args[1]}")
        for args in zip(worlds, chosen, folders, strict=True)
    ]
    assert [ended(traveler) for traveler in travelers] == [0] * len(worlds), "see above"
    hits: Counter[Death] = Counter()
    for folder in folders:
        for point, entity, struck in json.loads((folder / "hits.json").read_text()):
            hits[Death(Point[point], entity)] += struck
    return hits
