"""Master records under keys of ours: created once, changed field by field, never over an edit."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.calls import Agent, customer, saved
from agent.test_writing import select
from sage100_agent.documents import check_document
from sage100_agent.errors import RefusedError
from sage100_agent.master_data import KEYS
from sage100_agent.writers.catalog import UNCONFIRMED, WRITERS
from tieout.simulators.sage100.people.maintenance import (
    change_record,
    delete_record,
    turn_option,
)
from tieout.simulators.sage100.store import CompanyFile

GUEST = {"ARDivisionNo": "00", "CustomerNo": "WEBGUEST"}
CONTACT = {**GUEST, "ContactName": "Ada Lovelace", "EmailAddress": "ada@example.com"}
ADDRESS = {**GUEST, "ShipToName": "Loading dock", "ShipToZipCode": "10001", "ShipToCity": "Salem"}
ITEM = {
    "ItemType": "1",
    "ProductLine": "LITE",
    "ItemCodeDesc": "Brass lamp",
    "StandardUnitOfMeasure": "EACH",
    "StandardUnitPrice": "19.5",
}
VENDOR = {
    "APDivisionNo": "00",
    "VendorName": "Acme Lamps",
    "TermsCode": "30",
    "EmailAddress": "bills@example.com",
}
RECORDS: dict[str, tuple[str, str, dict[str, str], str]] = {
    "customer_contact.save": ("AR_CustomerContact", "ContactCode", CONTACT, "ContactName"),
    "ship_to_address.save": ("SO_ShipToAddress", "ShipToCode", ADDRESS, "ShipToName"),
    "item.save": ("CI_Item", "ItemCode", ITEM, "ItemCodeDesc"),
    "vendor.save": ("AP_Vendor", "VendorNo", VENDOR, "VendorName"),
}
"""Table, the column of the key that is ours, a whole header, and the column that names it."""
every = pytest.mark.parametrize("kind", RECORDS)


def header(kind: str, code: str, **changes: str) -> dict[str, str]:
    _table, column, values, _name = RECORDS[kind]
    return {**values, column: code, **changes}


def held(home: Path, kind: str, code: str, column: str) -> Any:
    table, key, _values, _name = RECORDS[kind]
    rows = select(home, f"select {column} from {table} where {key} = ?", code)  # noqa: S608 - names of this file
    assert len(rows) == 1
    return rows[0][0]


@contextmanager
def people(home: Path) -> Iterator[CompanyFile]:
    file = CompanyFile(home, "HPS")
    yield file
    file.close()


def edit(home: Path, kind: str, code: str, **values: str) -> None:
    """Let a person change a record at a screen."""
    table, column, whole, _name = RECORDS[kind]
    key = {**{n: v for n, v in whole.items() if n in KEYS[kind]}, column: code}
    with people(home) as file:
        change_record(file, table, key, values)


@every
def test_a_new_record_is_created_whole_and_read_back(agent: Agent, kind: str) -> None:
    code = "NEW1"
    whole = header(kind, code)
    status, answer = agent.post(saved(kind, f"new-{kind}", whole))
    assert (status, answer["status"], answer["document_no"]) == (200, "entered", code)
    stated = {name: value for name, value in whole.items() if name not in KEYS[kind]}
    if kind == "item.save":
        stated["StandardUnitPrice"] = "19.500000"
    assert answer["values"] == stated
    name = RECORDS[kind][3]
    assert held(agent.home, kind, code, name) == whole[name]


@every
def test_a_record_that_is_there_as_stated_is_adopted_untouched(agent: Agent, kind: str) -> None:
    whole = header(kind, "ADO1")
    agent.post(saved(kind, f"adopt-1-{kind}", whole))
    before = held(agent.home, kind, "ADO1", "TimeUpdated")
    _, answer = agent.post(saved(kind, f"adopt-2-{kind}", whole))
    assert answer["status"] == "entered"
    assert held(agent.home, kind, "ADO1", "TimeUpdated") == before


@every
def test_a_record_of_somebody_else_under_the_key_is_left_alone(agent: Agent, kind: str) -> None:
    name = RECORDS[kind][3]
    agent.post(saved(kind, f"theirs-{kind}", header(kind, "THE1", **{name: "Theirs"})))
    _, answer = agent.post(saved(kind, f"ours-{kind}", header(kind, "THE1")))
    assert (answer["status"], answer["error"]["cause"]) == ("refused", "record_differs")
    assert f"{name} is 'Theirs'" in answer["error"]["message"]
    assert held(agent.home, kind, "THE1", name) == "Theirs"


@every
def test_a_change_sets_only_what_was_expected_and_keeps_peoples_edits_elsewhere(
    agent: Agent, kind: str
) -> None:
    name = RECORDS[kind][3]
    whole = header(kind, "CHG1")
    agent.post(saved(kind, f"chg-1-{kind}", whole))
    other = "Category1" if kind == "item.save" else "TelephoneExt"
    other = "ContactTitle" if kind == "customer_contact.save" else other
    edit(agent.home, kind, "CHG1", **{other: "ABC"})
    key = {column: whole[column] for column in KEYS[kind]}
    change = saved(kind, f"chg-2-{kind}", {**key, name: "Renamed"}, {name: whole[name]})
    _, answer = agent.post(change)
    assert (answer["status"], answer["values"]) == ("entered", {name: "Renamed"})
    assert held(agent.home, kind, "CHG1", name) == "Renamed"
    assert held(agent.home, kind, "CHG1", other) == "ABC"


@every
def test_a_persons_edit_is_never_undone(agent: Agent, kind: str) -> None:
    name = RECORDS[kind][3]
    whole = header(kind, "DRF1")
    agent.post(saved(kind, f"drift-1-{kind}", whole))
    edit(agent.home, kind, "DRF1", **{name: "By hand"})
    key = {column: whole[column] for column in KEYS[kind]}
    change = saved(kind, f"drift-2-{kind}", {**key, name: "Renamed"}, {name: whole[name]})
    _, answer = agent.post(change)
    assert (answer["status"], answer["error"]["cause"]) == ("refused", "record_differs")
    expected = f"{name} is 'By hand', expected {whole[name]!r}"
    assert expected in answer["error"]["message"]
    assert held(agent.home, kind, "DRF1", name) == "By hand"
    # Once somebody has agreed to it, the same change passes under the value that stands there.
    agreed = saved(kind, f"drift-3-{kind}", {**key, name: "Renamed"}, {name: "By hand"})
    assert agent.post(agreed)[1]["status"] == "entered"
    assert held(agent.home, kind, "DRF1", name) == "Renamed"


@every
def test_a_change_of_what_is_gone_creates_nothing(agent: Agent, kind: str) -> None:
    table, column, whole, name = RECORDS[kind]
    agent.post(saved(kind, f"gone-1-{kind}", header(kind, "GON1")))
    key = {**{n: v for n, v in whole.items() if n in KEYS[kind]}, column: "GON1"}
    with people(agent.home) as file:
        delete_record(file, table, key)
    change = saved(kind, f"gone-2-{kind}", {**key, name: "Renamed"}, {name: whole[name]})
    assert agent.post(change)[1]["error"]["cause"] == "unknown_record"
    found = select(agent.home, f"select count(*) from {table} where {column} = 'GON1'")  # noqa: S608 - names of this file
    assert found == [(0,)]


def test_a_customer_is_changed_field_by_field(agent: Agent) -> None:
    number = agent.post(customer("to-change"))[1]["document_no"]
    key = {"ARDivisionNo": "00", "CustomerNo": number}
    change = saved(
        "customer.update",
        "changed",
        {**key, "City": "Marlow", "TermsCode": "30", "CustomerName": "Ada Lovelace"},
        {"City": "London", "TermsCode": "00"},
    )
    _, answer = agent.post(change)
    assert (answer["status"], answer["document_no"]) == ("entered", number)
    sql = "select City, TermsCode, ZipCode, UDF_TIEOUT_ID from AR_Customer where CustomerNo = ?"
    row = ("Marlow", "30", "SW1Y 4JH", "to-change")
    assert select(agent.home, sql, number) == [row]


def test_an_update_makes_no_customer(agent: Agent) -> None:
    change = saved(
        "customer.update",
        "nobody",
        {"ARDivisionNo": "00", "CustomerNo": "NOBODY", "CustomerName": "Nobody"},
    )
    assert agent.post(change)[1]["error"]["cause"] == "unknown_record"


def test_places_are_set_again_after_a_postal_code_that_sage_knows(agent: Agent) -> None:
    # Sage fills in city, state and country by itself (boi.json, unconfirmed).
    kind = "ship_to_address.save"
    agent.post(saved(kind, "zip-1", header(kind, "ZIP1")))
    key = {**GUEST, "ShipToCode": "ZIP1"}
    change = saved(kind, "zip-2", {**key, "ShipToZipCode": "04101"}, {"ShipToZipCode": "10001"})
    assert agent.post(change)[1]["status"] == "entered"
    assert held(agent.home, kind, "ZIP1", "ShipToCity") == "Salem"


def test_sage_says_what_a_record_lacks(agent: Agent) -> None:
    with people(agent.home) as file:
        turn_option(file, "requires_salesperson", on=True)
    try:
        _, answer = agent.post(customer("no-salesperson"))
        assert (answer["status"], answer["error"]["cause"]) == ("refused", "sage_refused")
        assert "Salesperson is required" in answer["error"]["message"]
        given = customer("salesperson", SalespersonDivisionNo="00", SalespersonNo="0100")
        assert agent.post(given)[1]["status"] == "entered"
    finally:
        with people(agent.home) as file:
            turn_option(file, "requires_salesperson", on=False)


def test_a_customer_without_a_number_is_refused_where_sage_gives_none(agent: Agent) -> None:
    with people(agent.home) as file:
        turn_option(file, "numbers_customers", on=False)
    try:
        _, answer = agent.post(customer("unnumbered"))
        assert answer["error"]["cause"] == "sage_refused"
        assert agent.post(customer("numbered", CustomerNo="ADA"))[1]["document_no"] == "ADA"
    finally:
        with people(agent.home) as file:
            turn_option(file, "numbers_customers", on=True)


@pytest.mark.parametrize(
    ("kind", "document", "cause"),
    [
        ("item.save", {"ItemCode": "/FREIGHT"}, "wrong_key_form"),
        ("item.save", {"ItemType": "2"}, "wrong_key_form"),
        ("item.save", {"ProductLine": ""}, "missing_field"),
        ("item.save", {"ItemCodeDesc": "x" * 31}, "too_long"),
        ("item.save", {"TotalQuantityOnHand": "5"}, "unknown_field"),
        ("item.save", {"StandardUnitOfMeasure": "PIECE"}, "too_long"),
        ("ship_to_address.save", {"ShipToCode": "DOCK1"}, "too_long"),
        ("ship_to_address.save", {"ShipToCode": "12"}, "wrong_key_form"),
        ("ship_to_address.save", {"ShipToState": "Maine"}, "too_long"),
        ("customer_contact.save", {"ContactCode": "ada"}, "wrong_key_form"),
        ("customer_contact.save", {"ContactName": ""}, "missing_field"),
        ("customer_contact.save", {"CountryCode": "US"}, "wrong_key_form"),
        ("vendor.save", {"VendorNo": "ACMELAMPS"}, "too_long"),
        ("vendor.save", {"VendorNo": "acme"}, "wrong_key_form"),
        ("vendor.save", {"VendorNo": "123"}, "wrong_key_form"),
        ("vendor.save", {"APDivisionNo": ""}, "missing_field"),
        ("vendor.save", {"TermsCode": ""}, "missing_field"),
        ("vendor.save", {"AccountKey": "400-00"}, "wrong_key_form"),
    ],
)
def test_what_sage_could_not_hold_is_refused_before_it_sees_it(
    kind: str, document: dict[str, str], cause: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        check_document(kind, {"header": {**header(kind, "CODE"), **document}})
    assert refused.value.cause == cause


@pytest.mark.parametrize(
    ("expected", "cause"),
    [
        ({"ItemCode": "CODE"}, "not_in_form"),
        ({"Category1": "A"}, "not_in_form"),
        ({"NoSuchColumn": "A"}, "unknown_field"),
        ("all", "not_in_form"),
    ],
)
def test_what_is_expected_must_be_what_is_changed(expected: object, cause: str) -> None:
    with pytest.raises(RefusedError) as refused:
        check_document("item.save", {"header": header("item.save", "CODE"), "expected": expected})
    assert refused.value.cause == cause


def test_what_no_public_source_confirms_is_listed_beside_the_writers() -> None:
    assert UNCONFIRMED.keys() <= WRITERS.keys()
    assert all(UNCONFIRMED.values())
