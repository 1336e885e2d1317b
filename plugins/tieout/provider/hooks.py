"""Hooks of Xero and Shopify, with their *Test* button; their forms are in info.py.

Hooks hold no business logic and open nothing in ``__init__``. Sage 100's, which the runtime reads
by, is in sage100_hook.py.
"""

from contextlib import closing
from typing import Any

from airflow.sdk import BaseHook
from typing_extensions import override

from tieout.errors import TieoutError
from tieout.provider.connections import lookup
from tieout.provider.runtime import open_runtime


class XeroHook(BaseHook):
    """An organization of Xero, by a custom connection or by a person's consent."""

    conn_name_attr = "xero_conn_id"
    default_conn_name = "xero_default"
    conn_type = "xero"
    hook_name = "Xero"

    def __init__(self, xero_conn_id: str = default_conn_name) -> None:
        """Keep the connection's id."""
        super().__init__()
        self.xero_conn_id = xero_conn_id

    @override
    def get_conn(self) -> Any:
        """Return the connector, by the tokens and within the budget that all processes share."""
        return open_runtime().xero_by(self.xero_conn_id)

    def test_connection(self) -> tuple[bool, str]:
        """Look how the connection stands: consent, organization, limits, scopes."""
        try:
            with closing(open_runtime()) as tieout:
                access = tieout.xero_connections.see(self.xero_conn_id)
        except TieoutError as error:
            return False, str(error)
        seen = access.organization.described() if access.organization else ""
        if access.is_good:
            return True, seen
        parts = (f"{access.state}.", access.message, access.remedy, seen)
        return False, " ".join(filter(None, parts))


class ShopifyHook(BaseHook):
    """A Shopify app's client credentials on one shop."""

    conn_name_attr = "shopify_conn_id"
    default_conn_name = "shopify_default"
    conn_type = "shopify"
    hook_name = "Shopify"

    def __init__(self, shopify_conn_id: str = default_conn_name) -> None:
        """Keep the connection's id."""
        super().__init__()
        self.shopify_conn_id = shopify_conn_id

    @override
    def get_conn(self) -> Any:
        """Return the connector."""
        from tieout.connectors.shopify.connector import (  # noqa: PLC0415 - tasks only
            ShopifyConnector,
        )
        from tieout.wiring.clock import SystemClock  # noqa: PLC0415 - tasks only
        from tieout.wiring.connections import shopify_config  # noqa: PLC0415 - tasks only

        return ShopifyConnector(shopify_config(lookup(self.shopify_conn_id)), clock=SystemClock())

    def test_connection(self) -> tuple[bool, str]:
        """Ask the shop for an order that cannot exist."""
        try:
            answers = len(self.get_conn().orders(["1"])) == 0
        except TieoutError as error:
            return False, str(error)
        return True, f"The shop answers: {answers}"
