"""Changes of customers, items and vendors: what differs, beside what the ledger holds there."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.targets.changes import ContactUpdateTarget, ItemUpdateTarget
from tieout.domain.base import System
from tieout.domain.in_step.likeness import alike
from tieout.domain.in_step.policy import FieldPolicy, Likeness, Owner
from tieout.domain.records import Item
from tieout.mapping.spec import load_spec
from unit.mapping.cases import FOLDER
from unit.mapping.conftest import ROOT
from unit.mapping.profile import REPEATABLE

XERO, SAGE100 = System.XERO, System.SAGE100
CASES = json.loads((FOLDER / "plain.json").read_text("utf-8"), parse_float=Decimal)
CONTACT = CASES["from_xero/vendor"]["full"]["node"]
VENDOR = {**CASES["from_sage100/vendor"]["full"]["node"], "VendorName": "Lind & Sons"}
ROW = {
    **{name: value.strip() for name, value in VENDOR.items() if not name.startswith("Vendor")},
    "ARDivisionNo": "00",
    "CustomerNo": "LIND",
    "CustomerName": "Lind & Sons",
    "CustomerStatus": "A",
}
XERO_ITEM = plain_json(CASES["from_xero/item"]["sold"]["node"])
SAGE100_ITEM = CASES["from_sage100/item"]["sold"]["node"]
IN_XERO = {"contact_id": "c-1"}
IN_SAGE100 = {"division": "00", "number": "LIND"}


def changed(mapper, system, ids, node, **fields):
    """Return the change of a customer that says something else of some fields."""
    held = mapper.customer_from(system, node)
    wanted = held.model_copy(update=fields)
    return mapper.change("customer", system, {**ids, "party": held}, {**ids, "party": wanted}, node)


def test_a_change_states_what_differs_beside_what_the_ledger_shows(mapper):
    assert changed(mapper, SAGE100, IN_SAGE100, ROW, phone="614-555-0199") == {
        "header": {"ARDivisionNo": "00", "CustomerNo": "LIND", "TelephoneNo": "614-555-0199"},
        "expected": {"TelephoneNo": "614-555-0142"},
    }
    assert changed(mapper, XERO, IN_XERO, CONTACT, phone="614-555-0199", name="Lind") == {
        "ContactID": "c-1",
        "Name": "Lind",
        "Phones": [
            {
                "PhoneType": "DEFAULT",
                "PhoneCountryCode": "",
                "PhoneAreaCode": "",
                "PhoneNumber": "614-555-0199",
            }
        ],
        "expected": {
            "Name": "Lind  & Sons",
            "Phones": [
                {
                    "PhoneType": "DEFAULT",
                    "PhoneCountryCode": "1",
                    "PhoneAreaCode": "614",
                    "PhoneNumber": "555 0142",
                }
            ],
        },
    }


def test_an_address_is_changed_as_a_whole_in_the_form_of_the_ledger(mapper):
    moved = mapper.customer_from(SAGE100, ROW).address.model_copy(update={"city": "Dayton"})

    change = changed(mapper, SAGE100, IN_SAGE100, ROW, address=moved)

    assert change["header"]["City"] == "Dayton"
    assert change["header"]["AddressLine1"] == "410 Example St"
    assert set(change["expected"]) == set(change["header"]) - {"ARDivisionNo", "CustomerNo"}
    assert set(change["expected"]) == {
        *("AddressLine1", "AddressLine2", "AddressLine3", "City", "State", "ZipCode"),
        "CountryCode",
    }
    assert {name: ROW[name] for name in change["expected"]} == change["expected"]


@pytest.mark.parametrize(
    ("system", "ids", "node"), [(XERO, IN_XERO, CONTACT), (SAGE100, IN_SAGE100, ROW)]
)
def test_what_says_the_same_is_no_change(mapper, system, ids, node):
    """Whatever form the mapping would give it: *Street* that is there is not written as *St*."""
    assert changed(mapper, system, ids, {**node}) is None


def test_a_value_that_is_taken_away_is_written_empty(mapper):
    assert changed(mapper, SAGE100, IN_SAGE100, ROW, email="")["header"]["EmailAddress"] == ""
    change = changed(mapper, XERO, IN_XERO, CONTACT, email="")
    assert (change["EmailAddress"], change["expected"]["EmailAddress"]) == (
        "",
        "office@lind.example",
    )


def test_a_customer_ends_in_sage_100_by_a_change_and_in_xero_by_a_write_of_its_own(mapper):
    assert changed(mapper, SAGE100, IN_SAGE100, ROW, is_active=False) == {
        "header": {"ARDivisionNo": "00", "CustomerNo": "LIND", "CustomerStatus": "I"},
        "expected": {"CustomerStatus": "A"},
    }
    assert changed(mapper, XERO, IN_XERO, CONTACT, is_active=False) is None
    assert mapper.payload("to_xero/contact_archive", IN_XERO) == {
        "ContactID": "c-1",
        "ContactStatus": "ARCHIVED",
    }


def test_a_vendor_is_a_contact_like_a_customer(mapper):
    held = mapper.vendor_from(SAGE100, VENDOR)
    renamed = held.model_copy(update={"name": "Lind Lighting"})
    ids = {"division": "00", "number": "LIND"}

    change = mapper.change(
        "vendor", SAGE100, {**ids, "party": held}, {**ids, "party": renamed}, VENDOR
    )

    assert change == {
        "header": {"APDivisionNo": "00", "VendorNo": "LIND", "VendorName": "Lind Lighting"},
        "expected": {"VendorName": "Lind & Sons"},
    }
    same = mapper.vendor_from(XERO, CONTACT)
    assert (same.name, same.number) == (held.name, "LIND")
    assert (
        mapper.change(
            "vendor", XERO, {**IN_XERO, "party": same}, {**IN_XERO, "party": renamed}, {}
        )["Name"]
        == "Lind Lighting"
    )


def test_an_items_price_and_end_are_changed_and_nothing_of_its_stock(mapper):
    held = mapper.item_from(XERO, XERO_ITEM)
    before, after = (
        {"item_id": "i-1", "item": held.model_copy(update=fields)}
        for fields in ({}, {"price": Decimal("21.5"), "is_active": False})
    )

    assert mapper.change("item", XERO, before, after, XERO_ITEM) == {
        "ItemID": "i-1",
        "IsSold": False,
        "SalesDetails": {"UnitPrice": "21.5"},
        "expected": {"IsSold": True, "SalesDetails": {"UnitPrice": "19.5"}},
    }
    kept = mapper.item_from(SAGE100, SAGE100_ITEM)
    row = {"number": "LAMP-01", "item": kept}
    ended = {"number": "LAMP-01", "item": kept.model_copy(update={"is_active": False})}
    assert mapper.change("item", SAGE100, row, ended, SAGE100_ITEM) == {
        "header": {"ItemCode": "LAMP-01", "InactiveItem": "Y"},
        "expected": {"InactiveItem": "N"},
    }


def test_both_ledgers_say_the_same_of_one_item(mapper):
    one, other = mapper.item_from(XERO, XERO_ITEM), mapper.item_from(SAGE100, SAGE100_ITEM)
    said = {"number", "description", "price", "is_sold", "is_purchased", "is_active"}
    assert one.model_dump(mode="json", include=said) == other.model_dump(mode="json", include=said)


@pytest.mark.parametrize(
    ("name", "target"),
    [("to_xero/contact_update", ContactUpdateTarget), ("to_xero/item_update", ItemUpdateTarget)],
)
def test_no_change_states_what_the_targets_leave_to_people(name, target):
    made = load_spec(ROOT / f"include/mappings/{name}.yaml").fields
    stated = {path.partition(".")[0] for path in made} - {"ContactID", "ItemID"}
    assert stated <= {member.partition(".")[0] for member in target.members}


TEXTS = st.text(st.characters(codec="cp1252", exclude_categories=["Cc", "Cf"]), max_size=60)
NAME = FieldPolicy(owner=Owner.ASK, lengths={SAGE100: 30})
PRICE = FieldPolicy(owner=Owner.ASK, compare=Likeness.EXACT)


@settings(REPEATABLE, max_examples=40)
@given(TEXTS, st.decimals(0, 10**6, places=4), st.booleans(), st.booleans())
def test_an_item_written_by_one_mapping_is_read_the_same_by_the_other(
    mapper, description, price, is_sold, is_active
):
    """What Sage 100's column cuts of the description compares equal all the same."""
    item = Item(
        source_id="i-1",
        number="LAMP-01",
        currency="USD",
        description=" ".join(description.split()),
        price=price,
        is_sold=is_sold,
        is_active=is_active,
    )
    written = mapper.payload("to_sage100/item_update", {"number": "LAMP-01", "item": item})
    row = written["header"]
    again = mapper.item_from(SAGE100, row)
    assert alike(NAME, item.description, again.description)
    assert alike(PRICE, f"{item.price.normalize():f}", f"{again.price:f}")
    assert (again.is_sold, again.is_active) == (is_sold, is_active)
    shown = mapper.payload("to_xero/item_update", {"item_id": "i-1", "item": again})
    back = mapper.item_from(XERO, shown)
    assert (back.description, back.price) == (again.description, again.price)
    assert back.is_sold == (is_sold and is_active)
