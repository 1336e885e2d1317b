"""Access tokens: by client credentials or by a refresh token that rotates; renewed in time.

A token is minted inside the store's exchange, so by one worker at a time, and shared by all
(RFC 6749, 4.4 and 6; RELIABILITY 4.4). Without a store each process mints its own, which client
credentials allow and rotating refresh tokens do not.
"""

import base64
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from tieout.connectors.exact_json import typed
from tieout.connectors.http import Answer, HttpClient, Request
from tieout.domain.tokens import Minted, Token
from tieout.errors import AuthenticationError, ConsentError, TieoutError
from tieout.ports.clock import Clock
from tieout.ports.tokens import TokenStore

TOKEN_RENEWAL_LEAD_S = 120
TOKEN_LIFE_MAX_S = 31_536_000
"""A year; an answer that promises more is no token answer."""
TOKEN_TIMEOUT_S = 10.0
"""How long an identity service may take: others wait meanwhile, for at most 20 s."""


class _TokenAnswer(BaseModel):
    """The members of a token answer that matter (RFC 6749, 5.1); unknown ones are no trouble."""

    model_config = ConfigDict(extra="ignore")

    access_token: str = Field(min_length=1)
    expires_in: int = Field(gt=0, le=TOKEN_LIFE_MAX_S)
    refresh_token: str = ""
    scope: str = ""


class _Refusal(BaseModel):
    """The members of a refusal that matter (RFC 6749, 5.2)."""

    model_config = ConfigDict(extra="ignore")

    error: str = ""


class MemoryTokenStore(TokenStore):
    """The tokens of one process, by its own clock; gone when it ends."""

    def __init__(self, clock: Clock) -> None:
        """Start with none."""
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[Token, datetime]] = {}

    @override
    def token(self, name: str) -> Token | None:
        if name not in self._tokens:
            return None
        token, at = self._tokens[name]
        age_s = (self._clock.now() - at).total_seconds()
        left_s = token.lifetime_s - age_s
        return token.model_copy(update={"expires_in_s": left_s, "previous_age_s": age_s})

    @override
    def exchange(
        self,
        name: str,
        *,
        is_good: Callable[[Token], bool],
        mint: Callable[[Token | None], Minted],
    ) -> Token:
        with self._lock:
            known = self.token(name)
            if known is not None and is_good(known):
                return known
            try:
                minted = mint(known)
            except ConsentError:
                self._note_refusal(name)
                raise
            token = Token(
                **minted.model_dump(),
                version=known.version + 1 if known else 1,
                previous_refresh_token=known.refresh_token if known else "",
                lifetime_s=float(int(minted.expires_in_s)),
            )
            self._tokens[name] = (token, self._clock.now())
            return token

    @override
    def forget(self, name: str) -> None:
        with self._lock:
            self._tokens.pop(name, None)

    def _note_refusal(self, name: str) -> None:
        if name in self._tokens:
            token, at = self._tokens[name]
            refused_at = token.refused_at or self._clock.now()
            self._tokens[name] = (token.model_copy(update={"refused_at": refused_at}), at)


@dataclass(frozen=True)
class Grant:
    """Where to ask and with what: form members, and HTTP Basic credentials if given.

    Where it ``needs_consent``, tokens come of the refresh token that is stored, which somebody
    consented to, and never of the app's own credentials.
    """

    url: str
    form: tuple[tuple[str, str], ...] = ()
    basic: tuple[str, str] | None = field(default=None, repr=False)
    needs_consent: bool = False


class IdentityService:
    """Where a system issues tokens: answers soon or not at all, since others wait meanwhile."""

    def __init__(
        self,
        url: str,
        *,
        system: str,
        sleep: Callable[[float], None],
        basic: tuple[str, str] | None = None,
        revocation_url: str = "",
    ) -> None:
        """Take the addresses and the app's credentials, for HTTP Basic."""
        self._url = url
        self._revocation_url = revocation_url
        self._basic = basic
        self._client = HttpClient(
            system=system,
            sleep=sleep,
            read_timeout_s=TOKEN_TIMEOUT_S,
            answer_timeout_s=TOKEN_TIMEOUT_S,
        )

    def issue(self, form: Sequence[tuple[str, str]]) -> Minted:
        """Return the token that is issued for a form.

        Raises:
            ConsentError: The code or the refresh token in it is not accepted (``invalid_grant``).
            AuthenticationError: The app, its credentials or its scopes are not.
            UnavailableError: It does not answer now.
        """
        system = self._client.system
        answer = self._send(form, self._url)
        if not answer.is_success:
            code = _error_of(answer)
            if code == LOST:
                raise consent_lost(system)
            said = f"HTTP {answer.status}{f', {code}' if code else ''}"
            raise AuthenticationError(
                f"{system} issued no access token ({said}).", remedy=_remedy(code, form)
            )
        minted = typed(_TokenAnswer, answer.json(), system=system)
        return Minted(
            access_token=minted.access_token,
            refresh_token=minted.refresh_token,
            expires_in_s=minted.expires_in,
            scope=minted.scope,
        )

    def revoke(self, refresh_token: str) -> None:
        """End a refresh token with all that its consent gave; one that is over is no trouble.

        Raises:
            AuthenticationError: The app or its credentials are not accepted.
        """
        answer = self._send((("token", refresh_token),), self._revocation_url)
        if not answer.is_success:
            raise AuthenticationError(
                f"{self._client.system} revoked nothing (HTTP {answer.status}).",
                remedy="Check the client id and the secret, or disconnect the app in its pages.",
            )

    def _send(self, form: Sequence[tuple[str, str]], url: str) -> Answer:
        return self._client.send(
            Request(
                "POST",
                url,
                is_write=False,  # a second token does no harm; a replaced one is taken for a while
                headers={
                    "Accept": "application/json",
                    "Content-Type": "application/x-www-form-urlencoded",
                    **({"Authorization": _basic(*self._basic)} if self._basic else {}),
                },
                body=urlencode(form).encode(),
            )
        )


