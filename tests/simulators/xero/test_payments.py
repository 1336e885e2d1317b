"""Payments: domain/xero README 1.1, 1.3, 2.5, 2.8; createPayments, deletePayment in the spec."""

import pytest

from simulators.xero.client import Json, XeroClient, line, messages

OUTSTANDING = "Payment amount exceeds the amount outstanding on this document"
AUTHORISED = "Payments can only be made against Authorised documents"
PAYER = "Account type is invalid for making a payment to/from"


def read(xero: XeroClient, invoice: Json) -> Json:
    found: Json = xero.get(f"Invoices/{invoice['InvoiceID']}").json()["Invoices"][0]
    return found


def test_a_part_payment_lowers_what_is_due(xero: XeroClient) -> None:
    invoice = xero.invoice()
    payment = xero.pay(invoice, 30).json()["Payments"][0]
    after = read(xero, invoice)
    assert (payment["PaymentType"], payment["Status"]) == ("ACCRECPAYMENT", "AUTHORISED")
    assert (after["AmountPaid"], after["AmountDue"], after["Status"]) == (30.0, 70.0, "AUTHORISED")
    assert after["Payments"][0]["PaymentID"] == payment["PaymentID"]


def test_a_full_payment_makes_the_invoice_paid_on_its_date(xero: XeroClient) -> None:
    invoice = xero.invoice()
    xero.pay(invoice, 40, Date="2026-11-25")
    xero.pay(invoice, 60, Date="2026-11-23")
    after = read(xero, invoice)
    assert (after["Status"], after["AmountDue"]) == ("PAID", 0.0)
    assert after["FullyPaidOnDate"] == "/Date(1795564800000+0000)/"


def test_paying_more_than_is_outstanding_is_refused(xero: XeroClient) -> None:
    answer = xero.pay(xero.invoice(), 100.01)
    assert (answer.status_code, messages(answer)) == (400, [OUTSTANDING])


def test_paying_a_paid_invoice_is_refused_twice_over(xero: XeroClient) -> None:
    invoice = xero.invoice()
    xero.pay(invoice, 100)
    assert messages(xero.pay(invoice, 100)) == [AUTHORISED, OUTSTANDING]


def test_a_draft_cannot_be_paid(xero: XeroClient) -> None:
    assert AUTHORISED in messages(xero.pay(xero.invoice(Status="DRAFT"), 1))


def test_money_goes_to_a_bank_or_an_account_that_takes_payments(xero: XeroClient) -> None:
    invoice = xero.invoice()
    sales = xero.pay(invoice, 10, Account={"Code": "200"})
    gift_cards = xero.pay(invoice, 10, Account={"Code": "840"})
    assert messages(sales) == [PAYER]
    assert gift_cards.status_code == 200


@pytest.mark.parametrize("amount", [0, -5])
def test_a_payment_is_positive(xero: XeroClient, amount: float) -> None:
    assert xero.pay(xero.invoice(), amount).status_code == 400


def test_two_payments_in_one_request_share_what_is_outstanding(xero: XeroClient) -> None:
    invoice = xero.invoice()
    body = {
        "Invoice": {"InvoiceID": invoice["InvoiceID"]},
        "Account": {"Code": "091"},
        "Amount": 60,
    }
    answer = xero.put("Payments", {"Payments": [body, body]}, summarizeErrors="false")
    statuses = [p["StatusAttributeString"] for p in answer.json()["Payments"]]
    assert (statuses, messages(answer)) == (["OK", "ERROR"], [OUTSTANDING])
    assert read(xero, invoice)["AmountDue"] == 40.0


def test_posting_a_bare_payment_to_the_collection_creates_it(xero: XeroClient) -> None:
    invoice = xero.invoice()
    body = {
        "Invoice": {"InvoiceNumber": invoice["InvoiceNumber"]},
        "Account": {"Code": "091"},
        "Date": "/Date(1795219200000)/",
        "Amount": "25.50",
    }
    payment = xero.post("Payments", body).json()["Payments"][0]
    assert (payment["Amount"], payment["Date"]) == (25.5, "/Date(1795219200000+0000)/")


def test_posting_to_a_payment_deletes_it_and_reopens_the_invoice(xero: XeroClient) -> None:
    invoice = xero.invoice()
    payment = xero.pay(invoice, 100).json()["Payments"][0]
    path = f"Payments/{payment['PaymentID']}"
    deleted = xero.post(path, {"Status": "DELETED"}).json()["Payments"][0]
    after = read(xero, invoice)
    again = xero.post(path, {"Payments": [{"Status": "DELETED"}]})
    assert deleted["Status"] == "DELETED"
    assert (after["Status"], after["AmountDue"], after["Payments"]) == ("AUTHORISED", 100.0, [])
    assert "FullyPaidOnDate" not in after
    assert again.status_code == 400


def test_a_payment_cannot_be_edited(xero: XeroClient) -> None:
    payment = xero.pay(xero.invoice(), 100).json()["Payments"][0]
    assert xero.post(f"Payments/{payment['PaymentID']}", {"Amount": 50}).status_code == 400


def test_a_reconciled_payment_cannot_be_deleted(xero: XeroClient) -> None:
    payment = xero.pay(xero.invoice(), 100, IsReconciled=True).json()["Payments"][0]
    answer = xero.post(f"Payments/{payment['PaymentID']}", {"Status": "DELETED"})
    assert answer.status_code == 400


def test_a_payment_takes_no_note(xero: XeroClient) -> None:
    payment = xero.pay(xero.invoice(), 100).json()["Payments"][0]
    path = f"Payments/{payment['PaymentID']}/History"
    assert xero.put(path, {"HistoryRecords": [{"Details": "x"}]}).status_code == 400


def test_payments_are_found_by_their_invoice(xero: XeroClient) -> None:
    invoice = xero.invoice()
    payment = xero.pay(invoice, 100).json()["Payments"][0]
    found = xero.get("Payments", where=f'Invoice.InvoiceID==guid("{invoice["InvoiceID"]}")')
    assert [p["PaymentID"] for p in found.json()["Payments"]] == [payment["PaymentID"]]


def test_a_payment_is_of_one_document(xero: XeroClient) -> None:
    invoice = xero.invoice()
    note = {"Type": "ACCRECCREDIT", "Status": "AUTHORISED", "LineItems": [line()]}
    note["Contact"] = {"ContactNumber": "WEB-GUEST"}
    made = xero.put("CreditNotes", {"CreditNotes": [note]}).json()["CreditNotes"][0]
    both = xero.pay(invoice, 1, CreditNote={"CreditNoteID": made["CreditNoteID"]})
    none = xero.put("Payments", {"Account": {"Code": "091"}, "Amount": 1})
    texts = [messages(both), messages(none)]
    assert texts == [
        ["Only one of Invoice, CreditNote, Prepayment or Overpayment can be paid"],
        ["One of Invoice, CreditNote, Prepayment or Overpayment must be specified"],
    ]
