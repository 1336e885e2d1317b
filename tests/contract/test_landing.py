"""What every implementation of the Landing port keeps, the fake included."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from typing_extensions import override

import records
from fake_lists import FakeLanding
from tieout.domain.base import System
from tieout.domain.ledger import NewDeadLetter, NewInboxEntry, Origin
from tieout.domain.reading import (
    START,
    Interval,
    KeyedPages,
    LeftRecord,
    NumberedPages,
    Page,
    PageLanded,
    Position,
    Reading,
    SourceRecord,
    Tombstone,
    Writer,
)
from tieout.errors import RetryableError
from tieout.ledger.landing import PostgresLanding
from tieout.ledger.postgres import PostgresLedger
from tieout.ports.landing import Landing

READING = Reading(pair=records.PAIR, source=System.XERO, account="tenant", resource="Items")
NOON = records.MIDNIGHT + timedelta(hours=12)
LATER = Position(through=NOON)


def present() -> datetime:
    """Return the present, as the ledger's clock shows it."""
    return datetime.fromtimestamp(time.time(), UTC)


class Inbox(Protocol):
    """An implementation, and a look at what it holds."""

    landing: Landing

    def entries(self) -> list[NewInboxEntry]:
        """Return what landed, oldest first, but for what was set aside."""

    def letters(self) -> list[NewDeadLetter]:
        """Return what was set aside."""


class InMemory(Inbox):
    def __init__(self) -> None:
        self.landing = self._fake = FakeLanding(present)

    @override
    def entries(self) -> list[NewInboxEntry]:
        passed = [*self._fake.echoes, *self._fake.stopped]
        waiting = [one for one in self._fake.entries if one not in passed]
        return [one for one in waiting if one.resource_id != ODD]

    @override
    def letters(self) -> list[NewDeadLetter]:
        return self._fake.letters


class InPostgres(Inbox):
    def __init__(self, ledger: PostgresLedger) -> None:
        self.ledger = ledger
        self.landing = PostgresLanding(ledger.database)

    @override
    def entries(self) -> list[NewInboxEntry]:
        found = self.ledger.pending_entries(records.PAIR, limit=100)
        fields = set(NewInboxEntry.model_fields)
        return [NewInboxEntry.model_validate(one.model_dump(include=fields)) for one in found]

    @override
    def letters(self) -> list[NewDeadLetter]:
        fields = set(NewDeadLetter.model_fields)
        return [
            NewDeadLetter.model_validate(one.model_dump(include=fields))
            for one in self.ledger.dead_letters()
        ]


ODD = "odd"


@pytest.fixture
def in_memory() -> Inbox:
    return InMemory()


@pytest.fixture
def in_postgres(emptied_ledger_url: str) -> Iterator[Inbox]:
    ledger = PostgresLedger(emptied_ledger_url)
    yield InPostgres(ledger)
    ledger.close()


@pytest.fixture(params=["in_memory", "in_postgres"])
def inbox(request: pytest.FixtureRequest) -> Inbox:
    chosen: Inbox = request.getfixturevalue(request.param)
    return chosen


def test_what_was_told_last_of_a_record_is_known_while_it_lives(inbox: Inbox) -> None:
    def land(*some: SourceRecord) -> None:
        before = inbox.landing.position(READING)
        inbox.landing.land(READING, Page([*some], before, [], may_return=True), before=before)

    land(SourceRecord("a", b"one"), SourceRecord("b", b"one"))
    land(SourceRecord("a", b"two"), SourceRecord("b", b"{}", Tombstone.GONE))

    told = inbox.landing.told(READING.source, READING.account, READING.resource, ["a", "b", "c"])
    assert told == {"a": b"two"}
    assert inbox.landing.told(READING.source, "another", READING.resource, ["a"]) == {}


def item(
    record_id: str, says: str = "a", *, tombstone: Tombstone | None = None, merged_to: str = ""
) -> SourceRecord:
    return SourceRecord(record_id, says.encode(), tombstone, merged_to)


def page(*some: SourceRecord, position: Position = LATER, is_whole: bool = False) -> Page:
    return Page(list(some), position, [], is_whole=is_whole)


