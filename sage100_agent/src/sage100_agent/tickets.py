"""Tickets: how a request waits for the company's thread, and gives up without a lie.

A ticket that was given up before its write began is never written; one whose write has begun is in
doubt. What a write is belongs in worker.py.
"""

import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from sage100_agent.errors import AgentError

RETRY_AFTER_S = 5.0


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: HTTPStatus
    body: dict[str, Any]
    retry_after_s: float = RETRY_AFTER_S
    """When to ask again, where the status says that it may help."""


class AbandonedError(AgentError):
    """Nobody waits for the command any more, and nothing was written."""


def not_written(command_id: str, message: str, retry_after_s: float = RETRY_AFTER_S) -> Reply:
    """Answer that nothing was written and the same command may be sent again, and when."""
    body = {"command_id": command_id, "status": "not_written", "message": message}
    return Reply(HTTPStatus.SERVICE_UNAVAILABLE, body, retry_after_s)


def in_doubt(command_id: str) -> Reply:
    """Answer that a write may have happened; sending the same command again settles it."""
    return Reply(HTTPStatus.ACCEPTED, {"command_id": command_id, "status": "in_doubt"})


@dataclass
class Ticket:
    """One command in a company's queue."""

    command_id: str
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _done: threading.Event = field(default_factory=threading.Event)
    _is_announced: bool = False
    _is_abandoned: bool = False
    _reply: Reply | None = None

    def announce(self) -> None:
        """Say that the next step may write.

        Raises:
            AbandonedError: The request gave up; do not write.
        """
        with self._lock:
            if self._is_abandoned:
                message = "the request gave up waiting"
                raise AbandonedError(message)
            self._is_announced = True

    def answer(self, reply: Reply) -> None:
        """Deliver the reply."""
        self._reply = reply
        self._done.set()

    def wait(self, timeout_s: float) -> Reply:
        """Return the reply, or what can truthfully be said after ``timeout_s``."""
        self._done.wait(timeout_s)
        with self._lock:
            if self._reply is not None:
                return self._reply
            if self._is_announced:
                return in_doubt(self.command_id)
            self._is_abandoned = True
        return not_written(self.command_id, "Sage is busy; the command was withdrawn.")
