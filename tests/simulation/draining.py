"""Sage 100 away for hours while orders come in and change, and what comes of them once it is back.

Money comes bit by bit, so that most orders have several versions by then; each version wants
records that depend on others: a customer, a sales order, its deposit, a receipt.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from simulation.engine import START
from simulation.installation import SOUND, Installation, Parts
from simulation.judging import judge_installation
from simulation.pace import Pace, remind, settle, went_back
from simulation.shop import PAIR
from simulation.systems import Written
from tieout.domain.base import System
from tieout.domain.catch_up import PACE_WINDOW_S, CatchUp, catch_up
from tieout.domain.ramps import RAMPS, STEP_S
from tieout.domain.streams import read_stream

BEGAN_S = 100.0
HEARD_S = 600.0
"""How long before the end the last of them changes: what changes after it was posted is set aside.
"""
CHANGED_EVERY = 3
"""Of how many orders one changes twice before Sage 100 is back."""
PAID_LATER_EVERY = 5
"""Of how many orders one is paid while they are drained, or after."""
PROBES_MAX = 4
"""How many streams of Sage 100 may each try it once before the ramp counts what they send."""


@dataclass(frozen=True)
class Drained:
    """What an outage came to."""

    wrongs: tuple[str, ...]
    documents: int
    """Versions of orders that were queued while Sage 100 was away."""
    waiting: int
    dead_letters: int
    """How many there were when Sage 100 came back."""
    attempts_most: int
    drained_s: float
    by_minute: Mapping[int, int]
    """What was written to Sage 100 in each minute since it was back."""
    alerts: int
    estimate: CatchUp
    """Asked for when half of the orders were done."""
    ended_at: datetime
    calls_meanwhile: int
    several: int
    """Of how many orders Sage 100 took more than one version."""


def drain(orders: int, *, outage_s: float, seed: int = 7, parts: Parts = SOUND) -> Drained:
    """Simulate it whole, and judge it."""
    installation = Installation(seed, {}, parts)
    simulation, ledger = installation.simulation, installation.ledger
    sage100 = installation.worlds[System.SAGE100]
    back_s = BEGAN_S + outage_s
    sage100.down_until_s = back_s
    for number in range(orders):
        at_s = BEGAN_S + (outage_s - 2 * HEARD_S) * number / orders
        simulation.at(at_s, lambda number=number: _place(installation, number, back_s))
    pace = Pace(installation)
    alerts = _Alerts(installation)
    remind(installation)
    simulation.run(back_s)
    dead_letters = len(ledger.dead_letters())
    counted = ledger.conservation(PAIR)
    later = sorted(installation.shop.versions)[::PAID_LATER_EVERY]
    for source_id in later:
        at_s = back_s + simulation.rng.uniform(outage_s / 8, outage_s / 2)
        simulation.at(at_s, lambda source_id=source_id: _pay(installation, source_id))
    queued = len(ledger.source_ids())
    estimates: list[CatchUp] = []
    _estimate_at_half(installation, orders, pace, estimates)
    settle(installation)
    judgement = judge_installation(installation)
    source_ids = ledger.source_ids()
    back_at = installation.streams.stream(read_stream(PAIR, System.SAGE100)).back_at
    ramp_s = back_s if back_at is None else (back_at - START).total_seconds()
    by_minute = Counter(int((one.at_s - ramp_s) // STEP_S) for one in sage100.written)
    wrongs = [
        *judgement.wrongs,
        *went_back(sage100.written, source_ids),
        *over_ramp(by_minute),
        *(f"dead letter: {one.message}" for one in ledger.dead_letters()),
    ]
    if ledger.conservation(PAIR).pending:
        wrongs.append(f"{ledger.conservation(PAIR).pending} wait for ever")
    drained_s = pace.took_s(since_s=back_s)
    simulation.close()
    return Drained(
        wrongs=tuple(wrongs),
        documents=queued,
        waiting=counted.pending,
        dead_letters=dead_letters,
        attempts_most=max(ledger.attempts()),
        drained_s=drained_s,
        by_minute=by_minute,
        alerts=alerts.count,
        estimate=estimates[0],
        ended_at=simulation.clock.at(back_s + drained_s),
        calls_meanwhile=sage100.down_calls,
        several=_several(sage100.written, source_ids),
    )


def over_ramp(by_minute: Mapping[int, int]) -> Iterator[str]:
    """Name every minute in which Sage 100 was sent more than its ramp allows."""
    ramp = RAMPS[System.SAGE100]
    minute = 0
    while (allowed := ramp.per_minute(minute)) is not None:
        sent = by_minute.get(minute, 0)
        if sent > allowed + (PROBES_MAX if minute < PROBES_MAX else 0):
            yield f"minute {minute} after the return: {sent} records, {allowed} are allowed"
        minute += 1


def _place(installation: Installation, number: int, back_s: float) -> None:
    simulation = installation.simulation
    source_id = installation.shop.place()
    installation.changed(source_id, is_new=True)
    if number % CHANGED_EVERY == 0:
        for act in (installation.shop.charge_more, installation.shop.pay):
            at_s = simulation.rng.uniform(simulation.passed_s, back_s - HEARD_S)
            simulation.at(at_s, lambda act=act: _change(installation, source_id, act))


def _pay(installation: Installation, source_id: str) -> None:
    _change(installation, source_id, installation.shop.pay)


def _change(installation: Installation, source_id: str, act: object) -> None:
    known = len(installation.shop.versions[source_id])
    act(source_id)  # type: ignore[operator]
    if len(installation.shop.versions[source_id]) > known:
        installation.changed(source_id)


def _estimate_at_half(
    installation: Installation, orders: int, pace: Pace, estimates: list[CatchUp]
) -> None:
    """Ask, as ``tieout status`` does, once half of the orders are done."""
    simulation, ledger = installation.simulation, installation.ledger
    if len(pace.done_s) * 2 < orders:
        simulation.after(5.0, lambda: _estimate_at_half(installation, orders, pace, estimates))
        return
    waiting = ledger.conservation(PAIR).pending
    done = ledger.done_lately(PAIR, within_s=PACE_WINDOW_S)
    now = simulation.clock.now()
    estimates.append(catch_up(PAIR, waiting=waiting, done=done, now=now))


class _Alerts:
    """How often people would be told, if every look at the streams were a task that failed."""

    def __init__(self, installation: Installation) -> None:
        self.count = 0
        self._installation = installation
        self._look()

    def _look(self) -> None:
        streams = self._installation.streams
        self.count += sum(streams.tell(one.name) for one in streams.streams(PAIR))
        self._installation.simulation.after(STEP_S, self._look)


def _several(written: list[Written], source_ids: Mapping[int, str]) -> int:
    """Return of how many orders Sage 100 took more than one version."""
    taken: dict[tuple[str, str], set[int]] = {}
    for one in written:
        taken.setdefault((one.entity, source_ids[one.document_id]), set()).add(one.document_id)
    return len({source_id for (_entity, source_id), ids in taken.items() if len(ids) > 1})
