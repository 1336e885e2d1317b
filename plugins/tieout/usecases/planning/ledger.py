"""A ledger that reads the real one and keeps every write to itself.

The steps of a flow run over it as they are. What it answers is what the real ledger would answer
after the same calls, as far as one worker alone can see: leases, fences and locks are not played.
Every method of the port is here; tests/architecture holds it against the port.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
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
    UNFINISHED,
    Batch,
    Conservation,
    DeadLetter,
    Document,
    DocumentState,
    Fence,
    InboxEntry,
    NewDeadLetter,
    NewDocument,
    NewInboxEntry,
    Watermark,
)
from tieout.domain.plan import Version
from tieout.errors import RetryableError
from tieout.ports import Clock, Ledger
from tieout.usecases.planning.unplanned import unplanned
from tieout.usecases.planning.writes import PROVISIONAL_FROM, PlanningWrites

BATCH = BatchId(PROVISIONAL_FROM)
SETTLED_TOGETHER = (*UNFINISHED, DocumentState.HELD, DocumentState.DEAD_LETTER)


class PlanningLedger(PlanningWrites):
    """The real ledger with a plan's writes laid over it, for one pair and one kind of document."""

    def __init__(
        self,
        real: Ledger,
        clock: Clock,
        *,
        pair: str,
        document_type: str,
        only: Collection[Version] | None = None,
    ) -> None:
        """Read what waits; ``only`` bounds what the plan may take up."""
        super().__init__(real, clock, pair=pair)
        self._only = only
        self._entries: dict[InboxId, InboxEntry] = {}
        self._settled: set[InboxId] = set()
        waiting = real.waiting(pair, document_type)
        self._documents = {one.document_id: one for one in real.unsettled(pair, document_type)}
        self._documents |= {one.document_id: one for one in waiting}
        self._queue = [one.document_id for one in waiting]
        self._known_through: dict[DocumentId, datetime] = {}
        self._claimed: list[DocumentId] = []
        self.letters: list[NewDeadLetter] = []
        """What would be set aside, in order."""
        self.rules: dict[DocumentId, str] = {}
        """By which rule a claimed document would be skipped, or why it would be held."""
        self.left_over = 0
        """How many documents wait and were not claimed."""

    def claimed_documents(self) -> list[Document]:
        """Return what the plan took up, as it stands after the steps."""
        return [self._documents[one] for one in self._claimed]

    @override
    def land(self, entries: Sequence[NewInboxEntry], *, watermark: Watermark | None = None) -> int:
        known = {(entry.account, entry.body_sha256) for entry in self._entries.values()}
        new = [entry for entry in entries if (entry.account, entry.body_sha256) not in known]
        for entry in new:
            inbox_id = InboxId(self._next_id())
            self._entries[inbox_id] = InboxEntry(
                inbox_id=inbox_id, received_at=self._clock.now(), **entry.model_dump()
            )
        return len(new)

    @override
    def watermark(self, pair: str, source: System, resource: str) -> datetime | None:
        return self._real.watermark(pair, source, resource)

    @override
    def pending_entries(self, pair: str, *, limit: int) -> list[InboxEntry]:
        real = self._real.pending_entries(pair, limit=limit + len(self._settled))
        both = [*real, *self._entries.values()]
        return [entry for entry in both if entry.inbox_id not in self._settled][:limit]

    @override
    def document(self, inbox_id: InboxId, document: NewDocument) -> DocumentId | None:
        rule = self.judge(document)
        self._settled.add(inbox_id)
        if rule:
            return None
        document_id = DocumentId(self._next_id())
        for known in self._versions(document):
            if known.state == DocumentState.RECEIVED:
                self._move(known.document_id, DocumentState.SKIPPED, rule="superseded")
        self._documents[document_id] = Document(
            document_id=document_id, state=DocumentState.RECEIVED, **document.model_dump()
        )
        self._known_through[document_id] = document.version_at
        self._queue.append(document_id)
        return document_id

    @override
    def judge(self, document: NewDocument) -> str:
        planned = [one for one in self._versions(document) if one.document_id > PROVISIONAL_FROM]
        if not planned:
            return self._real.judge(document)
        latest = planned[-1]
        if latest.content_hash == document.content_hash:
            return "duplicate"
        is_newer = document.version_at >= self._known_through[latest.document_id]
        return "" if is_newer else "superseded"

    def _versions(self, new: NewDocument) -> list[Document]:
        """Return the versions of the same record that are known here, oldest first."""
        record = (new.source, new.account, new.document_type, new.source_id)
        return [
            one
            for one in self._documents.values()
            if (one.source, one.account, one.document_type, one.source_id) == record
        ]

    @override
    def skip_entry(self, inbox_id: InboxId, *, rule: str) -> None:
        self._settled.add(inbox_id)

    @override
    def waits(self, pair: str, document_type: str) -> bool:
        return self._real.waits(pair, document_type)

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
        free = [one for one in self.waiting(pair, document_type) if self._is_wanted(one)]
        self._claimed = [one.document_id for one in free[:limit]]
        self.left_over = len(free) - len(self._claimed)
        if not self._claimed:
            return None
        return Batch(batch_id=BATCH, pair=pair, document_count=len(self._claimed))

    def _is_wanted(self, document: Document) -> bool:
        return self._only is None or version_of(document) in self._only

    @override
    def waiting(self, pair: str, document_type: str) -> list[Document]:
        queued = [self._documents[one] for one in self._queue]
        return [one for one in queued if one.state in UNFINISHED]

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
        self._claimed = sorted(document_ids)
        return Batch(batch_id=BATCH, pair=pair, document_count=len(self._claimed))

    @override
    def claimed(self, pair: str, document_type: str, claimed_by: str) -> BatchId | None:
        return BATCH if self._claimed else None

    @override
    def begin_step(self, batch_id: BatchId, step: str, *, lease_s: int) -> Fence:
        return Fence(batch_id=batch_id, step=step, epoch=1)

    @override
    def end_step(self, fence: Fence, *, lease_s: int | None = None) -> None:
        """Nothing is fenced here."""

    @override
    def take_up(self, document_id: DocumentId) -> int:
        return 0

    @override
    def let_go(self, document_id: DocumentId) -> None:
        """Crashes are not counted here."""

    @override
    def batch_pair(self, batch_id: BatchId) -> str:
        return self._pair

    @override
    def documents(self, batch_id: BatchId, *states: str) -> list[Document]:
        held = self.claimed_documents()
        return _in_order(one for one in held if not states or one.state in states)

    @override
    def unsettled(self, pair: str, document_type: str) -> list[Document]:
        return _in_order(one for one in self._documents.values() if one.state in SETTLED_TOGETHER)

    @override
    def mark_validated(self, document_id: DocumentId, canonical: Json) -> None:
        self._move(document_id, DocumentState.VALIDATED)
        changed = self._documents[document_id].model_copy(update={"canonical": canonical})
        self._documents[document_id] = changed

    @override
    def mark_ready(self, document_ids: Collection[DocumentId]) -> None:
        for document_id in sorted(document_ids):
            if self._documents[document_id].state == DocumentState.VALIDATED:
                self._move(document_id, DocumentState.READY)

    @override
    def mark_done(self, document_id: DocumentId) -> None:
        self._move(document_id, DocumentState.DONE)

    @override
    def hold(self, document_id: DocumentId, *, reason: str) -> None:
        self._move(document_id, DocumentState.HELD, rule=reason)

    @override
    def release(self, document_id: DocumentId) -> None:
        unplanned("released")

    @override
    def skip_document(self, document_id: DocumentId, *, rule: str) -> None:
        self._move(document_id, DocumentState.SKIPPED, rule=rule)

    def _move(self, document_id: DocumentId, state: DocumentState, *, rule: str = "") -> None:
        present = self._documents[document_id]
        if present.state not in UNFINISHED and present.state != state:
            raise RetryableError(
                f"Document {present.name} is {present.state} in this plan.",
                remedy="Plan again from the present state.",
            )
        self._documents[document_id] = present.model_copy(update={"state": state})
        if rule:
            self.rules[document_id] = rule

    @override
    def set_aside(self, dead_letter: NewDeadLetter) -> None:
        if dead_letter.document_id is not None:
            if self._documents[dead_letter.document_id].state == DocumentState.DEAD_LETTER:
                return
            self._move(dead_letter.document_id, DocumentState.DEAD_LETTER)
        elif dead_letter.inbox_id is not None:
            self._settled.add(dead_letter.inbox_id)
        self.letters.append(dead_letter)

    @override
    def dead_letters(self, pair: str | None = None) -> list[DeadLetter]:
        return self._real.dead_letters(pair)

    @override
    def replay(self, dead_letter_id: DeadLetterId) -> None:
        unplanned("replayed")

    @override
    def locks(self, names: Collection[str]) -> AbstractContextManager[None]:
        return nullcontext()

    @override
    def known_records(
        self, pair: str, account: str, document_type: str, source_ids: Collection[str]
    ) -> dict[str, KnownRecord]:
        return self._real.known_records(pair, account, document_type, source_ids)

    @override
    def conservation(self, pair: str) -> Conservation:
        return self._real.conservation(pair)


def version_of(document: NewDocument) -> Version:
    """Return which version of which record a document is."""
    return Version(
        account=document.account,
        source_id=document.source_id,
        content_hash=document.content_hash,
    )


def _in_order(documents: Iterable[Document]) -> list[Document]:
    return sorted(documents, key=lambda one: (one.version_at, one.document_id))
