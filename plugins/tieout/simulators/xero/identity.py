"""Who may call: apps, tokens, connections (domain/xero README, 2.1 and 2.2).

Access tokens live 30 minutes and are signed; a refresh token lives 60 days and is replaced by every
use, its predecessor working 30 minutes longer. A custom connection, an app with one organisation,
mints tokens with its own credentials. Consent is given at once: there is nobody to ask.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tieout.simulators.xero.store import Journal, Shelf
from tieout.simulators.xero.wire import Json, Wire

ACCESS_TOKEN_LIFE: Final = timedelta(minutes=30)
REFRESH_TOKEN_LIFE: Final = timedelta(days=60)
REFRESH_GRACE: Final = timedelta(minutes=30)
CODE_LIFE: Final = timedelta(minutes=5)
ISSUER: Final = "https://identity.xero.com"
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
    """The token endpoint's no; ``code`` is its ``error`` member."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


class AccessDeniedError(Exception):
    """The API's no; ``status`` 401 or 403, ``detail`` as the vendor says it."""

    def __init__(self, status: int, detail: str) -> None:
        """Keep status and detail."""
        super().__init__(detail)
        self.status = status
        self.detail = detail


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
    """An authorisation code or a refresh token."""

    token: str
    kind: str
    client_id: str
    scope: str
    redirect_uri: str = ""
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
    _key: bytes = field(init=False)

    def __post_init__(self) -> None:
        """Open the shelves, and connect the custom connections on first use."""
        self._connections = Shelf(
            self.journal, "identity/Connection", Connection, identify=lambda c: c.connection_id
        )
        self._grants = Shelf(self.journal, "identity/Grant", Grant, identify=lambda g: g.token)
        secrets = Shelf(self.journal, "identity/Secret", Secret, identify=lambda s: s.use)
        if not secrets.all():
            secrets.put(Secret(value=self.new_id() + self.new_id()))
            for app in self.apps.values():
                if app.is_custom_connection:
                    self._connect(app)
        self._key = secrets.all()[0].value.encode()

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

    def consent(self, query: Mapping[str, str]) -> str:
        """Consent to an authorisation request and return its code.

        Raises:
            TokenRequestError: The request is refused.
        """
        app = self.apps.get(query.get("client_id", ""))
        uri = query.get("redirect_uri", "")
        # A redirect goes to https or to localhost by that name, never to 127.0.0.1.
        may_redirect = uri.startswith(("https://", "http://localhost"))
        if app is None or query.get("response_type") != "code" or not may_redirect:
            code = "invalid_request"
            raise TokenRequestError(code)
        scope = _checked_scope(query.get("scope", ""))
        self._connect(app)
        grant = self._issue("code", app, scope, uri)
        return grant.token

    def revoke(self, form: Mapping[str, str]) -> None:
        """Revoke a refresh token and the connections of its app.

        Raises:
            TokenRequestError: The app is unknown.
        """
        app = self._app(form)
        grant = self._grants.get(form.get("token"))
        if grant is None or grant.client_id != app.client_id:
            return
        self._grants.drop(grant)
        for connection in self._of(app.client_id):
            self._connections.drop(connection)

    def authorize(self, authorization: str) -> Json:
        """Return the claims of a bearer token.

        Raises:
            AccessDeniedError: It is not ours, or has expired.
        """
        kind, _, token = authorization.partition(" ")
        body, _, signature = token.rpartition(".")
        if kind.lower() != "bearer" or not hmac.compare_digest(
            self._sign(body).encode(), signature.encode()
        ):
            raise AccessDeniedError(401, "AuthenticationUnsuccessful")
        claims: Json = json.loads(_decoded(body.partition(".")[2]))
        expiry = int(str(claims["exp"]))
        if expiry <= self.clock().timestamp():
            moment = datetime.fromtimestamp(expiry, tz=self.clock().tzinfo)
            detail = f"TokenExpired: token expired at {moment:%m/%d/%Y %H:%M:%S}"
            raise AccessDeniedError(401, detail)
        return claims

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
        return self._access(app, scope)

    def _authorization_code(self, app: App, form: Mapping[str, str]) -> Json:
        grant = self._grants.get(form.get("code"))
        good = grant is not None and grant.kind == "code" and grant.client_id == app.client_id
        if grant is None or not good or grant.redirect_uri != form.get("redirect_uri"):
            code = "invalid_grant"
            raise TokenRequestError(code)
        self._grants.drop(grant)
        if self.clock() - grant.issued > CODE_LIFE:
            code = "invalid_grant"
            raise TokenRequestError(code)
        return self._with_refresh(app, grant.scope)

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
        return self._with_refresh(app, grant.scope)

    def _with_refresh(self, app: App, scope: str) -> Json:
        answer = self._access(app, scope)
        if "openid" in scope.split():
            answer["id_token"] = self._signed(self._claims(app, scope, timedelta(minutes=5)))
        if "offline_access" in scope.split():
            answer["refresh_token"] = self._issue("refresh", app, scope).token
        return answer

    def _access(self, app: App, scope: str) -> Json:
        token = self._signed(self._claims(app, scope, ACCESS_TOKEN_LIFE))
        return {
            "access_token": token,
            "expires_in": int(ACCESS_TOKEN_LIFE.total_seconds()),
            "token_type": "Bearer",
            "scope": scope,
        }

    def _claims(self, app: App, scope: str, life: timedelta) -> Json:
        now = self.clock()
        return {
            "nbf": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
            "iss": ISSUER,
            "aud": f"{ISSUER}/resources",
            "client_id": app.client_id,
            "iat": int(now.timestamp()),
            "jti": self.new_id().replace("-", ""),
            "authentication_event_id": self.new_id(),
            "scope": scope.split(),
        }

    def _signed(self, claims: Json) -> str:
        header = {"alg": "HS256", "typ": "JWT", "kid": "simulated"}
        body = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
        return f"{body}.{self._sign(body)}"

    def _sign(self, body: str) -> str:
        return _encoded(hmac.new(self._key, body.encode(), hashlib.sha256).digest())

    def _issue(self, kind: str, app: App, scope: str, redirect_uri: str = "") -> Grant:
        return self._grants.put(
            Grant(
                token=self.new_id().replace("-", "") + self.new_id().replace("-", ""),
                kind=kind,
                client_id=app.client_id,
                scope=scope,
                redirect_uri=redirect_uri,
                issued=self.clock(),
            )
        )

    def _of(self, client_id: str) -> list[Connection]:
        return [c for c in self._connections.all() if c.client_id == client_id]

    def _connect(self, app: App) -> None:
        event_id, now = self.new_id(), self.clock()
        known = {connection.tenant_id: connection for connection in self._of(app.client_id)}
        for tenant_id, name in app.tenants.items():
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


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0")


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
