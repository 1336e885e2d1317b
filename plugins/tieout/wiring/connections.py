"""Connections, with the fields of Airflow's own, and what each system's connector reads in them.

Airflow's hooks bring theirs through a ``Lookup``; the command line reads a file in Airflow's form.
"""

import json
from collections.abc import Callable, Collection
from pathlib import Path

from pydantic import ConfigDict, Field, ValidationError

from tieout.connectors.sage100.config import Sage100Config
from tieout.connectors.sage100.routes import OdbcConnection
from tieout.connectors.shopify.connector import ShopifyConfig
from tieout.connectors.xero.config import SCOPES, XeroConfig
from tieout.domain.base import Frozen, Json
from tieout.domain.pair import Pair
from tieout.errors import ConfigurationError

LEDGER_CONNECTION = "tieout_ledger"


class ConnectionSettings(Frozen):
    """One connection, with the fields of an Airflow connection."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    conn_type: str
    host: str = ""
    port: int | None = None
    login: str = ""
    password: str = ""
    database: str = Field(default="", alias="schema")
    extra: dict[str, object] = Field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """Return a member of ``extra`` as text; one that is null is as good as absent."""
        value = self.extra.get(name)
        return default if value is None else str(value)


Lookup = Callable[[str], ConnectionSettings]
OdbcFactory = Callable[[str, ConnectionSettings], Callable[[], OdbcConnection]]


def connections_in(path: Path) -> Lookup:
    """Return a look-up in a JSON file that maps connection ids to Airflow connection objects."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no connections file {path}.",
            remedy="Start the stack with 'make demo', or name your own with TIEOUT_CONNECTIONS.",
        ) from None

    def lookup(connection_id: str) -> ConnectionSettings:
        if connection_id not in stored:
            raise ConfigurationError(
                f"{path} has no connection {connection_id!r}.", remedy="Add it to the file."
            )
        try:
            return ConnectionSettings.model_validate(stored[connection_id])
        except ValidationError as error:
            raise ConfigurationError(
                f"Connection {connection_id!r} in {path} is wrong: {error}.",
                remedy="Correct the fields named.",
            ) from error

    return lookup


def odbc_by_pyodbc(_id: str, settings: ConnectionSettings) -> Callable[[], OdbcConnection]:
    """Connect by pyodbc itself, where Airflow's hook is not at hand."""

    def connect() -> OdbcConnection:
        import pyodbc  # the driver manager, which only readers of Sage 100 need

        connection: OdbcConnection = pyodbc.connect(settings.text("odbc"), autocommit=True)
        return connection

    return connect


def ledger_url(connection: ConnectionSettings) -> str:
    """Return the SQLAlchemy URL of the ledger's database."""
    from sqlalchemy import URL  # noqa: PLC0415 - half a second that parsing a DAG need not pay

    is_socket = connection.host.startswith("/")
    url = URL.create(
        "postgresql+psycopg",
        username=connection.login or None,
        password=connection.password or None,
        host=None if is_socket else connection.host or None,
        port=connection.port,
        database=connection.database,
        query={"host": connection.host} if is_socket else {},
    )
    return url.render_as_string(hide_password=False)


def xero_config(connection: ConnectionSettings, *, needed: Collection[str] = SCOPES) -> XeroConfig:
    """Read a Xero connection; addresses default to Xero's own.

    It asks for the scopes that are needed, and for what its extra names beside them.
    """
    fields: Json = {
        name: connection.text(name)
        for name in ("base_url", "identity_url", "grant_type", "tenant_id", "tier", "settle_s")
        if connection.text(name)
    }
    scopes = (*needed, *connection.text("scopes").split())
    try:
        return XeroConfig.model_validate(
            {
                "client_id": connection.login,
                "client_secret": connection.password,
                "scopes": tuple(dict.fromkeys(scopes)),
                **fields,
            }
        )
    except ValidationError as error:
        wrong = ", ".join(str(one["loc"][0]) for one in error.errors())
        raise ConfigurationError(
            f"A Xero connection is wrong: {wrong}.",
            remedy="Correct the fields named; docs/reference/settings.md lists them.",
        ) from error


def shopify_config(connection: ConnectionSettings) -> ShopifyConfig:
    """Read a Shopify connection; the address defaults to the shop's own."""
    fields: Json = {
        name: connection.text(name)
        for name in ("base_url", "api_version")
        if name in connection.extra
    }
    return ShopifyConfig.model_validate(
        {
            "shop_domain": connection.host,
            "client_id": connection.login,
            "client_secret": connection.password,
            **fields,
        }
    )


def sage100_config(connection: ConnectionSettings, pair: Pair | None = None) -> Sage100Config:
    """Read a Sage 100 connection; company, division and time zone are the pair's, if it has one."""
    of_pair: Json = {"company": connection.text("company")}
    if pair is not None:
        of_pair = {
            "company": pair.sage100_company,
            "division": pair.sage100_division,
            "account": f"{pair.sage100_connection}/{pair.sage100_company}",
            "time_zone": pair.time_zone,
        }
    try:
        return Sage100Config.model_validate(
            {
                **of_pair,
                "agent_url": connection.text("agent_url"),
                "agent_key": connection.password,
                "agent_certificate_sha256": connection.text("agent_certificate_sha256"),
                "odbc_encoding": connection.text("odbc_encoding"),
                "import_folder": connection.text("import_folder"),
                "import_kinds": connection.text("import_kinds").split(),
            }
        )
    except ValidationError as error:
        said = "; ".join(str(one["msg"]) for one in error.errors())
        raise ConfigurationError(
            f"A Sage 100 connection is wrong: {said}.",
            remedy="Correct the fields named; docs/reference/settings.md lists them.",
        ) from error
