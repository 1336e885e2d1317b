"""The judge of answers would catch a wrong one: at any depth, of any kind, in any status."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import requests
import yaml

from simulators.xero import deviations
from simulators.xero.client import Json
from simulators.xero.judge import Judge

ID: Final = "4f0e6a52-9d1b-4c63-8b7e-1a2c5d8e9f01"
JSON: Final = {"content-type": "application/json; charset=utf-8"}
INVOICE: Final = f"Invoices/{ID}"


def answered(
    method: str,
    path: str,
    content: Json | bytes,
    *,
    status: int = 200,
    headers: Mapping[str, str] = JSON,
) -> requests.Response:
    """Return an answer that was never given."""
    answer = requests.Response()
    url = f"http://127.0.0.1/api.xro/2.0/{path}"
    answer.request = requests.Request(method, url).prepare()
    answer.status_code = status
    answer.headers.update(headers)
    answer._content = content if isinstance(content, bytes) else json.dumps(content).encode()  # noqa: SLF001 - requests has no other way to make one
    return answer


def payment() -> Json:
    """Return a good payment that runs through every cycle: its invoice has it again, and a note."""
    allocation = {"Amount": 1.5, "Date": "/Date(1782691200000+0000)/", "Invoice": invoice()}
    note = {"CreditNoteID": ID, "Status": "PAID", "Allocations": [allocation]}
    paid = {**invoice(), "Payments": [{"PaymentID": ID, "Amount": 2.5}], "CreditNotes": [note]}
    return {
        "Id": ID,
        "Status": "OK",
        "ProviderName": "x",
        "DateTimeUTC": "/Date(1789269376195)/",
        "Payments": [{"PaymentID": ID, "Status": "AUTHORISED", "Amount": 2.5, "Invoice": paid}],
    }


def invoice() -> Json:
    contact = {"ContactID": ID, "Name": "Buyer", "Addresses": [{"AddressType": "STREET"}]}
    return {
        "InvoiceID": ID,
        "InvoiceNumber": "HP-1",
        "Status": "PAID",
        "Contact": contact,
        "LineItems": [{"UnitAmount": 1.5, "Tracking": [{"Name": "Region"}]}],
    }


def broken(content: Json, path: str, value: object) -> Json:
    """Return the content with another value at a path such as ``Payments.0.Amount``."""
    *way, last = path.split(".")
    at: Any = content
    for step in way:
        at = at[int(step)] if step.isdigit() else at[step]
    at[last] = value
    return content


def test_a_good_answer_passes(judge: Judge) -> None:
    assert judge.problems(answered("GET", f"Payments/{ID}", payment())) == []


OF_NOTE: Final = "Payments.0.Invoice.CreditNotes.0"
OF_ALLOCATED: Final = f"{OF_NOTE}.Allocations.0.Invoice"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("Status", "ERROR", "is not one of ['OK']"),
        ("Id", "12", "is not a 'uuid'"),
        ("DateTimeUTC", "2026-11-20T08:00:00", "is not a /Date()/"),
        ("Colour", "red", "Additional properties"),
        ("Payments.0.Amount", "2.50", "is not of type 'number'"),
        ("Payments.0.Amount", None, "is not of type 'number'"),
        ("Payments.0.Status", "OPEN", "is not one of"),
        ("Payments.0.Date", "2026-11-20", "is not a /Date()/"),
        ("Payments.0.PaymentID", "HP-1", "is not a 'uuid'"),
        ("Payments.0.Invoice.InvoiceNumber", "n" * 256, "is too long"),
        ("Payments.0.Invoice.Contact.Addresses.0.AddressType", "HOME", "is not one of"),
        ("Payments.0.Invoice.Contact.ContactNumber", "n" * 51, "is too long"),
        ("Payments.0.Invoice.LineItems.0.Tracking.0.Name", "n" * 101, "is too long"),
        ("Payments.0.Invoice.Payments.0.Amount", True, "is not of type 'number'"),
        (f"{OF_NOTE}.Status", "AUTHORIZED", "is not one of"),
        (f"{OF_NOTE}.Allocations.0.Invoice", None, "is not of type 'object'"),
        (f"{OF_NOTE}.Allocations", [{"Amount": 1}], "'Invoice' is a required property"),
        (f"{OF_ALLOCATED}.Contact.Phones", [{"PhoneType": "X"}], "is not one of"),
        (f"{OF_ALLOCATED}.LineItems.0.UnitAmount", "1.50", "is not of type 'number'"),
        (f"{OF_ALLOCATED}.Flavour", "sweet", "Additional properties"),
    ],
)
def test_a_broken_member_is_found_at_any_depth(
    judge: Judge, path: str, value: object, said: str
) -> None:
    problems = judge.problems(answered("GET", f"Payments/{ID}", broken(payment(), path, value)))
    assert len([problem for problem in problems if said in problem]) == 1


REFUSAL: Final[Json] = {"ErrorNumber": 10, "Type": "ValidationException", "Message": "no"}
ECHO: Final[Json] = {"InvoiceID": ID, "ValidationErrors": [{"Message": "no"}]}


@pytest.mark.parametrize(
    "body",
    [
        {**REFUSAL, "Elements": [ECHO]},
        REFUSAL,
        {**REFUSAL, "Elements": [{**ECHO, "InvoiceNumber": "n" * 256}]},
    ],
)
def test_a_good_refusal_passes(judge: Judge, body: Json) -> None:
    assert judge.problems(answered("PUT", "Invoices", body, status=400)) == []


@pytest.mark.parametrize(
    "body",
    [
        {"Message": "no"},
        {**REFUSAL, "ErrorNumber": "10"},
        {**REFUSAL, "Elements": [{"InvoiceID": ID}]},
        {**REFUSAL, "Elements": [{**ECHO, "ValidationErrors": ["no"]}]},
        {**REFUSAL, "Elements": [{**ECHO, "Status": "OPEN"}]},
        {**REFUSAL, "Elements": [{**ECHO, "PaymentID": ID}]},
        {**REFUSAL, "Elements": [{**ECHO, "LineItems": [{"Quantity": "1"}]}]},
    ],
)
def test_a_broken_refusal_is_found(judge: Judge, body: Json) -> None:
    assert judge.problems(answered("PUT", "Invoices", body, status=400)) != []


def test_an_element_refused_among_good_ones_must_say_why(judge: Judge) -> None:
    refused = {"InvoiceID": ID, "StatusAttributeString": "ERROR"}
    answer = answered("POST", "Invoices", {"Invoices": [{"InvoiceID": ID}, refused]})
    assert judge.problems(answer) != []


UNAUTHORISED: Final[Json] = {
    "Type": None,
    "Title": "Unauthorized",
    "Status": 401,
    "Detail": "TokenExpired",
    "Instance": ID,
    "Extensions": {},
}
LIMITS: Final = {
    "X-Rate-Limit-Problem": "minute",
    "X-MinLimit-Remaining": "0",
    "X-DayLimit-Remaining": "1",
}


@pytest.mark.parametrize(
    ("status", "content", "headers"),
    [
        (401, UNAUTHORISED, JSON),
        (404, b"", {"content-type": "text/html"}),
        (429, b"", LIMITS),
        (503, b"<html>", {"content-type": "text/html"}),
    ],
)
def test_what_the_specification_does_not_know_passes_as_documented(
    judge: Judge, status: int, content: Json | bytes, headers: dict[str, str]
) -> None:
    answer = answered("GET", "Invoices", content, status=status, headers=headers)
    assert judge.problems(answer) == []


@pytest.mark.parametrize(
    ("method", "path", "status", "content", "headers"),
    [
        ("GET", "Invoices", 401, {"Title": "Unauthorized", "Status": 401}, JSON),
        ("GET", "Invoices", 403, UNAUTHORISED, JSON),
        ("GET", INVOICE, 404, b"gone", {"content-type": "text/html"}),
        ("GET", INVOICE, 404, b"", JSON),
        ("GET", "Invoices", 429, b"", {}),
        ("GET", "Invoices", 429, b"slow down", LIMITS),
        ("GET", "Invoices", 202, {"Invoices": []}, JSON),
        ("GET", "Invoices", 204, b"", {}),
        ("GET", "Invoices", 200, {"Invoices": []}, {"content-type": "text/plain"}),
        ("GET", "Invoices/HP-1/Copies", 200, {"Invoices": []}, JSON),
        ("GET", "Accounts/200", 200, {"Accounts": []}, JSON),
        ("DELETE", "Invoices", 200, {"Invoices": []}, JSON),
        ("POST", f"{INVOICE}/Email", 204, b"sent", {}),
        ("POST", f"{INVOICE}/Email", 200, {}, JSON),
        ("GET", f"{INVOICE}/pdf", 200, b"", {"content-type": "application/pdf"}),
    ],
)
def test_an_answer_of_the_wrong_kind_is_found(
    judge: Judge,
    method: str,
    path: str,
    status: int,
    content: Json | bytes,
    headers: dict[str, str],
) -> None:
    answer = answered(method, path, content, status=status, headers=headers)
    assert judge.problems(answer) != []


def test_a_wrong_answer_stops_the_test_that_got_it(judge: Judge) -> None:
    with pytest.raises(AssertionError, match=r"GET .*Payments"):
        judge(answered("GET", "Payments", {"Payments": [{"Amount": "1"}]}))


EXTRA_IDS: Final = [f"{extra.schema}.{extra.member}" for extra in deviations.EXTRAS]


@pytest.fixture(scope="module")
def sources(shared: Path, judge: Judge) -> dict[str, object]:
    """Return what deviations may call their source: recordings, and examples by operation."""
    examples: dict[str, object] = dict(judge.accounting.examples())
    recordings = json.loads((shared / "recordings.json").read_text(encoding="utf-8"))
    return examples | recordings


@pytest.mark.parametrize("extra", deviations.EXTRAS, ids=EXTRA_IDS)
def test_every_extra_member_is_in_its_source(
    sources: dict[str, object], extra: deviations.Extra
) -> None:
    assert extra.member in named(sources[extra.source])


@pytest.fixture(scope="module")
def schemas(shared: Path) -> Json:
    """Return the schemas of the official specification as it is."""
    with (shared / "xero_accounting.yaml").open(encoding="utf-8") as file:
        found: Json = yaml.load(file, yaml.CSafeLoader)["components"]["schemas"]
    return found


@pytest.mark.parametrize("extra", deviations.EXTRAS, ids=EXTRA_IDS)
def test_no_extra_member_is_in_the_specification(schemas: Json, extra: deviations.Extra) -> None:
    assert extra.member not in schemas[extra.schema]["properties"]


def named(content: object) -> set[str]:
    """Return the name of every member at any depth."""
    if isinstance(content, dict):
        return set(content).union(*(named(value) for value in content.values()))
    return (
        set().union(*(named(element) for element in content))
        if isinstance(content, list)
        else set()
    )
