"""Webhooks as the vendor sends them (domain/xero README, 2.4, xero-webhooks.yaml)."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from simulators.xero.client import HPS, Json, Start, XeroClient
from tieout.simulators.xero.webhooks import signature

KEY = "test-signing-key"
WAIT_S = 10.0
STOP_S = 5.0
POLL_S = 0.02


class Receiver:
    """A receiver of webhooks whose answers the test chooses."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.refusing = False
        self.checking = True
        self.chatting = False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.answered(body, self.headers["x-xero-signature"])
                self.send_response(status)
                text = b"thanks" if receiver.chatting else b""
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/xero"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(POLL_S,))
        self.thread.start()

    def answered(self, body: bytes, proof: str) -> int:
        if self.checking and proof != signature(body, KEY):
            return 401
        if self.refusing:
            return 500
        self.bodies.append(body)
        return 200

    @property
    def deliveries(self) -> list[Json]:
        found = [json.loads(body) for body in list(self.bodies)]
        return [one for one in found if one["events"]]

    @property
    def events(self) -> list[Json]:
        return [event for delivery in self.deliveries for event in delivery["events"]]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def posted(base: str, receiver: Receiver) -> Iterator[XeroClient]:
    """Return a client of a simulator that has no webhook, and has none afterwards."""
    del receiver
    xero = XeroClient(base)
    yield xero
    xero.control("DELETE", "webhooks").raise_for_status()


def eventually(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.02)


def state(xero: XeroClient) -> Json:
    found: Json = xero.control("GET", "webhooks").json()
    return found


def subscribe(xero: XeroClient, receiver: Receiver, *, status: str = "OK", **values: Any) -> None:
    body = {"Url": receiver.url, "Key": KEY, **values}
    xero.control("POST", "webhooks", body).raise_for_status()
    eventually(lambda: state(xero)["Status"] != "PENDING")
    assert state(xero)["Status"] == status


def test_the_signature_is_the_vendors() -> None:
    body = b'{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}'
    assert signature(body, KEY) == "cwu4n5P9T+31FPEJOCzJg31PwZ7C7FAVsLyOwgVpyys="


def test_the_intent_to_receive_has_good_and_bad_signatures(
    posted: XeroClient, receiver: Receiver
) -> None:
    subscribe(posted, receiver)
    requests = state(posted)["Requests"]
    assert {(one["Signed"], one["Status"]) for one in requests} == {(True, 200), (False, 401)}
    assert {(one["First"], one["Last"]) for one in requests} == {(0, 0)}


@pytest.mark.parametrize("flaw", ["checking", "refusing", "chatting"])
def test_a_receiver_that_answers_wrongly_gets_no_events(
    posted: XeroClient, receiver: Receiver, flaw: str
) -> None:
    setattr(receiver, flaw, flaw != "checking")
    subscribe(posted, receiver, status="FAILED")
    posted.contact()
    assert (receiver.events, state(posted)["Queued"]) == ([], 1)
    setattr(receiver, flaw, flaw == "checking")
    subscribe(posted, receiver)
    eventually(lambda: len(receiver.events) == 1)


def test_every_kind_of_document_is_told_in_sequence(
    posted: XeroClient, receiver: Receiver, shared: Path
) -> None:
    subscribe(posted, receiver)
    contact = posted.contact()
    by_id = {"Contact": {"ContactID": contact["ContactID"]}}
    invoice = posted.invoice(**by_id)
    posted.post(f"Invoices/{invoice['InvoiceID']}", {"Reference": "changed"}).raise_for_status()
    credit = {**posted.invoice_body(**by_id), "Type": "ACCPAYCREDIT", "Status": "DRAFT"}
    del credit["InvoiceNumber"]
    posted.put("CreditNotes", credit).raise_for_status()
    eventually(lambda: len(receiver.events) == 4)
    told = [(event["eventCategory"], event["eventType"]) for event in receiver.events]
    expected = [("CONTACT", "CREATE"), ("INVOICE", "CREATE")]
    assert told == [*expected, ("INVOICE", "UPDATE"), ("CREDITNOTE", "CREATE")]
    assert receiver.events[3]["data"] == {"Type": "ACCPAYCREDIT", "Status": "DRAFT"}
    assert {event["tenantId"] for event in receiver.events} == {HPS}
    assert receiver.events[1]["resourceId"] == invoice["InvoiceID"]
    numbers = [
        number
        for one in receiver.deliveries
        for number in range(one["firstEventSequence"], one["lastEventSequence"] + 1)
    ]
    assert numbers == [1, 2, 3, 4]
    entropies = {delivery["entropy"] for delivery in receiver.deliveries}
    assert len(entropies) == len(receiver.deliveries)
    with (shared / "xero-webhooks.yaml").open(encoding="utf-8") as file:
        rules = {**yaml.load(file, yaml.CSafeLoader), "$ref": "#/components/schemas/WebhookEvent"}
    flaws = [e for one in receiver.deliveries for e in Draft202012Validator(rules).iter_errors(one)]
    assert flaws == []


def test_what_is_refused_or_paid_is_not_told(posted: XeroClient, receiver: Receiver) -> None:
    invoice = posted.invoice()
    subscribe(posted, receiver)
    assert posted.put("Contacts", {"Name": "Web Guest"}).status_code == 400
    posted.pay(invoice, 40).raise_for_status()
    posted.contact()
    eventually(lambda: receiver.events)
    assert [event["eventCategory"] for event in receiver.events] == ["CONTACT"]


def test_a_payment_is_told_when_asked_for(posted: XeroClient, receiver: Receiver) -> None:
    invoice = posted.invoice()
    subscribe(posted, receiver, PaymentsFire=True)
    posted.pay(invoice, 100).raise_for_status()
    eventually(lambda: receiver.events)
    assert receiver.events[0]["resourceId"] == invoice["InvoiceID"]


def attempts(xero: XeroClient) -> int:
    return sum(one["First"] > 0 for one in state(xero)["Requests"])


def test_a_failure_is_repeated_at_once_then_every_quarter_and_disabled_after_a_day(
    start: Start, receiver: Receiver
) -> None:
    with start() as base:
        xero = XeroClient(base)
        subscribe(xero, receiver)
        receiver.refusing = True
        xero.contact()
        eventually(lambda: attempts(xero) == 2)
        xero.control("POST", "clock", {"advance_seconds": 14 * 60})
        time.sleep(0.5)  # longer than the worker looks away
        assert attempts(xero) == 2
        xero.control("POST", "clock", {"advance_seconds": 60})
        eventually(lambda: attempts(xero) == 3)
        xero.control("POST", "clock", {"advance_seconds": 24 * 3600})
        eventually(lambda: state(xero)["Status"] == "DISABLED")
        xero = XeroClient(base)  # the token is a day old
        xero.contact()
        receiver.refusing = False
        assert (receiver.events, state(xero)["Queued"]) == ([], 2)
        subscribe(xero, receiver)
        eventually(lambda: len(receiver.events) == 2)
    assert receiver.deliveries[0]["firstEventSequence"] == 1
    assert receiver.deliveries[-1]["lastEventSequence"] == 2


def test_a_simulator_with_a_dead_receiver_stops_cleanly(start: Start) -> None:
    with start() as base:
        xero = XeroClient(base)
        body = {"Url": "http://127.0.0.1:9/nobody", "Key": KEY}
        xero.control("POST", "webhooks", body).raise_for_status()
        eventually(lambda: state(xero)["Status"] == "FAILED")
        statuses = {one["Status"] for one in state(xero)["Requests"]}
        began = time.monotonic()
    assert time.monotonic() - began < STOP_S
    assert statuses == {0}
