"""The Ledger port on PostgreSQL, as far as it is about writes: deliveries and what they bind.

The rest, and the rules of every call, are in tieout.ledger.postgres.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection
from typing_extensions import override

from tieout.domain.base import (
    DeliveryId,
    DocumentId,
    Json,
    System,
)
from tieout.domain.ledger import (
    Binding,
    Confirmation,
    Delivery,
    DeliveryState,
    Fence,
    NewBinding,
    NewDeadLetter,
    NewDelivery,
    Refused,
)
from tieout.errors import RejectedError
from tieout.ledger import bindings, confirming, delivery_reads, following
from tieout.ledger import deliveries as delivery_statements
from tieout.ledger.in_step import PostgresAgreed
from tieout.ledger.session import Database
from tieout.ports.ledger import Ledger

POOL_SIZE = 4
"""Connections of one process; the connections of ``locks`` come on top."""
WRITER_WAIT_S = 60.0


class PostgresWrites(PostgresAgreed, Ledger):
    """A ledger's database, its deliveries and its bindings, and what is in step."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = POOL_SIZE,
        writer_wait_s: float = WRITER_WAIT_S,
        application_name: str = "tieout",
        actor: str = "",
    ) -> None:
        """Keep the URL; nothing is connected before the first call.

        ``actor`` is whom the audit names for all that is done through this ledger.

        Raises:
            ConfigurationError: It is no PostgreSQL URL.
        """
        self.database = Database(
            url, pool_size=pool_size, application_name=application_name, actor=actor
        )
        self._writer_wait_s = writer_wait_s

    def close(self) -> None:
        """Close the idle connections; the ledger can be used again."""
        self.database.close()

    @override
    def _transaction(self) -> AbstractContextManager[Connection]:
        return self.database.transaction()

    @override
    def intend(
        self, deliveries: Sequence[NewDelivery], *, newest_wins: bool = False
    ) -> list[Delivery]:
        with self._transaction() as connection:
            return delivery_statements.intend(connection, deliveries, newest_wins=newest_wins)

    @override
    def deliveries(
        self, document_ids: Collection[DocumentId], *, entity: str | None = None
    ) -> list[Delivery]:
        with self._transaction() as connection:
            return delivery_reads.of_documents(connection, document_ids, entity)

    @override
    def deliveries_of(
        self, pair: str, entity: str, document_keys: Collection[str]
    ) -> list[Delivery]:
        with self._transaction() as connection:
            return delivery_reads.of_keys(connection, pair, entity, document_keys)

    @override
    def deliveries_holding(self, pair: str, entity: str, part: Json) -> list[Delivery]:
        with self._transaction() as connection:
            return delivery_reads.holding(connection, pair, entity, part)

    @override
    def resent(self, pair: str, entity: str, since: datetime) -> list[Delivery]:
        with self._transaction() as connection:
            return delivery_reads.resent(connection, pair, entity, since)

    @override
    def mark_sent(
        self, delivery_ids: Sequence[DeliveryId], *, fence: Fence, lease_s: int
    ) -> list[Delivery]:
        with self._transaction() as connection:
            return delivery_statements.mark_sent(connection, delivery_ids, fence, lease_s)

    @override
    def mark_in_doubt(self, sent: Sequence[Delivery], *, is_counted: bool = True) -> None:
        with self._transaction() as connection:
            delivery_statements.mark_in_doubt(connection, sent, is_counted=is_counted)

    @override
    def mark_unsent(self, sent: Sequence[Delivery]) -> None:
        with self._transaction() as connection:
            delivery_statements.mark_unsent(connection, sent)

    @override
    def renew_key(self, delivery_ids: Sequence[DeliveryId]) -> list[Delivery]:
        with self._transaction() as connection:
            return delivery_statements.renew_key(connection, delivery_ids)

    @override
    def confirm(self, confirmations: Sequence[Confirmation]) -> dict[DeliveryId, RejectedError]:
        with self._transaction() as connection:
            return confirming.confirm(connection, confirmations)

    @override
    def refuse(self, sent: Delivery, refused: Refused) -> None:
        with self._transaction() as connection:
            delivery_statements.refuse(connection, sent, refused)

    @override
    def advance(self, delivery_id: DeliveryId, state: DeliveryState) -> None:
        with self._transaction() as connection:
            delivery_statements.advance(connection, delivery_id, state)

    @override
    def following(
        self,
        pair: str,
        entity: str,
        *,
        among: Collection[str] | None = None,
        after: DeliveryId | None = None,
        limit: int,
    ) -> list[Delivery]:
        with self._transaction() as connection:
            return following.following(connection, pair, entity, among, after, limit)

    @override
    def recall(self, delivery_id: DeliveryId, dead_letter: NewDeadLetter) -> bool:
        with self._transaction() as connection:
            return following.recall(connection, delivery_id, dead_letter)

    @override
    def bind(self, binding: NewBinding) -> None:
        with self._transaction() as connection:
            bindings.bind(connection, binding)

    @override
    def bindings(
        self, pair: str, entity: str, keys: Collection[str], system: System
    ) -> dict[str, Binding]:
        with self._transaction() as connection:
            return bindings.of_keys(connection, pair, entity, keys, system)

    @override
    def bindings_to(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> dict[str, Binding]:
        with self._transaction() as connection:
            return bindings.of_external_ids(connection, pair, entity, external_ids, system)
