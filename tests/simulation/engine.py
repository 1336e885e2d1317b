"""Virtual time, and actors that take turns in it: one thread, one seed, the same run every time.

An actor is a greenlet. It gives up its turn at every ``pass_by``; what happens next is whatever is
due next, and how long each call takes is drawn from the seed, so that another seed is another
interleaving. An actor that is killed is never run again: no handler of it sees the kill, its locks
are free at once, and what it had sent is on its way all the same.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from types import TracebackType
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

from tieout.errors import UnavailableError

START = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
LOCK_WAIT_S = 60.0
PAUSE_MIN_S = 30.0
PAUSE_MAX_S = 1500.0
"""Longer than a lease, and than Xero remembers a key."""
DEADLY_SHARE = 0.05
"""Which share of the points is deadly in a seed: workers die there again and again."""
DEADLY_ODDS = 0.5
DEATHS_MAX = 4
TRACE_MAX = 60
"""How many of the last happenings a failing seed shows."""


class Clock:
    """The virtual present."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed_s)

    def at(self, passed_s: float) -> datetime:
        return START + timedelta(seconds=passed_s)


@dataclass(eq=False)
class Actor:
    """One worker, sender or person; ``is_mortal`` says whether faults may hit it."""

    name: str
    run: Callable[[], Any]
    on_end: Callable[["Actor"], None]
    is_mortal: bool = False
    on_pause: Callable[[], None] = lambda: None
    is_dead: bool = False
    is_done: bool = False
    is_cut_off: bool = False
    """Its connection to the ledger broke: locks that it thinks it holds may be somebody else's."""
    result: Any = None
    error: Exception | None = None
    let: Any = None
    waits_for: str = ""
    has_timed_out: bool = False
    locks: set[str] = field(default_factory=set)


@dataclass
class Faults:
    """How likely each fault is, by name; what is not named does not happen.

    ``is_on`` ends all of them: what comes after is the time in which everything must come to rest.
    """

    odds: dict[str, float]
    is_on: bool = True


class _Turn(greenlet):
    """A greenlet that knows whose it is."""

    actor: Actor


