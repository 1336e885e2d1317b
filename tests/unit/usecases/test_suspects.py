"""Suspects: whom a new record may repeat is asked before it is created, for masters and orders."""

from typing import Any

import pytest

from fakes import FakeSage100, FakeXero
from tieout.domain.base import System
from tieout.domain.in_step.records import NotSame
from tieout.domain.ledger import NewBinding
from tieout.ports.systems import Party, Shown
from tieout.usecases.flow import Flow
from tieout.usecases.steps import run_step
from two_ledgers import PAIR, SAGE100, XERO, TwoLedgers
from unit.usecases.test_steps import claimed, make_flow, node

PHONE = {"TelephoneNo": "(503) 555-0100"}
BUYER = "8811223344551"
KEY = f"SHOP-{BUYER}"


@pytest.fixture
def town() -> TwoLedgers:
    """Sage 100 has a customer that Xero does not have yet, nor has been told of."""
    made = TwoLedgers()
    made.customer = made.add_customer("David Smith", EmailAddress="d@smith.example", **PHONE)
    made.sage100.news.clear()
    return made


def letter(ledger: Any) -> Any:
    (only,) = ledger.dead_letters(PAIR.pair)
    return only


def apart(one: tuple[System, str], other: tuple[System, str]) -> NotSame:
    return NotSame(
        pair=PAIR.pair,
        entity="customer",
        one_system=one[0],
        one_id=one[1],
        other_system=other[0],
        other_id=other[1],
    )


def phones(number: str) -> list[dict[str, str]]:
    return [{"PhoneType": "DEFAULT", "PhoneNumber": number}]


def test_a_new_record_with_the_name_and_phone_of_another_is_parked_with_the_reasons(town):
    town.add_contact("Smith, David", EmailAddress="other@mail.example", Phones=phones("5035550100"))

    assert town.sync() == 0

    said = letter(town.ledger)
    assert said.cause == "possible_duplicate"
    assert f"{town.customer} 'David Smith' (confidence 0.9" in said.message
    assert "same_phone other_email" in said.message
    assert "same phone number; but another e-mail address" in said.message
    (contact,) = town.xero.nodes
    two = f"customer xero:{contact} sage100:{town.customer} --pair harbor_and_pine"
    assert f"tieout bindings link {two}" in said.remedy
    assert f"tieout bindings part {two}" in said.remedy
    assert len(town.sage100.nodes) == 1


def test_a_person_who_says_that_they_are_two_lets_it_be_created(town):
    contact = town.add_contact("David Smith", Phones=phones("5035550100"))
    town.sync()

    town.ledger.part(apart((XERO, contact), (SAGE100, town.customer)))
    town.ledger.replay(letter(town.ledger).dead_letter_id)

    assert town.sync() == 1
    assert len(town.sage100.nodes) == 2
    assert town.ledger.dead_letters(PAIR.pair) == []


def test_a_person_who_links_the_two_keeps_them_in_step(town):
    contact = town.add_contact("David Smith", Phones=phones("5035550100"))
    town.sync()

    for system, record_id in ((XERO, contact), (SAGE100, town.customer)):
        town.ledger.bind(
            NewBinding(
                pair=PAIR.pair,
                entity="customer",
                key="S-1",
                system=system,
                external_id=record_id,
                external_no="",
                provenance="linked",
            )
        )
    town.ledger.replay(letter(town.ledger).dead_letter_id)
    town.settle()

    assert town.xero.nodes[contact]["EmailAddress"] == "d@smith.example"
    assert len(town.sage100.nodes) == 1


def test_a_namesake_of_whom_all_else_differs_is_created(town):
    town.add_contact("David Smith", EmailAddress="ds@other.example", Phones=phones("2125559999"))
    address = {"AddressLine1": "1 Main Street", "City": "Salem", "ZipCode": "97301"}
    town.edit(SAGE100, town.customer, CountryCode="USA", **address)
    town.sage100.news.clear()
    (contact,) = town.xero.nodes
    elsewhere = {"AddressType": "POBOX", "AddressLine1": "77 Elm Avenue", "City": "New York"}
    elsewhere |= {"PostalCode": "10001", "Country": "US"}
    town.edit(XERO, contact, Addresses=[elsewhere])

    assert town.sync() >= 1
    assert len(town.sage100.nodes) == 2