class TokenSource:
    """An access token, minted when first needed and renewed before it expires."""

    def __init__(
        self,
        client: HttpClient,
        grant: Grant,
        *,
        clock: Clock,
        store: TokenStore | None = None,
        name: str = "",
    ) -> None:
        """Take by what it is granted, and under which name it is shared in ``store``."""
        self._system = client.system
        self._identity = IdentityService(
            grant.url, system=client.system, sleep=client.sleep, basic=grant.basic
        )
        self._grant = grant
        self._clock = clock
        self._store = store or MemoryTokenStore(clock)
        self._name = name or grant.url
        self._lock = threading.Lock()
        self._token = ""
        self._refused = ""
        self._renew_at: datetime | None = None

    def token(self) -> str:
        """Return a token that is valid for some minutes yet.

        Raises:
            AuthenticationError: The credentials are refused.
            ConsentError: No refresh token is accepted any more.
        """
        with self._lock:
            if self._renew_at is None or self._clock.now() >= self._renew_at:
                self._take(self._exchanged())
            return self._token

    def discard(self, token: str) -> None:
        """Forget ``token``, which was refused; a newer one that somebody minted meanwhile stays."""
        with self._lock:
            self._refused = token
            if token == self._token:
                self._renew_at = None

    def _take(self, token: Token) -> None:
        self._token = token.access_token
        left_s = token.expires_in_s - _lead_s(token)
        self._renew_at = self._clock.now() + timedelta(seconds=left_s)

    def _exchanged(self) -> Token:
        """Exchange; when all is refused, see once whether somebody else has brought a new one."""
        known = self._store.token(self._name)
        if known is not None and self._is_good(known):
            return known
        if known is not None and known.refused_at is not None:
            raise consent_lost(self._system)
        try:
            return self._store.exchange(self._name, is_good=self._is_good, mint=self._mint)
        except ConsentError:
            newer = self._store.token(self._name)
            if newer is None or not self._is_good(newer):
                raise
            return newer

    def _is_good(self, token: Token) -> bool:
        is_alive = token.expires_in_s > _lead_s(token)
        return is_alive and token.access_token != self._refused

    def _mint(self, known: Token | None) -> Minted:
        if not self._grant.needs_consent:
            return self._identity.issue(self._grant.form)
        if known is None:
            raise consent_missing(self._system)
        for refresh_token in known.refresh_tokens():
            form = (("grant_type", "refresh_token"), ("refresh_token", refresh_token))
            try:
                minted = self._identity.issue(form)
            except ConsentError:
                continue
            # A service that does not rotate answers without one: the old one goes on.
            kept = minted.refresh_token or refresh_token
            return minted.model_copy(update={"refresh_token": kept})
        raise consent_lost(self._system)


def _lead_s(token: Token) -> float:
    """Return how long before its end a token is renewed, in seconds."""
    return min(TOKEN_RENEWAL_LEAD_S, token.lifetime_s // 2)


def _error_of(answer: Answer) -> str:
    try:
        return _Refusal.model_validate(answer.json()).error
    except (ValueError, TieoutError):
        return ""


LOST = "invalid_grant"
"""A code or a refresh token is not accepted: all other refusals are of the app itself."""
REFUSALS: Mapping[str, str] = {
    "invalid_client": "Check the client id and the secret of the connection.",
    "invalid_scope": "Allow the app these scopes, or ask for fewer: {scope}.",
    "unauthorized_client": "Check how the connection is granted: this app may not ask in that way.",
    "invalid_request": "Check that the connection has a client id, and its identity address.",
    "unsupported_grant_type": "Check the connection's identity address: this is another service.",
}
"""What to do about each refusal of a token (RFC 6749, 5.2)."""
_OTHER_REFUSAL = "Check the client id, the secret and the scopes of the connection."


def _remedy(code: str, form: Sequence[tuple[str, str]]) -> str:
    return REFUSALS.get(code, _OTHER_REFUSAL).format(scope=dict(form).get("scope", ""))


def consent_lost(system: str) -> ConsentError:
    """Return the error of a consent that counts no more; it is only mended by a new one."""
    return ConsentError(
        f"{system} needs consent again: it takes none of our refresh tokens any more.",
        remedy=f"Let one who may consent run 'tieout connect {system.lower()}'; "
        "what waits goes on by itself then.",
    )


def consent_missing(system: str) -> ConsentError:
    """Return the error of an app that nobody has connected yet."""
    return ConsentError(
        f"{system} is not connected: nobody has consented yet.",
        remedy=f"Let one who may consent run 'tieout connect {system.lower()}'.",
    )


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
