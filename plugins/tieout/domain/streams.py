"""Streams: one pair, one direction of work, and the rules by which it pauses and goes on.

Data errors dead-letter, system errors pause. A stream pauses instead of setting aside record after
record, and instead of calling a system that does not answer, or lets us in no more. It is held when
a double was found, and then only a person lets it go on. The rules are pure functions from one
stream to the next.
"""

from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from pydantic import AwareDatetime

from tieout.domain.base import Frozen, System

BAD_SHARE_MAX = Fraction(1, 5)
"""Which share of the judged records may be bad before the stream pauses, whatever is usual."""
JUMP_SHARE_MIN = Fraction(1, 10)
"""Up to which share nothing is a jump."""
JUMP_TIMES = 5
"""How many times the usual share is a jump."""
USUAL_MIN = 1_000
"""Of how many judged records at the least a share is the usual one."""
USUAL_RECORDS_MAX = 10_000
"""After how many judged records the counts of what is usual are halved."""
JUDGED_MIN = 100
"""How many records the share is taken of at the least."""
WINDOW_RECORDS_MAX = 500
"""After how many judged records the counts are halved, so that the old ones fade."""
BAD_IN_A_ROW_MAX = 50
FAILURES_IN_A_ROW_MAX = 5
"""How often in a row a system may fail to answer before its stream pauses."""
PROBE_EVERY_S = 60.0
"""How often at the most a paused stream is tried."""


RAMP_MEMBERS = ("back_at", "ramp_minute", "ramp_sent")
USUAL_MEMBERS = ("usual_judged", "usual_bad")


class StreamState(StrEnum):
    """Whether work flows: ``paused`` tries itself again, ``held`` waits for a person."""

    OPEN = "open"
    PAUSED = "paused"
    HELD = "held"


class StreamCause(StrEnum):
    """Why a stream is not open."""

    NONE = ""
    TOO_MANY_BAD = "too_many_bad"
    UNAVAILABLE = "target_unavailable"
    ACCESS_REFUSED = "access_refused"
    DOUBLE = "double_found"


class Stream(Frozen):
    """A stream as it stands; ``since`` is when it came into its state, by the ledger's clock.

    ``judged`` and ``bad`` count within the window, ``usual_judged`` and ``usual_bad`` what left it;
    ``failures`` counts unanswered calls in a row.
    ``probed_at`` is when the paused stream was last tried, or paused; ``told_at`` when people were
    told of it. The row of a system's read stream also says when the system was last ``back_at``
    work, and how many records the minute ``ramp_minute`` after that has ``ramp_sent``
    (domain.ramps).
    """

    name: str
    pair: str
    state: StreamState = StreamState.OPEN
    cause: StreamCause = StreamCause.NONE
    reason: str = ""
    since: AwareDatetime | None = None
    judged: int = 0
    bad: int = 0
    usual_judged: int = 0
    usual_bad: int = 0
    bad_in_a_row: int = 0
    failures: int = 0
    probed_at: AwareDatetime | None = None
    told_at: AwareDatetime | None = None
    back_at: AwareDatetime | None = None
    ramp_minute: int = 0
    ramp_sent: int = 0

    @property
    def share_max(self) -> Fraction:
        """Return which share of the judged records may be bad: less where few usually are."""
        if self.usual_judged < USUAL_MIN:
            return BAD_SHARE_MAX
        jump = JUMP_TIMES * Fraction(self.usual_bad, self.usual_judged)
        return min(max(jump, JUMP_SHARE_MIN), BAD_SHARE_MAX)

    def probe_in_s(self, now: datetime) -> float:
        """Return in how many seconds a paused stream may be tried; 0 = now."""
        if self.probed_at is None:
            return 0.0
        return max(PROBE_EVERY_S - (now - self.probed_at).total_seconds(), 0.0)


class Admission(Frozen):
    """Whether work may go on now; a probe is the one try of a paused stream."""

    stream: Stream
    is_admitted: bool
    is_probe: bool = False
    wait_s: float = 0.0
    """In how many seconds the next probe is due, when it was not admitted for that."""
    is_ramping: bool = False
    """Whether the system just came back, so that each record asks for its turn."""


def source_stream(pair: str, document_type: str) -> str:
    """Name the stream of incoming documents of one type."""
    return f"{pair}/in/{document_type}"


def target_stream(pair: str, system: System, entity: str) -> str:
    """Name the stream of writes of one entity to one system."""
    return f"{pair}/out/{system}/{entity}"


def read_stream(pair: str, system: System) -> str:
    """Name the stream of what steps read in one system before they write anything."""
    return f"{pair}/read/{system}"


