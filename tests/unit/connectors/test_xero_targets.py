"""The Xero connector at the wire: what it sends, and answers that no simulator gives."""

from decimal import Decimal

import pytest
from pydantic import JsonValue

from deliveries import make_delivery
from tieout.connectors.xero.answers import amount_text
from tieout.connectors.xero.check import element_of
from tieout.connectors.xero.client import any_of
from tieout.connectors.xero.connector import XeroConfig, XeroConnector
from tieout.connectors.xero.writes import batch_key
from tieout.domain.base import Json
from tieout.domain.ledger import Delivery, Landed, Refused
from tieout.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RateLimitedError,
    UnavailableError,
)
from wire import Reply, SetClock, Wire, json_reply, serving

TOKEN = json_reply({"access_token": "jwt", "expires_in": 1800, "token_type": "Bearer"})
TENANT = "6d6a8b3f-0000-4000-8000-000000000001"
ID = "60aa5d55-a47e-4665-a974-874bb50263b9"
NO_CONTACT = json_reply(
    {"pagination": {"page": 1, "pageSize": 1000, "pageCount": 1, "itemCount": 0}, "Contacts": []}
)
REFUSED = json_reply(
    {
        "ErrorNumber": 10,
        "Type": "ValidationException",
        "Message": "A validation exception occurred",
        "Elements": [{"ValidationErrors": [{"Message": "Too bad"}]}],
    },
    status=400,
)
DAY_LIMIT = Reply(status=429, headers={"Retry-After": "66975", "X-Rate-Limit-Problem": "day"})


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def xero(wire: Wire, clock: SetClock) -> XeroConnector:
    config = XeroConfig.model_validate(
        {
            "client_id": "app",
            "client_secret": "s3cret",
            "tenant_id": TENANT,
            "base_url": f"{wire.url}/api.xro/2.0/",
            "identity_url": f"{wire.url}/connect/token",
        }
    )
    return XeroConnector(config, clock=clock, sleep=clock.sleep)


def contact(number: str) -> Delivery:
    return make_delivery("contact", {"Name": number, "ContactNumber": number}, key=number)


def payment(**changes: str) -> Delivery:
    payload: Json = {
        "Invoice": {"InvoiceID": ID},
        "Account": {"Code": "091"},
        "Date": "2026-11-29",
        "Amount": "110.10",
        "Reference": "HP-1 T1",
        **changes,
    }
    return make_delivery("payment", payload)


def said(number: str, **members: JsonValue) -> Json:
    return {"ContactID": ID, "ContactNumber": number, "Name": number, **members}


def paid(reference: str) -> Json:
    return {
        "PaymentID": f"id of {reference}",
        "Status": "AUTHORISED",
        "Reference": reference,
        "Amount": "110.10",
        "Invoice": {"InvoiceID": ID, "CurrencyCode": "USD"},
        "Account": {"Code": "091"},
    }


def listing(member: str, *rows: Json, count: int | None = None) -> Reply:
    items = len(rows) if count is None else count
    pagination = {"page": 1, "pageSize": 1000, "pageCount": 1, "itemCount": items}
    return json_reply({"Status": "OK", "pagination": pagination, member: list(rows)})


def test_a_write_carries_key_tenant_and_exact_numbers(clock: SetClock) -> None:
    row: Json = {**paid("HP-1 T1"), "Amount": 110.10}
    delivery = payment()
    with serving(TOKEN, listing("Payments", row), listing("Payments", row)) as wire:
        outcome = xero(wire, clock).target("payment").send([delivery])[delivery.delivery_id]
        request = wire.received[1]
    assert isinstance(outcome, Landed)
    assert outcome.figures == {"amount": "110.10", "account": "091"}
    assert b'"Amount": 110.10,' in request.body
    assert request.path == "/api.xro/2.0/Payments?summarizeErrors=false"
    assert request.headers["xero-tenant-id"] == TENANT
    assert request.headers["idempotency-key"] == delivery.idempotency_key
    assert request.headers["accept"] == "application/json"


def test_the_same_batch_is_byte_for_byte_the_same_request(clock: SetClock) -> None:
    batch = [contact("SHOP-1"), contact("SHOP-2"), contact("SHOP-3")]
    nothing = json_reply({"Contacts": []})
    with serving(TOKEN, NO_CONTACT, nothing, NO_CONTACT, nothing) as wire:
        target = xero(wire, clock).target("contact")
        with pytest.raises(OutcomeUnknownError):
            target.send(batch)
        with pytest.raises(OutcomeUnknownError):
            target.send(batch[::-1])
        first, second = wire.received[2], wire.received[4]
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_a_payload_is_the_same_bytes_in_whatever_order_it_was_kept(clock: SetClock) -> None:
    nothing = json_reply({"Payments": []})
    one = payment()
    kept = {name: one.payload[name] for name in sorted(one.payload, key=lambda name: name[::-1])}
    assert list(kept) != list(one.payload)
    with serving(TOKEN, nothing, nothing) as wire:
        target = xero(wire, clock).target("payment")
        for payload in (one.payload, kept):
            with pytest.raises(OutcomeUnknownError):
                target.send([one.model_copy(update={"payload": payload})])
        first, second = wire.received[1:]
    assert first.body == second.body


