"""Workers that are struck at a named point: killed there, or stopped and woken much later.

A worker is a fork of the test's process: warm, so that a kill costs milliseconds. The points are in
subclasses of the real ledger's parts; the product knows nothing of them.
"""

import http.client
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from typing_extensions import override

from fakes import FakeGate
from tieout.domain.base import BatchId, DeliveryId
from tieout.domain.ledger import Confirmation, Delivery, Fence, NewDelivery, Origin
from tieout.errors import RejectedError
from tieout.ledger.postgres import PostgresLedger
from tieout.usecases.capture import capture
from tieout.usecases.flow import Flow
from tieout.usecases.steps import ORDER_STEPS, run_step
from tieout.wiring.connections import LEDGER_CONNECTION, connections_in, ledger_url
from tieout.wiring.installation import open_tieout

DONE, BROKEN = 0, 1
POOL_SIZE = 4


class Point(StrEnum):
    """Where a worker is struck, in the order in which it passes by (RELIABILITY, T-01 to T-05)."""

    BEFORE_INTENT = "after the claim, before the intent"
    BEFORE_SEND = "after the intent, before the send"
    BEFORE_RECORD = "after the target's answer, before our record"
    IN_COMMIT = "inside the ledger's commit, before it is sent"
    AFTER_COMMIT = "after the commit, before the worker knows"
    BEFORE_END = "after the record, before the task's end"
    AT_SOCKET = "after every check, before the first byte"


KILL_POINTS = tuple(point for point in Point if point is not Point.AT_SOCKET)
"""A kill before the first byte is the one before the send: the ledger knows no difference."""
SLEEP_POINTS = (Point.BEFORE_SEND, Point.AT_SOCKET)


@dataclass(frozen=True)
class Death:
    """At which point of which kind of write a worker is struck."""

    point: Point
    entity: str

    def __str__(self) -> str:
        """Return the kind and the point, for people who must repeat it."""
        return f"{self.entity}: {self.point}"


def die() -> None:
    """End this process as a power cut would: no handler runs, nothing is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


def sleep() -> None:
    """Stop this process, as a host that swaps or a paused virtual machine does."""
    os.kill(os.getpid(), signal.SIGSTOP)


class DeadlyLedger(PostgresLedger):
    """The real ledger, in whose hands its worker is struck."""

    def __init__(
        self, url: str, death: Death | None = None, *, strike: Callable[[], None] = die
    ) -> None:
        super().__init__(url, application_name="tieout-deadly", pool_size=POOL_SIZE)
        self._death = death
        self._strike = strike
        self._entity = ""
        self._is_recording = False

    def arm(self, death: Death, *, strike: Callable[[], None] = die) -> None:
        """Strike at this point from now on."""
        self._death, self._strike = death, strike

    def _pass_by(self, point: Point) -> None:
        if self._death is not None and self._death == Death(point, self._entity):
            self._strike()

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
        if self._death == Death(Point.AT_SOCKET, self._entity):
            _before_first_byte(self._strike)
        return sent

    @override
    def confirm(self, confirmations: Sequence[Confirmation]) -> dict[DeliveryId, RejectedError]:
        self._pass_by(Point.BEFORE_RECORD)
        self._is_recording = True
        rejected = super().confirm(confirmations)
        self._is_recording = False
        return rejected

    @override
    def end_step(self, fence: Fence, *, lease_s: int | None = None) -> None:
        self._pass_by(Point.BEFORE_END)
        super().end_step(fence, lease_s=lease_s)


def _before_first_byte(strike: Callable[[], None]) -> None:
    """Strike once, when this process's next write over HTTP is about to reach its socket."""
    send = http.client.HTTPConnection.send

    def struck(connection: http.client.HTTPConnection, data: Any) -> None:
        # What follows mark_sent may read first; GraphQL reads by POST, and is struck there.
        if getattr(connection, "_method", None) != "GET":
            http.client.HTTPConnection.send = send  # type: ignore[method-assign]
            strike()
        send(connection, data)

    http.client.HTTPConnection.send = struck  # type: ignore[method-assign]


def fork(act: Callable[[], object], *, name: str) -> int:
    """Let a fork of this process act, and return its id."""
    child = os.fork()
    if child:
        return child
    code = BROKEN
    try:
        act()
        code = DONE
    except BaseException as error:  # noqa: BLE001 - the parent must hear of everything
        notes = "; ".join(getattr(error, "__notes__", ()))
        os.write(2, f"worker {name}: {type(error).__name__}: {error} {notes}\n".encode())
    finally:
        os._exit(code)  # no pytest in the child, and no clean-up of what is the parent's


def ended(child: int) -> int | None:
    """Wait for a fork's end; return its exit code, or None if it was killed."""
    _child, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def is_asleep(child: int) -> bool:
    """Wait until a fork stops or ends, and say whether it stopped."""
    _child, status = os.waitpid(child, os.WUNTRACED)
    return os.WIFSTOPPED(status)


def wake(child: int) -> int | None:
    """Let a stopped fork go on; return how it ended."""
    os.kill(child, signal.SIGCONT)
    return ended(child)


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
        return ended(fork(self._work, name=self.claimed_by))

    def _work(self) -> None:
        flow = self._flow()
        batch = capture(flow, interval=None, origin=Origin.SWEEP, claimed_by=self.claimed_by)
        if batch is None:
            return
        for step in ORDER_STEPS:
            run_step(flow, step, batch)

    def _flow(self) -> Flow:
        flow = replace(open_tieout(self.connections, self.include).flow(self.pair), gate=FakeGate())
        if self.death is not None:
            url = ledger_url(connections_in(self.connections)(LEDGER_CONNECTION))
            flow = replace(flow, ledger=DeadlyLedger(url, self.death))
        return self.change(flow)
