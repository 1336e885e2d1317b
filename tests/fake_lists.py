"""A source's lists, and the inbox that they land in, in memory; each passes its port's contract."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from typing_extensions import override

from fakes import FakeClock
from tieout.domain.base import System
from tieout.domain.ledger import NewDeadLetter, NewInboxEntry
from tieout.domain.reading import (
    START,
    Interval,
    OddRecord,
    Page,
    PageLanded,
    Position,
    Reading,
    SourceRecord,
    Tombstone,
)
from tieout.errors import ConfigurationError, RetryableError
from tieout.ports.landing import Landing
from tieout.ports.lists import Lists

PAGE_SIZE = 3


@dataclass(frozen=True)
class Held:
    """One record as the source has it."""

    record: SourceRecord
    changed_at: datetime


class FakeLists(Lists):
    """A source with the lists ``changing`` (dated, paged) and ``whole``.

    ``odd`` are records of ``changing`` that have no time; they come with its first page.
    """

    source = System.XERO

    def __init__(self, clock: FakeClock, *, changing: str, whole: str) -> None:
        self._clock = clock
        self._changing = changing
        self.held: dict[str, dict[str, Held]] = {changing: {}, whole: {}}
        self.odd: list[OddRecord] = []

    @property
    @override
    def account(self) -> str:
        return "tenant"

    def put(
        self,
        resource: str,
        record_id: str,
        says: str,
        *,
        tombstone: Tombstone | None = None,
        merged_to: str = "",
    ) -> None:
        """Create a record or change it, now."""
        body = json.dumps({"id": record_id, "says": says}).encode()
        record = SourceRecord(record_id, body, tombstone, merged_to)
        self.held[resource][record_id] = Held(record, self._clock.now())

    @override
    def pages(
        self, resource: str, position: Position, *, interval: Interval | None = None
    ) -> Iterator[Page]:
        if resource not in self.held:
            raise ConfigurationError(f"no list {resource!r}", remedy=f"Use {list(self.held)}.")
        if resource != self._changing:
            records = [held.record for held in self.held[resource].values()]
            now = Position(through=self._clock.now())
            return iter([Page(records, now, [], is_whole=True)])
        return self._changed(position, interval)

    def _changed(self, position: Position, interval: Interval | None) -> Iterator[Page]:
        since = position.through or (interval.since if interval else None)
        changed = sorted(
            (
                held
                for held in self.held[self._changing].values()
                if (since is None or held.changed_at >= since)
                and (interval is None or held.changed_at < interval.until)
            ),
            key=lambda held: held.changed_at,
        )
        for start in range(0, max(len(changed), 1), PAGE_SIZE):
            some = changed[start : start + PAGE_SIZE]
            through = some[-1].changed_at if some else position.through
            odd = self.odd if start == 0 else []
            yield Page([held.record for held in some], Position(through=through), odd)


class FakeLanding(Landing):
    """An inbox in memory: ``entries`` in the order in which they came, ``letters`` opened."""

    def __init__(self) -> None:
        self.entries: list[NewInboxEntry] = []
        self.letters: list[NewDeadLetter] = []
        self._positions: dict[tuple[str, str, str], Position] = {}

    @override
    def position(self, reading: Reading) -> Position:
        return self._positions.get((reading.pair, reading.source, reading.name), START)

    @override
    def land(
        self,
        reading: Reading,
        page: Page,
        *,
        before: Position,
        set_aside: Sequence[tuple[NewInboxEntry, NewDeadLetter]] = (),
    ) -> PageLanded:
        if self.position(reading) != before:
            raise RetryableError("another run has gone on", remedy="Read on from there.")
        self._positions[reading.pair, reading.source, reading.name] = page.position
        is_compared = page.is_whole or page.may_return
        new = [
            record
            for record in [*page.records, *self._gone(reading, page)]
            if self._add(_entry(reading, record), is_compared=is_compared)
        ]
        aside = [letter for entry, letter in set_aside if self._add(entry, is_compared=False)]
        self.letters += aside
        return PageLanded(
            new=len(new) + len(aside),
            tombstones=sum(record.tombstone is not None for record in new),
            set_aside=len(aside),
        )

    def _add(self, entry: NewInboxEntry, *, is_compared: bool) -> bool:
        latest = self._latest(entry).get(entry.resource_id)
        compared = [latest] if is_compared and latest else self.entries
        if any(_said(known) == _said(entry) for known in compared):
            return False
        self.entries.append(entry)
        return True

    def _latest(self, like: NewInboxEntry) -> dict[str, NewInboxEntry]:
        """Return the newest entry of each record of the same list."""
        return {
            one.resource_id: one
            for one in self.entries
            if (one.source, one.account) == (like.source, like.account)
            and one.topic.partition("/")[0] == like.topic.partition("/")[0]
        }

    def _gone(self, reading: Reading, page: Page) -> list[SourceRecord]:
        """Return tombstones of what has an entry and is not listed any more."""
        listed = set(page.present)
        lives, gone = reading.topic(), reading.topic(Tombstone.GONE)
        return [
            SourceRecord(record_id, b"{}", Tombstone.GONE)
            for record_id, entry in self._latest(_entry(reading, SourceRecord("", b""))).items()
            if listed
            and record_id not in listed
            and (entry.topic == lives or (page.is_whole and entry.topic != gone))
        ]


def _said(entry: NewInboxEntry) -> tuple[str, ...]:
    return (entry.source, entry.account, entry.topic, entry.resource_id, entry.body_sha256)


def _entry(reading: Reading, record: SourceRecord) -> NewInboxEntry:
    return NewInboxEntry(
        pair=reading.pair,
        source=reading.source,
        account=reading.account,
        topic=reading.topic(record.tombstone),
        event_id="",
        resource_id=record.record_id,
        origin=reading.origin,
        body=record.body,
        body_sha256=hashlib.sha256(record.body).hexdigest(),
        body_size=len(record.body),
        headers={"merged_to": record.merged_to} if record.merged_to else {},
    )
