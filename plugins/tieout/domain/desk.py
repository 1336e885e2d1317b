"""What a person sees and does at the desk of dead letters: look, correct, dismiss, replay."""

from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, Field

from tieout.domain.base import Amount, DeadLetterId, DocumentId, Frozen, Json, System
from tieout.domain.json_patch import Operation
from tieout.domain.ledger import DeadLetter, Delivery, Document, InboxEntry

PER_MINUTE_MAX = 600
"""Most letters that one job may put back in a minute."""
JOB_UNDECIDED_FIRST = 20
"""How many of a job's letters may be under way before any outcome is known.

All of them may fail at once, which must not pause the stream (domain.streams.BAD_IN_A_ROW_MAX).
"""
JOB_UNDECIDED_MAX = 100
"""How many may be under way at the most; each known outcome makes room for one more."""
JOB_DECIDED_MIN = 5
"""From how many known outcomes on a job may stop by itself."""
JOB_FAILURES_MAX = Decimal("0.2")
"""Which share of known outcomes may be the same cause again before a job stops by itself."""


class Resolution(StrEnum):
    """How a dead letter was closed.

    ``resolved``: it became moot, and its proof says by what. ``redacted`` is the redaction's word.
    """

    REPLAYED = "replayed"
    DISMISSED = "dismissed"
    RESOLVED = "resolved"
    REDACTED = "redacted"


class MappingChoice(StrEnum):
    """By which mapping a replay writes."""

    CURRENT = "current"
    ORIGINAL = "original"
    """What was mapped before is sent as it was; what never was is mapped now."""


class FlowRecords(Frozen):
    """Which records a flow carries: document types, and the sources whose messages it reads."""

    document_types: tuple[str, ...]
    sources: tuple[System, ...]


REFERENCES = (
    ("InvoiceNumber",),
    ("Reference",),
    ("ContactNumber",),
    ("header", "CustomerPONo"),
    ("header", "UDF_TIEOUT_ID"),
    ("header", "CheckNo"),
)
"""Where what is written to a ledger carries a reference by which people know the document."""
CORRELATION = {"namespace": "tieout", "key": "correlation_id"}
"""The metafield of a shop's order that carries the id by which all systems name the document."""


class LetterQuery(Frozen):
    """Which dead letters; what is empty or None restricts nothing. ``until`` is exclusive."""

    pair: str = ""
    cause: str = ""
    records: FlowRecords | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    is_open: bool | None = True


class NewCorrection(Frozen):
    """One person's change of what a source said, kept beside it and never instead of it.

    ``before`` and ``after`` hold what stood at the changed places, by JSON pointer. The amounts are
    the order's total as read without and with it, None where it could not be read.
    """

    dead_letter_id: DeadLetterId
    patch: tuple[Operation, ...] = Field(min_length=1)
    before: Json
    after: Json
    amount_before: Amount | None = None
    amount_after: Amount | None = None
    currency: str = ""
    corrected_by: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class Correction(NewCorrection):
    """A stored correction."""

    correction_id: int
    document_id: DocumentId
    corrected_at: AwareDatetime


class Case(Frozen):
    """All that the ledger knows of one dead letter.

    ``letters`` and ``corrections`` are those of the record in all its versions, oldest first.
    ``newer_version_id`` is the newest later version of the document, if any.
    """

    letter: DeadLetter
    entry: InboxEntry | None
    document: Document | None
    deliveries: tuple[Delivery, ...]
    corrections: tuple[Correction, ...]
    letters: tuple[DeadLetter, ...]
    newer_version_id: DocumentId | None = None


class Happening(Frozen):
    """One entry of a dead letter's history."""

    at: AwareDatetime
    dead_letter_id: DeadLetterId
    what: str
    by: str
    why: str = ""


def history(case: Case) -> list[Happening]:
    """Return what happened to the record at the desk, oldest first."""
    opened = [
        Happening(
            at=letter.opened_at,
            dead_letter_id=letter.dead_letter_id,
            what="opened",
            by=letter.step,
            why=letter.cause,
        )
        for letter in case.letters
    ]
    corrected = [
        Happening(
            at=correction.corrected_at,
            dead_letter_id=correction.dead_letter_id,
            what="corrected",
            by=correction.corrected_by,
            why=correction.reason,
        )
        for correction in case.corrections
    ]
    closed = [
        Happening(
            at=letter.closed_at,
            dead_letter_id=letter.dead_letter_id,
            what=letter.resolution,
            by=letter.closed_by,
            why=letter.reason,
        )
        for letter in case.letters
        if letter.closed_at is not None
    ]
    return sorted([*opened, *corrected, *closed], key=lambda one: (one.at, one.dead_letter_id))


def room_for(*, undecided: int, decided: int) -> int:
    """Return how many more letters of a job may be put back now, by how the others went."""
    return max(min(JOB_UNDECIDED_FIRST + decided, JOB_UNDECIDED_MAX) - undecided, 0)


class JobState(StrEnum):
    """Where a replay of many stands; ``stopped`` by itself, because too many failed again."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


class NewReplayJob(Frozen):
    """A replay of many dead letters: which, how fast, on whose word.

    The letters are those open when the job is made. ``request_key`` makes the same request made
    again the same job; '' for one of its own.
    """

    query: LetterQuery
    flow: str
    mapping: MappingChoice = MappingChoice.CURRENT
    per_minute: int = Field(default=60, ge=1, le=PER_MINUTE_MAX)
    requested_by: str = Field(min_length=1)
    request_key: str = ""


class ReplayJob(Frozen):
    """A stored job and how far it is.

    Of ``total`` letters, ``waiting`` are still to be put back, ``replayed`` were, and
    ``settled_otherwise`` somebody else had closed. Of the replayed ones, ``undecided`` are still
    under way and ``failed_again`` were set aside again for the same cause.
    """

    job_id: int
    pair: str
    cause: str
    flow: str
    since: AwareDatetime | None
    until: AwareDatetime | None
    mapping: MappingChoice
    per_minute: int
    state: JobState
    message: str
    requested_by: str
    created_at: AwareDatetime
    total: int
    waiting: int
    replayed: int
    settled_otherwise: int
    undecided: int
    failed_again: int
