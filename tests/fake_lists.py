"""A source's lists, and the inbox that they land in, in memory; each passes its port's contract."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
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
    Renumbered,
    SourceRecord,
    Tombstone,
    Writer,
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
    """An inbox in memory: ``entries`` in the order in which they came, ``letters`` opened.

    ``echoes`` are those among the entries that are skipped, ``stopped`` those set aside.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._arrived_at: dict[str, datetime] = {}
        self._known: set[tuple[str, ...]] = set()
        self._newest: dict[tuple[str, ...], NewInboxEntry] = {}
        self.entries: list[NewInboxEntry] = []
        self.letters: list[NewDeadLetter] = []
        self.echoes: list[NewInboxEntry] = []
        self.stopped: list[NewInboxEntry] = []
        self._positions: dict[tuple[str, str, str], Position] = {}

    @override
    def position(self, reading: Reading) -> Position:
        return self._positions.get((reading.pair, reading.source, reading.name), START)

    @override
    def told(
        self, source: System, account: str, resource: str, record_ids: Collection[str]
    ) -> dict[str, bytes]:
        newest = {one: self._newest.get((source, account, resource, one)) for one in record_ids}
        return {
            one: entry.body
            for one, entry in newest.items()
            if entry is not None and entry.topic == f"{resource}/sweep"
        }

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
        new: list[SourceRecord] = []
        echoes: list[NewInboxEntry] = []
        for record in [*page.records, *self._gone(reading, page)]:
            entry = _entry(reading, record)
            is_echo = is_compared and self._is_echo(record, entry)
            if self._add(entry, is_compared=is_compared):
                new.append(record)
                echoes += [entry] if is_echo else []
        self.echoes += echoes
        aside = [letter for entry, letter in set_aside if self._add(entry, is_compared=False)]
        tombstones = sum(record.tombstone is not None for record in new)
        stopped = self._stop_renumbered(reading, page) if tombstones and page.listed else []
        self.letters += [*aside, *stopped]
        return PageLanded(
            new=len(new) - len(echoes) + len(aside),
            tombstones=tombstones,
            set_aside=len(aside) + len(stopped),
            echoes=len(echoes),
        )

    def _is_echo(self, record: SourceRecord, entry: NewInboxEntry) -> bool:
        latest = self._newest.get(_record(entry))
        is_same = (
            latest is not None
            and latest.topic == entry.topic
            and latest.headers.get("gist") == record.gist
        )
        return record.writer is Writer.US_ALONE or (record.writer is Writer.US and is_same)

    def _stop_renumbered(self, reading: Reading, page: Page) -> list[NewDeadLetter]:
        """Set aside what is gone and what came under its name."""
        kind = f"{reading.resource}/"
        some = [
            one
            for one in self.entries
            if (one.source, one.account) == (reading.source, reading.account)
            and one.topic.startswith(kind)
        ]
        waiting = [one for one in some if one not in self.echoes and one not in self.stopped]
        first = {one.resource_id: one for one in reversed(some)}
        names = {
            one.resource_id: one.headers.get("named")
            for one in some
            if one.topic == reading.topic()
        }
        pairs = [
            (gone, came)
            for gone in waiting
            for came in waiting
            if gone.topic == reading.topic(Tombstone.GONE)
            and came.topic == reading.topic()
            and came is first[came.resource_id]
            and page.listed_before is not None
            and self._arrived_at[came.resource_id] >= page.listed_before
            and came.resource_id != gone.resource_id
            and came.headers.get("named")
            and came.headers.get("named") == names.get(gone.resource_id)
        ]
        self.stopped += [entry for pair in pairs for entry in pair]
        return [
            Renumbered(
                old_id=gone.resource_id, new_id=came.resource_id, named=came.headers["named"]
            ).letter(reading)
            for gone, came in pairs
            for _either in range(2)
        ]

    def _add(self, entry: NewInboxEntry, *, is_compared: bool) -> bool:
        latest = self._newest.get(_record(entry))
        is_known = _said(entry) in self._known
        if is_compared and latest:
            is_known = _said(latest) == _said(entry)
        if is_known:
            return False
        self.entries.append(entry)
        self._known.add(_said(entry))
        self._newest[_record(entry)] = entry
        self._arrived_at.setdefault(entry.resource_id, self._now())
        return True

    def _gone(self, reading: Reading, page: Page) -> list[SourceRecord]:
        """Return tombstones of what has an entry and is not listed any more."""
        listed = set(page.present)
        lives, gone = reading.topic(), reading.topic(Tombstone.GONE)
        if not listed:
            return []
        return [
            SourceRecord(entry.resource_id, b"{}", Tombstone.GONE)
            for record, entry in self._newest.items()
            if record == _record(_entry(reading, SourceRecord(entry.resource_id, b"")))
            and entry.resource_id not in listed
            and (entry.topic == lives or (page.is_whole and entry.topic != gone))
        ]


def _record(entry: NewInboxEntry) -> tuple[str, ...]:
    """Return which record of which list an entry is of."""
    return (entry.source, entry.account, entry.topic.partition("/")[0], entry.resource_id)


def _said(entry: NewInboxEntry) -> tuple[str, ...]:
    return (entry.source, entry.account, entry.topic, entry.resource_id, entry.body_sha256)


def _entry(reading: Reading, record: SourceRecord) -> NewInboxEntry:
    said = {"merged_to": record.merged_to, "gist": record.gist, "named": record.named}
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
        headers={name: value for name, value in said.items() if value},
    )
