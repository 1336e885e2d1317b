"""Access tokens: signed, for 30 minutes, with what they may do inside (domain/xero README, 2.1)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tieout.simulators.xero.wire import Json

ACCESS_TOKEN_LIFE: Final = timedelta(minutes=30)
ID_TOKEN_LIFE: Final = timedelta(minutes=5)
ISSUER: Final = "https://identity.xero.com"


class AccessDeniedError(Exception):
    """The API's no; ``status`` 401 or 403, ``detail`` as the vendor says it."""

    def __init__(self, status: int, detail: str) -> None:
        """Keep status and detail."""
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True)
class AccessTokens:
    """Makes and reads JSON Web Tokens under one key."""

    key: bytes
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def issue(
        self,
        client_id: str,
        scope: Sequence[str],
        *,
        event_id: str,
        life: timedelta = ACCESS_TOKEN_LIFE,
    ) -> str:
        """Return a new token; ``event_id`` is the consent that it goes back to."""
        now = self.clock()
        claims: Json = {
            "nbf": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
            "iss": ISSUER,
            "aud": f"{ISSUER}/resources",
            "client_id": client_id,
            "iat": int(now.timestamp()),
            "jti": self.new_id().replace("-", ""),
            "authentication_event_id": event_id,
            "scope": list(scope),
        }
        header = {"alg": "HS256", "typ": "JWT", "kid": "simulated"}
        body = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
        return f"{body}.{self._sign(body)}"

    def claims(self, authorization: str) -> Json:
        """Return the claims of the token in an Authorization header.

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

    def _sign(self, body: str) -> str:
        return _encoded(hmac.new(self.key, body.encode(), hashlib.sha256).digest())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
