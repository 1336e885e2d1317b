"""Every call: idempotency, limits, forms, errors, faults, restarts (domain/xero README 2.3-2.6)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from simulators.xero.client import HPS, TIMEOUT_S, Start, XeroClient, unique


def put_contact(xero: XeroClient, key: str, name: str, **options: Any) -> requests.Response:
    body = {"Contacts": [{"Name": name}]}
    headers = {"Idempotency-Key": key}
    return xero.send("PUT", "Contacts", json=body, headers=headers, **options)


def test_the_same_key_and_request_gives_the_same_answer_and_writes_once(xero: XeroClient) -> None:
    key, name = unique("key"), unique("Once")
    first, second = put_contact(xero, key, name), put_contact(xero, key, name)
    assert (first.status_code, second.content) == (200, first.content)
    assert len(xero.get("Contacts", where=f'Name=="{name}"').json()["Contacts"]) == 1


def test_the_same_key_with_another_body_is_refused(xero: XeroClient) -> None:
    key = unique("key")
    put_contact(xero, key, unique("One"))
    answer = put_contact(xero, key, unique("Two"))
    text = f"Idempotency Key: {key} is used with a different request."
    assert (answer.status_code, answer.json()["Message"]) == (400, text)


def test_the_same_key_with_another_url_is_refused(xero: XeroClient) -> None:
    key, name = unique("key"), unique("One")
    put_contact(xero, key, name)
    assert put_contact(xero, key, name, params={"unitdp": 4}).status_code == 400


def test_a_refusal_is_remembered_too(xero: XeroClient) -> None:
    key = unique("key")
    contact = xero.contact()
    first = put_contact(xero, key, contact["Name"])
    xero.post("Contacts", {"ContactID": contact["ContactID"], "ContactStatus": "ARCHIVED"})
    second = put_contact(xero, key, contact["Name"])
    assert (first.status_code, second.status_code) == (400, 400)
    assert first.content == second.content


def test_a_repeated_call_counts_although_nothing_is_done(xero: XeroClient) -> None:
    key, name = unique("key"), unique("Counted")
    left = [
        int(put_contact(xero, key, name).headers["X-DayLimit-Remaining"]) for _twice in range(2)
    ]
    assert left[0] - left[1] == 1


def test_a_key_is_forgotten_after_six_minutes_and_the_write_happens_again(travelling: str) -> None:
    xero = XeroClient(travelling)
    first = put_contact(xero, "k", "Six Minutes")
    xero.control("POST", "clock", {"advance_seconds": 350})
    within = put_contact(xero, "k", "Six Minutes")
    xero.control("POST", "clock", {"advance_seconds": 11})
    after = put_contact(xero, "k", "Six Minutes")
    assert within.content == first.content
    assert after.status_code == 400


def test_a_key_of_more_than_128_characters_is_refused(xero: XeroClient) -> None:
    assert put_contact(xero, "k" * 129, unique("Long")).status_code == 400


def test_the_61st_call_of_a_minute_is_refused_as_recorded(start: Start) -> None:
    with start("--now", "2026-11-20T08:00:00+00:00", "--minute-limit", "60") as base:
        xero = XeroClient(base)
        answers = [xero.get("Currencies") for _ in range(61)]
        xero.control("POST", "clock", {"advance_seconds": 60})
        next_minute = xero.get("Currencies")
    last = answers[-1]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert answers[0].headers["X-MinLimit-Remaining"] == "59"
    assert (last.status_code, last.content, "content-type" in last.headers) == (429, b"", False)
    assert last.headers["X-Rate-Limit-Problem"] == "minute"
    assert 1 <= int(last.headers["Retry-After"]) <= 60
    assert last.headers["X-MinLimit-Remaining"] == "0"
    assert last.headers["X-DayLimit-Remaining"] == "4940"
    assert next_minute.status_code == 200


def test_the_day_limit_outlasts_the_minute(start: Start) -> None:
    with start("--day-limit", "2") as base:
        xero = XeroClient(base)
        answers = [xero.get("Currencies") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["X-Rate-Limit-Problem"] == "day"


def test_the_sixth_call_at_a_time_is_refused_without_retry_after(start: Start) -> None:
    with start("--latency-ms", "700") as base:
        xero = XeroClient(base)
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(xero.get, ["Currencies"] * 6))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 1
    assert refused[0].headers["X-Rate-Limit-Problem"] == "concurrent"
    assert "Retry-After" not in refused[0].headers


def test_xml_is_the_default_answer(xero: XeroClient) -> None:
    answer = xero.send("GET", "Currencies", headers={"Accept": "*/*"})
    assert answer.headers["content-type"].startswith("text/xml")
    assert "<Currencies><Currency><Code>USD</Code>" in answer.text


def test_a_form_that_is_not_served_is_not_acceptable(xero: XeroClient) -> None:
    assert xero.send("GET", "Currencies", headers={"Accept": "image/png"}).status_code == 406


def test_json_is_indented_with_crlf_and_escaped_dates(xero: XeroClient) -> None:
    text = xero.get("Organisation").text
    assert '\r\n  "DateTimeUTC": "\\/Date(' in text


def test_answers_are_compressed_when_asked(xero: XeroClient) -> None:
    plain = xero.send("GET", "Items", headers={"Accept-Encoding": "identity"})
    packed = xero.send("GET", "Items", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json()["Items"] == plain.json()["Items"]


def test_broken_json_is_malformed(xero: XeroClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = xero.send("PUT", "Contacts", data=b'{"Contacts": [', headers=headers)
    assert (answer.status_code, answer.json()["ErrorNumber"]) == (400, 14)


def test_a_body_over_10_mb_is_too_large(xero: XeroClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = xero.send("PUT", "Contacts", data=b" " * 10_000_001, headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "Invoices/00000000-0000-0000-0000-000000000001", 404),
        ("GET", "Quotes", 501),
        ("GET", "Invoices/HP-1/Copies", 501),
        ("DELETE", "Invoices", 405),
    ],
)
def test_what_is_not_there_is_said_so(
    xero: XeroClient, method: str, path: str, status: int
) -> None:
    assert xero.send(method, path).status_code == status


def fault(xero: XeroClient, **values: Any) -> requests.Response:
    url = f"{xero.base}/_faults"
    return requests.post(url, json=values, timeout=TIMEOUT_S)


LIMITS = {
    "X-Rate-Limit-Problem": "minute",
    "X-MinLimit-Remaining": "0",
    "X-DayLimit-Remaining": "9",
}


@pytest.mark.parametrize(("status", "headers"), [(429, LIMITS), (503, {})])
def test_a_status_fault_answers_before_any_work(
    xero: XeroClient, status: int, headers: dict[str, str]
) -> None:
    name = unique("Fault")
    where = {"path": "/api.xro/2.0/Contacts", "method": "PUT"}
    fault(xero, kind="status", status=status, headers=headers, **where)
    answer = xero.put("Contacts", {"Name": name})
    assert answer.status_code == status
    assert xero.get("Contacts", where=f'Name=="{name}"').json()["Contacts"] == []


def test_a_dropped_answer_comes_after_the_work(xero: XeroClient) -> None:
    name = unique("Dropped")
    fault(xero, kind="drop_answer", path="/api.xro/2.0/Contacts", method="PUT")
    with pytest.raises(requests.exceptions.ConnectionError):
        xero.put("Contacts", {"Name": name})
    assert len(xero.get("Contacts", where=f'Name=="{name}"').json()["Contacts"]) == 1


def test_calls_are_counted_per_organisation_and_path(xero: XeroClient) -> None:
    xero.control("DELETE", "calls")
    xero.get("Currencies")
    xero.get("Contacts/WEB-GUEST")
    xero.get("Contacts/WEB-GUEST")
    counted = xero.control("GET", "calls").json()[HPS]
    assert (counted["count"], counted["refused"]) == (3, 0)
    assert counted["by_path"] == {"GET currencies": 1, "GET contacts/{id}": 2}


def test_everything_survives_a_restart(start: Start) -> None:
    with start() as base:
        xero = XeroClient(base)
        headers = xero.headers
        invoice = xero.invoice()
        payment = xero.pay(invoice, 25).json()["Payments"][0]
        before = xero.get(f"Invoices/{invoice['InvoiceID']}").json()["Invoices"]
        kept = put_contact(xero, "key", "Kept")
    with start() as base:
        xero = XeroClient(base, headers={"Authorization": headers["Authorization"]})
        after = xero.get(f"Invoices/{invoice['InvoiceID']}").json()["Invoices"]
        paid = xero.get(f"Payments/{payment['PaymentID']}").json()["Payments"][0]
        replayed = put_contact(xero, "key", "Kept")
        contacts = xero.get("Contacts").json()["Contacts"]
    assert after == before
    assert paid["Amount"] == 25.0
    assert replayed.content == kept.content
    assert len(contacts) == 201
