"""Who may call: apps, consents, tokens, connections (domain/xero README, 2.1 and 2.2).

A consent gives a code that is good once and for five minutes, at the exact address that the app has
registered, to whoever has the verifier of its challenge (RFC 7636). A refresh token lives 60 days
and is replaced by every use, its predecessor working 30 minutes longer. A custom connection, an app
with one organisation, mints tokens with its own credentials.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tieout.simulators.xero.access_tokens import (
    ACCESS_TOKEN_LIFE,
    ID_TOKEN_LIFE,
    AccessDeniedError,
    AccessTokens,
)
from tieout.simulators.xero.store import Journal, Shelf
from tieout.simulators.xero.wire import Json, Wire

REFRESH_TOKEN_LIFE: Final = timedelta(days=60)
REFRESH_GRACE: Final = timedelta(minutes=30)
CODE_LIFE: Final = timedelta(minutes=5)
# Apps made since 2 March 2026 get granular scopes alone; a broad one is an invalid scope.
SCOPES: Final = frozenset(
    [
        *("openid", "profile", "email", "offline_access"),
        *(
            f"accounting.{name}{suffix}"
            for name in ("contacts", "invoices", "payments", "banktransactions", "settings")
            for suffix in ("", ".read")
        ),
        *("accounting.attachments", "accounting.attachments.read"),
        *("accounting.manualjournals", "accounting.manualjournals.read"),
        *("accounting.reports.trialbalance.read", "accounting.reports.banksummary.read"),
    ]
)


class TokenRequestError(Exception):
    """The identity service's no; ``code`` is its ``error`` member."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class App:
    """A registered app; one with a single organisation is a custom connection."""

    client_id: str
    secret: str
    tenants: Mapping[str, str]
    """Names of the organisations by tenant id."""

    @property
    def is_custom_connection(self) -> bool:
        """Say whether the app belongs to one organisation alone."""
        return len(self.tenants) == 1


class Secret(Wire):
    """The key that signs access tokens."""

    use: str = "sign"
    value: str


class Redirect(Wire):
    """An address that an app has registered for the answers of consents."""

    client_id: str
    uri: str


class Connection(Wire):
    """An app's connection to an organisation."""

    connection_id: str
    auth_event_id: str
    client_id: str
    tenant_id: str
    tenant_name: str
    created: datetime
    updated: datetime


class Grant(Wire):
    """An authorisation code or a refresh token; all of one consent share its event id."""

    token: str
    kind: str
    client_id: str
    scope: str
    event_id: str = ""
    redirect_uri: str = ""
    challenge: str = ""
    issued: datetime
    replaced: datetime | None = None


