"""Dead letters: what is set aside, put back, closed, or settled by a newer version that is done."""

from typing_extensions import override

from fake_ledger.documents import Documents
from fake_ledger.tables import not_open, record_of, settled_otherwise, unknown
from tieout.domain.base import DeadLetterId, DocumentId, InboxId, Json
from tieout.domain.ledger import (
    LANDED,
    UNFINISHED,
    DeadLetter,
    DocumentState,
    InboxState,
    NewDeadLetter,
)


class DeadLetters(Documents):
    """The port's calls on dead letters."""

    @override
    def set_aside(self, dead_letter: NewDeadLetter) -> None:
        with self._lock:
            if dead_letter.document_id is not None:
                moved = self._move(dead_letter.document_id, DocumentState.DEAD_LETTER)
            elif dead_letter.inbox_id is not None:
                moved = self._park_entry(dead_letter.inbox_id)
            else:
                raise unknown("record", 0)
            if moved:
                self._open(dead_letter)

    def _park_entry(self, inbox_id: InboxId) -> bool:
        state = self._entry_states[inbox_id][0]
        if state == InboxState.PENDING:
            self._settle(inbox_id, InboxState.DEAD_LETTER)
            return True
        if state != InboxState.DEAD_LETTER:
            raise settled_otherwise(f"inbox entry {inbox_id}")
        return False

    def _open(self, new: NewDeadLetter) -> None:
        dead_letter_id = DeadLetterId(len(self._dead_letters) + 1)
        self._dead_letters[dead_letter_id] = DeadLetter(
            dead_letter_id=dead_letter_id,
            opened_at=self._clock.now(),
            is_open=True,
            **new.model_dump(),
        )
        self._note(new.pair, "dead_letter.opened", f"dead_letter/{dead_letter_id}")

    @override
    def dead_letters(self, pair: str | None = None) -> list[DeadLetter]:
        return [
            letter
            for letter in self._dead_letters.values()
            if letter.is_open and pair in (None, letter.pair)
        ]

    @override
    def replay(self, dead_letter_id: DeadLetterId) -> None:
        self._replay(dead_letter_id, by="fake", keeps_mapping=False)

    def _replay(
        self, dead_letter_id: DeadLetterId, *, by: str, keeps_mapping: bool, reason: str = ""
    ) -> None:
        with self._lock:
            letter = self._close(dead_letter_id, "replayed", by=by, reason=reason)
            if letter.document_id is not None:
                self._put_back(letter.document_id, keeps_mapping=keeps_mapping)
            elif letter.inbox_id is not None:
                self._settle(letter.inbox_id, InboxState.PENDING)

    def _open_letter(self, dead_letter_id: DeadLetterId) -> DeadLetter:
        letter = self._dead_letters.get(dead_letter_id)
        if letter is None:
            raise not_open(dead_letter_id, "unknown_dead_letter")
        if not letter.is_open:
            raise not_open(dead_letter_id, "already_settled")
        return letter

    def _close(
        self,
        dead_letter_id: DeadLetterId,
        resolution: str,
        *,
        by: str,
        reason: str = "",
        proof: Json | None = None,
    ) -> DeadLetter:
        closed = self._open_letter(dead_letter_id).model_copy(
            update={
                "is_open": False,
                "closed_at": self._clock.now(),
                "resolution": resolution,
                "closed_by": by,
                "reason": reason,
                "proof": proof,
            }
        )
        self._dead_letters[dead_letter_id] = closed
        self._note(closed.pair, "dead_letter.closed", f"dead_letter/{dead_letter_id}", by)
        return closed

    def _drop(self, document_id: DocumentId, rule: str) -> None:
        self._rules[document_id] = rule
        self._change(document_id, state=DocumentState.SKIPPED)
        pair = self._documents[document_id].pair
        self._note(pair, "document.skipped", f"document/{document_id}")

    @override
    def mark_done(self, *document_ids: DocumentId) -> None:
        with self._lock:
            for document_id in document_ids:
                self._check_can_be_done(document_id)
            for document_id in document_ids:
                self._move(document_id, DocumentState.DONE)
                self._done_at.setdefault(document_id, self._clock.now())
                self._settle_older(document_id)

    def _check_can_be_done(self, document_id: DocumentId) -> None:
        if document_id not in self._documents:
            raise unknown("document", document_id)
        written = self._deliveries.where("document", document_id)
        is_open = self._documents[document_id].state in {*UNFINISHED, DocumentState.DONE}
        if {delivery.state for delivery in written} - LANDED or not is_open:
            raise settled_otherwise(f"document {document_id}")

    def _settle_older(self, document_id: DocumentId) -> None:
        """Close what is set aside of older versions of the document's record."""
        for older in self._versions(self._documents[document_id]):
            if older.document_id >= document_id:
                continue
            for letter in self._dead_letters.where("open", older.document_id):
                proof: Json = {"newer_document_id": document_id}
                self._close(letter.dead_letter_id, "resolved", by="fake", proof=proof)
                self._drop(older.document_id, "superseded")

    def _newer_version(self, document_id: DocumentId) -> DocumentId | None:
        newest = self._documents.ids("record", record_of(self._documents[document_id]))[-1]
        return newest if newest > document_id else None

    def _put_back(self, document_id: DocumentId, *, keeps_mapping: bool) -> None:
        document = self._documents[document_id]
        is_superseded = self._newer_version(document_id) is not None
        state = DocumentState.SKIPPED if is_superseded else DocumentState.RECEIVED
        if is_superseded:
            self._rules[document_id] = "superseded"
        self._holders.pop(document_id, None)
        self._change(
            document_id, state=state, canonical=None, crashes=0, keeps_mapping=keeps_mapping
        )
        self._note(document.pair, f"document.{state}", f"document/{document_id}")
