"""A ledger that reads the real one and keeps every write to itself.

The steps of a flow run over it as they are. What it answers is what the real ledger would answer
after the same calls, as far as one worker alone can see: leases, fences and locks are not played.
Every method of the port is here; tests/architecture holds it against the port.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from itertools import islice

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
    Origin,
    Parent,
    Validated,
    Watermark,
)
from tieout.domain.plan import Version
from tieout.errors import RetryableError
from tieout.ports.clock import Clock
from tieout.ports.ledger import Ledger
from tieout.usecases.planning.unplanned import unplanned
from tieout.usecases.planning.writes import PROVISIONAL_FROM, PlanningWrites

BATCH = BatchId(PROVISIONAL_FROM)
ENTRIES_MAX = 100_000
"""How many pending entries one plan takes in; a run would take several rounds for them."""
SETTLED_TOGETHER = (*UNFINISHED, DocumentState.HELD, DocumentState.DEAD_LETTER)


RecordKey = tuple[str, str, str, str]


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
        pending = real.pending_entries(pair, limit=ENTRIES_MAX)
        self._pending = {entry.inbox_id: entry for entry in pending}
        self._landed: set[tuple[str, str]] = set()
        waiting = real.waiting(pair, document_type)
        self._documents = {one.document_id: one for one in real.unsettled(pair, document_type)}
        self._documents |= {one.document_id: one for one in waiting}
        self._queue = [one.document_id for one in waiting]
        self._of_record: dict[RecordKey, list[DocumentId]] = {}
        for one in sorted(self._documents.values(), key=lambda document: document.document_id):
            self._of_record.setdefault(_record(one), []).append(one.document_id)
        self._known_through: dict[RecordKey, datetime] = {}
        self._claimed: list[DocumentId] = []
        self.letters: list[NewDeadLetter] = []
        """What would be set aside, in order."""
        self.rules: dict[DocumentId, str] = {}
        """By which rule a claimed document would be skipped, or why it would be held or wait."""
        self.left_over = 0
        """How many documents wait and were not claimed."""

    def claimed_documents(self) -> list[Document]:
        """Return what the plan took up, as it stands after the steps."""
        return [self._documents[one] for one in self._claimed]

    @override
    def land(self, entries: Sequence[NewInboxEntry], *, watermark: Watermark | None = None) -> int:
        new = 0
        for entry in entries:
            if (entry.account, entry.body_sha256) in self._landed:
                continue
            self._landed.add((entry.account, entry.body_sha256))
            inbox_id = InboxId(self._next_id())
            self._pending[inbox_id] = InboxEntry(
                inbox_id=inbox_id, received_at=self._clock.now(), **entry.model_dump()
            )
            new += 1
        return new

    @override
    def watermark(self, pair: str, source: System, resource: str) -> datetime | None:
        return self._real.watermark(pair, source, resource)

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
        wanted = (
            one
            for one in self._pending.values()
            if source in {None, one.source}
            and origin in {None, one.origin}
            and kind in {None, one.kind}
            and one.kind not in besides
        )
        return list(islice(wanted, limit))

    @override
    def document(self, inbox_id: InboxId, document: NewDocument) -> DocumentId | None:
        rule = self.judge(document)
        del self._pending[inbox_id]
        if rule == "duplicate":
            self._see_again(document)
        if rule:
            return None
        document_id = DocumentId(self._next_id())
        for known in self._versions(document):
            if known.state == DocumentState.RECEIVED:
                self._move(known.document_id, DocumentState.SKIPPED, rule="superseded")
        self._documents[document_id] = Document(
            document_id=document_id, state=DocumentState.RECEIVED, **document.model_dump()
        )
        self._of_record.setdefault(_record(document), []).append(document_id)
        self._known_through[_record(document)] = document.version_at
        self._queue.append(document_id)
        return document_id

    def _see_again(self, document: NewDocument) -> None:
        """Note how late the record's newest content was still seen: what is older is superseded."""
        through = self._known_through.get(_record(document), document.version_at)
        self._known_through[_record(document)] = max(through, document.version_at)

    @override
    def judge(self, document: NewDocument) -> str:
        planned = [one for one in self._versions(document) if one.document_id > PROVISIONAL_FROM]
        rule = "" if planned else self._real.judge(document)
        if planned and planned[-1].content_hash == document.content_hash:
            return "duplicate"
        through = self._known_through.get(_record(document), document.version_at)
        return rule or ("superseded" if document.version_at < through else "")

    def _versions(self, new: NewDocument) -> list[Document]:
        """Return the versions of the same record that are known here, oldest first."""
        return [self._documents[one] for one in self._of_record.get(_record(new), [])]

    @override
    def skip_entry(self, inbox_id: InboxId, *, rule: str) -> None:
        self._pending.pop(inbox_id, None)

    @override
    def waits(self, pair: str, document_type: str, *, source: System) -> bool:
        return self._real.waits(pair, document_type, source=source)

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
        return [one for one in queued if one.state in UNFINISHED and not one.waits_for]

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
    def unsettled(
        self,
        pair: str,
        document_type: str,
        *,
        after: Document | None = None,
        limit: int | None = None,
    ) -> list[Document]:
        found = (one for one in self._documents.values() if one.state in SETTLED_TOGETHER)
        later = (one for one in found if after is None or _place(one) > _place(after))
        return _in_order(later)[:limit]

    @override
    def documents_holding(
        self, pair: str, document_type: str, part: Json, *states: str
    ) -> list[Document]:
        return self._real.documents_holding(pair, document_type, part, *states)

    @override
    def other_versions(self, document_ids: Collection[DocumentId]) -> list[Document]:
        records = {_record(self._documents[one]) for one in document_ids}
        versions = {one for record in records for one in self._of_record[record]}
        others = [self._documents[one] for one in versions - set(document_ids)]
        return _in_order(one for one in others if one.state in SETTLED_TOGETHER)

    @override
    def mark_validated(self, *validated: Validated) -> None:
        for one in validated:
            self._move(one.document_id, DocumentState.VALIDATED)
            changed = self._documents[one.document_id].model_copy(
                update={"canonical": one.canonical, "warnings": one.warnings}
            )
            self._documents[one.document_id] = changed

    @override
    def warned(self, pair: str | None = None, *, limit: int) -> list[Document]:
        warned = [one for one in self._documents.values() if one.warnings]
        return [one for one in _in_order(warned) if pair in {None, one.pair}][::-1][:limit]

    @override
    def mark_ready(self, document_ids: Collection[DocumentId]) -> None:
        for document_id in sorted(document_ids):
            if self._documents[document_id].state == DocumentState.VALIDATED:
                self._move(document_id, DocumentState.READY)

    @override
    def mark_done(self, *document_ids: DocumentId) -> None:
        for document_id in document_ids:
            self._move(document_id, DocumentState.DONE)

    @override
    def hold(self, document_id: DocumentId, *, reason: str) -> None:
        self._move(document_id, DocumentState.HELD, rule=reason)

    @override
    def release(self, document_id: DocumentId) -> None:
        unplanned("released")

    @override
    def wait(self, document_id: DocumentId, *, parent: str) -> None:
        self._move(document_id, DocumentState.RECEIVED, rule=f"waits for {parent}")
        waiting = self._documents[document_id].model_copy(update={"waits_for": (parent,)})
        self._documents[document_id] = waiting

    @override
    def parents(self, pair: str) -> list[Parent]:
        return self._real.parents(pair)

    @override
    def let_on(self, pair: str, parents: Collection[str]) -> int:
        """Let nothing go on: what waits for a planned customer is for a later run."""
        return 0

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
            self._pending.pop(dead_letter.inbox_id, None)
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

    @override
    def done_lately(self, pair: str, *, within_s: float) -> int:
        return self._real.done_lately(pair, within_s=within_s)


def version_of(document: NewDocument) -> Version:
    """Return which version of which record a document is."""
    return Version(
        account=document.account,
        source_id=document.source_id,
        content_hash=document.content_hash,
    )


def _record(one: NewDocument) -> RecordKey:
    return (one.source, one.account, one.document_type, one.source_id)


def _in_order(documents: Iterable[Document]) -> list[Document]:
    return sorted(documents, key=_place)


def _place(one: Document) -> tuple[datetime, DocumentId]:
    return (one.version_at, one.document_id)
