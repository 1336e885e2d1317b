"""One behavior of every target in Sage 100: a real connector on simulator and agent, and a fake."""

import json
import logging
from collections.abc import Iterator

import pytest

from deliveries import make_delivery
from sage100_payables import PAYABLES
from sage100_places import (
    CASES,
    RECORDS,
    Case,
    FakePlace,
    Place,
    SimulatedPlace,
    address,
    changed,
    changing,
    customer,
    item,
    record,
    twin,
    vendor,
)
from sage100_receivables import RECEIVABLES
from sage100_simulator import Sage, sage100
from tieout.connectors.sage100.catalog import TABLES
from tieout.connectors.sage100.own_fields import MARK
from tieout.connectors.sage100.targets.base import header_of
from tieout.connectors.sage100.targets.master_data import MasterDataTarget
from tieout.connectors.sage100.targets.table import TARGETS
from tieout.domain.base import Json, System
from tieout.domain.ledger import Delivery, Landed
from tieout.domain.plan import Action
from tieout.domain.reading import START
from tieout.errors import ConfigurationError, OutcomeUnknownError
from tieout.mapping.addresses.changes import SHIP_TO, address_change
from tieout.usecases.catalog import OnChange, kind_of
from tieout.usecases.planning.targets import Notes, PlanningTarget, Sent

EVERY = (*CASES, *RECEIVABLES, *PAYABLES)


@pytest.fixture(scope="module")
def sage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sage]:
    with sage100(tmp_path_factory.mktemp("writing")) as running:
        yield running


@pytest.fixture(scope="module")
def simulated(sage: Sage) -> SimulatedPlace:
    return SimulatedPlace(sage)


