"""A target behind its stream: nothing is sent while the stream pauses or is held.

A paused stream raises and never skips: a step that ended well with nothing written would let an
order be closed without its payment. A system that does not answer is counted. A refusal is an
answer, and one record's own trouble; refusals of many are the stream's, so they are counted too.
Being asked to wait is neither. A system that lets us in no more pauses the stream at once. On the
good path a step costs one read of its stream.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from typing_extensions import override

from tieout.domain.base import DeliveryId, System
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.domain.streams import (
    PROBE_EVERY_S,
    Admission,
    Stream,
    StreamCause,
    StreamState,
    is_too_bad,
    read_stream,
)
from tieout.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    RateLimitedError,
    StreamHeldError,
    StreamPausedError,
    TieoutError,
    UnavailableError,
)
from tieout.ports.clock import Clock
from tieout.ports.streams import Streams
from tieout.ports.targets import Target
from tieout.usecases.flow import Flow

Read = TypeVar("Read")

REFERENCE_AGE_MAX_S = 900.0
"""How old Xero's codes may be for a record to pass: what is archived or locked since, Xero refuses
by itself. None is set aside for what they lack: they are read anew first. Reading them costs five
calls of 60 a minute.
"""
RECHECK_S = 30.0
"""How long an admission is good for: so soon a worker in mid-step learns of a pause or a hold."""


class GuardedTarget(Target):
    """One entity at one system, as its stream lets it be written to. For one step of one worker."""

    def __init__(self, target: Target, streams: Streams, stream: str, *, clock: Clock) -> None:
        """Take the target and the name of its stream; nothing is asked before ``enter``."""
        self.system = target.system
        self.entity = target.entity
        self.batch_max = target.batch_max
        self.guard = target.guard
        self.looks_up_first = target.looks_up_first
        self.key_window_s = target.key_window_s
        self.settle_s = target.settle_s
        self._target = target
        self._streams = streams
        self._name = stream
        self._clock = clock
        self._admission: Admission | None = None
        self._admitted_at: datetime | None = None
        self._is_unsettled = False
        """Whether the stream has failures or pauses, so that a success is news to it."""
        self._has_answered = False
        self._has_refusals = False
        """Whether the stream counts: without refusals there is no share of them to take."""
        self._is_ramping = False
        """Whether the system just came back, so that each send asks for its turn."""
        self._is_probing_refusals = False
        """Whether this is the one try of a stream that pauses because too many were refused."""
        self.kept_back: set[DeliveryId] = set()
        """What was refused when the stream had paused for it: not to be set aside."""

    def enter(self) -> None:
        """Ask the stream whether anything may be sent.

        Raises:
            StreamPausedError: It pauses, and no probe is due.
            StreamHeldError: A person must resume it first.
        """
        admission = self._admit()
        if admission.is_admitted:
            return
        if admission.stream.state is StreamState.HELD:
            raise StreamHeldError(
                f"{self._name} is held: {admission.stream.reason}",
                remedy=f"Act on it, then: tieout resume {self._name} --by NAME --reason WHY.",
            )
        raise _paused(admission)

    def leave(self) -> None:
        """Say that the step came to its end without trouble.

        Raises:
            StreamPausedError: The stream paused at the last of what was sent.
        """
        if self.kept_back:
            raise _paused(self._closed())
        if self._has_answered:
            self._succeeded()

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        self._check()
        try:
            found = self._target.find(deliveries)
        except (UnavailableError, AuthenticationError) as error:
            self._failed(error)
            raise
        self._has_answered = True
        return found

    @override
    def copies_held(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Sequence[str]]:
        return self._target.copies_held(deliveries)

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        self._check()
        if self._is_ramping:
            self._take_turn(len(deliveries))
        try:
            outcomes = self._target.send(deliveries)
        except (UnavailableError, OutcomeUnknownError, AuthenticationError) as error:
            self._failed(error)
            raise
        refused = {key for key, outcome in outcomes.items() if isinstance(outcome, Refused)}
        if self._is_probing_refusals:
            self._judge_probe(len(deliveries), refused)
            return outcomes
        self._succeeded()
        if refused or self._has_refusals:
            self._judge([delivery.delivery_id for delivery in deliveries], refused)
        return outcomes

    def _judge_probe(self, sent: int, refused: set[DeliveryId]) -> None:
        """Let the stream go on if few enough of what was sent were refused.

        Raises:
            StreamPausedError: All were. So nothing was written, and none of them counts as tried.
        """
        if not is_too_bad(judged=sent, bad=len(refused)):
            self._streams.succeeded(self._name)
            self._admit()
            return
        closed = self._closed()
        if len(refused) == sent:
            raise _paused(closed)
        self.kept_back |= refused

    def _judge(self, sent: Sequence[DeliveryId], refused: set[DeliveryId]) -> None:
        """Count the refusals, and from the first of them on what is taken as well."""
        self._has_refusals = True
        good = 0
        for delivery_id in sent:
            if delivery_id not in refused:
                good += 1
                continue
            if not self._streams.judged(self._name, good=good, is_bad=True):
                self.kept_back.add(delivery_id)
            good = 0
        if good:
            self._streams.judged(self._name, good=good, is_bad=False)
        if self.kept_back:
            self._closed()

    def _closed(self) -> Admission:
        """Let nothing more be sent in this step."""
        stream = self._streams.stream(self._name)
        self._admission = Admission(stream=stream, is_admitted=False, wait_s=PROBE_EVERY_S)
        self._is_unsettled = self._is_probing_refusals = False
        return self._admission

    def _admit(self) -> Admission:
        admission = self._streams.admit(self._name)
        self._admission = admission
        self._admitted_at = self._clock.now()
        stream = admission.stream
        self._is_unsettled = admission.is_probe or stream.failures > 0
        self._has_refusals = stream.bad > 0
        self._is_ramping = admission.is_ramping
        self._is_probing_refusals = admission.is_probe and stream.cause is StreamCause.TOO_MANY_BAD
        return admission

    def _check(self) -> None:
        """Make sure that the admission still holds; a probe's ends with its first failure.

        Raises:
            StreamPausedError: It does not. Of a held stream too, since the caller has intents
                under way that it takes back; the next step that enters says more.
        """
        admission, at = self._admission, self._admitted_at
        if admission is None or at is None or self._is_stale(admission, at):
            admission = self._admit()
        if not admission.is_admitted:
            raise _paused(admission)

    def _take_turn(self, count: int) -> None:
        """Go on if the minute has room for so many more.

        Raises:
            RateLimitedError: It has not; with when to ask again.
        """
        wait_s = self._streams.turn(self._name, count)
        if wait_s > 0:
            raise RateLimitedError(
                f"{self.system} was away and is given its work again slowly.",
                remedy="It goes on by itself; 'tieout streams' shows the pace.",
                retry_after_s=wait_s,
            )

    def _is_stale(self, admission: Admission, at: datetime) -> bool:
        is_old = self._clock.now() - at >= timedelta(seconds=RECHECK_S)
        return admission.is_admitted and not admission.is_probe and is_old

    def _failed(self, error: TieoutError) -> None:
        """Count a call that ended badly, and let nothing more be sent if that pauses the stream.

        Raises:
            StreamPausedError: It pauses, and certainly nothing was written.
        """
        after = _after_failure(self._streams, self._name, error)
        self._is_unsettled = True
        if after.state is not StreamState.OPEN:
            self._admission = Admission(stream=after, is_admitted=False)
            if isinstance(error, UnavailableError):
                raise _paused(self._admission) from error

    def _succeeded(self) -> None:
        # That a system answers says nothing of a stream that pauses for what it answers.
        if self._is_unsettled and not self._is_probing_refusals:
            self._streams.succeeded(self._name)
            self._admit()


def ensure_readable(flow: Flow, system: System) -> None:
    """Let a step that must read a system end before its work, if it would not be asked now.

    Every run of an outage comes by here; what it would have worked on may be much.

    Raises:
        StreamPausedError: It has not answered some times in a row, and no probe is due.
    """
    admission = flow.streams.peek(read_stream(flow.pair.pair, system))
    if not admission.is_admitted:
        raise _paused(admission)


def guarded_read(flow: Flow, system: System, read: Callable[[], Read]) -> Read:
    """Read something that a step needs before it writes, unless the system does not answer now.

    Raises:
        StreamPausedError: It has not answered some times in a row, and no probe is due.
    """
    name = read_stream(flow.pair.pair, system)
    admission = flow.streams.admit(name)
    if not admission.is_admitted:
        raise _paused(admission)
    try:
        found = read()
    except (UnavailableError, AuthenticationError) as error:
        after = _after_failure(flow.streams, name, error)
        if isinstance(error, UnavailableError) and after.state is StreamState.PAUSED:
            raise _paused(Admission(stream=after, is_admitted=False)) from error
        raise
    if admission.is_probe or admission.stream.failures:
        flow.streams.succeeded(name)
    return found


def _after_failure(streams: Streams, name: str, error: TieoutError) -> Stream:
    """Say what became of a call; what only a person mends is said with how."""
    if isinstance(error, AuthenticationError):
        return streams.access_refused(name, reason=str(error))
    return streams.failed(name, reason=error.message)


def _paused(admission: Admission) -> StreamPausedError:
    stream = admission.stream
    return StreamPausedError(
        f"{stream.name} is {stream.state}: {stream.reason}",
        remedy="Nothing was sent. It is tried again by itself, at most once a minute; "
        "'tieout streams' shows why and since when.",
        retry_after_s=admission.wait_s or None,
        stream=stream.name,
    )