def test_what_a_suspect_is_bound_to_changes_what_is_to_be_done(town):
    town.sage100.put(town.customer, town.sage100.nodes[town.customer], by="ann")
    town.settle()
    town.add_contact("Dave Smith", Phones=phones("5035550100"))

    town.sync()

    said = letter(town.ledger)
    assert f"is bound already, as S-{town.customer}" in said.remedy
    assert "merge this one into that" in said.remedy


def test_each_of_several_equally_alike_is_named(town):
    twin = town.add_customer("David Smith", EmailAddress="d2@smith.example", **PHONE)
    town.sage100.news.clear()
    town.add_contact("David Smith", Phones=phones("503-555-0100"))

    town.sync()

    said = letter(town.ledger)
    assert town.customer in said.message
    assert twin in said.message


def buyer_flow(*orders: dict[str, Any], **contact: Any) -> Flow:
    """Return a flow whose Xero has a contact that is like the buyer."""
    flow = make_flow(*orders)
    xero = flow.xero
    assert isinstance(xero, FakeXero)
    told = {"ContactID": "c-1", "ContactStatus": "ACTIVE", "Name": "Dana Okafor", **contact}
    xero.held_alike["c-1"] = Shown(node=told)
    return flow


def order(**changed: Any) -> dict[str, Any]:
    return node("order_1042", **changed)


def second() -> dict[str, Any]:
    gid = "gid://shopify/Order/6001042001043"
    return order(legacyResourceId="6001042001043", id=gid, name="#1043")


def run(flow: Flow, name: str = "run") -> None:
    batch = claimed(flow, name)
    for step in ("shop_order", "contact", "customer", "invoice"):
        run_step(flow, step, batch)


ADDRESS = [
    {
        "AddressType": "POBOX",
        "AddressLine1": "410 Example St",
        "AddressLine2": "Ste 3",
        "City": "Columbus",
        "Region": "OH",
        "PostalCode": "43215",
        "Country": "US",
    }
]


@pytest.mark.parametrize(
    "contact",
    [{"Phones": phones("614 555 0142")}, {"Addresses": ADDRESS}],
    ids=["phone", "address"],
)
def test_an_order_of_a_buyer_who_is_probably_known_waits_for_a_person(contact):
    flow = buyer_flow(order(), EmailAddress="dana@home.example", **contact)

    run(flow)

    said = letter(flow.ledger)
    assert (said.cause, said.step, said.waits_for) == (
        "possible_duplicate",
        "contact",
        (f"customer {KEY}",),
    )
    assert (said.value, str(said.amount)) == ("c-1", "110.13")
    assert f"'Dana Okafor' ({KEY})" in said.message
    assert "[same_name same_" in said.message
    assert flow.xero.target("contact").sends == []


def test_the_other_orders_of_that_buyer_wait_for_the_first():
    flow = buyer_flow(order(), second(), Phones=phones("614 555 0142"))

    run(flow)

    assert len(flow.ledger.dead_letters(PAIR.pair)) == 1
    (parent,) = flow.ledger.parents(PAIR.pair)
    assert (parent.name, parent.documents) == (f"customer {KEY}", 1)


def test_a_person_who_says_that_buyer_and_contact_are_two_lets_the_order_go_on():
    flow = buyer_flow(order(), Phones=phones("614 555 0142"))
    run(flow)

    flow.ledger.part(apart((System.SHOPIFY, BUYER), (XERO, "c-1")))
    flow.ledger.replay(letter(flow.ledger).dead_letter_id)
    run(flow, "again")

    assert flow.ledger.dead_letters(PAIR.pair) == []
    bound = flow.ledger.bindings(PAIR.pair, "customer", {KEY}, XERO)
    assert bound[KEY].external_id != "c-1"


