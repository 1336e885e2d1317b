"""What people decided of one kind of record: who may say what, and what becomes of endings.

A file of include/in_step says it (tieout.mapping.in_step reads it). The law that no policy bends,
domain ``accounting``, section 5: what is not among ``fields`` is never written, and what is
inactive stays so until a person says otherwise.
"""

from enum import StrEnum

from pydantic import Field, JsonValue

from tieout.domain.base import Frozen, Json, System

ACTIVE = "is_active"
"""The field that says whether a record counts; ``archived`` and ``restored`` are its policy."""


class Direction(StrEnum):
    """Which ledgers may be written to."""

    BOTH = "both"
    TO_XERO = "to_xero"
    TO_SAGE100 = "to_sage100"
    OFF = "off"

    def may_write(self, system: System) -> bool:
        """Say whether the ledger may be written to."""
        return self is Direction.BOTH or self == f"to_{system}"


class Owner(StrEnum):
    """Whose word counts for a field when the ledgers differ."""

    XERO = "xero"
    """Xero's: what people write into Sage 100 is brought back, and noted."""
    SAGE100 = "sage100"
    NEWEST = "newest"
    """Either's; when both changed, that of the record which was changed last."""
    ASK = "ask"
    """Either's; when both changed, nothing is written before a person has said which."""


class Likeness(StrEnum):
    """When two values say the same, so that writing one over the other would change nothing."""

    EXACT = "exact"
    CASELESS = "caseless"
    """Capitals and outer spaces aside."""
    WORDS = "words"
    """Capitals, accents, punctuation and spaces aside."""
    DIGITS = "digits"
    """The digits alone; a country's code that one of two telephone numbers lacks aside."""
    ADDRESS = "address"
    """The words of all lines together, then place by place; whom it is for aside."""


class Fate(StrEnum):
    """What the other ledger does when a record ends, or comes back, in one."""

    FOLLOW = "follow"
    ASK = "ask"
    LEAVE = "leave"


class FieldPolicy(Frozen):
    """One field; ``lengths`` says how much of it a ledger keeps, where that is less than all."""

    owner: Owner
    compare: Likeness = Likeness.WORDS
    lengths: dict[System, int] = Field(default_factory=dict)


class Policy(Frozen):
    """One kind of record, such as ``customer``; ``fields`` are paths in its canonical record."""

    entity: str
    direction: Direction
    creates: bool = True
    """Whether a record that one ledger lacks is created there, where the direction lets it."""
    archived: Fate
    restored: Fate = Fate.ASK
    deleted: Fate = Fate.ASK
    merged: Fate = Fate.ASK
    renumbered: Fate = Fate.ASK
    fields: dict[str, FieldPolicy]

    def values(self, canonical: Json) -> dict[str, JsonValue]:
        """Return what a canonical record says of the fields, and whether it counts."""
        return {field: _at(canonical, field) for field in (ACTIVE, *self.fields)}


def _at(record: JsonValue, path: str) -> JsonValue:
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record
