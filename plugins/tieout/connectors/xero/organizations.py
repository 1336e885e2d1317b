"""What a Xero app is connected to, and how that stands: for people who connect, test or disconnect.

Costs two calls, and of those the one for the organization is not counted as egress (domain/xero
README, 2.3). What flows read and write of an organization belongs to client.py.
"""

from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from tieout.connectors.http import Answer, HttpClient, Request, untrusted_answer
from tieout.connectors.tokens import consent_lost, send_authorized
from tieout.connectors.xero.access import SYSTEM, tenant_header, token_source
from tieout.connectors.xero.answers import SaidConnection, SaidOrganisation
from tieout.connectors.xero.config import API_PATH, GrantType, XeroConfig
from tieout.connectors.xero.limits import DAY_LEFT
from tieout.connectors.xero.scopes import missing_scopes
from tieout.connectors.xero.tiers import Tier, allowed_by
from tieout.domain.base import Frozen
from tieout.domain.tokens import Token
from tieout.errors import AuthenticationError, ConfigurationError, ConsentError
from tieout.ports.clock import Clock
from tieout.ports.tokens import TokenStore

CONNECTIONS_PATH = "/connections"
ORGANIZATION = "ORGANISATION"
"""The type of a tenant that has books; a practice has none."""


class Connected(Frozen):
    """One organization that the app is connected to."""

    connection_id: str
    tenant_id: str
    name: str


class Organization(Frozen):
    """What a person needs to recognize an organization, and what bounds the work with it."""

    tenant_id: str
    name: str
    base_currency: str
    country_code: str
    edition: str
    organization_class: str
    time_zone: str
    period_lock_date: date | None
    year_end_lock_date: date | None
    calls_left: int | None
    """How many calls the rest of this day has; None where Xero does not say."""
    day_limit: int | None
    """How many calls a day has; None where neither the tier nor what is left tells it."""

    def described(self) -> str:
        """Return what there is to know of it, in one line."""
        locks = {"period": self.period_lock_date, "year end": self.year_end_lock_date}
        locked = [f"{what} locked through {day}" for what, day in locks.items() if day]
        left = "" if self.calls_left is None else f"{self.calls_left:,} calls left today"
        limit = "" if self.day_limit is None else f" of {self.day_limit:,}"
        parts = (
            self.base_currency,
            self.country_code,
            f"{self.edition} {self.organization_class}".strip(),
            self.time_zone,
            ", ".join(locked) or "nothing locked",
            left + limit,
        )
        return f"{self.name}: {', '.join(filter(None, parts))}"


def _day_limit(tier: Tier, calls_left: int | None) -> int | None:
    """Return the calls of a day; no answer of Xero's names them, but what is left may tell."""
    possible = [limit for limit in allowed_by(tier).per_day if limit > (calls_left or 0)]
    return possible[0] if len(possible) == 1 else None


class XeroApp:
    """A Xero app as its connection lets it in."""

    def __init__(
        self,
        config: XeroConfig,
        *,
        clock: Clock,
        sleep: Callable[[float], None],
        tokens: TokenStore,
    ) -> None:
        """Take the connection, and where its tokens are; nothing is called yet."""
        self._config = config
        self._http = HttpClient(system=SYSTEM, sleep=sleep)
        self._tokens = token_source(self._http, config, clock=clock, store=tokens)

    def connections(self) -> list[Connected]:
        """Return the organizations that the app is connected to, by name.

        Raises:
            ConsentError: The app needs consent, for the first time or again.
            AuthenticationError: The app's credentials or scopes are refused.
        """
        answer = self._send("GET", CONNECTIONS_PATH)
        said = answer.json()
        if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
            raise untrusted_answer("Xero's list of connections is none.", is_write=False)
        connections = [SaidConnection.of(one) for one in said]
        return sorted(
            (
                Connected(connection_id=one.id, tenant_id=one.tenant_id, name=one.tenant_name)
                for one in connections
                if one.tenant_type == ORGANIZATION
            ),
            key=lambda one: one.name,
        )

    def organization(self, tenant_id: str) -> Organization:
        """Return an organization with its settings.

        Raises:
            AuthenticationError: The app may not read it.
        """
        answer = self._send("GET", f"{API_PATH}/Organisation", tenant_id)
        said = answer.json()
        rows = said.get("Organisations") if isinstance(said, dict) else None
        if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict):
            raise untrusted_answer("Xero's answer has no organization.", is_write=False)
        found = SaidOrganisation.of(rows[0])
        left = self._http.rate_limits.get(DAY_LEFT.lower(), "")
        calls_left = int(left) if left.isdecimal() else None
        return Organization(
            tenant_id=tenant_id,
            name=found.name,
            base_currency=found.base_currency,
            country_code=found.country_code,
            edition=found.edition,
            organization_class=found.organization_class,
            time_zone=found.timezone,
            period_lock_date=found.period_lock_date,
            year_end_lock_date=found.end_of_year_lock_date,
            calls_left=calls_left,
            day_limit=_day_limit(self._config.tier, calls_left),
        )

    def disconnect(self, connected: Connected) -> None:
        """End the app's connection to an organization; one that is gone already is no trouble."""
        self._send("DELETE", f"{CONNECTIONS_PATH}/{connected.connection_id}")

    def _send(self, method: str, path: str, tenant_id: str = "") -> Answer:
        answer = send_authorized(
            self._http,
            self._tokens,
            lambda token: Request(
                method,
                self._config.base_url + path,
                is_write=False,  # a second DELETE finds nothing and changes nothing
                headers={
                    "Authorization": f"Bearer {token}",
                    "Accept": "application/json",
                    **tenant_header(tenant_id),
                },
            ),
        )
        is_gone = method == "DELETE" and answer.status == HTTPStatus.NOT_FOUND
        if not answer.is_success and not is_gone:
            raise ConfigurationError(
                f"Xero refused {method} {path} (HTTP {answer.status}).",
                remedy="Check the connection's addresses.",
            )
        return answer