def untouched(name: str) -> Stream:
    """Return the stream that nothing ever happened to."""
    return Stream(name=name, pair=name.partition("/")[0])


def is_too_bad(*, judged: int, bad: int, share_max: Fraction = BAD_SHARE_MAX) -> bool:
    """Say whether the share of bad records is over the limit."""
    return bad > judged * share_max


def after_judging(stream: Stream, now: datetime, *, good: int, is_bad: bool) -> Stream:
    """Count ``good`` good records, then one bad one if ``is_bad``; pause when it is one too many.

    A stream that is not open counts nothing.
    """
    if stream.state is not StreamState.OPEN:
        return stream
    judged = stream.judged + good + is_bad
    bad = stream.bad + is_bad
    in_a_row = (0 if good else stream.bad_in_a_row) + is_bad
    counted = stream.model_copy(update={"judged": judged, "bad": bad, "bad_in_a_row": in_a_row})
    if in_a_row >= BAD_IN_A_ROW_MAX:
        reason = f"{in_a_row} records in a row were bad."
        return _paused(counted, now, StreamCause.TOO_MANY_BAD, reason)
    if (
        is_bad
        and judged >= JUDGED_MIN
        and is_too_bad(judged=judged, bad=bad, share_max=stream.share_max)
    ):
        reason = f"{bad} of the last {judged} records were bad."
        if not is_too_bad(judged=judged, bad=bad):
            usual = float(100 * Fraction(stream.usual_bad, stream.usual_judged))
            reason = f"{reason} That is a jump: {usual:.1f} % are usual."
        return _paused(counted, now, StreamCause.TOO_MANY_BAD, reason)
    return counted if judged <= WINDOW_RECORDS_MAX else _faded(counted)


def _faded(stream: Stream) -> Stream:
    """Let half of what was judged leave the window: from then on it is what is usual."""
    judged, bad = stream.judged // 2, stream.bad // 2
    usual_judged = stream.usual_judged + stream.judged - judged
    usual_bad = stream.usual_bad + stream.bad - bad
    halving = 2 if usual_judged > USUAL_RECORDS_MAX else 1
    return stream.model_copy(
        update={
            "judged": judged,
            "bad": bad,
            "usual_judged": usual_judged // halving,
            "usual_bad": usual_bad // halving,
        }
    )


def after_failure(stream: Stream, now: datetime, *, reason: str) -> Stream:
    """Count a call that the system did not answer; pause after too many in a row."""
    counted = stream.model_copy(update={"failures": stream.failures + 1})
    if stream.state is StreamState.OPEN and counted.failures >= FAILURES_IN_A_ROW_MAX:
        return _paused(counted, now, StreamCause.UNAVAILABLE, reason)
    return counted


def after_access_refused(stream: Stream, now: datetime, *, reason: str) -> Stream:
    """Pause at once when the system lets us in no more; a pause goes on and says so."""
    if stream.state is StreamState.HELD:
        return stream
    paused = _paused(stream, now, StreamCause.ACCESS_REFUSED, reason)
    if stream.state is StreamState.PAUSED:
        return paused.model_copy(update={"since": stream.since, "probed_at": stream.probed_at})
    return paused


def after_success(stream: Stream, now: datetime) -> Stream:
    """Forget the failures, and let a paused stream go on."""
    if stream.state is StreamState.PAUSED:
        return _opened(stream, now)
    return stream.model_copy(update={"failures": 0})


def held(stream: Stream, now: datetime, *, reason: str) -> Stream:
    """Hold the stream; what is held already keeps its beginning and says the newest reason."""
    since = stream.since if stream.state is StreamState.HELD else now
    update = {
        "state": StreamState.HELD,
        "cause": StreamCause.DOUBLE,
        "reason": reason,
        "since": since,
    }
    return stream.model_copy(update=update)


def resumed(stream: Stream, now: datetime, *, reason: str) -> Stream:
    """Let a stream go on because a person says so, its counts at zero: they vouch for its share."""
    anew = dict.fromkeys(USUAL_MEMBERS, 0)
    return _opened(stream, now).model_copy(update={"reason": reason, **anew})


def _paused(stream: Stream, now: datetime, cause: StreamCause, reason: str) -> Stream:
    update = {
        "state": StreamState.PAUSED,
        "cause": cause,
        "reason": reason,
        "since": now,
        "probed_at": now,
    }
    return stream.model_copy(update=update)


def _opened(stream: Stream, now: datetime) -> Stream:
    kept = stream.model_dump(include={"name", "pair", "told_at", *USUAL_MEMBERS, *RAMP_MEMBERS})
    return Stream(**kept, since=now)