@pytest.fixture(params=["simulator", "fake"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "fake":
        return FakePlace()
    found: SimulatedPlace = request.getfixturevalue("simulated")
    return found


def every(cases: tuple[Case, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.entity)


def test_every_target_has_a_case_and_a_row_in_the_catalog() -> None:
    assert sorted(case.entity for case in EVERY) == sorted(TARGETS)
    assert all(kind_of(System.SAGE100, entity) for entity in TARGETS)


def test_every_master_record_has_a_case_and_sends_the_newest() -> None:
    ours = [entity for entity, kind in TARGETS.items() if issubclass(kind, MasterDataTarget)]
    assert sorted(case.entity for case in RECORDS) == sorted(ours)
    kinds = [kind_of(System.SAGE100, entity) for entity in ours]
    assert {kind.on_change for kind in kinds} == {OnChange.SEND}


@every(EVERY)
def test_a_record_lands_once_and_is_found_by_its_key(place: Place, case: Case) -> None:
    delivery = case.good(place)
    target = place.target(case.entity)
    assert target.find([delivery]) == {}
    landed = place.landed(delivery)
    found = target.find([delivery])[delivery.delivery_id]
    assert found.external_id == landed.external_id
    assert {name: landed.figures.get(name) for name in delivery.expected} == delivery.expected
    assert target.present([delivery])[delivery.delivery_id].external_id == landed.external_id
    assert len(target.copies_held([delivery])[delivery.delivery_id]) == 1


@every(EVERY)
def test_the_same_command_again_has_the_effect_of_one(place: Place, case: Case) -> None:
    delivery = case.good(place)
    first, second = place.landed(delivery), place.landed(delivery)
    assert first.external_id == second.external_id


@every(EVERY)
def test_a_refusal_says_why_and_what_to_do(place: Place, case: Case) -> None:
    bad = case.bad(place)
    place.refuse(bad)
    refused = place.refused(bad)
    assert refused.cause
    assert refused.message
    assert refused.remedy
    assert place.target(case.entity).find([bad]) == {}


@every(EVERY)
def test_a_record_whose_answer_was_lost_is_found(place: Place, case: Case) -> None:
    delivery = case.good(place)
    place.lose_answer(case)
    with pytest.raises(OutcomeUnknownError):
        place.send(delivery)
    found = place.target(case.entity).find([delivery])[delivery.delivery_id]
    assert {name: found.figures.get(name) for name in delivery.expected} == delivery.expected
    assert place.landed(delivery).external_id == found.external_id


@every(RECORDS)
def test_a_record_is_the_same_under_any_command(place: Place, case: Case) -> None:
    delivery = case.good(place)
    first, second = place.landed(delivery), place.landed(twin(delivery))
    assert first.external_id == second.external_id


@every(RECORDS)
def test_a_record_is_changed_under_its_key(place: Place, case: Case) -> None:
    delivery = case.good(place)
    first = place.landed(delivery)
    (name, value), *_ = delivery.expected.items()
    change = changed(delivery, {name: "Renamed"}, {name: value})
    landed = place.landed(change)
    assert landed.external_id == first.external_id
    assert landed.figures[name] == "Renamed"
    other = twin(delivery)  # of which the agent never heard
    assert place.target(case.entity).find([other]) == {}  # what it states is there no more


@every(RECORDS)
def test_what_a_person_changed_since_is_not_taken_for_what_became_of_a_write(
    place: Place, case: Case
) -> None:
    delivery = case.good(place)
    place.landed(delivery)
    name, *_ = delivery.expected
    place.edit(delivery, **{name: "By hand"})
    found = place.target(case.entity).find([delivery])
    assert all(name not in one.figures for one in found.values())


@every(RECORDS)
def test_a_change_and_the_change_back_are_two_writes(place: Place, case: Case) -> None:
    delivery = case.good(place)
    place.landed(delivery)
    (name, value), *_ = delivery.expected.items()
    there = changed(delivery, {name: "Renamed"}, {name: value})
    back = changed(delivery, {name: value}, {name: "Renamed"})
    place.landed(there)
    assert place.landed(back).figures[name] == value


@every(RECORDS)
def test_a_persons_edit_is_never_undone_and_is_named(place: Place, case: Case) -> None:
    delivery = case.good(place)
    place.landed(delivery)
    (name, value), *_ = delivery.expected.items()
    place.edit(delivery, **{name: "By hand"})
    refused = place.refused(changed(delivery, {name: "Renamed"}, {name: value}))
    assert refused.cause == "record_differs"
    assert f"{name} is 'By hand'" in refused.message
    held = place.target(case.entity).present([delivery])[delivery.delivery_id]
    assert held.figures[name] == "By hand"
    agreed = changed(delivery, {name: "Renamed"}, {name: "By hand"})
    assert place.landed(agreed).figures[name] == "Renamed"


def test_an_address_of_which_a_person_edited_one_column_stays_whole(place: Place) -> None:
    held = {
        "ShipToAddress1": "410 Example St",
        "ShipToCity": "Columbus",
        "ShipToState": "OH",
        "ShipToZipCode": "43215",
        "ShipToCountryCode": "USA",
    }
    delivery = address(place, **held)
    place.landed(delivery)
    place.edit(delivery, ShipToAddress1="412 Example St, rear door")
    moved = {**held, "ShipToZipCode": "43201"}  # the shop changed nothing but the postal code
    change = address_change(
        SHIP_TO, moved, held, country_code="US", case="as_written", lengths=(40, 30, 10)
    )
    assert change is not None

    refused = place.refused(changed(delivery, change.header, change.expected))

    assert refused.cause == "record_differs"
    assert "ShipToAddress1 is '412 Example St, rear door'" in refused.message
    now = place.target("ship_to_address").present([delivery])[delivery.delivery_id].figures
    assert (now["ShipToAddress1"], now["ShipToZipCode"]) == ("412 Example St, rear door", "43215")


def test_a_change_of_a_part_of_an_address_is_not_sent(simulated: SimulatedPlace) -> None:
    delivery = address(simulated, ShipToZipCode="43215")
    simulated.landed(delivery)

    with pytest.raises(ConfigurationError, match="an address is changed as a whole"):
        simulated.send(changed(delivery, {"ShipToCity": "Dayton"}, {"ShipToCity": "Salem"}))


@every(tuple(case for case in RECORDS if not case.entity.endswith("_update")))
def test_a_record_of_somebody_else_is_adopted_only_as_it_is(place: Place, case: Case) -> None:
    theirs = case.good(place)
    place.landed(theirs)
    (name, _value), *_ = theirs.expected.items()
    place.edit(theirs, **{name: "Theirs"})
    refused = place.refused(twin(theirs))
    assert refused.cause == "record_differs"
    place.edit(theirs, **theirs.expected)
    again = theirs.model_copy(update={"idempotency_key": f"{place.number()}-adopts"})
    assert place.landed(again).figures[name] == theirs.expected[name]


@every(RECORDS)
def test_a_change_of_what_is_gone_makes_nothing(place: Place, case: Case) -> None:
    delivery = case.good(place)
    (name, value), *_ = delivery.expected.items()
    target = TARGETS[case.entity]
    assert issubclass(target, MasterDataTarget)
    column = TABLES[target.table].key[-1]
    gone = place.number()
    change = changed(delivery, {column: gone}, {name: value})
    change = change.model_copy(update={"document_key": gone, "expected": {}})
    assert place.refused(change).cause == "unknown_record"


@every(RECORDS)
def test_a_plan_says_what_would_be_created_and_changed(
    simulated: SimulatedPlace, case: Case
) -> None:
    delivery = case.good(simulated)
    (name, value), *_ = delivery.expected.items()
    if delivery.operation == "create":
        assert planned(simulated, delivery).action is Action.CREATE
    simulated.landed(delivery)
    assert planned(simulated, delivery).action is Action.UNCHANGED
    change = planned(simulated, changed(delivery, {name: "Renamed"}, {name: value}))
    assert change.action is Action.UPDATE
    assert [(one.field, one.after) for one in change.changes] == [(name, "Renamed")]
    assert planned(simulated, delivery).action is Action.UNCHANGED  # a plan writes nothing


def planned(place: Place, delivery: Delivery) -> Sent:
    notes = Notes()
    PlanningTarget(place.target(delivery.entity), notes).send([delivery])
    return notes.sent[delivery.delivery_id]


def test_a_description_that_does_not_fit_is_cut_and_said(
    simulated: SimulatedPlace, caplog: pytest.LogCaptureFixture
) -> None:
    long = "Brass desk lamp with a linen shade and a long cord"
    delivery = item(simulated, ItemCodeDesc=long)
    with caplog.at_level(logging.WARNING):
        landed = simulated.landed(delivery)
    assert landed.figures["ItemCodeDesc"] == long[:30].rstrip()
    assert landed.note == "ItemCodeDesc was cut from 50 to 30 characters"
    assert "ItemCodeDesc was cut from 50 to 30 characters" in caplog.text
    assert simulated.target("item").find([delivery]) == {delivery.delivery_id: landed_as(landed)}
    renamed = changed(delivery, {"ItemCodeDesc": "Oak lamp"}, {"ItemCodeDesc": long})
    assert simulated.landed(renamed).figures["ItemCodeDesc"] == "Oak lamp"


def landed_as(landed: Landed) -> Landed:
    return landed.model_copy(update={"note": ""})


def test_text_that_the_sites_column_cannot_hold_is_refused_before_the_agent(
    simulated: SimulatedPlace,
) -> None:
    # The dictionary's newer versions hold 50; this site's AP_Vendor has the older 30.
    simulated.landed(vendor(simulated))  # by now the site's catalog is known
    before = simulated.sage100.calls_made
    refused = simulated.refused(vendor(simulated, VendorName="x" * 31))
    assert refused.cause == "too_long"
    assert "holds 30 characters at this site" in refused.message
    assert simulated.sage100.calls_made == before


def test_a_vendors_account_goes_by_its_key(simulated: SimulatedPlace) -> None:
    delivery = vendor(simulated, Account="630-00")
    landed = simulated.landed(delivery)
    keys = {number: key for key, number in simulated.sage100.accounts().items()}
    assert landed.figures["AccountKey"] == keys["630-00"]
    refused = simulated.refused(vendor(simulated, Account="999-99"))
    assert refused.cause == "account_unmapped"


OWN = {"UDF_ROUTE": "N-3", "UDF_REBATE_PCT": "2.50", "UDF_CLUB_SINCE": "2026-11-29"}
"""What the simulated site added to its customers: a text, a number and a day."""


def listed(simulated: SimulatedPlace, number: str, *names: str) -> Json:
    """Return some columns of a customer as the list of customers has them."""
    connector = simulated.sage.connector(lambda: {"AR_Customer": OWN.keys()})
    lists = connector.lists()
    for page in lists.pages("AR_Customer", START):
        for one in page.records:
            if one.record_id == f"00/{number}":
                row: Json = json.loads(one.body)
                said = {name: row[name] for name in names}
                node = connector.shown("AR_Customer", [f"00-{number}"])[f"00-{number}"].node
                assert said == {name: node[name] for name in names}
                return said
    raise AssertionError(number)


def test_fields_of_a_sites_own_are_written_and_come_back_with_the_list(
    simulated: SimulatedPlace,
) -> None:
    number = simulated.number()
    made = customer(simulated, CustomerNo=number, **OWN)
    simulated.landed(made)
    mark = header_of(made.payload)[MARK]
    assert listed(simulated, number, *OWN, MARK) == {**OWN, "UDF_REBATE_PCT": "2.5", MARK: mark}
    key = {"ARDivisionNo": "00", "CustomerNo": number}
    stated: Json = {**key, "UDF_ROUTE": "S-1", "UDF_REBATE_PCT": "3"}
    payload: Json = {"header": stated, "expected": {"UDF_ROUTE": "N-3", "UDF_REBATE_PCT": "2.50"}}
    change = make_delivery("customer_update", payload, key=number, target=System.SAGE100)
    assert simulated.landed(change).figures["UDF_ROUTE"] == "S-1"
    assert listed(simulated, number, "UDF_ROUTE", "UDF_REBATE_PCT", "UDF_CLUB_SINCE") == {
        "UDF_ROUTE": "S-1",
        "UDF_REBATE_PCT": "3",
        "UDF_CLUB_SINCE": "2026-11-29",
    }


@pytest.mark.parametrize(
    ("name", "value", "cause"),
    [
        ("UDF_ROUTE", "x" * 11, "too_long"),
        ("UDF_REBATE_PCT", "two", "not_of_type"),
        ("UDF_CLUB_SINCE", "2026-13-01", "not_of_type"),
    ],
)
def test_what_a_field_of_a_sites_own_cannot_hold_is_refused(
    simulated: SimulatedPlace, name: str, value: str, cause: str
) -> None:
    refusal = simulated.refused(customer(simulated, **{name: value}))
    assert cause in refusal.cause
    assert f"AR_Customer.{name}" in refusal.message


def test_a_field_that_a_site_does_not_have_stops_and_says_where_to_look(
    simulated: SimulatedPlace,
) -> None:
    with pytest.raises(ConfigurationError, match="no user-defined field UDF_NOWHERE") as raised:
        simulated.send(customer(simulated, UDF_NOWHERE="x"))
    assert "tieout connect sage100" in raised.value.remedy


def test_our_mark_alone_asks_the_site_nothing_about_its_fields(simulated: SimulatedPlace) -> None:
    simulated.sage.statements.clear()
    simulated.landed(customer(simulated))
    assert not any("GL_Bank" in statement for statement in simulated.sage.statements)


def test_one_contact_can_be_customer_and_vendor(place: Place) -> None:
    bought = vendor(place, VendorName="Both Ways")
    number = bought.document_key
    sold = customer(place, "Both Ways", CustomerNo=number)
    sold = sold.model_copy(update={"document_key": number})
    assert place.landed(bought).external_no == number
    assert place.landed(sold).figures == {"name": "Both Ways"}
    assert place.target("vendor").find([bought]).keys() == {bought.delivery_id}
    assert place.target("customer").find([sold]).keys() == {sold.delivery_id}


def test_a_customer_an_item_and_a_vendor_are_made_inactive(simulated: SimulatedPlace) -> None:
    sold, item_code, vendor_no = simulated.number(), item(simulated), vendor(simulated)
    simulated.landed(customer(simulated, CustomerNo=sold))
    simulated.landed(item_code)
    simulated.landed(vendor_no)
    for entity, key, column, inactive in (
        ("customer_update", {"ARDivisionNo": "00", "CustomerNo": sold}, "CustomerStatus", "I"),
        ("item_update", {"ItemCode": item_code.document_key}, "InactiveItem", "Y"),
        (
            "vendor_update",
            {"APDivisionNo": "00", "VendorNo": vendor_no.document_key},
            "VendorStatus",
            "I",
        ),
    ):
        active = "N" if inactive == "Y" else "A"
        header: Json = {**key, column: inactive}
        change = changing(record(entity, sold, header, column), **{column: active})
        assert simulated.landed(change).figures == {column: inactive}
        back = changing(record(entity, sold, {**key, column: active}, column), **{column: inactive})
        assert simulated.landed(back).figures == {column: active}


@pytest.mark.parametrize(
    ("entity", "header"),
    [
        ("item_update", {"ItemCode": "LAMP", "ProductLine": "LITE"}),
        ("vendor_update", {"APDivisionNo": "00", "VendorNo": "ACME", "AccountKey": "000000012"}),
    ],
)
def test_what_is_peoples_of_an_item_and_a_vendor_is_no_change_of_ours(
    simulated: SimulatedPlace, entity: str, header: Json
) -> None:
    change = record(entity, "1", header, list(header)[-1])
    with pytest.raises(ConfigurationError, match="which is people's"):
        simulated.send(changing(change, **{list(header)[-1]: ""}))
    with pytest.raises(ConfigurationError, match="nothing that it should hold now"):
        simulated.send(record(entity, "1", {"ItemCode": "LAMP"}, "ItemCode"))


def test_a_site_without_our_field_gets_changes_without_it(simulated: SimulatedPlace) -> None:
    bare = simulated.sage.connector(has_tieout_udf=False)
    number = simulated.number()
    simulated.landed(customer(simulated, CustomerNo=number, UDF_TIEOUT_ID=""))
    header = {"CustomerName": "Ada King", "UDF_TIEOUT_ID": "ours"}
    expected = {"CustomerName": "Ada Lovelace", "UDF_TIEOUT_ID": ""}
    key = {"ARDivisionNo": "00", "CustomerNo": number}
    change = make_delivery(
        "customer_update",
        {"header": {**key, **header}, "expected": {**expected}},
        key=number,
        target=System.SAGE100,
    )
    outcome = bare.target("customer_update").send([change])[change.delivery_id]
    bare.close()
    assert isinstance(outcome, Landed)
    assert outcome.figures == {"CustomerName": "Ada King"}
