"""Batch payments: one payment per invoice, deleted together (domain/xero README, 1.3 and 2.8)."""

from typing import Any

import requests

from simulators.xero.client import Json, XeroClient, messages


def put(xero: XeroClient, *parts: Json, **values: Any) -> requests.Response:
    body = {"Account": {"Code": "090"}, "Date": "2026-11-21", "Payments": list(parts), **values}
    return xero.put("BatchPayments", {"BatchPayments": [body]})


def part(invoice: Json, amount: float, **values: Any) -> Json:
    return {"Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Amount": amount, **values}


def made(answer: requests.Response) -> Json:
    assert answer.status_code == 200, answer.text
    created: Json = answer.json()["BatchPayments"][0]
    return created


def due(xero: XeroClient, invoice: Json) -> float:
    read = xero.get(f"Invoices/{invoice['InvoiceID']}").json()["Invoices"][0]
    return float(read["AmountDue"])


def test_a_batch_pays_each_of_its_invoices(xero: XeroClient) -> None:
    first, second = xero.invoice(), xero.invoice()
    created = made(put(xero, part(first, 100), part(second, 30, Reference="rest later")))
    assert (created["Type"], created["TotalAmount"]) == ("RECBATCH", 130)
    assert (due(xero, first), due(xero, second)) == (0, 70)
    read = made(xero.get(f"BatchPayments/{created['BatchPaymentID']}"))
    assert [payment["Amount"] for payment in read["Payments"]] == [100, 30]
    one = xero.get(f"Payments/{read['Payments'][1]['PaymentID']}").json()["Payments"][0]
    assert (one["BatchPaymentID"], one["Reference"]) == (read["BatchPaymentID"], "rest later")


def test_a_payment_of_a_batch_is_not_deleted_alone_but_with_it(xero: XeroClient) -> None:
    invoice = xero.invoice()
    created = made(put(xero, part(invoice, 100)))
    payment_path = f"Payments/{created['Payments'][0]['PaymentID']}"
    refused = xero.post(payment_path, {"Status": "DELETED"})
    assert "batch" in messages(refused)[0]
    body = {"BatchPaymentID": created["BatchPaymentID"], "Status": "DELETED"}
    gone = made(xero.post("BatchPayments", body))
    assert (gone["Status"], gone["Payments"]) == ("DELETED", [])
    assert due(xero, invoice) == 100
    assert xero.get(payment_path).json()["Payments"][0]["Status"] == "DELETED"
    again = xero.post(f"BatchPayments/{created['BatchPaymentID']}", {"Status": "DELETED"})
    assert again.status_code == 400


def test_one_payment_that_is_refused_leaves_the_others_unmade(xero: XeroClient) -> None:
    first, second = xero.invoice(), xero.invoice()
    refused = put(xero, part(first, 100), part(second, 101))
    text = "Payment amount exceeds the amount outstanding on this document"
    assert (refused.status_code, messages(refused)) == (400, [text])
    assert (due(xero, first), due(xero, second)) == (100, 100)


def test_sales_and_bills_do_not_share_a_batch(xero: XeroClient) -> None:
    bill = xero.invoice(Type="ACCPAY")
    assert made(put(xero, part(bill, 10)))["Type"] == "PAYBATCH"
    assert put(xero, part(xero.invoice(), 10), part(bill, 10)).status_code == 400


def test_a_batch_with_a_reconciled_payment_stays(xero: XeroClient) -> None:
    created = made(put(xero, part(xero.invoice(), 10, IsReconciled=True)))
    refused = xero.post(f"BatchPayments/{created['BatchPaymentID']}", {"Status": "DELETED"})
    assert "reconciled" in messages(refused)[0]


def test_texts_of_a_batch_have_their_lengths(xero: XeroClient) -> None:
    refused = put(xero, part(xero.invoice(), 10), Narrative="n" * 19, Code="c" * 13)
    assert len(messages(refused)) == 2