@dataclass
class Identity:
    """The identity service: its apps, and what it has issued."""

    journal: Journal
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    apps: Mapping[str, App]
    _connections: Shelf[Connection] = field(init=False)
    _grants: Shelf[Grant] = field(init=False)
    _redirects: Shelf[Redirect] = field(init=False)
    _tokens: AccessTokens = field(init=False)

    def __post_init__(self) -> None:
        """Open the shelves, and connect the custom connections on first use."""
        self._connections = Shelf(
            self.journal, "identity/Connection", Connection, identify=lambda c: c.connection_id
        )
        self._grants = Shelf(self.journal, "identity/Grant", Grant, identify=lambda g: g.token)
        self._redirects = Shelf(
            self.journal, "identity/Redirect", Redirect, identify=lambda r: f"{r.client_id} {r.uri}"
        )
        secrets = Shelf(self.journal, "identity/Secret", Secret, identify=lambda s: s.use)
        if not secrets.all():
            secrets.put(Secret(value=self.new_id() + self.new_id()))
            for app in self.apps.values():
                if app.is_custom_connection:
                    self._connect(app, app.tenants, self.new_id())
        key = secrets.all()[0].value.encode()
        self._tokens = AccessTokens(key, self.clock, self.new_id)

    def register(self, client_id: str, uri: str) -> None:
        """Register an address for the answers of consents, as the developer portal does.

        Raises:
            TokenRequestError: There is no such app, or the address is neither https nor localhost.
        """
        # http goes to localhost by that name, never to 127.0.0.1.
        may_redirect = uri.startswith(("https://", "http://localhost:", "http://localhost/"))
        if client_id not in self.apps or not may_redirect:
            code = "invalid_request"
            raise TokenRequestError(code)
        self._redirects.put(Redirect(client_id=client_id, uri=uri))

    def asked(self, query: Mapping[str, str]) -> App:
        """Judge an authorisation request and return its app.

        Raises:
            TokenRequestError: It is refused; the person is told, and nothing goes to the app.
        """
        app = self.apps.get(query.get("client_id", ""))
        if app is None or app.is_custom_connection:
            code = "unauthorized_client"
            raise TokenRequestError(code)
        redirect = self._redirects.get(f"{app.client_id} {query.get('redirect_uri', '')}")
        has_challenge = "code_challenge" in query
        is_hashed = query.get("code_challenge_method") == "S256"
        if redirect is None or query.get("response_type") != "code" or has_challenge != is_hashed:
            code = "invalid_request"
            raise TokenRequestError(code)
        _checked_scope(query.get("scope", ""))
        return app

    def consent(self, query: Mapping[str, str], tenant_ids: Collection[str] = ()) -> str:
        """Consent for these organisations, or for all of the app, and return the code.

        Raises:
            TokenRequestError: The request is refused.
        """
        app = self.asked(query)
        chosen = {key: name for key, name in app.tenants.items() if key in (tenant_ids or (key,))}
        if not chosen:
            code = "invalid_request"
            raise TokenRequestError(code)
        event_id = self.new_id()
        self._connect(app, chosen, event_id)
        return self._issue(
            "code",
            app,
            scope=query.get("scope", ""),
            event_id=event_id,
            redirect_uri=query["redirect_uri"],
            challenge=query.get("code_challenge", ""),
        ).token

    def token(self, form: Mapping[str, str]) -> Json:
        """Answer a token request.

        Raises:
            TokenRequestError: It is refused.
        """
        if not form.get("client_id") or not form.get("grant_type"):
            code = "invalid_request"
            raise TokenRequestError(code)
        app = self._app(form)
        if form["grant_type"] == "client_credentials":
            return self._client_credentials(app, form)
        if form["grant_type"] == "authorization_code":
            return self._authorization_code(app, form)
        if form["grant_type"] == "refresh_token":
            return self._refresh(app, form)
        code = "unsupported_grant_type"
        raise TokenRequestError(code)

    def revoke(self, form: Mapping[str, str]) -> None:
        """Revoke a refresh token with all of its consent, and the connections of its app.

        Raises:
            TokenRequestError: The app is unknown.
        """
        app = self._app(form)
        revoked = self._grants.get(form.get("token"))
        if revoked is None or revoked.client_id != app.client_id:
            return
        for grant in self._grants.all():
            if grant.event_id == revoked.event_id:
                self._grants.drop(grant)
        for connection in self._of(app.client_id):
            self._connections.drop(connection)

    def authorize(self, authorization: str) -> Json:
        """Return the claims of a bearer token.

        Raises:
            AccessDeniedError: It is not ours, or has expired.
        """
        return self._tokens.claims(authorization)

    def tenant(self, claims: Json, tenant_id: str) -> str:
        """Return the organisation that a call is for.

        A custom connection need not name its only one (unverified: domain/xero README, 2.1).

        Raises:
            AccessDeniedError: The app is not connected to it.
        """
        tenants = [connection.tenant_id for connection in self._of(str(claims["client_id"]))]
        if not tenant_id and len(tenants) == 1:
            return tenants[0]
        if tenant_id.lower() not in tenants:
            raise AccessDeniedError(403, "AuthenticationUnsuccessful")
        return tenant_id.lower()

    def connections(self, claims: Json, auth_event_id: str) -> list[Json]:
        """Return the connections of the token's app."""
        return [
            {
                "id": connection.connection_id,
                "authEventId": connection.auth_event_id,
                "tenantId": connection.tenant_id,
                "tenantType": "ORGANISATION",
                "tenantName": connection.tenant_name,
                "createdDateUtc": _stamp(connection.created),
                "updatedDateUtc": _stamp(connection.updated),
            }
            for connection in self._of(str(claims["client_id"]))
            if auth_event_id in ("", connection.auth_event_id)
        ]

    def disconnect(self, claims: Json, connection_id: str) -> bool:
        """Remove a connection of the token's app; say whether there was one."""
        connection = self._connections.get(connection_id)
        if connection is None or connection.client_id != claims["client_id"]:
            return False
        self._connections.drop(connection)
        return True

    def _app(self, form: Mapping[str, str]) -> App:
        app = self.apps.get(form.get("client_id", ""))
        secret = form.get("client_secret", "").encode()
        if app is None or not hmac.compare_digest(app.secret.encode(), secret):
            code = "invalid_client"
            raise TokenRequestError(code)
        return app

    def _client_credentials(self, app: App, form: Mapping[str, str]) -> Json:
        if not app.is_custom_connection:
            code = "unauthorized_client"
            raise TokenRequestError(code)
        # Without a scope the token gets what the connection was set up with: here, everything.
        scope = _checked_scope(form.get("scope", "")) or " ".join(sorted(SCOPES - _PERSONAL))
        event_ids = [connection.auth_event_id for connection in self._of(app.client_id)]
        return self._access(app, scope, next(iter(event_ids), self.new_id()))

    def _authorization_code(self, app: App, form: Mapping[str, str]) -> Json:
        grant = self._grants.get(form.get("code"))
        good = grant is not None and grant.kind == "code" and grant.client_id == app.client_id
        if grant is None or not good:
            code = "invalid_grant"
            raise TokenRequestError(code)
        # Whatever comes of it, the code has been used.
        self._grants.drop(grant)
        if (
            grant.redirect_uri != form.get("redirect_uri")
            or self.clock() - grant.issued > CODE_LIFE
            or grant.challenge != _challenge(form.get("code_verifier", ""))
        ):
            code = "invalid_grant"
            raise TokenRequestError(code)
        return self._with_refresh(app, grant)

    def _refresh(self, app: App, form: Mapping[str, str]) -> Json:
        grant = self._grants.get(form.get("refresh_token"))
        now = self.clock()
        if (
            grant is None
            or grant.kind != "refresh"
            or grant.client_id != app.client_id
            or now - grant.issued > REFRESH_TOKEN_LIFE
            or (grant.replaced is not None and now - grant.replaced > REFRESH_GRACE)
        ):
            code = "invalid_grant"
            raise TokenRequestError(code)
        if grant.replaced is None:
            self._grants.put(grant.model_copy(update={"replaced": now}))
        return self._with_refresh(app, grant)

    def _with_refresh(self, app: App, grant: Grant) -> Json:
        scope, event_id = grant.scope.split(), grant.event_id
        answer = self._access(app, grant.scope, event_id)
        if "openid" in scope:
            answer["id_token"] = self._tokens.issue(
                app.client_id, scope, event_id=event_id, life=ID_TOKEN_LIFE
            )
        if "offline_access" in scope:
            new = self._issue("refresh", app, scope=grant.scope, event_id=event_id)
            answer["refresh_token"] = new.token
        return answer

    def _access(self, app: App, scope: str, event_id: str) -> Json:
        token = self._tokens.issue(app.client_id, scope.split(), event_id=event_id)
        return {
            "access_token": token,
            "expires_in": int(ACCESS_TOKEN_LIFE.total_seconds()),
            "token_type": "Bearer",
            "scope": scope,
        }

    def _issue(self, kind: str, app: App, **members: str) -> Grant:
        token = self.new_id().replace("-", "") + self.new_id().replace("-", "")
        given = {"token": token, "kind": kind, "client_id": app.client_id, **members}
        return self._grants.put(Grant.model_validate({**given, "issued": self.clock()}))

    def _of(self, client_id: str) -> list[Connection]:
        return [c for c in self._connections.all() if c.client_id == client_id]

    def _connect(self, app: App, tenants: Mapping[str, str], event_id: str) -> None:
        now = self.clock()
        known = {connection.tenant_id: connection for connection in self._of(app.client_id)}
        for tenant_id, name in tenants.items():
            prior = known.get(tenant_id)
            self._connections.put(
                Connection(
                    connection_id=prior.connection_id if prior else self.new_id(),
                    auth_event_id=event_id,
                    client_id=app.client_id,
                    tenant_id=tenant_id,
                    tenant_name=name,
                    created=prior.created if prior else now,
                    updated=now,
                )
            )


_PERSONAL: Final = frozenset({"openid", "profile", "email", "offline_access"})


def _checked_scope(scope: str) -> str:
    if not set(scope.split()) <= SCOPES:
        code = "invalid_scope"
        raise TokenRequestError(code)
    return scope


def _challenge(verifier: str) -> str:
    """Return what a verifier must have been announced by; without one, nothing was."""
    if not verifier:
        return ""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0")
