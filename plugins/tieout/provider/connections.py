"""Airflow's connections in the form that wiring takes. Reads connections; opens nothing."""

from typing import TYPE_CHECKING

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from tieout.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tieout.wiring.connections import ConnectionSettings


def lookup(connection_id: str) -> "ConnectionSettings":
    """Read an Airflow connection.

    Raises:
        ConfigurationError: Airflow has no such connection.
    """
    from tieout.wiring.connections import ConnectionSettings  # noqa: PLC0415 - adapters load in tasks only

    try:
        connection = BaseHook.get_connection(connection_id)
    except AirflowNotFoundException as error:
        raise ConfigurationError(
            f"Airflow has no connection {connection_id!r}.",
            remedy="Create it under Admin, Connections, with the id that include/pairs.yaml names.",
        ) from error
    fields: Mapping[str, object] = {
        "conn_type": connection.conn_type,
        "host": connection.host or "",
        "port": connection.port,
        "login": connection.login or "",
        "password": connection.password or "",
        "schema": connection.schema or "",
        "extra": connection.extra_dejson,
    }
    return ConnectionSettings.model_validate(fields)
