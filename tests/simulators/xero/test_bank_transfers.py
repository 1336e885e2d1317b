"""Bank transfers and the two bank transactions that each makes (domain/xero README, 1.2, 2.8)."""

from typing import Any

import pytest
import requests

from simulators.xero.client import Json, XeroClient, messages


def put(xero: XeroClient, **values: Any) -> requests.Response:
    body = {
        "FromBankAccount": {"Code": "091"},
        "ToBankAccount": {"Code": "090"},
        "Amount": 250.5,
        "Date": "2026-11-20",
        "Reference": "payout 7",
        **values,
    }
    return xero.put("BankTransfers", {"BankTransfers": [body]})


def made(answer: requests.Response) -> Json:
    assert answer.status_code == 200, answer.text
    transfer: Json = answer.json()["BankTransfers"][0]
    return transfer


def sides(xero: XeroClient, transfer: Json) -> list[Json]:
    ids = (transfer["FromBankTransactionID"], transfer["ToBankTransactionID"])
    return [xero.get(f"BankTransactions/{one}").json()["BankTransactions"][0] for one in ids]


def test_a_transfer_makes_a_spent_and_a_received_transaction(xero: XeroClient) -> None:
    transfer = made(put(xero))
    spent, received = sides(xero, transfer)
    assert (spent["Type"], spent["BankAccount"]["Code"]) == ("SPEND-TRANSFER", "091")
    assert (received["Type"], received["BankAccount"]["Code"]) == ("RECEIVE-TRANSFER", "090")
    assert spent["Total"] == received["Total"] == transfer["Amount"] == 250.5
    read = made(xero.get(f"BankTransfers/{transfer['BankTransferID']}"))
    assert (read["Reference"], read["FromBankAccount"]["Code"]) == ("payout 7", "091")


def test_its_transactions_are_not_edited_by_themselves(xero: XeroClient) -> None:
    spent, _ = sides(xero, made(put(xero)))
    path = f"BankTransactions/{spent['BankTransactionID']}"
    assert xero.post(path, {"Reference": "other"}).status_code == 400


@pytest.mark.parametrize("by_url", [True, False])
def test_a_deleted_transfer_takes_its_transactions_along(xero: XeroClient, *, by_url: bool) -> None:
    transfer = made(put(xero))
    transfer_id = transfer["BankTransferID"]
    path = f"BankTransfers/{transfer_id}" if by_url else "BankTransfers"
    body = {"Status": "DELETED"} if by_url else {"BankTransferID": transfer_id, "Status": "DELETED"}
    assert made(xero.post(path, body))["Status"] == "DELETED"
    assert {side["Status"] for side in sides(xero, transfer)} == {"DELETED"}
    where = f'BankTransferID==Guid("{transfer_id}")'
    assert xero.get("BankTransfers", where=where).json()["BankTransfers"] == []
    assert made(xero.get("BankTransfers", where=where, includeDeleted="true"))
    assert xero.post(path, body).status_code == 400


def test_a_reconciled_transfer_stays(xero: XeroClient) -> None:
    transfer = made(put(xero, FromIsReconciled=True))
    refused = xero.post(f"BankTransfers/{transfer['BankTransferID']}", {"Status": "DELETED"})
    assert "reconciled" in messages(refused)[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"ToBankAccount": {"Code": "091"}}, "two different bank accounts"),
        ({"ToBankAccount": {"Code": "200"}}, "ToBankAccount is not a valid bank account"),
        ({"FromBankAccount": {}}, "FromBankAccount must be specified"),
        ({"Amount": 0}, "greater than 0"),
    ],
)
def test_what_is_no_transfer_is_refused(xero: XeroClient, values: Json, words: str) -> None:
    refused = put(xero, **values)
    assert refused.status_code == 400
    assert any(words in message for message in messages(refused))


def test_a_transfer_keeps_a_history(xero: XeroClient) -> None:
    transfer = made(put(xero))
    path = f"BankTransfers/{transfer['BankTransferID']}/History"
    xero.put(path, {"HistoryRecords": [{"Details": "note"}]}).raise_for_status()
    assert [r["Changes"] for r in xero.get(path).json()["HistoryRecords"]] == ["Note", "Created"]
