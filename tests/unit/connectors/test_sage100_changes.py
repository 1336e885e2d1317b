"""Change capture of Sage 100: every change is seen, every document acted on once (issue's line 3).

The property is tried on our reader and on readers with a planted bug each, which it must refuse.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from fake_lists import FakeLanding
from sage100_changes import (
    CUSTOMERS,
    HISTORY,
    ORDERS,
    ZONE,
    Act,
    Cells,
    Site,
)
from tieout.connectors.sage100.catalog import TABLES, Table
from tieout.connectors.sage100.dialect import Key
from tieout.connectors.sage100.lists import Sage100Lists
from tieout.connectors.sage100.moments import written
from tieout.connectors.sage100.passes import Pass
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.rows import Row
from tieout.domain.ledger import NewInboxEntry
from tieout.domain.reading import Interval, KeyedPages, Page, Position
from tieout.errors import UnavailableError
from tieout.usecases.extract import extract

PAGE_ROWS_MAX, PAGE_RECORDS = 3, 2
STARTS = [
    datetime(2026, 6, 15, 13, 50, tzinfo=UTC),  # ten to ten: hours get a second digit
    datetime(2026, 6, 16, 3, 50, tzinfo=UTC),  # ten to midnight
    datetime(2026, 3, 8, 6, 30, tzinfo=UTC),  # half an hour before an hour is left out
    datetime(2026, 11, 1, 5, 10, tzinfo=UTC),  # within the hour that comes again
]
WORDS = ["wait", "new", "edit", "blank", "undated", "late", "register", "delete", "order", "end"]
ACTS = st.tuples(st.sampled_from(WORDS), st.integers(0, 41))
HISTORIES = st.lists(
    st.tuples(st.lists(ACTS, max_size=4), st.lists(ACTS, max_size=12), st.integers(0, 5)),
    min_size=1,
    max_size=6,
)
"""What happens before a poll, what during it, after how many pages it dies (0 for never)."""
BOUNDED = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)

History = list[tuple[list[Act], list[Act], int]]


class SiteClock:
    def __init__(self, site: Site) -> None:
        self._site = site

    def now(self) -> datetime:
        return self._site.now


class Lists(Sage100Lists):
    """Our lists with one kind of pass; a poll may die after some pages."""

    def __init__(self, site: Site, kind: type[Pass]) -> None:
        reader = Sage100Reader(site, page_rows_max=PAGE_ROWS_MAX)
        super().__init__(reader, account="HPS", zone=ZONE, clock=SiteClock(site))
        self._kind = kind
        self.dies_after = 0

    @override
    def pages(
        self, resource: str, position: Position, *, interval: Interval | None = None
    ) -> Iterator[Page]:
        run = self._kind(self._reader, TABLES[resource], self._zone, interval)
        pages = run.pages(position, now=self._clock.now(), page_records=PAGE_RECORDS)
        for number, page in enumerate(pages, 1):
            yield page
            if number == self.dies_after:
                raise UnavailableError("The worker died.", remedy="The next poll goes on.")


class Watcher:
    """Polls a site, and acts on every order that lands."""

    def __init__(self, site: Site, kind: type[Pass]) -> None:
        self.site = site
        self.landing = FakeLanding(SiteClock(site).now)
        self.lists = Lists(site, kind)
        self.acted: Counter[tuple[str, str]] = Counter()

    def poll(self, *, dies_after: int = 0) -> None:
        known = len(self.landing.entries)
        self.lists.dies_after = dies_after
        for table in (CUSTOMERS, ORDERS):
            try:
                extract(self.lists, self.landing, "pair", table)
            except UnavailableError:
                continue
        for entry in self.landing.entries[known:]:
            if entry.topic == f"{ORDERS}/sweep":
                self.act(entry)

    def act(self, entry: NewInboxEntry) -> None:
        order = body(entry)
        total = sum(float(line["ExtensionAmt"]) for line in order["lines"])
        assert total == float(order["TaxableAmt"]), "acted on half an order"
        self.acted[entry.resource_id, order["Comment"]] += 1

    def known(self, table: str) -> dict[str, NewInboxEntry]:
        """Return the newest entry of every record."""
        entries = self.landing.entries
        return {one.resource_id: one for one in entries if one.topic.startswith(f"{table}/")}

    def live(self, table: str) -> dict[str, dict[str, Any]]:
        """Return what the inbox thinks is there."""
        newest = self.known(table).items()
        return {key: body(one) for key, one in newest if one.topic == f"{table}/sweep"}


def body(entry: NewInboxEntry) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(entry.body or b"")
    return found


def shown(cells: Cells) -> tuple[str, str]:
    """Return what tells the versions of a customer apart."""
    return str(cells["CustomerName"]), f"{float(cells.get('CurrentBalance', 0)):.2f}"


def check(start: datetime, history: History, kind: type[Pass] = Pass) -> None:
    """Let a history happen under polls; assert that nothing is missed or acted on twice."""
    site = Site(start)
    watcher = Watcher(site, kind)
    for before, during, dies_after in history:
        for act in before:
            site.happen(*act)
        site.during = iter(during)
        watcher.poll(dies_after=dies_after)
    site.during = iter(())
    site.settle()
    watcher.poll()
    undated = {"/".join(map(str, key)) for key in site.undated}
    check_live(site, watcher, unseen=undated)
    site.now += timedelta(days=1, hours=1)
    watcher.poll()
    check_live(site, watcher, unseen=set())
    there = {"/".join(map(str, key)) for key in site.tables[CUSTOMERS]}
    assert watcher.live(CUSTOMERS).keys() == there, "a customer that is gone lives on"
    assert watcher.live(ORDERS).keys() == {key[0] for key in site.tables[ORDERS]}
    check_ends(site, watcher)
    assert watcher.landing.letters == []


def check_live(site: Site, watcher: Watcher, *, unseen: set[str]) -> None:
    live = watcher.live(CUSTOMERS)
    for key, cells in site.tables[CUSTOMERS].items():
        name = "/".join(map(str, key))
        if name not in unseen:
            assert name in live, "a customer was missed"
            assert shown(live[name]) == shown(cells), "a change of a customer was missed"
    for (order,), cells in site.tables[ORDERS].items():
        assert watcher.acted[str(order), cells["Comment"]] == 1, "an order was missed"
    assert set(watcher.acted) <= site.whole, "acted on what never was"
    assert max(watcher.acted.values(), default=1) == 1, "an order was acted on twice"


def check_ends(site: Site, watcher: Watcher) -> None:
    """Of every order that is gone and was seen, the inbox knows how it ended."""
    known = watcher.known(ORDERS)
    for (order,), kept in site.tables[HISTORY].items():
        if (order,) not in site.tables[ORDERS] and str(order) in known:
            how = {"C": "closed", "X": "deleted"}[kept["OrderStatus"]]
            assert known[str(order)].topic == f"{ORDERS}/{how}"


@given(start=st.sampled_from(STARTS), history=HISTORIES)
@BOUNDED
def test_every_change_is_seen_and_every_order_acted_on_once(
    start: datetime, history: History
) -> None:
    check(start, history)


class Remembering(Pass):
    """A pass that knows where it began, for bugs that are planted in what is asked for."""

    since: Position

    @override
    def pages(
        self, position: Position, *, now: datetime, page_records: int = PAGE_RECORDS
    ) -> Iterator[Page]:
        self.since = position
        return super().pages(position, now=now, page_records=page_records)

    def wall(self) -> datetime | None:
        """Return the watermark on the site's wall, less the overlap."""
        through = self.since.through
        return None if through is None else (through - timedelta(minutes=10)).astimezone(ZONE)


