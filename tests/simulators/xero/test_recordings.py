"""The fifteen recorded answers of a real organisation, in the situations that led to them.

What is compared is the shape: which members, in which order, nested how, and of which kind each
value is. Two situations need a record as no API call leaves it: those of the vendor's demonstration
company were made with it, not by a call.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from simulators.xero.client import HPS, Json, Start, XeroClient, line, unique
from simulators.xero.conftest import simulator

KINDS: Final = {
    "id": r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}",
    "moment": r"/Date\(-?\d+\+0000\)/",
    "moment without zone": r"/Date\(-?\d+\)/",
    "ISO day": r"\d{4}-\d\d-\d\dT00:00:00",
    "ISO moment": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
}


def shape(value: object) -> object:
    """Return what a value is made of."""
    if isinstance(value, dict):
        return [(name, shape(member)) for name, member in value.items()]
    if isinstance(value, list):
        return [shape(element) for element in value]
    if isinstance(value, str):
        return next((k for k, text in KINDS.items() if re.fullmatch(text, value)), "text")
    return type(value).__name__


@pytest.fixture(scope="module")
def recordings(shared: Path) -> Json:
    content: Json = json.loads((shared / "recordings.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XeroClient]:
    """Return a client of an organisation of its own."""
    options = ("--minute-limit", "100000", "--day-limit", "100000")
    with simulator(tmp_path_factory.mktemp("recorded"), *options) as base:
        yield XeroClient(base)


@pytest.fixture(scope="module")
def buyer(demo: XeroClient) -> Json:
    """Return a contact as documents name it."""
    made = demo.contact(EmailAddress="a@b.co", IsCustomer=True)
    return {"ContactID": made["ContactID"]}


@pytest.fixture(scope="module")
def credited(demo: XeroClient, buyer: Json) -> Json:
    """Return a sales invoice of an item, tracked, and paid with a credit note alone."""
    region = demo.put("TrackingCategories", {"Name": "Region"}).json()["TrackingCategories"][0]
    path = f"TrackingCategories/{region['TrackingCategoryID']}/Options"
    demo.put(path, {"Name": "North"}).raise_for_status()
    demo.put("Items", {"Code": "Support-M", "Name": "Support"}).raise_for_status()
    tracking = [{"Name": "Region", "Option": "North"}]
    sold = [line(ItemCode="Support-M", TaxType="TAX001", Tracking=tracking)]
    invoice = demo.invoice(
        Contact=buyer,
        Reference="Monthly Support",
        LineAmountTypes="Inclusive",
        SentToContact=True,
        LineItems=sold,
    )
    note = {
        "Type": "ACCRECCREDIT",
        "Status": "AUTHORISED",
        "Contact": buyer,
        "Reference": "Monthly Support",
        "LineAmountTypes": "Inclusive",
        "SentToContact": True,
        "LineItems": sold,
    }
    made = demo.put("CreditNotes", note).json()["CreditNotes"][0]
    path = f"CreditNotes/{made['CreditNoteID']}/Allocations"
    allocation = {"Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Amount": invoice["Total"]}
    demo.put(path, {"Allocations": [allocation]}).raise_for_status()
    return {**invoice, "CreditNoteID": made["CreditNoteID"]}


def get_invoices(demo: XeroClient, credited: Json) -> requests.Response:
    """List the credited invoice, and one of a repeating template, paid with money."""
    contact = {"ContactID": credited["Contact"]["ContactID"]}
    paid = demo.invoice(Contact=contact, Reference="RPT200-1", SentToContact=True)
    demo.pay(paid, paid["Total"], Reference=paid["InvoiceNumber"]).raise_for_status()
    template = {"RepeatingInvoiceID": HPS, "CurrencyRate": None}
    overwritten(demo, f"invoices/{paid['InvoiceID']}", template)
    ids = f"{credited['InvoiceID']},{paid['InvoiceID']}"
    return demo.get("Invoices", IDs=ids, page=1, pageSize=2)


def get_credit_notes(demo: XeroClient, credited: Json) -> requests.Response:
    """List a note whose line is text alone, although it credits an amount."""
    text = [{"LineItemID": HPS, "Description": "FULL CREDIT"}]
    overwritten(demo, f"credit_notes/{credited['CreditNoteID']}", {"LineItems": text})
    where = f'CreditNoteID==Guid("{credited["CreditNoteID"]}")'
    return demo.get("CreditNotes", where=where, page=1, pageSize=2)


def get_contacts(demo: XeroClient, _credited: Json) -> requests.Response:
    return demo.get("Contacts", IDs=demo.contact()["ContactID"], page=1, pageSize=2)


def get_accounts(demo: XeroClient, _credited: Json) -> requests.Response:
    return demo.get("Accounts", where='Code=="091"')


def get_organisation(demo: XeroClient, _credited: Json) -> requests.Response:
    """Read an organisation with a tax number, an address, and a locked period."""
    text = dict.fromkeys(("City", "Region", "PostalCode", "Country", "AttentionTo"), "")
    settings = {
        "TaxNumber": "101-2-303",
        "SalesTaxBasis": "PAYMENTS",
        "SalesTaxPeriod": "TWOMONTHS",
        "PeriodLockDate": "2009-09-30",
        "Addresses": [{"AddressType": "POBOX", "AddressLine1": "PO Box 1", **text}],
        "Phones": [{"PhoneType": "OFFICE", "PhoneNumber": "555", "PhoneCountryCode": "64"}],
    }
    demo.control("POST", f"organisations/{HPS}/organisations", settings).raise_for_status()
    return demo.get("Organisation")


def get_tax_rates(demo: XeroClient, _credited: Json) -> requests.Response:
    rate = {"Name": unique("GST"), "ReportTaxType": "INPUT"}
    rate["TaxComponents"] = [{"Name": "GST", "Rate": 12.5}]
    made = demo.put("TaxRates", rate).json()["TaxRates"][0]
    deleted = {"TaxType": made["TaxType"], "Status": "DELETED"}
    demo.post("TaxRates", deleted).raise_for_status()
    return demo.get("TaxRates", where=f'TaxType=="{made["TaxType"]}"')


def get_items(demo: XeroClient, _credited: Json) -> requests.Response:
    price = {"UnitPrice": 98.61, "AccountCode": "200", "TaxType": "NONE"}
    item = {"Code": unique("I"), "Name": "x", "Description": "x"}
    item |= {"PurchaseDetails": price, "SalesDetails": price}
    demo.put("Items", item).raise_for_status()
    return demo.get("Items", where=f'Code=="{item["Code"]}"')


def order(credited: Json) -> Json:
    contact = {"ContactID": credited["Contact"]["ContactID"]}
    number = unique("PO")
    bought = [line(Description="steel")]
    return {
        "PurchaseOrderNumber": number,
        "Contact": contact,
        "Status": "SUBMITTED",
        "LineItems": bought,
    }


def get_purchase_orders(demo: XeroClient, credited: Json) -> requests.Response:
    body = order(credited)
    demo.put("PurchaseOrders", body).raise_for_status()
    return demo.get(f"PurchaseOrders/{body['PurchaseOrderNumber']}")


def post_purchase_orders(demo: XeroClient, credited: Json) -> requests.Response:
    """Post an order, and one whose number a deleted order holds."""
    held = order(credited)
    made = demo.put("PurchaseOrders", held).json()["PurchaseOrders"][0]
    demo.post(f"PurchaseOrders/{made['PurchaseOrderID']}", {"Status": "DELETED"})
    body = {"PurchaseOrders": [order(credited), held]}
    return demo.post("PurchaseOrders", body, summarizeErrors="false")


def put_contacts(demo: XeroClient, _credited: Json) -> requests.Response:
    body = {"Name": unique("Recording"), "EmailAddress": "a@b.co", "IsCustomer": True}
    return demo.put("Contacts", body)


def put_contacts_400(demo: XeroClient, _credited: Json) -> requests.Response:
    phones = [{"PhoneType": "DEFAULT", "PhoneNumber": "1"}]
    return demo.put("Contacts", {"Name": "Web Guest", "IsCustomer": True, "Phones": phones})


def post_contacts(demo: XeroClient, _credited: Json) -> requests.Response:
    """Edit an archived contact."""
    contact = demo.contact()
    named = {"ContactID": contact["ContactID"], "Name": contact["Name"]}
    demo.post("Contacts", {**named, "ContactStatus": "ARCHIVED"}).raise_for_status()
    return demo.post("Contacts", named, summarizeErrors="false")


def put_invoices(demo: XeroClient, credited: Json) -> requests.Response:
    contact = {"ContactID": credited["Contact"]["ContactID"]}
    return demo.put("Invoices", demo.invoice_body(Contact=contact, Reference="recording"))


def post_invoices(demo: XeroClient, credited: Json) -> requests.Response:
    """Delete an approved invoice, which only a draft allows."""
    contact = {"ContactID": credited["Contact"]["ContactID"]}
    invoice = demo.invoice(Contact=contact)
    body = {
        "Type": "ACCREC",
        "InvoiceID": invoice["InvoiceID"],
        "Contact": contact,
        "Date": "2026-11-20",
        "DueDate": "2026-11-20",
        "LineAmountTypes": "Exclusive",
        "SubTotal": 100,
        "TotalTax": 0,
        "Total": 100,
        "CurrencyCode": "USD",
        "Status": "DELETED",
    }
    return demo.post("Invoices", body, summarizeErrors="false")


Situation = Callable[[XeroClient, Json], requests.Response]
SITUATIONS: Final[dict[str, tuple[int, Situation]]] = {
    "GET Invoices": (200, get_invoices),
    "GET Contacts": (200, get_contacts),
    "GET Accounts": (200, get_accounts),
    "GET Organisation": (200, get_organisation),
    "GET TaxRates": (200, get_tax_rates),
    "GET Items": (200, get_items),
    "GET CreditNotes": (200, get_credit_notes),
    "GET PurchaseOrders": (200, get_purchase_orders),
    "POST PurchaseOrders": (200, post_purchase_orders),
    "PUT Contacts": (200, put_contacts),
    "PUT Contacts 400": (400, put_contacts_400),
    "POST Contacts": (200, post_contacts),
    "PUT Invoices": (200, put_invoices),
    "POST Invoices": (200, post_invoices),
}


def overwritten(demo: XeroClient, record: str, figures: dict[str, Any]) -> None:
    demo.control("PUT", f"documents/{HPS}/{record}", figures).raise_for_status()


def test_every_recording_has_its_situation(recordings: Json) -> None:
    assert set(recordings) == {*SITUATIONS, "GET 429"}


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_answer_has_the_shape_of_its_recording(
    recordings: Json, demo: XeroClient, credited: Json, name: str
) -> None:
    status, situation = SITUATIONS[name]
    answer = situation(demo, credited)
    assert answer.status_code == status
    assert shape(answer.json()) == shape(recordings[name])


@pytest.mark.parametrize(
    "name", ["PUT Contacts 400", "POST Contacts", "POST Invoices", "POST PurchaseOrders"]
)
def test_a_refusal_says_what_its_recording_says(
    recordings: Json, demo: XeroClient, credited: Json, name: str
) -> None:
    answer = SITUATIONS[name][1](demo, credited).json()
    assert said(answer) == [
        text.replace("name n is", "name Web Guest is") for text in said(recordings[name])
    ]


def said(answer: Json) -> list[str]:
    """Return every message of an answer, and what stands beside it."""
    elements = next(value for value in answer.values() if isinstance(value, list))
    texts = [str(answer.get(name)) for name in ("ErrorNumber", "Type", "Message")]
    for element in elements:
        texts.append(str(element.get("StatusAttributeString")))
        texts += [error["Message"] for error in element.get("ValidationErrors", [])]
    return texts


def test_a_call_too_many_is_refused_as_recorded(recordings: Json, start: Start) -> None:
    with start("--minute-limit", "1") as base:
        demo = XeroClient(base)
        answers = [demo.get("Currencies") for _twice in range(2)]
    last = answers[1]
    assert recordings["GET 429"] is None
    assert (last.status_code, last.content, last.headers.get("content-type")) == (429, b"", None)
    assert last.headers["X-Rate-Limit-Problem"] == "minute"
    assert last.headers["X-MinLimit-Remaining"] == "0"
    assert int(last.headers["X-DayLimit-Remaining"]) == 4999
    assert 1 <= int(last.headers["Retry-After"]) <= 60
