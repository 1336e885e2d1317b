"""Xero's webhooks at the real receiver: what is told of whom, once, and only when it is signed."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from processes import free_port, running
from receivers import (
    APP,
    OTHER_PAIR,
    OTHER_TENANT,
    PAIR,
    TENANT,
    XERO_PATH,
    XERO_PREVIOUS,
    Started,
    configured,
    event,
    record_id,
    signature,
    xero_body,
    xero_headers,
)
from simulators.xero.client import XeroClient
from tieout.domain.base import Json, System
from tieout.domain.ledger import InboxEntry
from tieout.domain.webhooks import NO_PAIR
from tieout.ledger.webhooks import PostgresWebhooks
from tieout.web.message import BODY_BYTES_MAX

ROLE = "tieout_receiver_xero_test"
WAIT_S = 10.0


@pytest.fixture(scope="module")
def started(shared_ledger_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("receiver")
    with configured(shared_ledger_url, folder, role=ROLE) as one:
        program = ["-m", "tieout.web.receiver", *one.arguments]
        with running(program, ready_url=f"{one.url}/health"):
            yield one


@pytest.fixture
def receiver(started: Started, emptied_ledger_url: str) -> Started:
    """A running receiver with an empty inbox."""
    del emptied_ledger_url
    return started


def waiting(receiver: Started, pair: str = PAIR) -> list[InboxEntry]:
    return receiver.ledger.pending_entries(pair, limit=100)


def heard(receiver: Started) -> list[tuple[str, int, int]]:
    with psycopg.connect(receiver.admin_url) as connection:
        return connection.execute(
            "SELECT app, first_no, last_no FROM tieout.webhook_ranges ORDER BY first_no"
        ).fetchall()


def test_the_intent_to_receive_is_answered_by_its_signature_and_stores_nothing(
    receiver: Started,
) -> None:
    body = xero_body()
    good = receiver.send(body, xero_headers(body), path=XERO_PATH)
    bad = receiver.send(body, xero_headers(body, "another key"), path=XERO_PATH)
    assert (good.status_code, good.content, bad.status_code, bad.content) == (200, b"", 401, b"")
    assert "Set-Cookie" not in {**good.headers, **bad.headers}
    assert (receiver.rows(), heard(receiver)) == ([], [])


def test_events_of_several_organizations_become_an_entry_each_of_its_pair(
    receiver: Started,
) -> None:
    credit: Json = {"Type": "ACCPAYCREDIT", "Status": "DRAFT"}
    events = [
        event(1),
        event(2, tenantId=OTHER_TENANT, eventCategory="CONTACT", eventType="CREATE"),
        event(3, eventCategory="CREDITNOTE") | {"data": credit},
    ]
    assert receiver.post_xero(*events, first=75) == 200
    first, third = sorted(waiting(receiver), key=lambda one: one.headers["event_no"])
    (second,) = waiting(receiver, OTHER_PAIR)
    assert [one.topic for one in (first, second, third)] == [
        "invoice/update",
        "contact/create",
        "creditnote/update",
    ]
    assert [one.resource_id for one in (first, second, third)] == [record_id(n) for n in (1, 2, 3)]
    assert (first.source, first.account, second.account) == (System.XERO, TENANT, OTHER_TENANT)
    assert [json.loads(one.body or b"") for one in (first, second, third)] == events
    assert third.headers == {"app": APP, "event_no": "77"}
    assert heard(receiver) == [(APP, 75, 77)]


def test_the_previous_key_still_counts(receiver: Started) -> None:
    assert receiver.post_xero(event(), key=XERO_PREVIOUS) == 200
    assert len(receiver.rows()) == 1


def test_an_event_that_is_told_again_is_one_entry_in_whatever_company(receiver: Started) -> None:
    assert receiver.post_xero(event(1), event(2), first=4) == 200
    assert receiver.post_xero(event(1), event(2), first=4) == 200
    assert receiver.post_xero(event(2), event(3), first=5) == 200
    assert [one.resource_id for one in waiting(receiver)] == [record_id(n) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    "changed",
    [
        {"resourceId": record_id(2)},
        {"eventDateUtc": "2026-11-24T04:06:33.903"},
        {"eventType": "CREATE"},
        {"eventCategory": "CONTACT"},
        {"tenantId": OTHER_TENANT},
    ],
)
def test_events_differ_by_record_moment_type_category_and_organization(
    receiver: Started, changed: dict[str, str]
) -> None:
    assert receiver.post_xero(event()) == 200
    assert receiver.post_xero(event(**changed)) == 200
    assert len(receiver.rows()) == 2


def test_a_hundred_copies_at_once_are_one_entry_each(receiver: Started) -> None:
    with ThreadPoolExecutor(50) as senders:
        answers = list(senders.map(lambda _n: receiver.post_xero(event(1), event(2)), range(100)))
    assert answers == [200] * 100
    assert len(receiver.rows()) == 2
    assert heard(receiver) == [(APP, 1, 2)]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-xero-signature": signature(xero_body(event()), "another key")},
        {"x-xero-signature": signature(xero_body(event()) + b" ")},
        {"x-xero-signature": ""},
        {},
    ],
)
def test_a_forged_webhook_is_refused_and_leaves_no_row(
    receiver: Started, headers: dict[str, str]
) -> None:
    answer = receiver.send(xero_body(event()), headers, path=XERO_PATH)
    assert (answer.status_code, answer.content) == (401, b"")
    assert (receiver.rows(), heard(receiver)) == ([], [])


def test_events_of_an_organization_that_no_pair_names_wait_for_a_person(receiver: Started) -> None:
    stranger = "99999999-9999-4999-8999-999999999999"
    assert receiver.post_xero(event(1), event(2, tenantId=stranger)) == 200
    assert len(waiting(receiver)) == 1
    (stray,) = waiting(receiver, NO_PAIR)
    assert (stray.account, stray.topic) == (stranger, "invoice/update")
    webhooks = PostgresWebhooks(receiver.ledger.database)
    assert [(one.account, one.count) for one in webhooks.strays()] == [(stranger, 1)]


@pytest.mark.parametrize(
    "body",
    [
        b'{"events": [',
        b"[]",
        b'{"events": {}}',
        b'{"events": [7], "firstEventSequence": 1, "lastEventSequence": 1}',
        b'{"events": "' + b"x" * BODY_BYTES_MAX + b'"}',
    ],
)
def test_what_is_signed_and_cannot_be_read_waits_for_a_person(
    receiver: Started, body: bytes
) -> None:
    answer = receiver.send(body, xero_headers(body), path=XERO_PATH)
    assert answer.status_code == 200
    (stray,) = waiting(receiver, NO_PAIR)
    assert (stray.account, stray.topic) == ("", "unreadable")


def test_the_simulator_sets_its_webhook_up_here_and_its_events_arrive(
    receiver: Started, tmp_path: Path
) -> None:
    """The vendor's stand-in and the receiver, each from the vendor's documents, agree."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    program = ["-m", "tieout.simulators.xero", "--port", str(port), "--state", str(tmp_path)]
    with running(program, ready_url=f"{base}/_health"):
        xero = XeroClient(base)
        target = {"Url": f"{receiver.url}{XERO_PATH}", "Key": XERO_PREVIOUS}
        xero.control("POST", "webhooks", target).raise_for_status()
        contact = xero.contact()
        deadline = time.monotonic() + WAIT_S
        while not receiver.rows():
            assert time.monotonic() < deadline, "no event came"
            time.sleep(0.02)
        state = xero.control("GET", "webhooks").json()
    assert (state["Status"], state["Queued"]) == ("OK", 0)
    (told,) = waiting(receiver)
    assert (told.resource_id, told.topic) == (contact["ContactID"], "contact/create")
    assert heard(receiver) == [(APP, 1, 1)]
