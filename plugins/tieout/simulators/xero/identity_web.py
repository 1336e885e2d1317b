"""The identity service over HTTP: the consent page, tokens, revocation, connections.

The page stands for the vendor's log-in and consent: whoever sees it chooses the organisations and
allows or denies. The control ``/_consent`` answers in their place: ``Answer`` is ``ask`` (the page,
as at the start), ``allow`` or ``deny``, with ``Tenants`` for some organisations only. The control
``/_redirects`` registers an address for the answers, as the developer portal does.
"""

import base64
import binascii
import html
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tieout.simulators.xero.access_tokens import AccessDeniedError
from tieout.simulators.xero.identity import App, Identity, TokenRequestError
from tieout.simulators.xero.store import Journal

_ANSWERS: Final = ("ask", "allow", "deny")
_TENANTS: Final = "tenants"
_PAGE: Final = """<!doctype html><html lang="en"><title>Simulated Xero</title>
<h1>Simulated Xero</h1><p>{client} wants access: {scope}</p>
<form method="post">{hidden}{choices}
<button name="decision" value="allow">Allow access</button>
<button name="decision" value="deny">Cancel</button></form></html>"""


class IdentityWeb:
    """The identity service over HTTP."""

    def __init__(
        self, identity: Identity, journal: Journal, denied: Callable[[int, str], Response]
    ) -> None:
        """Take the service, what keeps it, and how the API says no."""
        self._identity = identity
        self._journal = journal
        self._denied = denied
        self._answer = "ask"
        self._tenant_ids: tuple[str, ...] = ()

    def routes(self) -> list[Route]:
        """Return the addresses."""
        return [
            Route("/connect/token", self._token, methods=["POST"]),
            Route("/connect/revocation", self._revoke, methods=["POST"]),
            Route("/identity/connect/authorize", self._authorize, methods=["GET", "POST"]),
            *(
                Route(path + suffix, self._connections, methods=["GET", "DELETE"])
                for path in ("/connections", "/Connections")
                for suffix in ("", "/{connection_id}")
            ),
            Route("/_consent", self._control, methods=["POST"]),
            Route("/_redirects", self._register, methods=["POST"]),
        ]

    async def _token(self, request: Request) -> Response:
        try:
            content = self._identity.token(await _client_form(request))
        except TokenRequestError as error:
            # A code that was refused is used up nevertheless.
            self._journal.commit()
            return JSONResponse({"error": error.code}, 400)
        self._journal.commit()
        return JSONResponse(content, headers={"Cache-Control": "no-store"})

    async def _revoke(self, request: Request) -> Response:
        try:
            self._identity.revoke(await _client_form(request))
        except TokenRequestError as error:
            return JSONResponse({"error": error.code}, 400)
        self._journal.commit()
        return Response(status_code=200)

    async def _authorize(self, request: Request) -> Response:
        """Show the consent page, or answer it: with the person's decision or the control's."""
        asked: dict[str, str] = dict(request.query_params)
        decision, tenant_ids = self._answer, self._tenant_ids
        if request.method == "POST":
            form = parse_qsl((await request.body()).decode(errors="replace"))
            asked = {name: value for name, value in form if name not in ("decision", _TENANTS)}
            decision = dict(form).get("decision", "deny")
            tenant_ids = tuple(value for name, value in form if name == _TENANTS)
        try:
            app = self._identity.asked(asked)
            if decision == "ask":
                return HTMLResponse(_page(app, asked))
            if decision == "deny":
                return _redirect(asked, {"error": "access_denied"})
            code = self._identity.consent(asked, tenant_ids)
        except TokenRequestError as error:
            # The vendor tells the person, and nothing to the app.
            return HTMLResponse(f"<h1>Simulated Xero</h1><p>Error: {error.code}</p>", 400)
        self._journal.commit()
        return _redirect(asked, {"code": code, "scope": asked.get("scope", "")})

    async def _connections(self, request: Request) -> Response:
        try:
            claims = self._identity.authorize(request.headers.get("authorization", ""))
        except AccessDeniedError as denial:
            return self._denied(denial.status, denial.detail)
        connection_id = request.path_params.get("connection_id", "")
        if request.method == "DELETE":
            found = self._identity.disconnect(claims, connection_id)
            self._journal.commit()
            return Response(status_code=204 if found else 404)
        event_id = request.query_params.get("authEventId", "")
        return JSONResponse(self._identity.connections(claims, event_id))

    async def _control(self, request: Request) -> Response:
        body = await request.json()
        if body.get("Answer") not in _ANSWERS:
            return Response(f"Answer must be one of {', '.join(_ANSWERS)}", 400)
        self._answer = body["Answer"]
        self._tenant_ids = tuple(map(str, body.get("Tenants", ())))
        return JSONResponse({"Answer": self._answer, "Tenants": self._tenant_ids})

    async def _register(self, request: Request) -> Response:
        body = await request.json()
        try:
            self._identity.register(str(body.get("ClientID")), str(body.get("RedirectURI")))
        except TokenRequestError as error:
            return JSONResponse({"error": error.code}, 400)
        self._journal.commit()
        return Response(status_code=200)


def _page(app: App, asked: Mapping[str, str]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in asked.items()
    )
    choices = "".join(
        f'<p><label><input type="checkbox" checked name="{_TENANTS}"'
        f' value="{html.escape(tenant_id)}"> {html.escape(name)}</label></p>'
        for tenant_id, name in app.tenants.items()
    )
    scope = html.escape(asked.get("scope", ""))
    return _PAGE.format(
        client=html.escape(app.client_id), scope=scope, hidden=hidden, choices=choices
    )


def _redirect(asked: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    state = {"state": asked["state"]} if "state" in asked else {}
    return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({**answer, **state})}", 302)


async def _client_form(request: Request) -> dict[str, str]:
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
