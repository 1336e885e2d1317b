"""Open Tieout inside an Airflow process: connections from Airflow, places from the environment.

Every import of an adapter happens when a task runs, never while a DAG is parsed.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator, get_current_context
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from tieout.domain.budget import Caller, Lane
from tieout.errors import (
    ConfigurationError,
    FatalError,
    RateLimitedError,
    RejectedError,
    UnsettledError,
)
from tieout.provider.connections import lookup

if TYPE_CHECKING:
    from airflow.sdk import Context

    from tieout.connectors.sage100.routes import OdbcConnection
    from tieout.wiring.connections import ConnectionSettings
    from tieout.wiring.installation import Tieout

INCLUDE_VARIABLE = "TIEOUT_INCLUDE"
DATA_DOCS_VARIABLE = "TIEOUT_DATA_DOCS"
EVENT_RUN = "asset_triggered"
BACKFILL_RUN = "backfill"
LANES = {EVENT_RUN: Lane.EVENT, BACKFILL_RUN: Lane.BACKFILL}
"""Which lane a run's calls take, by what started it; all others poll."""
WAIT_MIN_S = 5.0
"""How long a task is put off at the least: the way to the trigger and back takes seconds."""

log = logging.getLogger(__name__)


class Deferrable(BaseOperator):
    """An operator that can be put off: it is executed again when the time has come."""

    def resume(self, context: "Context", event: object) -> object:  # noqa: ARG002 - Airflow's
        """Execute again; what was done before the wait is not done twice."""
        return self.execute(context)


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Translate our errors to Airflow's: what a retry cannot mend fails at once.

    A task that only time helps, and that knows until when, is put off until then: its calls are
    used up, or an earlier write may yet land. It holds no worker meanwhile, and no attempt is used
    up, for nothing failed. A stream that pauses is no such wait: whoever comes next tries it, so
    its tasks end and leave the batch to the next run. Other retryable errors and unknown outcomes
    pass: provider.retry decides from their class.
    """
    try:
        yield
    except (RateLimitedError, UnsettledError) as error:
        if error.retry_after_s is None:
            raise
        log.warning("%s", error)
        raise put_off(max(error.retry_after_s, WAIT_MIN_S)) from error
    except (FatalError, RejectedError) as error:
        raise AirflowFailException(str(error)) from error


def put_off(wait_s: float) -> TaskDeferred:
    """Return what gives the worker back for so many seconds, and then resumes a Deferrable."""
    from airflow.providers.standard.triggers.temporal import (  # noqa: PLC0415 - not for DAG files
        TimeDeltaTrigger,
    )

    return TaskDeferred(trigger=TimeDeltaTrigger(timedelta(seconds=wait_s)), method_name="resume")


def open_runtime() -> "Tieout":
    """Return Tieout over Airflow's connections.

    Raises:
        ConfigurationError: The environment does not say where include/ is.
    """
    from tieout.wiring.installation import Tieout  # noqa: PLC0415 - adapters load in tasks only

    tieout = Tieout(
        lookup,
        folder_of(INCLUDE_VARIABLE),
        data_docs=folder_of(DATA_DOCS_VARIABLE),
        odbc=odbc_by_hook,
        # What guards the connections guards the tokens, wherever Airflow has it from.
        token_key=str(conf.get("core", "fernet_key", fallback="")).strip(),
    )
    tieout.caller = task_caller() or tieout.caller
    return tieout


def task_caller() -> Caller | None:
    """Return on whose account the running task's calls are: its DAG, in its run's lane."""
    try:
        context = get_current_context()
    except RuntimeError:  # no task runs, as when a test calls an operator by itself
        return None
    return Caller(flow=context["dag"].dag_id, lane=LANES.get(run_type(context), Lane.POLL))


def run_type(context: "Context") -> str:
    """Return what started the run that a task belongs to."""
    return str(getattr(context["dag_run"].run_type, "value", context["dag_run"].run_type))


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
        from tieout.provider.sage100_odbc import (  # noqa: PLC0415 - loads pyodbc
            Sage100OdbcHook,
        )

        connection: OdbcConnection = Sage100OdbcHook(connection_id).get_conn()
        return connection

    return connect