class Simulation:
    """The scheduler: actors and events in virtual time."""

    def __init__(self, seed: int, faults: Faults | None = None) -> None:
        self.seed = seed
        self.rng = Random(seed)  # noqa: S311 - to be repeatable is the point
        self.clock = Clock()
        self.faults = faults or Faults({})
        self.hits: Counter[str] = Counter()
        self.points: Counter[str] = Counter()
        self.trace: list[str] = []
        self.actors: list[Actor] = []
        self._graves: list[Actor] = []
        self._due: list[tuple[float, int, Actor | Callable[[], None]]] = []
        self._number = 0
        self._hub = getcurrent()
        self._holders: dict[str, Actor] = {}
        self._waiting: dict[str, list[Actor]] = {}
        self.deadly_points: frozenset[str] = frozenset()
        """Points that are deadly in every seed that has kills, whatever the lot says."""
        self._deadly: dict[str, int] = {}
        self._is_over = False

    @property
    def passed_s(self) -> float:
        """Return the virtual seconds since the start."""
        return self.clock.passed_s

    def say(self, what: str) -> None:
        """Add a line to the trace."""
        self.trace.append(f"{self.passed_s:9.1f} {what}")

    def strikes(self, fault: str) -> bool:
        """Say whether a fault happens now, and count it if so."""
        odds = self.faults.odds.get(fault, 0.0)
        if not self.faults.is_on or odds <= 0.0 or self.rng.random() >= odds:
            return False
        self.hit(fault)
        return True

    def hit(self, fault: str) -> None:
        """Count a fault that was injected."""
        self.hits[fault] += 1
        actor = self.current()
        self.say(f"{fault} hits {actor.name if actor else 'the world'}")

    def current(self) -> Actor | None:
        """Return the actor whose turn it is."""
        actor = getattr(getcurrent(), "actor", None)
        return None if self._is_over else actor

    def at(self, passed_s: float, act: Callable[[], None]) -> None:
        """Let something happen at a time."""
        self._push(passed_s, act)

    def after(self, delay_s: float, act: Callable[[], None]) -> None:
        """Let something happen later."""
        self._push(self.passed_s + delay_s, act)

    def spawn(
        self,
        name: str,
        run: Callable[[], Any],
        *,
        on_end: Callable[[Actor], None] = lambda _actor: None,
        is_mortal: bool = False,
    ) -> Actor:
        """Start an actor; ``on_end`` is called when it came to an end, or was killed."""
        actor = Actor(name, run, on_end, is_mortal=is_mortal)
        actor.let = _Turn(lambda: self._live(actor), parent=self._hub)
        actor.let.actor = actor
        self.actors.append(actor)
        self._push(self.passed_s, actor)
        return actor

    def _live(self, actor: Actor) -> None:
        try:
            actor.result = actor.run()
        except GreenletExit:
            return
        except Exception as error:  # noqa: BLE001 - the actor's end, good or bad, is its owner's
            actor.error = error
        actor.is_done = True

    def _push(self, passed_s: float, what: "Actor | Callable[[], None]") -> None:
        self._number += 1
        heapq.heappush(self._due, (passed_s, self._number, what))

    def run(self, until_s: float) -> None:
        """Let everything happen that is due until then."""
        while self._due and self._due[0][0] <= until_s:
            passed_s, _number, what = heapq.heappop(self._due)
            self.clock.passed_s = max(self.passed_s, passed_s)
            if not isinstance(what, Actor):
                what()
            elif not what.is_dead and not what.is_done and not what.waits_for:
                self._turn(what)
        self.clock.passed_s = max(self.passed_s, until_s)

    def _turn(self, actor: Actor) -> None:
        actor.let.switch()
        if actor.is_done or actor.is_dead:
            self._bury(actor)

    def _bury(self, actor: Actor) -> None:
        self.actors.remove(actor)
        if actor.is_dead:
            # Kept: a greenlet that is dropped would run its handlers, which a SIGKILL does not.
            self._graves.append(actor)
        for name in sorted(actor.locks):
            self._release(actor, name)
        actor.on_end(actor)

    def pass_by(self, point: str, *, least_s: float = 0.001, most_s: float = 0.02) -> None:
        """Give up the turn at a named point; the actor may never come back from it."""
        actor = self.current()
        if actor is None:
            if self._is_over and getcurrent() is not self._hub:
                raise GreenletExit
            return
        if actor.is_mortal:
            self.points[point] += 1
            if self._is_deadly(point) or self.strikes("killed"):
                self._kill(actor, point)
            self.may_pause(actor, "paused")
        self.sleep(self.rng.uniform(least_s, most_s))

    def _is_deadly(self, point: str) -> bool:
        """Say whether the actor dies here because in this seed so many do."""
        if point not in self._deadly:
            lot = Random(f"{self.seed} at {point}").random()  # noqa: S311 - repeatable
            can_be = self.faults.odds.get("killed", 0.0) > 0.0
            is_chosen = can_be and (lot < DEADLY_SHARE or point in self.deadly_points)
            self._deadly[point] = DEATHS_MAX if is_chosen else 0
        if not self.faults.is_on or not self._deadly[point] or self.rng.random() >= DEADLY_ODDS:
            return False
        self._deadly[point] -= 1
        self.hit("killed")
        return True

    def may_die(self, point: str, fault: str) -> None:
        """Kill the actor whose turn it is, if it is mortal and the fault strikes."""
        actor = self.current()
        if actor is not None and actor.is_mortal and self.strikes(fault):
            self._kill(actor, point)

    def may_pause(self, actor: Actor, fault: str) -> None:
        """Stop the actor for long, if the fault strikes; others may think it dead meanwhile."""
        if not self.strikes(fault):
            return
        if self.strikes("cut off while paused"):
            self.cut_off(actor)
        actor.on_pause()
        self.sleep(self.rng.uniform(PAUSE_MIN_S, PAUSE_MAX_S))

    def _kill(self, actor: Actor, point: str) -> None:
        self.say(f"{actor.name} dies at {point}")
        actor.is_dead = True
        self._hub.switch()
        raise GreenletExit

    def sleep(self, for_s: float) -> None:
        """Let virtual time pass for the actor whose turn it is."""
        actor = self.current()
        if actor is None:
            self.clock.passed_s += for_s
            return
        self._push(self.passed_s + for_s, actor)
        self._hub.switch()
        if self._is_over:
            raise GreenletExit

    def locks(self, names: Collection[str]) -> "Locks":
        """Return a context manager that holds locks among actors."""
        return Locks(self, sorted(set(names)))

    def acquire(self, actor: Actor, name: str) -> None:
        """Wait for a lock, at most 60 s."""
        holder = self._holders.setdefault(name, actor)
        if holder is actor:
            actor.locks.add(name)
            return
        self._waiting.setdefault(name, []).append(actor)
        actor.waits_for, actor.has_timed_out = name, False
        self.after(LOCK_WAIT_S, lambda: self._time_out(actor, name))
        self._hub.switch()
        if self._is_over:
            raise GreenletExit
        if actor.has_timed_out:
            self.hits["lock waited out"] += 1
            raise UnavailableError(f"Somebody holds {name!r}.", remedy="Try again later.")

    def _time_out(self, actor: Actor, name: str) -> None:
        if actor.waits_for == name and actor in self._waiting.get(name, []):
            self._waiting[name].remove(actor)
            actor.waits_for, actor.has_timed_out = "", True
            self._push(self.passed_s, actor)

    def _release(self, actor: Actor, name: str) -> None:
        actor.locks.discard(name)
        if self._holders.get(name) is not actor:
            return
        del self._holders[name]
        waiting = self._waiting.get(name, [])
        while waiting:
            heir = waiting.pop(0)
            if not heir.is_dead:
                self._holders[name] = heir
                heir.locks.add(name)
                heir.waits_for = ""
                self._push(self.passed_s, heir)
                return

    def release(self, actor: Actor, names: Collection[str]) -> None:
        """Give locks back."""
        for name in names:
            self._release(actor, name)

    def cut_off(self, actor: Actor) -> None:
        """Break the actor's connection: the database frees its locks, and it does not know."""
        if actor.locks:
            actor.is_cut_off = True
            for name in sorted(actor.locks):
                self._release(actor, name)

    def close(self) -> None:
        """Unwind every greenlet that is left; none of them reaches a port any more."""
        self._is_over = True
        left = [*self.actors, *self._graves]
        self.actors.clear()
        for actor in left:
            if actor.let:
                actor.let.throw(GreenletExit)


class Locks:
    """Locks held while a block runs, as the ledger's are: on a connection of their own."""

    def __init__(self, simulation: Simulation, names: Collection[str]) -> None:
        self._simulation = simulation
        self._names = list(names)
        self._actor: Actor | None = None

    def __enter__(self) -> None:
        self._actor = self._simulation.current()
        if self._actor is None:
            return
        self._actor.is_cut_off = False
        taken: list[str] = []
        try:
            for name in self._names:
                self._simulation.acquire(self._actor, name)
                taken.append(name)
        except UnavailableError:
            self._simulation.release(self._actor, taken)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        actor = self._actor
        if actor is None or kind is GreenletExit or actor.is_dead:
            return
        self._simulation.release(actor, self._names)
        was_cut_off, actor.is_cut_off = actor.is_cut_off, False
        if was_cut_off and error is None:
            raise UnavailableError("The connection that held the locks broke.", remedy="Go on.")
