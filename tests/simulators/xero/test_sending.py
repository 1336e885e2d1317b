"""What leaves the organisation: documents as PDF, invoices by mail and by link (README 1.3)."""

import pytest

from simulators.xero.client import Json, XeroClient, line, messages


def document(xero: XeroClient, resource: str) -> str:
    """Return the path of a new document."""
    body = {
        "Contact": {"ContactNumber": "WEB-GUEST"},
        "LineItems": [line(Description="Lamp (brass)")],
        **({} if resource == "PurchaseOrders" else {"Type": "ACCRECCREDIT"}),
    }
    if resource == "Invoices":
        body = xero.invoice_body(LineItems=body["LineItems"])
    made = xero.put(resource, {resource: [body]}).json()[resource][0]
    return f"{resource}/{made[f'{resource[:-1]}ID']}"


@pytest.mark.parametrize("resource", ["Invoices", "CreditNotes", "PurchaseOrders"])
def test_a_document_is_a_pdf_whatever_is_accepted(xero: XeroClient, resource: str) -> None:
    path = document(xero, resource)
    asked = ((path, "application/pdf"), (f"{path}/pdf", "application/pdf"), (f"{path}/pdf", "*/*"))
    answers = [xero.send("GET", way, headers={"Accept": kind}) for way, kind in asked]
    for answer in answers:
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")
        assert answer.content.endswith(b"%%EOF\n")
        assert rb"Lamp \(brass\)" in answer.content


def sent(xero: XeroClient, **values: str) -> Json:
    contact = xero.contact(EmailAddress="buyer@shop.example")
    return xero.invoice(Contact={"ContactID": contact["ContactID"]}, **values)


def test_a_mailed_invoice_counts_as_sent_and_says_so(xero: XeroClient) -> None:
    path = f"Invoices/{sent(xero)['InvoiceID']}"
    mailed = xero.post(f"{path}/Email", {})
    read = xero.get(path).json()["Invoices"][0]
    history = xero.get(f"{path}/History").json()["HistoryRecords"]
    assert (mailed.status_code, mailed.content, read["SentToContact"]) == (204, b"", True)
    assert history[0]["Details"] == "by email to buyer@shop.example"


def test_an_invoice_has_a_link_that_stays(xero: XeroClient) -> None:
    path = f"Invoices/{sent(xero)['InvoiceID']}/OnlineInvoice"
    first, second = (xero.get(path).json()["OnlineInvoices"] for _twice in range(2))
    assert first == second
    assert first[0]["OnlineInvoiceUrl"].startswith("https://in.xero.com/")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"Status": "DRAFT"}, "Invoice not of valid status for sending"),
        ({"Type": "ACCPAY"}, "Only sales invoices can be sent"),
    ],
)
def test_what_is_not_sent_has_neither_mail_nor_link(
    xero: XeroClient, values: Json, text: str
) -> None:
    path = f"Invoices/{sent(xero, **values)['InvoiceID']}"
    mailed, linked = xero.post(f"{path}/Email", {}), xero.get(f"{path}/OnlineInvoice")
    assert [messages(answer) for answer in (mailed, linked)] == [[text], [text]]


def test_a_contact_without_an_address_gets_no_mail(xero: XeroClient) -> None:
    contact = {"ContactID": xero.contact()["ContactID"]}
    path = f"Invoices/{xero.invoice(Contact=contact)['InvoiceID']}/Email"
    assert messages(xero.post(path, {})) == ["The contact has no email address"]
