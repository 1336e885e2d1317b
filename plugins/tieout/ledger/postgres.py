"""The Ledger port on PostgreSQL: one method, one transaction.

The statements are in the modules beside this one. A call whose connection broke raises
UnavailableError and may or may not have committed; repeating it is always safe.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from typing_extensions import override

from tieout.domain.base import (
    BatchId,
    DeadLetterId,
    DocumentId,
    InboxId,
    Json,
    System,
)
from tieout.domain.gaps import KnownRecord
from tieout.domain.ledger import (
    Batch,
    Conservation,
    DeadLetter,
    Document,
    Fence,
    InboxEntry,
    InboxState,
    NewDeadLetter,
    NewDocument,
    NewInboxEntry,
    Origin,
    Parent,
    Validated,
    Watermark,
)
from tieout.ledger import (
    claims,
    counts,
    dead_letters,
    documents,
    gaps,
    inbox,
    steps,
    versions,
)
from tieout.ledger import parents as parent_statements
from tieout.ledger.locks import lock_session
from tieout.ledger.postgres_writes import PostgresWrites


class PostgresLedger(PostgresWrites):
    """The ledger in the schema ``tieout`` of a PostgreSQL database."""

    def check_landing(self) -> None:
        """Make sure that the database can be reached and that this role may land entries.

        Raises:
            UnavailableError: It cannot be reached.
            AuthenticationError: The role may not insert into the inbox.
            ConfigurationError: The database is not migrated.
        """
        with self._transaction() as connection:
            inbox.check_landing(connection)

    @override
    def land(self, entries: Sequence[NewInboxEntry], *, watermark: Watermark | None = None) -> int:
        with self._transaction() as connection:
            landed = inbox.land(connection, entries)
            if watermark is not None:
                inbox.move_watermark(connection, watermark)
        return landed

    @override
    def watermark(self, pair: str, source: System, resource: str) -> datetime | None:
        with self._transaction() as connection:
            return inbox.watermark(connection, pair, source, resource)

    @override
    def pending_entries(
        self,
        pair: str,
        *,
        limit: int,
        source: System | None = None,
        origin: Origin | None = None,
        kind: str | None = None,
        besides: Collection[str] = (),
    ) -> list[InboxEntry]:
        with self._transaction() as connection:
            wanted = inbox.Wanted(source, origin, kind, besides)
            return inbox.pending_entries(connection, pair, limit, wanted)

    @override
    def document(self, inbox_id: InboxId, document: NewDocument) -> DocumentId | None:
        with self._transaction() as connection:
            return versions.document(connection, inbox_id, document)

    @override
    def judge(self, document: NewDocument) -> str:
        with self._transaction() as connection:
            return versions.judge(connection, document)

    @override
    def skip_entry(self, inbox_id: InboxId, *, rule: str) -> None:
        with self._transaction() as connection:
            inbox.settle(connection, inbox_id, InboxState.SKIPPED, rule)

    @override
    def waits(self, pair: str, document_type: str, *, source: System) -> bool:
        with self._transaction() as connection:
            return bool(
                inbox.pending_entries(connection, pair, 1, inbox.Wanted(source))
            ) or claims.waits(connection, pair, document_type)

    @override
    def claim(
        self,
        pair: str,
        document_type: str,
        *,
        claimed_by: str,
        limit: int,
        lease_s: int,
        history_first: bool = False,
    ) -> Batch | None:
        with self._transaction() as connection:
            return claims.claim(
                connection,
                pair,
                document_type,
                claimed_by=claimed_by,
                limit=limit,
                lease_s=lease_s,
                history_first=history_first,
            )

    @override
    def waiting(self, pair: str, document_type: str) -> list[Document]:
        with self._transaction() as connection:
            return claims.waiting(connection, pair, document_type)

    @override
    def claim_these(
        self,
        pair: str,
        document_type: str,
        document_ids: Collection[DocumentId],
        *,
        claimed_by: str,
        lease_s: int,
    ) -> Batch:
        with self._transaction() as connection:
            return claims.claim_these(
                connection,
                pair,
                document_type,
                document_ids,
                claimed_by=claimed_by,
                lease_s=lease_s,
            )

    @override
    def claimed(self, pair: str, document_type: str, claimed_by: str) -> BatchId | None:
        with self._transaction() as connection:
            return claims.claimed(connection, pair, document_type, claimed_by)

    @override
    def begin_step(self, batch_id: BatchId, step: str, *, lease_s: int) -> Fence:
        with self._transaction() as connection:
            return steps.begin(connection, batch_id, step, lease_s)

    @override
    def end_step(self, fence: Fence, *, lease_s: int | None = None) -> None:
        with self._transaction() as connection:
            steps.end(connection, fence, lease_s)

    @override
    def take_up(self, document_id: DocumentId) -> int:
        with self._transaction() as connection:
            return documents.take_up(connection, document_id)

    @override
    def let_go(self, document_id: DocumentId) -> None:
        with self._transaction() as connection:
            documents.let_go(connection, document_id)

    @override
    def batch_pair(self, batch_id: BatchId) -> str:
        with self._transaction() as connection:
            return documents.batch_pair(connection, batch_id)

    @override
    def documents(self, batch_id: BatchId, *states: str) -> list[Document]:
        with self._transaction() as connection:
            return documents.of_batch(connection, batch_id, states)

    @override
    def unsettled(
        self,
        pair: str,
        document_type: str,
        *,
        after: Document | None = None,
        limit: int | None = None,
    ) -> list[Document]:
        with self._transaction() as connection:
            return documents.unsettled(connection, pair, document_type, after=after, limit=limit)

    @override
    def documents_holding(
        self, pair: str, document_type: str, part: Json, *states: str
    ) -> list[Document]:
        with self._transaction() as connection:
            return documents.holding(connection, pair, document_type, part, states)

    @override
    def other_versions(self, document_ids: Collection[DocumentId]) -> list[Document]:
        with self._transaction() as connection:
            return documents.other_versions(connection, document_ids)

    @override
    def mark_validated(self, *validated: Validated) -> None:
        with self._transaction() as connection:
            documents.mark_validated(connection, validated)

    @override
    def warned(self, pair: str | None = None, *, limit: int) -> list[Document]:
        with self._transaction() as connection:
            return documents.warned(connection, pair, limit)

    @override
    def mark_ready(self, document_ids: Collection[DocumentId]) -> None:
        with self._transaction() as connection:
            documents.mark_ready(connection, document_ids)

    @override
    def hold(self, document_id: DocumentId, *, reason: str) -> None:
        with self._transaction() as connection:
            documents.hold(connection, document_id, reason)

    @override
    def release(self, document_id: DocumentId) -> None:
        with self._transaction() as connection:
            documents.release(connection, document_id)

    @override
    def mark_done(self, *document_ids: DocumentId) -> None:
        with self._transaction() as connection:
            documents.mark_done(connection, document_ids)
            dead_letters.settle_older(connection, document_ids)

    @override
    def wait(self, document_id: DocumentId, *, parent: str) -> None:
        with self._transaction() as connection:
            parent_statements.wait(connection, document_id, parent)

    @override
    def parents(self, pair: str) -> list[Parent]:
        with self._transaction() as connection:
            return parent_statements.waited_for(connection, pair)

    @override
    def let_on(self, pair: str, parents: Collection[str]) -> int:
        with self._transaction() as connection:
            return parent_statements.let_on(connection, pair, parents)

    @override
    def skip_document(self, document_id: DocumentId, *, rule: str) -> None:
        with self._transaction() as connection:
            documents.skip(connection, document_id, rule)

    @override
    def set_aside(self, dead_letter: NewDeadLetter) -> None:
        with self._transaction() as connection:
            dead_letters.set_aside(connection, dead_letter)

    @override
    def dead_letters(self, pair: str | None = None) -> list[DeadLetter]:
        with self._transaction() as connection:
            return dead_letters.open_ones(connection, pair)

    @override
    def replay(self, dead_letter_id: DeadLetterId) -> None:
        with self._transaction() as connection:
            dead_letters.replay(connection, dead_letter_id)

    @override
    def locks(self, names: Collection[str]) -> AbstractContextManager[None]:
        return lock_session(self.database.lock_engine, names, wait_s=self._writer_wait_s)

    @override
    def conservation(self, pair: str) -> Conservation:
        with self._transaction() as connection:
            return counts.conservation(connection, pair)

    @override
    def done_lately(self, pair: str, *, within_s: float) -> int:
        with self._transaction() as connection:
            return counts.done_lately(connection, pair, within_s)

    @override
    def known_records(
        self, pair: str, account: str, document_type: str, source_ids: Collection[str]
    ) -> dict[str, KnownRecord]:
        with self._transaction() as connection:
            return gaps.known_records(connection, pair, account, document_type, source_ids)
