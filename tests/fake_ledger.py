"""The Ledger port in memory, by the same contract as the real one (tests/contract).

It keeps lists and dictionaries and follows the port's words; nothing here is shared with the code
that it stands in for. One lock makes every call one transaction.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

from typing_extensions import override

from tieout.domain.base import (
    BatchId,
    DeadLetterId,
    DeliveryId,
    DocumentId,
    InboxId,
    Json,
    System,
)
from tieout.domain.gaps import KnownRecord
from tieout.domain.ledger import (
    LANDED,
    UNFINISHED,
    AuditEvent,
    Batch,
    Binding,
    Conservation,
    DeadLetter,
    Delivery,
    DeliveryState,
    Document,
    DocumentState,
    Fence,
    InboxEntry,
    InboxState,
    Landed,
    NewBinding,
    NewDeadLetter,
    NewDelivery,
    NewDocument,
    NewInboxEntry,
    Origin,
    Refused,
    Watermark,
)
from tieout.errors import ConfigurationError, RejectedError, RetryableError, UnavailableError
from tieout.ports.clock import Clock
from tieout.ports.ledger import Ledger

UNSETTLED = (DeliveryState.INTENT, DeliveryState.SENT, DeliveryState.IN_DOUBT)
NOT_AT_TARGET = (DeliveryState.INTENT, DeliveryState.REFUSED)
DeliveryKey = tuple[str, str, str, str, str]


class Lease:
    """Who holds a batch, and until when."""

    def __init__(self, batch_id: BatchId, pair: str, until: datetime) -> None:
        self.batch_id = batch_id
        self.pair = pair
        self.until = until


class FakeLedger(Ledger):
    """The ledger in memory; its clock is the ``clock`` it is given."""

    def __init__(self, clock: Clock, *, writer_wait_s: float = 60.0) -> None:
        self.audit: list[AuditEvent] = []
        self._clock = clock
        self._writer_wait_s = writer_wait_s
        self._lock = threading.RLock()
        self._writers: dict[str, threading.Lock] = {}
        self._entries: dict[InboxId, InboxEntry] = {}
        self._entry_states: dict[InboxId, tuple[InboxState, str]] = {}
        self._watermarks: dict[tuple[str, System, str], datetime] = {}
        self._documents: dict[DocumentId, Document] = {}
        self._document_of: dict[InboxId, DocumentId] = {}
        self._known_through: dict[DocumentId, datetime] = {}
        self._rules: dict[DocumentId, str] = {}
        self._history: set[DocumentId] = set()
        self._steps: dict[tuple[BatchId, str], Fence] = {}
        self._ended: set[tuple[BatchId, str]] = set()
        self._leases: dict[tuple[str, str, str], Lease] = {}
        self._holders: dict[DocumentId, Lease] = {}
        self._deliveries: dict[DeliveryId, Delivery] = {}
        self._refusals: Counter[DeliveryId] = Counter()
        self._bindings: list[Binding] = []
        self._dead_letters: list[DeadLetter] = []

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
        def heard(entry: NewInboxEntry) -> tuple[str, ...]:
            return (entry.source, entry.account, entry.topic, entry.event_id)

        def said(entry: NewInboxEntry) -> tuple[str, ...]:
            return (entry.source, entry.account, entry.topic, entry.resource_id, entry.body_sha256)

        for known in self._entries.values():
            if said(known) == said(new) or (new.event_id and heard(known) == heard(new)):
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
    def pending_entries(self, pair: str, *, limit: int) -> list[InboxEntry]:
        with self._lock:
            pending = [
                entry
                for entry in self._entries.values()
                if entry.pair == pair
                and self._entry_states[entry.inbox_id][0] == InboxState.PENDING
            ]
            return pending[:limit]

    @override
    def document(self, inbox_id: InboxId, document: NewDocument) -> DocumentId | None:
        with self._lock:
            if inbox_id not in self._entries:
                raise _unknown("inbox entry", inbox_id)
            if self._entry_states[inbox_id][0] != InboxState.PENDING:
                return self._document_of.get(inbox_id)
            rule = self._judge(document)
            if rule == "duplicate":
                self._see_again(document)
            if rule:
                self._settle(inbox_id, InboxState.SKIPPED, rule)
                return None
            document_id = DocumentId(len(self._documents) + 1)
            self._documents[document_id] = Document(
                document_id=document_id,
                state=DocumentState.RECEIVED,
                **document.model_dump(),
            )
            if self._entries[inbox_id].origin == Origin.BACKFILL:
                self._history.add(document_id)
            self._known_through[document_id] = document.version_at
            self._document_of[inbox_id] = document_id
            self._settle(inbox_id, InboxState.DOCUMENTED)
            self._note(document.pair, "document.received", f"document/{document_id}")
            self._supersede_older(document_id)
            return document_id

    def _supersede_older(self, document_id: DocumentId) -> None:
        newest = self._documents[document_id]
        for known in list(self._documents.values()):
            is_older = _record(known) == _record(newest) and known.document_id < document_id
            if is_older and known.state == DocumentState.RECEIVED:
                self.skip_document(known.document_id, rule="superseded")

    def _see_again(self, new: NewDocument) -> None:
        latest = self._versions(new)[-1]
        if latest.content_hash == new.content_hash:
            through = self._known_through[latest.document_id]
            self._known_through[latest.document_id] = max(through, new.version_at)

    def _versions(self, new: NewDocument) -> list[Document]:
        return [known for known in self._documents.values() if _record(known) == _record(new)]

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
    def waits(self, pair: str, document_type: str) -> bool:
        with self._lock:
            now = self._clock.now()
            return bool(self.pending_entries(pair, limit=1)) or any(
                self._is_free(document.document_id, None, now)
                for document in self._unfinished(pair, document_type)
                if document.document_id not in self._history
            )

    def _unfinished(self, pair: str, document_type: str) -> list[Document]:
        return [
            document
            for document in self._in_order()
            if (document.pair, document.document_type) == (pair, document_type)
            and document.state in UNFINISHED
        ]

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
        with self._lock:
            now = self._clock.now()
            mine = self._leases.get((pair, document_type, claimed_by))
            unfinished = self._unfinished(pair, document_type)
            free = {
                is_history: [
                    document
                    for document in unfinished
                    if (document.document_id in self._history) is is_history
                    and self._is_free(document.document_id, mine, now)
                ]
                for is_history in (False, True)
            }
            old = [d.document_id for d in unfinished if d.document_id in self._history]
            if any(not self._is_free(one, mine, now) for one in old):
                free[True] = []
            if any(mine is not None and self._holders.get(one) is mine for one in old):
                free[False] = []
            claimed = (free[history_first] or free[not history_first])[:limit]
            if mine is not None and any(batch == mine.batch_id for batch, _step in self._steps):
                claimed = []
            if mine is None and not claimed:
                return None
            if mine is None:
                mine = Lease(BatchId(len(self._leases) + 1), pair, now)
                self._leases[(pair, document_type, claimed_by)] = mine
            mine.until = now + timedelta(seconds=lease_s)
            self._note(pair, "batch.claimed", f"batch/{mine.batch_id}")
            for document in claimed:
                self._holders[document.document_id] = mine
            held = sum(holder is mine for holder in self._holders.values())
            return Batch(batch_id=mine.batch_id, pair=pair, document_count=held) if held else None

    @override
    def waiting(self, pair: str, document_type: str) -> list[Document]:
        with self._lock:
            free = [
                document
                for document in self._in_order()
                if (document.pair, document.document_type) == (pair, document_type)
                and document.state in UNFINISHED
                and self._is_free(document.document_id, None, self._clock.now())
            ]
            return sorted(free, key=lambda document: document.document_id in self._history)

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
        with self._lock:
            now = self._clock.now()
            mine = self._leases.get((pair, document_type, claimed_by))
            wanted = set(document_ids)
            free = {
                one
                for one in wanted & set(self._documents)
                if self._documents[one].state in UNFINISHED
                and self._is_free(one, mine, now)
                and self._documents[one].pair == pair
            }
            if free != wanted or not wanted:
                raise RetryableError("some are not free", remedy="Read what waits.")
            if mine is None:
                mine = Lease(BatchId(len(self._leases) + 1), pair, now)
                self._leases[(pair, document_type, claimed_by)] = mine
            mine.until = now + timedelta(seconds=lease_s)
            for one in wanted:
                self._holders[one] = mine
            return Batch(batch_id=mine.batch_id, pair=pair, document_count=len(wanted))

    @override
    def claimed(self, pair: str, document_type: str, claimed_by: str) -> BatchId | None:
        mine = self._leases.get((pair, document_type, claimed_by))
        return mine.batch_id if mine else None

    def _is_free(self, document_id: DocumentId, mine: Lease | None, now: datetime) -> bool:
        holder = self._holders.get(document_id)
        return holder is None or holder is mine or holder.until <= now

    def _in_order(self) -> list[Document]:
        return sorted(self._documents.values(), key=lambda d: (d.version_at, d.document_id))

    @override
    def begin_step(self, batch_id: BatchId, step: str, *, lease_s: int) -> Fence:
        with self._lock:
            self._renew(batch_id, lease_s)
            key = (batch_id, step)
            known = self._steps.get(key)
            is_cut_off = known is not None and key not in self._ended
            self._ended.discard(key)
            self._steps[key] = Fence(
                batch_id=batch_id,
                step=step,
                epoch=known.epoch + 1 if known else 1,
                unfinished=known.unfinished + 1 if known and is_cut_off else 0,
            )
            return self._steps[key]

    def _renew(self, batch_id: BatchId, lease_s: int) -> None:
        self._lease(batch_id).until = self._clock.now() + timedelta(seconds=lease_s)

    @override
    def end_step(self, fence: Fence, *, lease_s: int | None = None) -> None:
        with self._lock:
            if self._steps[fence.batch_id, fence.step].epoch != fence.epoch:
                return
            self._ended.add((fence.batch_id, fence.step))
            if lease_s is not None:
                lease = self._lease(fence.batch_id)
                lease.until = min(lease.until, self._clock.now() + timedelta(seconds=lease_s))

    @override
    def take_up(self, document_id: DocumentId) -> int:
        with self._lock:
            crashes = self._documents[document_id].crashes
            self._change(document_id, crashes=crashes + 1)
            return crashes

    @override
    def let_go(self, document_id: DocumentId) -> None:
        with self._lock:
            self._change(document_id, crashes=0)

    @override
    def batch_pair(self, batch_id: BatchId) -> str:
        return self._lease(batch_id).pair

    def _lease(self, batch_id: BatchId) -> Lease:
        for lease in self._leases.values():
            if lease.batch_id == batch_id:
                return lease
        raise _unknown("batch", batch_id)

    @override
    def documents(self, batch_id: BatchId, *states: str) -> list[Document]:
        with self._lock:
            return [
                document
                for document in self._in_order()
                if (holder := self._holders.get(document.document_id)) is not None
                and holder.batch_id == batch_id
                and (not states or document.state in states)
            ]

    @override
    def unsettled(self, pair: str, document_type: str) -> list[Document]:
        with self._lock:
            return [
                document
                for document in self._in_order()
                if (document.pair, document.document_type) == (pair, document_type)
                and document.state in (*UNFINISHED, DocumentState.HELD, DocumentState.DEAD_LETTER)
            ]

    @override
    def mark_validated(self, document_id: DocumentId, canonical: Json) -> None:
        with self._lock:
            if self._move(document_id, DocumentState.VALIDATED):
                self._change(document_id, canonical=canonical)

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
    def mark_done(self, document_id: DocumentId) -> None:
        with self._lock:
            states = {delivery.state for delivery in self.deliveries([document_id])}
            if states - LANDED:
                raise _settled_otherwise(f"document {document_id}")
            self._move(document_id, DocumentState.DONE)
            self._settle_older(document_id)

    @override
    def skip_document(self, document_id: DocumentId, *, rule: str) -> None:
        with self._lock:
            if self._move(document_id, DocumentState.SKIPPED):
                self._rules[document_id] = rule

    def _move(self, document_id: DocumentId, state: DocumentState) -> bool:
        if document_id not in self._documents:
            raise _unknown("document", document_id)
        document = self._documents[document_id]
        if document.state in UNFINISHED:
            self._change(document_id, state=state)
            if document.state != state:
                self._note(document.pair, f"document.{state}", f"document/{document_id}")
            return True
        if document.state != state:
            raise _settled_otherwise(f"document {document_id}")
        return False

    def _change(self, document_id: DocumentId, **changes: object) -> None:
        document = self._documents[document_id]
        self._documents[document_id] = document.model_copy(update=changes)

    @override
    def set_aside(self, dead_letter: NewDeadLetter) -> None:
        with self._lock:
            if dead_letter.document_id is not None:
                moved = self._move(dead_letter.document_id, DocumentState.DEAD_LETTER)
            elif dead_letter.inbox_id is not None:
                moved = self._park_entry(dead_letter.inbox_id)
            else:
                raise _unknown("record", 0)
            if moved:
                dead_letter_id = DeadLetterId(len(self._dead_letters) + 1)
                self._dead_letters.append(
                    DeadLetter(
                        dead_letter_id=dead_letter_id,
                        opened_at=self._clock.now(),
                        is_open=True,
                        **dead_letter.model_dump(),
                    )
                )
                subject = f"dead_letter/{dead_letter_id}"
                self._note(dead_letter.pair, "dead_letter.opened", subject)

    def _park_entry(self, inbox_id: InboxId) -> bool:
        state = self._entry_states[inbox_id][0]
        if state == InboxState.PENDING:
            self._settle(inbox_id, InboxState.DEAD_LETTER)
            return True
        if state != InboxState.DEAD_LETTER:
            raise _settled_otherwise(f"inbox entry {inbox_id}")
        return False

    @override
    def dead_letters(self, pair: str | None = None) -> list[DeadLetter]:
        return [
            letter
            for letter in self._dead_letters
            if letter.is_open and pair in (None, letter.pair)
        ]

    @override
    def replay(self, dead_letter_id: DeadLetterId) -> None:
        self._replay(dead_letter_id, by="fake", keeps_mapping=False)

    def _replay(self, dead_letter_id: DeadLetterId, *, by: str, keeps_mapping: bool) -> None:
        with self._lock:
            letter = self._close(dead_letter_id, "replayed", by=by)
            if letter.document_id is not None:
                self._put_back(letter.document_id, keeps_mapping=keeps_mapping)
            elif letter.inbox_id is not None:
                self._settle(letter.inbox_id, InboxState.PENDING)

    def _open_letter(self, dead_letter_id: DeadLetterId) -> DeadLetter:
        if not 1 <= dead_letter_id <= len(self._dead_letters):
            raise _not_open(dead_letter_id, "unknown_dead_letter")
        letter = self._dead_letters[dead_letter_id - 1]
        if not letter.is_open:
            raise _not_open(dead_letter_id, "already_settled")
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
        self._dead_letters[dead_letter_id - 1] = closed
        self._note(closed.pair, "dead_letter.closed", f"dead_letter/{dead_letter_id}", by)
        return closed

    def _drop(self, document_id: DocumentId, rule: str) -> None:
        self._rules[document_id] = rule
        self._change(document_id, state=DocumentState.SKIPPED)
        pair = self._documents[document_id].pair
        self._note(pair, "document.skipped", f"document/{document_id}")

    def _settle_older(self, document_id: DocumentId) -> None:
        """Close what is set aside of older versions of the document's record."""
        newest = self._documents[document_id]
        for letter in self._dead_letters:
            older = self._documents.get(letter.document_id or DocumentId(0))
            if older is None or not letter.is_open or older.document_id >= document_id:
                continue
            if _record(older) == _record(newest):
                proof: Json = {"newer_document_id": document_id}
                self._close(letter.dead_letter_id, "resolved", by="fake", proof=proof)
                self._drop(older.document_id, "superseded")

    def _newer_version(self, document_id: DocumentId) -> DocumentId | None:
        record = _record(self._documents[document_id])
        versions = [one for one in self._documents.values() if _record(one) == record]
        return max(
            (one.document_id for one in versions if one.document_id > document_id), default=None
        )

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

    @override
    def intend(
        self, deliveries: Sequence[NewDelivery], *, newest_wins: bool = False
    ) -> list[Delivery]:
        with self._lock:
            return [self._intend(delivery, newest_wins=newest_wins) for delivery in deliveries]

    def _intend(self, new: NewDelivery, *, newest_wins: bool) -> Delivery:
        known_document = self._documents.get(new.document_id)
        if known_document is not None and known_document.state not in UNFINISHED:
            raise _settled_otherwise(f"document {new.document_id}")
        for known in self._deliveries.values():
            if _key(known) == _key(new):
                differs = known.version_hash != new.version_hash
                if differs and (newest_wins or known.state in NOT_AT_TARGET):
                    return self._store(new, known.delivery_id, known.epoch)
                return self._aged(known)
        return self._store(new, DeliveryId(len(self._deliveries) + 1), 0)

    def _aged(self, delivery: Delivery) -> Delivery:
        if delivery.sent_at is None:
            return delivery
        age_s = (self._clock.now() - delivery.sent_at).total_seconds()
        return delivery.model_copy(update={"sent_age_s": age_s})

    def _store(self, new: NewDelivery, delivery_id: DeliveryId, epoch: int) -> Delivery:
        delivery = Delivery(
            delivery_id=delivery_id,
            state=DeliveryState.INTENT,
            attempts=0,
            epoch=epoch,
            idempotency_key=_idempotency_key(new, self._refusals[delivery_id]),
            **new.model_dump(),
        )
        self._deliveries[delivery_id] = delivery
        self._note(new.pair, "delivery.intent", f"delivery/{delivery_id}")
        return delivery

    @override
    def deliveries(
        self, document_ids: Collection[DocumentId], *, entity: str | None = None
    ) -> list[Delivery]:
        with self._lock:
            return [
                self._aged(delivery)
                for delivery in self._deliveries.values()
                if delivery.document_id in document_ids and entity in (None, delivery.entity)
            ]

    @override
    def deliveries_of(
        self, pair: str, entity: str, document_keys: Collection[str]
    ) -> list[Delivery]:
        with self._lock:
            return [
                self._aged(delivery)
                for delivery in self._deliveries.values()
                if (delivery.pair, delivery.entity) == (pair, entity)
                and delivery.document_key in document_keys
            ]

    @override
    def resent(self, pair: str, entity: str, since: datetime) -> list[Delivery]:
        with self._lock:
            return [
                self._aged(one)
                for one in self._deliveries.values()
                if (one.pair, one.entity) == (pair, entity)
                and one.epoch > 1
                and one.sent_at is not None
                and one.sent_at >= since
            ]

    @override
    def mark_sent(
        self, delivery_ids: Sequence[DeliveryId], *, fence: Fence, lease_s: int
    ) -> list[Delivery]:
        with self._lock:
            held = self._steps.get((fence.batch_id, fence.step))
            is_leased = self._lease(fence.batch_id).until > self._clock.now()
            if held is None or held.epoch != fence.epoch or not is_leased:
                raise RetryableError("another worker has the step", remedy="Send nothing.")
            self._renew(fence.batch_id, lease_s)
            for delivery in self._movable(delivery_ids, (*UNSETTLED, DeliveryState.REFUSED)):
                self._deliver(
                    delivery.delivery_id,
                    state=DeliveryState.SENT,
                    attempts=delivery.attempts + 1,
                    epoch=delivery.epoch + 1,
                    sent_at=self._clock.now(),
                )
            return [self._aged(self._deliveries[one]) for one in delivery_ids]

    @override
    def mark_in_doubt(self, sent: Sequence[Delivery], *, is_counted: bool = True) -> None:
        with self._lock:
            for delivery in self._still_sent(sent):
                attempts = delivery.attempts - (0 if is_counted else 1)
                changes = {"state": DeliveryState.IN_DOUBT, "attempts": max(attempts, 0)}
                self._deliver(delivery.delivery_id, **changes)

    @override
    def mark_unsent(self, sent: Sequence[Delivery]) -> None:
        with self._lock:
            for delivery in self._still_sent(sent):
                attempts = max(delivery.attempts - 1, 0)
                self._deliver(delivery.delivery_id, state=DeliveryState.INTENT, attempts=attempts)

    @override
    def renew_key(self, delivery_ids: Sequence[DeliveryId]) -> list[Delivery]:
        with self._lock:
            for delivery in self._movable(delivery_ids, UNSETTLED):
                one = delivery.delivery_id
                self._refusals[one] += 1
                key = _idempotency_key(delivery, self._refusals[one])
                self._deliver(one, state=DeliveryState.INTENT, idempotency_key=key)
            return [self._aged(self._deliveries[one]) for one in delivery_ids]

    def _still_sent(self, sent: Sequence[Delivery]) -> list[Delivery]:
        for delivery in sent:
            if self._delivery(delivery.delivery_id).epoch != delivery.epoch:
                raise _settled_otherwise(f"delivery {delivery.delivery_id}")
        return self._movable([delivery.delivery_id for delivery in sent], UNSETTLED)

    def _movable(
        self, delivery_ids: Sequence[DeliveryId], allowed: Collection[DeliveryState]
    ) -> list[Delivery]:
        wanted = set(delivery_ids)
        found = [self._deliveries[one] for one in wanted if one in self._deliveries]
        if len(found) < len(wanted) or any(one.state not in allowed for one in found):
            raise _settled_otherwise(f"one of the deliveries {delivery_ids}")
        return found

    def _deliver(self, delivery_id: DeliveryId, **changes: object) -> None:
        delivery = self._deliveries[delivery_id].model_copy(update=changes)
        self._deliveries[delivery_id] = delivery
        self._note(delivery.pair, f"delivery.{delivery.state}", f"delivery/{delivery_id}")

    @override
    def confirm(self, delivery_id: DeliveryId, landed: Landed, binding: NewBinding | None) -> None:
        with self._lock:
            present = self._delivery(delivery_id)
            confirmed = present.state in LANDED
            if confirmed and present.external_id != landed.external_id:
                raise RejectedError(
                    f"delivery {delivery_id} was confirmed as {present.external_id!r}",
                    remedy="Look at both.",
                    cause="read_back_differs",
                )
            if not confirmed:
                self._check_unclaimed(present, landed)
            if binding is not None:
                self.bind(binding)
            if not confirmed:
                self._deliver(
                    delivery_id,
                    state=DeliveryState.ENTERED,
                    external_id=landed.external_id,
                    external_no=landed.external_no,
                )

    def _check_unclaimed(self, present: Delivery, landed: Landed) -> None:
        for other in self._deliveries.values():
            same_kind = (other.pair, other.target, other.entity, other.operation) == (
                present.pair,
                present.target,
                present.entity,
                "create",
            )
            if (
                same_kind
                and present.operation == "create"
                and landed.external_id
                and other.delivery_id != present.delivery_id
                and other.external_id == landed.external_id
            ):
                raise RejectedError(
                    f"{landed.external_id!r} is that of {other.document_key!r}",
                    remedy="Bind the right one.",
                    cause="number_taken",
                )

    @override
    def refuse(self, sent: Delivery, refused: Refused) -> None:
        with self._lock:
            delivery_id = sent.delivery_id
            present = self._delivery(delivery_id)
            if present.epoch != sent.epoch or present.state in LANDED:
                raise _settled_otherwise(f"delivery {delivery_id}")
            if present.state != DeliveryState.REFUSED:
                self._refusals[delivery_id] += 1
                key = _idempotency_key(present, self._refusals[delivery_id])
                changes = {"state": DeliveryState.REFUSED, "attempts": 0}
                self._deliver(delivery_id, idempotency_key=key, **changes)

    @override
    def advance(self, delivery_id: DeliveryId, state: DeliveryState) -> None:
        with self._lock:
            order = [DeliveryState.ENTERED, DeliveryState.UPDATED, DeliveryState.IN_GL]
            if self._delivery(delivery_id).state in order[: order.index(state)]:
                self._deliver(delivery_id, state=state)

    def _delivery(self, delivery_id: DeliveryId) -> Delivery:
        if delivery_id not in self._deliveries:
            raise _unknown("delivery", delivery_id)
        return self._deliveries[delivery_id]

    @override
    def following(
        self, pair: str, entity: str, *, after: DeliveryId | None = None, limit: int
    ) -> list[Delivery]:
        with self._lock:
            found = [
                self._aged(one)
                for one in self._deliveries.values()
                if (one.pair, one.entity, one.target) == (pair, entity, System.SAGE100)
                and one.state in (DeliveryState.ENTERED, DeliveryState.UPDATED)
                and one.delivery_id > (after or 0)
            ]
            return sorted(found, key=lambda one: one.delivery_id)[:limit]

    @override
    def recall(self, delivery_id: DeliveryId, dead_letter: NewDeadLetter) -> bool:
        with self._lock:
            delivery = self._delivery(delivery_id)
            if delivery.state not in LANDED:
                return False
            newest = self._versions(self._documents[delivery.document_id])[-1]
            recalled = newest.state in (*UNFINISHED, DocumentState.DONE)
            self._deliver(delivery_id, state=DeliveryState.HELD, document_id=newest.document_id)
            if recalled:
                self._change(newest.document_id, state=DocumentState.DEAD_LETTER)
                self._note(newest.pair, "document.dead_letter", f"document/{newest.document_id}")
                number = DeadLetterId(len(self._dead_letters) + 1)
                known = {
                    "document_id": newest.document_id,
                    "trace_key": f"{newest.account} {newest.name}",
                }
                self._dead_letters.append(
                    DeadLetter(
                        dead_letter_id=number,
                        opened_at=self._clock.now(),
                        is_open=True,
                        **{**dead_letter.model_dump(), **known},
                    )
                )
                self._note(newest.pair, "dead_letter.opened", f"dead_letter/{number}")
            return recalled

    @override
    def bind(self, binding: NewBinding) -> None:
        def place(one: NewBinding) -> tuple[str, ...]:
            return (one.pair, one.entity, one.system)

        with self._lock:
            for known in self._bindings:
                same_key = known.key == binding.key
                same_id = known.external_id == binding.external_id
                if place(known) == place(binding) and (same_key or same_id):
                    if same_key and same_id:
                        return
                    raise RejectedError(
                        f"{binding.key!r} or {binding.external_id!r} is bound otherwise",
                        remedy="Find out which is right.",
                        cause="number_taken",
                    )
            self._bindings.append(Binding(bound_at=self._clock.now(), **binding.model_dump()))
            self._note(binding.pair, "binding.bound", f"binding/{len(self._bindings)}")

    @override
    def bindings(
        self, pair: str, entity: str, keys: Collection[str], system: System
    ) -> dict[str, Binding]:
        return {
            known.key: known
            for known in self._bindings
            if (known.pair, known.entity, known.system) == (pair, entity, system)
            and known.key in keys
        }

    @override
    def bindings_to(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> dict[str, Binding]:
        return {
            known.external_id: known
            for known in self._bindings
            if (known.pair, known.entity, known.system) == (pair, entity, system)
            and known.external_id in external_ids
        }

    @override
    @contextmanager
    def locks(self, names: Collection[str]) -> Iterator[None]:
        with ExitStack() as held:
            for name in sorted(set(names)):
                with self._lock:
                    writer = self._writers.setdefault(name, threading.Lock())
                if not writer.acquire(timeout=self._writer_wait_s):
                    raise UnavailableError(f"somebody holds {name!r}", remedy="Try again later.")
                held.callback(writer.release)
            yield

    @override
    def conservation(self, pair: str) -> Conservation:
        with self._lock:
            counts: Counter[str] = Counter()
            skipped: Counter[str] = Counter()
            for entry in self._entries.values():
                if entry.pair == pair:
                    state, rule = self._end_of(entry.inbox_id)
                    counts[state] += 1
                    skipped.update([rule] if rule else [])
            in_doubt = [
                delivery
                for delivery in self._deliveries.values()
                if delivery.pair == pair and delivery.state == DeliveryState.IN_DOUBT
            ]
            return Conservation(
                pair=pair,
                received=counts.total(),
                pending=counts["pending"]
                + sum(counts[state] for state in (*UNFINISHED, DocumentState.HELD)),
                done=counts["done"],
                dead_letter=counts["dead_letter"],
                skipped=dict(skipped),
                in_doubt=len(in_doubt),
            )

    @override
    def known_records(
        self, pair: str, account: str, document_type: str, source_ids: Collection[str]
    ) -> dict[str, KnownRecord]:
        with self._lock:
            known = {}
            for source_id in source_ids:
                versions = [
                    one
                    for one in self._documents.values()
                    if (one.account, one.document_type, one.source_id)
                    == (account, document_type, source_id)
                ]
                states = [
                    self._entry_states[entry.inbox_id][0]
                    for entry in self._entries.values()
                    if (entry.pair, entry.account, entry.resource_id) == (pair, account, source_id)
                ]
                record = KnownRecord(
                    source_id=source_id,
                    is_pending=InboxState.PENDING in states,
                    is_set_aside=InboxState.DEAD_LETTER in states,
                )
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

    def ends(self) -> list[tuple[InboxEntry, str]]:
        """Return every inbox entry with how it ended: its rule, or its document's state."""
        ended = []
        for entry in self._entries.values():
            state, rule = self._entry_states[entry.inbox_id]
            document_id = self._document_of.get(entry.inbox_id)
            if state == InboxState.DOCUMENTED and document_id is not None:
                rule = self._rules.get(document_id, "") or str(self._documents[document_id].state)
            ended.append((entry, rule))
        return ended

    def _end_of(self, inbox_id: InboxId) -> tuple[str, str]:
        state, rule = self._entry_states[inbox_id]
        if state != InboxState.DOCUMENTED:
            return state, rule
        document_id = self._document_of[inbox_id]
        return self._documents[document_id].state, self._rules.get(document_id, "")

    def _note(self, pair: str, action: str, subject: str, actor: str = "fake") -> None:
        self.audit.append(AuditEvent(pair=pair, actor=actor, action=action, subject=subject))


def _record(one: NewDocument) -> tuple[str, ...]:
    return (one.source, one.account, one.document_type, one.source_id)


def _key(delivery: NewDelivery) -> DeliveryKey:
    return (
        delivery.pair,
        delivery.target,
        delivery.entity,
        delivery.document_key,
        delivery.operation,
    )


def _idempotency_key(delivery: NewDelivery, refusals: int) -> str:
    words = f"{_key(delivery)}{delivery.version_hash}{refusals}"
    return hashlib.sha256(words.encode()).hexdigest()


def _unknown(kind: str, number: int) -> ConfigurationError:
    return ConfigurationError(f"there is no {kind} {number}", remedy="Use ids of this ledger.")


def _settled_otherwise(what: str) -> RetryableError:
    return RetryableError(f"{what} is settled otherwise", remedy="Read its present state.")


def _not_open(dead_letter_id: DeadLetterId, cause: str) -> RejectedError:
    return RejectedError(
        f"dead letter {dead_letter_id} is not open", remedy="Use an open one.", cause=cause
    )
