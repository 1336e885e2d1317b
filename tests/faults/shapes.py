"""Answers that are none: what networks, proxies and defects make of a good answer at the wire.

A shape takes the server's good answer, or nothing where the server never heard of the request, and
returns the bytes that the client gets instead.
"""

import gzip
import io
import re
from collections.abc import Callable
from http.client import HTTPResponse

from faults.proxy import Fault, Mode

HUGE_PARTS = 96
"""Parts of 1 MiB that follow a good answer: more than is read of any."""
SERVER_ATTEMPTS = 3
"""How often a read is sent that an unwell server answers."""
PAGE = b"<html><body><h1>Service Unavailable</h1></body></html>"
NO_CONTENT = (
    b'{"Status": "OK", "Contacts": [{}], "Invoices": [{}], "Payments": [{}],'
    b' "HistoryRecords": [{}], "pagination": {"pageCount": 1, "itemCount": 1},'
    b' "data": {"something": "else"},'
    b' "status": "entered", "key": {}}'
)
"""What each system's answers are wrapped in, with nothing of use inside."""
GOOD = b'{"data": {"ok": true}, "Id": "1", "status": "entered"}'
"""What stands in for the server's answer where the server was never asked."""

Shape = Callable[[bytes], bytes]


def http(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    """Return a whole HTTP answer; ``length`` lies about how long the body is."""
    announced = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {announced}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Heard:
    """As much of a socket as http.client needs to read an answer."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._answer)


def good_body(answer: bytes) -> bytes:
    """Return the unpacked body of a server's answer, or one that looks good."""
    if not answer:
        return GOOD
    response = HTTPResponse(_Heard(answer))
    response.begin()
    body = response.read()
    return gzip.decompress(body) if response.getheader("Content-Encoding") == "gzip" else body


def _insert(answer: bytes, members: bytes) -> bytes:
    """Return the good body with members put in at the beginning of its object."""
    return http(re.sub(rb"\{", b"{" + members + b",", good_body(answer), count=1))


def _chunks_cut(answer: bytes) -> bytes:
    body = good_body(answer)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    return head + b"%x\r\n%s\r\n" % (len(body), body)


SHAPES: dict[str, Shape] = {
    "HTML 503": lambda _: http(PAGE, "503 Service Unavailable", "Content-Type: text/html"),
    "HTML 200": lambda _: http(PAGE, "200 OK", "Content-Type: text/html"),
    "XML": lambda _: http(b'<?xml version="1.0"?><Response><Status>OK</Status></Response>'),
    "empty": lambda _: http(b""),
    "no content": lambda _: http(b"", "204 No Content"),
    "gzip cut": lambda answer: http(
        gzip.compress(good_body(answer))[:-12], "200 OK", "Content-Encoding: gzip"
    ),
    "gzip that is none": lambda answer: http(good_body(answer), "200 OK", "Content-Encoding: gzip"),
    "JSON cut": lambda answer: http(good_body(answer)[:-2]),
    "length too long": lambda answer: http(good_body(answer), length=len(good_body(answer)) + 100),
    "length too short": lambda answer: http(good_body(answer), length=len(good_body(answer)) - 3),
    "chunks cut": _chunks_cut,
    "another object": lambda _: http(b'{"something": "else"}'),
    "envelope of nothing": lambda _: http(NO_CONTENT),
    "a list": lambda _: http(b"[]"),
    "null": lambda _: http(b"null"),
    "NaN": lambda answer: _insert(answer, b'"rate": NaN'),
    "out of range": lambda answer: _insert(answer, b'"rate": 1e999'),
    "member twice": lambda answer: _insert(answer, b'"once": 1, "once": 2'),
    "byte order mark": lambda answer: http(b"\xef\xbb\xbf" + good_body(answer)),
    "UTF-16": lambda answer: http(good_body(answer).decode().encode("utf-16")),
    "Latin-1": lambda answer: _insert(answer, b'"name": "caf\xe9"'),
    "not HTTP": lambda _: b"SSH-2.0-OpenSSH_9.2\r\n",
    "huge": lambda answer: http(good_body(answer), length=HUGE_PARTS << 20),
}

COMMON = (
    "HTML 503",
    "HTML 200",
    "XML",
    "empty",
    "gzip cut",
    "JSON cut",
    "length too long",
    "another object",
    "null",
    "NaN",
    "member twice",
    "byte order mark",
    "huge",
)
"""The shapes of the fault catalogue; the others are cousins of these."""


def malformed(
    name: str,
    *,
    method: str = "",
    path: str = "",
    contains: bytes = b"",
    forwards: bool = True,
    count: int = 1,
) -> Fault:
    """Return the fault that gives an answer of a shape."""
    is_huge = name == "huge"
    return Fault(
        Mode.REPLACE,
        method=method,
        path=path,
        contains=contains,
        count=count,
        remake=SHAPES[name],
        tail=b" " * (1 << 20) if is_huge else b"",
        tails=HUGE_PARTS if is_huge else 0,
        forwards=forwards,
    )
