"""Xero's lists, read as they change (domain/xero README, 1.2).

A list is in the order of its records' last changes, so a record that is edited moves to its end.
Pages taken by ascending number would skip whatever then moves up over a page's edge. So a reader
*seeks*: it asks for page 1 of what changed since the last record that it has, less a second.
Where so many records share a moment that a seek would read them again and again, the rest
of the list is taken by page numbers from its last page to its first: records only ever move up, to
pages that are still to come.

Xero may show a change later than it dates it: what it dates later than ``LATENESS`` before a run
began is not called read, whatever of it came, and is read again by the next one.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

from typing_extensions import override

from tieout.connectors.xero.client import PAGE_SIZE_MAX, XeroClient
from tieout.connectors.xero.records import RecordReader, Records
from tieout.connectors.xero.resources import Resource, Way, resource_of
from tieout.domain.base import System
from tieout.domain.reading import Interval, NumberedPages, Page, Position
from tieout.errors import ConfigurationError, UnavailableError
from tieout.ports.lists import Lists

LATENESS = timedelta(minutes=5)
"""How late Xero may show a change: it says nothing, so generously long."""
STEP_BACK = timedelta(seconds=1)
"""If-Modified-Since knows whole seconds, and whether its own second is meant is not documented."""
READ_AGAIN_MAX = 10
"""How many records of a page the next seek may bring again: one in a hundred."""
CALLS_MAX = 5000
"""How many pages one run reads at most: what an organization allows in a day."""

Item = TypeVar("Item")


class XeroLists(Lists):
    """The lists of one organization."""

    source = System.XERO

    def __init__(self, client: XeroClient, *, tenant_id: str) -> None:
        """Take the organization's client; nothing is called before the first page."""
        self._client = client
        self._tenant_id = tenant_id

    @property
    @override
    def account(self) -> str:
        return self._tenant_id

    @override
    def pages(
        self, resource: str, position: Position, *, interval: Interval | None = None
    ) -> Iterator[Page]:
        run = _Run(self._client, resource_of(resource), interval)
        return _read_ahead(run.pages(position))