def land_whole(inbox: Inbox, *some: SourceRecord) -> int:
    """Land a whole list; return how many entries were new."""
    before = inbox.landing.position(READING)
    after = Position(through=(before.through or NOON) + timedelta(minutes=1))
    whole = page(*some, position=after, is_whole=True)
    return inbox.landing.land(READING, whole, before=before).new


def said(inbox: Inbox) -> list[tuple[str, str, bytes | None]]:
    return [(one.topic, one.resource_id, one.body) for one in inbox.entries()]


def test_records_land_as_they_came_and_wait(inbox: Inbox) -> None:
    landed = inbox.landing.land(READING, page(item("1", '{"é": 1.10}')), before=START)
    assert (landed.new, landed.tombstones, landed.set_aside) == (1, 0, 0)
    (entry,) = inbox.entries()
    assert entry.body == '{"é": 1.10}'.encode()
    assert (entry.topic, entry.resource_id) == ("Items/sweep", "1")
    assert (entry.source, entry.account, entry.origin) == (System.XERO, "tenant", Origin.SWEEP)
    assert (entry.body_size, entry.headers) == (12, {})


def test_a_position_moves_with_the_page(inbox: Inbox) -> None:
    numbered = NumberedPages(since=NOON, next_page=7, through=None)
    first = Position(numbered=numbered)
    assert inbox.landing.position(READING) == START
    inbox.landing.land(READING, page(position=first), before=START)
    assert inbox.landing.position(READING) == first
    inbox.landing.land(READING, page(position=LATER), before=first)
    assert inbox.landing.position(READING) == LATER


def test_every_reading_has_a_position_of_its_own(inbox: Inbox) -> None:
    inbox.landing.land(READING, page(), before=START)
    backfill = READING.model_copy(update={"interval": Interval(since=NOON, until=NOON)})
    for other in (
        backfill,
        READING.model_copy(update={"resource": "Contacts"}),
        READING.model_copy(update={"account": "other tenant"}),
        READING.model_copy(update={"pair": "lotus_lane"}),
    ):
        assert inbox.landing.position(other) == START


def test_a_reading_that_ends_at_the_start_begins_anew(inbox: Inbox) -> None:
    inbox.landing.land(READING, page(), before=START)
    inbox.landing.land(READING, page(position=START), before=LATER)
    assert inbox.landing.position(READING) == START
    inbox.landing.land(READING, page(), before=START)
    assert inbox.landing.position(READING) == LATER


def test_who_comes_second_from_the_same_place_stores_nothing(inbox: Inbox) -> None:
    inbox.landing.land(READING, page(item("1")), before=START)
    with pytest.raises(RetryableError):
        inbox.landing.land(READING, page(item("2")), before=START)
    assert [one.resource_id for one in inbox.entries()] == ["1"]
    assert inbox.landing.position(READING) == LATER


def test_what_is_known_does_not_land_again(inbox: Inbox) -> None:
    inbox.landing.land(READING, page(item("1"), item("2"), item("2")), before=START)
    again = inbox.landing.land(READING, page(item("2"), item("2", "b")), before=LATER)
    assert again.new == 1
    assert said(inbox) == [
        ("Items/sweep", "1", b"a"),
        ("Items/sweep", "2", b"a"),
        ("Items/sweep", "2", b"b"),
    ]


def test_a_backfill_brings_only_what_is_unknown(inbox: Inbox) -> None:
    backfill = READING.model_copy(update={"interval": Interval(since=NOON, until=NOON)})
    inbox.landing.land(READING, page(item("1")), before=START)
    inbox.landing.land(backfill, page(item("1"), item("2")), before=START)
    assert [one.origin for one in inbox.entries()] == [Origin.SWEEP, Origin.BACKFILL]


def test_a_tombstone_says_its_cause_and_who_took_the_place(inbox: Inbox) -> None:
    voided = item("1", tombstone=Tombstone.VOIDED)
    merged = item("2", tombstone=Tombstone.MERGED, merged_to='heir "é"')
    landed = inbox.landing.land(READING, page(voided, merged, item("3")), before=START)
    assert (landed.new, landed.tombstones) == (3, 2)
    assert [(one.topic, one.headers) for one in inbox.entries()] == [
        ("Items/voided", {}),
        ("Items/merged", {"merged_to": 'heir "é"'}),
        ("Items/sweep", {}),
    ]


