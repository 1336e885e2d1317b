"""Webhooks: intent to receive, signed events in sequence, retries (domain/xero README, 2.4).

An event says that a contact, an invoice or bill, or a credit note came to be or changed; never
what. A failed delivery is repeated at once, then every 15 minutes, and after 24 hours the webhook
is disabled; what is queued waits until it is configured again, and is then delivered in order.

Ours, for want of a document: how many events one delivery holds, the order of good and bad
signatures in the intent to receive, that paying fires no event unless asked for (the vendor's
documents leave it open), and that the queue is lost when the simulator stops.
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import requests

from tieout.simulators.xero.contact_records import Contact
from tieout.simulators.xero.document_records import CreditNote, Invoice
from tieout.simulators.xero.store import Change
from tieout.simulators.xero.wire import Json

ANSWER_TIMEOUT_S: Final = 5.0
RETRY_EVERY: Final = timedelta(minutes=15)
DISABLED_AFTER: Final = timedelta(hours=24)
EVENTS_PER_DELIVERY: Final = 50
UNREACHABLE: Final = 0
"""The status recorded when nobody answered in time."""
_IDLE_S: Final = 0.2

_INTENT: Final = (True, False, False, True)
"""Whether each request of the intent to receive is signed rightly."""
_URL: Final = "https://api.xero.com/api.xro/2.0"
_SETTLING: Final = ("amount_paid", "amount_credited", "refunded", "fully_paid_on", "updated")
_SETTLED: Final = ("AUTHORISED", "PAID")


def signature(body: bytes, key: str) -> str:
    """Return the header value that proves a body."""
    return base64.b64encode(hmac.digest(key.encode(), body, hashlib.sha256)).decode()


@dataclass(frozen=True)
class Target:
    """Where events go, signed with which key; ``payments_fire`` as a payment changes documents."""

    url: str
    key: str
    payments_fire: bool = False


@dataclass(frozen=True)
class _Job:
    """What the worker sends next."""

    target: Target
    body: bytes
    events: int
    """How many events the body holds; none is the intent to receive."""


class Webhooks:
    """The one webhook of the simulated app, and the thread that delivers its events."""

    def __init__(self, clock: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        """Deliver nothing until a target is configured."""
        self._clock = clock
        self._new_id = new_id
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._session = requests.Session()
        self._session.trust_env = False
        self._stopping = False
        self._target: Target | None = None
        self._status = "NONE"
        self._queue: list[Json] = []
        self._sequence = 0
        self._job: _Job | None = None
        self._failures = 0
        self._failing_since: datetime | None = None
        self._due: datetime | None = None
        self._log: list[Json] = []

    def configure(self, target: Target) -> None:
        """Set the target and begin the intent to receive; what is queued stays queued."""
        with self._changed:
            self._target, self._status = target, "PENDING"
            self._recovered()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
                self._thread.start()
            self._changed.notify()

    def forget(self) -> None:
        """Remove the target, its queue and its sequence."""
        with self._changed:
            self._target, self._status, self._sequence = None, "NONE", 0
            self._queue.clear()
            self._log.clear()
            self._recovered()

    def state(self) -> Json:
        """Return the status, what is queued, and every request sent with its answer's status."""
        with self._changed:
            return {
                "Status": self._status,
                "Queued": len(self._queue),
                "LastSequence": self._sequence,
                "Requests": list(self._log),
            }

    def woken(self) -> None:
        """Look again at what is due: the clock was set forward."""
        with self._changed:
            self._changed.notify()

    def close(self) -> None:
        """Stop after the request at hand."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()
        self._session.close()

    def announce(self, changes: Sequence[Change]) -> None:
        """Queue an event for every change that is one to the vendor."""
        with self._changed:
            target = self._target
            if target is None:
                return
            events = [_event(change, target, self._clock()) for change in changes]
            found = [event for event in events if event is not None]
            self._queue += found
            self._sequence += len(found)
            if found:
                self._changed.notify()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            if job.events:
                self._delivered(job, self._send(job.target, job.body, is_signed=True))
            else:
                answers = [self._send(job.target, job.body, is_signed=good) for good in _INTENT]
                is_good = all(
                    _is_accepted(answer) if good else _status(answer) == HTTPStatus.UNAUTHORIZED
                    for good, answer in zip(_INTENT, answers, strict=True)
                )
                self._intended(job, is_good=is_good)

    def _next(self) -> _Job | None:
        """Wait for something to send; None when it is time to stop."""
        with self._changed:
            while not self._stopping:
                if job := self._ready():
                    return job
                # What is due by a clock that can be set forward is looked at again and again.
                self._changed.wait(_IDLE_S if self._due else None)
        return None

    def _ready(self) -> _Job | None:
        target = self._target
        if target is None:
            return None
        if self._status == "PENDING":
            return _Job(target, self._body([], 0, 0), 0)
        if self._status != "OK" or not self._queue or (self._due and self._clock() < self._due):
            return None
        if self._job is None:
            events = self._queue[:EVENTS_PER_DELIVERY]
            first = self._sequence - len(self._queue) + 1
            body = self._body(events, first, first + len(events) - 1)
            self._job = _Job(target, body, len(events))
        return self._job

    def _body(self, events: Sequence[Json], first: int, last: int) -> bytes:
        entropy = "".join(c for c in self._new_id().upper() if c.isalnum())[:20]
        content = {
            "events": list(events),
            "firstEventSequence": first,
            "lastEventSequence": last,
            "entropy": entropy,
        }
        return json.dumps(content, separators=(",", ":")).encode()

    def _send(self, target: Target, body: bytes, *, is_signed: bool) -> requests.Response | None:
        key = target.key if is_signed else f"not {target.key}"
        headers = {"Content-Type": "application/json", "x-xero-signature": signature(body, key)}
        try:
            answer = self._session.post(
                target.url,
                data=body,
                headers=headers,
                timeout=ANSWER_TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException:
            answer = None
        content = json.loads(body)
        with self._changed:
            self._log.append(
                {
                    "Signed": is_signed,
                    "First": content["firstEventSequence"],
                    "Last": content["lastEventSequence"],
                    "Status": _status(answer),
                }
            )
        return answer

    def _intended(self, job: _Job, *, is_good: bool) -> None:
        with self._changed:
            if self._target is job.target:
                self._status = "OK" if is_good else "FAILED"

    def _delivered(self, job: _Job, answer: requests.Response | None) -> None:
        with self._changed:
            if self._job is not job:
                return
            if _is_accepted(answer):
                del self._queue[: job.events]
                self._recovered()
                return
            now = self._clock()
            self._failures += 1
            self._failing_since = self._failing_since or now
            self._due = now if self._failures == 1 else now + RETRY_EVERY
            if now - self._failing_since >= DISABLED_AFTER:
                self._status = "DISABLED"
                self._recovered()

    def _recovered(self) -> None:
        self._job, self._failures = None, 0
        self._failing_since = self._due = None


def _status(answer: requests.Response | None) -> int:
    return UNREACHABLE if answer is None else answer.status_code


def _is_accepted(answer: requests.Response | None) -> bool:
    """Say whether an answer is 2xx, without a body and without cookies."""
    if answer is None or answer.content or answer.cookies:
        return False
    return HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES


def _event(change: Change, target: Target, now: datetime) -> Json | None:
    """Return the event of a change, or nothing where the vendor tells nobody."""
    after = change.after
    if not isinstance(after, (Contact, Invoice, CreditNote)) or not _is_told(change, target):
        return None
    kind = type(after).__name__
    url = f"{_URL}/{kind}s/{change.record_id}"
    data: Json = {}
    if isinstance(after, CreditNote):
        data = {"data": {"Type": after.type, "Status": after.status}}
    return {
        "resourceUrl": url,
        "resourceId": change.record_id,
        "tenantId": change.shelf.partition("/")[0],
        "tenantType": "ORGANISATION",
        "eventCategory": kind.upper(),
        "eventType": "UPDATE" if change.before is not None else "CREATE",
        "eventDateUtc": now.replace(tzinfo=None).isoformat(timespec="milliseconds"),
        **data,
    }


def _is_told(change: Change, target: Target) -> bool:
    """Say whether a change bumped UpdatedDateUTC, and by more than a payment where those are mute.

    Contacts that become customers do not bump it.
    """
    before, after = change.before, change.after
    if isinstance(after, Contact) and isinstance(before, Contact):
        return before.updated != after.updated
    if not isinstance(after, (Invoice, CreditNote)) or not isinstance(before, type(after)):
        return True
    if before.updated == after.updated:
        return False
    is_settling = before.status in _SETTLED and after.status in _SETTLED
    if target.payments_fire or not is_settling:
        return True
    named = (*_SETTLING, "status")
    moved = {name: getattr(after, name) for name in named if name in type(after).model_fields}
    return before.model_copy(update=moved) != after
