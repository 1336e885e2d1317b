"""The HTTP face: signatures, envelopes, statuses. No COM here, no record contents in any log."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sage100_agent import PROTOCOL, VERSION
from sage100_agent.commands import Command, parse_command
from sage100_agent.documents import check_document
from sage100_agent.errors import (
    BadCommandError,
    JournalError,
    MaintenanceError,
    RefusedError,
    UnknownKindError,
)
from sage100_agent.journal import FencedError, Journal, OtherPayloadError, Phase
from sage100_agent.reading import Readings
from sage100_agent.signature import is_authentic
from sage100_agent.tickets import Reply, Ticket, not_written
from sage100_agent.worker import CompanyWorker, never_closed
from sage100_agent.writers.catalog import UNCONFIRMED, WRITERS

LOG = logging.getLogger("sage100_agent")
BODY_BYTES_MAX = 1_000_000
BODY_BYTES_HARD_MAX = 8_000_000
"""So much is read to its end and forgotten: who is still sending would not hear our answer."""
BODY_TIMEOUT_S = 10.0
"""Longest time a body may take."""
REPLY_TIMEOUT_S = 45.0
"""Shorter than a client's read timeout, so that the client gets our word for what is known."""
UNWELL = "unwell"
REMEDY = "update the older of Tieout and the agent"


@dataclass(frozen=True)
class Gate:
    """What the HTTP face needs: the key, the journal, the companies' workers and readings."""

    key: bytes
    journal: Journal
    workers: Mapping[str, CompanyWorker]
    readings: Readings
    now_s: Callable[[], float] = time.time
    closed_for_s: Callable[[], float | None] = never_closed
    reply_timeout_s: float = REPLY_TIMEOUT_S


def create_app(gate: Gate) -> Starlette:
    """Return the application."""

    def submitted(_request: Request, body: bytes) -> Reply:
        return _submitted(gate, body)

    def known(request: Request, _body: bytes) -> Reply:
        return _known(gate, request.path_params["command_id"])

    def kinds(_request: Request, _body: bytes) -> Reply:
        return Reply(
            HTTPStatus.OK, {"kinds": {kind: UNCONFIRMED.get(kind, "") for kind in WRITERS}}
        )

    async def reading(request: Request) -> Response:
        heard = await _heard(gate, request)
        if isinstance(heard, Reply):
            return _deaf(request, heard)
        closed_for_s = gate.closed_for_s()
        if closed_for_s is not None:
            gate.readings.release()
            return _json(not_written("", str(MaintenanceError(closed_for_s)), closed_for_s))
        try:
            lines = gate.readings.answer(heard)
        except BadCommandError as error:
            return _json(_problem(HTTPStatus.BAD_REQUEST, str(error)))
        return StreamingResponse(lines, media_type="application/x-ndjson")

    def heartbeat(_request: Request, _body: bytes) -> Reply:
        return Reply(HTTPStatus.OK, _heartbeat(gate))

    async def health(_request: Request) -> JSONResponse:
        state = await run_in_threadpool(_state, gate)
        in_doubt = await run_in_threadpool(gate.journal.in_phase, Phase.WRITING)
        status = HTTPStatus.SERVICE_UNAVAILABLE if state == UNWELL else HTTPStatus.OK
        return JSONResponse({"status": state, "in_doubt": len(in_doubt)}, status)

    return Starlette(
        routes=[
            Route("/v1/commands", _signed(gate, submitted), methods=["POST"]),
            Route("/v1/commands/{command_id:path}", _signed(gate, known), methods=["GET"]),
            Route("/v1/kinds", _signed(gate, kinds), methods=["GET"]),
            Route("/v1/reading", reading, methods=["POST"]),
            Route("/v1/heartbeat", _signed(gate, heartbeat), methods=["GET"]),
            Route("/v1/health", health, methods=["GET"]),
            Route("/v{protocol:int}/{rest:path}", _other_protocol, methods=["GET", "POST"]),
        ]
    )


async def _other_protocol(request: Request) -> JSONResponse:
    spoken = request.path_params["protocol"]
    message = f"the request speaks protocol {spoken}, this agent {PROTOCOL}: {REMEDY}"
    return _json(_problem(HTTPStatus.UPGRADE_REQUIRED, message))


def _state(gate: Gate) -> str:
    if not all(worker.is_alive for worker in gate.workers.values()):
        return UNWELL
    return "ok" if gate.closed_for_s() is None else "maintenance"


def _heartbeat(gate: Gate) -> dict[str, Any]:
    """Say who we are, what we can and how we are: everything but the contents of records."""
    return {
        "status": _state(gate),
        "version": VERSION,
        "protocol": PROTOCOL,
        "kinds": sorted(WRITERS),
        "in_doubt": len(gate.journal.in_phase(Phase.WRITING)),
        "closed_for_s": gate.closed_for_s(),
        "companies": {code: worker.standing for code, worker in gate.workers.items()},
    }


