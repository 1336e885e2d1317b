"""What Xero would do without a word, and what it lets nobody do: the rules of single targets."""

import base64
from collections.abc import Iterator
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from deliveries import make_delivery
from tieout.domain.base import Json
from tieout.domain.ledger import Delivery, Landed, Refused
from xero_places import (
    NOBODY,
    SimulatedPlace,
    attachment,
    bank_transaction,
    batch_payment,
    bill,
    contact,
    contact_archive,
    contact_update,
    credit_note,
    invoice,
    invoice_void,
    item,
    item_update,
    line,
    manual_journal,
    payment,
    purchase_order,
    twin,
)
from xero_simulator import XeroSimulator, xero_simulator


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XeroSimulator]:
    with xero_simulator(tmp_path_factory.mktemp("xero")) as running:
        yield running


@pytest.fixture(scope="module")
def place(simulator: XeroSimulator) -> SimulatedPlace:
    return SimulatedPlace(simulator, run="R")


def refused(place: SimulatedPlace, delivery: Delivery) -> Refused:
    outcome = place.send(delivery)
    assert isinstance(outcome, Refused), outcome
    return outcome


def with_members(delivery: Delivery, **members: object) -> Delivery:
    payload = {**delivery.payload, **members}
    return delivery.model_copy(update={"payload": payload, "idempotency_key": f"{members}"[:120]})


def only_line(place: SimulatedPlace, delivery: Delivery) -> Json:
    (kept,) = TypeAdapter(list[Json]).validate_python(shown(place, delivery)["LineItems"])
    return kept


def shown(place: SimulatedPlace, delivery: Delivery) -> Json:
    answer = place.target(delivery.entity).find([delivery])[delivery.delivery_id].answer
    assert isinstance(answer, dict)
    return answer


def test_an_order_that_holds_our_number_is_not_rewritten(place: SimulatedPlace) -> None:
    theirs = purchase_order(place)
    there = place.landed(theirs)
    ours = with_members(theirs, Reference="another order", LineItems=[line(place, "260")])
    refusal = refused(place, ours)
    assert refusal.cause == "number_taken"
    assert str(theirs.payload["Reference"]) in refusal.message
    assert only_line(place, theirs)["AccountCode"] == place.sales
    assert place.target("purchase_order").present([ours])[ours.delivery_id] == there


def test_a_deleted_orders_number_is_refused_before_anything_is_sent(
    place: SimulatedPlace, simulator: XeroSimulator
) -> None:
    order = purchase_order(place)
    order_id = place.landed(order).external_id
    simulator.overwrite("purchase_orders", order_id, Status="DELETED")
    before = simulator.writes()
    refusal = refused(place, twin(order))
    assert (refusal.cause, simulator.writes()) == ("number_taken", before)
    assert "not live" in refusal.message
    assert place.target("purchase_order").find([order]) == {}


def test_our_own_order_is_not_written_again(
    place: SimulatedPlace, simulator: XeroSimulator
) -> None:
    order = purchase_order(place)
    first = place.landed(order)
    before = simulator.writes()
    assert place.landed(twin(order)).external_id == first.external_id
    assert simulator.writes() == before


def test_a_later_state_of_our_order_is_written_over_the_earlier(place: SimulatedPlace) -> None:
    order = purchase_order(place)
    first = place.landed(order)
    later = with_members(twin(order), Status="BILLED", LineItems=[line(place, "260")])
    later = later.model_copy(update={"expected": {}})
    assert place.landed(later).external_id == first.external_id
    assert shown(place, later)["Status"] == "BILLED"
    again = with_members(twin(later), LineItems=[line(place, "200")], Status="AUTHORISED")
    assert place.landed(again).external_id == first.external_id
    kept = shown(place, again)
    assert (kept["Status"], only_line(place, again)["AccountCode"]) == ("BILLED", "200")


def test_a_bill_that_people_entered_is_not_entered_twice(place: SimulatedPlace) -> None:
    theirs = bill(place)
    place.landed(theirs)
    ours = with_members(theirs, Url="https://tieout.example/bills/another")
    refusal = refused(place, ours)
    assert refusal.cause == "number_taken"
    assert str(theirs.payload["Url"]) in refusal.message


def test_the_number_of_another_suppliers_bill_is_free(place: SimulatedPlace) -> None:
    one, other = bill(place), bill(place)
    place.landed(one)
    same = with_members(other, InvoiceNumber=one.payload["InvoiceNumber"])
    assert place.landed(same).external_no == one.payload["InvoiceNumber"]


