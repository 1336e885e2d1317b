"""The connections to Xero: what each may do, where its tokens are, and how it stands."""

import time
from collections.abc import Mapping

from tieout.connectors.http import HttpClient
from tieout.connectors.tokens import MemoryTokenStore
from tieout.connectors.xero.access import SYSTEM, token_source
from tieout.connectors.xero.config import GrantType, XeroConfig
from tieout.connectors.xero.organizations import Access, XeroApp, see_access
from tieout.connectors.xero.scopes import scopes_of
from tieout.domain.pair import Pair
from tieout.errors import ConfigurationError
from tieout.ledger.tokens import KEY_SETTING
from tieout.ports.clock import Clock
from tieout.ports.tokens import TokenStore
from tieout.wiring.connections import ConnectionSettings, Lookup, xero_config


class XeroConnections:
    """The Xero connections of an installation, by id."""

    def __init__(
        self,
        lookup: Lookup,
        pairs: Mapping[str, Pair],
        tokens: TokenStore | None,
        *,
        clock: Clock,
    ) -> None:
        """Take where connections are, who uses them, and where tokens are shared, if anywhere."""
        self._lookup = lookup
        self._pairs = pairs
        self._tokens = tokens
        self._clock = clock

    def config(self, connection_id: str, settings: ConnectionSettings | None = None) -> XeroConfig:
        """Return what a connection says, or is about to say, with the scopes of what is on for it.

        One that no pair names, such as one that Airflow tests, asks for what is on in any pair.
        """
        using = [one for one in self._pairs.values() if one.xero_connection == connection_id]
        meant = using or list(self._pairs.values())
        needed = scopes_of(
            {flow for pair in meant for flow in pair.flows},
            polls={path for pair in meant for path in pair.polls},
        )
        return xero_config(settings or self._lookup(connection_id), needed=needed)

    def tokens_for(self, config: XeroConfig) -> TokenStore | None:
        """Return where the tokens of a connection are shared; None where each process has its own.

        Raises:
            ConfigurationError: They come of a consent, and there is no key to keep them under.
        """
        is_consented = config.grant_type is GrantType.AUTHORIZATION_CODE
        return self.shared_tokens if is_consented else self._tokens

    @property
    def shared_tokens(self) -> TokenStore:
        """Return the tokens that all processes share.

        Raises:
            ConfigurationError: There is no key to keep them under.
        """
        if self._tokens is None:
            raise ConfigurationError(
                "A consent's refresh token rotates, and there is no key to store it under.",
                remedy=f"Set {KEY_SETTING} to a Fernet key, the same for every process.",
            )
        return self._tokens

    def app(self, config: XeroConfig, tokens: TokenStore | None = None) -> XeroApp:
        """Return the app of a connection, by tokens of its own if some are given."""
        store = tokens or self.tokens_for(config) or MemoryTokenStore(self._clock)
        return XeroApp(config, clock=self._clock, sleep=time.sleep, tokens=store)

    def consented_token(self, connection_id: str) -> str:
        """Return an access token that comes of a consent; '' where the app needs none to mint one.

        Raises:
            ConsentError: Nobody has consented, or the consent is lost.
        """
        config = self.config(connection_id)
        if config.grant_type is GrantType.CLIENT_CREDENTIALS:
            return ""
        http = HttpClient(system=SYSTEM, sleep=time.sleep)
        source = token_source(http, config, clock=self._clock, store=self.shared_tokens)
        return source.token()

    def see(self, connection_id: str) -> Access:
        """Look how a connection stands: with its own credentials, whoever shares a token with it.

        Raises:
            UnavailableError: Xero does not answer now, so nobody can say.
        """
        config = self.config(connection_id)
        is_consented = config.grant_type is GrantType.AUTHORIZATION_CODE
        tokens = self.shared_tokens if is_consented else MemoryTokenStore(self._clock)
        return see_access(config, clock=self._clock, sleep=time.sleep, tokens=tokens)
