"""The accounting API over HTTP: who calls, how often, in which form, and which resource answers."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from tieout.simulators.xero import attachments, printed
from tieout.simulators.xero.access_tokens import AccessDeniedError
from tieout.simulators.xero.batch import validation_exception
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.idempotency import Replays
from tieout.simulators.xero.identity import Identity
from tieout.simulators.xero.limits import Meter
from tieout.simulators.xero.refusals import (
    BadRequestError,
    InvalidError,
    NotFoundError,
    XeroRefusalError,
    validation_errors,
)
from tieout.simulators.xero.resources import RESOURCES, Resource
from tieout.simulators.xero.store import Books, Journal
from tieout.simulators.xero.wire import Json, as_json, as_xml, envelope

BODY_BYTES_MAX: Final = 10_000_000
PREFIX: Final = "/api.xro/2.0/"
_FILE_SCOPES: Final = ("accounting.attachments",)
_JSON: Final = "application/json; charset=utf-8"


class _HttpError(Exception):
    """An answer that no resource gives."""

    def __init__(
        self, status: int, text: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})


@dataclass
class AccountingApi:
    """The accounting API of every organisation."""

    books: Mapping[str, Books]
    identity: Identity
    meter: Meter
    replays: Replays
    journal: Journal
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    latency_s: float = 0.0

    async def __call__(self, request: Request) -> Response:
        """Answer a request."""
        try:
            claims = self.identity.authorize(request.headers.get("authorization", ""))
            tenant_id = self.identity.tenant(claims, request.headers.get("xero-tenant-id", ""))
        except AccessDeniedError as denial:
            return self.denied(denial.status, denial.detail)
        client_id = str(claims["client_id"])
        path = request.url.path
        over = self.meter.enter(client_id, tenant_id, f"{request.method} {_counted(path)}")
        if over:
            # Recorded: an empty body, no content type.
            return self._plain(429, over | self.meter.headers(client_id, tenant_id))
        try:
            # The vendor takes its time; with none, calls could never overlap here.
            await asyncio.sleep(self.latency_s)
            body = await request.body()
            response = self._answered(request, body, claims, tenant_id)
        finally:
            self.meter.leave(client_id, tenant_id)
        response.headers.update(self.meter.headers(client_id, tenant_id))
        return response

    def _answered(self, request: Request, body: bytes, claims: Json, tenant_id: str) -> Response:
        # A file is answered in its own form, whatever is accepted.
        form = _accepted(request.headers.get("accept", "")) or ("json" if _is_file(request) else "")
        if not form:
            return self._plain(406, {})
        try:
            call = self._call(request, body, claims, tenant_id)
        except _HttpError as error:
            return self._text(error.status, error.text, error.headers)
        except AccessDeniedError as denial:
            return self.denied(denial.status, denial.detail)
        return self._replayed_or_done(request, call, form)

    def _call(self, request: Request, body: bytes, claims: Json, tenant_id: str) -> Call:
        if len(body) > BODY_BYTES_MAX:
            raise _HttpError(413)
        name, record_id, action, part_id = _asked(request)
        resource = RESOURCES.get(name)
        part = f"{action}/*" if part_id else action
        if resource is None or (part and part not in resource.parts):
            raise _HttpError(501, f"The simulator does not serve {request.url.path}")
        allowed = _allowed(resource, record_id, part)
        if request.method not in allowed:
            raise _HttpError(405, headers={"Allow": ", ".join(allowed)})
        if not _in_scope(resource, action, request.method, claims):
            raise AccessDeniedError(403, "AuthenticationUnsuccessful")
        is_write = request.method in ("POST", "PUT")
        if is_write and not _is_file(request) and not _is_json(request):
            raise _HttpError(415, "The simulator reads JSON only")
        return Call(
            method=request.method,
            resource=name,
            record_id=record_id,
            action=action,
            part_id=part_id,
            query={key.lower(): value for key, value in request.query_params.items()},
            headers=request.headers,
            body=body,
            client_id=str(claims["client_id"]),
            books=self.books[tenant_id],
        )

    def _replayed_or_done(self, request: Request, call: Call, form: str) -> Response:
        key = request.headers.get("idempotency-key", "")
        if not key or call.method not in ("POST", "PUT"):
            return self._done(call, form)
        url = f"{call.method} {call.books.tenant_id} {request.url.path}?{request.url.query}\n"
        identity = url.encode() + call.body
        try:
            stored = self.replays.known(call.client_id, key, identity)
        except BadRequestError as refusal:
            return self._rendered(self._refused(refusal), form)
        if stored:
            headers = {"Content-Type": stored.content_type} if stored.content_type else {}
            return Response(stored.body.encode(), stored.status, headers)
        response = self._done(call, form)
        self.replays.remember(
            call.client_id,
            key,
            identity,
            status=response.status_code,
            content_type=response.headers.get("content-type", ""),
            body=bytes(response.body),
        )
        self.journal.commit()
        return response

    def _done(self, call: Call, form: str) -> Response:
        """Do the work, all of it or none, and show it."""
        mark = self.journal.mark()
        try:
            answer = RESOURCES[call.resource].answer(call)
        except XeroRefusalError as refusal:
            self.journal.rollback(mark)
            answer = self._refused(refusal)
        except BaseException:
            self.journal.rollback(mark)
            raise
        self.journal.commit()
        return self._rendered(answer, form)

    def _refused(self, refusal: XeroRefusalError) -> Answer:
        if isinstance(refusal, InvalidError):
            element = {"ValidationErrors": validation_errors(refusal.messages)}
            return Answer(400, validation_exception([element]))
        if isinstance(refusal, BadRequestError):
            content: Json = {
                "ErrorNumber": refusal.error_number,
                "Type": refusal.type,
                "Message": str(refusal),
            }
            return Answer(400, content)
        if isinstance(refusal, NotFoundError):
            return Answer(404)
        raise refusal

    def _rendered(self, answer: Answer, form: str) -> Response:
        if answer.status == HTTPStatus.NOT_FOUND:
            # Recorded: text/html and an empty body.
            return Response(b"", 404, {"Content-Type": "text/html"})
        if answer.raw is not None:
            return Response(answer.raw, answer.status, dict(answer.headers))
        if answer.content is None:
            return self._plain(answer.status, {})
        is_good = answer.status == HTTPStatus.OK
        opening = envelope(self.clock(), self.new_id()) if is_good else {}
        content = {**opening, **answer.content}
        if form == "xml":
            root = "Response" if is_good else "ApiException"
            return Response(
                as_xml(content, root), answer.status, {"Content-Type": "text/xml; charset=utf-8"}
            )
        return Response(as_json(content), answer.status, {"Content-Type": _JSON})

    def denied(self, status: int, detail: str) -> Response:
        """Answer that a call is not authorised."""
        problem: Json = {
            "Type": None,
            "Title": HTTPStatus(status).phrase,
            "Status": status,
            "Detail": detail,
            "Instance": self.new_id(),
            "Extensions": {},
        }
        return Response(json.dumps(problem).encode(), status, {"Content-Type": _JSON})

    def _plain(self, status: int, headers: Mapping[str, str]) -> Response:
        return Response(b"", status, dict(headers))

    def _text(self, status: int, text: str, headers: Mapping[str, str]) -> Response:
        kind = {"Content-Type": "text/plain; charset=utf-8"} if text else {}
        return Response(text.encode(), status, {**kind, **headers})


def _asked(request: Request) -> tuple[str, str, str, str]:
    """Return the parts of a path; a record is a PDF by its path, or by what is accepted."""
    name, record_id, action, part_id = _parts(request.url.path)
    if record_id and not action and printed.TYPE in request.headers.get("accept", ""):
        action = printed.PART
    return name, record_id, action, part_id


def _parts(path: str) -> tuple[str, str, str, str]:
    """Return resource, record, action and part of a path; resource and action in lower case."""
    name, _, rest = path[len(PREFIX) :].strip("/").partition("/")
    record_id, _, rest = rest.partition("/")
    if f"{name}/{record_id}".lower() in RESOURCES:
        return f"{name}/{record_id}".lower(), rest, "", ""
    action, _, part_id = rest.partition("/")
    return name.lower(), record_id, action.lower(), part_id


def _counted(path: str) -> str:
    """Return a path as it is counted: without ids."""
    name, record_id, action, part_id = _parts(path)
    parts = (name, record_id and "{id}", action, part_id and "{id}")
    return "/".join(part for part in parts if part)


def _allowed(resource: Resource, record_id: str, part: str) -> tuple[str, ...]:
    if part:
        return resource.parts[part]
    return resource.on_record if record_id else resource.on_list


def _is_file(request: Request) -> bool:
    _, _, action, part_id = _asked(request)
    return (action == attachments.PART and bool(part_id)) or action == printed.PART


def _in_scope(resource: Resource, action: str, method: str, claims: Json) -> bool:
    granted = claims["scope"]
    scopes = _FILE_SCOPES if action == attachments.PART else resource.scopes
    wanted = set(scopes)
    if method == "GET":
        wanted |= {f"{scope}.read" for scope in scopes}
    return isinstance(granted, list) and not wanted.isdisjoint(granted)


def _is_json(request: Request) -> bool:
    return "json" in request.headers.get("content-type", "application/json").lower()


def _accepted(accept: str) -> str:
    """Return the form to answer in; XML is the vendor's default, '' when none will do."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in accept.split(",")]
    for kind in kinds:
        if kind in ("application/json", "text/json"):
            return "json"
        if kind in ("", "*/*", "application/*", "application/xml", "text/xml", "text/html"):
            return "xml"
    return ""
