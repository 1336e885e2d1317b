"""The kinds of records that are kept in step, one row each; the engine knows no other difference.

A new kind joins by a row here, its policy in include/in_step, and its mappings.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import JsonValue

from tieout.domain.base import Frozen, Json, System
from tieout.domain.customer import Customer
from tieout.domain.hashing import base36
from tieout.domain.matching import Reason
from tieout.domain.order import Buyer
from tieout.domain.pair import FlowName, Pair
from tieout.domain.records import Item, Vendor
from tieout.errors import ConfigurationError
from tieout.ports.mapper import Mapper
from tieout.usecases.catalog import CONTACT, CUSTOMER, WriteKind, kind_of
from tieout.usecases.in_step.tax_schedule import new_customers_tax_schedule
from tieout.usecases.order_names import GUEST_KEY

XERO, SAGE100 = System.XERO, System.SAGE100
SYSTEMS = (XERO, SAGE100)
VENDOR_NO_LENGTH = 7
"""How long a vendor's number is at most, and how long digits alone are padded."""
ID_LENGTH_MAX = 30
"""How long Sage 100's UDF_TIEOUT_ID is, which holds a record's key as its mark."""


@dataclass(frozen=True)
class Side:
    """One ledger's half of an entity: where its records are listed, and how they are written.

    ``hint`` is what webhooks call such a record, '' where none tells of it. ``ends`` is the write
    that makes a record inactive, where that is not a change like any other.
    """

    resource: str
    creates: WriteKind
    changes: WriteKind
    ends: WriteKind | None = None
    hint: str = ""
    can_restore: bool = True
    is_passed_on: bool = False
    """Whether another flow hears of such a record first, and passes on what it heard."""
    keeps_all: bool = False
    """Whether the ledger denies having nothing that it ever had."""
    is_one: Callable[[Json, bool], bool] = lambda _node, _is_other: True
    """Whether what the ledger shows is such a record at all, and not of another kind alone.

    As a contact may be a vendor's; it is told whether the record is bound as one of another kind.
    """
    blank: Json = field(default_factory=dict)
    """What the mapping that reads it needs of a record of which not all is known."""


@dataclass(frozen=True)
class Entity:
    """One kind of record: its canonical form, and both ledgers' halves.

    ``created`` makes of a canonical record the input of the mapping that creates it at a ledger;
    ``changed`` that of the mapping which states what one that is there shall hold.
    """

    name: str
    form: type[Frozen]
    sides: Mapping[System, Side]
    read: Callable[[Mapper, System, Json], Frozen]
    created: Callable[[Pair, System, str, Frozen], Mapping[str, object]]
    changed: Callable[[Pair, System, str, Frozen], Mapping[str, object]]
    tells: frozenset[Reason] = frozenset(Reason)
    """Likenesses of which a known record has one that a new one may repeat, however sure it is."""
    is_paid: bool = False
    """Whether money goes to them, so that two people approve a change of their bank details."""
    not_ours: frozenset[str] = frozenset()
    """Keys of records that people keep in both ledgers by themselves."""

    @property
    def kinds(self) -> Mapping[tuple[System, str], WriteKind]:
        """Return the kinds of writes by ledger and name."""
        return {
            (system, kind.entity): kind
            for system, side in self.sides.items()
            for kind in (side.creates, side.changes, side.ends)
            if kind is not None
        }


def _read_customer(mapper: Mapper, system: System, node: Json) -> Customer:
    return mapper.customer_from(system, node)


def _created_customer(pair: Pair, system: System, key: str, record: Frozen) -> dict[str, object]:
    """Return what to_xero/contact and to_sage100/customer make a new customer of.

    Of a buyer they know more than a ledger says of a customer.

    Raises:
        RejectedError: Nobody decided how a customer at such an address is taxed in Sage 100.
    """
    customer = Customer.model_validate(record)
    buyer = Buyer(
        source_id="",
        name=customer.name,
        email=customer.email,
        phone=customer.phone,
        address=customer.address,
        custom=customer.custom,
    )
    common: dict[str, object] = {"buyer": buyer, "ship_to": customer.address}
    if system is XERO:
        return {**common, "contact_number": key, "name": customer.name}
    return {
        **common,
        "division": pair.sage100_division,
        "terms_code": pair.default_terms_code,
        "tax_schedule": new_customers_tax_schedule(pair, customer),
        "tieout_id": key,
    }


