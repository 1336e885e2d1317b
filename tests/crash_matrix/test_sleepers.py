"""Workers that sleep past their lease and then send: what the targets refuse, and what they take.

T-09 and T-10 of the reliability design. Where the target refuses a second copy there is none; where
nothing does (a payment on what is still owed, a note), a sleeper whose locks were cut from it makes
one, and the sweep finds each and holds the stream. A worker that did not fall asleep fails as not
injected.
"""

import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from random import Random

import pytest

from crash_matrix.judging import gaps, judged, refuse_leftovers
from crash_matrix.seeds import seeds
from crash_matrix.sleepers import NAPS, PART_OF_THE_MONEY, Nap, Sandman, Sessions
from figures.report import record
from world import HARBOR, World, fresh_world

ROUNDS_NIGHTLY = 5
UNREFUSING = {"xero payment": "payment", "xero note": "invoice_note"}
"""The kinds of which nothing at the target refuses a second copy, as the findings name them."""


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[World]:
    with fresh_world(tmp_path_factory.mktemp("asleep"), postgres_url) as running:
        yield running


@pytest.mark.tier2
def test_a_worker_that_wakes_too_late_doubles_only_where_no_target_refuses(world: World) -> None:
    began = time.monotonic()
    (seed,) = seeds(1)
    sandman = Sandman(world, f"seed {seed}")
    sandman.warm_up()
    for naps in journeys(ROUNDS_NIGHTLY, Random(seed)):  # noqa: S311 - a seed repeats it
        try:
            sandman.lead(naps)
        except AssertionError as error:
            error.add_note(f"seed {seed}: {'; '.join(map(str, naps))}")
            raise
    found = judged(world)
    doubled = [*found.verdict.doubled, *found.copies]
    swept = world.tieout.sweep_doubles(HARBOR, is_whole=False)
    swept_kinds = Counter(one.entity for one in swept.doubles)
    record(
        "workers asleep past their lease",
        pauses=sandman.naps.total(),
        pauses_least=min(sandman.naps[nap] for nap in NAPS),
        sessions_cut=sum(n for nap, n in sandman.naps.items() if nap.sessions is Sessions.CUT),
        successors_blocked=sandman.blocked,
        sleepers=dict(sandman.woken),
        documents=found.verdict.counts["documents"],
        lost=len(found.verdict.lost),
        doubled=len(refused_by_target(doubled)),
        doubled_unrefused=dict(kinds_of(doubled)),
        doubled_found_by_sweep=dict(swept_kinds),
        streams_held=len(swept.held),
        phantom=len(found.verdict.phantom),
        acknowledged_not_done=len(found.verdict.acked_not_done),
        gaps=gaps(iter([found.verdict])),
        seeds=[seed],
        seconds=round(time.monotonic() - began, 1),
    )
    assert [str(nap) for nap in NAPS if sandman.naps[nap] < ROUNDS_NIGHTLY] == []
    assert refused_by_target(doubled) == []
    assert kinds_of(doubled) == swept_kinds, "a double that the sweep does not find"
    assert len(swept.held) == len(swept_kinds)
    extra = sum(found.verdict.gaps.values())
    assert extra == Decimal(PART_OF_THE_MONEY) * len(found.verdict.doubled), "another gap as well"
    missing = (found.verdict.lost, found.verdict.phantom, found.verdict.acked_not_done)
    assert missing == ((), (), ()), found.verdict.text()
    refuse_leftovers(found, f"seed {seed}")


def journeys(rounds: int, random: Random) -> Iterator[list[Nap]]:
    """Yield naps for one order each: one at every kind of write, together ``rounds`` times each."""
    decks: dict[str, list[Nap]] = {}
    for nap in NAPS * rounds:
        decks.setdefault(nap.death.entity, []).append(nap)
    for deck in decks.values():
        random.shuffle(deck)
    yield from (list(naps) for naps in zip(*decks.values(), strict=True))


def kinds_of(doubled: list[str]) -> Counter[str]:
    return Counter(UNREFUSING.get(" ".join(one.split(" ")[:2]), one) for one in doubled)


def refused_by_target(doubled: list[str]) -> list[str]:
    """Return the doubles of kinds whose target promises to refuse them."""
    return [one for one in doubled if not one.startswith(tuple(UNREFUSING))]
