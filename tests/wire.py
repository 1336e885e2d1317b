"""A vendor at the wire for unit tests: answers what it was told to, in order, and remembers all."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

START = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Reply:
    """One answer; ``is_dropped`` closes the connection instead of giving it."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_dropped: bool = False


@dataclass(frozen=True)
class Received:
    """One request as it came in; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, read as JSON."""
        return json.loads(self.body)


class Wire:
    """The server's address, the replies it has left and the requests it got."""

    def __init__(self, url: str, replies: list[Reply]) -> None:
        """Start with no request received."""
        self.url = url
        self.replies = replies
        self.received: list[Received] = []

    def methods(self) -> list[str]:
        """Return method and path, without the query, of every request."""
        return [f"{request.method} {request.path.partition('?')[0]}" for request in self.received]


class SetClock:
    """A clock that tests move; sleeping on it moves it too and is remembered."""

    def __init__(self) -> None:
        """Start at noon of a day."""
        self.moment = START
        self.slept_s: list[float] = []

    def now(self) -> datetime:
        """Return the set moment."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.slept_s.append(seconds)
        self.moment += timedelta(seconds=seconds)


def json_reply(
    content: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    """Return a JSON answer."""
    return Reply(json.dumps(content).encode(), status, headers or {})


@contextmanager
def serving(*replies: Reply) -> Iterator[Wire]:
    """Serve the replies one after the other on the loopback interface; then only HTTP 599."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Scripted)
    wire = Wire(f"http://127.0.0.1:{server.server_port}", list(replies))
    _Scripted.wires[server.server_port] = wire
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        del _Scripted.wires[server.server_port]


class _Scripted(BaseHTTPRequestHandler):
    """Plays the replies of the wire that belongs to its server."""

    wires: dict[int, Wire] = {}  # noqa: RUF012 - handlers are made by the server, one per request

    def _play(self) -> None:
        wire = self.wires[self.server.server_address[1]]  # type: ignore[index]  # loopback pairs
        length = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Received(self.command, self.path, headers, self.rfile.read(length))
        wire.received.append(request)
        reply = wire.replies.pop(0) if wire.replies else Reply(status=599)
        if reply.is_dropped:
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = _play  # noqa: N815 - names of http.server

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""
