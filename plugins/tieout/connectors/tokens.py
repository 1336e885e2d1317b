"""Access tokens by client credentials (RFC 6749, 4.4), kept in memory and renewed in time.

Nothing is stored: a second worker mints its own token, which both Xero and Shopify allow for this
grant. Rotating refresh tokens would need a store and a lock, and do not belong here.
"""

import base64
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from tieout.connectors.http import Answer, HttpClient, Request, typed
from tieout.errors import AuthenticationError
from tieout.ports import Clock

TOKEN_RENEWAL_LEAD_S = 120
TOKEN_LIFE_MAX_S = 31_536_000
"""A year; an answer that promises more is no token answer."""


class _TokenAnswer(BaseModel):
    """The members of a token answer that matter (RFC 6749, 5.1)."""

    model_config = ConfigDict(extra="ignore")

    access_token: str = Field(min_length=1)
    expires_in: int = Field(gt=0, le=TOKEN_LIFE_MAX_S)


class TokenSource:
    """A client-credentials access token, minted when first needed and renewed before it expires."""

    def __init__(
        self,
        client: HttpClient,
        *,
        url: str,
        form: Sequence[tuple[str, str]],
        clock: Clock,
        basic: tuple[str, str] | None = None,
    ) -> None:
        """Take where to ask and with what: form members, and HTTP Basic credentials if given."""
        self._client = client
        self._clock = clock
        self._request = Request(
            "POST",
            url,
            is_write=False,  # a second token does no harm
            headers={
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded",
                **({"Authorization": _basic(*basic)} if basic else {}),
            },
            body=urlencode(form).encode(),
        )
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at: datetime | None = None

    def token(self) -> str:
        """Return a token that is valid for some minutes yet.

        Raises:
            AuthenticationError: The credentials are refused.
        """
        with self._lock:
            if self._renew_at is None or self._clock.now() >= self._renew_at:
                self._mint()
            return self._token

    def discard(self, token: str) -> None:
        """Forget ``token``, which was refused; a newer one that somebody minted meanwhile stays."""
        with self._lock:
            if token == self._token:
                self._renew_at = None

    def _mint(self) -> None:
        answer = self._client.send(self._request)
        if not answer.is_success:
            message = f"{self._client.system} issued no access token (HTTP {answer.status})."
            remedy = "Check the client id, the secret and the scopes of the connection."
            raise AuthenticationError(message, remedy=remedy)
        minted = typed(_TokenAnswer, answer.json(), system=self._client.system)
        self._token = minted.access_token
        lead_s = min(TOKEN_RENEWAL_LEAD_S, minted.expires_in // 2)
        self._renew_at = self._clock.now() + timedelta(seconds=minted.expires_in - lead_s)


def send_authorized(
    client: HttpClient, tokens: TokenSource, build: Callable[[str], Request]
) -> Answer:
    """Send what ``build`` makes of a token; when the token is refused, once more with a new one.

    A refused token means that nothing was done, so this is safe for writes too.
    """
    token = tokens.token()
    try:
        return client.send(build(token))
    except AuthenticationError:
        tokens.discard(token)
        return client.send(build(tokens.token()))


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