def test_a_voided_bills_number_is_free(place: SimulatedPlace) -> None:
    entered = bill(place)
    bill_id = place.landed(entered).external_id
    place.landed(invoice_void(place, bill_id))
    again = with_members(entered, Url="https://tieout.example/bills/again")
    assert place.landed(again).external_id != bill_id


def test_a_file_of_other_content_is_not_replaced(place: SimulatedPlace) -> None:
    ours = attachment(place)
    place.landed(ours)
    other = with_members(ours, content=base64.b64encode(b"Lamps: 4\n").decode())
    refusal = refused(place, other)
    assert refusal.cause == "number_taken"
    found = place.target("attachment").find([ours])[ours.delivery_id]
    assert found.figures["bytes"] == "9"


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"resource": "Payments"}, "files go to"),
        ({"content": "no base64"}, "base64"),
        ({"content": ""}, "lacks content"),
        ({"content": "A" * 4_800_000}, "bytes"),
        ({"file_name": "x" * 256}, "no name"),
        ({"mime_type": 5}, "lacks mime_type"),
    ],
)
def test_a_file_that_xero_would_not_take_is_not_sent(
    place: SimulatedPlace, members: dict[str, object], complaint: str
) -> None:
    refusal = refused(place, with_members(attachment(place), **members))
    assert refusal.cause == "bad_payload"
    assert complaint in refusal.message


def test_a_document_names_its_contact_by_its_id_alone(place: SimulatedPlace) -> None:
    named = invoice(place)
    buyer = {**named.payload["Contact"], "Name": "Renamed"}  # type: ignore[dict-item]  # an object
    refusal = refused(place, with_members(named, Contact=buyer))
    assert refusal.cause == "bad_payload"
    assert "ContactID alone" in refusal.message


def test_a_price_of_six_decimals_goes_as_quantity_one(place: SimulatedPlace) -> None:
    fine = {**line(place), "UnitAmount": "6.123456"}
    delivery = invoice(place)
    assert "quantity 1" in refused(place, with_members(delivery, LineItems=[fine])).message
    whole = {**fine, "Quantity": "1", "UnitAmount": "18.37"}
    assert place.landed(with_members(delivery, LineItems=[whole])).figures["total"] == "18.37"


def test_prices_keep_four_decimals(place: SimulatedPlace) -> None:
    delivery = invoice(place)
    place.landed(delivery)
    assert only_line(place, delivery)["UnitAmount"] == "6.1234"


def test_tax_is_rounded_half_up_on_each_line(place: SimulatedPlace) -> None:
    nets = ("25.06", "25.61", "25.63")
    lines = [
        {**line(place), "Quantity": "1", "UnitAmount": net, "TaxType": "TAX001"} for net in nets
    ]
    delivery = with_members(invoice(place), LineItems=lines, LineAmountTypes="Exclusive")
    by_line = sum((Decimal("0.01") * round(Decimal(net) * 7) for net in nets), Decimal(0))
    assert str(by_line) == "5.33"  # and 5.34 of the sum
    assert place.landed(delivery).figures["tax"] == "5.33"


def test_an_archived_contact_is_not_changed(
    place: SimulatedPlace, simulator: XeroSimulator
) -> None:
    known = contact(place)
    contact_id = place.landed(known).external_id
    simulator.overwrite("Contacts", contact_id, ContactStatus="ARCHIVED")
    refusal = refused(place, with_members(known, Name=f"{known.payload['Name']} again"))
    assert refusal.cause == "contact_archived"


@pytest.mark.parametrize(
    "make", [invoice, bill, credit_note, payment, bank_transaction, manual_journal, batch_payment]
)
def test_a_locked_period_sets_the_record_aside(
    place: SimulatedPlace, simulator: XeroSimulator, make: object
) -> None:
    delivery = make(place)  # type: ignore[operator]  # a maker of deliveries
    simulator.put("Organisations", PeriodLockDate=place.day)
    try:
        refusal = refused(place, delivery)
    finally:
        simulator.put("Organisations", PeriodLockDate="2000-01-01")
    assert refusal.cause == "period_locked"


