"""The ledger in memory with its rows to read, as an auditor reads tables."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from fake_ledger.ledger import FakeLedger
from simulation.systems import MONEY
from tieout.domain.base import DocumentId
from tieout.domain.ledger import Document, DocumentState, InboxState
from tieout_oracle.sets import AuditRow, DeliveryRow, DocumentRow, InboxRow

CURRENCY = "USD"


class OpenLedger(FakeLedger):
    """FakeLedger, and what is in it."""

    def inbox_rows(self) -> Iterator[InboxRow]:
        """Return every inbox entry."""
        for one in self._entries.values():
            yield InboxRow(
                inbox_id=one.inbox_id,
                account=one.account,
                resource_id=one.resource_id,
                state=self._entry_states[one.inbox_id][0],
                event_id=one.event_id,
                body_sha256=one.body_sha256,
            )

    def document_rows(self) -> Iterator[DocumentRow]:
        """Return every document, numbered by record."""
        numbers: Counter[str] = Counter()
        entry_of = {document: entry for entry, document in self._document_of.items()}
        for one in self._documents.values():
            numbers[one.source_id] += 1
            yield DocumentRow(
                document_id=one.document_id,
                inbox_id=entry_of[one.document_id],
                account=one.account,
                source_id=one.source_id,
                version_no=numbers[one.source_id],
                state=one.state,
            )

    def delivery_rows(self) -> Iterator[DeliveryRow]:
        """Return every delivery, with what its target should show."""
        for one in self._deliveries.values():
            names = MONEY.get(one.entity)
            amount = sum((Decimal(one.expected[n]) for n in names), Decimal(0)) if names else None
            yield DeliveryRow(
                delivery_id=one.delivery_id,
                document_id=one.document_id,
                target=one.target,
                entity=one.entity,
                key=one.document_key,
                operation=one.operation,
                state=one.state,
                external_id=one.external_id,
                currency=CURRENCY if names else "",
                amount=amount,
            )

    def audit_rows(self) -> Iterator[AuditRow]:
        """Return the audit's last word on each subject."""
        last = {event.subject: event.action for event in self.audit}
        return (AuditRow(subject, action) for subject, action in last.items())

    def aside(self) -> set[tuple[str, int]]:
        """Return which documents and entries are set aside."""
        documents = {
            ("document", one.document_id)
            for one in self._documents.values()
            if one.state == DocumentState.DEAD_LETTER
        }
        return documents | {
            ("entry", inbox_id)
            for inbox_id, (state, _rule) in self._entry_states.items()
            if state == InboxState.DEAD_LETTER
        }

    def attempts(self) -> list[int]:
        """Return how much of its retry budget every delivery has spent."""
        return [one.attempts for one in self._deliveries.values()]

    def source_id(self, document_id: DocumentId) -> str:
        """Return of which order a document is a version."""
        return self._documents[document_id].source_id

    def source_ids(self) -> dict[int, str]:
        """Return of which order each document is a version."""
        return {one.document_id: one.source_id for one in self._documents.values()}

    def newest(self) -> dict[str, Document]:
        """Return the newest version of every order."""
        return {one.source_id: one for one in self._documents.values()}

    def lose(self, source_id: str) -> None:
        """Lose every trace of an order, as no transaction ever does."""
        gone = [one.document_id for one in self._documents.values() if one.source_id == source_id]
        for document_id in gone:
            del self._documents[document_id]
        for entry in list(self._entries.values()):
            if entry.resource_id == source_id:
                del self._entries[entry.inbox_id]
                self._document_of.pop(entry.inbox_id, None)

    def park_silently(self, document_id: DocumentId) -> None:
        """Move a document to ``dead_letter`` and tell nobody."""
        self._change(document_id, state=DocumentState.DEAD_LETTER)
