"""The frame that all simulators share: loopback server, state folder, faults at ``/_faults``.

A fault is a JSON object: ``{"kind": "latency" | "status" | "drop_answer", "path": "<prefix>",
"method": "PUT", "count": 3, "seconds": 0.2, "status": 503, "headers": {"Retry-After": "1"},
"body": "<html>"}``. ``path``, ``method`` are optional filters; ``count`` is how many requests it
hits (default 1).
``POST /_faults`` arms one, ``GET`` lists those armed with their hits, ``DELETE`` disarms all.
``drop_answer`` does the work, then closes the connection without an answer.
Nothing vendor-specific belongs here.
"""

import asyncio
import json
from pathlib import Path
from typing import Literal

import uvicorn
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

LOOPBACK = "127.0.0.1"
CONTROL_PREFIX = "/_"


class Fault(BaseModel):
    """One armed fault."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["latency", "status", "drop_answer"]
    path: str = "/"
    method: str = ""
    count: int = 1
    seconds: float = 0.0
    status: int = 503
    headers: dict[str, str] = {}
    body: str = ""
    hits: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Say whether the fault hits a request."""
        left = self.hits < self.count
        return left and path.startswith(self.path) and self.method in ("", method)


class DroppedConnectionError(Exception):
    """The answer is withheld on purpose; the server closes the connection."""


class FaultyApp:
    """An ASGI app with a fault switch before it."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self.app = app
        self.faults: list[Fault] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the switch, or the app under the armed faults."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] == "/_faults":
            await self._switch(scope, receive, send)
        elif scope["path"].startswith(CONTROL_PREFIX):
            await self.app(scope, receive, send)
        else:
            await self._faulty(scope, receive, send)

    async def _faulty(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = next((f for f in self.faults if f.matches(scope["method"], scope["path"])), None)
        if fault is None:
            await self.app(scope, receive, send)
            return
        fault.hits += 1
        if fault.kind == "latency":
            await asyncio.sleep(fault.seconds)
            await self.app(scope, receive, send)
        elif fault.kind == "status":
            await _answer(send, fault.status, fault.body.encode(), fault.headers)
        else:
            await self.app(scope, receive, _withheld)
            await _dropped(receive, send)

    async def _switch(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "DELETE":
            self.faults.clear()
        elif scope["method"] == "POST":
            try:
                self.faults.append(Fault.model_validate_json(await _body(receive)))
            except ValidationError as error:
                await _answer(send, 400, str(error).encode(), {"Content-Type": "text/plain"})
                return
        listing = json.dumps([fault.model_dump() for fault in self.faults]).encode()
        await _answer(send, 200, listing, {"Content-Type": "application/json"})


async def _dropped(receive: Receive, send: Send) -> None:
    """Close the connection without a byte of an answer.

    ASGI has no word for it, and an exception makes uvicorn answer 500; ``send`` is a method of
    uvicorn's request cycle, which holds the transport.
    """
    cycle = getattr(send, "__self__", None)
    if not isinstance(cycle, RequestResponseCycle):
        raise DroppedConnectionError
    cycle.transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _withheld(_message: Message) -> None:
    """Swallow an answer."""


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*pairs, length]})
    await send({"type": "http.response.body", "body": body})


def serve(app: ASGIApp, *, port: int, state: Path) -> None:
    """Serve ``app`` on the loopback interface until it is told to stop."""
    state.mkdir(parents=True, exist_ok=True)
    uvicorn.run(
        FaultyApp(app),
        host=LOOPBACK,
        port=port,
        log_level="warning",
        lifespan="on",
        http="httptools",
    )
