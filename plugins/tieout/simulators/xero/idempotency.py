"""Idempotency-Key: the stored answer of a write, for six minutes (domain/xero README, 2.6).

Per app; refusals are stored too; the same key with another URL, body or method is refused.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tieout.simulators.xero.refusals import BadRequestError
from tieout.simulators.xero.store import Journal, Shelf
from tieout.simulators.xero.wire import Wire

KEY_LIFE: Final = timedelta(minutes=6)
KEY_LENGTH_MAX: Final = 128


class StoredAnswer(Wire):
    """An answer that a key stands for."""

    entry_id: str
    request_digest: str
    status: int
    content_type: str
    body: str
    at: datetime


@dataclass
class Replays:
    """The answers that are still remembered."""

    journal: Journal
    clock: Callable[[], datetime]
    _answers: Shelf[StoredAnswer] = field(init=False)

    def __post_init__(self) -> None:
        """Open the shelf."""
        self._answers = Shelf(
            self.journal, "idempotency/Answer", StoredAnswer, identify=lambda a: a.entry_id
        )

    def known(self, client_id: str, key: str, request: bytes) -> StoredAnswer | None:
        """Return the answer that was given to this key.

        Raises:
            BadRequestError: The key is too long, or stands for another request.
        """
        if len(key) > KEY_LENGTH_MAX:
            message = f"Idempotency Key: must be at most {KEY_LENGTH_MAX} characters."
            raise BadRequestError(message)
        answer = self._answers.get(_entry_id(client_id, key))
        if answer is None or self.clock() - answer.at > KEY_LIFE:
            return None
        if answer.request_digest != _digest(request):
            message = f"Idempotency Key: {key} is used with a different request."
            raise BadRequestError(message)
        return answer

    def remember(
        self,
        client_id: str,
        key: str,
        request: bytes,
        *,
        status: int,
        content_type: str,
        body: bytes,
    ) -> None:
        """Store an answer, and forget those that are too old."""
        now = self.clock()
        for answer in self._answers.all():
            if now - answer.at > KEY_LIFE:
                self._answers.drop(answer)
        self._answers.put(
            StoredAnswer(
                entry_id=_entry_id(client_id, key),
                request_digest=_digest(request),
                status=status,
                content_type=content_type,
                body=body.decode(),
                at=now,
            )
        )


def _digest(request: bytes) -> str:
    return hashlib.sha256(request).hexdigest()


def _entry_id(client_id: str, key: str) -> str:
    return _digest(f"{client_id}\n{key}".encode())
