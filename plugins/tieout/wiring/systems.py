"""The systems of one installation: which connector, budget and tokens stand behind each pair.

What is done with them is installation.py's.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cached_property, partial
from pathlib import Path

from tieout.connectors.sage100.config import Sage100Config
from tieout.connectors.sage100.connector import Sage100Connector
from tieout.connectors.sage100.heartbeat import Heartbeat
from tieout.connectors.sage100.own_fields import Named
from tieout.connectors.sage100.schema import by_table
from tieout.connectors.sage100.site import SiteReport
from tieout.connectors.shopify.connector import ShopifyConnector
from tieout.connectors.xero.connector import XeroConnector
from tieout.connectors.xero.shared import Shared
from tieout.domain.base import System
from tieout.domain.pair import Pair
from tieout.errors import ConfigurationError
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.references import PostgresReferences
from tieout.ledger.tokens import KEY_SETTING, PostgresTokenStore
from tieout.mapping.mapper import load_specs
from tieout.mapping.spec import Spec
from tieout.settings import load_pairs
from tieout.usecases import mapping_check
from tieout.wiring.budget import COMMAND_LINE, XeroBudget
from tieout.wiring.clock import SystemClock
from tieout.wiring.connections import (
    LEDGER_CONNECTION,
    ConnectionSettings,
    Lookup,
    OdbcFactory,
    ledger_url,
    sage100_config,
    shopify_config,
)
from tieout.wiring.xero_connections import XeroConnections

AIRFLOW_KEY_SETTING = "AIRFLOW__CORE__FERNET_KEY"
"""Whose key seals the tokens unless they have one of their own: what guards the connections."""
SUBSCRIBED_TOPICS = ("ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_PAID", "ORDERS_CANCELLED")


class ConnectedSystems:
    """The ledger and the systems that the connections name, each opened when first asked for."""

    def __init__(
        self,
        lookup: Lookup,
        include: Path,
        *,
        data_docs: Path,
        odbc: OdbcFactory,
        actor: str = "",
        token_key: str = "",
    ) -> None:
        """Keep where connections, pairs and Data Docs are; nothing is opened yet.

        ``actor`` is whom the audit names for what is done, '' for the ledger's login role.
        ``token_key`` seals the tokens where the environment names no key.
        """
        self._lookup = lookup
        self._include = include
        self._data_docs = data_docs
        self._odbc = odbc
        self._actor = actor
        self._token_key = token_key
        self.clock = SystemClock()
        self.caller = COMMAND_LINE
        """On whose account calls of Xero are; a flow's task says its own."""

    @cached_property
    def pairs(self) -> Mapping[str, Pair]:
        """Return the pairs of include/pairs.yaml."""
        return load_pairs(self._include)

    @cached_property
    def ledger(self) -> PostgresLedger:
        """Return the ledger."""
        return PostgresLedger(ledger_url(self._lookup(LEDGER_CONNECTION)), actor=self._actor)

    def close(self) -> None:
        """Close what was opened."""
        if "ledger" in self.__dict__:
            self.ledger.close()

    def pair(self, pair: str) -> Pair:
        """Return a pair.

        Raises:
            ConfigurationError: There is none of that name.
        """
        if pair not in self.pairs:
            raise ConfigurationError(
                f"There is no pair {pair!r}; there are {', '.join(self.pairs)}.",
                remedy="Use one of these, or add it to include/pairs.yaml.",
            )
        return self.pairs[pair]

    @cached_property
    def tokens(self) -> PostgresTokenStore | None:
        """Return the tokens that all processes share, or None where no key is given."""
        known = (os.environ.get(setting) for setting in (KEY_SETTING, AIRFLOW_KEY_SETTING))
        keys = next(filter(None, known), self._token_key)
        return PostgresTokenStore(self.ledger.database, keys.split(",")) if keys else None

    @cached_property
    def xero_connections(self) -> XeroConnections:
        """Return the connections to Xero, for whoever makes, tests or ends one."""
        return XeroConnections(self._lookup, self.pairs, self.tokens, clock=self.clock)

    def xero(self, pair: str) -> XeroConnector:
        """Return the connector of the pair's Xero organization."""
        return self.xero_by(self.pair(pair).xero_connection)

    def xero_by(self, connection_id: str) -> XeroConnector:
        """Return the connector of a Xero connection, within its budget of calls."""
        config = self.xero_connections.config(connection_id)
        budget = XeroBudget(self.ledger.database, config)
        return XeroConnector(
            config,
            clock=self.clock,
            shared=Shared(
                tokens=self.xero_connections.tokens_for(config),
                budget=budget.calls,
                references=PostgresReferences(self.ledger.database, budget.organization),
            ),
            caller=self.caller,
        )

    def xero_budget(self, pair: str) -> XeroBudget:
        """Return the budget of calls of the pair's Xero organization."""
        config = self.xero_connections.config(self.pair(pair).xero_connection)
        return XeroBudget(self.ledger.database, config)

    def sage100(self, pair: str) -> Sage100Connector:
        """Return the connector of the pair's Sage 100 company."""
        settings = self.pair(pair)
        connection = self._lookup(settings.sage100_connection)
        config = sage100_config(connection, settings)
        own_fields = partial(self._own_fields, pair)
        return self._sage100(settings.sage100_connection, connection, config, own_fields)

    def heartbeat(self, pair: str) -> tuple[Heartbeat, list[str]]:
        """Return what the pair's agent says of itself, and what is in the way of writing."""
        with closing(self.sage100(pair)) as sage100:
            return sage100.heartbeat()

    def check_sage100(self, pair: str) -> SiteReport:
        """Compare the pair's Sage 100 with what we know and need, and its own fields with mappings.

        Raises:
            UnavailableError: It could not be read now.
            AuthenticationError: It refused our user, or the agent our key.
        """
        with closing(self.sage100(pair)) as sage100:
            found = sage100.check()
            misfits = mapping_check.check(
                self._mapping_specs(pair),
                {System.SAGE100: sage100.schemas()},
                concerns=mapping_check.is_own_field,
            )
        return found.model_copy(update={"problems": (*found.problems, *misfits)})

    def _own_fields(self, pair: str) -> Named:
        """Return the fields of the pair's Sage 100 alone that its mappings read, by table."""
        return by_table(mapping_check.own_fields(self._mapping_specs(pair)))

    def _mapping_specs(self, pair: str) -> dict[str, Spec]:
        """Read the mapping files as they are for a pair."""
        return load_specs(self._include / "mappings", pair)

    def sage100_by(self, connection_id: str) -> Sage100Connector:
        """Return the connector of a Sage 100 connection that no pair need have yet."""
        connection = self._lookup(connection_id)
        return self._sage100(connection_id, connection, sage100_config(connection))

    def _sage100(
        self,
        connection_id: str,
        connection: ConnectionSettings,
        config: Sage100Config,
        own_fields: Callable[[], Named] = dict,
    ) -> Sage100Connector:
        is_direct = bool(connection.text("odbc"))
        return Sage100Connector(
            config,
            connect=self._odbc(connection_id, connection) if is_direct else None,
            clock=self.clock,
            own_fields=own_fields,
        )

    def shop(self, pair: str, domain: str) -> ShopifyConnector:
        """Return the connector of one of the pair's shops."""
        shop = next(shop for shop in self.pair(pair).shops if shop.domain == domain)
        config = shopify_config(self._lookup(shop.connection))
        return ShopifyConnector(config, clock=self.clock, tokens=self.tokens)

    def subscribe_shops(self, uri: str) -> None:
        """Subscribe the receiver at ``uri`` to the order topics of every shop."""
        for name, pair in self.pairs.items():
            for shop in pair.shops:
                connector = self.shop(name, shop.domain)
                for topic in SUBSCRIBED_TOPICS:
                    connector.subscribe(topic, uri)
