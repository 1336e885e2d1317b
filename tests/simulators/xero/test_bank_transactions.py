"""Money without an invoice, overpayments and prepayments (domain/xero README, 1.3 and 2.8)."""

from typing import Any

import pytest

from simulators.xero.client import Json, XeroClient, line, messages


def transaction(xero: XeroClient, contact: Json, kind: str, **values: Any) -> Any:
    body = {
        "Type": kind,
        "Contact": {"ContactID": contact["ContactID"]},
        "BankAccount": {"Code": "090"},
        "Date": "2026-11-20",
        "LineItems": [line(UnitAmount=50)],
        **values,
    }
    return xero.put("BankTransactions", {"BankTransactions": [body]})


def made(answer: Any) -> Json:
    assert answer.status_code == 200, answer.text
    created: Json = answer.json()["BankTransactions"][0]
    return created


def test_money_received_is_listed_with_its_bank_account(xero: XeroClient) -> None:
    received = made(transaction(xero, xero.contact(), "RECEIVE", Reference="payout 12"))
    assert (received["Total"], received["BankAccount"]["Code"]) == (50, "090")
    assert received["Status"] == "AUTHORISED"
    where = f'BankTransactionID==Guid("{received["BankTransactionID"]}")'
    listed = xero.get("BankTransactions", where=where, page=1).json()
    assert listed["BankTransactions"][0]["Reference"] == "payout 12"


def test_an_overpayment_is_set_against_a_later_invoice(xero: XeroClient) -> None:
    contact = xero.contact()
    over = made(
        transaction(
            xero, contact, "RECEIVE-OVERPAYMENT", LineItems=[line(UnitAmount=50, AccountCode="610")]
        )
    )["OverpaymentID"]
    invoice = xero.invoice(Contact={"ContactID": contact["ContactID"]})
    body = {"Allocations": [{"Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Amount": 50}]}
    xero.put(f"Overpayments/{over}/Allocations", body).raise_for_status()
    read = xero.get(f"Overpayments/{over}").json()["Overpayments"][0]
    assert (read["RemainingCredit"], read["Status"]) == (0, "PAID")
    due = xero.get(f"Invoices/{invoice['InvoiceID']}").json()["Invoices"][0]
    assert (due["AmountDue"], due["AmountCredited"]) == (50, 50)
    assert due["Overpayments"][0]["OverpaymentID"] == over


def test_a_prepayment_is_paid_back_by_a_payment(xero: XeroClient) -> None:
    pre = made(transaction(xero, xero.contact(), "RECEIVE-PREPAYMENT"))["PrepaymentID"]
    body = {
        "Prepayment": {"PrepaymentID": pre},
        "Account": {"Code": "091"},
        "Date": "2026-11-22",
        "Amount": 20,
    }
    paid = xero.put("Payments", {"Payments": [body]}).json()["Payments"][0]
    assert paid["PaymentType"] == "ARPREPAYMENTPAYMENT"
    assert xero.get(f"Prepayments/{pre}").json()["Prepayments"][0]["RemainingCredit"] == 30


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("RECEIVE-TRANSFER", {}, "BankTransfers"),
        ("RECEIVE", {"BankAccount": {"Code": "200"}}, "Invalid Bank Account"),
        ("RECEIVE", {"LineItems": []}, "One or more line items"),
        ("RECEIVE-OVERPAYMENT", {"LineItems": [line(), line()]}, "one line item"),
        ("RECEIVE-OVERPAYMENT", {"LineAmountTypes": "Exclusive"}, "NoTax"),
    ],
)
def test_what_is_no_bank_transaction_is_refused(
    xero: XeroClient, kind: str, values: Json, words: str
) -> None:
    refused = transaction(xero, xero.contact(), kind, **values)
    assert refused.status_code == 400
    assert any(words in message for message in messages(refused))


def test_an_overpayment_cannot_be_edited_and_is_voided_only_when_unused(xero: XeroClient) -> None:
    contact = xero.contact()
    lines = [line(UnitAmount=50, AccountCode="610")]
    over = made(transaction(xero, contact, "RECEIVE-OVERPAYMENT", LineItems=lines))
    path = f"BankTransactions/{over['BankTransactionID']}"
    assert xero.post(path, {"Reference": "other"}).status_code == 400
    gone = xero.post(path, {"Status": "DELETED"}).json()["BankTransactions"][0]
    assert gone["Status"] == "DELETED"
    read = xero.get(f"Overpayments/{over['OverpaymentID']}").json()["Overpayments"][0]
    assert (read["Status"], read["RemainingCredit"]) == ("VOIDED", 0)


def test_an_overpayment_takes_no_note(xero: XeroClient) -> None:
    lines = [line(UnitAmount=50, AccountCode="610")]
    over = made(transaction(xero, xero.contact(), "RECEIVE-OVERPAYMENT", LineItems=lines))
    note = {"HistoryRecords": [{"Details": "note"}]}
    refused = xero.put(f"Overpayments/{over['OverpaymentID']}/History", note)
    assert refused.status_code == 400
    assert "Overpayments" in refused.text
