"""The relay: where an agent that opens no port meets Tieout (ADR 0010).

``python -m tieout.web.relay --port N --config FILE``. The agent asks here for requests and brings
the answers back; Tieout's requests wait here for them, under the agent's own paths. FILE is JSON::

    {"agents": {"<name>": {"key": "<the signing key that connection and agent hold>"}}}

An agent's address is ``https://HOST/agents/<name>``, in its ``--relay-url`` and in the connection's
``agent_url``. Nothing is stored: a request that the relay loses is one whose answer is unknown,
which the ledger looks up as ever. What the requests say is between Tieout and the agent.
"""

import argparse
import asyncio
import json
import logging
import secrets
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import uvicorn
from pydantic import SecretStr, ValidationError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tieout.connectors.sage100.signing import is_authentic
from tieout.domain.base import Frozen
from tieout.errors import ConfigurationError

PROTOCOL = 1
POLL_WAIT_S = 20.0
"""How long a poll is kept open; shorter than what firewalls let a silent connection be."""
TAKE_TIMEOUT_S = 10.0
"""How long a request waits for an agent to take it."""
ANSWER_TIMEOUT_S = 55.0
"""How long a request that was taken is waited for; the agent itself answers after 45 s."""
SILENT_AFTER_S = 60.0
"""An agent that has not asked for so long is away."""
NONCE_KEPT_S = 600.0
"""Twice the age at which a signature is refused, so that no poll is answered a second time."""
REQUEST_BYTES_MAX = 1_000_000
ANSWER_BYTES_MAX = 64 * 1024 * 1024
BODY_BYTES_HARD_MAX = ANSWER_BYTES_MAX + 8_000_000
"""So much is read to its end and forgotten: who is still sending would not hear our answer."""
BODY_TIMEOUT_S = 60.0
RETRY_AFTER_S = 5
CONCURRENCY_MAX = 500
SHUTDOWN_TIMEOUT_S = 2
"""Polls are kept open, and would keep the process."""
FORWARDED = ("content-type", "x-tieout-timestamp", "x-tieout-signature")
RETURNED = ("content-type", "retry-after")

log = logging.getLogger(__name__)


class AgentConfig(Frozen):
    """One agent."""

    key: SecretStr


class RelayConfig(Frozen):
    """Which agents there are."""

    agents: dict[str, AgentConfig]


@dataclass(eq=False)
class Exchange:
    """One request of Tieout's, and the answer it waits for."""

    message: bytes
    answer: asyncio.Future[bytes]
    exchange_id: str = field(default_factory=lambda: secrets.token_hex(16))
    taken: asyncio.Event = field(default_factory=asyncio.Event)


class Line:
    """What goes to and from one agent."""

    def __init__(self) -> None:
        """Start without having heard from the agent."""
        self.heard_at_s: float | None = None
        self.version = ""
        self._waiting: deque[Exchange] = deque()
        self._open: dict[str, Exchange] = {}
        self._came = asyncio.Condition()
        self._nonces: dict[str, float] = {}

    def is_new(self, nonce: str, now_s: float) -> bool:
        """Say whether a poll's nonce was never seen, and remember it."""
        self._nonces = {one: at for one, at in self._nonces.items() if now_s - at < NONCE_KEPT_S}
        is_new = nonce not in self._nonces
        self._nonces[nonce] = now_s
        return is_new

    async def put(self, exchange: Exchange) -> None:
        """Queue a request for the agent."""
        self._open[exchange.exchange_id] = exchange
        async with self._came:
            self._waiting.append(exchange)
            self._came.notify()

    async def next(self, wait_s: float) -> Exchange | None:
        """Return the request that has waited longest, or None when none came."""
        try:
            async with asyncio.timeout(wait_s), self._came:
                await self._came.wait_for(lambda: bool(self._waiting))
                return self._waiting.popleft()
        except TimeoutError:
            return None

    def withdraw(self, exchange: Exchange) -> bool:
        """Take back a request; say whether no agent can have it."""
        self._open.pop(exchange.exchange_id, None)
        if exchange in self._waiting:
            self._waiting.remove(exchange)
        return not exchange.taken.is_set()

    def put_back(self, exchange: Exchange) -> None:
        """Queue a request again, first, whose poll went away before it got it."""
        if exchange.exchange_id in self._open:
            self._waiting.appendleft(exchange)

    def take(self, exchange: Exchange) -> bool:
        """Give a request to the agent, unless it was withdrawn meanwhile."""
        if exchange.exchange_id not in self._open:
            return False
        exchange.taken.set()
        return True

    def answered(self, exchange_id: str, answer: bytes) -> bool:
        """Deliver an answer; say whether somebody waits for it."""
        exchange = self._open.pop(exchange_id, None)
        if exchange is None or exchange.answer.done():
            return False
        exchange.answer.set_result(answer)
        return True


