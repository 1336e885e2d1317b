"""What every implementation of the Lists port keeps: the fake, and our reader of Xero."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from typing_extensions import override

from fake_lists import FakeLists
from fakes import FakeClock
from simulators.xero.client import XeroClient, unique
from tieout.domain.reading import START, Interval, Page, Position, SourceRecord, Tombstone
from tieout.errors import ConfigurationError
from tieout.ports.lists import Lists
from wire import SetClock
from xero_simulator import XeroSimulator, xero_simulator

HOUR_S = 3600


class Books(Protocol):
    """A source with lists, and what people do there."""

    lists: Lists

    def write(self, name: str, contact_id: str = "") -> str:
        """Create a contact, or change its name; return its id."""

    def archive(self, contact_id: str) -> None:
        """Archive a contact."""

    def merge(self, lost: str, kept: str) -> None:
        """Merge a contact into another."""

    def item(self) -> str:
        """Create an item; return its id."""

    def drop(self, item_id: str) -> None:
        """Delete an item."""

    def pass_by(self, seconds: int) -> None:
        """Let time pass."""

    def now(self) -> datetime:
        """Return the present, there."""


class Simulated(Books):
    def __init__(self, simulator: XeroSimulator) -> None:
        self.lists = simulator.connector(SetClock()).lists
        self._people = XeroClient(simulator.url)

    @override
    def write(self, name: str, contact_id: str = "") -> str:
        known = {"ContactID": contact_id} if contact_id else {}
        answer = self._people.post("Contacts", {"Contacts": [{"Name": name, **known}]})
        written: str = answer.json()["Contacts"][0]["ContactID"]
        return written

    @override
    def archive(self, contact_id: str) -> None:
        content = {"ContactID": contact_id, "ContactStatus": "ARCHIVED"}
        self._people.post("Contacts", {"Contacts": [content]}).raise_for_status()

    @override
    def merge(self, lost: str, kept: str) -> None:
        body = {"FromContactID": lost, "ToContactID": kept}
        self._people.control(
            "POST", f"people/{self._people.tenant_id}/merge_contacts", body
        ).raise_for_status()

    @override
    def item(self) -> str:
        answer = self._people.put("Items", {"Items": [{"Code": unique("I"), "Name": "An item"}]})
        created: str = answer.json()["Items"][0]["ItemID"]
        return created

    @override
    def drop(self, item_id: str) -> None:
        self._people.send("DELETE", f"Items/{item_id}").raise_for_status()

    @override
    def pass_by(self, seconds: int) -> None:
        self._people.control("POST", "clock", {"advance_seconds": seconds}).raise_for_status()
        self._people.headers |= self._people.authorized()  # the token may have expired meanwhile

    @override
    def now(self) -> datetime:
        said: str = self._people.get("Organisation").json()["DateTimeUTC"]
        return datetime.fromtimestamp(int(said[6:-2]) / 1000, UTC)


class InMemory(Books):
    def __init__(self) -> None:
        self._clock = FakeClock()
        self.lists = self._fake = FakeLists(self._clock, changing="Contacts", whole="Items")
        self._names: dict[str, str] = {}

    @override
    def write(self, name: str, contact_id: str = "") -> str:
        contact_id = contact_id or unique("c")
        self._names[contact_id] = name
        self._fake.put("Contacts", contact_id, name)
        return contact_id

    @override
    def archive(self, contact_id: str) -> None:
        name = self._names[contact_id]
        self._fake.put("Contacts", contact_id, name, tombstone=Tombstone.ARCHIVED)

    @override
    def merge(self, lost: str, kept: str) -> None:
        name = self._names[lost]
        self._fake.put("Contacts", lost, name, tombstone=Tombstone.MERGED, merged_to=kept)

    @override
    def item(self) -> str:
        item_id = unique("i")
        self._fake.put("Items", item_id, "an item")
        return item_id

    @override
    def drop(self, item_id: str) -> None:
        del self._fake.held["Items"][item_id]

    @override
    def pass_by(self, seconds: int) -> None:
        self._clock.advance(seconds)

    @override
    def now(self) -> datetime:
        return self._clock.now()


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XeroSimulator]:
    with xero_simulator(tmp_path_factory.mktemp("xero")) as running:
        yield running


@pytest.fixture
def simulated(simulator: XeroSimulator) -> Books:
    return Simulated(simulator)


@pytest.fixture
def in_memory() -> Books:
    return InMemory()


@pytest.fixture(params=["in_memory", "simulated"])
def books(request: pytest.FixtureRequest) -> Books:
    chosen: Books = request.getfixturevalue(request.param)
    return chosen


def read(books: Books, position: Position = START, **given: Any) -> list[Page]:
    return list(books.lists.pages("Contacts", position, **given))


def by_id(pages: list[Page]) -> dict[str, SourceRecord]:
    return {record.record_id: record for page in pages for record in page.records}


def test_a_record_comes_with_its_id_and_as_it_is_now(books: Books) -> None:
    name = unique("Zoë 漢字")
    contact_id = books.write(unique("first"))
    books.write(name, contact_id)
    record = by_id(read(books))[contact_id]
    assert name in json.loads(record.body).values()
    assert (record.tombstone, record.merged_to) == (None, "")


def test_a_reader_goes_on_with_what_changed_since(books: Books) -> None:
    old, edited = books.write(unique("old")), books.write(unique("before"))
    position = read(books)[-1].position
    books.pass_by(HOUR_S)
    books.write(unique("after"), edited)
    new = books.write(unique("new"))
    after = read(books, position)
    assert {edited, new} <= by_id(after).keys()
    books.pass_by(HOUR_S)
    newest = books.write(unique("newest"))
    assert by_id(read(books, after[-1].position)).keys() - {edited, new} == {newest}
    assert old in by_id(read(books))


def test_a_list_without_news_is_one_page(books: Books) -> None:
    books.pass_by(HOUR_S)
    books.write(unique("last"))
    books.pass_by(HOUR_S)  # until nothing older can come any more
    position = read(books)[-1].position
    (page,) = read(books, position)
    assert len(page.records) <= 1
    assert page.position == position


def test_every_page_says_where_to_go_on(books: Books) -> None:
    written = {books.write(unique("one of many")) for _ in range(7)}
    pages = read(books)
    for number, page in enumerate(pages):
        later = read(books, page.position)
        assert written <= by_id([*pages[: number + 1], *later]).keys()


def test_what_counts_no_more_says_why(books: Books) -> None:
    archived, lost, kept = (books.write(unique("dying")) for _ in range(3))
    books.archive(archived)
    books.merge(lost, kept)
    found = by_id(read(books))
    assert found[archived].tombstone is Tombstone.ARCHIVED
    assert (found[lost].tombstone, found[lost].merged_to) == (Tombstone.MERGED, kept)
    assert found[kept].tombstone is None


def test_an_interval_brings_what_last_changed_within_it(books: Books) -> None:
    before, moved = books.write(unique("before")), books.write(unique("moved"))
    books.pass_by(HOUR_S)
    since = books.now()
    within = books.write(unique("within"))
    books.pass_by(HOUR_S)
    until = books.now()
    books.pass_by(1)
    books.write(unique("moved on"), moved)
    found = by_id(read(books, interval=Interval(since=since, until=until)))
    assert within in found
    assert not {before, moved} & found.keys()


def test_a_whole_list_says_that_it_is_whole(books: Books) -> None:
    kept, dropped = books.item(), books.item()
    books.drop(dropped)
    (page,) = books.lists.pages("Items", START)
    assert page.is_whole
    ids = {record.record_id for record in page.records}
    assert kept in ids
    assert dropped not in ids


def test_a_whole_list_moves_its_position_at_every_reading(books: Books) -> None:
    (first,) = books.lists.pages("Items", START)
    books.pass_by(1)
    (second,) = books.lists.pages("Items", first.position)
    assert (second.position.through or books.now()) - (first.position.through or books.now()) >= (
        timedelta(seconds=1)
    )


def test_a_list_that_is_not_there_is_refused(books: Books) -> None:
    with pytest.raises(ConfigurationError):
        next(books.lists.pages("Receipts", START))


def test_the_account_has_a_name(books: Books) -> None:
    assert books.lists.account


def test_suppliers_are_the_contacts_that_have_had_a_bill(simulator: XeroSimulator) -> None:
    people, lists = XeroClient(simulator.url), simulator.connector(SetClock()).lists
    buyer, supplier = people.contact()["ContactID"], people.contact()["ContactID"]
    for kind, contact_id in (("ACCREC", buyer), ("ACCPAY", supplier)):
        people.invoice(Type=kind, Contact={"ContactID": contact_id})
    pages = list(lists.pages("Suppliers", START))
    assert supplier in by_id(pages)
    assert buyer not in by_id(pages)
    people.control(
        "POST", f"people/{people.tenant_id}/archive_contact", {"ContactID": supplier}
    ).raise_for_status()
    after = by_id(list(lists.pages("Suppliers", pages[-1].position)))
    assert after[supplier].tombstone is Tombstone.ARCHIVED
