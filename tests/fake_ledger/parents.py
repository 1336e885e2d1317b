"""Parents: what documents and dead letters wait for, and what lets them go on."""

from collections.abc import Collection

from typing_extensions import override

from fake_ledger.dead_letters import DeadLetters
from tieout.domain.base import DeadLetterId, DocumentId
from tieout.domain.ledger import UNFINISHED, Document, DocumentState, Parent


class Parents(DeadLetters):
    """The port's calls on what waits for a parent."""

    @override
    def wait(self, document_id: DocumentId, *, parent: str) -> None:
        with self._lock:
            self._move(document_id, DocumentState.RECEIVED)
            self._holders.pop(document_id, None)
            self._change(document_id, canonical=None, waits_for=(parent,))

    @override
    def parents(self, pair: str) -> list[Parent]:
        with self._lock:
            counts: dict[str, int] = {}
            letters: dict[str, list[DeadLetterId]] = {}
            for document in self._waiting_documents(pair):
                for name in document.waits_for:
                    counts[name] = counts.get(name, 0) + 1
            for letter in self.dead_letters(pair):
                for name in letter.waits_for:
                    letters.setdefault(name, []).append(letter.dead_letter_id)
            return [
                Parent(
                    name=name,
                    documents=counts.get(name, 0),
                    dead_letters=tuple(letters.get(name, ())),
                    is_tried=name in self._tried(pair),
                )
                for name in sorted(counts.keys() | letters.keys())
            ]

    def _tried(self, pair: str) -> set[str]:
        under_way = {
            one.document_id
            for one in self._documents.values()
            if one.pair == pair and one.state in UNFINISHED and not one.waits_for
        }
        return {
            name
            for letter in self._dead_letters.values()
            if letter.resolution == "replayed" and letter.document_id in under_way
            for name in letter.waits_for
        }

    def _waiting_documents(self, pair: str) -> list[Document]:
        return [
            one
            for one in self._documents.values()
            if one.pair == pair and one.waits_for and one.state in UNFINISHED
        ]

    @override
    def let_on(self, pair: str, parents: Collection[str]) -> int:
        with self._lock:
            documents = [
                one for one in self._waiting_documents(pair) if set(one.waits_for) <= set(parents)
            ]
            for document in documents:
                self._change(document.document_id, waits_for=())
            letters = [
                one
                for one in self.dead_letters(pair)
                if one.waits_for and set(one.waits_for) <= set(parents)
            ]
            for letter in letters:
                reason = f"{', '.join(letter.waits_for)} is there"
                self._replay(letter.dead_letter_id, by="fake", keeps_mapping=False, reason=reason)
            return len(documents) + len(letters)
