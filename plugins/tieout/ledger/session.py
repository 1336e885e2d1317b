"""Connections and transactions, and the one place where database errors become ours.

No statement belongs here. Every wait is bounded: a lock or a statement that takes longer than its
limit fails as unavailable, which is safe because every ledger call may be repeated.
"""

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    NullPool,
    QueuePool,
    create_engine,
    func,
    literal_column,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tieout.errors import (
    AuthenticationError,
    ConfigurationError,
    RejectedError,
    TieoutError,
    UnavailableError,
)

DRIVER = "postgresql+psycopg"
CONNECT_TIMEOUT_S = 10
LOCK_TIMEOUT_S = 20
STATEMENT_TIMEOUT_S = 120
POOL_WAIT_S = 15

_URL_REMEDY = "Give a URL such as postgresql+psycopg://user:password@host:5432/tieout."
_RETRYABLE_CLASSES = ("08", "25", "40", "53", "55", "57", "58")
"""SQLSTATE classes: connection, read-only, serialization, resources, locks, shutdown, I/O."""
_NOT_MIGRATED = ("3F000", "42P01", "42703", "42883")
_REFUSED_CONNECTIONS = (
    ("authentication failed", "28"),
    ("no pg_hba.conf entry", "28"),
    ("FATAL:  role ", "28"),
    ("does not exist", "3D"),
)
"""The server's words when a connection fails: libpq passes no SQLSTATE on for those."""


def parse_url(url: str) -> URL:
    """Return the URL with our driver; only PostgreSQL will do.

    Raises:
        ConfigurationError: It is no PostgreSQL URL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError("The ledger's URL cannot be read.", remedy=_URL_REMEDY) from error
    if parsed.drivername not in ("postgres", "postgresql", DRIVER):
        raise ConfigurationError(
            f"The ledger needs PostgreSQL, not {parsed.drivername!r}.", remedy=_URL_REMEDY
        )
    return parsed.set(drivername=DRIVER)


def open_engine(url: str, *, application_name: str, pool_size: int) -> Engine:
    """Return an engine; nothing is connected yet.

    Pooled connections are checked before use. With ``pool_size`` 0 each connection is opened for
    its use and closed after it.
    """
    options = f"-c lock_timeout={LOCK_TIMEOUT_S}s -c statement_timeout={STATEMENT_TIMEOUT_S}s"
    connect_args = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": application_name,
        "options": options,
    }
    if pool_size == 0:
        return create_engine(
            parse_url(url),
            poolclass=NullPool,
            connect_args=connect_args,
        )
    return create_engine(
        parse_url(url),
        poolclass=QueuePool,
        pool_pre_ping=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        connect_args=connect_args,
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Run the block in one transaction, committed when it ends, rolled back when it fails."""
    with translated(), engine.begin() as connection:
        yield connection


def act_as(connection: Connection, actor: str) -> None:
    """Name who acts until the transaction ends, for the audit; '' leaves it the login role."""
    if actor:
        connection.execute(select(func.set_config("tieout.actor", actor, True)))  # noqa: FBT003 - SQL


def actor() -> ColumnElement[str]:
    """Return who acts, as the audit names them."""
    named = func.nullif(func.current_setting("tieout.actor", True), "")  # noqa: FBT003 - SQL
    return func.coalesce(named, literal_column("session_user::text"))


class Database:
    """The ledger's database: one pool of connections for all the adapters of a process."""

    def __init__(self, url: str, *, pool_size: int, application_name: str, actor: str = "") -> None:
        """Keep the URL; nothing is connected before the first transaction.

        ``actor`` is whom the audit names for all that is done here; '' = the login role.

        Raises:
            ConfigurationError: It is no PostgreSQL URL.
        """
        self._actor = actor
        self.engine = open_engine(url, application_name=application_name, pool_size=pool_size)
        self.lock_engine = open_engine(url, application_name=application_name, pool_size=0)
        """Connections that are opened for one use: locks live as long as their connection."""
        weakref.finalize(self, _close_own, self.engine, os.getpid())

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Run a block in one transaction, in the actor's name."""
        with transaction(self.engine) as connection:
            act_as(connection, self._actor)
            yield connection

    def close(self) -> None:
        """Close the idle connections; the database can be used again."""
        self.engine.dispose()


def _close_own(engine: Engine, owner_pid: int) -> None:
    """Close a forgotten pool's idle connections, unless a fork only inherited them."""
    if os.getpid() == owner_pid:
        engine.dispose()


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of the database into errors that say what to do."""
    try:
        yield
    except PoolTimeoutError as error:
        raise UnavailableError(
            f"No ledger connection became free within {POOL_WAIT_S} s.",
            remedy="Try again; if it lasts, raise the pool size or look for stuck transactions.",
        ) from error
    except StatementError as error:
        known = _translate(error)
        if known is None:
            raise
        raise known from error
    except UnicodeEncodeError as error:
        raise _not_storable("a lone surrogate") from error


def _translate(error: StatementError) -> TieoutError | None:
    if not isinstance(error, DBAPIError):
        return None
    cause = error.orig
    sqlstate = _sqlstate(cause)
    if sqlstate.startswith("28") or sqlstate == "42501":
        return AuthenticationError(
            f"The ledger's database refused us: {_words(cause)}.",
            remedy="Check the role and its password, and run the grants for it.",
        )
    if sqlstate.startswith("3D") or sqlstate in _NOT_MIGRATED:
        return ConfigurationError(
            f"The ledger's database is not set up: {_words(cause)}.",
            remedy="Create the database, then run: python -m tieout.ledger.migrate <url>.",
        )
    if sqlstate.startswith("22") or isinstance(cause, psycopg.DataError):
        return _not_storable(_words(cause))
    if sqlstate.startswith(_RETRYABLE_CLASSES):
        return UnavailableError(
            f"The ledger's database is not available: {_words(cause)}.",
            remedy="Nothing to repair here: every ledger call may be repeated once it is back.",
        )
    return None


def _sqlstate(cause: BaseException | None) -> str:
    """Return the SQLSTATE; a connection that failed or broke has none and counts as class 08."""
    known = getattr(cause, "sqlstate", None)
    if isinstance(known, str):
        return known
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        words = str(cause)
        return next((state for text, state in _REFUSED_CONNECTIONS if text in words), "08000")
    return ""


def _words(cause: BaseException | None) -> str:
    """Return the first line of the server's message; later lines may repeat values."""
    return next(iter(str(cause).splitlines()), "no message").rstrip(".")


def _not_storable(why: str) -> RejectedError:
    return RejectedError(
        f"A value cannot be stored: {why}.",
        remedy="Remove the character or number that is no text or JSON and send the record again.",
        cause="text_not_storable",
    )
