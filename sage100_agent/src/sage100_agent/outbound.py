"""Outbound mode: the agent asks a relay of Tieout's for requests, and opens no port at all.

What a request may do, and whether it is signed, is decided by the same application that serves a
port (app.py): it is called in this process, as a server would call it. Polls and answers are signed
like requests; a poll carries a nonce, so that nobody can have its request by sending it again.
"""

import asyncio
import hashlib
import http.client
import json
import logging
import secrets
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

from sage100_agent import PROTOCOL, VERSION
from sage100_agent.signature import signature

LOG = logging.getLogger("sage100_agent")
TIMEOUT_S = 60.0
"""Longest silence of the relay, which keeps a poll open for a third of it."""
WAITS_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Between attempts to reach a relay that is away."""
ANSWER_ATTEMPTS_MAX = 3
JOIN_TIMEOUT_S = 1.0
"""A poll that is kept open is left alone: who asked nothing loses nothing."""
Message = MutableMapping[str, Any]
App = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[Message]],
        Callable[[Message], Awaitable[None]],
    ],
    Awaitable[None],
]


class RelayError(Exception):
    """The relay is away, is another server, or does not listen to us; the message says which."""


class _Pinned(http.client.HTTPSConnection):
    """Sends nothing before it has compared the certificate, however often it opens itself anew."""

    def __init__(self, netloc: str, context: ssl.SSLContext, certificate_sha256: str) -> None:
        super().__init__(netloc, timeout=TIMEOUT_S, context=context)
        self._certificate_sha256 = certificate_sha256

    @override
    def connect(self) -> None:
        super().connect()
        shown = self.sock.getpeercert(binary_form=True) or b""
        if self._certificate_sha256 not in {"", hashlib.sha256(shown).hexdigest()}:
            self.close()
            message = "the relay shows another certificate than --relay-certificate-sha256 names"
            raise RelayError(message)


@dataclass(frozen=True)
class RelayAddress:
    """Where the relay is, and the only certificate it may show; '' = one of an authority."""

    url: str
    certificate_sha256: str = ""

    @property
    def path(self) -> str:
        """Return the path that all of the agent's requests begin with."""
        return urlsplit(self.url).path.rstrip("/")

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection, which is opened when it is first used."""
        parts = urlsplit(self.url)
        if parts.scheme == "http":
            return http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
        context = ssl.create_default_context()
        if self.certificate_sha256:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return _Pinned(parts.netloc, context, self.certificate_sha256)


@dataclass
class Outbound:
    """The threads that ask; ``pollers`` of them, so that one long answer keeps nobody waiting."""

    app: App
    relay: RelayAddress
    key: bytes
    pollers: int
    now_s: Callable[[], float] = time.time
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask and answer until told to stop."""
        threads = [
            threading.Thread(target=self._ask_on, name=f"relay-{number}", daemon=True)
            for number in range(self.pollers)
        ]
        for thread in threads:
            thread.start()
        self._stop.wait()
        deadline_s = time.monotonic() + JOIN_TIMEOUT_S
        for thread in threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))

    def stop(self) -> None:
        """Let ``run`` return."""
        self._stop.set()

    def _ask_on(self) -> None:
        failures = 0
        connection = self.relay.connection()
        while not self._stop.is_set():
            try:
                self._exchange(connection)
                failures = 0
            except (OSError, http.client.HTTPException, RelayError) as error:
                # Certificates and keys may be put right at any moment, so nothing ends the asking.
                LOG.warning("relay: %s", error if isinstance(error, RelayError) else repr(error))
                connection.close()
                self._stop.wait(WAITS_S[min(failures, len(WAITS_S) - 1)])
                failures += 1

    def _exchange(self, connection: http.client.HTTPConnection) -> None:
        poll = {"nonce": secrets.token_hex(16), "protocol": PROTOCOL, "version": VERSION}
        given = self._send(connection, f"{self.relay.path}/poll", json.dumps(poll).encode())
        if given.status == HTTPStatus.NO_CONTENT:
            return
        if given.status != HTTPStatus.OK:
            message = f"it refuses our polls with HTTP {given.status}: {given.body[:300]!r}"
            raise RelayError(message)
        answer = asyncio.run(answered(self.app, self.relay.path, given.body))
        path = f"{self.relay.path}/answers/{given.exchange}"
        for attempt in range(1, ANSWER_ATTEMPTS_MAX + 1):
            try:
                self._send(connection, path, answer)
            except (OSError, http.client.HTTPException):
                if attempt == ANSWER_ATTEMPTS_MAX:
                    raise
                connection.close()
            else:
                return

    def _send(self, connection: http.client.HTTPConnection, path: str, body: bytes) -> "_Given":
        timestamp = str(int(self.now_s()))
        headers = {
            "X-Tieout-Timestamp": timestamp,
            "X-Tieout-Signature": signature(self.key, timestamp, "POST", path, body),
        }
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        exchange = response.getheader("X-Tieout-Exchange", "")
        return _Given(response.status, exchange, response.read())


@dataclass(frozen=True)
class _Given:
    """What the relay answered."""

    status: int
    exchange: str
    body: bytes


async def answered(app: App, root_path: str, message: bytes) -> bytes:
    """Let the application answer a request, and return its answer: a head, a newline, a body."""
    head_text, _newline, body = message.partition(b"\n")
    head = json.loads(head_text)
    sent: list[Message] = []

    requests: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not requests:
            await asyncio.Event().wait()  # for the caller to hang up, which nobody sees from here
        return requests.pop()

    async def send(part: Message) -> None:
        sent.append(part)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": head["method"],
        "scheme": "https",
        "path": head["path"],
        "root_path": root_path,
        "query_string": b"",
        "headers": [(one.lower().encode(), text.encode()) for one, text in head["headers"].items()],
        "client": ("relay", 0),
        "server": ("relay", 0),
    }
    await app(scope, receive, send)
    start = sent[0]
    answer_head = {
        "status": start["status"],
        "headers": {name.decode(): text.decode() for name, text in start["headers"]},
    }
    content = b"".join(part.get("body", b"") for part in sent[1:])
    return json.dumps(answer_head).encode() + b"\n" + content
