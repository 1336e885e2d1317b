"""Bring the ledger's schema to the newest revision: ``python -m tieout.ledger.migrate URL``.

Safe to run twice and by two processes at once. It creates tables, never roles (``grants`` does).
"""

import argparse
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from tieout.errors import TieoutError
from tieout.ledger.schema import SCHEMA
from tieout.ledger.session import open_engine, transaction

_MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('tieout.ledger.migrate', 0))")
_CREATE_SCHEMA = text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")


def migrate(url: str) -> None:
    """Create the schema ``tieout`` or bring it up to date, all or nothing.

    Raises:
        ConfigurationError: The URL is wrong or the database does not exist.
        UnavailableError: The database cannot be reached.
    """
    engine = open_engine(url, application_name="tieout-migrate", pool_size=1)
    try:
        with transaction(engine) as connection:
            connection.execute(_LOCK)
            connection.execute(_CREATE_SCHEMA)
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def main(arguments: list[str] | None = None) -> int:
    """Migrate the database that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tieout.ledger.migrate")
    parser.add_argument("url", help="postgresql+psycopg://user:password@host:port/database")
    url = parser.parse_args(arguments).url
    try:
        migrate(url)
    except TieoutError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
