"""Extraction over fakes: what lands, what is set aside, and where a reading goes on."""

from collections.abc import Iterator, Sequence

import pytest
from typing_extensions import override

from fake_lists import PAGE_SIZE, FakeLanding, FakeLists
from fakes import FakeClock
from tieout.domain.ledger import NewDeadLetter, NewInboxEntry, Origin
from tieout.domain.reading import (
    START,
    Interval,
    OddRecord,
    Page,
    PageLanded,
    Position,
    Reading,
    Tombstone,
)
from tieout.errors import ConfigurationError, UnavailableError
from tieout.usecases.extract import extract

PAIR = "harbor_and_pine"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def lists(clock: FakeClock) -> FakeLists:
    return FakeLists(clock, changing="Contacts", whole="TaxRates")


@pytest.fixture
def landing() -> FakeLanding:
    return FakeLanding(FakeClock().now)


def contacts(lists: FakeLists, clock: FakeClock, count: int) -> None:
    for number in range(count):
        clock.advance(60)
        lists.put("Contacts", f"c{number}", "first")


def ids(landing: FakeLanding) -> list[str]:
    return [entry.resource_id for entry in landing.entries]


def test_every_page_lands_in_the_order_of_changes(
    lists: FakeLists, landing: FakeLanding, clock: FakeClock
) -> None:
    contacts(lists, clock, 7)
    done = extract(lists, landing, PAIR, "Contacts")
    assert (done.pages, done.records, done.landed) == (3, 7, 7)
    assert ids(landing) == [f"c{number}" for number in range(7)]


def test_the_next_run_brings_what_changed_since(
    lists: FakeLists, landing: FakeLanding, clock: FakeClock
) -> None:
    contacts(lists, clock, 2)
    extract(lists, landing, PAIR, "Contacts")
    clock.advance(60)
    lists.put("Contacts", "c0", "second")
    lists.put("Contacts", "c1", "gone", tombstone=Tombstone.MERGED, merged_to="c0")
    done = extract(lists, landing, PAIR, "Contacts")
    assert (done.landed, done.tombstones) == (2, 1)
    assert [entry.topic for entry in landing.entries[2:]] == ["Contacts/sweep", "Contacts/merged"]


def test_a_backfill_leaves_the_live_position_and_can_be_repeated(
    lists: FakeLists, landing: FakeLanding, clock: FakeClock
) -> None:
    since = clock.now()
    contacts(lists, clock, PAGE_SIZE + 1)
    interval = Interval(since=since, until=clock.now())
    live = Reading(pair=PAIR, source=lists.source, account=lists.account, resource="Contacts")
    first = extract(lists, landing, PAIR, "Contacts", interval=interval)
    again = extract(lists, landing, PAIR, "Contacts", interval=interval)
    assert (first.landed, again.records, again.landed) == (PAGE_SIZE, PAGE_SIZE, 0)
    assert {entry.origin for entry in landing.entries} == {Origin.BACKFILL}
    assert landing.position(live) == START
    assert extract(lists, landing, PAIR, "Contacts").landed == 1


def test_an_odd_record_is_set_aside_and_its_neighbors_land(
    lists: FakeLists, landing: FakeLanding, clock: FakeClock
) -> None:
    contacts(lists, clock, 2)
    lists.odd = [OddRecord("", b'{"Name": "no id"}', "ContactID")]
    done = extract(lists, landing, PAIR, "Contacts")
    assert (done.records, done.landed, done.set_aside) == (3, 3, 1)
    (letter,) = landing.letters
    assert (letter.cause, letter.step, letter.field) == (
        "record_incomplete",
        "extract",
        "ContactID",
    )
    assert extract(lists, landing, PAIR, "Contacts").set_aside == 0


def test_a_page_with_many_odd_records_stops_the_reading(
    lists: FakeLists, landing: FakeLanding
) -> None:
    lists.odd = [OddRecord(str(number), b"{}", "UpdatedDateUTC") for number in range(100)]
    with pytest.raises(ConfigurationError, match="100 have no usable UpdatedDateUTC"):
        extract(lists, landing, PAIR, "Contacts")
    assert landing.entries == []


class DyingLanding(FakeLanding):
    """An inbox whose worker dies at one page, before or after the commit."""

    def __init__(self, *, at_page: int, after_commit: bool) -> None:
        super().__init__(FakeClock().now)
        self._pages_left = at_page
        self._after_commit = after_commit

    @override
    def land(
        self,
        reading: Reading,
        page: Page,
        *,
        before: Position,
        set_aside: Sequence[tuple[NewInboxEntry, NewDeadLetter]] = (),
    ) -> PageLanded:
        self._pages_left -= 1
        if self._pages_left == 0 and not self._after_commit:
            raise UnavailableError("it died", remedy="Try again.")
        landed = super().land(reading, page, before=before, set_aside=set_aside)
        if self._pages_left == 0:
            raise UnavailableError("it died", remedy="Try again.")
        return landed


@pytest.mark.parametrize("after_commit", [False, True])
@pytest.mark.parametrize("at_page", [1, 2, 3])
def test_a_run_that_dies_at_a_page_is_gone_on_with(
    lists: FakeLists, clock: FakeClock, at_page: int, *, after_commit: bool
) -> None:
    contacts(lists, clock, 8)
    landing = DyingLanding(at_page=at_page, after_commit=after_commit)
    with pytest.raises(UnavailableError, match="it died"):
        extract(lists, landing, PAIR, "Contacts")
    done = extract(lists, landing, PAIR, "Contacts")
    assert ids(landing) == [f"c{number}" for number in range(8)]
    pages_landed = at_page if after_commit else at_page - 1
    assert done.landed == max(8 - pages_landed * PAGE_SIZE, 0)


class FailingLists(FakeLists):
    """A source that fails in the middle."""

    @override
    def pages(
        self, resource: str, position: Position, *, interval: Interval | None = None
    ) -> Iterator[Page]:
        yield next(super().pages(resource, position, interval=interval))
        raise UnavailableError("no answer", remedy="Try again.")


def test_what_was_read_before_a_failure_has_landed(landing: FakeLanding, clock: FakeClock) -> None:
    lists = FailingLists(clock, changing="Contacts", whole="TaxRates")
    contacts(lists, clock, 8)
    with pytest.raises(UnavailableError, match="no answer"):
        extract(lists, landing, PAIR, "Contacts")
    assert len(landing.entries) == PAGE_SIZE