def test_the_key_of_one_is_its_own_and_of_many_a_digest() -> None:
    assert batch_key(["one"]) == "one"
    assert batch_key(["b", "a"]) == batch_key(["a", "b"])
    assert len(batch_key([f"key-{number}" for number in range(50)])) == 64


def test_answers_about_other_elements_are_in_doubt(clock: SetClock) -> None:
    others = json_reply({"Contacts": [said("SHOP-3"), said("SHOP-4")]})
    with serving(TOKEN, NO_CONTACT, others) as wire, pytest.raises(OutcomeUnknownError):
        xero(wire, clock).target("contact").send([contact("SHOP-1"), contact("SHOP-2")])


def test_a_key_that_another_request_used_is_in_doubt(clock: SetClock) -> None:
    reused = json_reply(
        {"Message": "Idempotency Key: x is used with a different request."}, status=400
    )
    with (
        serving(TOKEN, NO_CONTACT, reused) as wire,
        pytest.raises(OutcomeUnknownError, match="another request"),
    ):
        xero(wire, clock).target("contact").send([contact("SHOP-1")])


def test_a_batch_refused_as_a_whole_is_sent_in_halves(clock: SetClock) -> None:
    batch = sorted(
        (contact(f"SHOP-{number}") for number in range(1, 5)), key=lambda one: one.idempotency_key
    )
    first, second, third, fourth = batch
    written = [said(one.document_key, ContactID=one.document_key) for one in batch]
    right = json_reply({"Contacts": written[2:]})
    replies = (REFUSED, REFUSED, json_reply({"Contacts": written[:1]}), REFUSED, right)
    with serving(TOKEN, NO_CONTACT, *replies, listing("Contacts", *written)) as wire:
        outcomes = xero(wire, clock).target("contact").send(batch[::-1])
        puts = [request for request in wire.received if request.method == "PUT"]
    refusal = outcomes[second.delivery_id]
    assert isinstance(refusal, Refused)
    assert "Too bad" in refusal.message
    assert [isinstance(outcomes[one.delivery_id], Landed) for one in (first, third, fourth)] == [
        True
    ] * 3
    assert [[row["Name"] for row in put.json()["Contacts"]] for put in puts] == [
        [one.document_key for one in part]
        for part in (batch, batch[:2], batch[:1], batch[1:2], batch[2:])
    ]
    keys = [put.headers["idempotency-key"] for put in puts]
    parts = (batch, batch[:2], batch[:1], batch[1:2], batch[2:])
    assert keys == [batch_key([one.idempotency_key for one in part]) for part in parts]
    assert keys[2] == first.idempotency_key


def test_what_a_refused_batch_wrote_all_the_same_is_not_sent_again(clock: SetClock) -> None:
    first, second = sorted(
        (payment(Reference="HP-1 T1"), payment(Reference="HP-1 T2")),
        key=lambda one: one.idempotency_key,
    )
    there, missing = (paid(str(one.payload["Reference"])) for one in (first, second))
    alone = (json_reply({"Payments": [missing]}), listing("Payments", there, missing))
    with serving(TOKEN, REFUSED, listing("Payments", there), *alone) as wire:
        outcomes = xero(wire, clock).target("payment").send([first, second])
        puts = [request for request in wire.received if request.method == "PUT"]
    assert all(isinstance(outcome, Landed) for outcome in outcomes.values())
    assert len(outcomes) == 2
    assert [put.json()["Payments"][0]["Reference"] for put in puts[1:]] == [
        second.payload["Reference"]
    ]
    assert puts[1].headers["idempotency-key"] == second.idempotency_key


def test_what_a_refused_batch_wrote_is_adopted_where_xero_refuses_a_copy(
    clock: SetClock,
) -> None:
    first, second = sorted((contact("SHOP-1"), contact("SHOP-2")), key=lambda d: d.idempotency_key)
    taken: Json = {
        "ContactID": "00000000-0000-0000-0000-000000000000",
        "StatusAttributeString": "ERROR",
        "ValidationErrors": [
            {"Message": "The contact name x is already assigned to another contact."}
        ],
    }
    there, new = (said(one.document_key, ContactID=one.document_key) for one in (first, second))
    written = json_reply({"Contacts": [new]})
    both = (listing("Contacts", there, new), listing("Contacts", there))
    replies = (REFUSED, json_reply({"Contacts": [taken]}), written, *both)
    with serving(TOKEN, NO_CONTACT, *replies) as wire:
        outcomes = xero(wire, clock).target("contact").send([first, second])
    assert [isinstance(outcomes[one.delivery_id], Landed) for one in (first, second)] == [True] * 2