class AccessState(StrEnum):
    """How a connection to Xero stands."""

    CONNECTED = "connected"
    NEEDS_CONSENT = "needs consent"
    DISCONNECTED = "disconnected"
    REFUSED = "refused"


class Access(Frozen):
    """How a connection to Xero stands, with what to do where it is not good."""

    state: AccessState
    organization: Organization | None = None
    missing: tuple[str, ...] = ()
    """The scopes that are needed and were not granted."""
    consent_ends_at: datetime | None = None
    """When the consent lapses if nobody uses it; None where there is none to lapse."""
    refused_at: datetime | None = None
    message: str = ""
    remedy: str = ""

    @property
    def is_good(self) -> bool:
        """Say whether all flows can work."""
        return self.state is AccessState.CONNECTED and not self.missing


def see_access(
    config: XeroConfig, *, clock: Clock, sleep: Callable[[float], None], tokens: TokenStore
) -> Access:
    """Look how a connection stands.

    Raises:
        UnavailableError: Xero does not answer now, so nobody can say.
    """
    known = tokens.token(config.token_name)
    if known is not None and known.refused_at is not None:
        # Its access token may open something for some minutes yet: that is no good news.
        return _needs_consent(consent_lost(SYSTEM), known)
    try:
        return _seen(config, clock=clock, sleep=sleep, tokens=tokens)
    except ConsentError as error:
        return _needs_consent(error, tokens.token(config.token_name))
    except AuthenticationError as error:
        return Access(
            state=AccessState.REFUSED,
            missing=_missing(config, tokens.token(config.token_name)),
            message=error.message,
            remedy=error.remedy,
        )


def _needs_consent(error: ConsentError, known: Token | None) -> Access:
    return Access(
        state=AccessState.NEEDS_CONSENT,
        refused_at=known.refused_at if known else None,
        message=error.message,
        remedy=error.remedy,
    )


def _seen(
    config: XeroConfig, *, clock: Clock, sleep: Callable[[float], None], tokens: TokenStore
) -> Access:
    app = XeroApp(config, clock=clock, sleep=sleep, tokens=tokens)
    connected = app.connections()
    chosen = [one for one in connected if config.tenant_id in ("", one.tenant_id)]
    if len(chosen) != 1:
        return _disconnected(config, connected)
    organization = app.organization(chosen[0].tenant_id)
    token = tokens.token(config.token_name)
    is_consented = config.grant_type is GrantType.AUTHORIZATION_CODE
    ends_at = clock.now() + timedelta(seconds=token.consent_left_s) if token else None
    missing = _missing(config, token)
    return Access(
        state=AccessState.CONNECTED,
        organization=organization,
        missing=missing,
        consent_ends_at=ends_at if is_consented else None,
        message="" if not missing else f"Xero has not granted {', '.join(missing)}.",
        remedy="" if not missing else _grant_more(config),
    )


def _missing(config: XeroConfig, token: Token | None) -> tuple[str, ...]:
    """Return what was not granted; a token whose service does not say counts as whole."""
    return missing_scopes(config.scopes, token.scope) if token and token.scope else ()


def _grant_more(config: XeroConfig) -> str:
    if config.grant_type is GrantType.AUTHORIZATION_CODE:
        return "Run 'tieout connect xero' once more, and consent to them."
    return "Tick them for the custom connection at developer.xero.com, and authorize it anew."


def _disconnected(config: XeroConfig, connected: Collection[Connected]) -> Access:
    names = ", ".join(one.name for one in connected) or "none"
    what = config.tenant_id or "the one organization that the connection does not name"
    return Access(
        state=AccessState.DISCONNECTED,
        message=f"The app is not connected to {what}; it is connected to: {names}.",
        remedy="Run 'tieout connect xero' and choose the organization.",
    )
