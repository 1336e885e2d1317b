"""The Xero connector against the Xero simulator, a process of its own."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from deliveries import make_delivery
from tieout.connectors.xero.connector import XeroConnector
from tieout.domain.base import DeliveryId, Json
from tieout.domain.books import XeroInvoiceLine
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.errors import (
    AuthenticationError,
    ConfigurationError,
    OutcomeUnknownError,
    RateLimitedError,
)
from tieout.ports.systems import Xero
from tieout.simulators.company import COMPANIES
from tieout.stack.trigger_reference import GATE_LISTS
from wire import SetClock
from xero_simulator import XeroSimulator, xero_simulator

UNKNOWN_ID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XeroSimulator]:
    with xero_simulator(tmp_path_factory.mktemp("xero")) as running:
        yield running


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def xero(simulator: XeroSimulator, clock: SetClock) -> XeroConnector:
    return simulator.connector(clock)


def send_one(xero: Xero, delivery: Delivery) -> Outcome:
    return xero.target(delivery.entity).send([delivery])[delivery.delivery_id]


def landed(xero: Xero, delivery: Delivery) -> Landed:
    outcome = send_one(xero, delivery)
    assert isinstance(outcome, Landed), outcome
    return outcome


def refusals(outcomes: Mapping[DeliveryId, Outcome]) -> list[Refused]:
    return [outcome for outcome in outcomes.values() if isinstance(outcome, Refused)]


def contact(number: str, *, name: str = "") -> Delivery:
    payload: Json = {"Name": name or f"Buyer {number}", "ContactNumber": number}
    return make_delivery("contact", payload, key=number)


def contact_id(xero: Xero) -> str:
    return landed(xero, contact("SHOP-1")).external_id


def line(description: str, quantity: str, price: str, tax: str, account: str = "200") -> Json:
    return {
        "Description": description,
        "Quantity": quantity,
        "UnitAmount": price,
        "AccountCode": account,
        "TaxType": "TAX001",
        "TaxAmount": tax,
    }


def invoice(
    number: str, contact_id: str, *, lines: Sequence[Json] = (), reference: str = ""
) -> Delivery:
    # The example of docs/reference/accounting.md: order 1042.
    example = (
        line("Aluminium desk lamp", "3", "17.9900", "3.78"),
        line("Linen shade", "1", "40.9500", "2.87"),
        line("Shipping", "1", "8.0000", "0.56", account="260"),
    )
    payload: Json = {
        "Type": "ACCREC",
        "InvoiceNumber": number,
        "Reference": reference or f"{number} #1042",
        "Contact": {"ContactID": contact_id},
        "Date": "2026-11-29",
        "DueDate": "2026-11-29",
        "LineAmountTypes": "Exclusive",
        "CurrencyCode": "USD",
        "Status": "AUTHORISED",
        "LineItems": list(lines or example),
    }
    expected = {"total": "110.13", "tax": "7.21", "currency": "USD"}
    return make_delivery("invoice", payload, key=number, expected=expected)


def payment(invoice_id: str, *, amount: str = "110.13", reference: str = "HP-1 T1") -> Delivery:
    payload: Json = {
        "Invoice": {"InvoiceID": invoice_id},
        "Account": {"Code": "091"},
        "Date": "2026-11-29",
        "Amount": amount,
        "Reference": reference,
    }
    return make_delivery("payment", payload, key=reference)


def note(invoice_id: str, details: str) -> Delivery:
    return make_delivery("invoice_note", {"invoice_id": invoice_id, "details": details})


def test_the_reference_tells_what_the_gate_must_know(xero: XeroConnector) -> None:
    reference = xero.reference()
    assert reference.base_currency == "USD"
    assert {"091", "200", "260"} <= reference.account_codes
    assert reference.tax_types == {"TAX001", "TAX002", "TAX003", "TAX004", "NONE"}
    assert {"LAMP-01", "SHADE-02"} <= reference.item_codes
    assert reference.tracked_item_codes == frozenset()
    assert reference.unsold_item_codes == frozenset()
    assert reference.lock_date is None


def test_an_item_that_is_not_sold_is_named(xero: XeroConnector) -> None:
    payload: Json = {"Code": "OFFICE-1", "Name": "Desk", "IsSold": False}
    item = make_delivery("item", payload, key="OFFICE-1", expected={"name": "Desk"})
    landed(xero, item)
    assert xero.reference().unsold_item_codes == {"OFFICE-1"}


def test_calls_are_counted_without_tokens(xero: XeroConnector) -> None:
    before = xero.calls_made
    xero.reference()
    assert xero.calls_made - before == 5


def test_contacts_are_found_by_number_email_or_name(xero: XeroConnector) -> None:
    by_number, by_email, by_name, *_ = COMPANIES["HPS"].customers
    found = xero.find_contacts(
        numbers=[by_number.xero_contact_number],
        emails=[by_email.email.upper()],
        names=[by_name.name, 'No "such" buyer'],
    )
    names = {party.name for party in found}
    assert names == {by_number.name, by_email.name, by_name.name}


def test_a_contact_is_created_once_and_updated_by_its_number(xero: XeroConnector) -> None:
    created = landed(xero, contact("SHOP-2", name="Dana Okafor"))
    updated = landed(xero, contact("SHOP-2", name="Dana Okafor-Lind"))
    assert updated.external_id == created.external_id
    assert updated.figures == {"name": "Dana Okafor-Lind"}


def test_a_contact_of_somebody_else_with_our_name_is_left_alone(xero: XeroConnector) -> None:
    theirs = COMPANIES["HPS"].customers[4]
    refusal = send_one(xero, contact("SHOP-4000", name=theirs.name))
    assert isinstance(refusal, Refused)
    (kept,) = xero.find_contacts(names=[theirs.name])
    assert kept.external_no == theirs.xero_contact_number


def test_a_contact_is_found_by_its_number(xero: XeroConnector) -> None:
    written = landed(xero, contact("SHOP-3"))
    wanted = [contact("SHOP-3"), contact("SHOP-3000")]
    found = xero.target("contact").find(wanted)
    assert [party.external_id for party in found.values()] == [written.external_id]


def test_names_in_any_script_arrive_whole(xero: XeroConnector) -> None:
    name = "Zoë Ångström 林 🪴"
    assert landed(xero, contact("SHOP-4", name=name)).figures == {"name": name}


def test_a_refused_element_does_not_stop_its_neighbors(xero: XeroConnector) -> None:
    taken = COMPANIES["HPS"].customers[0].name
    batch = [contact("SHOP-5"), contact("SHOP-6", name=taken), contact("SHOP-7")]
    outcomes = xero.target("contact").send(batch)
    (refusal,) = refusals(outcomes)
    assert refusal.cause == "name_taken"
    assert "already assigned to another contact" in refusal.message


def test_an_element_with_a_fault_of_form_is_refused_before_it_is_sent(
    xero: XeroConnector,
) -> None:
    too_long = contact("SHOP-" + "8" * 50)
    (refusal,) = refusals(xero.target("contact").send([contact("SHOP-9"), too_long]))
    assert "contact_number" in refusal.message


def test_an_invoice_lands_with_total_and_tax_as_sent(xero: XeroConnector) -> None:
    outcome = landed(xero, invoice("HP-1", contact_id(xero)))
    assert outcome.external_no == "HP-1"
    assert outcome.figures == {"total": "110.13", "tax": "7.21", "currency": "USD"}


def test_an_invoice_sent_twice_under_another_key_is_the_same_invoice(
    xero: XeroConnector,
) -> None:
    first = invoice("HP-2", contact_id(xero))
    again = first.model_copy(update={"idempotency_key": "another"})
    assert landed(xero, again).external_id == landed(xero, first).external_id


def test_a_number_of_another_invoice_is_taken(xero: XeroConnector) -> None:
    buyer = contact_id(xero)
    other = landed(xero, invoice("HP-3", buyer, reference="somebody else's"))
    mine = invoice("HP-3", buyer)
    standing = xero.target("invoice").present([mine])[mine.delivery_id]
    assert (standing.external_id, standing.external_no) == (other.external_id, "HP-3")
    refusal = send_one(xero, invoice("HP-3", buyer))
    assert isinstance(refusal, Refused)
    assert refusal.cause == "number_taken"
    assert "somebody else's" in refusal.message


def test_a_number_with_another_total_is_taken(xero: XeroConnector) -> None:
    buyer = contact_id(xero)
    landed(xero, invoice("HP-4", buyer, lines=[line("Else", "1", "1.0000", "0.07")]))
    refusal = send_one(xero, invoice("HP-4", buyer))
    assert isinstance(refusal, Refused)
    assert refusal.cause == "number_taken"


def test_an_invoice_whose_answer_was_lost_is_found(
    simulator: XeroSimulator, xero: XeroConnector
) -> None:
    delivery = invoice("HP-5", contact_id(xero))
    simulator.arm("Invoices", kind="drop_answer", method="PUT")
    with pytest.raises(OutcomeUnknownError):
        send_one(xero, delivery)
    found = xero.target("invoice").find([delivery])
    assert found[delivery.delivery_id].figures["total"] == "110.13"


def test_an_invoice_that_was_not_read_back_is_in_doubt(
    simulator: XeroSimulator, xero: XeroConnector
) -> None:
    delivery = invoice("HP-6", contact_id(xero))
    simulator.arm("Invoices", kind="status", status=503, method="GET", count=3)
    with pytest.raises(OutcomeUnknownError, match="not read back"):
        send_one(xero, delivery)


def test_another_invoice_with_our_number_is_not_found_as_ours(xero: XeroConnector) -> None:
    buyer = contact_id(xero)
    landed(xero, invoice("HP-7", buyer, reference="somebody else's"))
    assert xero.target("invoice").find([invoice("HP-7", buyer)]) == {}


def test_a_batch_with_an_unknown_contact_posts_the_others(xero: XeroConnector) -> None:
    batch = [invoice("HP-8", contact_id(xero)), invoice("HP-9", UNKNOWN_ID)]
    outcomes = xero.target("invoice").send(batch)
    assert len(refusals(outcomes)) == 1
    assert xero.target("invoice").find(batch).keys() == {batch[0].delivery_id}


NOT_TO_BE_READ = "9" * 30
"""An amount of so many digits that Xero cannot read the request that has it."""


def test_the_bad_one_of_a_request_that_xero_cannot_read_is_found(xero: XeroConnector) -> None:
    buyer = contact_id(xero)
    bad = invoice("HP-30", buyer, lines=[line("Lamp", "1", NOT_TO_BE_READ, "0.00")])
    good = [invoice(f"HP-3{number}", buyer) for number in range(1, 9)]
    outcomes = xero.target("invoice").send([*good[:5], bad, *good[5:]])
    (refusal,) = refusals(outcomes)
    assert (refusal.cause, outcomes[bad.delivery_id]) == ("bad_payload", refusal)
    assert xero.target("invoice").find([*good, bad]).keys() == {one.delivery_id for one in good}


def test_payments_beside_one_that_xero_cannot_read_are_made_once(xero: XeroConnector) -> None:
    invoice_id = landed(xero, invoice("HP-40", contact_id(xero))).external_id
    good = [
        payment(invoice_id, amount="5.00", reference=f"HP-40 T{number}") for number in range(1, 6)
    ]
    bad = payment(invoice_id, amount=NOT_TO_BE_READ, reference="HP-40 T9")
    (refusal,) = refusals(xero.target("payment").send([*good[:2], bad, *good[2:]]))
    assert refusal.cause == "bad_payload"
    held = xero.target("payment").copies_held([*good, bad])
    assert [len(held[one.delivery_id]) for one in [*good, bad]] == [1, 1, 1, 1, 1, 0]


def test_more_invoices_than_a_filter_names_are_all_read_back(xero: XeroConnector) -> None:
    buyer = contact_id(xero)
    batch = [invoice(f"HP-1{number:03}", buyer) for number in range(50)]
    outcomes = xero.target("invoice").send(batch)
    assert len(outcomes) == 50
    assert refusals(outcomes) == []


def test_an_inclusive_invoice_reads_back_net_and_tax_apart(xero: XeroConnector) -> None:
    delivery = invoice("HP-10", contact_id(xero), lines=[line("Mug", "1", "19.9900", "1.31")])
    delivery.payload["LineAmountTypes"] = "Inclusive"
    landed(xero, delivery)
    read = {posted.number: posted for posted in xero.invoices()}["HP-10"]
    assert read.lines == (
        XeroInvoiceLine(
            account_code="200", net=Decimal("18.68"), tax=Decimal("1.31"), quantity=Decimal(1)
        ),
    )
    assert (read.total, read.total_tax, read.date) == (
        Decimal("19.99"),
        Decimal("1.31"),
        date(2026, 11, 29),
    )


def test_a_payment_is_read_back_with_its_account(xero: XeroConnector) -> None:
    invoice_id = landed(xero, invoice("HP-11", contact_id(xero))).external_id
    outcome = landed(xero, payment(invoice_id, reference="HP-11 T1"))
    assert outcome.figures == {"amount": "110.13", "account": "091"}
    paid = {posted.number: posted for posted in xero.invoices()}["HP-11"]
    assert (paid.status, paid.amount_due) == ("PAID", Decimal(0))
    assert "HP-11 T1" in {posted.reference for posted in xero.payments()}


def test_a_payment_is_found_by_invoice_and_reference(xero: XeroConnector) -> None:
    invoice_id = landed(xero, invoice("HP-12", contact_id(xero))).external_id
    first = payment(invoice_id, amount="50.00", reference="HP-12 T1")
    second = payment(invoice_id, amount="60.13", reference="HP-12 T2")
    landed(xero, first)
    found = xero.target("payment").find([first, second])
    assert found.keys() == {first.delivery_id}
    assert found[first.delivery_id].figures["amount"] == "50.00"


def test_a_payment_over_what_is_due_is_refused(xero: XeroConnector) -> None:
    invoice_id = landed(xero, invoice("HP-13", contact_id(xero))).external_id
    refusal = send_one(xero, payment(invoice_id, amount="110.14", reference="HP-13 T1"))
    assert isinstance(refusal, Refused)
    assert "exceeds the amount outstanding" in refusal.message


def test_two_payments_with_one_reference_are_pointed_out(xero: XeroConnector) -> None:
    invoice_id = landed(xero, invoice("HP-14", contact_id(xero))).external_id
    delivery = payment(invoice_id, amount="5.00", reference="HP-14 T1")
    copy = delivery.model_copy(update={"idempotency_key": "a second key"})
    landed(xero, delivery)
    landed(xero, copy)
    found = xero.target("payment").find([delivery])[delivery.delivery_id]
    assert found.note == "Xero holds 2 copies of this payment"


def test_every_live_copy_of_a_payment_is_counted(xero: XeroConnector) -> None:
    invoice_id = landed(xero, invoice("HP-24", contact_id(xero))).external_id
    delivery = payment(invoice_id, amount="5.00", reference="HP-24 T1")
    other = payment(invoice_id, amount="6.00", reference="HP-24 T2")
    copy = delivery.model_copy(update={"idempotency_key": "a second key of HP-24"})
    ids = {landed(xero, delivery).external_id, landed(xero, copy).external_id}
    held = xero.target("payment").copies_held([delivery, other])
    assert set(held[delivery.delivery_id]) >= ids
    assert len(held[delivery.delivery_id]) == 2
    assert list(held.get(other.delivery_id, ())) == []


def test_payments_that_changed_since_are_listed_the_deleted_ones_too(
    xero: XeroConnector,
) -> None:
    invoice_id = landed(xero, invoice("HP-25", contact_id(xero))).external_id
    written = landed(xero, payment(invoice_id, amount="5.00", reference="HP-25 T1"))
    recently = datetime.now(UTC) - timedelta(minutes=5)  # noqa: TID251 - the simulator's clock
    later = recently + timedelta(hours=1)
    assert written.external_id in {one.payment_id for one in xero.payments_since(recently)}
    assert xero.payments_since(later) == []


def test_every_copy_of_a_note_is_counted(xero: XeroConnector) -> None:
    invoice_id = landed(xero, invoice("HP-26", contact_id(xero))).external_id
    delivery = note(invoice_id, "Sage 100 sales order 0009999")
    notes = xero.target("invoice_note")
    assert list(notes.copies_held([delivery])[delivery.delivery_id]) == []
    for key in ("one key", "another key"):
        landed(xero, delivery.model_copy(update={"idempotency_key": key}))
    assert len(notes.copies_held([delivery])[delivery.delivery_id]) == 2


def test_what_xero_refuses_a_second_of_has_one_copy(xero: XeroConnector) -> None:
    delivery = invoice("HP-27", contact_id(xero))
    held = landed(xero, delivery).external_id
    assert list(xero.target("invoice").copies_held([delivery])[delivery.delivery_id]) == [held]


def test_a_note_is_written_and_found_by_its_text(xero: XeroConnector) -> None:
    invoice_id = landed(xero, invoice("HP-15", contact_id(xero))).external_id
    delivery = note(invoice_id, "Sage 100 sales order 0001234")
    assert xero.target("invoice_note").find([delivery]) == {}
    landed(xero, delivery)
    assert xero.target("invoice_note").find([delivery]).keys() == {delivery.delivery_id}


def test_a_note_on_an_invoice_that_is_not_there_is_refused(xero: XeroConnector) -> None:
    refusal = send_one(xero, note(UNKNOWN_ID, "Nobody reads this"))
    assert isinstance(refusal, Refused)


def test_a_note_that_is_too_long_is_not_sent(xero: XeroConnector) -> None:
    refusal = send_one(xero, note(UNKNOWN_ID, "x" * 2501))
    assert isinstance(refusal, Refused)
    assert "2500 characters" in refusal.message


def test_lists_longer_than_one_page_are_read_whole(
    xero: XeroConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed(xero, invoice("HP-16", contact_id(xero)))
    landed(xero, invoice("HP-17", contact_id(xero)))
    whole = {posted.number for posted in xero.invoices()}
    monkeypatch.setattr("tieout.connectors.xero.client.PAGE_SIZE_MAX", 1)
    assert {posted.number for posted in xero.invoices()} == whole


def test_a_wrong_secret_is_a_matter_for_a_person(simulator: XeroSimulator, clock: SetClock) -> None:
    with pytest.raises(AuthenticationError, match="client id"):
        simulator.connector(clock, client_secret="wrong").reference()  # noqa: S106 - a wrong one


def test_a_token_near_its_end_is_renewed(xero: XeroConnector, clock: SetClock) -> None:
    first = xero.reference()
    clock.sleep(1790)
    assert xero.reference() == first


def test_the_minute_limit_is_waited_for_but_not_for_ever(tmp_path: Path) -> None:
    clock = SetClock()
    now = datetime(2026, 11, 29, 12, 0, 5, tzinfo=UTC).isoformat()
    with (
        xero_simulator(tmp_path, "--minute-limit", "3", "--now", now) as limited,
        pytest.raises(RateLimitedError),
    ):
        limited.connector(clock).reference()
    assert clock.slept_s
    assert sum(clock.slept_s) <= 60


def test_invoices_and_payments_are_found_by_their_keys_alone(xero: XeroConnector) -> None:
    buyer = contact_id(xero)
    numbers = [f"HP-{number}" for number in range(9500, 9503)]
    ids = [landed(xero, invoice(number, buyer)).external_id for number in numbers]
    landed(xero, payment(ids[0], reference="HP-9500 77"))
    found = xero.invoices_numbered([*numbers[:2], "HP-9999999"])
    assert sorted(one.number for one in found) == numbers[:2]
    assert {one.number: one.amount_due for one in found} == {
        "HP-9500": Decimal(0),
        "HP-9501": Decimal("110.13"),
    }
    assert [one.reference for one in xero.payments_on(ids)] == ["HP-9500 77"]
    assert xero.invoices_numbered([]) == []
    assert xero.payments_on([]) == []


def test_what_became_of_invoices_is_read_by_their_ids_forty_in_a_call(
    xero: XeroConnector, simulator: XeroSimulator
) -> None:
    buyer = contact_id(xero)
    batch = [invoice(f"HP-9{number:03d}", buyer) for number in range(45)]
    sent = xero.target("invoice").send(batch)
    ids = [one.external_id for one in sent.values() if isinstance(one, Landed)]
    assert len(ids) == len(batch)
    voided, changed, *others = ids
    simulator.overwrite("invoices", voided, Status="VOIDED")
    simulator.overwrite("invoices", changed, Total="90.00")
    before = xero.calls_made
    standings = xero.standings("invoice", [*ids, *ids, UNKNOWN_ID])
    assert xero.calls_made - before == 2
    assert standings.keys() == set(ids)
    assert standings[voided].status == "VOIDED"
    assert standings[changed].figures["total"] == "90.00"
    as_sent = {"total": "110.13", "tax": "7.21", "currency": "USD"}
    assert [standings[one].figures for one in others] == [as_sent] * len(others)
    with pytest.raises(ConfigurationError):
        xero.standings("contact", ids)


def test_what_became_of_payments_is_read_by_their_ids(
    xero: XeroConnector, simulator: XeroSimulator
) -> None:
    owed = landed(xero, invoice("HP-9901", contact_id(xero))).external_id
    kept, deleted = (
        landed(xero, payment(owed, amount=amount, reference=f"HP-9901 {amount}")).external_id
        for amount in ("10.00", "20.00")
    )
    simulator.overwrite("payments", deleted, Status="DELETED")
    standings = xero.standings("payment", [kept, deleted, UNKNOWN_ID])
    statuses = {one: said.status for one, said in standings.items()}
    assert statuses == {kept: "AUTHORISED", deleted: "DELETED"}
    assert standings[kept].figures == {"amount": "10.00", "account": "091"}


def test_the_gate_reads_the_lists_that_the_table_of_triggers_says(
    xero: XeroConnector, simulator: XeroSimulator
) -> None:
    before = simulator.reads()
    xero.reference()
    assert simulator.reads() - before == Counter(f"GET {path.lower()}" for path in GATE_LISTS)


def spent(reference: str, contact_id: str, *lines: Json, **more: str) -> Delivery:
    payload: Json = {
        "Type": "SPEND",
        "Reference": reference,
        "Contact": {"ContactID": contact_id},
        "BankAccount": {"Code": "091"},
        "Date": "2026-11-29",
        "LineAmountTypes": "NoTax",
        "Status": "AUTHORISED",
        "LineItems": list(lines),
        **more,
    }
    return make_delivery("bank_transaction", payload, key=reference)


def test_what_stands_at_the_bank_is_read_by_account_with_each_transfer_once(
    xero: XeroConnector,
) -> None:
    who = contact_id(xero)
    fee: Json = {"Description": "fee", "Quantity": 1, "UnitAmount": "3.49", "AccountCode": "404"}
    taxed = line("for a lamp", "1", "107.00", "7.00")
    landed(xero, spent("B-1", who, fee))
    landed(xero, spent("B-2", who, taxed, Type="RECEIVE", LineAmountTypes="Inclusive"))
    landed(xero, spent("B-3", who, taxed, LineAmountTypes="Exclusive"))
    transfer: Json = {
        "FromBankAccount": {"Code": "091"},
        "ToBankAccount": {"Code": "090"},
        "Date": "2026-12-01",
        "Amount": "106.64",
        "Reference": "B-4",
    }
    landed(xero, make_delivery("bank_transfer", transfer, key="B-4"))
    found = sorted(xero.own_books.bank_entries(), key=lambda one: one.reference)
    assert [(one.kind, one.reference, one.date.day) for one in found] == [
        ("bank transaction", "B-1", 29),
        ("bank transaction", "B-2", 29),
        ("bank transaction", "B-3", 29),
        ("bank transfer", "B-4", 1),
    ]
    assert [({code: f"{a:.2f}" for code, a in one.amounts.items()}, one.tax) for one in found] == [
        ({"404": "3.49", "091": "-3.49"}, 0),
        ({"200": "-100.00", "091": "107.00"}, -7),
        ({"200": "107.00", "091": "-114.00"}, 7),
        ({"090": "106.64", "091": "-106.64"}, 0),
    ]
