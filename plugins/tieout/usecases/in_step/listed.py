"""Both ledgers' lists read whole: every record of a kind as it is now, and which are left alone."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tieout.domain.base import Frozen, Json, System
from tieout.domain.customer import Customer
from tieout.domain.pair import Pair
from tieout.domain.reading import START
from tieout.domain.records import Item, Vendor
from tieout.errors import RejectedError
from tieout.ports.ledger import Ledger
from tieout.ports.lists import Lists
from tieout.ports.mapper import Mapper
from tieout.usecases.in_step.entities import SAGE100, Entity

Party = Customer | Vendor | Item


@dataclass(frozen=True)
class Listed:
    """A record as its list shows it; ``ignored`` says why it is left alone, '' where it is not."""

    external_id: str
    record: Party
    ignored: str = ""


@dataclass(frozen=True)
class ListedRecords:
    """The records of one kind of one pair, read from the lists of its ledgers."""

    pair: Pair
    entity: Entity
    ledger: Ledger
    lists: Mapping[System, Lists]
    mapper: Mapper

    def of(self, system: System) -> Iterator[Listed]:
        """Yield every record of a ledger's list; what cannot be read into our form is left out."""
        resource = self.entity.sides[system].resource
        apart = kept_by_people(self.pair, self.entity, self.ledger, system)
        for page in self.lists[system].pages(resource, START):
            for found in page.records:
                node: Json = json.loads(found.body, parse_float=str)
                try:
                    record = party_of(self.entity, self.mapper, system, node)
                except RejectedError:
                    continue
                external_id = id_of(record)
                ignored = "the pair's house account" if external_id in apart else ""
                ignored = ignored or self._why_ignored(system, record, node)
                yield Listed(external_id, record, ignored)

    def _why_ignored(self, system: System, record: Party, node: Json) -> str:
        division = node.get("ARDivisionNo", node.get("APDivisionNo"))
        if system is SAGE100 and division not in (None, self.pair.sage100_division):
            return f"of division {division}"
        is_customer = isinstance(record, Customer)
        if is_customer and node.get("IsSupplier") is True and node.get("IsCustomer") is not True:
            return "a supplier alone"
        return "" if record.is_active else f"not active in {system}"


def party_of(entity: Entity, mapper: Mapper, system: System, node: Json) -> Party:
    """Read a record of a ledger into our form.

    Raises:
        RejectedError: It cannot be.
    """
    record: Frozen = entity.read(mapper, system, node)
    if not isinstance(record, Customer | Vendor | Item):
        message = f"{entity.name} records are neither parties nor items"
        raise TypeError(message)
    return record


def id_of(record: Party) -> str:
    """Return the id that bindings have of a record."""
    return record.external_id if isinstance(record, Customer) else record.source_id


def called(record: Party) -> str:
    """Return what people call a record."""
    return record.number if isinstance(record, Item) else record.name


def number_of(entity: Entity, system: System, external_id: str) -> str:
    """Return the number of a record of Sage 100: behind its division, where it has one."""
    if system is not SAGE100:
        return ""
    return external_id if entity.form is Item else external_id.partition("-")[2]


def kept_by_people(pair: Pair, entity: Entity, ledger: Ledger, system: System) -> set[str]:
    """Return the ids of what people keep in both ledgers by themselves."""
    if not entity.not_ours:
        return set()
    bound = ledger.bindings(pair.pair, entity.name, entity.not_ours, system)
    house = f"{pair.sage100_division}-{pair.guest_sage100_customer_no}"
    return {one.external_id for one in bound.values()} | ({house} if system is SAGE100 else set())
