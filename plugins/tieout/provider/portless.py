"""Lets *Test* on Airflow's page of connections work for connections without a port, as ours are.

The page of Airflow 3.3.2 sends port 0 for a port that is not there, and the API takes that for
another address, whose test needs the secret that the page does not have (apache/airflow#73298,
mended after 3.3.2). Nothing listens on port 0, so nothing is lost by leaving it out. To be deleted
with the first Airflow that does it by itself. Loaded in every process of Airflow: imports nothing.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

PATH = "/api/v2/connections/test"
BODY_BYTES_MAX = 100_000
"""Longer bodies pass as they are; a connection has a few hundred bytes."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class PortlessTests:
    """The middleware: everything passes, and of a test's body a port 0 is left out."""

    def __init__(self, app: App) -> None:
        """Take what comes next."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        is_test = scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == PATH
        if is_test and 0 < _length(scope) <= BODY_BYTES_MAX:
            receive = _Whole(receive).receive
        await self._app(scope, receive, send)


class _Whole:
    """A request whose body is read as a whole, and changed, before anybody gets to see it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_read = False

    async def receive(self) -> Message:
        if self._is_read:
            return await self._receive()
        self._is_read = True
        body = b""
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            body += message.get("body", b"")
            if not message.get("more_body"):
                return {**message, "body": without_port_0(body), "more_body": False}


def without_port_0(body: bytes) -> bytes:
    """Return the JSON object of a body without a port that is 0; any other body as it is."""
    try:
        given = json.loads(body)
    except ValueError:
        return body
    if not isinstance(given, dict) or given.get("port") != 0:
        return body
    return json.dumps({name: value for name, value in given.items() if name != "port"}).encode()


def _length(scope: Scope) -> int:
    told = dict(scope["headers"]).get(b"content-length", b"")
    return int(told) if told.isdigit() else 0