def _signed(
    gate: Gate, act: Callable[[Request, bytes], Reply]
) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Return an endpoint that acts on a request only when it is whole, signed and recent."""

    async def endpoint(request: Request) -> JSONResponse:
        heard = await _heard(gate, request)
        if isinstance(heard, Reply):
            return _deaf(request, heard)
        return _json(await run_in_threadpool(act, request, heard))

    return endpoint


def _deaf(request: Request, reply: Reply) -> JSONResponse:
    peer = request.client.host if request.client else "unknown"
    LOG.warning("refused a request from %s with http=%d", peer, reply.status)
    return _json(reply)


async def _whole(request: Request) -> bytes | Reply:
    """Return the body, or why it is none."""
    too_large = _problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request has at most {BODY_BYTES_MAX} bytes"
    )
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > BODY_BYTES_HARD_MAX:
        return too_large
    body, size = bytearray(), 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= BODY_BYTES_MAX:
                    body += chunk
                elif size > BODY_BYTES_HARD_MAX:
                    return too_large
    except TimeoutError:
        return _problem(HTTPStatus.REQUEST_TIMEOUT, "the request came too slowly")
    except ClientDisconnect:
        return _problem(HTTPStatus.BAD_REQUEST, "the request is cut short")
    return too_large if size > BODY_BYTES_MAX else bytes(body)


async def _heard(gate: Gate, request: Request) -> bytes | Reply:
    """Return the body, or why nobody listens to it."""
    body = await _whole(request)
    if isinstance(body, Reply):
        return body
    is_signed = is_authentic(
        gate.key,
        request.headers.get("X-Tieout-Timestamp", ""),
        request.headers.get("X-Tieout-Signature", ""),
        method=request.method,
        path=request.url.path,
        body=body,
        now_s=gate.now_s(),
    )
    if not is_signed:
        message = "the request is unsigned, forged or over five minutes old; compare the clocks"
        return _problem(HTTPStatus.UNAUTHORIZED, message)
    return body


def _submitted(gate: Gate, body: bytes) -> Reply:
    try:
        command = parse_command(body)
        if command.company not in gate.workers:
            message = "this agent does not serve that company"
            raise BadCommandError(message)  # noqa: TRY301 - one answer for all bad commands
    except UnknownKindError as error:
        message = f"{error} (version {VERSION}): {REMEDY}"
        return _problem(HTTPStatus.UPGRADE_REQUIRED, message)
    except BadCommandError as error:
        return _problem(HTTPStatus.BAD_REQUEST, str(error))
    return _refused(gate, command) or _accepted(gate, command)


def _accepted(gate: Gate, command: Command) -> Reply:
    try:
        entry = gate.journal.accept(command)
    except OtherPayloadError:
        message = "this command_id came before with another payload"
        return _problem(HTTPStatus.CONFLICT, message)
    except FencedError:
        return _problem(HTTPStatus.GONE, "a later epoch of this command was seen")
    except JournalError as error:
        LOG.critical("command=%s %s", command.command_id, error)
        return not_written(command.command_id, str(error))
    if entry.phase is Phase.WRITTEN:
        return Reply(HTTPStatus.OK, entry.result)
    ticket = Ticket(command.command_id)
    gate.workers[command.company].submit(ticket)
    return ticket.wait(gate.reply_timeout_s)


def _refused(gate: Gate, command: Command) -> Reply | None:
    """Refuse a document that does not fit the field table; the journal need not know of it."""
    try:
        check_document(command.kind, command.document)
    except RefusedError as error:
        if gate.journal.entry(command.command_id) is not None:
            message = "this command_id came before with another payload"
            return _problem(HTTPStatus.CONFLICT, message)
        LOG.info(
            "command=%s company=%s kind=%s status=refused cause=%s",
            command.command_id,
            command.company,
            command.kind,
            error.cause,
        )
        body = {
            "command_id": command.command_id,
            "status": "refused",
            "key": {},
            "document_no": "",
            "warnings": [],
            "error": {"cause": error.cause, "message": error.message},
            "values": {},
            "adopted": False,
        }
        return Reply(HTTPStatus.OK, body)
    return None


def _known(gate: Gate, command_id: str) -> Reply:
    entry = gate.journal.entry(command_id)
    if entry is None:
        return _problem(HTTPStatus.NOT_FOUND, "no such command")
    if entry.phase in (Phase.WRITTEN, Phase.REFUSED):
        return Reply(HTTPStatus.OK, entry.result)
    status = "in_doubt" if entry.phase is Phase.WRITING else "accepted"
    return Reply(HTTPStatus.OK, {"command_id": command_id, "status": status, "key": entry.key})


def _problem(status: HTTPStatus, message: str) -> Reply:
    return Reply(status, {"error": {"cause": status.phrase.lower(), "message": message}})


def _json(reply: Reply) -> JSONResponse:
    headers = {}
    if reply.status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(math.ceil(reply.retry_after_s))
    return JSONResponse(reply.body, reply.status, headers)
