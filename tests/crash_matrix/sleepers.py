"""Workers that stop between their last check and their send, and wake when all has gone on.

While one sleeps, a quarter of an hour passes on the clocks of the ledger and of Xero: its lease is
over, its key forgotten, and nothing it sent can still be on its way. It holds the locks of its
documents for as long as its sessions live, so it is put to sleep in two ways: with its sessions
alive, where its successor must wait; and with them cut, as by a failover, where only the target can
refuse what it sends when it wakes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import psycopg

from crash_matrix.judging import ledger_address
from crash_matrix.killed_orders import new_orders, place_unpaid, take_money
from crash_matrix.killing import (
    DONE,
    SLEEP_POINTS,
    Death,
    ended,
    is_asleep,
    sleep,
    wake,
)
from crash_matrix.routes import STEP_NAMES, WITH_MONEY, NotInjectedError, Traveler
from tieout.domain.base import BatchId
from tieout.errors import UnavailableError
from tieout.ledger.postgres import PostgresLedger
from tieout.usecases.catalog import ORDER_TO_CASH
from tieout.usecases.flow import LEASE_S

ASLEEP_S = LEASE_S + 60
SUCCESSOR_WAITS_S = 0.2
PART_OF_THE_MONEY = "5.00"
"""Xero refuses a second payment only once the first left nothing to pay."""
LEDGER_CLOCK = (
    "UPDATE tieout.batches SET lease_until = lease_until - make_interval(secs => %s)",
    "UPDATE tieout.deliveries SET sent_at = sent_at - make_interval(secs => %s)",
)
CUT = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'tieout-deadly'
"""


class Sessions(StrEnum):
    """What becomes of a sleeper's sessions with the ledger's database."""

    ALIVE = "alive"
    CUT = "cut"


class Successor(StrEnum):
    """Who takes over from a sleeper."""

    RETRY = "the next attempt of its task"
    RUN = "another run, which claims what its lease no longer holds"


@dataclass(frozen=True)
class Nap:
    """Where a worker falls asleep, and what happens meanwhile."""

    death: Death
    sessions: Sessions
    successor: Successor

    def __str__(self) -> str:
        """Return the nap, for people who must repeat it."""
        return f"{self.death}, sessions {self.sessions}, then {self.successor}"


NAPS = [
    Nap(Death(point, kind.entity), sessions, successor)
    for kind in ORDER_TO_CASH
    for point in SLEEP_POINTS
    for sessions, successor in (
        (Sessions.CUT, Successor.RETRY),
        (Sessions.CUT, Successor.RUN),
        (Sessions.ALIVE, Successor.RETRY),
    )
]


@dataclass
class Sandman(Traveler):
    """Leads orders past naps, and counts how each sleeper ended."""

    naps: Counter[Nap] = field(default_factory=Counter)
    blocked: int = 0
    """Successors that found the sleeper's documents locked."""
    woken: Counter[str] = field(default_factory=Counter)
    """How sleepers ended: they came through, or were told that they had lost."""

    def lead(self, naps: Sequence[Nap]) -> None:
        """Lead one order past naps, which follow each other in the order of the steps.

        Raises:
            NotInjectedError: A worker did not fall asleep.
        """
        drafts = new_orders(1)
        place_unpaid(self.world, *drafts)
        self._post_past([nap for nap in naps if nap.death.entity not in WITH_MONEY])
        take_money(self.world, *drafts, amount=PART_OF_THE_MONEY)
        self._post_past([nap for nap in naps if nap.death.entity in WITH_MONEY])

    def _post_past(self, naps: Sequence[Nap]) -> None:
        batch = self.capture(f"{self.name} {next(self._runs)}")
        begun = STEP_NAMES[0]
        for nap in naps:
            batch = self._nap(batch, begun, nap)
            begun = nap.death.entity
        assert self.carry(batch, begun) == DONE

    def _nap(self, batch: BatchId, begun: str, nap: Nap) -> BatchId:
        """Let a worker sleep and its successor take over; return the batch that goes on."""
        first, last = STEP_NAMES.index(begun), STEP_NAMES.index(nap.death.entity)

        def act() -> None:
            self.ledger.arm(nap.death, strike=sleep)
            self.run(batch, STEP_NAMES[first : last + 1])

        sleeper = self.fork(act, name=f"sleeper at {nap}")
        if not is_asleep(sleeper):
            message = f"not injected: {nap}"
            raise NotInjectedError(message)
        self.naps[nap] += 1
        self._let_time_pass()
        if nap.sessions is Sessions.ALIVE:
            self._find_locked(batch, last)
            self._awaken(sleeper)
        else:
            self._cut_sessions()
        if nap.successor is Successor.RUN:
            batch, first = self.capture(f"{self.name} {next(self._runs)}"), 0
        else:
            first = last
        successor = self.fork(lambda: self.run(batch, STEP_NAMES[first : last + 1]), name=str(nap))
        assert ended(successor) == DONE
        if nap.sessions is Sessions.CUT:
            self._awaken(sleeper)
        return batch

    def _awaken(self, sleeper: int) -> None:
        self.woken["came through" if wake(sleeper) == DONE else "was told it had lost"] += 1

    def _find_locked(self, batch: BatchId, step: int) -> None:
        """Let a successor try: it must neither send nor wait for ever."""

        def act() -> None:
            ledger = PostgresLedger(ledger_address(self.world), writer_wait_s=SUCCESSOR_WAITS_S)
            self._inherited = replace(self._inherited, ledger=ledger)
            try:
                self.run(batch, STEP_NAMES[step : step + 1])
            except UnavailableError:
                return
            message = "nobody held the sleeper's documents"
            raise NotInjectedError(message)

        assert ended(self.fork(act, name="blocked successor")) == DONE
        self.blocked += 1

    def _let_time_pass(self) -> None:
        with self._ask() as database:
            for statement in LEDGER_CLOCK:
                database.execute(statement, [ASLEEP_S])
        clock = f"{self.world.configuration.url('xero')}/_clock"
        self.world.call(clock, {"advance_seconds": ASLEEP_S})

    def _cut_sessions(self) -> None:
        with self._ask() as database:
            (cut,) = database.execute(CUT).fetchone() or (0,)
        assert cut > 0, "not injected: the sleeper had no session"

    def _ask(self) -> psycopg.Connection[tuple[int]]:
        return psycopg.connect(ledger_address(self.world))
