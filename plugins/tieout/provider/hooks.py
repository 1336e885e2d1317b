"""Connection types of Xero, Sage 100 and Shopify, with their form fields and *Test* button.

Hooks hold no business logic and open nothing in ``__init__``.
"""

from typing import Any

from airflow.providers.odbc.hooks.odbc import OdbcHook
from airflow.sdk import BaseHook
from typing_extensions import override

from tieout.errors import TieoutError
from tieout.provider.connections import lookup

Tested = tuple[bool, str]


def _test(what: str, call: Any) -> Tested:  # noqa: ANN401 - any callable without arguments
    try:
        found = call()
    except TieoutError as error:
        return False, str(error)
    return True, f"{what}: {found}"


class XeroHook(BaseHook):
    """A Xero custom connection: client id and secret, and the tenant."""

    conn_name_attr = "xero_conn_id"
    default_conn_name = "xero_default"
    conn_type = "xero"
    hook_name = "Xero"

    def __init__(self, xero_conn_id: str = default_conn_name) -> None:
        """Keep the connection's id."""
        super().__init__()
        self.xero_conn_id = xero_conn_id

    @classmethod
    @override
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Name the form's fields."""
        return {
            "hidden_fields": ["port", "schema", "host"],
            "relabeling": {"login": "Client id", "password": "Client secret"},
            "placeholders": {"extra": '{"tenant_id": "..."}'},
        }

    @override
    def get_conn(self) -> Any:
        """Return the connector."""
        from tieout.connectors.xero.connector import XeroConnector  # noqa: PLC0415 - tasks only
        from tieout.wiring.clock import SystemClock  # noqa: PLC0415 - tasks only
        from tieout.wiring.connections import xero_config  # noqa: PLC0415 - tasks only

        return XeroConnector(xero_config(lookup(self.xero_conn_id)), clock=SystemClock())

    def test_connection(self) -> Tested:
        """Read the organization's base currency."""
        return _test("Base currency", lambda: self.get_conn().reference().base_currency)


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

    @classmethod
    @override
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Name the form's fields."""
        return {
            "hidden_fields": ["port", "schema"],
            "relabeling": {
                "host": "Shop domain",
                "login": "Client id",
                "password": "Client secret",
            },
            "placeholders": {"host": "your-shop.myshopify.com"},
        }

    @override
    def get_conn(self) -> Any:
        """Return the connector."""
        from tieout.connectors.shopify.connector import (  # noqa: PLC0415 - tasks only
            ShopifyConnector,
        )
        from tieout.wiring.clock import SystemClock  # noqa: PLC0415 - tasks only
        from tieout.wiring.connections import shopify_config  # noqa: PLC0415 - tasks only

        return ShopifyConnector(shopify_config(lookup(self.shopify_conn_id)), clock=SystemClock())

    def test_connection(self) -> Tested:
        """Ask the shop for an order that cannot exist."""
        return _test("The shop answers", lambda: len(self.get_conn().orders(["1"])) == 0)


class Sage100Hook(OdbcHook):
    """A Sage 100 company: an ODBC connection string to read by, the agent's address to write by."""

    conn_name_attr = "sage100_conn_id"
    default_conn_name = "sage100_default"
    conn_type = "sage100"
    hook_name = "Sage 100"

    def __init__(self, sage100_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        """Keep the connection's id; ODBC reads outside transactions, as Sage 100 has none."""
        super().__init__(
            sage100_conn_id=sage100_conn_id, connect_kwargs={"autocommit": True}, **kwargs
        )

    @classmethod
    @override
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Name the form's fields."""
        return {
            "hidden_fields": ["port", "schema", "host", "login"],
            "relabeling": {"password": "Agent key"},
            "placeholders": {"extra": '{"odbc": "DSN=SAGE100_ABC", "agent_url": "https://..."}'},
        }

    @property
    @override
    def odbc_connection_string(self) -> str:
        """Return the connection string as the connection's extra gives it."""
        return str(self.connection.extra_dejson["odbc"])

    @override
    def test_connection(self) -> Tested:  # type: ignore[override]  # the base has no result
        """Count the tables that the driver shows."""

        def tables() -> int:
            with self.get_conn() as connection:
                return sum(1 for _table in connection.cursor().tables())

        return _test("Tables", tables)
