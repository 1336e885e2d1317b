"""Rights of database roles: ``python -m tieout.ledger.grants URL ROLE``, its password on stdin.

The receiver's role may insert what webhooks bring and nothing else: it cannot read what it wrote,
and cannot set the columns that say what became of it. The worker's role does the ledger's work and
adds seals. The auditor's reads the audit and its seals. None may change or delete what is audited.
"""

import argparse
import sys
from collections.abc import Mapping
from enum import StrEnum

from psycopg import Connection as PsycopgConnection
from psycopg import sql
from sqlalchemy import Connection

from tieout.domain.ledger import NewInboxEntry
from tieout.domain.webhooks import HeardEvents
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
)


class Work(StrEnum):
    """What a role is for."""

    RECEIVER = "receiver"
    WORKER = "worker"
    AUDITOR = "auditor"


_RIGHTS: Mapping[Work, tuple[sql.SQL, ...]] = {
    Work.RECEIVER: (
        sql.SQL("GRANT INSERT ({columns}) ON {schema}.inbox TO {role}"),
        sql.SQL("GRANT INSERT ({heard}) ON {schema}.webhook_ranges TO {role}"),
    ),
    # Audit rows come from triggers, which run as the tables' owner; so do salts. What came in stays
    # as it came: only its state may change. Redaction is the owner's.
    Work.WORKER: (
        sql.SQL("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {schema} TO {role}"),
        sql.SQL("REVOKE INSERT, UPDATE ON {schema}.audit, {schema}.alembic_version FROM {role}"),
        sql.SQL(
            "REVOKE UPDATE ON {schema}.audit_seals, {schema}.inbox, {schema}.corrections "
            "FROM {role}"
        ),
        sql.SQL("REVOKE UPDATE ON {schema}.webhook_ranges FROM {role}"),
        sql.SQL("REVOKE ALL ON {schema}.salts, {schema}.redactions FROM {role}"),
        sql.SQL("GRANT UPDATE (state, rule) ON {schema}.inbox TO {role}"),
    ),
    Work.AUDITOR: (sql.SQL("GRANT SELECT ON {schema}.audit, {schema}.audit_seals TO {role}"),),
}


def grants(url: str, role: str, password: str, *, work: Work = Work.RECEIVER) -> None:
    """Create a role for its work, or bring its password and rights to what they must be.

    ``url`` is that of the tables' owner, on a migrated database. The password leaves this process
    only as a SCRAM verifier, so that no server log can hold it.

    Raises:
        ConfigurationError: The password is empty, or the database is not migrated.
        AuthenticationError: The URL's role may not create roles.
    """
    if not password:
        raise ConfigurationError(
            f"The role {role!r} needs a password.", remedy="Give one; it is stored hashed."
        )
    engine = open_engine(url, application_name="tieout-grants", pool_size=1)
    try:
        with transaction(engine) as connection:
            _grant(connection, role, password, work)
    finally:
        engine.dispose()


def _grant(connection: Connection, role: str, password: str, work: Work) -> None:
    driver = connection.connection.driver_connection
    if not isinstance(driver, PsycopgConnection):
        raise ConfigurationError("Grants need psycopg.", remedy="Give a postgresql+psycopg URL.")
    known = connection.exec_driver_sql(
        "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %(role)s", {"role": role}
    )
    creating = () if known.first() else (_CREATE,)
    verifier = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    for statement in (*creating, *_STATEMENTS, *_RIGHTS[work]):
        connection.exec_driver_sql(
            statement.format(
                role=sql.Identifier(role),
                password=sql.Literal(verifier.decode()),
                schema=sql.Identifier(SCHEMA),
                columns=sql.SQL(", ").join(map(sql.Identifier, NewInboxEntry.model_fields)),
                heard=sql.SQL(", ").join(map(sql.Identifier, HeardEvents.model_fields)),
            ).as_string(driver),
            execution_options={"no_parameters": True},
        )


def main(arguments: list[str] | None = None) -> int:
    """Grant what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tieout.ledger.grants")
    parser.add_argument("url", help="URL of the tables' owner")
    parser.add_argument("role", help="name of the role; its password is read from stdin")
    parser.add_argument("--work", type=Work, choices=list(Work), default=Work.RECEIVER)
    given = parser.parse_args(arguments)
    try:
        grants(given.url, given.role, sys.stdin.readline().rstrip("\n"), work=given.work)
    except TieoutError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
