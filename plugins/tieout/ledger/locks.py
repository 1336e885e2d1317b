"""Advisory locks: rules that hold across all workers live in PostgreSQL, not in a process."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import psycopg
from sqlalchemy import ColumnElement, Connection, Engine, func, literal, select, text
from sqlalchemy.exc import DBAPIError

from tieout.errors import UnavailableError
from tieout.ledger.session import translated

_SEED = 0
_TAKE = text(
    "SELECT pg_advisory_lock(hashtextextended(name, :seed))"
    " FROM unnest(CAST(:names AS text[])) AS name"
)


def lock_until_commit(connection: Connection, name: str) -> None:
    """Hold the lock ``name`` until the transaction ends; the session's lock timeout bounds it."""
    connection.execute(select(func.pg_advisory_xact_lock(_key(name))))


@contextmanager
def lock_session(engine: Engine, names: Collection[str], *, wait_s: float) -> Iterator[None]:
    """Hold the locks on a connection of their own while the block runs.

    They are taken in one order everywhere, so that no two workers wait for each other.

    Raises:
        UnavailableError: Somebody else held one for ``wait_s``; or the connection that held them
            broke meanwhile, so that for a while they may have been somebody else's.
    """
    with translated():
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with translated():
            _take(connection, sorted(set(names)), wait_s)
        yield
        with translated():
            connection.execute(select(func.pg_advisory_unlock_all()))
    finally:
        connection.close()


def _take(connection: Connection, names: Sequence[str], wait_s: float) -> None:
    connection.exec_driver_sql(f"SET lock_timeout = {int(wait_s * 1000)}")
    try:
        # One statement, which goes through the names in their order.
        connection.execute(_TAKE, {"names": list(names), "seed": _SEED})
    except DBAPIError as error:
        if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise
        raise UnavailableError(
            f"Another worker has held one of {len(names)} locks, such as {names[0]!r}, for more "
            f"than {wait_s:g} s.",
            remedy="Try again later; pg_locks shows who holds it.",
        ) from error


def _key(name: str) -> ColumnElement[int]:
    return func.hashtextextended(literal(name), _SEED)