def test_a_link_lets_the_order_go_on_with_the_known_contact():
    flow = buyer_flow(order(), Phones=phones("614 555 0142"))
    run(flow)

    flow.ledger.bind(
        NewBinding(
            pair=PAIR.pair,
            entity="customer",
            key=KEY,
            system=XERO,
            external_id="c-1",
            external_no="",
            provenance="linked",
        )
    )
    flow.ledger.replay(letter(flow.ledger).dead_letter_id)
    run(flow, "again")

    assert flow.ledger.dead_letters(PAIR.pair) == []
    assert flow.xero.target("contact").sends == []


def in_step(flow: Flow, key: str = "S-00-0000007") -> None:
    """Let the contact be in step with a customer of Sage 100."""
    for system, record_id in ((XERO, "c-1"), (SAGE100, "00-0000007")):
        flow.ledger.bind(
            NewBinding(
                pair=PAIR.pair,
                entity="customer",
                key=key,
                system=system,
                external_id=record_id,
                external_no="0000007",
                provenance="linked",
            )
        )


def test_a_buyer_with_the_e_mail_of_a_record_in_step_goes_by_it_in_both_ledgers():
    flow = make_flow(order())
    xero, sage100 = flow.xero, flow.sage100
    assert isinstance(xero, FakeXero)
    assert isinstance(sage100, FakeSage100)
    xero.held_contacts.append(
        Party(external_id="c-1", external_no="", name="D.", email="dana.okafor@example.com")
    )
    in_step(flow)

    run(flow)

    assert flow.ledger.dead_letters(PAIR.pair) == []
    assert xero.target("contact").sends == sage100.target("customer").sends == []
    (invoice,) = xero.target("invoice").held.values()
    for system, record_id in ((XERO, "c-1"), (SAGE100, "00-0000007")):
        bound = flow.ledger.bindings(PAIR.pair, "customer", {KEY}, system)
        assert bound[KEY].external_id == record_id
    assert invoice.external_id


def test_the_record_of_another_buyer_is_nobody_elses():
    flow = make_flow(order())
    xero = flow.xero
    assert isinstance(xero, FakeXero)
    xero.held_contacts.append(
        Party(
            external_id="c-1", external_no="", name="Dana Okafor", email="dana.okafor@example.com"
        )
    )
    in_step(flow, key="SHOP-1")

    run(flow)

    assert letter(flow.ledger).cause == "possible_duplicate"


@pytest.mark.parametrize(
    "contact",
    [
        {},
        {"EmailAddress": "dana@home.example"},
        {"EmailAddress": "other@example.com", "Phones": phones("212 555 9999")},
        {"Name": "Kofi Okafor", "Phones": phones("614 555 0142"), "Addresses": ADDRESS},
        {"Name": "Somebody Else", "Phones": phones("614 555 0142")},
    ],
    ids=["name alone", "other e-mail", "other phone", "household", "phone alone"],
)
def test_a_namesake_or_a_household_keeps_no_order_back(contact):
    flow = buyer_flow(order(), **contact)

    run(flow)

    assert flow.ledger.dead_letters(PAIR.pair) == []
    assert len(flow.xero.target("contact").sends) == 1


def test_sage100_is_asked_as_well():
    flow = make_flow(order())
    sage100 = flow.sage100
    assert isinstance(sage100, FakeSage100)
    held = {"ARDivisionNo": "00", "CustomerNo": "0000007", "CustomerName": "DANA OKAFOR"}
    held |= {"CustomerStatus": "A", "TelephoneNo": "6145550142"}
    sage100.held_alike["00-0000007"] = Shown(node=held)

    run(flow)

    said = letter(flow.ledger)
    assert (said.cause, said.step, said.value) == ("possible_duplicate", "customer", "00-0000007")
