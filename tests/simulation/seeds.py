"""One seed: which faults, what happens in the shop, the run to rest, and the judgement."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from simulation.engine import TRACE_MAX
from simulation.installation import SOUND, SWEEP_EVERY_S, Installation, Parts
from simulation.judging import judge_installation
from simulation.shop import INDEX_LAG_LONG_S
from tieout.domain.base import System

ACTIVE_S = 3600.0
ROUNDS_MAX = 24
"""How many sweeps everything has to come to rest, once no fault strikes any more."""
LOOK_BEFORE_S = 10.0
"""How long before a sweep is looked whether everything is at rest."""
ORDERS = (4, 8)

ODDS: dict[str, tuple[float, float]] = {
    "killed": (0.002, 0.01),
    "killed with a write under way": (0.1, 0.5),
    "paused": (0.0005, 0.002),
    "paused before the socket": (0.02, 0.08),
    "cut off while paused": (0.5, 0.5),
    "run abandoned": (0.3, 0.45),
    "scheduler away": (0.1, 0.3),
    "xero away": (0.005, 0.02),
    "sage100 away": (0.005, 0.02),
    "shopify away": (0.005, 0.02),
    "429": (0.005, 0.03),
    "5xx before the commit": (0.02, 0.1),
    "5xx after the commit": (0.02, 0.1),
    "answer dropped after the commit": (0.02, 0.1),
    "late write": (0.05, 0.3),
    "ledger lost before the commit": (0.001, 0.005),
    "ledger lost after the commit": (0.001, 0.005),
    "bad record": (0.05, 0.15),
    "webhook lost": (0.2, 0.8),
    "webhook twice": (0.1, 0.3),
    "webhook out of order": (0.1, 0.3),
    "row visible late": (0.2, 0.6),
    "row visible far too late": (0.05, 0.2),
}
"""Between which odds each fault strikes, in the seeds that have it."""
HAVING_IT = 0.7
"""How many of the seeds have a fault at all."""
EXTREMES = {"webhook lost": 1.0, "row visible late": 0.9, "late write": 0.6}
"""How likely these are where a subscription is gone, an index lags, a target answers 504."""
HAVING_EXTREME = 0.3
DIRECTED = (
    "target refuses",
    "target lies",
    "backfill over live",
    "overlapping sweep",
    "replayed by two",
    "changed without a stamp",
    "changed while in flight",
)
"""Faults that the seed's story injects, rather than chance at a call."""


@dataclass(frozen=True)
class Outcome:
    """How one seed ended."""

    seed: int
    wrongs: tuple[str, ...]
    trace: tuple[str, ...]
    hits: Counter[str]
    points: Counter[str]
    excused: int
    documents: int
    drained_s: float

    def text(self) -> str:
        """Return what went wrong, for people."""
        lines = "\n  ".join(self.wrongs)
        trace = "\n  ".join(self.trace[-TRACE_MAX:])
        return (
            f"seed {self.seed}: pytest tests/simulation --seed {self.seed}\n  {lines}\n"
            f"the last of {len(self.trace)} happenings:\n  {trace}"
        )


def odds_of(seed: int) -> dict[str, float]:
    """Return which faults the seed has, and how likely each is."""
    rng = Random(f"odds of {seed}")  # noqa: S311 - to be repeatable is the point
    odds = {
        name: rng.uniform(*between) for name, between in ODDS.items() if rng.random() < HAVING_IT
    }
    extremes = {name: most for name, most in EXTREMES.items() if rng.random() < HAVING_EXTREME}
    return odds | extremes


def run_seed(seed: int, parts: Parts = SOUND) -> Outcome:
    """Run one seed to its end and judge it."""
    installation = Installation(seed, odds_of(seed), parts)
    simulation = installation.simulation
    try:
        _write_story(installation)
        simulation.run(ACTIVE_S)
        simulation.faults.is_on = False
        began_s = simulation.passed_s
        wrongs = _come_to_rest(installation)
        drained_s = simulation.passed_s - began_s
        wrongs += judge_installation(installation, before_compare=True).wrongs
        installation.correct_everything()
        # The compare of that night: by then the index shows every row.
        simulation.run(max(simulation.passed_s, ACTIVE_S + INDEX_LAG_LONG_S))
        installation.backfill()
        wrongs += _come_to_rest(installation)
        judgement = judge_installation(installation)
        wrongs += [wrong for wrong in judgement.wrongs if wrong not in wrongs]
        return Outcome(
            seed=seed,
            wrongs=tuple(wrongs),
            trace=tuple(simulation.trace),
            hits=simulation.hits,
            points=simulation.points,
            excused=judgement.excused,
            documents=len(list(installation.ledger.document_rows())),
            drained_s=drained_s,
        )
    finally:
        simulation.close()


