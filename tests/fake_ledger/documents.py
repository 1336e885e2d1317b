"""Inbox entries, and the documents that they become: versions of records, and their states."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import islice

from typing_extensions import override

from fake_ledger.tables import (
    UNSETTLED,
    Tables,
    contains,
    event_of,
    record_of,
    settled_otherwise,
    unknown,
    what_it_says,
)
from tieout.domain.base import DocumentId, InboxId, Json, System
from tieout.domain.gaps import KnownRecord
from tieout.domain.ledger import (
    UNFINISHED,
    Document,
    DocumentState,
    InboxEntry,
    InboxState,
    NewDocument,
    NewInboxEntry,
    Origin,
    Validated,
    Watermark,
)


class Documents(Tables):
    """The port's calls on inbox entries and documents."""

    @override
    def land(self, entries: Sequence[NewInboxEntry], *, watermark: Watermark | None = None) -> int:
        with self._lock:
            new = sum(self._land(entry) for entry in entries)
            if watermark is not None:
                key = (watermark.pair, watermark.source, watermark.resource)
                known = self._watermarks.get(key, watermark.read_through)
                self._watermarks[key] = max(known, watermark.read_through)
            return new

    def _land(self, new: NewInboxEntry) -> bool:
        if self._entries.count("content", what_it_says(new)):
            return False
        if new.event_id and self._entries.count("event", event_of(new)):
            return False
        inbox_id = InboxId(len(self._entries) + 1)
        self._entries[inbox_id] = InboxEntry(
            inbox_id=inbox_id, received_at=self._clock.now(), **new.model_dump()
        )
        self._entry_states[inbox_id] = (InboxState.PENDING, "")
        self._note(new.pair, "inbox.pending", f"inbox/{inbox_id}")
        return True

    @override
    def watermark(self, pair: str, source: System, resource: str) -> datetime | None:
        return self._watermarks.get((pair, source, resource))

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
        with self._lock:
            pending = (self._entries[one] for one in self._entry_states.ids("pending", pair))
            wanted = (
                one
                for one in pending
                if source in {None, one.source}
                and origin in {None, one.origin}
                and kind in {None, one.topic.partition("/")[0]}
                and one.kind not in besides
            )
            return list(islice(wanted, limit))

    @override
    def document(self, inbox_id: InboxId, document: NewDocument) -> DocumentId | None:
        with self._lock:
            if inbox_id not in self._entries:
                raise unknown("inbox entry", inbox_id)
            if self._entry_states[inbox_id][0] != InboxState.PENDING:
                return self._document_of.get(inbox_id)
            rule = self._judge(document)
            if rule == "duplicate":
                self._see_again(document)
            if rule:
                self._settle(inbox_id, InboxState.SKIPPED, rule)
                return None
            document_id = DocumentId(len(self._documents) + 1)
            if self._entries[inbox_id].origin == Origin.BACKFILL:
                self._history.add(document_id)
            self._documents[document_id] = Document(
                document_id=document_id,
                state=DocumentState.RECEIVED,
                **document.model_dump(),
            )
            self._known_through[document_id] = document.version_at
            self._document_of[inbox_id] = document_id
            self._settle(inbox_id, InboxState.DOCUMENTED)
            self._note(document.pair, "document.received", f"document/{document_id}")
            self._supersede_older(document_id)
            return document_id

    def _supersede_older(self, document_id: DocumentId) -> None:
        for known in self._versions(self._documents[document_id]):
            if known.document_id < document_id and known.state == DocumentState.RECEIVED:
                self.skip_document(known.document_id, rule="superseded")

    def _see_again(self, new: NewDocument) -> None:
        latest = self._versions(new)[-1]
        if latest.content_hash == new.content_hash:
            through = self._known_through[latest.document_id]
            self._known_through[latest.document_id] = max(through, new.version_at)

    def _versions(self, new: NewDocument) -> list[Document]:
        return self._documents.where("record", record_of(new))

    def _judge(self, new: NewDocument) -> str:
        versions = self._versions(new)
        if not versions:
            return ""
        latest = versions[-1]
        if latest.content_hash == new.content_hash:
            return "duplicate"
        if new.version_at >= self._known_through[latest.document_id]:
            return ""
        seen = {(known.content_hash, known.version_at) for known in versions}
        return "duplicate" if (new.content_hash, new.version_at) in seen else "superseded"

    @override
    def judge(self, document: NewDocument) -> str:
        with self._lock:
            return self._judge(document)

    @override
    def skip_entry(self, inbox_id: InboxId, *, rule: str) -> None:
        with self._lock:
            if self._entry_states[inbox_id][0] == InboxState.PENDING:
                self._settle(inbox_id, InboxState.SKIPPED, rule)

    def _settle(self, inbox_id: InboxId, state: InboxState, rule: str = "") -> None:
        self._entry_states[inbox_id] = (state, rule)
        self._note(self._entries[inbox_id].pair, f"inbox.{state}", f"inbox/{inbox_id}")

    @override
    def unsettled(
        self,
        pair: str,
        document_type: str,
        *,
        after: Document | None = None,
        limit: int | None = None,
    ) -> list[Document]:
        with self._lock:
            place = None if after is None else (after.version_at, after.document_id)
            found = self._documents.ids("unsettled", (pair, document_type), after=place)
            return [self._documents[one] for one in found[:limit]]

    @override
    def documents_holding(
        self, pair: str, document_type: str, part: Json, *states: str
    ) -> list[Document]:
        with self._lock:
            found = [
                one
                for _, one in sorted(self._documents.items())
                if (one.pair, one.document_type) == (pair, document_type)
                and one.state in states
                and contains(one.canonical, part)
            ]
            return sorted(found, key=lambda one: (one.version_at, one.document_id))

    @override
    def other_versions(self, document_ids: Collection[DocumentId]) -> list[Document]:
        with self._lock:
            records = {record_of(self._documents[one]) for one in document_ids}
            others = [
                one
                for record in records
                for one in self._documents.where("record", record)
                if one.state in UNSETTLED and one.document_id not in document_ids
            ]
            return sorted(others, key=lambda one: (one.version_at, one.document_id))

    @override
    def mark_validated(self, *validated: Validated) -> None:
        with self._lock:
            movable = [
                one
                for one in validated
                if self._is_movable(one.document_id, DocumentState.VALIDATED)
            ]
            for one in movable:
                self._move(one.document_id, DocumentState.VALIDATED)
                self._change(one.document_id, canonical=one.canonical, warnings=one.warnings)

    @override
    def warned(self, pair: str | None = None, *, limit: int) -> list[Document]:
        with self._lock:
            warned = [
                one for one in self._documents.values() if one.warnings and pair in {None, one.pair}
            ]
            return sorted(warned, key=lambda one: -one.document_id)[:limit]

    @override
    def mark_ready(self, document_ids: Collection[DocumentId]) -> None:
        with self._lock:
            for document_id in sorted(document_ids):
                if self._documents[document_id].state == DocumentState.VALIDATED:
                    self._move(document_id, DocumentState.READY)

    @override
    def hold(self, document_id: DocumentId, *, reason: str) -> None:
        with self._lock:
            if self._move(document_id, DocumentState.HELD):
                self._change(document_id, held_for=reason)

    @override
    def release(self, document_id: DocumentId) -> None:
        with self._lock:
            document = self._documents[document_id]
            if document.state == DocumentState.HELD:
                self._holders.pop(document_id, None)
                self._change(document_id, state=DocumentState.RECEIVED, canonical=None, held_for="")
                self._note(document.pair, "document.received", f"document/{document_id}")

    @override
    def skip_document(self, document_id: DocumentId, *, rule: str) -> None:
        with self._lock:
            if self._move(document_id, DocumentState.SKIPPED):
                self._rules[document_id] = rule

    def _move(self, document_id: DocumentId, state: DocumentState) -> bool:
        if not self._is_movable(document_id, state):
            return False
        document = self._documents[document_id]
        self._change(document_id, state=state)
        if document.state != state:
            self._note(document.pair, f"document.{state}", f"document/{document_id}")
        return True

    def _is_movable(self, document_id: DocumentId, state: DocumentState) -> bool:
        """Say whether a document can be moved to a state; not, when it is there already."""
        if document_id not in self._documents:
            raise unknown("document", document_id)
        document = self._documents[document_id]
        if document.state in UNFINISHED:
            return True
        if document.state != state:
            raise settled_otherwise(f"document {document_id}")
        return False

    def _change(self, document_id: DocumentId, **changes: object) -> None:
        document = self._documents[document_id]
        self._documents[document_id] = document.model_copy(update=changes)

    @override
    def known_records(
        self, pair: str, account: str, document_type: str, source_ids: Collection[str]
    ) -> dict[str, KnownRecord]:
        with self._lock:
            known = {}
            for source_id in source_ids:
                states = [
                    self._entry_states[inbox_id][0]
                    for inbox_id in self._entries.ids("resource", (pair, account, source_id))
                ]
                record = KnownRecord(
                    source_id=source_id,
                    is_pending=InboxState.PENDING in states,
                    is_set_aside=InboxState.DEAD_LETTER in states,
                )
                record_key = (System.SHOPIFY, account, document_type, source_id)
                versions = self._documents.where("record", record_key)
                if versions:
                    newest = versions[-1]
                    record = record.model_copy(
                        update={
                            "state": newest.state,
                            "rule": self._rules.get(newest.document_id, ""),
                            "content_hash": newest.content_hash,
                            "is_redacted": "redacted" in newest.payload,
                        }
                    )
                if record != KnownRecord(source_id=source_id):
                    known[source_id] = record
            return known
