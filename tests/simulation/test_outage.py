"""Sage 100 away for eight hours on the virtual clock (T-28) while ten thousand orders come in.

Nothing is set aside, no attempt is burnt, and once it is back they are drained as fast as the same
installation posts as many that come in at once while everything answers.
"""

import time
from collections import Counter
from itertools import pairwise

import pytest

from figures.report import record
from simulation.installation import Installation
from simulation.judging import judge_installation
from simulation.pace import Pace, remind, settle, went_back
from simulation.shop import PAIR
from simulation.systems import Written
from tieout.domain.base import System
from tieout.domain.ledger import DocumentState

OUTAGE_S = 8 * 3600.0
BEGAN_S = 100.0
ORDERS = 10_000
CHANGED_EVERY = 10
"""Of how many orders one changes before Sage 100 is back."""
PAID_LATER = 500
"""How many orders get money while they are drained, or after."""
BURST_S = 120.0
"""Within how long they come in when nothing is away."""
SHARE_MIN = 0.9


def _place(installation: Installation, number: int) -> None:
    """Let somebody buy, and of some orders charge more before the outage ends."""
    simulation = installation.simulation
    source_id = installation.shop.place()
    installation.changed(source_id, is_new=True)
    if number % CHANGED_EVERY == 0:
        at_s = simulation.rng.uniform(simulation.passed_s, BEGAN_S + OUTAGE_S)
        simulation.at(at_s, lambda: _charge_more(installation, source_id))


def _charge_more(installation: Installation, source_id: str) -> None:
    installation.shop.charge_more(source_id)
    installation.changed(source_id)


def _pay(installation: Installation, source_id: str) -> None:
    known = len(installation.shop.versions[source_id])
    installation.shop.pay(source_id)
    if len(installation.shop.versions[source_id]) > known:
        installation.changed(source_id)


def _steady_s() -> float:
    """Return how long it takes to post as many orders that wait while everything answers."""
    installation = Installation(29, {})
    simulation = installation.simulation
    for number in range(ORDERS):
        at_s = BEGAN_S + BURST_S * number / ORDERS
        simulation.at(at_s, lambda: installation.changed(installation.shop.place(), is_new=True))
    pace = Pace(installation)
    remind(installation)
    simulation.run(BEGAN_S + BURST_S)
    settle(installation)
    simulation.close()
    assert len(pace.done_s) == ORDERS
    return pace.took_s(since_s=BEGAN_S + BURST_S)


@pytest.mark.tier2
def test_eight_hours_without_sage_set_nothing_aside_and_burn_no_attempt() -> None:
    started_s = time.monotonic()
    steady_s = _steady_s()
    installation = Installation(28, {})
    simulation = installation.simulation
    sage100 = installation.worlds[System.SAGE100]
    sage100.down_until_s = BEGAN_S + OUTAGE_S
    for number in range(ORDERS):
        at_s = BEGAN_S + OUTAGE_S * number / ORDERS
        simulation.at(at_s, lambda number=number: _place(installation, number))
    pace = Pace(installation)
    remind(installation)
    simulation.run(BEGAN_S + OUTAGE_S)
    ended_s = simulation.passed_s
    aside = len(installation.ledger.dead_letters())
    waiting = installation.ledger.conservation(PAIR).pending
    for source_id in simulation.rng.sample(sorted(installation.shop.versions), PAID_LATER):
        at_s = ended_s + simulation.rng.uniform(0, OUTAGE_S / 4)
        simulation.at(at_s, lambda source_id=source_id: _pay(installation, source_id))
    settle(installation)
    drained_s = pace.took_s(since_s=ended_s)
    judgement = judge_installation(installation)
    counts = installation.ledger.conservation(PAIR)
    attempts = installation.ledger.attempts()
    gaps_s = _gaps_s(installation.streams.probes)
    newest = installation.ledger.newest()
    source_ids = installation.ledger.source_ids()
    written = [one for world in installation.worlds.values() for one in world.written]
    several = _written_more_than_once(written, source_ids)
    simulation.close()
    record(
        "eight hours without Sage 100, virtual",
        seconds=round(time.monotonic() - started_s, 1),
        documents=ORDERS,
        versions=len(source_ids),
        waiting_at_the_end=waiting,
        calls_meanwhile=sage100.down_calls,
        dead_letters=aside,
        attempts_most=max(attempts),
        probe_gap_least_s=round(min(gaps_s), 1),
        drained_s=round(drained_s),
        drained_per_s=round(ORDERS / drained_s, 2),
        steady_per_s=round(ORDERS / steady_s, 2),
        orders_written_in_several_versions=several,
    )
    assert waiting >= ORDERS, "not injected"
    assert several >= PAID_LATER / 20, "not injected"
    assert (aside, counts.dead_letter, counts.pending) == (0, 0, 0)
    assert Counter(one.state for one in newest.values()) == {DocumentState.DONE: ORDERS}
    assert max(attempts) == 1
    assert min(gaps_s) >= 60.0
    assert list(went_back(written, source_ids)) == []
    assert judgement.is_clean, judgement.wrongs
    assert steady_s / drained_s >= SHARE_MIN


def test_a_write_that_goes_back_is_named() -> None:
    source_ids = {1: "5001", 2: "5001", 3: "5002"}
    writes = [Written("order_deposit", one) for one in (2, 3, 1)]
    assert list(went_back(writes, source_ids)) == ["order_deposit of order 5001: 2, and then 1"]
    assert not list(went_back(sorted(writes), source_ids))


def _written_more_than_once(written: list[Written], source_ids: dict[int, str]) -> int:
    """Return of how many orders a target took more than one version."""
    taken: dict[tuple[str, str], set[int]] = {}
    for one in written:
        taken.setdefault((one.entity, source_ids[one.document_id]), set()).add(one.document_id)
    return len({source_id for (_entity, source_id), ids in taken.items() if len(ids) > 1})


def _gaps_s(probes: list[tuple[str, float]]) -> list[float]:
    """Return how far apart the probes of one stream are, the closest of each stream."""
    times: dict[str, list[float]] = {}
    for name, at_s in probes:
        times.setdefault(name, []).append(at_s)
    assert Counter(name for name, _at in probes), "not injected"
    return [b - a for of_one in times.values() for a, b in pairwise(of_one)] or [60.0]
