"""One installation in virtual time: the real use cases, run as Airflow runs them, over simulations.

Runs start by the clock and when a webhook lands; a task is tried again as provider.retry says, or
put off as provider.runtime does; one whose worker died or went silent is started anew, whether or
not the old one still lives.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from fake_streams import FakeStreams
from fakes import ItemGate
from records import waits_for_people_alone
from simulation.engine import START, Actor, Faults, Locks, Simulation
from simulation.open_ledger import OpenLedger
from simulation.shop import DOMAIN, PAIR, SimulatedShop, hint
from simulation.systems import SimulatedSage100, SimulatedXero, World
from tieout.domain.base import BatchId, System
from tieout.domain.ledger import NewInboxEntry, Origin, Watermark
from tieout.errors import (
    FatalError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
    StreamPausedError,
    TieoutError,
    UnavailableError,
    UnsettledError,
)
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.settings import load_pairs
from tieout.usecases.capture import capture
from tieout.usecases.flow import Flow
from tieout.usecases.steps import run_step

INCLUDE = Path(__file__).parents[2] / "include"
SWEEP_EVERY_S = 900.0
RUNS_MAX = 4
"""How many runs are at work at once, as there are workers; the others wait their turn."""
RETRIES = 5
PUT_OFF_MIN_S = 5.0
HEARTBEAT_S = 300.0
"""How long a silent task is waited for; then another attempt starts beside it."""
HOST_LOST_MAX_S = 500.0
"""How long it takes at the most until a task whose host is gone starts anew."""
WEBHOOK_TRIES = 8
STAGES: tuple[tuple[str, ...], ...] = (
    ("shop_order",),
    ("contact", "customer"),
    ("invoice",),
    ("sales_order",),
    ("inventory_level", "payment", "order_deposit", "invoice_note"),
    ("cash_receipt",),
    ("order_status",),
)
"""The steps of order-to-cash; those of one stage run side by side, as in provider.pipelines."""


class SteppedLedger:
    """A ledger whose every call takes time, and may be the last thing that its caller does."""

    def __init__(self, simulation: Simulation, ledger: OpenLedger | FakeStreams) -> None:
        self.simulation = simulation
        self.behind = ledger

    def __getattr__(self, name: str) -> Callable[..., Any]:
        act = getattr(self.behind, name)
        simulation = self.simulation

        def call(*given: Any, **named: Any) -> Any:
            simulation.pass_by(f"ledger {name}")
            if simulation.strikes("ledger lost before the commit"):
                raise UnavailableError("The connection broke.", remedy="Try again.")
            answer = act(*given, **named)
            if simulation.strikes("ledger lost after the commit"):
                raise UnavailableError("The connection broke.", remedy="Try again.")
            simulation.pass_by(f"ledger {name} committed")
            return answer

        self.__dict__[name] = call
        return call

    def locks(self, names: Sequence[str]) -> Locks:
        """Hold locks among all actors."""
        return self.simulation.locks(names)


@cache
def _pair() -> Any:
    return load_pairs(INCLUDE)[PAIR]


@cache
def _mapper() -> YamlMapper:
    return YamlMapper(INCLUDE, _pair())


@dataclass(frozen=True)
class Parts:
    """What an installation is made of; a seeded bug replaces one part."""

    ledger: Callable[[Simulation], OpenLedger] = lambda simulation: OpenLedger(simulation.clock)
    change: Callable[[Flow], Flow] = lambda flow: flow
    prepare: Callable[["Installation"], None] = lambda _installation: None


SOUND = Parts()


@dataclass(eq=False)
class Run:
    """One DAG run."""

    name: str
    interval: tuple[datetime, datetime] | None
    origin: Origin
    batch: BatchId | None = None
    waits_for: set[str] = field(default_factory=set)
    has_failed: bool = False
    stage: int = -1


@dataclass(eq=False)
class Task:
    """One task of a run, and the attempt that counts now."""

    run: Run
    step: str
    tries: int = 0
    actor: Actor | None = None


class Installation:
    """Shop, Xero, Sage 100, ledger, receiver, Airflow and people, in one process."""

    def __init__(self, seed: int, odds: dict[str, float], parts: Parts = SOUND) -> None:
        self.simulation = Simulation(seed, Faults(odds))
        simulation = self.simulation
        self.worlds = {system: World(simulation, system) for system in System}
        self.shop = SimulatedShop(self.worlds[System.SHOPIFY])
        self.ledger = parts.ledger(simulation)
        self.stepped = SteppedLedger(simulation, self.ledger)
        self.streams = FakeStreams(simulation.clock)
        self.flow = parts.change(
            Flow(
                pair=_pair(),
                ledger=self.stepped,
                streams=SteppedLedger(simulation, self.streams),
                xero=SimulatedXero(self.worlds[System.XERO], _pair()),
                sage100=SimulatedSage100(self.worlds[System.SAGE100], _pair()),
                shops={DOMAIN: self.shop},
                mapper=_mapper(),
                matcher=ProbabilityMatcher(),
                gate=ItemGate(),
                clock=simulation.clock,
            )
        )
        self.acked: set[str] = set()
        self.defects: list[str] = []
        self.is_ticking = True
        self._runs = 0
        self._active: list[Run] = []
        self._queued: list[Run] = []
        self._has_wake_up = False
        self._hints = 0
        self._on_their_way = 0
        # The flow has run before: from here on no interval may be left out.
        began = Watermark(
            pair=PAIR, source=System.SHOPIFY, resource=f"orders {DOMAIN}", read_through=START
        )
        self.ledger.land([], watermark=began)
        simulation.at(SWEEP_EVERY_S, self._tick)
        parts.prepare(self)

    # What comes in

    def changed(self, source_id: str, *, is_new: bool = False) -> None:
        """Let the shop tell of a change."""
        simulation = self.simulation
        self._hints += 1
        entry = hint(source_id, self.shop.newest(source_id), self._hints, is_new=is_new)
        if simulation.strikes("webhook lost"):
            return
        for _copy in range(2 if simulation.strikes("webhook twice") else 1):
            is_late = simulation.strikes("webhook out of order")
            delay_s = simulation.rng.uniform(60, 900) if is_late else simulation.rng.uniform(0.5, 9)
            self._deliver(entry, delay_s, tries=1)

    def _deliver(self, entry: NewInboxEntry, delay_s: float, *, tries: int) -> None:
        self._on_their_way += 1

        def ended(actor: Actor) -> None:
            self._on_their_way -= 1
            if actor.is_done and actor.error is None:
                self.acked.add(entry.event_id)
                self._wake_up()
            elif tries < WEBHOOK_TRIES:
                self._deliver(entry, 10.0 * 2**tries, tries=tries + 1)

        def arrive() -> None:
            self.simulation.spawn(
                f"receiver {entry.event_id} try {tries}",
                lambda: self.stepped.land([entry]),
                on_end=ended,
                is_mortal=True,
            )

        self.simulation.after(delay_s, arrive)

    # Airflow

    def _wake_up(self) -> None:
        if not self._has_wake_up:
            self._has_wake_up = True
            self.simulation.after(5.0, self._run_for_event)

    def _run_for_event(self) -> None:
        self._has_wake_up = False
        self.start(None)

    def _tick(self) -> None:
        if not self.is_ticking:
            return
        self.simulation.after(SWEEP_EVERY_S, self._tick)
        if not self.simulation.strikes("scheduler away"):
            now = self.simulation.clock.now()
            self.start((now - timedelta(seconds=SWEEP_EVERY_S), now))

    def start(
        self, interval: tuple[datetime, datetime] | None, *, origin: Origin = Origin.SWEEP
    ) -> None:
        """Start a run, or queue it behind those that are active."""
        self._runs += 1
        self._queued.append(Run(f"run-{self._runs}", interval, origin))
        self._start_queued()

    def backfill(self) -> None:
        """Read everything the shop has, whatever was read before: the full compare as well."""
        end = self.simulation.clock.now() + timedelta(seconds=1)
        self.start((START - timedelta(days=1), end), origin=Origin.BACKFILL)

    def _start_queued(self) -> None:
        while self._queued and len(self._active) < RUNS_MAX:
            run = self._queued.pop(0)
            self._active.append(run)
            self._attempt(Task(run, "capture"))

    def _attempt(self, task: Task) -> None:
        run = task.run
        task.tries += 1
        actor = self.simulation.spawn(
            f"{run.name} {task.step} try {task.tries}",
            lambda: self._work(run, task.step),
            on_end=lambda ended: self._ended(task, ended),
            is_mortal=True,
        )
        actor.on_pause = lambda: self.simulation.after(
            HEARTBEAT_S, lambda: self._give_up(task, actor)
        )
        task.actor = actor

    def _work(self, run: Run, step: str) -> object:
        if step == "capture":
            return capture(self.flow, interval=run.interval, origin=run.origin, claimed_by=run.name)
        assert run.batch is not None
        return run_step(self.flow, step, run.batch)

    def _give_up(self, task: Task, actor: Actor) -> None:
        """Start another attempt beside one that has been silent for too long."""
        if task.actor is actor and not actor.is_done and not actor.is_dead:
            self.simulation.hits["two attempts alive"] += 1
            self._retry(task, delay_s=0.0)

    def _ended(self, task: Task, actor: Actor) -> None:
        if task.actor is not actor:
            return
        if actor.is_dead:
            if self.simulation.strikes("run abandoned"):
                self._fail(task)
            else:
                rng = self.simulation.rng
                delay_s = rng.choice((5.0, rng.uniform(HEARTBEAT_S, HOST_LOST_MAX_S)))
                self._retry(task, delay_s=delay_s)
        elif actor.error is not None:
            self._failed(task, actor.error)
        else:
            if task.step == "capture":
                task.run.batch = actor.result
            self._done(task)

    def _failed(self, task: Task, error: Exception) -> None:
        if not isinstance(error, TieoutError):
            self.defects.append(f"{task.step}: {type(error).__name__}: {error}")
        self.simulation.say(f"{task.run.name} {task.step}: {error}")
        if isinstance(error, (FatalError, RejectedError)):
            self._fail(task)
        elif isinstance(error, (RateLimitedError, UnsettledError)) and error.retry_after_s:
            self._put_off(task, error.retry_after_s)
        elif isinstance(error, (RateLimitedError, StreamPausedError)):
            self._retry(task, delay_s=60.0)
        elif isinstance(error, OutcomeUnknownError):
            self._retry(task, delay_s=5.0)
        elif isinstance(error, RetryableError):
            self._retry(task, delay_s=min(5.0 * 2 ** (task.tries - 1), 300.0))
        else:
            self._fail(task)

    def _put_off(self, task: Task, wait_s: float) -> None:
        """Let the task go on when its time has come; nothing failed, and no try is used up."""
        task.actor = None
        task.tries -= 1
        self.simulation.after(max(wait_s, PUT_OFF_MIN_S), lambda: self._attempt(task))

    def _retry(self, task: Task, *, delay_s: float) -> None:
        task.actor = None
        if task.tries > RETRIES:
            self._fail(task)
        else:
            self.simulation.after(delay_s, lambda: self._attempt(task))

    def _fail(self, task: Task) -> None:
        task.run.has_failed = True
        self._done(task)

    def _done(self, task: Task) -> None:
        run = task.run
        run.waits_for.discard(task.step)
        if run.waits_for:
            return
        run.stage += 1
        if run.has_failed or run.batch is None or run.stage == len(STAGES):
            self._active.remove(run)
            self._start_queued()
            return
        run.waits_for = set(STAGES[run.stage])
        for step in STAGES[run.stage]:
            self._attempt(Task(run, step))

    # People

    def replay_by_two(self) -> None:
        """Let two people put the same dead letter back at once."""
        letters = self.ledger.dead_letters()
        if not letters:
            return
        letter = self.simulation.rng.choice(letters)
        self.simulation.hit("replayed by two")
        won: list[str] = []

        def replay(person: str) -> None:
            try:
                self.flow.ledger.replay(letter.dead_letter_id)
            except (RejectedError, UnavailableError):
                return
            won.append(person)
            if len(won) > 1:
                self.defects.append(f"dead letter {letter.dead_letter_id} was replayed twice")

        for person in ("one", "other"):
            self.simulation.spawn(f"person {person}", lambda person=person: replay(person))

    def correct_everything(self) -> None:
        """Let people correct what is wrong at the systems, and put every dead letter back."""
        self.shop.correct()
        for world in self.worlds.values():
            world.correct()
        for letter in self.ledger.dead_letters():
            self.ledger.replay(letter.dead_letter_id)

    @property
    def is_quiet(self) -> bool:
        """Say whether nothing goes on and nothing waits."""
        is_idle = not (self.simulation.actors or self._active or self._queued)
        is_settled = waits_for_people_alone(self.ledger)
        return is_idle and is_settled and self._on_their_way == 0 and not self._has_wake_up
