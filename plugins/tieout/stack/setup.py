"""Everything that must exist before the processes start: files, databases, schemas. Repeatable.

``python -m tieout.stack.setup --home DIR`` does all of it against a PostgreSQL that runs already:
that is how docker-compose.yaml prepares an installation. Starting belongs to supervisor.py.
"""

import argparse
import json
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql

from tieout.errors import ConfigurationError, UnavailableError
from tieout.ledger.grants import grants
from tieout.ledger.migrate import migrate
from tieout.stack import components, environment, postgres, systems
from tieout.stack.configuration import StackConfiguration, configure
from tieout.stack.secrets import StackSecrets, load_or_create, write_private

DATABASE_WAIT_S = 30.0
POLL_S = 0.1


def write_files(configuration: StackConfiguration, secrets: StackSecrets) -> None:
    """Write the files that the processes and the command line read."""
    for folder in (configuration.logs, configuration.run, configuration.airflow_home):
        folder.mkdir(parents=True, exist_ok=True)
    (configuration.home / "agent").mkdir(exist_ok=True)
    (configuration.simulators / "sage100").mkdir(parents=True, exist_ok=True)
    write_private(configuration.home / "agent" / "key", secrets.agent_key + "\n")
    write_private(
        configuration.connections,
        json.dumps(systems.connections(configuration, secrets), indent=2) + "\n",
    )
    write_private(
        configuration.home / "receiver.json",
        components.receiver_config(configuration, secrets) + "\n",
    )
    write_private(
        environment.ui_passwords_file(configuration),
        json.dumps({environment.UI_USER: secrets.ui_password}) + "\n",
    )


def prepare_databases(configuration: StackConfiguration, secrets: StackSecrets) -> None:
    """Create the two databases with their owners, or set the owners' passwords.

    Raises:
        UnavailableError: PostgreSQL did not answer in time.
    """
    with _administrator(configuration, secrets, "postgres") as connection:
        for owner, password in _owners(secrets).items():
            role = sql.Identifier(owner)
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [owner])
            command = "ALTER ROLE {} LOGIN PASSWORD {}"
            if known.fetchone() is None:
                command = "CREATE ROLE {} LOGIN PASSWORD {}"
            connection.execute(sql.SQL(command).format(role, sql.Literal(password)))
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [owner])
            if exists.fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))


def migrate_ledger(configuration: StackConfiguration, secrets: StackSecrets) -> None:
    """Bring the ledger's schema and the receiver's rights up to date."""
    migrate(
        postgres.alchemy_url(
            configuration,
            user=systems.TIEOUT_DATABASE,
            password=secrets.tieout_database_password,
            database=systems.TIEOUT_DATABASE,
        )
    )
    as_administrator = postgres.alchemy_url(
        configuration,
        user=postgres.SUPERUSER,
        password=secrets.postgres_password,
        database=systems.TIEOUT_DATABASE,
    )
    grants(as_administrator, components.RECEIVER_ROLE, secrets.receiver_database_password)


def migrate_airflow(configuration: StackConfiguration, secrets: StackSecrets) -> None:
    """Bring Airflow's schema up to date; at once when this version did so before.

    Raises:
        ConfigurationError: ``airflow db migrate`` failed.
    """
    mark = f"schema of Airflow {version('apache-airflow-core')}"
    database = environment.AIRFLOW_DATABASE
    with _administrator(configuration, secrets, database) as connection:
        known = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [database],
        ).fetchone()
        if known == (mark,):
            return
        log = configuration.logs / "airflow-db-migrate.log"
        with log.open("wb") as output:
            ended = subprocess.run(
                [sys.executable, "-m", "airflow", "db", "migrate"],
                check=False,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={
                    **environment.inherited_environment(),
                    **environment.airflow_environment(configuration, secrets),
                },
            )
        if ended.returncode:
            raise ConfigurationError(
                f"'airflow db migrate' ended with {ended.returncode}.",
                remedy=f"Read {log}.",
            )
        # The mark travels with the database, so a cluster that was replaced is migrated again.
        connection.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(database), sql.Literal(mark)
            )
        )


def _owners(secrets: StackSecrets) -> dict[str, str]:
    return {
        environment.AIRFLOW_DATABASE: secrets.airflow_database_password,
        systems.TIEOUT_DATABASE: secrets.tieout_database_password,
    }


def _administrator(
    configuration: StackConfiguration, secrets: StackSecrets, database: str
) -> psycopg.Connection:
    url = postgres.url(
        configuration,
        user=postgres.SUPERUSER,
        password=secrets.postgres_password,
        database=database,
    )
    deadline = time.monotonic() + DATABASE_WAIT_S
    while True:
        try:
            return psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"PostgreSQL does not answer: {error}",
                    remedy=f"Read {configuration.logs / 'postgres.log'}.",
                ) from error
            time.sleep(POLL_S)


def main() -> None:
    """Prepare an installation whose PostgreSQL runs already."""
    parser = argparse.ArgumentParser(prog="python -m tieout.stack.setup")
    parser.add_argument("--home", type=Path, required=True)
    configuration = configure(parser.parse_args().home)
    secrets = load_or_create(configuration.home)
    write_files(configuration, secrets)
    prepare_databases(configuration, secrets)
    migrate_ledger(configuration, secrets)
    migrate_airflow(configuration, secrets)


if __name__ == "__main__":
    main()
