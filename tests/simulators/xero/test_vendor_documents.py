"""Answers against the vendor's own documents: the official specification and real recordings."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft4Validator, ValidationError

from simulators.xero.client import Json, XeroClient, unique

# Recorded members that need what the simulator does not serve, per resource.
UNSERVED = {
    "Invoices": {"BrandingThemeID", "RepeatingInvoiceID", "FullyPaidOnDate"},
    "Contacts": set(),
    "Accounts": set(),
    "Organisations": {
        *("TaxNumber", "SalesTaxBasis", "SalesTaxPeriod", "PeriodLockDate"),
    },
    "TaxRates": set(),
    "Items": set(),
    "PurchaseOrders": {"StatusAttributeString"},
    "CreditNotes": {"BrandingThemeID", "FullyPaidOnDate"},
}


@pytest.fixture(scope="session")
def specification(shared: Path) -> Json:
    """Return the official specification; its schemas are read as JSON Schema."""
    with (shared / "xero_accounting.yaml").open(encoding="utf-8") as file:
        content: Json = yaml.load(file, yaml.CSafeLoader)
    return content


@pytest.fixture(scope="session")
def recordings(shared: Path) -> Json:
    content: Json = json.loads((shared / "recordings.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="session")
def paid(xero: XeroClient) -> Json:
    """Return a paid invoice, its payment and a note, all made for these tests."""
    contact = xero.contact(ContactNumber=unique("SHOP"), EmailAddress="a@b.example")
    invoice = xero.invoice(Contact={"ContactID": contact["ContactID"]}, Reference="recording")
    payment = xero.pay(invoice, 100).json()["Payments"][0]
    credit = {**xero.invoice_body(), "Type": "ACCRECCREDIT", "CreditNoteNumber": unique("CR")}
    credit["Contact"] = {"ContactID": contact["ContactID"]}
    del credit["InvoiceNumber"]
    created = xero.put("CreditNotes", {"CreditNotes": [credit]}).json()["CreditNotes"][0]
    owed = xero.invoice(Contact={"ContactID": contact["ContactID"]})
    allocation = {"Invoice": {"InvoiceID": owed["InvoiceID"]}, "Amount": 40, "Date": "2026-11-21"}
    path = f"CreditNotes/{created['CreditNoteID']}/Allocations"
    xero.put(path, {"Allocations": [allocation]}).raise_for_status()
    for kind in ("RECEIVE", "RECEIVE-PREPAYMENT"):
        received = {
            "Type": kind,
            "Contact": {"ContactID": contact["ContactID"]},
            "BankAccount": {"Code": "090"},
            "LineItems": xero.invoice_body()["LineItems"],
        }
        xero.put("BankTransactions", {"BankTransactions": [received]}).raise_for_status()
    bought = {**xero.invoice_body(), "PurchaseOrderNumber": unique("PO")}
    order = {key: bought[key] for key in bought if key not in {"Type", "InvoiceNumber", "DueDate"}}
    ordered = xero.put("PurchaseOrders", {"PurchaseOrders": [order]}).json()["PurchaseOrders"][0]
    moves = (
        (
            "ManualJournals",
            {
                "Narration": "deferral",
                "Status": "POSTED",
                "JournalLines": [
                    {"LineAmount": 5, "AccountCode": "840"},
                    {"LineAmount": -5, "AccountCode": "200"},
                ],
            },
        ),
        (
            "BankTransfers",
            {"FromBankAccount": {"Code": "091"}, "ToBankAccount": {"Code": "090"}, "Amount": 5},
        ),
        (
            "ContactGroups",
            {"Name": unique("Group")},
        ),
        (
            "BatchPayments",
            {
                "Account": {"Code": "090"},
                "Reference": "batch",
                "Payments": [{"Invoice": {"InvoiceID": owed["InvoiceID"]}, "Amount": 5}],
            },
        ),
    )
    moved = {}
    for resource, body in moves:
        written = xero.put(resource, {resource: [body]})
        written.raise_for_status()
        moved |= written.json()[resource][0]
    members = {"Contacts": [{"ContactID": contact["ContactID"]}]}
    xero.put(f"ContactGroups/{moved['ContactGroupID']}/Contacts", members).raise_for_status()
    file = f"Invoices/{invoice['InvoiceID']}/Attachments/proof.pdf"
    xero.send("PUT", file, data=b"%PDF", headers={"Content-Type": "application/pdf"})
    note = {"HistoryRecords": [{"Details": "note"}]}
    xero.put(f"Invoices/{invoice['InvoiceID']}/History", note)
    return {
        "contact": contact,
        "invoice": invoice,
        "payment": payment,
        "credit": created,
        "order": ordered,
        "moved": moved,
    }


def violations(specification: Json, schema: str, content: object) -> list[str]:
    rules = {**specification, "$ref": f"#/components/schemas/{schema}"}
    return [f"{error.json_path}: {error.message}" for error in errors(rules, content)]


def errors(rules: Json, content: object) -> Iterator[ValidationError]:
    return Draft4Validator(rules).iter_errors(content)


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("Organisation", "Organisations"),
        ("Organisation/Actions", "Actions"),
        ("Reports/TrialBalance?date=2026-11-30", "ReportWithRows"),
        ("Reports/BankSummary", "ReportWithRows"),
        ("Accounts", "Accounts"),
        ("TaxRates", "TaxRates"),
        ("Currencies", "Currencies"),
        ("Items?unitdp=4", "Items"),
        ("Contacts?page=1", "Contacts"),
        ("Contacts/WEB-GUEST", "Contacts"),
        ("Contacts/WEB-GUEST/History", "HistoryRecords"),
        ("Invoices?page=1", "Invoices"),
        ("Invoices?summaryOnly=true", "Invoices"),
        ("Invoices/{InvoiceID}", "Invoices"),
        ("Invoices/{InvoiceID}/History", "HistoryRecords"),
        ("Invoices/{InvoiceID}/Attachments", "Attachments"),
        ("ContactGroups", "ContactGroups"),
        ("ContactGroups/{ContactGroupID}", "ContactGroups"),
        ("Payments?page=1", "Payments"),
        ("CreditNotes?page=1", "CreditNotes"),
        ("PurchaseOrders", "PurchaseOrders"),
        ("BankTransactions?page=1", "BankTransactions"),
        ("Overpayments?page=1", "Overpayments"),
        ("Prepayments?page=1", "Prepayments"),
        ("CreditNotes/{CreditNoteID}", "CreditNotes"),
        ("ManualJournals?page=1", "ManualJournals"),
        ("ManualJournals/{ManualJournalID}", "ManualJournals"),
        ("ManualJournals/{ManualJournalID}/History", "HistoryRecords"),
        ("BankTransfers", "BankTransfers"),
        ("BankTransfers/{BankTransferID}", "BankTransfers"),
        ("BankTransfers/{BankTransferID}/History", "HistoryRecords"),
        ("BatchPayments", "BatchPayments"),
        ("BatchPayments/{BatchPaymentID}", "BatchPayments"),
        ("BatchPayments/{BatchPaymentID}/History", "HistoryRecords"),
        ("TrackingCategories?includeArchived=true", "TrackingCategories"),
        ("Payments/{PaymentID}", "Payments"),
    ],
)
def test_answers_keep_to_the_specification(
    specification: Json, xero: XeroClient, paid: Json, path: str, schema: str
) -> None:
    named = paid["moved"] | paid["credit"] | paid["invoice"] | paid["payment"]
    answer = xero.get(path.format(**named))
    assert answer.status_code == 200
    assert violations(specification, schema, answer.json()) == []


def test_the_other_organisation_keeps_to_the_specification_too(
    specification: Json, lotus: XeroClient
) -> None:
    answer = lotus.get("Organisation").json()
    assert violations(specification, "Organisations", answer) == []


@pytest.mark.parametrize(
    "resource",
    [
        *("Contacts", "Invoices", "Payments", "Items"),
        *("ManualJournals", "BankTransfers", "BatchPayments", "ContactGroups"),
    ],
)
def test_refusals_keep_to_the_specification(
    specification: Json, xero: XeroClient, resource: str
) -> None:
    refused = {
        "Contacts": {"Name": "Web Guest"},
        "Invoices": {"Type": "ACCREC", "Status": "PAID"},
        "Payments": {"Amount": 1},
        "Items": {"Code": "LAMP-01"},
        "ManualJournals": {"Narration": "", "JournalLines": [{"LineAmount": 1}]},
        "BankTransfers": {"Amount": 1},
        "ContactGroups": {"Status": "ACTIVE"},
        "BatchPayments": {"Payments": [{"Amount": 1}]},
    }
    answer = xero.put(resource, {resource: [refused[resource]]})
    assert answer.status_code == 400
    assert violations(specification, "Error", answer.json()) == []


def test_the_specification_would_catch_a_wrong_answer(specification: Json) -> None:
    wrong = {"Invoices": [{"InvoiceID": 1, "Status": "OPEN", "Total": "1.00"}]}
    assert len(violations(specification, "Invoices", wrong)) == 3


@pytest.mark.parametrize(
    ("recording", "path", "plural"),
    [
        ("GET Contacts", "Contacts?page=1&pageSize=2", "Contacts"),
        ("GET Invoices", "Invoices?page=1&pageSize=2", "Invoices"),
        ("GET Accounts", 'Accounts?where=Code=="091"', "Accounts"),
        ("GET Organisation", "Organisation", "Organisations"),
        ("GET TaxRates", "TaxRates", "TaxRates"),
        ("GET CreditNotes", "CreditNotes?page=1&pageSize=2", "CreditNotes"),
        ("GET PurchaseOrders", "PurchaseOrders/{PurchaseOrderNumber}", "PurchaseOrders"),
        ("GET Items", 'Items?where=Code=="LAMP-01"', "Items"),
    ],
)
def test_lists_have_every_member_of_their_recording(
    recordings: Json, xero: XeroClient, paid: Json, recording: str, path: str, plural: str
) -> None:
    recorded, answered = recordings[recording], xero.get(path.format(**paid["order"])).json()
    missing = set(recorded[plural][0]) - set(answered[plural][-1]) - UNSERVED[plural]
    assert set(recorded) == set(answered)
    assert missing <= {"Reference"}


def test_writes_have_the_members_of_their_recordings(recordings: Json, paid: Json) -> None:
    contact = recordings["PUT Contacts"]["Contacts"][0]
    invoice = recordings["PUT Invoices"]["Invoices"][0]
    assert set(contact) <= set(paid["contact"])
    assert set(invoice) - {"BrandingThemeID"} == set(paid["invoice"])
    assert set(invoice["LineItems"][0]) == set(paid["invoice"]["LineItems"][0])
    assert set(invoice["Contact"]) <= set(paid["invoice"]["Contact"])


def test_a_refused_contact_has_the_members_of_its_recording(
    recordings: Json, xero: XeroClient
) -> None:
    phones = [{"PhoneType": "DEFAULT", "PhoneNumber": "1"}]
    body = {"Contacts": [{"Name": "Web Guest", "IsCustomer": True, "Phones": phones}]}
    answer = xero.put("Contacts", body).json()
    recorded = recordings["PUT Contacts 400"]
    assert set(answer) == set(recorded)
    assert set(answer["Elements"][0]) == set(recorded["Elements"][0])
    assert answer["Elements"][0]["Phones"] == recorded["Elements"][0]["Phones"]


def test_a_refused_status_has_the_members_of_its_recording(
    recordings: Json, xero: XeroClient
) -> None:
    invoice = xero.invoice()
    body = {
        "InvoiceID": invoice["InvoiceID"],
        "Type": "ACCREC",
        "Contact": {"ContactID": invoice["Contact"]["ContactID"]},
        "Date": "2026-11-20",
        "DueDate": "2026-11-20",
        "LineAmountTypes": "Exclusive",
        "CurrencyCode": "USD",
        "Status": "DELETED",
        "SubTotal": 100,
        "TotalTax": 0,
        "Total": 100,
    }
    answer = xero.post("Invoices", body, summarizeErrors="false").json()["Invoices"][0]
    recorded = recordings["POST Invoices"]["Invoices"][0]
    assert set(answer) == set(recorded)
    assert answer["ValidationErrors"] == recorded["ValidationErrors"]


def test_absent_members_are_omitted_never_null(xero: XeroClient, paid: Json) -> None:
    del paid
    assert "null" not in xero.get("Invoices?page=1").text
    assert "null" not in xero.get("Contacts?page=1").text