def _changed_party(
    pair: Pair, system: System, external_id: str, record: Frozen
) -> dict[str, object]:
    """Return what contact_update and customer_update state a party of."""
    if system is XERO:
        return {"contact_id": external_id, "party": record}
    division, _dash, number = external_id.partition("-")
    return {"division": division or pair.sage100_division, "number": number, "party": record}


def _is_customer(contact: Json, is_other: bool) -> bool:  # noqa: FBT001 - a predicate's own
    """Say whether a contact is a customer: who has had but bills, or is bound as vendor, is none.

    Xero says either only once there is an invoice or a bill; a contact with neither is a customer.
    """
    return bool(contact.get("IsCustomer")) or not (contact.get("IsSupplier") or is_other)


CUSTOMERS = Entity(
    name="customer",
    form=Customer,
    sides={
        XERO: Side(
            resource="Contacts",
            creates=CONTACT,
            changes=kind_of(XERO, "contact_update"),
            ends=kind_of(XERO, "contact_archive"),
            hint="contact",
            can_restore=False,
            keeps_all=True,
            is_one=_is_customer,
            blank={"ContactID": "new", "Name": "new", "ContactStatus": "ACTIVE"},
        ),
        SAGE100: Side(
            resource="AR_Customer",
            creates=CUSTOMER,
            changes=kind_of(SAGE100, "customer_update"),
            blank={
                "ARDivisionNo": "new",
                "CustomerNo": "new",
                "CustomerName": "new",
                "CustomerStatus": "A",
            },
        ),
    },
    read=_read_customer,
    created=_created_customer,
    changed=_changed_party,
    not_ours=frozenset({GUEST_KEY}),
)


def _read_item(mapper: Mapper, system: System, node: Json) -> Item:
    return mapper.item_from(system, node)


def _created_item(_pair: Pair, _system: System, _key: str, record: Frozen) -> dict[str, object]:
    item = Item.model_validate(record)
    return {"item_id": "", "number": item.number, "item": item}


def _changed_item(
    _pair: Pair, _system: System, external_id: str, record: Frozen
) -> dict[str, object]:
    return {"item_id": external_id, "number": external_id, "item": record}


ITEMS = Entity(
    name="item",
    form=Item,
    sides={
        XERO: Side(
            resource="Items",
            creates=kind_of(XERO, "item"),
            changes=kind_of(XERO, "item_update"),
            blank={"ItemID": "new", "Code": "new", "IsSold": True, "IsPurchased": True},
        ),
        SAGE100: Side(
            resource="CI_Item",
            creates=kind_of(SAGE100, "item"),
            changes=kind_of(SAGE100, "item_update"),
            is_one=lambda node, _is_other: not str(node.get("ItemCode", "")).startswith("/"),
            blank={"ItemCode": "new", "UseInSO": "Y", "UseInPO": "Y", "InactiveItem": "N"},
        ),
    },
    read=_read_item,
    created=_created_item,
    changed=_changed_item,
    # Neighboring codes, and descriptions but for a size, are what an item's variants have.
    tells=frozenset({Reason.SAME_CODE, Reason.SAME_BARCODE, Reason.SAME_DESCRIPTION}),
)


def _read_vendor(mapper: Mapper, system: System, node: Json) -> Vendor:
    return mapper.vendor_from(system, node)


def _created_vendor(pair: Pair, system: System, key: str, record: Frozen) -> dict[str, object]:
    vendor = Vendor.model_validate(record)
    if system is XERO:
        return {"contact_id": "", "contact_number": key, "party": vendor}
    number = vendor_no(key, vendor.number)
    return {"division": pair.sage100_division, "number": number, "party": vendor}