def test_a_keyed_position_moves_with_the_page(inbox: Inbox) -> None:
    keyed = KeyedPages(since=NOON.date(), begun_at=NOON, after=("00", "0001001"), newest=NOON)
    left = (LeftRecord(key=("0001042",), since=NOON, gist="abc"),)
    first = Position(through=NOON, keyed=keyed, swept_at=NOON, left=left)
    inbox.landing.land(READING, page(position=first), before=START)
    assert inbox.landing.position(READING) == first
    inbox.landing.land(READING, page(position=LATER), before=first)
    assert inbox.landing.position(READING) == LATER


def land_returning(inbox: Inbox, *some: SourceRecord, listed: tuple[str, ...] = ()) -> int:
    """Land a page of records that may return; return how many entries were new."""
    before = inbox.landing.position(READING)
    after = Position(through=(before.through or NOON) + timedelta(minutes=1))
    returning = Page(list(some), after, [], may_return=True, listed=listed)
    return inbox.landing.land(READING, returning, before=before).new


def test_a_page_may_say_again_what_a_record_said_before(inbox: Inbox) -> None:
    for says in ("a", "b", "a", "a", "b"):
        land_returning(inbox, item("1", says))
    assert [one.body for one in inbox.entries()] == [b"a", b"b", b"a", b"b"]


def test_what_a_page_does_not_speak_of_is_not_gone(inbox: Inbox) -> None:
    land_returning(inbox, item("1"), item("2"))
    assert land_returning(inbox, item("2", "b")) == 1
    assert said(inbox)[-1] == ("Items/sweep", "2", b"b")


def test_what_is_not_listed_any_more_is_gone_until_it_comes_back(inbox: Inbox) -> None:
    land_returning(inbox, item("1"), item("2"), item("3"))
    assert land_returning(inbox, item("2", "b"), listed=("2", "3", "unread")) == 2
    assert land_returning(inbox, listed=("2", "3")) == 0
    assert land_returning(inbox, item("1"), listed=("1", "2", "3")) == 1
    assert [(topic, id_) for topic, id_, _body in said(inbox)[3:]] == [
        ("Items/sweep", "2"),
        ("Items/gone", "1"),
        ("Items/sweep", "1"),
    ]


def test_what_ended_in_a_known_way_is_not_gone_as_well(inbox: Inbox) -> None:
    land_returning(inbox, item("1"), item("2"), item("3"), item("4"))
    land_returning(inbox, item("1", tombstone=Tombstone.CLOSED))
    deleted = item("2", tombstone=Tombstone.DELETED)
    assert land_returning(inbox, deleted, listed=("4",)) == 2
    assert [(topic, id_) for topic, id_, _body in said(inbox)[4:]] == [
        ("Items/closed", "1"),
        ("Items/deleted", "2"),
        ("Items/gone", "3"),
    ]


def ours(record_id: str, says: str, gist: str, writer: Writer = Writer.US) -> SourceRecord:
    return SourceRecord(record_id, says.encode(), writer=writer, gist=gist)


def land_counted(
    inbox: Inbox,
    *some: SourceRecord,
    listed: tuple[str, ...] = (),
    since: datetime | None = None,
) -> PageLanded:
    before = inbox.landing.position(READING)
    after = Position(through=(before.through or NOON) + timedelta(minutes=1))
    returning = Page(
        list(some), after, [], may_return=True, listed=listed, listed_before=since or present()
    )
    return inbox.landing.land(READING, returning, before=before)


def test_what_we_created_and_nobody_wrote_since_is_skipped(inbox: Inbox) -> None:
    landed = land_counted(inbox, ours("1", "a", "A", Writer.US_ALONE), item("2"))
    assert (landed.new, landed.echoes) == (1, 1)
    assert land_counted(inbox, ours("1", "a", "A", Writer.US_ALONE)).echoes == 0
    assert land_counted(inbox, SourceRecord("1", b"b", gist="B")).new == 1
    assert said(inbox) == [("Items/sweep", "2", b"a"), ("Items/sweep", "1", b"b")]


