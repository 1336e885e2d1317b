"""The TokenStore port on PostgreSQL: a locked row, refreshed inside its lock, sealed at rest.

A refresh token that rotates may be used once: of two workers that used it at once one would hold a
dead one. So whoever refreshes holds the row, reads it again first, and commits what came before
anybody uses it. The key is not in the database.
"""

from collections.abc import Callable, Sequence
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import BaseModel
from sqlalchemy import Connection, RowMapping, func, select, update
from sqlalchemy.dialects.postgresql import insert
from typing_extensions import override

from tieout.domain.tokens import Minted, Token
from tieout.errors import ConfigurationError, ConsentError, RetryableError
from tieout.ledger.schema import tokens
from tieout.ledger.session import Database
from tieout.ports.tokens import TokenStore

KEY_SETTING: Final = "TIEOUT_TOKEN_KEY"
_KEY_REMEDY = (
    f"Set {KEY_SETTING} to the Fernet key that the tokens were stored with, or several separated "
    "by commas, the newest first. If it is lost, delete the rows of tieout.tokens and connect anew."
)


class _Sealed(BaseModel):
    """What is kept secret of one row."""

    access_token: str
    refresh_token: str
    previous_refresh_token: str


class PostgresTokenStore(TokenStore):
    """The tokens in the ledger's database."""

    def __init__(self, database: Database, keys: Sequence[str]) -> None:
        """Take the database and the Fernet keys: the first seals, every one opens.

        Raises:
            ConfigurationError: There is no key, or one is none.
        """
        try:
            self._cipher = MultiFernet([Fernet(key.strip()) for key in keys])
        except ValueError as error:
            raise ConfigurationError("A token key is no Fernet key.", remedy=_KEY_REMEDY) from error
        self._database = database

    @override
    def token(self, name: str) -> Token | None:
        with self._database.transaction() as connection:
            return self._read(connection, name)

    @override
    def exchange(
        self,
        name: str,
        *,
        is_good: Callable[[Token], bool],
        mint: Callable[[Token | None], Minted],
    ) -> Token:
        with self._database.transaction() as connection:
            connection.execute(insert(tokens).values(name=name).on_conflict_do_nothing())
        refused: ConsentError | None = None
        with self._database.transaction() as connection:
            self._lock(connection, name)
            known = self._read(connection, name)
            if known is not None and is_good(known):
                return known
            try:
                return self._store(connection, name, known, mint(known))
            except ConsentError as error:
                refused = error
                self._note_refusal(connection, name)
        raise refused

    @override
    def forget(self, name: str) -> None:
        with self._database.transaction() as connection:
            self._lock(connection, name)
            connection.execute(
                update(tokens)
                .where(tokens.c.name == name)
                .values(
                    version=0,
                    sealed=None,
                    expires_at=None,
                    lifetime_s=None,
                    scope="",
                    refused_at=None,
                    changed_at=func.clock_timestamp(),
                )
            )

    def _lock(self, connection: Connection, name: str) -> None:
        """Keep everybody else from exchanging it until the transaction ends."""
        connection.execute(select(tokens.c.version).where(tokens.c.name == name).with_for_update())

    def _note_refusal(self, connection: Connection, name: str) -> None:
        """Note since when nothing of what is stored is accepted."""
        is_new = tokens.c.sealed.is_not(None) & tokens.c.refused_at.is_(None)
        connection.execute(
            update(tokens)
            .where(tokens.c.name == name, is_new)
            .values(refused_at=func.clock_timestamp())
        )

    def _read(self, connection: Connection, name: str) -> Token | None:
        now = func.clock_timestamp()
        row = (
            connection.execute(
                select(
                    tokens.c.version,
                    tokens.c.sealed,
                    tokens.c.lifetime_s,
                    tokens.c.scope,
                    tokens.c.refused_at,
                    func.extract("epoch", tokens.c.expires_at - now).label("left_s"),
                    func.extract("epoch", now - tokens.c.changed_at).label("age_s"),
                ).where(tokens.c.name == name)
            )
            .mappings()
            .one_or_none()
        )
        return self._token(name, row) if row and row["sealed"] is not None else None

    def _token(self, name: str, row: RowMapping) -> Token:
        try:
            sealed = _Sealed.model_validate_json(self._cipher.decrypt(bytes(row["sealed"])))
        except InvalidToken as error:
            raise ConfigurationError(
                f"The stored token {name!r} was sealed with another key.", remedy=_KEY_REMEDY
            ) from error
        return Token(
            access_token=sealed.access_token,
            refresh_token=sealed.refresh_token,
            expires_in_s=float(row["left_s"]),
            scope=row["scope"],
            version=row["version"],
            previous_refresh_token=sealed.previous_refresh_token,
            previous_age_s=float(row["age_s"]),
            lifetime_s=float(row["lifetime_s"]),
            refused_at=row["refused_at"],
        )

    def _store(
        self, connection: Connection, name: str, known: Token | None, minted: Minted
    ) -> Token:
        version = known.version if known else 0
        sealed = _Sealed(
            access_token=minted.access_token,
            refresh_token=minted.refresh_token,
            previous_refresh_token=known.refresh_token if known else "",
        )
        lifetime_s = int(minted.expires_in_s)
        stored = connection.execute(
            update(tokens)
            .where(tokens.c.name == name, tokens.c.version == version)
            .values(
                version=version + 1,
                sealed=self._cipher.encrypt(sealed.model_dump_json().encode()),
                lifetime_s=lifetime_s,
                scope=minted.scope,
                refused_at=None,
                expires_at=func.clock_timestamp()
                + func.make_interval(0, 0, 0, 0, 0, 0, lifetime_s),
                changed_at=func.clock_timestamp(),
            )
        )
        if stored.rowcount != 1:
            raise RetryableError(
                f"The token {name!r} was exchanged by somebody who did not wait.",
                remedy="Read it again.",
            )
        return Token(
            access_token=minted.access_token,
            refresh_token=minted.refresh_token,
            expires_in_s=minted.expires_in_s,
            scope=minted.scope,
            version=version + 1,
            previous_refresh_token=sealed.previous_refresh_token,
            lifetime_s=float(lifetime_s),
        )
