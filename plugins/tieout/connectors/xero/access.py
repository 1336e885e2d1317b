"""By what we may call Xero: the app's own credentials, or tokens of a person's consent."""

from collections.abc import Callable

from tieout.connectors.http import HttpClient
from tieout.connectors.tokens import Grant, IdentityService, TokenSource
from tieout.connectors.xero.config import REVOCATION_PATH, TOKEN_PATH, GrantType, XeroConfig
from tieout.ports.clock import Clock
from tieout.ports.tokens import TokenStore

SYSTEM = "Xero"
ACCESS_REMEDY = (
    "Run 'tieout connect xero --status': it says whether consent is lost, the organization is "
    "disconnected, or a scope lacks."
)


def token_source(
    http: HttpClient, config: XeroConfig, *, clock: Clock, store: TokenStore | None
) -> TokenSource:
    """Return where the access tokens of a connection come from."""
    return TokenSource(http, _grant(config), clock=clock, store=store, name=config.token_name)


def identity_service(config: XeroConfig, *, sleep: Callable[[float], None]) -> IdentityService:
    """Return the identity service, as the connection's app asks it."""
    grant = _grant(config)
    return IdentityService(
        grant.url,
        system=SYSTEM,
        sleep=sleep,
        basic=grant.basic,
        revocation_url=config.identity_url + REVOCATION_PATH,
    )


def tenant_header(tenant_id: str) -> dict[str, str]:
    """Return the header that names the organization; a custom connection need not name its own."""
    return {"xero-tenant-id": tenant_id} if tenant_id else {}


def _grant(config: XeroConfig) -> Grant:
    return Grant(
        config.identity_url + TOKEN_PATH,
        form=(("grant_type", "client_credentials"), ("scope", " ".join(config.scopes))),
        basic=(config.client_id, config.client_secret.get_secret_value()),
        needs_consent=config.grant_type is GrantType.AUTHORIZATION_CODE,
    )
