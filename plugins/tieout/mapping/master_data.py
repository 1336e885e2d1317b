"""Customers, items and vendors in both ledgers' shapes: by which file each is read, made, changed.

A change is what two forms of one record differ in. Both are made by the same mapping, the one of
what the ledger holds and the one of what it shall hold; so nothing but what a person, or the other
ledger, changed is written, whatever the mapping makes of the rest. Beside it stands what the ledger
itself shows there, to be compared before the write. An address is changed as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, JsonValue

from tieout.domain.base import Json, System
from tieout.domain.customer import Customer
from tieout.domain.records import Item, Vendor
from tieout.mapping.addresses.changes import CUSTOMER

HEADER, EXPECTED = "header", "expected"
KEYS = frozenset({"ARDivisionNo", "CustomerNo", "APDivisionNo", "VendorNo", "ItemCode"})
"""The columns that name a row of Sage 100: a change states them, and never changes one."""
SLOTS = {"Addresses": "AddressType", "Phones": "PhoneType"}
"""Members of a contact that hold one part of each type, and what says which."""
IDS = frozenset({"ContactID", "ItemID"})


@dataclass(frozen=True)
class Files:
    """The mapping files of one kind of record at one ledger, by <direction>/<record>."""

    reads: str
    creates: str
    changes: str
    ends: str = ""
    """Where a record is archived by a write of its own."""

    @property
    def writes(self) -> tuple[str, ...]:
        """Return those that write."""
        return tuple(filter(None, (self.creates, self.changes, self.ends)))


FORMS: Mapping[str, type[BaseModel]] = {"customer": Customer, "item": Item, "vendor": Vendor}
"""The canonical form of each kind."""
_PARTY = frozenset({"name", "email", "phone", "address"})
MOVED: Mapping[str, frozenset[str]] = {
    "customer": _PARTY,
    "item": frozenset({"description", "price", "is_sold", "is_purchased"}),
    "vendor": _PARTY,
}
"""What both ledgers say of each kind, and what may therefore be kept in step; the rest is a key, or
one ledger's own (docs/reference/master-data.md)."""
CALLED_IN_XERO = {"customer": "contact", "item": "item", "vendor": "contact"}
"""What Xero knows each as: one contact may be a customer and a vendor."""
FILES: Mapping[str, Mapping[System, Files]] = {
    "customer": {
        System.XERO: Files(
            "from_xero/contact",
            "to_xero/contact",
            "to_xero/contact_update",
            "to_xero/contact_archive",
        ),
        System.SAGE100: Files(
            "from_sage100/customer", "to_sage100/customer", "to_sage100/customer_update"
        ),
    },
    "item": {
        System.XERO: Files("from_xero/item", "to_xero/item", "to_xero/item_update"),
        System.SAGE100: Files("from_sage100/item", "to_sage100/item", "to_sage100/item_update"),
    },
    "vendor": {
        System.XERO: Files(
            "from_xero/vendor",
            "to_xero/vendor",
            "to_xero/contact_update",
            "to_xero/contact_archive",
        ),
        System.SAGE100: Files(
            "from_sage100/vendor", "to_sage100/vendor", "to_sage100/vendor_update"
        ),
    },
}
"""Every mapping of master data."""


def change(system: System, before: Json, after: Json, held: Json) -> Json | None:
    """Return the change of a ledger's record from one form to another; None when there is none.

    ``held`` is what the ledger shows of the record, as it was read.
    """
    made = _sage100_change if system is System.SAGE100 else _xero_change
    return made(before, after, held)


def _sage100_change(before: Json, after: Json, row: Json) -> Json | None:
    held, wanted = _header(before), _header(after)
    names = [n for n in wanted if n not in KEYS and wanted[n] != held.get(n, "")]
    if any(name in CUSTOMER.names for name in names):
        names = [name for name in wanted if name in names or name in CUSTOMER.names]
    if not names:
        return None
    stated: Json = {name: value for name, value in wanted.items() if name in {*KEYS, *names}}
    expected: Json = {name: row.get(name, "") for name in names}
    return {HEADER: stated, EXPECTED: expected}


def _xero_change(before: Json, after: Json, node: Json) -> Json | None:
    stated: Json = {}
    expected: Json = {}
    for name, value in after.items():
        if name in IDS or value == before.get(name):
            continue
        if name in SLOTS:
            slots = _changed_slots(name, before.get(name), value)
            shown = [_shown(slot, _slot(name, node.get(name), slot), SLOTS[name]) for slot in slots]
            stated[name], expected[name] = list[JsonValue](slots), list[JsonValue](shown)
        elif isinstance(value, dict):
            held = node.get(name)
            stated[name] = value
            expected[name] = _shown(value, held if isinstance(held, dict) else {}, "")
        else:
            stated[name] = value
            expected[name] = _blank(node.get(name))
    if not stated:
        return None
    return {**{name: after[name] for name in IDS & after.keys()}, **stated, EXPECTED: expected}


def _changed_slots(name: str, before: JsonValue, after: JsonValue) -> list[Json]:
    slots = [one for one in after if isinstance(one, dict)] if isinstance(after, list) else []
    return [slot for slot in slots if slot != _slot(name, before, slot)]


def _slot(name: str, among: JsonValue, like: Json) -> Json:
    """Return the part of the same type, an empty one where there is none."""
    kind = SLOTS[name]
    parts = [one for one in among if isinstance(one, dict)] if isinstance(among, list) else []
    return next((part for part in parts if part.get(kind) == like.get(kind)), {})


def _shown(stated: Json, held: Json, kind: str) -> Json:
    """Return what a part holds where something is stated of it."""
    return {
        name: value if name == kind else _blank(held.get(name)) for name, value in stated.items()
    }


def _blank(value: JsonValue) -> JsonValue:
    return "" if value is None else value


def _header(payload: Json) -> Json:
    found = payload.get(HEADER)
    return found if isinstance(found, dict) else {}
