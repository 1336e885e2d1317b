"""One world for all acceptance tests of a module; each test has orders of its own in it."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from tieout.ledger.migrate import migrate
from world import World, running_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[World]:
    """Simulators, agent and an empty ledger, as real processes."""
    folder = tmp_path_factory.mktemp("world")
    name = folder.name.replace("-", "_")
    plain = make_url(postgres_url).set(drivername="postgresql")
    with psycopg.connect(
        plain.render_as_string(hide_password=False), autocommit=True
    ) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    migrate(url)
    with running_world(folder, url) as running:
        yield running
        running.tieout.ledger.close()
