"""Bank details never come out of the connector: a fingerprint does."""

import json
from typing import Any

import pytest

from tieout.connectors.http import Answer, Request
from tieout.connectors.xero.bank_details import fingerprint, without_bank_details

DETAILS = "021000021 12345678"


def answer(body: bytes, content_type: str = "application/json; charset=utf-8") -> Answer:
    request = Request("GET", "https://api.xero.com/Contacts", is_write=False)
    headers = {"Content-Type": content_type}
    return Answer("xero", request, status=200, headers=headers, body=body)


def told(**members: Any) -> dict[str, Any]:
    body = json.dumps({"Contacts": [{"ContactID": "1", **members}]}).encode()
    said: Any = without_bank_details(answer(body)).json()
    return dict(said["Contacts"][0])


def test_the_fingerprint_stands_in_their_place_wherever_they_are() -> None:
    said = told(
        BankAccountDetails=DETAILS,
        BatchPayments={"BankAccountNumber": DETAILS, "Details": "thanks"},
        Name="Payee",
    )
    assert said["BankAccountDetails"] == fingerprint(DETAILS)
    assert said["BatchPayments"] == {"BankAccountNumber": fingerprint(DETAILS), "Details": "thanks"}
    assert said["Name"] == "Payee"
    assert fingerprint(DETAILS).endswith(" ending in 678")


def test_how_they_are_written_makes_no_difference_and_another_digit_does() -> None:
    assert fingerprint(DETAILS) == fingerprint("021-000-021/1234 5678")
    assert fingerprint(DETAILS) != fingerprint("021000021 12345679")
    assert fingerprint("12-34") != ""
    assert "34" not in fingerprint("12-34").partition(" ")[2]
    assert [fingerprint(nothing) for nothing in ("", " ", "-")] == ["", "", ""]


def test_none_stays_none() -> None:
    assert told(BankAccountDetails="") == {"ContactID": "1", "BankAccountDetails": ""}
    assert told() == {"ContactID": "1"}


@pytest.mark.parametrize(
    "text", [r'"021\u0030 \"old\" 12345678"', r'"021 \q 12345678"', '"021\\\\12345678"']
)
def test_escapes_and_what_is_no_json_hide_nothing(text: str) -> None:
    body = b'{"Contacts": [{"BankAccountDetails" : ' + text.encode() + b', "Broken": NaN}]}'
    masked = without_bank_details(answer(body)).body
    assert b"12345678" not in masked
    assert masked.endswith(b', "Broken": NaN}]}')


def test_a_file_is_left_as_it_is() -> None:
    body = b'%PDF "BankAccountNumber": "12345678"'
    assert without_bank_details(answer(body, "application/pdf")).body == body
