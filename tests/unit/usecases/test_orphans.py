"""Orphans: what is bound to a record that is not there, and what was never bound."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typing_extensions import override

from tieout.domain.ledger import NewBinding
from tieout.domain.reading import Interval, Page, Position, SourceRecord
from tieout.ports.lists import Lists
from tieout.usecases.in_step.binding import Bindings
from tieout.usecases.in_step.entities import CUSTOMERS, VENDORS, Entity
from tieout.usecases.in_step.listed import ListedRecords
from tieout.usecases.in_step.orphans import Orphan, OrphanKind, OrphanReport, report_text
from two_ledgers import MAPPER, PAIR, SAGE100, XERO, Book, TwoLedgers

CUSTOMER = (PAIR.pair, "customer")


class BookLists(Lists):
    """A ledger's list of all that its book holds."""

    account = "A"

    def __init__(self, system: Any, book: Book) -> None:
        self.source = system
        self.book = book

    @override
    def pages(
        self, resource: str, position: Position, *, interval: Interval | None = None
    ) -> Iterator[Page]:
        nodes = self.book.nodes.items()
        records = [SourceRecord(one, json.dumps(node).encode()) for one, node in nodes]
        yield Page(records=records, position=position, odd=[], is_whole=True)


@pytest.fixture
def town() -> TwoLedgers:
    """Acme and Birch, in step."""
    town = TwoLedgers()
    town.acme, town.birch = town.add_contact("Acme"), town.add_contact("Birch")
    town.settle()
    town.customer = {
        name: next(one for one, node in town.sage100.nodes.items() if node["CustomerName"] == name)
        for name in ("Acme", "Birch")
    }
    return town


def orphans(town: TwoLedgers, entity: Entity = CUSTOMERS) -> list[Orphan]:
    listed = ListedRecords(
        pair=PAIR,
        entity=entity,
        ledger=town.ledger,
        lists={XERO: BookLists(XERO, town.xero), SAGE100: BookLists(SAGE100, town.sage100)},
        mapper=MAPPER,
    )
    return OrphanReport(Bindings(town.flow, entity), listed).orphans()


def told(found: list[Orphan]) -> set[tuple[OrphanKind, str]]:
    return {(one.kind, str(one.record)) for one in found}


def test_of_records_in_step_none_is_an_orphan(town: TwoLedgers) -> None:
    assert orphans(town) == []
    assert report_text([]).startswith("Every record is bound")


def test_what_is_deleted_archived_or_new_in_one_ledger_is_an_orphan(town: TwoLedgers) -> None:
    new = town.add_customer("Cedar")
    del town.sage100.nodes[town.customer["Acme"]]
    town.edit(XERO, town.birch, ContactStatus="ARCHIVED", MergedToContactID=town.acme)

    found = orphans(town)

    assert told(found) == {
        (OrphanKind.GONE, f"sage100:{town.customer['Acme']}"),
        (OrphanKind.INACTIVE, f"xero:{town.birch}"),
        (OrphanKind.NEVER_BOUND, f"sage100:{new}"),
    }
    gone, inactive, never = found
    assert (gone.name, never.name, never.key) == ("", "Cedar", "")
    assert inactive.why == f"not active in xero, while sage100:{town.customer['Birch']} is"
    text = report_text(found)
    assert "gone: 1 (tieout bindings unlink" in text
    assert f"    sage100:{new}  Cedar: nothing is bound to it" in text


def test_what_is_inactive_in_both_is_none(town: TwoLedgers) -> None:
    town.edit(XERO, town.birch, ContactStatus="ARCHIVED")
    town.edit(SAGE100, town.customer["Birch"], CustomerStatus="I")

    assert orphans(town) == []


def test_a_record_of_which_the_other_half_was_ended_is_alone(town: TwoLedgers) -> None:
    key = town.ledger.bindings_to(*CUSTOMER, [town.acme], XERO)[town.acme].key
    town.ledger.unlink(*CUSTOMER, key, SAGE100, why="that is the sister company")

    assert told(orphans(town)) == {
        (OrphanKind.ALONE, f"xero:{town.acme}"),
        (OrphanKind.NEVER_BOUND, f"sage100:{town.customer['Acme']}"),
    }


def test_the_house_account_and_what_is_bound_as_another_kind_are_none(town: TwoLedgers) -> None:
    house = f"{PAIR.sage100_division}-{PAIR.guest_sage100_customer_no}"
    node = town.sage100.nodes[town.customer["Acme"]]
    town.sage100.put(house, {**node, "CustomerNo": PAIR.guest_sage100_customer_no}, by="Bob")
    supplier = town.add_contact("Delta", IsCustomer=True)
    assert told(orphans(town)) == {(OrphanKind.NEVER_BOUND, f"xero:{supplier}")}

    town.ledger.bind(
        NewBinding(
            pair=PAIR.pair,
            entity=VENDORS.name,
            key="V-1",
            system=XERO,
            external_id=supplier,
            external_no="",
            provenance="linked",
        )
    )

    assert orphans(town) == []


def test_reading_changes_nothing(town: TwoLedgers) -> None:
    before = (dict(town.xero.nodes), dict(town.sage100.nodes))
    town.add_customer("Cedar")
    del town.sage100.nodes[town.customer["Acme"]]
    kept = town.ledger.all_bindings(*CUSTOMER, with_ended=True, limit=9)

    orphans(town)

    assert town.ledger.all_bindings(*CUSTOMER, with_ended=True, limit=9) == kept
    assert dict(town.xero.nodes) == before[0]