def test_what_we_touched_without_changing_it_is_skipped(inbox: Inbox) -> None:
    land_counted(inbox, SourceRecord("1", b"a at noon", gist="A"))
    landed = land_counted(inbox, ours("1", "a at one", "A"))
    assert (landed.new, landed.echoes) == (0, 1)
    landed = land_counted(inbox, ours("1", "b at two", "B"))
    assert (landed.new, landed.echoes) == (1, 0)
    assert land_counted(inbox, ours("2", "a", "A")).echoes == 0
    assert [body for _topic, _id, body in said(inbox)] == [b"a at noon", b"b at two", b"a"]


def named(record_id: str, name: str) -> SourceRecord:
    return SourceRecord(record_id, f"{record_id} {name}".encode(), named=name)


def test_a_record_that_may_have_another_id_now_stops_for_a_person(inbox: Inbox) -> None:
    land_counted(inbox, named("1", "Pine"), named("2", "Oak"), named("3", "Elm"))
    since = present()
    land_counted(inbox, named("9", "Pine"))
    landed = land_counted(inbox, named("8", "Ash"), listed=("3", "9"), since=since)
    assert (landed.new, landed.tombstones, landed.set_aside) == (3, 2, 2)
    assert {letter.cause for letter in inbox.letters()} == {"record_renumbered"}
    assert {letter.value for letter in inbox.letters()} == {"9"}
    assert {(topic, id_) for topic, id_, _body in said(inbox)[3:]} == {
        ("Items/sweep", "8"),
        ("Items/gone", "2"),
    }
    assert land_counted(inbox, named("7", "Fir"), listed=("3", "8", "9")).set_aside == 0


def test_a_record_that_was_there_before_is_none_that_came(inbox: Inbox) -> None:
    land_counted(inbox, named("1", "Pine"), named("2", "Pine"))
    assert land_counted(inbox, listed=("2",)).set_aside == 0


def test_a_whole_list_lands_what_changed_in_it(inbox: Inbox) -> None:
    assert land_whole(inbox, item("1"), item("2")) == 2
    assert land_whole(inbox, item("1"), item("2")) == 0
    assert land_whole(inbox, item("1"), item("2", "b"), item("3")) == 2


def test_a_whole_list_lands_what_was_changed_back(inbox: Inbox) -> None:
    for says in ("a", "b", "a", "a", "b"):
        land_whole(inbox, item("1", says))
    assert [one.body for one in inbox.entries()] == [b"a", b"b", b"a", b"b"]


def test_a_record_that_a_whole_list_lacks_is_gone_once(inbox: Inbox) -> None:
    land_whole(inbox, item("1"), item("2"))
    assert land_whole(inbox, item("2")) == 1
    assert land_whole(inbox, item("2")) == 0
    land_whole(inbox, item("1"), item("2"))
    assert land_whole(inbox, item("2")) == 1
    assert said(inbox) == [
        ("Items/sweep", "1", b"a"),
        ("Items/sweep", "2", b"a"),
        ("Items/gone", "1", b"{}"),
        ("Items/sweep", "1", b"a"),
        ("Items/gone", "1", b"{}"),
    ]


def test_a_whole_list_says_nothing_of_other_lists(inbox: Inbox) -> None:
    other = READING.model_copy(update={"account": "other tenant"})
    inbox.landing.land(other, page(item("9")), before=START)
    inbox.landing.land(
        READING.model_copy(update={"resource": "ItemGroups"}), page(item("8")), before=START
    )
    assert land_whole(inbox, item("1")) == 1


def test_an_empty_list_buries_nobody(inbox: Inbox) -> None:
    land_whole(inbox, item("1"))
    assert land_whole(inbox) == 0


def test_an_odd_record_is_set_aside_with_its_page_and_once(inbox: Inbox) -> None:
    entry = records.entry(ODD, body=b"{", topic="Items/sweep").model_copy(
        update={"source": System.XERO, "account": "tenant"}
    )
    letter = records.dead_letter().model_copy(update={"cause": "record_incomplete"})
    odd = [(entry, letter)]
    first = inbox.landing.land(READING, page(item("1")), before=START, set_aside=odd)
    second = inbox.landing.land(READING, page(item("1")), before=LATER, set_aside=odd)
    assert (first.new, first.set_aside) == (2, 1)
    assert (second.new, second.set_aside) == (0, 0)
    assert [one.cause for one in inbox.letters()] == ["record_incomplete"]
    assert [one.resource_id for one in inbox.entries()] == ["1"]
