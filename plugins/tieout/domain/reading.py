"""Reading a source's list: its records as they came, and where the reader goes on.

A reading outlives its reader: with every page that is stored, the position after it is stored too.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pydantic import AwareDatetime, PositiveInt

from tieout.domain.base import Frozen, System
from tieout.domain.ledger import NewDeadLetter, Origin

OWN_WRITE = "own_write"
"""The rule by which an entry that tells of our own write is skipped."""
RENUMBERED = "record_renumbered"
"""Why a record is set aside that is gone, or that came under the name of one that is gone."""
SWEPT = "sweep"
"""What the topic of an entry says of a record that lives."""


class Tombstone(StrEnum):
    """Why a record counts no more at its source; the topic of its entry says it."""

    ARCHIVED = "archived"
    DELETED = "deleted"
    VOIDED = "voided"
    MERGED = "merged"
    """Another record has taken its place."""
    CLOSED = "closed"
    """It is complete, and lives on in the source's history alone."""
    GONE = "gone"
    """The source does not list it any more, and does not say why."""


def topic_of(resource: str, tombstone: Tombstone | None = None) -> str:
    """Return the topic of the entry of a list's record, that lives or counts no more."""
    return f"{resource}/{tombstone or SWEPT}"


class Interval(Frozen):
    """From ``since`` on and before ``until``."""

    since: AwareDatetime
    until: AwareDatetime


class NumberedPages(Frozen):
    """The rest of a list that is read by page numbers, from its last page to its first.

    The list is what changed at or after ``since``. Once its last page has been read, ``through`` is
    up to when everything will have been when the first has.
    """

    since: AwareDatetime | None
    next_page: PositiveInt
    through: AwareDatetime | None = None


class KeyedPages(Frozen):
    """The rest of a list that is read in the order of its keys, narrowed by a date at the most.

    ``since`` is the first date that is asked for, None for all; ``after`` the key of the last
    record read, empty before the first. What was written after ``begun_at`` may be behind the
    reader; what was written up to the newest record read will have been read when the last page
    has.
    """

    since: date | None
    begun_at: AwareDatetime
    after: tuple[str, ...] = ()
    newest: AwareDatetime | None = None


class LeftRecord(Frozen):
    """A record that was not fit to be taken; it says since ``since`` what ``gist`` is a hash of."""

    key: tuple[str, ...]
    since: AwareDatetime
    gist: str = ""


class Position(Frozen):
    """Where a reader goes on; every change up to ``through`` has been read.

    ``swept_at`` is when the last reading of the whole list began, in a list that is not read whole
    at every run. ``left`` are the records that the next run reads again, whatever their dates.
    """

    through: AwareDatetime | None = None
    numbered: NumberedPages | None = None
    keyed: KeyedPages | None = None
    swept_at: AwareDatetime | None = None
    left: tuple[LeftRecord, ...] | None = None


START = Position()


class Reading(Frozen):
    """Which list of which source is read for which pair; its watermark is called ``name``."""

    pair: str
    source: System
    account: str
    resource: str
    interval: Interval | None = None
    """Only what changed within it, on purpose and whatever was read before."""

    @property
    def name(self) -> str:
        """Return the name of the watermark: every backfill has one of its own."""
        words = [self.resource, self.account]
        if self.interval is not None:
            words.append(f"{self.interval.since.isoformat()}/{self.interval.until.isoformat()}")
        return " ".join(words)

    @property
    def origin(self) -> Origin:
        """Return how the entries reach us."""
        return Origin.SWEEP if self.interval is None else Origin.BACKFILL

    def topic(self, tombstone: Tombstone | None = None) -> str:
        """Return the topic of a record's entry."""
        return topic_of(self.resource, tombstone)


class Writer(StrEnum):
    """Who wrote a record last, where the source says so."""

    OTHERS = "others"
    US = "us"
    """We did; what others wrote before is in it, too."""
    US_ALONE = "us alone"
    """We did when we created it, and nobody since."""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One record, its bytes as they came; made by the thousand, so no model."""

    record_id: str
    body: bytes
    tombstone: Tombstone | None = None
    merged_to: str = ""
    """The id of the record that took its place."""
    writer: Writer = Writer.OTHERS
    gist: str = ""
    """A hash of what the record says without when and by whom it was written."""
    named: str = ""
    """What it is called, where people can give it another id."""


@dataclass(frozen=True, slots=True)
class OddRecord:
    """A record that lacks ``member``, or has something else there than it always had."""

    record_id: str
    body: bytes
    member: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of a list, and the position after them.

    ``is_whole``: they are the whole list, so what is not among them is not there any more.
    ``may_return``: a record may say again what it said before, so only its newest entry counts.
    ``listed`` are the ids of the whole list, when it was gone through: what lived and is not among
    them is not there any more. ``listed_before`` is when it had last been gone through.
    """

    records: list[SourceRecord]
    position: Position
    odd: list[OddRecord]
    is_whole: bool = False
    may_return: bool = False
    listed: Collection[str] = ()
    listed_before: datetime | None = None

    @property
    def present(self) -> list[str]:
        """Return the ids of the whole list, as far as the page knows it; else nothing."""
        ids = [record.record_id for record in self.records]
        if not self.is_whole:
            return [*self.listed, *ids] if self.listed else []
        return [*ids, *(record.record_id for record in self.odd)] if ids else []


class Renumbered(Frozen):
    """A record that is gone while another one came that is called the same."""

    old_id: str
    new_id: str
    named: str

    @classmethod
    def told_by(cls, letter: NewDeadLetter, resource: str) -> "Renumbered | None":
        """Return what a dead letter of this list tells of, None when it tells of something else."""
        _account, _resource, old_id = letter.trace_key.partition(f" {resource} ")
        if letter.cause != RENUMBERED or letter.field != resource or not old_id:
            return None
        return cls(old_id=old_id, new_id=letter.value, named="")

    def letter(self, reading: Reading) -> NewDeadLetter:
        """Return the dead letter of either."""
        return NewDeadLetter(
            pair=reading.pair,
            trace_key=f"{reading.account} {reading.resource} {self.old_id}",
            step="extract",
            cause=RENUMBERED,
            message=f"{self.old_id} is gone from {reading.resource}, and {self.new_id} came, "
            f"which is called {self.named!r} as well.",
            remedy="If people renumbered or merged it, bind the new number and dismiss both; else "
            "replay both.",
            field=reading.resource,
            value=self.new_id,
        )


class PageLanded(Frozen):
    """How many entries of a page were new, and how many of those were tombstones.

    ``echoes`` are our own writes; they are new to nobody, and not counted as such.
    """

    new: int
    tombstones: int
    set_aside: int
    echoes: int = 0
