"""Files attached to documents and contacts (specification's Attachments; rules partly ours)."""

import pytest
import requests

from simulators.xero.client import XeroClient, line, messages, unique

PDF = bytes(range(256)) * 40


def upload(
    xero: XeroClient, path: str, content: bytes = PDF, kind: str = "application/pdf"
) -> requests.Response:
    return xero.send("PUT", path, data=content, headers={"Content-Type": kind})


def subject(xero: XeroClient, resource: str) -> str:
    """Return the path of a new record of a resource."""
    contact_id = xero.contact()["ContactID"]
    document = {"Contact": {"ContactID": contact_id}, "LineItems": [line()], "Date": "2026-11-20"}
    bodies = {
        "Invoices": {**document, "Type": "ACCREC"},
        "CreditNotes": {**document, "Type": "ACCRECCREDIT"},
        "PurchaseOrders": document,
        "BankTransactions": {**document, "Type": "RECEIVE", "BankAccount": {"Code": "090"}},
        "Accounts": {"Code": unique("8"), "Name": unique("Account"), "Type": "EXPENSE"},
        "BankTransfers": {
            "FromBankAccount": {"Code": "091"},
            "ToBankAccount": {"Code": "090"},
            "Amount": 5,
        },
        "ManualJournals": {"Narration": "filed", "JournalLines": []},
    }
    if resource == "Contacts":
        return f"Contacts/{contact_id}"
    made = xero.put(resource, {resource: [bodies[resource]]}).json()[resource][0]
    return f"{resource}/{made[f'{resource[:-1]}ID']}"


@pytest.mark.parametrize(
    "resource",
    [
        *("Invoices", "Contacts", "CreditNotes", "PurchaseOrders", "BankTransactions"),
        *("Accounts", "BankTransfers", "ManualJournals"),
    ],
)
def test_a_file_comes_back_byte_for_byte(xero: XeroClient, resource: str) -> None:
    path = subject(xero, resource)
    made = upload(xero, f"{path}/Attachments/Proof of delivery.pdf").json()["Attachments"][0]
    assert (made["MimeType"], made["ContentLength"]) == ("application/pdf", len(PDF))
    assert xero.get(f"{path}/Attachments").json()["Attachments"] == [made]
    for key in ("proof of delivery.pdf", made["AttachmentID"]):
        accept = {"Accept": "application/octet-stream"}
        read = xero.send("GET", f"{path}/Attachments/{key}", headers=accept)
        assert (read.content, read.headers["content-type"]) == (PDF, "application/pdf")
    if resource != "PurchaseOrders":  # the recording of an order has no HasAttachments
        assert xero.get(path).json()[resource][0]["HasAttachments"] is True


def test_a_name_that_is_there_is_overwritten(xero: XeroClient) -> None:
    path = f"{subject(xero, 'Invoices')}/Attachments"
    first = upload(xero, f"{path}/a.txt", b"one", "text/plain").json()["Attachments"][0]
    upload(xero, f"{path}/A.TXT", b"other", "text/plain").raise_for_status()
    listed = xero.get(path).json()["Attachments"]
    assert [file["AttachmentID"] for file in listed] == [first["AttachmentID"]]
    assert xero.get(f"{path}/a.txt").content == b"other"


@pytest.mark.parametrize(("name", "content"), [("a%3Cb.pdf", PDF), ("a.pdf", b"")])
def test_bad_names_and_empty_files_are_refused(xero: XeroClient, name: str, content: bytes) -> None:
    refused = upload(xero, f"{subject(xero, 'Contacts')}/Attachments/{name}", content)
    assert refused.status_code == 400
    assert messages(refused)


def test_the_eleventh_file_and_one_over_the_size_of_a_body_are_refused(xero: XeroClient) -> None:
    path = f"{subject(xero, 'Invoices')}/Attachments"
    answers = [upload(xero, f"{path}/{number}.pdf").status_code for number in range(11)]
    assert answers == [200] * 10 + [400]
    assert upload(xero, f"{path}/1.pdf", b" " * 10_000_001).status_code == 413


def test_files_have_a_scope_and_records_of_their_own(base: str, xero: XeroClient) -> None:
    path = f"{subject(xero, 'Invoices')}/Attachments"
    other = XeroClient(base, scope="accounting.invoices")
    assert other.get(path).status_code == 403
    reader = XeroClient(base, scope="accounting.attachments.read")
    assert (reader.get(path).status_code, upload(reader, f"{path}/a.pdf").status_code) == (200, 403)
    assert xero.get(f"{path}/none.pdf").status_code == 404
    missing = "Invoices/00000000-0000-0000-0000-000000000009/Attachments"
    assert upload(xero, f"{missing}/a.pdf").status_code == 404