def test_a_payment_from_what_is_no_bank_is_set_aside(place: SimulatedPlace) -> None:
    refusal = refused(place, with_members(payment(place), Account={"Code": "400"}))
    assert refusal.cause == "account_not_usable"
    gift_cards = with_members(payment(place), Account={"Code": "840"})
    assert place.landed(gift_cards).figures["account"] == "840"


def test_what_pays_in_full_a_second_time_is_the_first_payment(place: SimulatedPlace) -> None:
    full = with_members(payment(place), Amount="18.37")
    full = full.model_copy(update={"expected": {**full.expected, "amount": "18.37"}})
    first = place.landed(full)
    assert place.landed(twin(full)).external_id == first.external_id


def test_a_void_leaves_the_lines_as_they_are(place: SimulatedPlace) -> None:
    made = invoice(place)
    invoice_id = place.landed(made).external_id
    void = invoice_void(place, invoice_id)
    before = place.target("invoice_void").present([void])[void.delivery_id].answer
    assert place.landed(void).figures == {"status": "VOIDED"}
    after = place.target("invoice_void").present([void])[void.delivery_id].answer
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert before["LineItems"] == after["LineItems"]
    assert place.target("invoice").find([made]) == {}


def test_a_void_says_nothing_but_the_status(place: SimulatedPlace) -> None:
    assert "alone" in refused(place, with_members(invoice_void(place), Reference="x")).message
    assert "alone" in refused(place, with_members(invoice_void(place), Status="PAID")).message


def test_an_approved_invoice_is_not_deleted_and_the_refusal_says_what_to_do_instead(
    place: SimulatedPlace,
) -> None:
    message = refused(place, with_members(invoice_void(place), Status="DELETED")).message
    assert "An invoice that is AUTHORISED (approved: in the books) cannot become DELETED" in message
    assert message.endswith("It is in the books: void it, and enter a new invoice.")


def test_a_tracked_item_is_refused(place: SimulatedPlace) -> None:
    tracked = with_members(item(place), InventoryAssetAccountCode="630")
    assert "stock" in refused(place, tracked).message


def test_an_account_that_a_draft_loses_shows_when_it_is_read_back(place: SimulatedPlace) -> None:
    posted = manual_journal(place)
    lines = [
        {"AccountCode": "476", "LineAmount": "61.97"},
        {"AccountCode": place.sales, "LineAmount": "-61.97"},
    ]
    landed = place.landed(with_members(posted, Status="DRAFT", JournalLines=lines))
    assert landed.figures["accounts"] == f" 61.97, {place.sales} -61.97"
    assert "has been removed" in landed.note


@pytest.mark.parametrize(("kind", "account"), [("OVERPAYMENT", "610"), ("PREPAYMENT", "200")])
def test_money_before_or_beyond_an_invoice_is_a_credit_that_is_allocated(
    place: SimulatedPlace, kind: str, account: str
) -> None:
    received = bank_transaction(place)
    lines = [{**line(place, account), "Quantity": "1", "UnitAmount": "18.37"}]
    received = with_members(received, Type=f"RECEIVE-{kind}", LineItems=lines)
    answer = place.landed(received).answer
    assert isinstance(answer, dict)
    name = kind.capitalize()
    owed = with_members(invoice(place), Contact=received.payload["Contact"])
    payload: Json = {
        name: {f"{name}ID": answer[f"{name}ID"]},
        "Invoice": {"InvoiceID": place.landed(owed).external_id},
        "Amount": "18.37",
        "Date": place.day,
    }
    allocation = make_delivery("credit_allocation", payload, expected={"amount": "18.37"})
    first = place.landed(allocation)
    assert place.landed(twin(allocation)).external_id == first.external_id
    assert shown(place, owed)["Status"] == "PAID"


def test_two_equal_allocations_of_a_day_are_one(place: SimulatedPlace) -> None:
    credited = credit_note(place)
    owed = with_members(invoice(place), Contact=credited.payload["Contact"])
    payload: Json = {
        "CreditNote": {"CreditNoteID": place.landed(credited).external_id},
        "Invoice": {"InvoiceID": place.landed(owed).external_id},
        "Amount": "5.00",
        "Date": place.day,
    }
    other = {**payload, "Amount": "5.0"}
    target = place.target("credit_allocation")
    one, same = (
        make_delivery("credit_allocation", each, key=str(each)) for each in (payload, other)
    )
    place.landed(one)
    assert target.find([same]).keys() == {same.delivery_id}
    none = make_delivery("credit_allocation", {**payload, "Overpayment": {}})
    assert "instead of one" in refused(place, none).message