def _come_to_rest(installation: Installation) -> list[str]:
    """Let sweep after sweep run until nothing waits; say what still does in the end."""
    simulation = installation.simulation
    for _round in range(ROUNDS_MAX):
        rounds = int(simulation.passed_s // SWEEP_EVERY_S) + 1
        simulation.run((rounds + 1) * SWEEP_EVERY_S - LOOK_BEFORE_S)
        if installation.is_quiet:
            return []
    counts = installation.ledger.conservation("harbor_and_pine")
    actors = [actor.name for actor in simulation.actors]
    return [f"not at rest after {ROUNDS_MAX} sweeps: {counts}, at work: {actors}"]


def _write_story(installation: Installation) -> None:
    """Put into the calendar what people do: buy, pay, change, cancel, backfill, replay."""
    simulation = installation.simulation
    rng = simulation.rng
    for _order in range(rng.randint(*ORDERS)):
        simulation.at(rng.uniform(0, ACTIVE_S * 0.7), lambda: _buy(installation))
    for act, often in (
        (_backfill, 0.5),
        (_sweep_too, 0.5),
        (_replay, 0.7),
        (_replay, 0.7),
        (_edit_in_bulk, 0.4),
        (_refuse, 0.4),
        (_lie, 0.4),
    ):
        if rng.random() < often:
            simulation.at(rng.uniform(300, ACTIVE_S), lambda act=act: act(installation))


def _buy(installation: Installation) -> None:
    simulation = installation.simulation
    source_id = installation.shop.place()
    installation.changed(source_id, is_new=True)
    if simulation.rng.random() < 0.6:
        # Soon enough to meet the first version on its way, or late enough to meet it posted.
        delay_s = simulation.rng.choice((5.0, 15.0, 60.0, 600.0)) * simulation.rng.uniform(0.5, 2)
        simulation.after(delay_s, lambda: _change(installation, source_id))


def _change(installation: Installation, source_id: str) -> None:
    simulation = installation.simulation
    act = simulation.rng.choice(
        (installation.shop.pay, installation.shop.charge_more, installation.shop.cancel)
    )
    known = len(installation.shop.versions[source_id])
    act(source_id)
    if len(installation.shop.versions[source_id]) > known:
        if any(actor.name.startswith("run") for actor in simulation.actors):
            simulation.hit("changed while in flight")
        installation.changed(source_id)


def _edit_in_bulk(installation: Installation) -> None:
    """Change an order as a bulk job does: no stamp, no webhook."""
    if installation.shop.versions:
        source_id = installation.simulation.rng.choice(sorted(installation.shop.versions))
        installation.simulation.hit("changed without a stamp")
        installation.shop.charge_more(source_id, has_stamp=False)


def _backfill(installation: Installation) -> None:
    installation.simulation.hit("backfill over live")
    installation.backfill()


def _sweep_too(installation: Installation) -> None:
    installation.simulation.hit("overlapping sweep")
    now = installation.simulation.clock.now()
    installation.start((now - timedelta(seconds=2000), now))


def _replay(installation: Installation) -> None:
    installation.replay_by_two()


def _refuse(installation: Installation) -> None:
    """Let a system refuse an order until people correct it there."""
    rng = installation.simulation.rng
    if installation.shop.versions:
        world = installation.worlds[rng.choice((System.XERO, System.SAGE100))]
        world.refused_keys.add(f"{max(map(int, installation.shop.versions)) + 1}")


def _lie(installation: Installation) -> None:
    """Let a system book a cent too much."""
    rng = installation.simulation.rng
    if installation.shop.versions:
        world = installation.worlds[rng.choice((System.XERO, System.SAGE100))]
        world.lying_keys.add(f"{max(map(int, installation.shop.versions)) + 1}")
