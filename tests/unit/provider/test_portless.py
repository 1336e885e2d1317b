"""Of a test's body a port 0 is left out; everything else passes as it is."""

import asyncio
import json
from typing import Any

import pytest

from tieout.provider.portless import BODY_BYTES_MAX, PATH, PortlessTests

GIVEN = {"connection_id": "xero_books", "host": "", "port": 0}
BODY = json.dumps(GIVEN).encode()
LEFT = {"connection_id": "xero_books", "host": ""}


def passed(body: bytes, *, parts: int = 1, **scope: Any) -> bytes:
    """Return what the application reads of a body that comes in parts."""
    size = -(-len(body) // parts) or 1
    chunks = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
    messages = [
        {"type": "http.request", "body": chunk, "more_body": chunk is not chunks[-1]}
        for chunk in chunks
    ]
    seen: list[bytes] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(_message: Any) -> None:
        """Answer nothing."""

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        more = True
        while more:
            message = await receive()
            seen.append(message["body"])
            more = message["more_body"]

    headers = [(b"content-length", str(len(body)).encode())]
    request = {"type": "http", "method": "POST", "path": PATH, "headers": headers, **scope}
    asyncio.run(PortlessTests(app)(request, receive, send))
    return b"".join(seen)


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_a_port_0_is_left_out_however_the_body_comes(parts: int) -> None:
    assert json.loads(passed(BODY, parts=parts)) == LEFT


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({**GIVEN, "port": 443}).encode(),
        json.dumps({**GIVEN, "port": None}).encode(),
        json.dumps([GIVEN]).encode(),
        b"no JSON",
        b"\xff\xfe",
        b"",
    ],
)
def test_any_other_body_passes_as_it_is(body: bytes) -> None:
    assert passed(body) == body


@pytest.mark.parametrize(
    "scope", [{"method": "PUT"}, {"path": "/api/v2/connections"}, {"type": "websocket"}]
)
def test_other_requests_pass_as_they_are(scope: dict[str, str]) -> None:
    assert passed(BODY, **scope) == BODY


def test_a_body_that_is_too_long_or_of_unknown_length_passes_as_it_is() -> None:
    long = json.dumps({**GIVEN, "extra": "x" * BODY_BYTES_MAX}).encode()
    assert passed(long) == long
    assert passed(BODY, headers=[]) == BODY
