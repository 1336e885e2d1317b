"""Open Tieout inside an Airflow process: connections from Airflow, places from the environment.

Every import of an adapter happens when a task runs, never while a DAG is parsed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException

from tieout.errors import ConfigurationError, FatalError, RejectedError
from tieout.provider.connections import lookup

if TYPE_CHECKING:
    from tieout.connectors.sage100.reader import OdbcConnection
    from tieout.wiring.connections import ConnectionSettings
    from tieout.wiring.installation import Tieout

INCLUDE_VARIABLE = "TIEOUT_INCLUDE"
DATA_DOCS_VARIABLE = "TIEOUT_DATA_DOCS"


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Translate our errors to Airflow's: what a retry cannot mend fails at once.

    Retryable errors and unknown outcomes pass: provider.retry decides from their class.
    """
    try:
        yield
    except (FatalError, RejectedError) as error:
        raise AirflowFailException(str(error)) from error


def open_runtime() -> "Tieout":
    """Return Tieout over Airflow's connections.

    Raises:
        ConfigurationError: The environment does not say where include/ is.
    """
    from tieout.wiring.installation import Tieout  # noqa: PLC0415 - adapters load in tasks only

    return Tieout(
        lookup,
        folder_of(INCLUDE_VARIABLE),
        data_docs=folder_of(DATA_DOCS_VARIABLE),
        odbc=odbc_by_hook,
    )


def folder_of(variable: str) -> Path:
    """Return the folder that an environment variable names.

    Raises:
        ConfigurationError: It is not set.
    """
    folder = os.environ.get(variable)
    if not folder:
        raise ConfigurationError(
            f"The environment variable {variable} is not set.",
            remedy="Set it for every Airflow component, as docker-compose.yaml does.",
        )
    return Path(folder)


def odbc_by_hook(
    connection_id: str, _settings: "ConnectionSettings"
) -> "Callable[[], OdbcConnection]":
    """Connect through Airflow's OdbcHook."""

    def connect() -> "OdbcConnection":
        from tieout.provider.hooks import Sage100Hook  # noqa: PLC0415 - loads pyodbc

        connection: OdbcConnection = Sage100Hook(connection_id).get_conn()
        return connection

    return connect
