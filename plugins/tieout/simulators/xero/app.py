"""The Xero simulator as one ASGI app: identity, connections, accounting API and controls."""

import base64
import binascii
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tieout.simulators.company import COMPANIES
from tieout.simulators.xero.api import PREFIX, AccountingApi
from tieout.simulators.xero.controls import Controls
from tieout.simulators.xero.idempotency import Replays
from tieout.simulators.xero.identity import AccessDeniedError, Identity, TokenRequestError
from tieout.simulators.xero.limits import Limits, Meter
from tieout.simulators.xero.seed import apps, seed
from tieout.simulators.xero.store import Books, Journal
from tieout.simulators.xero.webhooks import Webhooks

_STATE_FILE = "xero.sqlite"
_GZIP_BYTES_MIN = 200
_METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH"]


def create_app(
    state: Path,
    clock: Callable[[], datetime],
    *,
    limits: Limits | None = None,
    latency_s: float = 0.0,
    advance: Callable[[timedelta], None] = lambda _by: None,
    new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> Starlette:
    """Build the app over the records in ``state``; ``latency_s`` is what each API call takes.

    ``advance`` sets ``clock`` forward, for the control of that name.
    """
    state.mkdir(parents=True, exist_ok=True)
    journal = Journal(state / _STATE_FILE)
    books = {}
    for company in COMPANIES.values():
        books[company.xero_tenant_id] = Books(company.xero_tenant_id, journal, clock, new_id)
        seed(books[company.xero_tenant_id], company)
    identity = Identity(journal, clock, new_id, apps())
    meter = Meter(limits or Limits(), clock)
    journal.commit()
    api = AccountingApi(
        books, identity, meter, Replays(journal, clock), journal, clock, new_id, latency_s
    )
    webhooks = Webhooks(clock, new_id)
    journal.listener = webhooks.announce
    controls = Controls(books, meter, journal, advance, webhooks)
    web = _IdentityWeb(identity, journal, api)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        webhooks.close()
        journal.close()

    gzip = Middleware(GZipMiddleware, minimum_size=_GZIP_BYTES_MIN)
    return Starlette(routes=_routes(api, web, controls), middleware=[gzip], lifespan=lifespan)


def _routes(api: AccountingApi, web: "_IdentityWeb", controls: Controls) -> list[Route]:
    document = "/_documents/{tenant_id}/{resource}/{record_id}"
    return [
        Route(PREFIX + "{path:path}", api.__call__, methods=_METHODS),
        Route("/connect/token", web.token, methods=["POST"]),
        Route("/connect/revocation", web.revoke, methods=["POST"]),
        Route("/identity/connect/authorize", web.authorize),
        *(
            Route(path + suffix, web.connections, methods=["GET", "DELETE"])
            for path in ("/connections", "/Connections")
            for suffix in ("", "/{connection_id}")
        ),
        Route("/_health", controls.health),
        Route("/_calls", controls.calls, methods=["GET", "DELETE"]),
        Route("/_clock", controls.clock, methods=["POST"]),
        Route(document, controls.overwrite, methods=["PUT"]),
        Route("/_webhooks", controls.webhook, methods=["GET", "POST", "DELETE"]),
        Route("/_merges/{tenant_id}", controls.merge, methods=["POST"]),
        Route("/_organisations/{tenant_id}/{resource}", controls.upsert, methods=["POST"]),
    ]


class _IdentityWeb:
    """The identity service over HTTP."""

    def __init__(self, identity: Identity, journal: Journal, api: AccountingApi) -> None:
        self._identity = identity
        self._journal = journal
        self._api = api

    async def token(self, request: Request) -> Response:
        try:
            content = self._identity.token(await _form(request))
        except TokenRequestError as error:
            # A code that expired is used up nevertheless.
            self._journal.commit()
            return JSONResponse({"error": error.code}, 400)
        self._journal.commit()
        return JSONResponse(content, headers={"Cache-Control": "no-store"})

    async def revoke(self, request: Request) -> Response:
        try:
            self._identity.revoke(await _form(request))
        except TokenRequestError as error:
            return JSONResponse({"error": error.code}, 400)
        self._journal.commit()
        return Response(status_code=200)

    async def authorize(self, request: Request) -> Response:
        try:
            code = self._identity.consent(request.query_params)
        except TokenRequestError as error:
            return JSONResponse({"error": error.code}, 400)
        self._journal.commit()
        answer = {"code": code, "state": request.query_params.get("state", "")}
        uri = request.query_params["redirect_uri"]
        return RedirectResponse(f"{uri}?{urlencode(answer)}", 302)

    async def connections(self, request: Request) -> Response:
        try:
            claims = self._identity.authorize(request.headers.get("authorization", ""))
        except AccessDeniedError as denial:
            return self._api.denied(denial.status, denial.detail)
        connection_id = request.path_params.get("connection_id", "")
        if request.method == "DELETE":
            found = self._identity.disconnect(claims, connection_id)
            self._journal.commit()
            return Response(status_code=204 if found else 404)
        event_id = request.query_params.get("authEventId", "")
        return JSONResponse(self._identity.connections(claims, event_id))


async def _form(request: Request) -> dict[str, str]:
    """Return the form of a token request, with the client from the Basic header if it is there."""
    if "application/x-www-form-urlencoded" not in request.headers.get("content-type", ""):
        code = "invalid_request"
        raise TokenRequestError(code)
    form = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(credentials).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            code = "invalid_request"
            raise TokenRequestError(code) from error
        form |= {"client_id": client_id, "client_secret": secret}
    return form
