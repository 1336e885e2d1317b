"""What the Xero connector must be told; filled from an Airflow connection by wiring."""

from enum import StrEnum

from pydantic import SecretStr, field_validator

from tieout.connectors.xero.tiers import Tier
from tieout.domain.base import Frozen

API_ORIGIN = "https://api.xero.com"
IDENTITY_ORIGIN = "https://identity.xero.com"
LOGIN_ORIGIN = "https://login.xero.com"
API_PATH = "/api.xro/2.0"
AUTHORIZE_PATH = "/identity/connect/authorize"
REVOCATION_PATH = "/connect/revocation"
TOKEN_PATH = "/connect/token"  # noqa: S105 - a path, not a password

SETTLE_S = 600.0
"""How late a write may land whose answer was lost: nothing is documented, so generously long."""

SCOPES = (
    "accounting.contacts",
    "accounting.invoices",
    "accounting.payments",
    "accounting.banktransactions",
    "accounting.settings.read",
)
"""What a connection asks for that is not a pair's; a pair asks for what its flows need, which is in
connectors/xero/scopes.py.
"""


class GrantType(StrEnum):
    """By what the app may call: a custom connection's own credentials, or a person's consent."""

    CLIENT_CREDENTIALS = "client_credentials"
    AUTHORIZATION_CODE = "authorization_code"


class XeroConfig(Frozen):
    """One Xero organization: a custom connection, or an app that somebody consented to.

    ``base_url`` and ``identity_url`` are origins; the usual paths behind them may be given too.
    A custom connection need not name its only organization.
    """

    client_id: str
    client_secret: SecretStr
    grant_type: GrantType = GrantType.CLIENT_CREDENTIALS
    tenant_id: str = ""
    base_url: str = API_ORIGIN
    identity_url: str = IDENTITY_ORIGIN
    scopes: tuple[str, ...] = SCOPES
    tier: Tier = Tier.CUSTOM
    settle_s: float = SETTLE_S
    """Where nothing refuses a second copy, one in doubt is not sent again before, in seconds."""

    @property
    def authorize_url(self) -> str:
        """Return the address of the consent page; where it is not Xero's, it is all one service."""
        is_xero = self.identity_url == IDENTITY_ORIGIN
        return (LOGIN_ORIGIN if is_xero else self.identity_url) + AUTHORIZE_PATH

    @property
    def token_name(self) -> str:
        """Return under which name the app's token for this organization is stored."""
        return f"xero {self.client_id} {self.tenant_id}".strip()

    @field_validator("base_url", "identity_url")
    @classmethod
    def _origin(cls, url: str) -> str:
        return url.rstrip("/").removesuffix(API_PATH).removesuffix(TOKEN_PATH)
