"""Workers that kill themselves at a named point, and how one is run to its death or to its end.

A worker is a fork of the test's process: warm, so that a kill costs milliseconds. The points are in
subclasses of the real ledger's parts; the product knows nothing of them.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection
from typing_extensions import override

from fakes import FakeGate
from tieout.domain.base import BatchId, DeliveryId
from tieout.domain.ledger import Delivery, Fence, Landed, NewBinding, NewDelivery, Origin
from tieout.ledger.postgres import PostgresLedger
from tieout.usecases.capture import capture
from tieout.usecases.flow import Flow
from tieout.usecases.steps import STEPS, run_step
from tieout.wiring import LEDGER_CONNECTION, connections_in, ledger_url, open_tieout

DONE, BROKEN = 0, 1


class Point(StrEnum):
    """Where a worker dies, in the order in which it passes by (RELIABILITY, T-01 to T-05)."""

    BEFORE_INTENT = "after the claim, before the intent"
    BEFORE_SEND = "after the intent, before the send"
    BEFORE_RECORD = "after the target's answer, before our record"
    IN_COMMIT = "inside the ledger's commit, before it is sent"
    AFTER_COMMIT = "after the commit, before the worker knows"
    BEFORE_END = "after the record, before the task's end"


@dataclass(frozen=True)
class Death:
    """At which point of which kind of write a worker dies."""

    point: Point
    entity: str


def die() -> None:
    """End this process as a power cut would: no handler runs, nothing is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


class DeadlyLedger(PostgresLedger):
    """The real ledger, in whose hands its worker dies."""

    def __init__(self, url: str, death: Death) -> None:
        super().__init__(url, application_name="tieout-deadly")
        self._death = death
        self._entity = ""
        self._is_recording = False

    def _pass_by(self, point: Point) -> None:
        if self._death == Death(point, self._entity):
            die()

    @contextmanager
    def _deadly(self) -> Iterator[Connection]:
        with super()._transaction() as connection:
            yield connection
            if self._is_recording:
                self._pass_by(Point.IN_COMMIT)
        if self._is_recording:
            self._pass_by(Point.AFTER_COMMIT)

    @override
    def _transaction(self) -> AbstractContextManager[Connection]:
        return self._deadly()

    @override
    def begin_step(self, batch_id: BatchId, step: str, *, lease_s: int) -> Fence:
        self._entity = step
        return super().begin_step(batch_id, step, lease_s=lease_s)

    @override
    def intend(
        self, deliveries: Sequence[NewDelivery], *, newest_wins: bool = False
    ) -> list[Delivery]:
        self._pass_by(Point.BEFORE_INTENT)
        return super().intend(deliveries, newest_wins=newest_wins)

    @override
    def mark_sent(
        self, delivery_ids: Sequence[DeliveryId], *, fence: Fence, lease_s: int
    ) -> list[Delivery]:
        sent = super().mark_sent(delivery_ids, fence=fence, lease_s=lease_s)
        self._pass_by(Point.BEFORE_SEND)
        return sent

    @override
    def confirm(self, delivery_id: DeliveryId, landed: Landed, binding: NewBinding | None) -> None:
        self._pass_by(Point.BEFORE_RECORD)
        self._is_recording = True
        super().confirm(delivery_id, landed, binding)
        self._is_recording = False

    @override
    def end_step(self, fence: Fence) -> None:
        self._pass_by(Point.BEFORE_END)
        super().end_step(fence)


Change = Callable[[Flow], Flow]


@dataclass(frozen=True)
class Worker:
    """One run of a pair's flow: where, under which name, how it dies, what is broken in it."""

    connections: Path
    include: Path
    pair: str
    claimed_by: str
    death: Death | None = None
    change: Change = lambda flow: flow

    def run(self) -> int | None:
        """Fork, capture and run every step; return the exit code, or None if it died."""
        child = os.fork()
        if child == 0:
            code = BROKEN
            try:
                self._work()
                code = DONE
            except BaseException as error:  # noqa: BLE001 - the parent must hear of everything
                said = f"worker {self.claimed_by}: {type(error).__name__}: {error}\n"
                os.write(2, said.encode())
            finally:
                os._exit(code)  # no pytest in the child, and no clean-up of what is the parent's
        _child, status = os.waitpid(child, 0)
        return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)

    def _work(self) -> None:
        flow = self._flow()
        batch = capture(flow, interval=None, origin=Origin.SWEEP, claimed_by=self.claimed_by)
        if batch is None:
            return
        for step in STEPS:
            run_step(flow, step, batch)

    def _flow(self) -> Flow:
        flow = replace(open_tieout(self.connections, self.include).flow(self.pair), gate=FakeGate())
        if self.death is not None:
            url = ledger_url(connections_in(self.connections)(LEDGER_CONNECTION))
            flow = replace(flow, ledger=DeadlyLedger(url, self.death))
        return self.change(flow)
