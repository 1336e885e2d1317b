"""Notes in the history of an invoice, told apart by their text."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from typing_extensions import override

from tieout.connectors.xero.answers import SaidNote
from tieout.connectors.xero.targets.base import KEY_WINDOW_S, Found, Key, text
from tieout.connectors.xero.targets.kinds import SingleTarget, UnguardedTarget
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import DeliveryId, Json
from tieout.domain.ledger import Delivery, Landed

NOTE_CHARACTERS_MAX = 2500
DIGEST_CHARACTERS = 12
"""How much of a note's hash tells it from the other notes of its invoice."""


class InvoiceNoteTarget(SingleTarget, UnguardedTarget):
    """Notes; Xero gives a history record no id, so a note goes by its invoice's."""

    entity = "invoice_note"
    key_window_s: float | None = KEY_WINDOW_S
    model = "HistoryRecord"
    resource = Resource("Invoices", "HistoryRecords", "PUT", "Details", {})

    @override
    def _key(self, payload: Json) -> Key:
        return text(payload, "invoice_id"), text(payload, "details")

    @override
    def _path(self, payload: Json) -> str:
        return _history(text(payload, "invoice_id"))

    @override
    def _content(self, payload: Json) -> Json:
        return {"Details": payload["details"]}

    @override
    def _unfit(self, payload: Json) -> str:
        count = len(text(payload, "details"))
        limit = NOTE_CHARACTERS_MAX
        return f"a note has at most {limit} characters, not {count}" if count > limit else ""

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for invoice_id in sorted({invoice_id for invoice_id, _details in keys}):
            for row in self.client.rows(_history(invoice_id), "HistoryRecords"):
                details = SaidNote.of(row).details
                yield Found((invoice_id, details), self._landed(invoice_id, details))

    @override
    def calls(self, count: int) -> int:
        return 2 * count

    @override
    def _read_back(self, taken: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        """Go by the answer, which is the record as Xero keeps it.

        Reading it back would cost another call of the 60 a minute for every order.
        """
        return {one.delivery_id: self._landed(*self._key(one.payload)) for one in taken}

    @override
    def copies_held(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Sequence[str]]:
        held = super().copies_held(deliveries)
        return {
            mine: [f"{one} note {no}" for no, one in enumerate(ids, 1)]
            for mine, ids in held.items()
        }

    def _landed(self, invoice_id: str, details: str) -> Landed:  # noqa: ARG002 - one note each
        return Landed(external_id=invoice_id, external_no="", figures={})


class PostingNoteTarget(InvoiceNoteTarget):
    """Notes on what became of an invoice's order in Sage 100, of which it has several."""

    entity = "posting_note"

    @override
    def _landed(self, invoice_id: str, details: str) -> Landed:
        told = hashlib.sha256(details.encode()).hexdigest()[:DIGEST_CHARACTERS]
        return Landed(external_id=f"{invoice_id} {told}", external_no="", figures={})


def _history(invoice_id: str) -> str:
    return f"Invoices/{invoice_id}/History"
