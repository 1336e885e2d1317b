"""Reading Xero's lists while they change: whatever happens between two calls, nothing is skipped.

A list in memory answers as Xero's does (domain/xero README, 1.2): in the order of changes, by page,
from a second on. Pages are tiny, so that every history has many, and the list changes before each.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.connectors.http import Answer, Request
from tieout.connectors.xero.lists import LATENESS, XeroLists
from tieout.connectors.xero.records import Records
from tieout.domain.reading import START, Interval, NumberedPages, Page, Position
from tieout.errors import ConfigurationError, UnavailableError

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
SIZE = 4
"""Records on a page."""
SECOND_MS = 1000

Act = tuple[str, int]


@dataclass
class Contact:
    """One record: which version it is at, when that came to be, and when it can be seen."""

    version: int
    changed_ms: int
    seen_ms: int


@dataclass
class ListServer:
    """Xero's list of contacts; ``acts`` happen before its calls, one group before each."""

    is_inclusive: bool = True
    acts: Iterator[Sequence[Act]] = field(default_factory=lambda: iter(()))
    now_ms: int = 0
    contacts: dict[int, Contact] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Page and If-Modified-Since of every call."""

    def add(self, *, at_ms: int | None = None, seen_ms: int | None = None) -> None:
        """Create a record, now or as if it had been created before."""
        changed_ms = self.now_ms if at_ms is None else at_ms
        contact = Contact(1, changed_ms, seen_ms or changed_ms)
        self.contacts[max(self.contacts, default=0) + 1] = contact

    def act(self, what: str, number: int) -> None:
        """Let one thing happen."""
        ids = sorted(self.contacts)
        chosen = ids[number % len(ids)] if ids else 0
        match what:
            case "wait":
                self.now_ms += number * SECOND_MS // 3
            case "add":
                self.add()
            case "edit" if chosen:
                version = self.contacts[chosen].version + 1
                self.contacts[chosen] = Contact(version, self.now_ms, self.now_ms)
            case "drop" if chosen:
                del self.contacts[chosen]
            case "late":
                lateness_ms = number * SECOND_MS % int(LATENESS.total_seconds() * SECOND_MS)
                self.add(seen_ms=self.now_ms + lateness_ms)

    def get(self, path: str, params: Mapping[str, str], modified_since: datetime | None) -> Answer:
        """Answer as XeroClient does."""
        for what, number in next(self.acts, ()):
            self.act(what, number)
        page, size = int(params["page"]), int(params["pageSize"])
        self.asked.append((params["page"], str(modified_since)))
        listed = sorted(
            (contact.changed_ms, number, contact.version)
            for number, contact in self.contacts.items()
            if contact.seen_ms <= self.now_ms and self._is_since(contact, modified_since)
        )
        content = {
            "DateTimeUTC": f"/Date({_ms(self.now_ms)})/",
            "pagination": {"page": page, "pageCount": -(-len(listed) // size)},
            "Contacts": [
                {
                    "ContactID": f"{number}",
                    "UpdatedDateUTC": f"/Date({_ms(changed)}+0000)/",
                    "Version": version,
                }
                for changed, number, version in listed[(page - 1) * size : page * size]
            ],
        }
        request = Request("GET", path, is_write=False)
        return Answer("Xero", request, 200, {}, json.dumps(content).encode())

    def _is_since(self, contact: Contact, since: datetime | None) -> bool:
        if since is None:
            return True
        assert since.microsecond == 0
        second = contact.changed_ms // SECOND_MS
        asked = (since - NOON) // timedelta(seconds=1)
        return second >= asked if self.is_inclusive else second > asked

    def current(self) -> set[tuple[str, int]]:
        """Return every record's id and version, as they are now."""
        return {(str(number), one.version) for number, one in self.contacts.items()}


def _ms(since_noon: int) -> int:
    return int(NOON.timestamp()) * SECOND_MS + since_noon


@dataclass
class Inbox:
    """What has landed, and the position after it."""

    position: Position = START
    landed: set[tuple[str, int]] = field(default_factory=set)

    def read(self, server: ListServer, *, pages_max: int = 10_000) -> int:
        """Read until the end, or until the reader dies after so many pages."""
        lists = XeroLists(cast("Any", server), tenant_id="t")
        pages = 0
        for page in lists.pages("Contacts", self.position):
            if pages == pages_max:
                break
            pages += 1
            said = [json.loads(record.body) for record in page.records]
            self.landed |= {(one["ContactID"], one["Version"]) for one in said}
            self.position = page.position
        return pages


@pytest.fixture(autouse=True, scope="module")
def small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tieout.connectors.xero.lists.PAGE_SIZE_MAX", SIZE)
        patch.setattr("tieout.connectors.xero.lists.READ_AGAIN_MAX", 1)
        yield


