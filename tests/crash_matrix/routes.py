"""Routes of orders through many deaths: one kill or two at every kind of write on their way.

A route places orders, lets workers carry them from step to step, and kills each of them. The next
worker takes up the step in which its predecessor died, as Airflow's next attempt of the task does.
A route's deaths are drawn from decks that hold every point of every kind equally often; the seed of
the drawing is all that it takes to repeat it.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random

from crash_matrix.judging import ledger_address
from crash_matrix.killed_orders import new_orders, place_paid, place_unpaid, take_money
from crash_matrix.killing import DONE, KILL_POINTS, DeadlyLedger, Death, Point, ended, fork
from fakes import FakeGate
from tieout.domain.base import BatchId
from tieout.domain.ledger import Origin
from tieout.usecases.capture import capture
from tieout.usecases.catalog import (
    CASH_RECEIPT,
    INVENTORY_LEVEL,
    ORDER_DEPOSIT,
    ORDER_STATUS,
    ORDER_TO_CASH,
    PAYMENT,
)
from tieout.usecases.flow import Flow
from tieout.usecases.steps import CRASHES_MAX, ORDER_STEPS, run_step
from tieout.wiring.installation import open_tieout
from world import HARBOR, INCLUDE, World

DEATHS = [Death(point, kind.entity) for kind in ORDER_TO_CASH for point in KILL_POINTS]
DEATHS_OF_A_KIND_MAX = CRASHES_MAX - 1
"""One more, and the record counts as one that brings its workers down."""
STEP_NAMES = list(ORDER_STEPS)
WITH_MONEY = {kind.entity for kind in (ORDER_DEPOSIT, PAYMENT, CASH_RECEIPT, ORDER_STATUS)}
"""The kinds that a route whose money comes later is killed at once the money is there."""
PASSED_ONCE = {
    # What was recorded is not recorded again.
    *(Death(Point.AFTER_COMMIT, kind.entity) for kind in ORDER_TO_CASH),
    # The shop's own count is often what we meant to set: the next worker finds it, and sends none.
    Death(Point.BEFORE_SEND, INVENTORY_LEVEL.entity),
}
ORDERS_OF_A_ROUTE = (1, 1, 1, 3)


@dataclass(frozen=True)
class Route:
    """How many orders travel together, whether their money comes later, and where workers die."""

    orders: int
    is_paid_later: bool
    deaths: tuple[Death, ...]
    """In the order of the steps; at most DEATHS_OF_A_KIND_MAX of one kind."""

    def __str__(self) -> str:
        """Return the route, for people who must repeat it."""
        money = "money later" if self.is_paid_later else "paid"
        return f"{self.orders} orders, {money}: {'; '.join(map(str, self.deaths))}"


def plan(rounds: int, random: Random) -> Iterator[Route]:
    """Yield routes that together pass ``rounds`` times by every death."""
    decks = {kind.entity: list(KILL_POINTS) * rounds for kind in ORDER_TO_CASH}
    for deck in decks.values():
        random.shuffle(deck)
    while any(decks.values()):
        is_paid_later = bool(decks[ORDER_DEPOSIT.entity])
        deaths = [
            Death(point, entity)
            for entity in sorted(decks, key=STEP_NAMES.index)
            if is_paid_later or entity != ORDER_DEPOSIT.entity
            for point in _drawn(decks[entity], entity, random)
        ]
        yield Route(random.choice(ORDERS_OF_A_ROUTE), is_paid_later, tuple(deaths))


def _drawn(deck: list[Point], entity: str, random: Random) -> list[Point]:
    """Draw one point or two; the second is one that a worker who takes over passes by as well."""
    wanted = random.randint(1, DEATHS_OF_A_KIND_MAX)
    points = [deck.pop() for _card in range(min(wanted, len(deck)))]
    if len(points) > len(set(points)) and Death(points[0], entity) in PASSED_ONCE:
        deck.insert(0, points.pop())
    return sorted(points, key=KILL_POINTS.index)


class NotInjectedError(AssertionError):
    """A strike that nobody felt: the run would prove nothing."""


@dataclass
class Traveler:
    """Runs orders along routes in one world, and counts who died where."""

    world: World
    name: str
    hits: Counter[Death] = field(default_factory=Counter)
    workers: int = 0
    _runs: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        """Open what every fork inherits: read once, and never used by this process itself."""
        self.ledger = DeadlyLedger(ledger_address(self.world))
        self._inherited = self._open()
        self._own = self._open()

    def _open(self) -> Flow:
        flow = open_tieout(self.world.configuration.connections, INCLUDE).flow(HARBOR)
        return replace(flow, gate=FakeGate(), ledger=self.ledger)

    def warm_up(self) -> None:
        """Post an order in this process, so that no fork imports or compiles anything."""
        place_paid(self.world, *new_orders(1))
        batch = self.capture("warm-up")
        for step in STEP_NAMES:
            run_step(self._own, step, batch)
        gc.collect()
        gc.freeze()  # a fork's collector would copy every page of what it inherits

    def follow(self, route: Route) -> None:
        """Lead orders along a route.

        Raises:
            NotInjectedError: A worker came through where it should have died.
            AssertionError: A worker that nobody struck did not come to its end.
        """
        drafts = new_orders(route.orders)
        if not route.is_paid_later:
            place_paid(self.world, *drafts)
            self._post(route.deaths)
            return
        place_unpaid(self.world, *drafts)
        self._post([death for death in route.deaths if death.entity not in WITH_MONEY])
        take_money(self.world, *drafts)
        self._post([death for death in route.deaths if death.entity in WITH_MONEY])

    def _post(self, deaths: Sequence[Death]) -> None:
        batch = self.capture(f"{self.name} {next(self._runs)}")
        begun = STEP_NAMES[0]
        for death in deaths:
            self._kill(batch, begun, death)
            begun = death.entity
        assert self.carry(batch, begun) == DONE

    def _kill(self, batch: BatchId, begun: str, death: Death) -> None:
        if self.carry(batch, begun, death) is not None:
            message = f"not injected: {death}"
            raise NotInjectedError(message)
        self.hits[death] += 1

    def capture(self, claimed_by: str) -> BatchId:
        """Capture and claim what waits, in this process."""
        batch = capture(self._own, interval=None, origin=Origin.SWEEP, claimed_by=claimed_by)
        assert batch is not None
        return batch

    def carry(self, batch: BatchId, begun: str, death: Death | None = None) -> int | None:
        """Let a worker carry a batch from a step to the end, or to its death; say how it ended."""

        def act() -> None:
            if death is not None:
                self.ledger.arm(death)
            self.run(batch, STEP_NAMES[STEP_NAMES.index(begun) :])

        return ended(self.fork(act, name=f"{self.name} {batch}"))

    def fork(self, act: Callable[[], object], *, name: str) -> int:
        """Let a fork act that shares no connection with this process."""
        self.ledger.close()
        self.workers += 1
        return fork(act, name=name)

    def run(self, batch: BatchId, steps: Sequence[str]) -> None:
        """Run steps over a batch: a fork's work."""
        for step in steps:
            run_step(self._inherited, step, batch)