def test_a_limit_between_the_halves_is_in_doubt(clock: SetClock) -> None:
    batch = [contact("SHOP-1"), contact("SHOP-2")]
    with serving(TOKEN, NO_CONTACT, REFUSED, REFUSED, DAY_LIMIT) as wire:
        target = xero(wire, clock).target("contact")
        with pytest.raises(OutcomeUnknownError, match="Of 2 Contacts not all went out"):
            target.send(batch)


@pytest.mark.parametrize("status", [405, 406, 412, 415])
def test_a_request_in_a_form_that_xero_does_not_take_stops_the_task(
    clock: SetClock, status: int
) -> None:
    with (
        serving(TOKEN, NO_CONTACT, Reply(status=status)) as wire,
        pytest.raises(ConfigurationError, match=f"HTTP {status}"),
    ):
        xero(wire, clock).target("contact").send([contact("SHOP-1"), contact("SHOP-2")])


def test_a_page_of_something_between_us_says_nothing_of_a_write(clock: SetClock) -> None:
    html = Reply(b"<html>Not Found</html>", status=404, headers={"Content-Type": "text/html"})
    with serving(TOKEN, NO_CONTACT, html) as wire, pytest.raises(OutcomeUnknownError):
        xero(wire, clock).target("contact").send([contact("SHOP-1")])


def test_a_limit_before_anything_was_written_is_only_a_limit(clock: SetClock) -> None:
    with (
        serving(TOKEN, NO_CONTACT, DAY_LIMIT) as wire,
        pytest.raises(RateLimitedError, match="day"),
    ):
        xero(wire, clock).target("contact").send([contact("SHOP-1")])


def test_a_limit_while_reading_back_is_in_doubt(clock: SetClock) -> None:
    written = json_reply({"Contacts": [said("SHOP-1")]})
    with serving(TOKEN, NO_CONTACT, written, DAY_LIMIT) as wire, pytest.raises(OutcomeUnknownError):
        xero(wire, clock).target("contact").send([contact("SHOP-1")])


def test_a_refusal_in_html_is_still_a_refusal(clock: SetClock) -> None:
    delivery = contact("SHOP-1")
    too_large = Reply(b"<html>too large", status=413)
    with serving(TOKEN, NO_CONTACT, too_large) as wire:
        outcome = xero(wire, clock).target("contact").send([delivery])[delivery.delivery_id]
    assert isinstance(outcome, Refused)
    assert "413" in outcome.message


def test_a_contact_that_exists_is_updated_by_its_id(clock: SetClock) -> None:
    held = said("SHOP-1")
    written = json_reply({"Contacts": [held]})
    with serving(TOKEN, listing("Contacts", held), written, listing("Contacts", held)) as wire:
        xero(wire, clock).target("contact").send([contact("SHOP-1")])
        request = wire.received[2]
    assert request.method == "POST"
    assert request.json()["Contacts"][0]["ContactID"] == ID


def test_a_contact_that_another_worker_created_meanwhile_is_adopted(clock: SetClock) -> None:
    delivery = contact("SHOP-1")
    complaint: Json = {"Message": "The contact name n is already assigned to another contact."}
    refused: Json = {"StatusAttributeString": "ERROR", "ValidationErrors": [complaint]}
    late = json_reply({"Contacts": [refused]})
    with serving(TOKEN, NO_CONTACT, late, listing("Contacts", said("SHOP-1"))) as wire:
        outcome = xero(wire, clock).target("contact").send([delivery])[delivery.delivery_id]
    assert isinstance(outcome, Landed)


def test_warnings_are_kept_as_a_note(clock: SetClock) -> None:
    delivery = contact("SHOP-1")
    warned = said("SHOP-1", StatusAttributeString="WARNING", Warnings=[{"Message": "Odd rate"}])
    written = json_reply({"Contacts": [warned]})
    with serving(TOKEN, NO_CONTACT, written, listing("Contacts", said("SHOP-1"))) as wire:
        outcome = xero(wire, clock).target("contact").send([delivery])[delivery.delivery_id]
    assert isinstance(outcome, Landed)
    assert outcome.note == "Odd rate"


