"""The access tokens that processes share."""

from collections.abc import Callable
from typing import Protocol

from tieout.domain.tokens import Minted, Token


class TokenStore(Protocol):
    """Where all processes of an installation share the tokens of the systems that they call."""

    def token(self, name: str) -> Token | None:
        """Return the token of that name as it is stored, or None before the first."""

    def exchange(
        self,
        name: str,
        *,
        is_good: Callable[[Token], bool],
        mint: Callable[[Token | None], Minted],
    ) -> Token:
        """Return the stored token, or when it is not good a new one, one caller at a time.

        The stored one is read again once nobody else can exchange it. What ``mint`` makes of it
        is stored, with the refresh token that it replaces, before anybody gets to see it. When
        ``mint`` fails, what is stored stays, so that the old refresh token can be tried again; a
        ConsentError is noted with it (``refused_at``) until something new is stored.

        Raises:
            UnavailableError: Somebody else was at it all the time that we may wait.
        """

    def forget(self, name: str) -> None:
        """Forget the token of that name, if there is one."""