acts = st.lists(
    st.tuples(
        st.sampled_from(["wait", "wait", "add", "edit", "edit", "drop", "late"]),
        st.integers(0, 2000),
    ),
    max_size=4,
)
"""What happens between two calls; times are in thirds of a second."""
starts = st.lists(st.sampled_from([0, 0, 1, 1, 1, 2, 7, 400, 5000]), max_size=40)
"""How many thirds of a second after the one before each record was created: 0 is a tie."""


def server_of(gaps: Sequence[int], *, is_inclusive: bool) -> ListServer:
    server = ListServer(is_inclusive=is_inclusive)
    for gap in gaps:
        server.now_ms += gap * SECOND_MS // 3
        server.add()
    return server


@dataclass(frozen=True)
class History:
    """What a list holds, what happens before each call, and after how many pages readers die."""

    gaps: Sequence[int]
    acts: Sequence[Sequence[Act]]
    deaths: Sequence[int]
    is_inclusive: bool

    def skipped(self) -> set[tuple[str, int]]:
        """Live through it; return what is there at the end and never landed."""
        server = server_of(self.gaps, is_inclusive=self.is_inclusive)
        server.acts = iter(self.acts)
        inbox = Inbox()
        for pages_max in self.deaths:
            inbox.read(server, pages_max=pages_max)
        inbox.read(server)
        server.acts = iter(())
        inbox.read(server)
        # Long after: what was skipped is older than what is read again, and stays skipped.
        for _ in range(2):
            server.now_ms += 10 * int(LATENESS.total_seconds()) * SECOND_MS
            server.add()
            inbox.read(server)
        return server.current() - inbox.landed


histories = st.builds(
    History,
    gaps=starts,
    acts=st.lists(acts, max_size=40),
    deaths=st.lists(st.integers(0, 4), max_size=3),
    is_inclusive=st.booleans(),
)


@settings(max_examples=400, deadline=None)
@given(history=histories)
def test_whatever_changes_while_it_is_read_nothing_is_skipped(history: History) -> None:
    assert history.skipped() == set()


def ascending(run: Any, through: datetime | None, rest: NumberedPages) -> Iterator[Page]:
    """Read the rest of a list from its first page to its last."""
    for number in range(1, rest.next_page + 1):
        read, _page_count = run._numbered_page(number, rest.since)  # noqa: SLF001 - its stand-in
        through = max(read.times, default=through)
        yield Page(read.records, Position(through=through), [])


def unsettled(_run: object, read: Records) -> datetime | None:
    """Call everything read that is older than the newest record, however fresh that is."""
    return max(read.times, default=None)


late_at_the_end = History(
    [30] * 8, [[("late", 100), ("wait", 30), ("add", 0)]], [], is_inclusive=True
)
tie_at_a_pages_edge = History([30, 30, 30, 30, 0, 30], [], [], is_inclusive=False)
edit_among_numbered = History(
    [0] * 3 * SIZE + [3000] * SIZE,
    [[], [], [("wait", 30), ("edit", 0)]],
    [],
    is_inclusive=True,
)
late_before_a_slow_page = History(
    [30] * 3,
    [
        [("late", 299), ("wait", 30), ("add", 0), ("wait", 30), ("add", 0)],
        [("wait", 1800), ("add", 0)],
    ],
    [],
    is_inclusive=True,
)