def stated(place: SimulatedPlace, delivery: Delivery, **members: object) -> Delivery:
    """Return a change of the record that a delivery made or changed, stating other members."""
    name = "ItemID" if delivery.entity.startswith("item") else "ContactID"
    made = place.target(delivery.entity).present([delivery])[delivery.delivery_id]
    entity = f"{delivery.entity.partition('_')[0]}_update"
    payload = {name: made.external_id, **members}
    change = make_delivery(entity, TypeAdapter(Json).validate_python(payload), key=place.number())
    return change.model_copy(update={"operation": "set"})


def test_a_persons_edit_of_a_contact_is_not_written_over(
    place: SimulatedPlace, simulator: XeroSimulator
) -> None:
    change = contact_update(place)
    simulator.overwrite("contacts", str(change.payload["ContactID"]), Name="By hand")
    before = simulator.writes()
    refusal = refused(place, change)
    assert (refusal.cause, simulator.writes()) == ("record_differs", before)
    held = str(TypeAdapter(Json).validate_python(change.payload["expected"])["Name"])
    assert f"Name is 'By hand', expected {held!r}" in refusal.message
    agreed = with_members(change, expected={"Name": "By hand"})
    assert place.landed(agreed).figures == change.expected


def test_what_a_change_does_not_state_stays_as_it_is(
    place: SimulatedPlace, simulator: XeroSimulator
) -> None:
    change = contact_update(place)
    contact_id = str(change.payload["ContactID"])
    theirs = {"AddressType": "POBOX", "AttentionTo": "Ms Lind", "AddressLine2": "Rear door"}
    persons = [{"FirstName": "Ada", "LastName": "King"}]
    simulator.overwrite("contacts", contact_id, Addresses=[theirs], TaxNumber="12-3456789")
    simulator.overwrite("contacts", contact_id, ContactPersons=persons, FirstName="Dana")
    place.landed(change)
    now = shown(place, change)
    (address,) = (
        one
        for one in TypeAdapter(list[Json]).validate_python(now["Addresses"])
        if one["AddressType"] == "POBOX"
    )
    assert address == {**theirs, "AddressLine1": "1 High St", "City": "Columbus"}
    assert (now["TaxNumber"], now["FirstName"]) == ("12-3456789", "Dana")
    assert now["ContactPersons"] == persons

    priced = item_update(place)
    place.landed(priced)
    details = TypeAdapter(Json).validate_python(shown(place, priced)["SalesDetails"])
    assert details == {"UnitPrice": "21.5", "AccountCode": place.sales}


def test_what_is_peoples_of_a_contact_and_an_item_is_not_sent(
    place: SimulatedPlace, simulator: XeroSimulator
) -> None:
    made, lamp = contact(place), item(place)
    place.landed(made)
    place.landed(lamp)
    before = simulator.writes()
    for delivery, members in (
        (made, {"TaxNumber": "12-3456789"}),
        (made, {"BankAccountDetails": "0123456789"}),
        (made, {"ContactStatus": "ARCHIVED"}),
        (made, {}),
        (lamp, {"QuantityOnHand": "3"}),
        (lamp, {"SalesDetails": {"AccountCode": "260"}}),
        (lamp, {"PurchaseDetails": {"UnitPrice": "9.0000"}}),
    ):
        assert refused(place, stated(place, delivery, **members)).cause == "bad_payload"
    assert simulator.writes() == before


def test_an_archived_contact_is_changed_by_nothing_and_found_archived(
    place: SimulatedPlace,
) -> None:
    change = contact_update(place)
    archived = contact_archive(place, str(change.payload["ContactID"]))
    place.landed(archived)
    assert place.landed(twin(archived)).note == "the contact is ARCHIVED"
    assert refused(place, change).cause == "contact_archived"


def test_a_change_of_a_contact_that_is_not_there_is_refused_before_it_is_sent(
    place: SimulatedPlace, simulator: XeroSimulator
) -> None:
    good, gone = contact_update(place), with_members(contact_update(place), ContactID=NOBODY)
    before = sum(simulator.writes().values())
    outcomes = place.target("contact_update").send([good, gone])
    assert isinstance(outcomes[good.delivery_id], Landed)
    refusal = place.send(gone)
    assert isinstance(refusal, Refused)
    assert refusal.cause == "unknown_record"
    assert sum(simulator.writes().values()) == before + 1
