"""What each process of an installation is told through its environment.

Airflow's settings are here and nowhere else; docker-compose.yaml is made from them too. Those that
differ from Airflow's defaults say why.
"""

import json
import os
import sys
from pathlib import Path

from tieout.stack import postgres, systems
from tieout.stack.configuration import LOOPBACK, StackConfiguration
from tieout.stack.secrets import StackSecrets

AIRFLOW_DATABASE = "airflow"
TASKS_AT_ONCE_MAX = 4
UI_USER = "demo"
PRELOAD_FOLDER = Path("plugins/tieout/stack/airflow_config")
OVERRIDE_PREFIX = "TIEOUT_AIRFLOW_"
"""Before what Airflow shall read: one of its options, or a connection."""
HEARTBEAT_TIMEOUT_S = 120
"""How long a task may be silent until it counts as lost and is tried again.

Well inside the 240 s for which Xero surely remembers an idempotency key: what the lost attempt left
in doubt is sent again under its key, and need not be waited out.
"""
API_RETRIES = 30
API_RETRY_WAIT_MAX_S = 10
"""A call that the API server does not answer is repeated for about three minutes."""


def airflow_settings(configuration: StackConfiguration, secrets: StackSecrets) -> dict[str, str]:
    """Return Airflow's settings as environment variables."""
    address = configuration.url("airflow")
    database = postgres.alchemy_url(
        configuration,
        user=AIRFLOW_DATABASE,
        password=secrets.airflow_database_password,
        database=AIRFLOW_DATABASE,
    )
    settings = {
        "core": {
            "dags_folder": str(configuration.root / "dags"),
            "plugins_folder": str(configuration.root / "plugins"),
            "load_examples": "False",
            # Nobody is there yet to unpause a DAG by hand.
            "dags_are_paused_at_creation": "False",
            "executor": "LocalExecutor",
            "execution_api_server_url": f"{address}/execution/",
            "fernet_key": secrets.fernet_key,
            # One worker process each, forked at start: two cores gain nothing from more.
            "parallelism": str(TASKS_AT_ONCE_MAX),
            # Who may add a connection here may also see whether it works.
            "test_connection": "Enabled",
            "simple_auth_manager_users": f"{UI_USER}:admin",
            "simple_auth_manager_passwords_file": str(ui_passwords_file(configuration)),
        },
        "database": {
            "sql_alchemy_conn": database,
            # Derived otherwise, to a driver that is not installed.
            "sql_alchemy_conn_async": database,
        },
        "api": {
            "base_url": address,
            "host": LOOPBACK,
            "port": str(configuration.ports["airflow"]),
            "workers": "1",
            "secret_key": secrets.api_secret_key,
        },
        "api_auth": {"jwt_secret": secrets.jwt_secret},
        "scheduler": {
            # The default second between loops is most of the gap between two tasks.
            "scheduler_idle_sleep_time": "0.1",
            "max_tis_per_query": "64",
            "task_instance_heartbeat_timeout": str(HEARTBEAT_TIMEOUT_S),
            # What a killed scheduler had queued waits for this check: its successor's first look
            # comes before the dead one counts as dead. The default is five minutes.
            "orphaned_tasks_check_interval": "40",
        },
        "workers": {
            # A slot stays taken for up to this long after its task; the default is five seconds.
            "min_heartbeat_interval": "1",
            # By default a healthy task is killed, and its successor's attempt used up, when the API
            # server is away for 48 s.
            "execution_api_retries": str(API_RETRIES),
            "execution_api_retry_wait_max": str(API_RETRY_WAIT_MAX_S),
        },
        "dag_processor": {"refresh_interval": "30"},
        "logging": {
            "base_log_folder": str(configuration.logs / "tasks"),
            "dag_processor_child_process_log_directory": str(configuration.logs / "dag_files"),
        },
    }
    flat = {
        f"AIRFLOW__{section}__{option}".upper(): value
        for section, options in settings.items()
        for option, value in options.items()
    }
    return {"AIRFLOW_HOME": str(configuration.airflow_home), **flat}


def airflow_connections(configuration: StackConfiguration, secrets: StackSecrets) -> dict[str, str]:
    """Return the demo's connections as Airflow reads them from the environment."""
    known = systems.connections(configuration, secrets)
    return {
        f"AIRFLOW_CONN_{name}".upper(): json.dumps(connection, sort_keys=True)
        for name, connection in known.items()
    }


def tieout_settings(configuration: StackConfiguration) -> dict[str, str]:
    """Return what our own code in any process needs to find its data."""
    return {
        "TIEOUT_INCLUDE": str(configuration.include),
        "TIEOUT_CONNECTIONS": str(configuration.connections),
        "TIEOUT_DATA_DOCS": str(configuration.home / "data_docs"),
    }


def airflow_environment(configuration: StackConfiguration, secrets: StackSecrets) -> dict[str, str]:
    """Return all that Airflow's processes are told."""
    return {
        **airflow_settings(configuration, secrets),
        **airflow_connections(configuration, secrets),
        **tieout_settings(configuration),
        **_overrides(),
        "PYTHONPATH": str(configuration.root / PRELOAD_FOLDER),
    }


def _overrides() -> dict[str, str]:
    """Return the options and connections that our own environment changes for this installation."""
    return {
        name.removeprefix("TIEOUT_"): value
        for name, value in os.environ.items()
        if name.startswith(OVERRIDE_PREFIX)
    }


def inherited_environment() -> dict[str, str]:
    """Return our own environment without what would set another Airflow's settings."""
    bin_folder = str(Path(sys.executable).parent)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW__", "AIRFLOW_CONN_", "AIRFLOW_VAR_"))
    }
    kept["PATH"] = os.pathsep.join([bin_folder, kept.get("PATH", os.defpath)])
    return kept


def ui_passwords_file(configuration: StackConfiguration) -> Path:
    """Return the file from which Airflow's simple auth manager takes the demo user's password."""
    return configuration.airflow_home / "ui_passwords.json"