class _Run:
    """One reader on its way through one list."""

    def __init__(self, client: XeroClient, resource: Resource, interval: Interval | None) -> None:
        self._client = client
        self._resource = resource
        self._reader = RecordReader(resource)
        self._interval = interval
        self._begun_at: datetime | None = None
        """By Xero's own clock. What changed later is left to the next run."""
        self._calls = 0

    def pages(self, position: Position) -> Iterator[Page]:
        """Yield the pages after ``position``."""
        match self._resource.way:
            case Way.WHOLE:
                yield self._whole(position)
            case Way.CHANGES:
                read = self._read(self._begin(position), {})
                through = _later(position.through, self._read_through(read))
                yield self._page(read, Position(through=through))
            case Way.PAGES:
                yield from self._sought(position)

    def _whole(self, position: Position) -> Page:
        read = self._read(None, {})
        through = _later(position.through, read.answered_at)
        return Page(read.records, Position(through=through), read.odd, is_whole=True)

    def _sought(self, position: Position) -> Iterator[Page]:
        """Seek to the end of the list; finish by number first what an earlier run began so."""
        if position.numbered is not None:
            for page in self._by_number(position.through, position.numbered):
                yield page
                position = page.position
        since = self._begin(position)
        while True:
            read, page_count = self._numbered_page(1, since)
            following = _before(max(read.times, default=None), STEP_BACK)
            is_over = page_count == 1 or self._is_past_end(read)
            if is_over or _is_worth_a_seek(read, since, following):
                position = Position(through=_later(position.through, self._read_through(read)))
                yield self._page(read, position)
                if is_over:
                    return
                since = following
            else:
                rest = NumberedPages(since=since, next_page=page_count)
                yield self._page(read, Position(through=position.through, numbered=rest))
                # What changes from now on is read by the next run.
                yield from self._by_number(position.through, rest)
                return

    def _begin(self, position: Position) -> datetime | None:
        """Return since when a run asks for changes."""
        start = self._interval.since if self._interval else None
        return _before(position.through or start, STEP_BACK)

    def _by_number(self, through: datetime | None, rest: NumberedPages) -> Iterator[Page]:
        """Read the rest of a list from its last page to its first."""
        reached = rest.through
        known: set[tuple[str, ...]] = set()
        for number in range(rest.next_page, 0, -1):
            read, _page_count = self._numbered_page(number, rest.since)
            self._check_progress(read, known)
            reached = reached or _later(through, self._read_through(read))
            if number == 1:
                position = Position(through=reached)
            else:
                left = NumberedPages(since=rest.since, next_page=number - 1, through=reached)
                position = Position(through=through, numbered=left)
            yield self._page(read, position)

    def _numbered_page(self, number: int, since: datetime | None) -> tuple[Records, int]:
        """Return a page, and how many there are, at least one."""
        paging = {"page": str(number), "pageSize": str(PAGE_SIZE_MAX)}
        read = self._read(since, paging)
        if read.times != sorted(read.times):
            raise ConfigurationError(
                f"Xero's list of {self._resource.path} is not in the order of changes.",
                remedy="Report this: it cannot be read by its changes any more.",
            )
        if read.page_count is None:
            raise UnavailableError(
                f"Xero does not say how many pages of {self._resource.path} there are.",
                remedy="The page is read again later.",
            )
        return read, max(read.page_count, 1)

    def _check_progress(self, read: Records, known: set[tuple[str, ...]]) -> None:
        """Add what a page begins and ends with to what is known; no other page has the same."""
        edges = tuple(record.record_id for record in read.records[:1] + read.records[-1:])
        if edges in known:
            raise UnavailableError(
                f"Xero repeats a page of {self._resource.path} instead of going on.",
                remedy="It is read again later.",
            )
        known |= {edges} if edges else set()

    def _read(self, since: datetime | None, paging: Mapping[str, str]) -> Records:
        self._calls += 1
        if self._calls > CALLS_MAX:
            raise UnavailableError(
                f"{CALLS_MAX} pages of {self._resource.path} were read, and there are more.",
                remedy="What was read has landed; the next run goes on from there.",
            )
        params = {**dict(self._resource.params), **paging}
        read = self._reader.read(self._client.get(self._resource.path, params, since))
        self._begun_at = self._begun_at or read.answered_at
        return read

    def _read_through(self, read: Records) -> datetime | None:
        """Return up to when nothing can come any more that is not among these records."""
        newest = max(read.times, default=None)
        return None if newest is None else min(newest, (self._begun_at or newest) - LATENESS)

    def _is_past_end(self, read: Records) -> bool:
        """Say whether the rest is for the next run, or outside the interval."""
        end = self._interval.until if self._interval else self._begun_at
        return bool(read.times and end and read.times[-1] > end)

    def _page(self, read: Records, position: Position) -> Page:
        records = read.records
        if self._interval is not None:
            since, until = self._interval.since, self._interval.until
            dated = zip(records, read.times, strict=True)
            records = [record for record, changed_at in dated if since <= changed_at < until]
        return Page(records, position, read.odd)


def _is_worth_a_seek(read: Records, since: datetime | None, following: datetime | None) -> bool:
    """Say whether asking for what changed since ``following`` brings enough that is new."""
    if following is None or (since is not None and following <= since):
        return False
    return sum(changed_at >= following for changed_at in read.times) <= READ_AGAIN_MAX


def _before(moment: datetime | None, span: timedelta) -> datetime | None:
    """Return the whole second that is ``span`` before the one of ``moment``."""
    return None if moment is None else moment.replace(microsecond=0) - span


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


def _read_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items, the next one being fetched while the caller works on this one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item
