"""Airflow's ODBC connection to a Sage 100 company, which the runtime reads by."""

from typing import Any

from airflow.providers.odbc.hooks.odbc import OdbcHook
from typing_extensions import override


class Sage100OdbcHook(OdbcHook):
    """A Sage 100 company: an ODBC connection string to read by, the agent's address to write by."""

    conn_name_attr = "sage100_conn_id"
    default_conn_name = "sage100_default"
    conn_type = "sage100"
    hook_name = "Sage 100"
    sage100_conn_id: str

    def __init__(self, sage100_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        """Keep the connection's id; ODBC reads outside transactions, as Sage 100 has none."""
        super().__init__(
            sage100_conn_id=sage100_conn_id, connect_kwargs={"autocommit": True}, **kwargs
        )

    @property
    @override
    def odbc_connection_string(self) -> str:
        """Return the connection string as the connection's extra gives it."""
        return str(self.connection.extra_dejson["odbc"])