class Relay:
    """The routes, over one line for each agent."""

    def __init__(self, config: RelayConfig, now_s: Callable[[], float] = time.time) -> None:
        """Keep who is heard."""
        self._config = config
        self._now_s = now_s
        self._lines = {name: Line() for name in config.agents}

    async def poll(self, request: Request) -> Response:
        """Give the agent the next request of Tieout's: its head, a newline, its body."""
        body = await self._heard(request, REQUEST_BYTES_MAX)
        if isinstance(body, Response):
            return body
        line = self._lines[request.path_params["name"]]
        try:
            asked = json.loads(body)
            nonce, protocol, version = asked["nonce"], asked["protocol"], asked["version"]
        except (ValueError, KeyError, TypeError):
            return _problem(HTTPStatus.BAD_REQUEST, "not a poll: the agent is of another version")
        if protocol != PROTOCOL:
            message = f"the agent {version} speaks protocol {protocol}, Tieout {PROTOCOL}: update"
            return _problem(HTTPStatus.UPGRADE_REQUIRED, message)
        if not line.is_new(str(nonce), self._now_s()):
            return _problem(HTTPStatus.CONFLICT, "this poll was answered before")
        line.heard_at_s, line.version = self._now_s(), str(version)
        exchange = await line.next(POLL_WAIT_S)
        line.heard_at_s = self._now_s()
        if exchange is not None and await request.is_disconnected():
            line.put_back(exchange)
            exchange = None
        if exchange is None or not line.take(exchange):
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return Response(exchange.message, headers={"X-Tieout-Exchange": exchange.exchange_id})

    async def answer(self, request: Request) -> Response:
        """Take the agent's answer to a request: its head, a newline, its body."""
        body = await self._heard(request, ANSWER_BYTES_MAX)
        if isinstance(body, Response):
            return body
        line = self._lines[request.path_params["name"]]
        line.heard_at_s = self._now_s()
        if not line.answered(request.path_params["exchange"], body):
            return _problem(HTTPStatus.GONE, "nobody waits for this answer")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def forward(self, request: Request) -> Response:
        """Let the agent answer a request of Tieout's."""
        body = await self._heard(request, REQUEST_BYTES_MAX)
        if isinstance(body, Response):
            return body
        name = request.path_params["name"]
        line = self._lines[name]
        away_s = None if line.heard_at_s is None else self._now_s() - line.heard_at_s
        if away_s is None or away_s > SILENT_AFTER_S:
            since = "since the relay began" if away_s is None else f"for {away_s:.0f} s"
            return _not_written(f"The agent {name} has not been heard of {since}.")
        head = {
            "method": request.method,
            "path": request.url.path,
            "headers": {one: request.headers[one] for one in FORWARDED if one in request.headers},
        }
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        exchange = Exchange(json.dumps(head).encode() + b"\n" + body, future)
        await line.put(exchange)
        try:
            await asyncio.wait_for(exchange.taken.wait(), TAKE_TIMEOUT_S)
            return _given(await asyncio.wait_for(exchange.answer, ANSWER_TIMEOUT_S))
        except TimeoutError:
            if line.withdraw(exchange):
                return _not_written(f"The agent {name} is busy; the request was withdrawn.")
            return _problem(HTTPStatus.GATEWAY_TIMEOUT, f"the agent {name} did not answer in time")
        finally:
            line.withdraw(exchange)

    async def health(self, _request: Request) -> Response:
        """Say how many agents there are, and how many of them are heard."""
        now_s = self._now_s()
        heard = [
            line
            for line in self._lines.values()
            if line.heard_at_s is not None and now_s - line.heard_at_s <= SILENT_AFTER_S
        ]
        return JSONResponse({"status": "ok", "agents": len(self._lines), "heard": len(heard)})

    async def _heard(self, request: Request, bytes_max: int) -> bytes | Response:
        """Return the body of a signed request, or why it is refused."""
        body, size = bytearray(), 0
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size <= bytes_max:
                        body += chunk
                    elif size > BODY_BYTES_HARD_MAX:
                        break
        except TimeoutError:
            return _problem(HTTPStatus.REQUEST_TIMEOUT, "the request came too slowly")
        except ClientDisconnect:
            return _problem(HTTPStatus.BAD_REQUEST, "the request is cut short")
        if size > bytes_max:
            message = f"a request has at most {bytes_max} bytes"
            return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
        agent = self._config.agents.get(request.path_params["name"])
        # For an unknown agent a random key, which signs nothing: both take the same time.
        key = agent.key.get_secret_value().encode() if agent else secrets.token_bytes()
        is_signed = is_authentic(
            key,
            request.headers.get("X-Tieout-Timestamp", ""),
            request.headers.get("X-Tieout-Signature", ""),
            method=request.method,
            path=request.url.path,
            body=bytes(body),
            now_s=self._now_s(),
        )
        if not is_signed:
            log.warning("A request that is unsigned, forged or stale was refused")
            message = "the request is unsigned, forged or over five minutes old; compare the clocks"
            return _problem(HTTPStatus.UNAUTHORIZED, message)
        return bytes(body)


