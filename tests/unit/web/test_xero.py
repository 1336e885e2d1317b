"""What the receiver reads out of a webhook of Xero, and what it refuses to be troubled by."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receivers import APP, PAIR, TENANT, event, record_id, xero_body
from tieout.domain.webhooks import EVENT_NO_MAX, NO_PAIR, HeardEvents
from tieout.web.config import XeroApp
from tieout.web.message import ReceivedBody
from tieout.web.xero import XeroMessage, read_message

CONFIGURED = XeroApp.model_validate({"keys": ["key"], "tenants": {TENANT: PAIR}})


def read(body: bytes) -> XeroMessage:
    received = ReceivedBody([b"key"])
    received.add(body)
    return read_message(received, APP, CONFIGURED)


def test_an_intent_to_receive_brings_nothing() -> None:
    assert read(xero_body()) == XeroMessage()


def test_ids_are_told_apart_whatever_their_case() -> None:
    (entry,) = read(
        xero_body(event(resourceId=record_id(7).upper(), tenantId=TENANT.upper()))
    ).entries
    assert (entry.pair, entry.account, entry.resource_id) == (PAIR, TENANT, record_id(7))


def test_the_order_of_an_events_members_makes_no_other_entry() -> None:
    turned = dict(reversed(event().items()))
    assert read(xero_body(turned)).entries == read(xero_body(event())).entries


@pytest.mark.parametrize("missing", sorted(set(event()) - {"resourceUrl", "tenantType"}))
def test_an_event_that_lacks_what_it_is_known_by_is_a_stray(missing: str) -> None:
    whole, torn = event(1), {name: value for name, value in event(2).items() if name != missing}
    message = read(xero_body(whole, torn))
    assert [(one.pair, one.topic) for one in message.entries] == [
        (PAIR, "invoice/update"),
        (NO_PAIR, "unreadable"),
    ]
    assert message.stray_count == 1


@pytest.mark.parametrize("text", ["NUL \x00", "half \ud800", "x" * 300, "caf\u00e9"])
def test_a_text_that_no_id_can_be_makes_a_stray_that_can_be_stored(text: str) -> None:
    (entry,) = read(xero_body(event(resourceId=text))).entries
    assert (entry.pair, entry.resource_id) == (NO_PAIR, "")
    assert entry.body is not None
    assert entry.body.isascii()


@pytest.mark.parametrize(
    ("first", "last"), [(0, 0), (3, 2), (-1, 1), ("1", "2"), (True, True), (1, EVENT_NO_MAX + 1)]
)
def test_events_without_numbers_that_can_be_are_entries_all_the_same(
    first: object, last: object
) -> None:
    content = json.loads(xero_body(event()))
    content |= {"firstEventSequence": first, "lastEventSequence": last}
    message = read(json.dumps(content).encode())
    assert message.heard is None
    assert [one.pair for one in message.entries] == [PAIR]


def test_numbers_are_those_of_the_message() -> None:
    heard = read(xero_body(event(1), event(2), first=75)).heard
    assert heard == HeardEvents(app=APP, first_no=75, last_no=76)


@given(st.binary())
def test_no_body_troubles_the_reader(body: bytes) -> None:
    assert read(b"[" + body).stray_count == 1


def test_neither_depth_nor_a_huge_number_troubles_the_reader() -> None:
    for body in (b'{"events": ' + b"[" * 100_000, b'{"events": [' + b"9" * 5000 + b"]}"):
        assert read(body).stray_count == 1