def test_an_active_contact_wins_over_an_archived_one_with_its_number(clock: SetClock) -> None:
    archived = said("SHOP-1", ContactID="old", ContactStatus="ARCHIVED")
    active = said("SHOP-1", ContactStatus="ACTIVE")
    with serving(TOKEN, listing("Contacts", archived, active)) as wire:
        found = xero(wire, clock).target("contact").find([contact("SHOP-1")])
    assert [landed.external_id for landed in found.values()] == [ID]


def test_an_archived_contact_is_said_to_be_archived(clock: SetClock) -> None:
    archived = said("SHOP-1", ContactStatus="ARCHIVED", EmailAddress=None)
    with serving(TOKEN, listing("Contacts", archived)) as wire:
        found = xero(wire, clock).target("contact").find([contact("SHOP-1")])
    assert [landed.note for landed in found.values()] == ["the contact is ARCHIVED"]


def test_a_list_that_moved_while_it_was_read_is_read_again(clock: SetClock) -> None:
    moved = listing("Contacts", said("SHOP-1"), count=2)
    still = listing("Contacts", said("SHOP-1"))
    with serving(TOKEN, moved, still) as wire:
        assert len(xero(wire, clock).find_contacts(numbers=["SHOP-1"])) == 1


def test_a_list_that_keeps_moving_is_left_for_later(clock: SetClock) -> None:
    moved = listing("Contacts", said("SHOP-1"), count=2)
    with serving(TOKEN, moved, moved, moved) as wire, pytest.raises(UnavailableError):
        xero(wire, clock).find_contacts(numbers=["SHOP-1"])


def test_an_answer_of_another_form_is_a_matter_for_a_person(clock: SetClock) -> None:
    changed = listing("Contacts", {"ContactID": ID, "Name": {"First": "x"}})
    with serving(TOKEN, changed) as wire, pytest.raises(ConfigurationError, match="Name"):
        xero(wire, clock).find_contacts(numbers=["SHOP-1"])


def test_a_refused_read_is_a_matter_for_a_person(clock: SetClock) -> None:
    refused = pytest.raises(ConfigurationError, match="refused to read")
    with serving(TOKEN, json_reply({"Message": "no"}, status=400)) as wire, refused:
        xero(wire, clock).find_contacts(numbers=["SHOP-1"])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"Amount": "1,10"}, "not an amount"),
        ({"Amount": "NaN"}, "not an amount"),
        ({"Status": "PAYED"}, "must be one of"),
        ({"Total": "1.00"}, "no member"),
        ({"Date": "29/11/2026"}, "isoformat"),
    ],
)
def test_what_xero_would_not_take_is_refused_before_sending(
    change: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        element_of("Payment", payment(**change).payload)


def test_amounts_of_lines_become_numbers_and_texts_stay_texts() -> None:
    lines: Json = {"LineItems": [{"Description": "3", "Quantity": "3", "UnitAmount": "1.5000"}]}
    assert element_of("Invoice", lines) == {
        "LineItems": [{"Description": "3", "Quantity": Decimal(3), "UnitAmount": Decimal("1.5000")}]
    }


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("110.1", "USD", "110.10"),
        ("1200.0", "JPY", "1200"),
        ("0.005", "USD", "0.005"),
    ],
)
def test_a_figure_has_its_currencys_precision_unless_it_is_finer(
    amount: str, currency: str, text: str
) -> None:
    assert amount_text(Decimal(amount), currency) == text


def test_a_value_with_a_quotation_mark_cannot_change_the_filter() -> None:
    (where,) = any_of("Name", ['O"Neill & Sons" OR Name!="'])
    assert where == '(Name!=null AND Name.Contains("Neill & Sons"))'


def test_a_long_text_is_looked_for_by_its_beginning() -> None:
    (where,) = any_of("Narration", ["deferred " * 100])
    assert where.startswith('(Narration!=null AND Narration.Contains("deferred ')
    assert len(where) < 300


def test_long_filters_are_several() -> None:
    texts = [f"{number} {'x' * 180}" for number in range(30)]
    filters = list(any_of("Reference", texts))
    assert all(len(where) < 1600 for where in filters)
    assert [text for text in texts if not any(text in where for where in filters)] == []
    assert list(any_of("Reference", [])) == []


def test_an_element_that_is_neither_refused_nor_named_is_in_doubt(clock: SetClock) -> None:
    with (
        serving(TOKEN, NO_CONTACT, json_reply({"Contacts": [{}]})) as wire,
        pytest.raises(OutcomeUnknownError, match="neither refuses nor names"),
    ):
        xero(wire, clock).target("contact").send([contact("SHOP-1")])


def test_a_page_of_something_between_us_is_not_an_empty_list(clock: SetClock) -> None:
    html = Reply(b"<html>Not Found</html>", status=404, headers={"Content-Type": "text/html"})
    with serving(TOKEN, html) as wire, pytest.raises(UnavailableError, match="other than Xero"):
        xero(wire, clock).reference()
