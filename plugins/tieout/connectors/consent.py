"""A person's consent, asked for in a browser: by authorization code, with a state and a challenge.

The state makes an answer count for the request that asked and for no other; the challenge makes its
code worthless to whoever else sees it (RFC 6749, 4.1 and 10.12; RFC 7636; OWASP ASVS 10.1.2 and
10.2.1). How the answer arrives is for whoever listens.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urlencode

from tieout.errors import AuthenticationError
from tieout.ports.clock import Clock

CONSENT_WAIT_S = 600.0
"""How long a person may take to consent, in seconds."""


class Consent:
    """One request for a consent; of the answers that come, one counts, once and in time."""

    def __init__(
        self,
        authorize_url: str,
        *,
        client_id: str,
        redirect_uri: str,
        scopes: Collection[str],
        clock: Clock,
        random_text: Callable[[], str],
    ) -> None:
        """Take who asks for what, and where to: 43 characters of ``random_text`` or more."""
        self._state = random_text()
        self._verifier = random_text()
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._until: datetime = clock.now() + timedelta(seconds=CONSENT_WAIT_S)
        self._lock = Lock()
        self._answer: Mapping[str, str] | None = None
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(scopes),
            "state": self._state,
            "code_challenge": _challenge(self._verifier),
            "code_challenge_method": "S256",
        }
        self.address = f"{authorize_url}?{urlencode(query)}"
        """What the person opens."""

    def take(self, query: Mapping[str, str]) -> bool:
        """Take an answer if it is to this request, the first one, and in time; say whether it was.

        Whatever is not leaves everything as it is: who guesses cannot end the waiting either.
        """
        is_ours = hmac.compare_digest(query.get("state", "").encode(), self._state.encode())
        is_answer = bool(query.get("code") or query.get("error"))
        with self._lock:
            is_taken = self._answer is not None or self._clock.now() >= self._until
            if is_taken or not is_ours or not is_answer:
                return False
            self._answer = dict(query)
            return True

    def form(self) -> tuple[tuple[str, str], ...]:
        """Return the token request that redeems the code of the answer.

        Raises:
            AuthenticationError: Nobody consented in time, or somebody declined.
        """
        answer = self._answer
        if answer is None:
            raise AuthenticationError(
                f"Nobody consented within {CONSENT_WAIT_S / 60:.0f} minutes.",
                remedy="Run the command again, and open the address that it prints.",
            )
        if "error" in answer:
            raise AuthenticationError(
                f"The consent was declined ({answer['error']}).",
                remedy="Run the command again as one who may consent, and allow the access.",
            )
        return (
            ("grant_type", "authorization_code"),
            ("code", answer["code"]),
            ("redirect_uri", self._redirect_uri),
            ("code_verifier", self._verifier),
        )


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