def vendor_no(key: str, number: str) -> str:
    """Return the number of a new vendor in Sage 100, which gives none by itself (boi.json).

    The one that people gave the contact where it can be one, else one made of the key: the same
    whenever it is asked for. Digits alone are padded, as Sage 100 pads them.
    """
    own = number.strip().upper()
    if own.isascii() and own.isalnum() and len(own) <= VENDOR_NO_LENGTH:
        return own.zfill(VENDOR_NO_LENGTH) if own.isdigit() else own
    digest = int(hashlib.sha256(key.encode()).hexdigest(), 16)
    return f"X{base36(digest)[: VENDOR_NO_LENGTH - 1]}".upper()


VENDORS = Entity(
    name="vendor",
    form=Vendor,
    sides={
        XERO: Side(
            resource="Suppliers",
            # A contact like any, made of what a vendor says; no order waits for it.
            creates=CONTACT.model_copy(update={"mapping": "to_xero/vendor", "parent": ""}),
            changes=kind_of(XERO, "contact_update"),
            ends=kind_of(XERO, "contact_archive"),
            can_restore=False,
            # Until its first bill a vendor is a contact like any, and in no list of suppliers.
            is_passed_on=True,
            keeps_all=True,
            blank={"ContactID": "new", "Name": "new", "ContactStatus": "ACTIVE"},
        ),
        SAGE100: Side(
            resource="AP_Vendor",
            creates=kind_of(SAGE100, "vendor"),
            changes=kind_of(SAGE100, "vendor_update"),
            blank={
                "APDivisionNo": "new",
                "VendorNo": "new",
                "VendorName": "new",
                "VendorStatus": "A",
            },
        ),
    },
    read=_read_vendor,
    created=_created_vendor,
    changed=_changed_party,
    is_paid=True,
)
IN_STEP: Mapping[FlowName, Entity] = {
    FlowName.CUSTOMER_SYNC: CUSTOMERS,
    FlowName.ITEM_SYNC: ITEMS,
    FlowName.VENDOR_SYNC: VENDORS,
}
"""The flows that keep records in step, and of what kind."""
ENTITIES: Mapping[str, Entity] = {one.name: one for one in IN_STEP.values()}
"""Every kind that is kept in step, by the name of its policy file and of its documents."""


def hinted(flows: Collection[FlowName]) -> frozenset[str]:
    """Return which kinds of events these flows take up by themselves."""
    return frozenset(
        side.hint
        for flow, entity in IN_STEP.items()
        for side in entity.sides.values()
        if flow in flows and side.hint
    )


def entity_of(name: str) -> Entity:
    """Return a kind of record by its name.

    Raises:
        ConfigurationError: There is none.
    """
    if name not in ENTITIES:
        raise ConfigurationError(
            f"No records {name!r} are kept in step.", remedy=f"Use one of {', '.join(ENTITIES)}."
        )
    return ENTITIES[name]


def external_id(system: System, record_id: str) -> str:
    """Return the id that bindings have of a record, out of the one that its list has.

    Sage 100's lists write a key with ``/`` between its parts, and one within as ``~1``.
    """
    if system is not SAGE100:
        return record_id
    parts = record_id.split("/")
    return "-".join(part.replace("~1", "/").replace("~0", "~") for part in parts)


def key_of_new(system: System, of_record: str) -> str:
    """Return the key of a record that nobody knew: one and the same whenever it is asked for.

    Raises:
        ConfigurationError: It is longer than what Sage 100 keeps of it.
    """
    key = f"S-{of_record}" if system is SAGE100 else f"X-{_short(of_record)}"
    if len(key) > ID_LENGTH_MAX:
        raise ConfigurationError(
            f"The key {key!r} is longer than {ID_LENGTH_MAX} characters.",
            remedy="Report this; records of such keys cannot be kept in step yet.",
        )
    return key


def _short(guid: str) -> str:
    """Write a GUID in 25 characters instead of 36."""
    try:
        return base36(UUID(guid).int)
    except ValueError:
        return guid


def with_values(record: Frozen, values: Mapping[str, JsonValue]) -> Frozen:
    """Return a canonical record with some fields changed, which are paths in it."""
    made: Json = record.model_dump(mode="json")
    for path, value in values.items():
        *above, last = path.split(".")
        at = made
        for name in above:
            inner = at.setdefault(name, {})
            at = inner if isinstance(inner, dict) else {}
        at[last] = value
    return type(record).model_validate(made)
