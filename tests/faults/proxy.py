"""An asyncio TCP fault proxy: it stands before a server and does to each request what networks do.

It runs in a thread beside the tests and knows just enough of HTTP/1.1 to tell one request from the
next. Every request is logged, and every fault counts its hits: ``armed`` fails a test whose fault
struck nothing. What an answer says is not its business.
"""

import asyncio
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
STOP_TIMEOUT_S = 10.0
LOOP_TURNS = 5
STREAM_BYTES_MAX = 64 * 1024 * 1024
"""Longest line or body part that is read at once, in bytes."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time to linger: closing sends RST instead of FIN."""

_CONNECTION = re.compile(rb"\r\nconnection:[^\r]*", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:\s*chunked", re.IGNORECASE)


class Mode(StrEnum):
    """What becomes of a request."""

    PASS = "pass"  # noqa: S105 - no secret
    DELAY = "delay"
    DROP_REQUEST = "drop_request"
    DROP_ANSWER = "drop_answer"
    CUT_ANSWER = "cut_answer"
    BLACKHOLE = "blackhole"
    HALF_OPEN = "half_open"
    RESET = "reset"
    DRIP = "drip"
    REPLACE = "replace"


@dataclass
class Fault:
    """One armed fault; filters that are empty match every request.

    ``DELAY`` waits ``seconds``, then passes. ``DROP_REQUEST`` closes before the server hears of it,
    ``RESET`` does so by RST, ``BLACKHOLE`` keeps the connection and says nothing. ``DROP_ANSWER``,
    ``CUT_ANSWER`` (half of the body) and ``HALF_OPEN`` (silence on an open connection) come after
    the server has done its work. ``DRIP`` gives the server's answer one byte each ``seconds``.
    ``REPLACE`` gives what ``remake`` makes of the server's answer, else ``answer``, and then
    ``tail`` ``tails`` times; the server has done its work unless ``forwards`` is false.
    """

    mode: Mode
    method: str = ""
    path: str = ""
    contains: bytes = b""
    skip: int = 0
    count: int = 1
    seconds: float = 0.0
    answer: bytes = b""
    remake: Callable[[bytes], bytes] | None = None
    tail: bytes = b""
    tails: int = 0
    forwards: bool = True
    hits: int = 0

    def strikes(self, method: str, path: str, body: bytes) -> bool:
        """Say whether the fault takes this request, counting those that it lets go first."""
        is_meant = self.method in ("", method) and path.startswith(self.path)
        if not is_meant or self.contains not in body or self.hits >= self.count:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.hits += 1
        return True


@dataclass(frozen=True)
class Seen:
    """One request as it went by, and what became of it."""

    method: str
    path: str
    body: bytes
    mode: Mode


@dataclass
class FaultProxy:
    """A running proxy: its address, the faults that are armed, and all requests so far."""

    url: str
    upstream: tuple[str, int]
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    @property
    def counts(self) -> Counter[Mode]:
        """Return how many requests met each mode."""
        return Counter(one.mode for one in self.seen)

    @contextmanager
    def armed(self, *faults: Fault) -> Iterator[None]:
        """Arm faults for the block, of which the last must strike at least once.

        Raises:
            AssertionError: The last one struck nothing, so nothing was shown.
        """
        self.faults.extend(faults)
        try:
            yield
        finally:
            for fault in faults:
                self.faults.remove(fault)
        assert faults[-1].hits > 0, f"not injected: {faults[-1]}"

    def _mode_of(self, method: str, path: str, body: bytes) -> Fault:
        found = next((fault for fault in self.faults if fault.strikes(method, path, body)), None)
        fault = found or Fault(Mode.PASS)
        self.seen.append(Seen(method, path, body, fault.mode))
        return fault

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request of one connection, then close it."""
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                request = await _message(reader)
                await self._treat(request, reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _treat(
        self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        method, path = head.split(b" ", 2)[:2]
        fault = self._mode_of(method.decode(), path.decode(), body)
        match fault.mode:
            case Mode.DROP_REQUEST:
                return
            case Mode.RESET:
                _reset(writer)
                return
            case Mode.BLACKHOLE:
                await reader.read()
                return
            case Mode.DELAY:
                await asyncio.sleep(fault.seconds)
            case _:
                pass
        answer = await self._forward(request) if fault.forwards else b""
        await _answer(fault, answer, reader, writer)

    async def _forward(self, request: bytes) -> bytes:
        """Send the request on and return the server's whole answer."""
        reader, writer = await asyncio.open_connection(*self.upstream, limit=STREAM_BYTES_MAX)
        try:
            head, _, body = request.partition(b"\r\n\r\n")
            closing = _CONNECTION.sub(b"", head) + b"\r\nConnection: close\r\n\r\n"
            writer.write(closing + body)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _answer(
    fault: Fault, answer: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Give the client what the fault leaves of the server's answer."""
    match fault.mode:
        case Mode.DROP_ANSWER:
            return
        case Mode.HALF_OPEN:
            await reader.read()
            return
        case Mode.CUT_ANSWER:
            head, gap, body = answer.partition(b"\r\n\r\n")
            writer.write(head + gap + body[: len(body) // 2])
        case Mode.DRIP:
            for at in range(len(answer)):
                writer.write(answer[at : at + 1])
                await writer.drain()
                await asyncio.sleep(fault.seconds)
        case Mode.REPLACE:
            writer.write(fault.remake(answer) if fault.remake else fault.answer)
            for _ in range(fault.tails):
                writer.write(fault.tail)
                await writer.drain()
        case _:
            writer.write(answer)
    await writer.drain()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """Read one request whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if length is not None:
        return head + await reader.readexactly(int(length[1]))
    if _CHUNKED.search(head) is not None:
        return head + await _chunks(reader)
    return head


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    read = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        read += line + await reader.readexactly(size + 2)
        if size == 0:
            return read


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()


async def _turns() -> None:
    """Let the loop go round until whatever it has scheduled by now has run."""
    for _ in range(LOOP_TURNS):
        await asyncio.sleep(0)


async def _accept_all(proxy: FaultProxy, listener: socket.socket, stop: threading.Event) -> None:
    """Serve every connection until the one that follows ``stop``; then end those under way.

    asyncio's own server loses a connection that comes while it closes (3.11), hence this loop.
    """
    loop = asyncio.get_running_loop()
    serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
    while True:
        connection, _ = await loop.sock_accept(listener)
        if stop.is_set():
            connection.close()
            break
        reader, writer = await asyncio.open_connection(sock=connection, limit=STREAM_BYTES_MAX)
        task = loop.create_task(proxy.serve(reader, writer))
        serving[task] = writer
        task.add_done_callback(serving.pop)
    left = dict(serving)
    for task, writer in left.items():
        task.cancel()
        writer.transport.abort()
    await asyncio.gather(*left, return_exceptions=True)
    await _turns()  # what was aborted closes its socket


@contextmanager
def proxying(upstream_url: str) -> Iterator[FaultProxy]:
    """Run a proxy before a server on the loopback interface until the block ends."""
    upstream = urlsplit(upstream_url)
    stop = threading.Event()
    with socket.create_server((LOOPBACK, 0)) as listener:
        listener.settimeout(0)
        address = listener.getsockname()
        proxy = FaultProxy(
            url=f"http://{LOOPBACK}:{address[1]}{upstream.path}",
            upstream=(upstream.hostname or LOOPBACK, upstream.port or 80),
        )
        thread = threading.Thread(
            target=lambda: asyncio.run(_accept_all(proxy, listener, stop)), name="fault proxy"
        )
        thread.start()
        try:
            yield proxy
        finally:
            stop.set()
            socket.create_connection(address, STOP_TIMEOUT_S).close()
            thread.join()
