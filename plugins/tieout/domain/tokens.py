"""Tokens of the systems that we call, as the processes of an installation share them."""

from pydantic import AwareDatetime, Field

from tieout.domain.base import Frozen

PREVIOUS_LIFE_S = 1800.0
"""How long Xero takes a refresh token that was replaced already, in seconds (30 minutes)."""


CONSENT_LIFE_S = 5_184_000.0
"""How long Xero takes a refresh token that nobody uses, in seconds (60 days)."""


class Minted(Frozen):
    """What an identity service answered; ``refresh_token`` is '' where the grant has none.

    ``scope`` is what was granted, space-separated; '' where the service does not say.
    """

    access_token: str = Field(repr=False)
    refresh_token: str = Field(default="", repr=False)
    expires_in_s: float
    scope: str = ""


class Token(Minted):
    """A stored token. ``version`` grows by one with every exchange.

    ``expires_in_s`` and ``previous_age_s`` are by the store's clock: what is left of the access
    token, and how long ago the previous refresh token was replaced. ``refused_at`` is since when no
    refresh token is accepted any more; None while they are, as far as is known.
    """

    version: int
    previous_refresh_token: str = Field(default="", repr=False)
    previous_age_s: float = 0.0
    lifetime_s: float
    """How long the access token was good for when it came, in seconds."""
    refused_at: AwareDatetime | None = None

    @property
    def consent_left_s(self) -> float:
        """Return how long the consent lasts if nobody uses it, in seconds."""
        return CONSENT_LIFE_S - self.previous_age_s

    def refresh_tokens(self) -> tuple[str, ...]:
        """Return the refresh tokens worth trying, the newest first."""
        is_alive = self.previous_refresh_token and self.previous_age_s < PREVIOUS_LIFE_S
        previous = (self.previous_refresh_token,) if is_alive else ()
        newest = (self.refresh_token,) if self.refresh_token else ()
        return newest + previous
