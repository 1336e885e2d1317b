"""What the receiver reads out of a message, and what it refuses to be troubled by."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.web.message import (
    BODY_BYTES_HARD_MAX,
    BODY_BYTES_MAX,
    ReceivedBody,
    resource_id,
)

SECRET = b"shopify-secret"
BODY = b'{"id": 1042, "total_price": "110.13"}'


def received(body: bytes, *secrets: bytes) -> ReceivedBody:
    message = ReceivedBody(secrets or (SECRET,))
    message.add(body)
    return message


def signature(body: bytes, secret: bytes = SECRET) -> str:
    return base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"id": 820982911946154508}', "820982911946154508"),
        (b'{"id": "1042"}', "1042"),
        (b'{"id": 7, "order_id": 1042}', "1042"),
        (b'{"order_edit": {"id": 7, "order_id": 1042}}', "1042"),
        (b'{"admin_graphql_api_id": "gid://shopify/Order/1042"}', "1042"),
        (b'{"id": null, "admin_graphql_api_id": "gid://shopify/Order/1042?key=1"}', "1042"),
        (b'{"id": true}', ""),
        (b'{"id": -1}', ""),
        (b'{"id": 1.5}', ""),
        (b'{"id": "1042; drop table"}', ""),
        (b'{"id": 123456789012345678901234567890}', ""),
        (b'{"id": [1042]}', ""),
        (b'{"name": "#1042"}', ""),
        (b'[{"id": 1042}]', ""),
        (b'{"id": 1042', ""),
        (b"\xff\xfe\x00", ""),
        (b"", ""),
        (None, ""),
        (b"[" * 100_000, ""),
        (b'{"id": ' + b"9" * 5000 + b"}", ""),
    ],
)
def test_a_message_names_the_record_that_it_speaks_of(body: bytes | None, expected: str) -> None:
    assert resource_id(body) == expected


@given(st.binary())
def test_no_body_troubles_the_reader(body: bytes) -> None:
    assert resource_id(b"[" + body) == ""


def test_a_body_signed_with_the_secret_is_accepted() -> None:
    assert received(BODY).is_signed(signature(BODY))


def test_a_body_signed_with_the_previous_secret_is_accepted() -> None:
    assert received(BODY, b"new", SECRET).is_signed(signature(BODY))


def test_the_signature_does_not_depend_on_how_the_body_was_cut() -> None:
    message = ReceivedBody([SECRET])
    message.add(BODY[:7])
    message.add(b"")
    message.add(BODY[7:])
    assert message.is_signed(signature(BODY))
    assert message.kept() == BODY


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_one_changed_byte_is_a_forgery(position: int, difference: int) -> None:
    changed = bytearray(BODY)
    changed[position] ^= difference
    assert not received(bytes(changed)).is_signed(signature(BODY))


@given(st.text())
def test_no_text_is_a_signature(text: str) -> None:
    assert not received(BODY).is_signed(text)


def test_a_body_at_the_limit_is_kept() -> None:
    assert received(b"x" * BODY_BYTES_MAX).kept() == b"x" * BODY_BYTES_MAX


def test_a_larger_body_is_measured_and_verified_but_not_kept() -> None:
    large = b"x" * (BODY_BYTES_MAX + 1)
    message = received(large)
    assert message.kept() is None
    assert message.size == BODY_BYTES_MAX + 1
    assert message.sha256 == hashlib.sha256(large).hexdigest()
    assert message.is_signed(signature(large))


def test_reading_stops_at_the_hard_limit() -> None:
    message = ReceivedBody([SECRET])
    assert message.add(b"x" * BODY_BYTES_HARD_MAX)
    assert not message.add(b"x")
