"""Lists: paging, filters, where, order, If-Modified-Since (domain/xero README 1.2)."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from simulators.xero.client import XeroClient, line, moment, unique
from tieout.simulators.xero import contacts, lists
from tieout.simulators.xero.contact_records import Contact
from tieout.simulators.xero.exchange import Call
from tieout.simulators.xero.refusals import BadQueryError
from tieout.simulators.xero.store import Books, Journal

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def numbers(answer: requests.Response) -> list[str]:
    return [invoice["InvoiceNumber"] for invoice in answer.json()["Invoices"]]


def test_pagination_appears_only_when_a_page_was_asked_for(xero: XeroClient) -> None:
    unpaged = xero.get("Contacts").json()
    paged = xero.get("Contacts", page=2, pageSize=50).json()
    assert "pagination" not in unpaged
    assert (len(paged["Contacts"]), paged["pagination"]["page"]) == (50, 2)
    assert paged["pagination"]["pageSize"] == 50


@pytest.mark.parametrize(("size", "effective"), [(1000, 1000), (5000, 1000)])
def test_a_page_has_at_most_1000_records(xero: XeroClient, size: int, effective: int) -> None:
    answer = xero.get("Contacts", page=1, pageSize=size).json()
    assert answer["pagination"]["pageSize"] == effective


def test_an_unpaged_list_of_invoices_has_no_lines(xero: XeroClient) -> None:
    invoice = xero.invoice()
    number = invoice["InvoiceNumber"]
    unpaged = xero.get("Invoices", InvoiceNumbers=number).json()["Invoices"][0]
    paged = xero.get("Invoices", InvoiceNumbers=number, page=1).json()["Invoices"][0]
    assert (unpaged["LineItems"], len(paged["LineItems"])) == ([], 1)


def test_statuses_force_paging(xero: XeroClient) -> None:
    xero.invoice(Status="DRAFT")
    answer = xero.get("Invoices", Statuses="DRAFT,SUBMITTED").json()
    assert "pagination" in answer
    assert {i["Status"] for i in answer["Invoices"]} <= {"DRAFT", "SUBMITTED"}


def test_a_summary_has_neither_lines_nor_payments(xero: XeroClient) -> None:
    xero.invoice()
    invoice = xero.get("Invoices", summaryOnly="true").json()["Invoices"][0]
    contact = xero.get("Contacts", summaryOnly="true").json()["Contacts"][0]
    assert not {"LineItems", "Payments"} & set(invoice)
    assert not {"IsCustomer", "IsSupplier"} & set(contact)


def test_invoices_are_filtered_by_contact_and_number(xero: XeroClient) -> None:
    contact = xero.contact()
    mine = [xero.invoice(Contact={"ContactID": contact["ContactID"]}) for _ in range(2)]
    expected = [invoice["InvoiceNumber"] for invoice in mine]
    assert numbers(xero.get("Invoices", ContactIDs=contact["ContactID"])) == expected
    assert numbers(xero.get("Invoices", InvoiceNumbers=",".join(expected))) == expected
    assert numbers(xero.get("Invoices", IDs=mine[0]["InvoiceID"])) == expected[:1]


@pytest.mark.parametrize(
    "where",
    [
        'InvoiceNumber=="{number}"',
        'invoicenumber == "{lower}" AND Status=="AUTHORISED"',
        'Contact.ContactNumber=="web-guest" && Reference=="{number}"',
        'Type=="ACCREC" AND Reference=="{number}" AND Date>=DateTime(2026,11,20)',
        'Reference!=null AND Reference.Contains("{number}") AND AmountDue>99.99',
        '(Reference=="{number}" OR Reference=="nothing") AND Date<DateTime(2026, 11, 21, 0, 0, 0)',
        'InvoiceID==Guid("{id}")',
        'Reference.StartsWith("{number}") AND AmountPaid==0',
    ],
)
def test_where_selects(xero: XeroClient, where: str) -> None:
    number = unique("WHERE") + "x"
    invoice = xero.invoice(InvoiceNumber=number, Reference=number)
    text = where.format(number=number, lower=number.lower(), id=invoice["InvoiceID"])
    assert numbers(xero.get("Invoices", where=text)) == [number]


@pytest.mark.parametrize(
    "where",
    [
        'Flavour=="sweet"',
        'InvoiceNumber=="open',
        "InvoiceNumber==",
        'InvoiceID=="00000000-0000-0000-0000-000000000000"',
        'InvoiceNumber=="a" XOR Status=="DRAFT"',
    ],
)
def test_a_where_that_cannot_be_understood_is_refused(xero: XeroClient, where: str) -> None:
    answer = xero.get("Invoices", where=where)
    assert (answer.status_code, answer.json()["Type"]) == (400, "QueryParseException")


def test_order_sorts_and_an_unknown_field_is_refused(xero: XeroClient) -> None:
    contact = xero.contact()["ContactID"]
    for amount in (30, 10, 20):
        xero.invoice(Contact={"ContactID": contact}, LineItems=[line(UnitAmount=amount)])
    answer = xero.get("Invoices", ContactIDs=contact, order="Total DESC").json()
    assert [invoice["Total"] for invoice in answer["Invoices"]] == [30.0, 20.0, 10.0]
    assert xero.get("Invoices", order="Flavour").status_code == 400


def test_lists_come_in_order_of_change(xero: XeroClient) -> None:
    contact = xero.contact()["ContactID"]
    first, second = (xero.invoice(Contact={"ContactID": contact}) for _ in range(2))
    xero.post(f"Invoices/{first['InvoiceID']}", {"Reference": "later"})
    listed = numbers(xero.get("Invoices", ContactIDs=contact))
    assert listed == [second["InvoiceNumber"], first["InvoiceNumber"]]


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S", "%a, %d %b %Y %H:%M:%S GMT"])
def test_if_modified_since_selects_by_the_second(travelling: str, form: str) -> None:
    early = XeroClient(travelling).contact()
    XeroClient(travelling).control("POST", "clock", {"advance_seconds": 60})
    late = XeroClient(travelling).contact()
    since = time.strftime(form, time.gmtime(moment(early) + 60))
    xero = XeroClient(travelling, headers={"If-Modified-Since": since})
    listed = xero.get("Contacts").json()["Contacts"]
    assert [contact["Name"] for contact in listed] == [late["Name"]]


def test_items_and_accounts_are_listed_whole(xero: XeroClient) -> None:
    items = xero.get("Items").json()
    banks = xero.get("Accounts", where='Type=="BANK" AND Status=="ACTIVE"').json()["Accounts"]
    assert len([item for item in items["Items"] if not item["IsTrackedAsInventory"]]) >= 300
    assert "pagination" not in items
    assert {"091", "092", "093"} <= {account["Code"] for account in banks}


def test_tax_rates_have_their_effective_rate(xero: XeroClient, lotus: XeroClient) -> None:
    rates = {r["TaxType"]: r["EffectiveRate"] for r in xero.get("TaxRates").json()["TaxRates"]}
    others = [r["TaxType"] for r in lotus.get("TaxRates").json()["TaxRates"]]
    assert (rates["TAX001"], rates["TAX002"], rates["NONE"]) == (7.0, 20.0, 0.0)
    assert others == ["NONE"]


def test_the_organisations_do_not_see_each_other(xero: XeroClient, lotus: XeroClient) -> None:
    currencies = [c.get("Currencies").json()["Currencies"][0]["Code"] for c in (xero, lotus)]
    systems = {
        account["SystemAccount"]: account["Code"]
        for account in lotus.get("Accounts").json()["Accounts"]
        if "SystemAccount" in account
    }
    assert currencies == ["USD", "HKD"]
    assert (systems["DEBTORS"], systems["GST"], systems["ROUNDING"]) == ("610", "820", "860")
    assert lotus.get("Items/LL-TEA-01").status_code == 200
    assert lotus.get("Items/LAMP-01").status_code == 404


def test_contacts_are_searched_by_a_term(xero: XeroClient) -> None:
    made = xero.contact(FirstName=unique("Ada"), EmailAddress="term@e.example")
    for term in (made["FirstName"], made["FirstName"].upper(), made["Name"]):
        found = xero.get("Contacts", searchTerm=term).json()["Contacts"]
        assert made["ContactID"] in {contact["ContactID"] for contact in found}


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ("BankTransactions", "RECEIVE"),
        ("Overpayments", "RECEIVE-OVERPAYMENT"),
        ("Prepayments", "RECEIVE-PREPAYMENT"),
    ],
)
def test_money_is_filtered_by_its_references(xero: XeroClient, resource: str, kind: str) -> None:
    reference = unique("Ref")
    received = {
        "Type": kind,
        "Reference": reference,
        "Contact": {"ContactNumber": "WEB-GUEST"},
        "BankAccount": {"Code": "090"},
        "LineItems": [line()],
    }
    xero.put("BankTransactions", {"BankTransactions": [received]}).raise_for_status()
    found = xero.get(resource, References=f"none,{reference}").json()[resource]
    assert [one["Reference"] for one in found] == [reference]


def test_records_of_the_same_moment_are_listed_by_their_ids(books: Books) -> None:
    for contact_id in ("c", "a", "b"):
        books.contacts.put(Contact(contact_id=contact_id, name=contact_id, updated=NOON))
    books.contacts.put(Contact(contact_id="z", name="early", updated=NOON - timedelta(days=1)))
    assert [c.contact_id for c in books.contacts.changed_since(None)] == ["z", "a", "b", "c"]
    assert [c.contact_id for c in books.contacts.changed_since(NOON)] == ["a", "b", "c"]


PAGED = (
    *("Contacts", "Invoices", "CreditNotes", "Payments", "Overpayments", "Prepayments"),
    *("BankTransactions", "PurchaseOrders", "ManualJournals"),
)
UNPAGED_DELTAS = ("Items", "Accounts", "BatchPayments", "BankTransfers")
WHOLE = ("TaxRates", "Currencies", "TrackingCategories", "ContactGroups", "Organisation")


@pytest.mark.parametrize("resource", PAGED)
def test_a_page_is_a_page(xero: XeroClient, resource: str) -> None:
    answer = xero.get(resource, page=1, pageSize=1).json()
    assert (answer["pagination"]["pageSize"], len(answer[resource]) <= 1) == (1, True)


@pytest.mark.parametrize("resource", [*UNPAGED_DELTAS, *WHOLE])
def test_what_has_no_pages_comes_whole(xero: XeroClient, resource: str) -> None:
    whole, asked = xero.get(resource).json(), xero.get(resource, page=2, pageSize=1).json()
    assert "pagination" not in asked
    assert list(asked.values())[4:] == list(whole.values())[4:]


@pytest.mark.parametrize("resource", [*PAGED, *UNPAGED_DELTAS])
def test_what_has_a_delta_is_empty_after_tomorrow(xero: XeroClient, resource: str) -> None:
    later = XeroClient(xero.base, headers={"If-Modified-Since": "2099-01-01T00:00:00"})
    assert later.get(resource).json()[resource] == []


@pytest.mark.parametrize("resource", WHOLE)
def test_what_has_no_delta_comes_whole_whatever_is_asked(xero: XeroClient, resource: str) -> None:
    later = XeroClient(xero.base, headers={"If-Modified-Since": "2099-01-01T00:00:00"})
    whole, asked = (client.get(resource).json() for client in (xero, later))
    assert list(asked.values())[4:] == list(whole.values())[4:]


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """Return books of an organisation without records."""
    journal = Journal(tmp_path / "books")
    yield Books("tenant", journal, lambda: NOON, lambda: "id")
    journal.close()


def of_many(books: Books, query: dict[str, str]) -> list[Contact]:
    """Return what a query selects of more than 100,000 contacts."""
    call = Call("GET", "contacts", "", "", query, {}, b"", "app", books)
    many = [Contact(name="Ada", email_address="a@b.example", updated=NOON)] * 100_001
    return lists.selected(call, many, contacts.LISTING)


@pytest.mark.parametrize(
    "query",
    [
        {"where": 'FirstName=="Ada"'},
        {"where": 'Name=="Ada" OR FirstName.StartsWith("A")'},
        {"order": "LastName DESC"},
    ],
)
def test_more_than_100_000_records_are_not_searched_by_any_field(
    books: Books, query: dict[str, str]
) -> None:
    with pytest.raises(BadQueryError, match="100000"):
        of_many(books, query)


@pytest.mark.parametrize(
    "query", [{"where": 'Name=="Ada" AND EmailAddress!=null'}, {"order": "Name"}, {}]
)
def test_more_than_100_000_records_are_searched_by_some_fields(
    books: Books, query: dict[str, str]
) -> None:
    assert len(of_many(books, query)) == 100_001
