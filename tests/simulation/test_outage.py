"""Sage 100 away for eight hours on the virtual clock (T-28): nothing set aside, no attempt burnt.

With fewer documents than the catalog of faults asks for: the ledger in memory looks through all it
holds at every call.
"""

from collections import Counter
from itertools import pairwise

import pytest

from crash_matrix.report import record
from simulation.installation import SWEEP_EVERY_S, Installation
from simulation.judging import judge_installation
from tieout.domain.base import System

OUTAGE_S = 8 * 3600.0
BEGAN_S = 100.0
DOCUMENTS = 120
ROUNDS_MAX = 40


@pytest.mark.tier2
def test_eight_hours_without_sage_set_nothing_aside_and_burn_no_attempt() -> None:
    installation = Installation(28, {})
    simulation = installation.simulation
    installation.worlds[System.SAGE100].down_until_s = BEGAN_S + OUTAGE_S
    for number in range(DOCUMENTS):
        at_s = BEGAN_S + OUTAGE_S * number / DOCUMENTS
        simulation.at(at_s, lambda: installation.changed(installation.shop.place(), is_new=True))
    simulation.run(BEGAN_S + OUTAGE_S)
    ended_s = simulation.passed_s
    aside = len(installation.ledger.dead_letters())
    waiting = installation.ledger.conservation("harbor_and_pine").pending
    rounds = 0
    while not installation.is_quiet and rounds < ROUNDS_MAX:
        rounds += 1
        simulation.run(simulation.passed_s + SWEEP_EVERY_S / 3)
    judgement = judge_installation(installation)
    counts = installation.ledger.conservation("harbor_and_pine")
    attempts = installation.ledger.attempts()
    streams = installation.streams
    gaps_s = _gaps_s(streams.probes)
    record(
        "eight hours without Sage 100, virtual",
        documents=DOCUMENTS,
        waiting_at_the_end=waiting,
        calls_meanwhile=installation.worlds[System.SAGE100].down_calls,
        dead_letters=aside,
        attempts_most=max(attempts),
        probe_gap_least_s=round(min(gaps_s), 1),
        drained_s=round(simulation.passed_s - ended_s),
    )
    simulation.close()
    assert waiting > DOCUMENTS / 2, "not injected"
    assert (aside, counts.dead_letter, counts.done) == (0, 0, DOCUMENTS)
    assert max(attempts) == 1
    assert min(gaps_s) >= 60.0
    assert judgement.is_clean, judgement.wrongs


def _gaps_s(probes: list[tuple[str, float]]) -> list[float]:
    """Return how far apart the probes of one stream are, the closest of each stream."""
    times: dict[str, list[float]] = {}
    for name, at_s in probes:
        times.setdefault(name, []).append(at_s)
    assert Counter(name for name, _at in probes), "not injected"
    return [b - a for of_one in times.values() for a, b in pairwise(of_one)] or [60.0]
