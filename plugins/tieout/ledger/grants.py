"""Rights of database roles: ``python -m tieout.ledger.grants URL ROLE``, its password on stdin.

The receiver's role may insert into the inbox and nothing else: it cannot read what it wrote, and
cannot set the columns that say what became of it.
"""

import argparse
import sys

from psycopg import Connection as PsycopgConnection
from psycopg import sql
from sqlalchemy import Connection

from tieout.domain.ledger import NewInboxEntry
from tieout.errors import ConfigurationError, TieoutError
from tieout.ledger.schema import SCHEMA
from tieout.ledger.session import open_engine, transaction

_CREATE = sql.SQL("CREATE ROLE {role}")
_STATEMENTS = (
    sql.SQL(
        "ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION "
        "PASSWORD {password}"
    ),
    sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}"),
    sql.SQL("GRANT USAGE ON SCHEMA {schema} TO {role}"),
    sql.SQL("GRANT INSERT ({columns}) ON {schema}.inbox TO {role}"),
)


def grants(url: str, receiver_role: str, password: str) -> None:
    """Create the receiver's role, or bring its password and rights to what they must be.

    ``url`` is that of the tables' owner, on a migrated database. The password leaves this process
    only as a SCRAM verifier, so that no server log can hold it.

    Raises:
        ConfigurationError: The password is empty, or the database is not migrated.
        AuthenticationError: The URL's role may not create roles.
    """
    if not password:
        raise ConfigurationError(
            f"The role {receiver_role!r} needs a password.", remedy="Give one; it is stored hashed."
        )
    engine = open_engine(url, application_name="tieout-grants", pool_size=1)
    try:
        with transaction(engine) as connection:
            _grant(connection, receiver_role, password)
    finally:
        engine.dispose()


def _grant(connection: Connection, role: str, password: str) -> None:
    driver = connection.connection.driver_connection
    if not isinstance(driver, PsycopgConnection):
        raise ConfigurationError("Grants need psycopg.", remedy="Give a postgresql+psycopg URL.")
    known = connection.exec_driver_sql(
        "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %(role)s", {"role": role}
    )
    statements = _STATEMENTS if known.first() else (_CREATE, *_STATEMENTS)
    verifier = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    for statement in statements:
        connection.exec_driver_sql(
            statement.format(
                role=sql.Identifier(role),
                password=sql.Literal(verifier.decode()),
                schema=sql.Identifier(SCHEMA),
                columns=sql.SQL(", ").join(map(sql.Identifier, NewInboxEntry.model_fields)),
            ).as_string(driver),
            execution_options={"no_parameters": True},
        )


def main(arguments: list[str] | None = None) -> int:
    """Grant what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tieout.ledger.grants")
    parser.add_argument("url", help="URL of the tables' owner")
    parser.add_argument("role", help="name of the receiver's role; its password is read from stdin")
    given = parser.parse_args(arguments)
    try:
        grants(given.url, given.role, sys.stdin.readline().rstrip("\n"))
    except TieoutError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
