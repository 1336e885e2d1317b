"""Where Sage 100's targets are written to in the tests of their contract, and what is written.

A place is a real connector on the simulator and its agent, or a fake. A case is one kind of record:
how to make one of it, one that is refused, and what stands behind it in Sage 100.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from pydantic import JsonValue
from typing_extensions import override

from deliveries import make_delivery
from fakes import FakeSage100, FakeTarget
from sage100_simulator import Sage
from tieout.connectors.sage100.catalog import TABLES
from tieout.connectors.sage100.targets.base import header_of
from tieout.connectors.sage100.targets.master_data import MasterDataTarget
from tieout.connectors.sage100.targets.table import TARGETS
from tieout.domain.base import Json, System
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.ports.systems import Sage100
from tieout.ports.targets import Target


class Place(ABC):
    """Somewhere to write to. ``run`` sets this place's records apart from all others'."""

    sage100: Sage100
    run: str

    def __init__(self) -> None:
        self._numbers = count(1)

    def number(self) -> str:
        """Return a number of 4 characters that no record has."""
        return f"{self.run}{next(self._numbers):03d}"

    def target(self, entity: str) -> Target:
        return self.sage100.target(entity)

    def send(self, delivery: Delivery) -> Outcome:
        return self.target(delivery.entity).send([delivery])[delivery.delivery_id]

    def landed(self, delivery: Delivery) -> Landed:
        outcome = self.send(delivery)
        assert isinstance(outcome, Landed), outcome
        return outcome

    def refused(self, delivery: Delivery) -> Refused:
        outcome = self.send(delivery)
        assert isinstance(outcome, Refused), outcome
        return outcome

    @abstractmethod
    def refuse(self, delivery: Delivery) -> None:
        """See to it that a delivery that Sage 100 refuses is refused here."""

    @abstractmethod
    def lose_answer(self, case: "Case") -> None:
        """Do the next write, and lose its answer."""

    @abstractmethod
    def edit(self, delivery: Delivery, **values: str) -> None:
        """Let a person change the record that a delivery wrote."""


class SimulatedPlace(Place):
    """A real connector, by ODBC and the agent."""

    run = "S"

    def __init__(self, sage: Sage) -> None:
        super().__init__()
        self.sage = sage
        self.sage100: Sage100 = sage.connector()

    @override
    def refuse(self, delivery: Delivery) -> None:
        """Sage does so by itself."""

    @override
    def lose_answer(self, case: "Case") -> None:
        fault = {"kind": "drop_after_write", "class": case.business_object, "count": 1}
        self.sage.control("/_boi_faults", fault)

    @override
    def edit(self, delivery: Delivery, **values: str) -> None:
        target = TARGETS[delivery.entity]
        assert issubclass(target, MasterDataTarget)
        header = header_of(delivery.payload)
        key = {name: header[name] for name in TABLES[target.table].key}
        self.sage.do("change_record", {"table": target.table, "key": key, "values": values})


class FakeRecords(FakeTarget):
    """A fake that keeps records under their keys as the agent does: never over a person's edit."""

    creates = True

    @override
    def _write(self, delivery: Delivery, *, lie: bool) -> Outcome:
        if delivery.document_key in self.refused_keys:
            return super()._write(delivery, lie=lie)
        expected, header = delivery.payload.get("expected"), header_of(delivery.payload)
        known = expected if isinstance(expected, dict) else {}
        standing = self.held.get(delivery.document_key)
        if standing is None and (known or not self.creates):
            return Refused(cause="unknown_record", message="it is gone", remedy="Look.")
        figures = standing.figures if standing else {}
        edited = [
            f"{name} is {figures[name]!r}"
            for name, wanted in header.items()
            if name in figures and figures[name] not in {wanted, known.get(name)}
        ]
        if edited:
            return Refused(cause="record_differs", message="; ".join(edited), remedy="Look.")
        return self.keep(delivery.document_key, {**figures, **header})

    def keep(self, key: str, figures: Mapping[str, str]) -> Landed:
        """Hold a record."""
        landed = Landed(external_id=key, external_no=key, figures=dict(figures))
        self.held[key] = landed
        return landed

    @override
    def find(self, deliveries: Any) -> Any:
        """Find a record when it holds all that is stated."""
        return {
            key: landed
            for key, landed in self.present(deliveries).items()
            for delivery in deliveries
            if delivery.delivery_id == key and self._holds(landed, delivery)
        }

    @override
    def present(self, deliveries: Any) -> Any:
        return {
            one.delivery_id: self.held[one.document_key]
            for one in deliveries
            if one.document_key in self.held
        }

    @override
    def copies_held(self, deliveries: Any) -> Any:
        return {key: (one.external_id,) for key, one in self.find(deliveries).items()}

    @staticmethod
    def _holds(landed: Landed, delivery: Delivery) -> bool:
        return header_of(delivery.payload).items() <= landed.figures.items()