def hours_of(wall: datetime) -> float:
    return wall.hour + wall.minute / 60 + wall.second / 3600


class TextTimes(Remembering):
    """Compares TimeUpdated as text, as a clause of SQL would."""

    @override
    def _rows(
        self, table: Table, columns: Any, first: date | None, after: Key | None
    ) -> Iterator[Row]:
        wall = self.wall()
        for row in super()._rows(table, columns, first, after):
            day = row.day("DateUpdated")
            is_of_today = first and wall and day == wall.date()
            if is_of_today and wall and row.text("TimeUpdated") < f"{hours_of(wall):.5f}":
                continue
            yield row


class TimeAlone(Remembering):
    """Asks for TimeUpdated >= x, whatever the date: the next day's early rows are lost."""

    @override
    def _rows(
        self, table: Table, columns: Any, first: date | None, after: Key | None
    ) -> Iterator[Row]:
        wall = self.wall()
        for row in super()._rows(table, columns, first, after):
            is_timed = row.text("TimeUpdated")
            if first and wall and is_timed and float(is_timed) < hours_of(wall):
                continue
            yield row


class NoOverlap(Pass):
    """Keeps only what was written after the watermark."""

    @override
    def _keep_from(self, position: Position, keyed: KeyedPages) -> datetime | None:
        return None if keyed.since is None else position.through


class PagedByTime(Pass):
    """Goes on after a page by the time of its last row."""

    @override
    def _rows(
        self, table: Table, columns: Any, first: date | None, after: Key | None
    ) -> Iterator[Row]:
        rows = sorted(super()._rows(table, columns, first, None), key=_moment)
        page: list[Row] = []
        for row in rows:
            if len(page) == PAGE_ROWS_MAX:
                if _moment(row) == _moment(page[-1]):
                    continue
                page = []
            page.append(row)
            yield row


class FirstOfTwo(Pass):
    """Takes the first of the two moments that a repeated hour may be."""

    @override
    def _is_kept(self, moments: Any, keep_from: datetime | None) -> bool:
        earliest = moments and type(moments)(moments.earliest, moments.earliest)
        return super()._is_kept(earliest, keep_from)


class HeadersAlone(Pass):
    """Takes a document as it comes, with whatever lines there are."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        if self._documents is not None:
            self._documents.is_whole = lambda _header, _lines: True  # type: ignore[method-assign]
            self._documents.unsteady = lambda *_given: set()  # type: ignore[method-assign]


def _moment(row: Row) -> datetime:
    day = row.day("DateUpdated")
    return written(day, row.text("TimeUpdated"), ZONE).earliest if day else STARTS[2]


@pytest.mark.parametrize(
    "kind", [TextTimes, TimeAlone, NoOverlap, PagedByTime, FirstOfTwo, HeadersAlone]
)
def test_a_planted_bug_does_not_pass(kind: type[Pass]) -> None:
    @given(start=st.sampled_from(STARTS), history=HISTORIES)
    @settings(BOUNDED, max_examples=400, phases=[Phase.generate])
    def runs(start: datetime, history: History) -> None:
        check(start, history, kind)

    with pytest.raises(AssertionError):
        runs()