@pytest.mark.parametrize(
    ("part", "broken", "history"),
    [
        ("LATENESS", timedelta(0), late_at_the_end),
        ("STEP_BACK", timedelta(0), tie_at_a_pages_edge),
        ("_Run._by_number", ascending, edit_among_numbered),
        ("_Run._read_through", unsettled, late_before_a_slow_page),
    ],
)
def test_a_reader_without_one_of_its_precautions_skips(
    part: str, broken: object, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert history.skipped() == set()
    monkeypatch.setattr(f"tieout.connectors.xero.lists.{part}", broken)
    assert history.skipped()


@settings(max_examples=150, deadline=None)
@given(gaps=starts, is_inclusive=st.booleans())
def test_a_list_at_rest_is_read_in_few_calls(gaps: list[int], *, is_inclusive: bool) -> None:
    server = server_of(gaps, is_inclusive=is_inclusive)
    inbox = Inbox()
    inbox.read(server)
    assert server.current() == inbox.landed
    # A page brings one record less than it holds, and the rest by number costs one call more.
    assert len(server.asked) <= -(-len(gaps) // (SIZE - 1)) + 2


def test_a_run_without_news_costs_one_call() -> None:
    server = server_of([3] * 3 * SIZE, is_inclusive=True)
    inbox = Inbox()
    inbox.read(server)
    server.now_ms += 10 * SECOND_MS * int(LATENESS.total_seconds())
    server.add()
    inbox.read(server)
    server.asked.clear()
    inbox.read(server)
    fresh_from = NOON + timedelta(milliseconds=server.now_ms) - LATENESS
    assert server.asked == [("1", str(fresh_from - timedelta(seconds=1)))]
    server.now_ms += 2 * SECOND_MS * int(LATENESS.total_seconds())
    inbox.read(server)
    inbox.read(server)
    last = NOON + timedelta(milliseconds=server.contacts[max(server.contacts)].changed_ms)
    assert server.asked[-1] == ("1", str(last - timedelta(seconds=1)))


@pytest.mark.parametrize("gap", [0, 1, 3, 300])
def test_readers_that_live_for_one_page_each_come_to_the_end(gap: int) -> None:
    server = server_of([gap] * 6 * SIZE, is_inclusive=False)
    server.now_ms += 2 * SECOND_MS * int(LATENESS.total_seconds())
    inbox = Inbox()
    readers = 0
    while server.current() != inbox.landed:
        readers += 1
        inbox.read(server, pages_max=1)
        assert readers <= 3 * 6


def test_a_seek_asks_for_page_one_from_a_second_before_the_last_record() -> None:
    server = server_of([30] * 2 * SIZE, is_inclusive=False)
    Inbox().read(server)
    assert [page for page, _since in server.asked] == ["1", "1", "1"]
    assert server.asked[1] == ("1", str(NOON + timedelta(seconds=39)))


def test_more_records_of_one_second_than_a_page_holds_are_read_from_the_last_page_up() -> None:
    server = server_of([0] * 3 * SIZE, is_inclusive=True)
    inbox = Inbox()
    inbox.read(server)
    assert [page for page, _since in server.asked] == ["1", "3", "2", "1"]
    assert server.current() == inbox.landed


def test_a_reader_that_died_among_numbered_pages_goes_on_with_the_next() -> None:
    server = server_of([0] * 4 * SIZE, is_inclusive=True)
    inbox = Inbox()
    inbox.read(server, pages_max=2)
    server.asked.clear()
    inbox.read(server)
    assert [page for page, _since in server.asked][:3] == ["3", "2", "1"]
    assert server.current() == inbox.landed


def test_an_interval_brings_what_last_changed_within_it() -> None:
    server = server_of([90] * 10, is_inclusive=False)
    interval = Interval(since=NOON + timedelta(seconds=60), until=NOON + timedelta(seconds=210))
    pages = XeroLists(cast("Any", server), tenant_id="t").pages(
        "Contacts", START, interval=interval
    )
    brought = {one.record_id for page in pages for one in page.records}
    assert brought == {"2", "3", "4", "5", "6"}


class Answering:
    """A source whose answers to any call are these."""

    def __init__(self, answers: Iterator[object]) -> None:
        self.answers = answers
        self.calls = 0

    def get(self, path: str, *_given: object) -> Answer:
        self.calls += 1
        body = json.dumps(next(self.answers)).encode()
        return Answer("Xero", Request("GET", path, is_write=False), 200, {}, body)

    def pages(self) -> Iterator[Page]:
        return XeroLists(cast("Any", self), tenant_id="t").pages("Contacts", START)


def a_page(*times_ms: int, page_count: int = 2) -> dict[str, object]:
    """Return an answer with a contact for each of the times."""
    rows = [
        {"ContactID": f"{time_ms}", "UpdatedDateUTC": f"/Date({time_ms})/"} for time_ms in times_ms
    ]
    return {"Contacts": rows, "pagination": {"pageCount": page_count}}


def test_an_order_that_is_not_that_of_changes_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not in the order of changes"):
        list(Answering(iter([a_page(2, 1)])).pages())


def test_an_answer_that_counts_no_pages_is_not_trusted() -> None:
    with pytest.raises(UnavailableError, match="how many pages"):
        list(Answering(iter([{"Contacts": []}])).pages())


def test_a_list_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tieout.connectors.xero.lists.CALLS_MAX", 20)
    for_ever = (a_page(number * 10_000, number * 10_000 + 5_000) for number in count(1))
    with pytest.raises(UnavailableError, match="20 pages of Contacts were read"):
        list(Answering(for_ever).pages())


@pytest.mark.parametrize("length", [1, 2, 3])
def test_pages_that_turn_in_a_circle_are_left_after_one_round(length: int) -> None:
    turning = [a_page(*[number] * SIZE, page_count=1000) for number in range(1, length + 1)]
    answers = Answering(cycle(turning))
    with pytest.raises(UnavailableError, match="repeats a page"):
        list(answers.pages())
    assert answers.calls <= 1 + length + 1


def test_the_next_page_is_read_while_the_caller_works() -> None:
    server = server_of([30] * 3 * SIZE, is_inclusive=True)
    pages = XeroLists(cast("Any", server), tenant_id="t").pages("Contacts", START)
    next(pages)
    deadline = time.monotonic() + 10
    while len(server.asked) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert len(server.asked) == 2