class FakePlace(Place):
    """A fake that makes the promises of the product's targets."""

    run = "F"

    def __init__(self) -> None:
        super().__init__()
        self.fake = FakeSage100()
        self.sage100: Sage100 = self.fake
        for entity, kind in TARGETS.items():
            is_record = issubclass(kind, MasterDataTarget)
            made = (FakeRecords if is_record else FakeTarget)(
                System.SAGE100,
                entity,
                batch_max=kind.batch_max,
                guard=kind.guard,
                looks_up_first=kind.looks_up_first,
            )
            made.updates_known = kind.updates_known
            self.fake.targets[entity] = made

    @override
    def refuse(self, delivery: Delivery) -> None:
        self.fake.targets[delivery.entity].refused_keys.add(delivery.document_key)

    @override
    def lose_answer(self, case: "Case") -> None:
        self.fake.targets[case.entity].faults.append("drop_after_write")

    @override
    def edit(self, delivery: Delivery, **values: str) -> None:
        target = self.fake.targets[delivery.entity]
        assert isinstance(target, FakeRecords)
        held = target.held[delivery.document_key]
        target.keep(delivery.document_key, {**held.figures, **values})


Make = Callable[[Place], Delivery]


@dataclass(frozen=True)
class Case:
    """One kind of record: one that Sage 100 takes, one that it refuses, and what writes it."""

    entity: str
    business_object: str
    good: Make
    bad: Make


def twin(delivery: Delivery) -> Delivery:
    """Return the delivery under another idempotency key, as a later attempt would have it."""
    return delivery.model_copy(update={"idempotency_key": f"{delivery.idempotency_key[:50]}-later"})


def changed(delivery: Delivery, header: Mapping[str, str], expected: Mapping[str, str]) -> Delivery:
    """Return the next version of a record: other values, and what is expected to be there."""
    payload: Json = {
        "header": {**header_of(delivery.payload), **header},
        "expected": dict(expected),
    }
    made = make_delivery(
        delivery.entity,
        payload,
        key=delivery.document_key,
        expected=dict(header),
        target=System.SAGE100,
    )
    return made.model_copy(update={"operation": delivery.operation})


def record(entity: str, key: str, header: Json, name: str) -> Delivery:
    """Return the delivery of a master record that is read back by its ``name``."""
    expected = {name: str(header[name])}
    payload: Json = {"header": header}
    return make_delivery(entity, payload, key=key, expected=expected, target=System.SAGE100)


def customer(place: Place, name: str = "Ada Lovelace", **header: str) -> Delivery:
    number = place.number()
    values: Json = {
        "ARDivisionNo": "00",
        "CustomerName": name,
        "TermsCode": "00",
        "TaxSchedule": "STATE",
        "UDF_TIEOUT_ID": f"{place.run} {number}",
        **header,
    }
    expected = {"name": name}
    return make_delivery(
        "customer", {"header": values}, key=number, expected=expected, target=System.SAGE100
    )


def customer_update(place: Place, name: str = "Ada King") -> Delivery:
    number = place.number()
    made = customer(place, CustomerNo=number)
    place.landed(made)
    key: Json = {"ARDivisionNo": "00", "CustomerNo": number}
    if isinstance(place, FakePlace):
        records = place.fake.targets["customer_update"]
        assert isinstance(records, FakeRecords)
        records.keep(number, {**header_of(made.payload), **header_of({"header": key})})
    change = record("customer_update", number, {**key, "CustomerName": name}, "CustomerName")
    return changing(change, CustomerName="Ada Lovelace")


