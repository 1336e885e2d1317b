"""What the ledger keeps of records in step: agreed records, conflicts, and what is not the same."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from tieout.domain.base import DocumentId, Frozen, Json, System
from tieout.domain.in_step.merge import Conflict, Values


class IntendedWrite(Frozen):
    """What one ledger is to be written on the way to the next agreed record.

    ``entity`` is the kind of write and ``key`` its delivery's. ``record`` is what it is made of.
    ``fields`` has of each the value that it was taken from, beside what the ledger written to will
    show of it.
    """

    entity: str
    key: str
    record: Json
    fields: dict[str, Values]


class Intended(Frozen):
    """Writes that were decided on and may have begun; ``document_id`` is whom they go for."""

    document_id: DocumentId
    writes: dict[System, IntendedWrite]


class AgreedRecord(Frozen):
    """What both ledgers said of one thing when they last agreed, each in its own words.

    ``version`` grows with every change of it. ``written_at`` are the latest times at which a ledger
    was to be written, so that a record that is written again and again is noticed.
    """

    pair: str
    entity: str
    key: str
    version: int = 0
    fields: dict[str, Values] = Field(default_factory=dict)
    intended: Intended | None = None
    written_at: tuple[AwareDatetime, ...] = ()


class ConflictState(StrEnum):
    """Where a conflict stands."""

    OPEN = "open"
    """A person must say which value counts."""
    ANSWERED = "answered"
    SETTLED = "settled"
    """Policy decided; kept because a value that somebody typed was lost."""
    GONE = "gone"
    """The ledgers say the same by now, without an answer."""


class KeptConflict(Conflict):
    """A conflict as the ledger keeps it; ``is_standing``: the answer counts from then on, too."""

    conflict_id: int
    pair: str
    entity: str
    key: str
    state: ConflictState
    is_standing: bool = False
    answered_by: str = ""
    answered_why: str = ""
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = None


class NewHeir(Frozen):
    """Which thing another one goes by from now on in one ledger, because they were merged there."""

    pair: str
    entity: str
    key: str
    system: System
    heir: str
    why: str
    brings: bool = False
    """Whether the heir gets this one's record there in place of its own."""


class NotSame(Frozen):
    """A person's word that two records are not the same thing, whatever they look like."""

    pair: str
    entity: str
    one_system: System
    one_id: str
    other_system: System
    other_id: str

    @property
    def in_order(self) -> "NotSame":
        """Return the same word with the two records in the one order that they are kept in."""
        if (self.one_system, self.one_id) <= (self.other_system, self.other_id):
            return self
        return self.model_copy(
            update={
                "one_system": self.other_system,
                "one_id": self.other_id,
                "other_system": self.one_system,
                "other_id": self.one_id,
            }
        )