def create_app(config: RelayConfig, now_s: Callable[[], float] = time.time) -> Starlette:
    """Return the relay's ASGI app."""
    relay = Relay(config, now_s)
    agent = "/agents/{name}"
    routes: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("POST", f"{agent}/poll", relay.poll),
        ("POST", f"{agent}/answers/{{exchange}}", relay.answer),
        ("POST", f"{agent}/v{{rest:path}}", relay.forward),
        ("GET", f"{agent}/v{{rest:path}}", relay.forward),
        ("GET", "/health", relay.health),
    ]
    return Starlette(routes=[Route(path, act, methods=[method]) for method, path, act in routes])


def _given(answer: bytes) -> Response:
    """Return what the agent answered."""
    head_text, _newline, body = answer.partition(b"\n")
    try:
        head = json.loads(head_text)
        status, headers = int(head["status"]), head["headers"]
        kept = {name: str(headers[name]) for name in RETURNED if name in headers}
    except (ValueError, KeyError, TypeError):
        return _problem(HTTPStatus.BAD_GATEWAY, "the agent answered in another form than we know")
    return Response(body, status, kept)


def _not_written(message: str) -> Response:
    """Answer as the agent does when it wrote nothing: the request never got to it."""
    body = {"status": "not_written", "message": message}
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return JSONResponse(body, HTTPStatus.SERVICE_UNAVAILABLE, headers)


def _problem(status: HTTPStatus, message: str) -> Response:
    return JSONResponse({"error": {"cause": status.phrase.lower(), "message": message}}, status)


def read_config(path: Path) -> RelayConfig:
    """Read the configuration file.

    Raises:
        ConfigurationError: It is missing or wrong.
    """
    remedy = "See the docstring of tieout.web.relay for its form."
    try:
        return RelayConfig.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        message = f"The relay's configuration {path} cannot be used: {type(error).__name__}."
        raise ConfigurationError(message, remedy=remedy) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; 2 means the configuration is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tieout.web.relay")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--config", type=Path, required=True, help="JSON file, see the module")
    parser.add_argument("--tls-certificate", type=Path)
    parser.add_argument("--tls-key", type=Path)
    given = parser.parse_args(arguments)
    try:
        app = create_app(read_config(given.config))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    uvicorn.run(
        app,
        host=given.host,
        port=given.port,
        access_log=False,
        server_header=False,
        limit_concurrency=CONCURRENCY_MAX,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S,
        log_level="warning",
        ssl_certfile=given.tls_certificate,
        ssl_keyfile=given.tls_key,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