def changing(change: Delivery, **expected: str) -> Delivery:
    """Return a delivery of a record as a change of what is expected to be there."""
    payload: Json = {**change.payload, "expected": dict[str, JsonValue](expected)}
    return change.model_copy(update={"payload": payload, "operation": "set"})


GUEST: Json = {"ARDivisionNo": "00", "CustomerNo": "WEBGUEST"}


def contact(place: Place, name: str = "Ada Lovelace") -> Delivery:
    code = place.number()
    header: Json = {**GUEST, "ContactCode": code, "ContactName": name, "ContactTitle": "Countess"}
    return record("customer_contact", code, header, "ContactName")


def address(place: Place, **changes: str) -> Delivery:
    code = place.number()
    header: Json = {
        **GUEST,
        "ShipToCode": code,
        "ShipToName": "Loading dock",
        "ShipToCity": "Salem",
        **changes,
    }
    return record("ship_to_address", code, header, "ShipToName")


def item(place: Place, **changes: str) -> Delivery:
    code = place.number()
    header: Json = {
        "ItemCode": code,
        "ItemType": "1",
        "ProductLine": "LITE",
        "ItemCodeDesc": "Brass lamp",
        "StandardUnitOfMeasure": "EACH",
        "StandardUnitPrice": "19.500000",
        **changes,
    }
    return record("item", code, header, "ItemCodeDesc")


def vendor(place: Place, **changes: str) -> Delivery:
    number = place.number()
    header: Json = {
        "APDivisionNo": "00",
        "VendorNo": number,
        "VendorName": "Acme Lamps",
        "TermsCode": "30",
        **changes,
    }
    return record("vendor", number, header, "VendorName")


def changed_name(place: Place, entity: str, made: Delivery, column: str, name: str) -> Delivery:
    """Return a change of the name of a record that is made first."""
    place.landed(made)
    held = header_of(made.payload)
    key = {part: held[part] for part in TABLES[target_table(entity)].key}
    if isinstance(place, FakePlace):
        records = place.fake.targets[entity]
        assert isinstance(records, FakeRecords)
        records.keep(made.document_key, held)
    change = record(entity, made.document_key, {**key, column: name}, column)
    return changing(change, **{column: held[column]})


def target_table(entity: str) -> str:
    target = TARGETS[entity]
    assert issubclass(target, MasterDataTarget)
    return target.table


def item_update(place: Place, name: str = "Lamp of brass") -> Delivery:
    return changed_name(place, "item_update", item(place), "ItemCodeDesc", name)


def vendor_update(place: Place, name: str = "Acme Lighting") -> Delivery:
    return changed_name(place, "vendor_update", vendor(place), "VendorName", name)


NOT_ON_FILE = "ZZ"
CASES = (
    Case("customer", "AR_Customer_bus", customer, lambda p: customer(p, TermsCode=NOT_ON_FILE)),
    Case("customer_update", "AR_Customer_bus", customer_update, lambda p: customer_update(p, "")),
    Case("customer_contact", "AR_CustomerContact_bus", contact, lambda p: contact(p, "")),
    Case(
        "ship_to_address",
        "SO_ShipToAddress_bus",
        address,
        lambda p: address(p, WarehouseCode="ZZZ"),
    ),
    Case("item", "CI_ItemCode_bus", item, lambda p: item(p, ProductLine="NONE")),
    Case("item_update", "CI_ItemCode_bus", item_update, lambda p: item_update(p, "")),
    Case("vendor_update", "AP_Vendor_bus", vendor_update, lambda p: vendor_update(p, "")),
    Case("vendor", "AP_Vendor_bus", vendor, lambda p: vendor(p, TermsCode=NOT_ON_FILE)),
)
RECORDS = tuple(case for case in CASES if issubclass(TARGETS[case.entity], MasterDataTarget))
"""The cases that keep a record under a key of ours."""
