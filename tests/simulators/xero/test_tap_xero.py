"""tap-xero 2.6.0 reads the simulator: what it can read, all of it, then only what has changed.

It asks for pages, deltas and orders in its own way, and its transformer refuses a record whose
members have other types than its schemas say. What it must bring is read from the simulator's file.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from peers.tap_xero import Run, TapXero
from simulators.xero.client import HPS, Json, XeroClient, line, unique
from simulators.xero.conftest import simulator

# What the simulator's file calls the records of a stream, and their ids.
INCREMENTAL = {
    "accounts": ("Account", "account_id"),
    "bank_transactions": ("BankTransaction", "bank_transaction_id"),
    "bank_transfers": ("BankTransfer", "bank_transfer_id"),
    "contacts": ("Contact", "contact_id"),
    "credit_notes": ("CreditNote", "credit_note_id"),
    "invoices": ("Invoice", "invoice_id"),
    "items": ("Item", "item_id"),
    "manual_journals": ("ManualJournal", "manual_journal_id"),
    "overpayments": ("Overpayment", "overpayment_id"),
    "payments": ("Payment", "payment_id"),
    "prepayments": ("Prepayment", "prepayment_id"),
    "purchase_orders": ("PurchaseOrder", "purchase_order_id"),
}
WHOLE = {
    "contact_groups": ("ContactGroup", "contact_group_id"),
    "currencies": ("Currency", "code"),
    "organisations": ("Organisation", "organisation_id"),
    "tax_rates": ("TaxRate", "tax_type"),
    "tracking_categories": ("TrackingCategory", "tracking_category_id"),
}
SERVED = INCREMENTAL | WHOLE
NOT_SERVED = {
    *("branding_themes", "journals", "linked_transactions"),
    *("quotes", "repeating_invoices", "users"),
}
PAGE = 100


@dataclass(frozen=True)
class World:
    """A simulator with records of every kind, its file, and the tap beside it."""

    base: str
    state: Path
    tap: TapXero

    def xero(self) -> XeroClient:
        """Return a client with a new token, since the clock moves."""
        return XeroClient(self.base)

    def held(self, stream: str) -> set[str]:
        """Return the ids of a stream's records in the simulator's file."""
        model, id_field = SERVED[stream]
        query = "SELECT body FROM record WHERE shelf = ?"
        with closing(sqlite3.connect(self.state / "xero.sqlite")) as database:
            bodies = database.execute(query, (f"{HPS}/{model}",)).fetchall()
        return {json.loads(body)[id_field] for (body,) in bodies}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    state = tmp_path_factory.mktemp("xero")
    with simulator(state, "--minute-limit", "100000", "--day-limit", "100000") as base:
        options = {"include_archived_contacts": "true"}
        tap = TapXero(base, tmp_path_factory.mktemp("tap"), options=options)
        yield World(base, state, tap)


@pytest.fixture(scope="module")
def catalog(world: World) -> dict[str, Json]:
    return {stream["tap_stream_id"]: stream for stream in world.tap.catalog["streams"]}


@pytest.fixture(scope="module")
def documents(world: World) -> dict[str, Json]:
    """Fill the organisation; return the records that the second run will find changed."""
    return filled(world.xero())


@pytest.fixture(scope="module")
def full(world: World, documents: dict[str, Json]) -> Run:
    assert documents
    return world.tap.sync(SERVED)


@pytest.fixture(scope="module")
def changed(world: World, documents: dict[str, Json], full: Run) -> dict[str, set[str]]:
    """Let an hour pass after the first run and change records; return their ids by stream."""
    assert full.seconds > 0
    world.xero().control("POST", "clock", {"advance_seconds": 3600})
    return moved_on(world.xero(), documents)


@pytest.fixture(scope="module")
def delta(world: World, full: Run, changed: dict[str, set[str]]) -> Run:
    assert changed
    return world.tap.sync(SERVED, full.state())


def test_it_discovers_its_streams_with_a_token_of_its_own(catalog: dict[str, Json]) -> None:
    assert set(catalog) == set(SERVED) | NOT_SERVED


@pytest.mark.parametrize("stream", sorted(NOT_SERVED))
def test_what_the_simulator_leaves_out_it_says(world: World, stream: str) -> None:
    assert world.xero().get(stream.title().replace("_", "")).status_code == 501


@pytest.mark.parametrize("stream", sorted(SERVED))
def test_a_first_run_brings_every_record_once(
    world: World, catalog: dict[str, Json], full: Run, stream: str
) -> None:
    brought = ids(catalog, full, stream)
    assert brought
    assert sorted(brought) == sorted(world.held(stream))


def test_a_first_run_takes_several_pages(full: Run) -> None:
    counts = full.counts()
    assert counts["contacts"] > 2 * PAGE
    assert counts["invoices"] > PAGE
    assert set(counts) == set(SERVED)


@pytest.mark.parametrize("stream", sorted(INCREMENTAL))
def test_a_later_run_brings_what_has_changed_and_the_cursors_own_second(
    catalog: dict[str, Json],
    full: Run,
    changed: dict[str, set[str]],
    delta: Run,
    stream: str,
) -> None:
    again = at_cursor(catalog, full, stream)
    assert changed[stream]
    assert set(ids(catalog, delta, stream)) == changed[stream] | again
    assert len(again) < len(ids(catalog, full, stream))


@pytest.mark.parametrize("stream", sorted(WHOLE))
def test_what_has_no_delta_comes_whole_every_time(
    world: World, catalog: dict[str, Json], delta: Run, stream: str
) -> None:
    assert set(ids(catalog, delta, stream)) == world.held(stream)


def test_a_later_run_brings_the_records_as_they_are_now(
    catalog: dict[str, Json], delta: Run, changed: dict[str, set[str]]
) -> None:
    assert changed
    records = delta.records()
    invoices = {invoice["InvoiceNumber"]: invoice for invoice in records["invoices"]}
    contacts = {contact.get("ContactNumber"): contact for contact in records["contacts"]}
    paid, void = invoices["TAP-PAID"], invoices["TAP-VOID"]
    assert catalog["invoices"]["key_properties"] == ["InvoiceID"]
    assert (paid["Status"], paid["AmountDue"], paid["AmountPaid"]) == ("PAID", 0, 100)
    assert void["Status"] == "VOIDED"
    assert contacts["TAP-1"]["EmailAddress"] == "now@example.com"
    assert contacts["TAP-2"]["ContactStatus"] == "ARCHIVED"


def test_a_run_without_changes_brings_the_cursors_own_second_alone(
    world: World, catalog: dict[str, Json], delta: Run
) -> None:
    quiet = world.tap.sync(INCREMENTAL, delta.state())
    for stream in INCREMENTAL:
        assert set(ids(catalog, quiet, stream)) == at_cursor(catalog, delta, stream)


def test_archived_contacts_come_only_when_asked_for(
    world: World, tmp_path: Path, delta: Run
) -> None:
    assert delta.seconds > 0
    plain = TapXero(world.base, tmp_path).sync(["contacts"]).records()["contacts"]
    missing = world.held("contacts") - {contact["ContactID"] for contact in plain}
    where = 'ContactStatus=="ARCHIVED"'
    answer = world.xero().get("Contacts", where=where, includeArchived="true")
    archived = answer.json()["Contacts"]
    assert missing == {contact["ContactID"] for contact in archived}
    assert archived


def test_it_lives_on_the_refresh_tokens_that_it_is_given(world: World) -> None:
    before = world.tap.config["refresh_token"]
    world.tap.sync(["currencies"])
    assert world.tap.config["refresh_token"] != before


def test_a_run_is_measured(full: Run) -> None:
    whole = sum(len(records) for records in full.records().values())
    assert full.records_per_s == pytest.approx(whole / full.seconds)
    # A Python with requests in it takes some tens of megabytes; our own process takes far more.
    assert 20_000_000 < full.rss_bytes_max < 100_000_000


def key_of(catalog: dict[str, Json], stream: str, name: str) -> Any:
    whole = next(e["metadata"] for e in catalog[stream]["metadata"] if e["breadcrumb"] == [])
    (key,) = whole[name]
    return key


def ids(catalog: dict[str, Json], run: Run, stream: str) -> list[str]:
    key = key_of(catalog, stream, "table-key-properties")
    return [record[key] for record in run.records()[stream]]


def at_cursor(catalog: dict[str, Json], run: Run, stream: str) -> set[str]:
    """Return the ids of the records of the second at which the next run begins."""
    identity = key_of(catalog, stream, "table-key-properties")
    cursor = key_of(catalog, stream, "valid-replication-keys")
    start = second(run.state()["bookmarks"][stream][cursor])
    records = run.records()[stream]
    assert max(second(record[cursor]) for record in records) == start
    return {record[identity] for record in records if second(record[cursor]) == start}


def second(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


def filled(xero: XeroClient) -> dict[str, Json]:
    """Make records of every kind at two times, more than a page of invoices among them."""
    batch = [xero.invoice_body() for _ in range(PAGE + 20)]
    xero.put("Invoices", {"Invoices": batch}).raise_for_status()
    xero.invoice(Status="DRAFT")
    xero.invoice(Type="ACCPAY", LineItems=[line(AccountCode="453")])
    region = created(xero, "TrackingCategories", {"Name": unique("Region")})
    options = f"TrackingCategories/{region['TrackingCategoryID']}/Options"
    xero.put(options, {"Name": "North"}).raise_for_status()
    created(xero, "ContactGroups", {"Name": unique("Group")})
    contact, archived = (xero.contact(ContactNumber=f"TAP-{number}") for number in (1, 2))
    documents = {
        "contact": contact,
        "archived": archived,
        "paid": xero.invoice(InvoiceNumber="TAP-PAID"),
        "void": xero.invoice(InvoiceNumber="TAP-VOID"),
        "note": credit_note(xero, contact),
        "order": ordered(xero),
    }
    one_of_each(xero, contact)
    xero.control("POST", "clock", {"advance_seconds": 60})
    one_of_each(xero, contact)
    return documents


def moved_on(xero: XeroClient, documents: dict[str, Json]) -> dict[str, set[str]]:
    """Create, update, pay, void and archive; return the ids by stream that this touched."""
    email = {"EmailAddress": "now@example.com"}
    touched = {
        "contacts": {
            written(xero, "Contacts", documents["contact"]["ContactID"], email),
            written(
                xero, "Contacts", documents["archived"]["ContactID"], {"ContactStatus": "ARCHIVED"}
            ),
        },
        "invoices": {
            documents["paid"]["InvoiceID"],
            written(xero, "Invoices", documents["void"]["InvoiceID"], {"Status": "VOIDED"}),
        },
        "credit_notes": {
            written(xero, "CreditNotes", documents["note"]["CreditNoteID"], {"Status": "VOIDED"})
        },
        "purchase_orders": {
            written(
                xero,
                "PurchaseOrders",
                documents["order"]["PurchaseOrderID"],
                {"Status": "AUTHORISED"},
            )
        },
        "payments": {xero.pay(documents["paid"], 100).json()["Payments"][0]["PaymentID"]},
    }
    for stream, new in one_of_each(xero, documents["contact"]).items():
        touched[stream] = touched.get(stream, set()) | new
    return touched


def one_of_each(xero: XeroClient, contact: Json) -> dict[str, set[str]]:
    """Make a record of every kind, or change one; return the ids by stream."""
    transfer = transferred(xero)
    paid = xero.invoice()
    pay = xero.pay(paid, 40).json()["Payments"][0]
    over, pre, money = (
        received(xero, contact, kind)
        for kind in ("RECEIVE-OVERPAYMENT", "RECEIVE-PREPAYMENT", "SPEND")
    )
    account = xero.get("Accounts", where='Code=="453"').json()["Accounts"][0]["AccountID"]
    item = xero.get("Items/LAMP-01").json()["Items"][0]["ItemID"]
    lamp = {"Code": "LAMP-01", "Name": "Lamp"}
    return {
        "accounts": {written(xero, "Accounts", account, {"Description": "Paper"})},
        "bank_transactions": {
            *(transfer[f"{end}BankTransactionID"] for end in ("From", "To")),
            *(one["BankTransactionID"] for one in (over, pre, money)),
        },
        "bank_transfers": {transfer["BankTransferID"]},
        "contacts": {xero.contact()["ContactID"]},
        "credit_notes": {credit_note(xero, contact)["CreditNoteID"]},
        "invoices": {paid["InvoiceID"]},
        "items": {written(xero, "Items", item, lamp)},
        "manual_journals": {journalled(xero)["ManualJournalID"]},
        "overpayments": {over["OverpaymentID"]},
        "payments": {pay["PaymentID"]},
        "prepayments": {pre["PrepaymentID"]},
        "purchase_orders": {ordered(xero)["PurchaseOrderID"]},
    }


def written(xero: XeroClient, plural: str, record_id: str, body: Json) -> str:
    """Change a record and return its id."""
    answer = xero.post(f"{plural}/{record_id}", body)
    assert answer.status_code == 200, answer.text
    return record_id


def created(xero: XeroClient, plural: str, body: Json) -> Json:
    answer = xero.put(plural, {plural: [body]})
    assert answer.status_code == 200, answer.text
    record: Json = answer.json()[plural][0]
    return record


def credit_note(xero: XeroClient, contact: Json) -> Json:
    whose = {"ContactID": contact["ContactID"]}
    body = {"Type": "ACCRECCREDIT", "Contact": whose, "Date": "2026-11-20", "LineItems": [line()]}
    return created(xero, "CreditNotes", {**body, "Status": "AUTHORISED"})


def received(xero: XeroClient, contact: Json, kind: str) -> Json:
    account = "610" if kind.endswith("OVERPAYMENT") else "200"
    body = {
        "Type": kind,
        "Contact": {"ContactID": contact["ContactID"]},
        "BankAccount": {"Code": "090"},
        "Date": "2026-11-20",
        "LineItems": [line(AccountCode=account)],
    }
    return created(xero, "BankTransactions", body)


def transferred(xero: XeroClient) -> Json:
    ends = {"FromBankAccount": {"Code": "091"}, "ToBankAccount": {"Code": "090"}}
    return created(xero, "BankTransfers", {**ends, "Amount": 12.5, "Date": "2026-11-20"})


def journalled(xero: XeroClient) -> Json:
    pairs = ((5, "840"), (-5, "200"))
    lines = [{"LineAmount": amount, "AccountCode": code} for amount, code in pairs]
    body = {"Narration": "Gift cards", "Date": "2026-11-20", "Status": "POSTED"}
    return created(xero, "ManualJournals", {**body, "JournalLines": lines})


def ordered(xero: XeroClient) -> Json:
    body = {
        "Contact": {"ContactNumber": "WEB-GUEST"},
        "Date": "2026-11-20",
        "Status": "SUBMITTED",
        "LineItems": [line(AccountCode="453")],
    }
    return created(xero, "PurchaseOrders", body)
