"""Airflow's API server alone, with its pages and its REST API, over a database of its own."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import requests
from psycopg import sql
from sqlalchemy import make_url

from processes import free_port, running
from tieout.stack.configuration import PORT_NAMES, StackConfiguration, configure
from tieout.stack.environment import UI_USER, airflow_environment, inherited_environment
from tieout.stack.secrets import StackSecrets, load_or_create
from tieout.stack.setup import write_files

DATABASE = "airflow_pages"
TIMEOUT_S = 60


class ApiServer:
    """A running API server, and a person who may do everything there."""

    def __init__(
        self, configuration: StackConfiguration, secrets: StackSecrets, told: Mapping[str, str]
    ) -> None:
        self.url = configuration.url("airflow")
        self.password = secrets.ui_password
        self.fernet_key = secrets.fernet_key
        self._told = dict(told)
        self._session = requests.Session()
        body = {"username": UI_USER, "password": secrets.ui_password}
        answer = self._session.post(f"{self.url}/auth/token", json=body, timeout=TIMEOUT_S)
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        """Call the REST API as the pages do."""
        return self._session.request(method, f"{self.url}{path}", json=body, timeout=TIMEOUT_S)

    def shell(self, command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command line beside the server, in its environment."""
        return subprocess.run(
            ["/bin/sh", "-c", command],
            check=False,
            capture_output=True,
            text=True,
            env={**self._told, **more},
        )

    def tested(self, connection: Mapping[str, object]) -> tuple[bool, str]:
        """Press *Test* on a connection."""
        answer = self.call("POST", "/api/v2/connections/test", connection)
        assert answer.ok, answer.text
        said: dict[str, Any] = answer.json()
        return said["status"], said["message"]


@contextmanager
def serving(folder: Path, postgres_url: str, connections: Mapping[str, str]) -> Iterator[ApiServer]:
    """Run an API server with these connections in its environment until the block ends."""
    ports = {name: free_port() for name in PORT_NAMES}
    configuration = configure(folder, ports=ports, environment={})
    secrets = load_or_create(folder)
    write_files(configuration, secrets)
    database = _database(postgres_url)
    told = {
        **inherited_environment(),
        **airflow_environment(configuration, secrets),
        **connections,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": database,
    }
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        check=True,
        env=told,
        stdout=subprocess.DEVNULL,
    )
    ready = f"{configuration.url('airflow')}/api/v2/version"
    with running(["-m", "airflow", "api-server"], ready_url=ready, env=told, patience_s=180):
        yield ApiServer(configuration, secrets, told)


def _database(postgres_url: str) -> str:
    plain = make_url(postgres_url).set(drivername="postgresql")
    name = sql.Identifier(DATABASE)
    with psycopg.connect(
        plain.render_as_string(hide_password=False), autocommit=True
    ) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    return make_url(postgres_url).set(database=DATABASE).render_as_string(hide_password=False)
