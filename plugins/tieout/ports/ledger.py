"""The ledger: inbox, documents, deliveries, dead letters, bindings and watermarks."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from tieout.domain.base import BatchId, DeadLetterId, DeliveryId, DocumentId, InboxId, Json, System
from tieout.domain.gaps import KnownRecord
from tieout.domain.ledger import (
    Batch,
    Binding,
    Confirmation,
    Conservation,
    DeadLetter,
    Delivery,
    DeliveryState,
    Document,
    Fence,
    InboxEntry,
    NewBinding,
    NewDeadLetter,
    NewDelivery,
    NewDocument,
    NewInboxEntry,
    Origin,
    Parent,
    Refused,
    Validated,
    Watermark,
)
from tieout.errors import RejectedError
from tieout.ports.in_step import AgreedRecords


class Ledger(AgreedRecords, Protocol):
    """The ledger. Every method is one transaction and commits before it returns.

    Every change of state writes an audit row in its own transaction.
    """

    def land(self, entries: Sequence[NewInboxEntry], *, watermark: Watermark | None = None) -> int:
        """Store entries, and move the watermark with them; return how many were new.

        An entry is known already when (source, account, topic, event_id) is, or, whatever its
        event id, when (source, account, topic, resource_id, body_sha256) is.
        """

    def watermark(self, pair: str, source: System, resource: str) -> datetime | None:
        """Return how far the resource has been read, or None before the first time."""

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
        """Return the oldest pending inbox entries.

        ``source``, ``origin`` and ``kind``, what the topic says before its slash, restrict them;
        entries of the kinds ``besides`` are left out.
        """

    def document(self, inbox_id: InboxId, document: NewDocument) -> DocumentId | None:
        """Turn a pending entry into a document.

        Returns None, and skips the entry, when the document repeats a known version (rule
        ``duplicate``) or one older than a known version of the same record (rule ``superseded``).
        """

    def judge(self, document: NewDocument) -> str:
        """Return the rule by which ``document`` would skip this version, or ''; change nothing."""

    def skip_entry(self, inbox_id: InboxId, *, rule: str) -> None:
        """Skip a pending entry by a named rule."""

    def waits(self, pair: str, document_type: str, *, source: System) -> bool:
        """Say whether a pending entry of the source waits, or a document that a claim would find.

        A document that somebody holds does not wait, nor does history while a batch is at some.
        """

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
        """Claim unfinished documents that nobody holds, oldest version first; None without any.

        Fresh before history: a batch has the one or the other, and takes history, which a backfill
        brought, when nothing fresh is free and no other batch is at history; with
        ``history_first``, fresh documents when there is no history to take.
        ``claimed_by`` is stable over retries of one run: a repeated call returns the same batch
        with its lease renewed, plus what has arrived since, unless a step of it has begun: what
        came in behind a step's back would go on without it.
        """

    def waiting(self, pair: str, document_type: str) -> list[Document]:
        """Return the unfinished documents that nobody holds, in the order of ``claim``."""

    def claim_these(
        self,
        pair: str,
        document_type: str,
        document_ids: Collection[DocumentId],
        *,
        claimed_by: str,
        lease_s: int,
    ) -> Batch:
        """Claim exactly these documents, all of them or none, under a name of their own.

        Raises:
            RetryableError: Some are finished, or held by a live batch of another name.
        """

    def claimed(self, pair: str, document_type: str, claimed_by: str) -> BatchId | None:
        """Return the batch that was claimed under a name, or None."""

    def begin_step(self, batch_id: BatchId, step: str, *, lease_s: int) -> Fence:
        """Begin one step of a batch: outdate every earlier fence of it, renew the batch's lease."""

    def end_step(self, fence: Fence, *, lease_s: int | None = None) -> None:
        """Record that the step came to its end, good or bad; an outdated fence changes nothing.

        With ``lease_s`` the batch stays claimed for no longer than that: so it is for whoever comes
        next when no attempt follows.
        """

    def take_up(self, document_id: DocumentId) -> int:
        """Record that a worker takes this one document up; return how often one never let go."""

    def let_go(self, document_id: DocumentId) -> None:
        """Record that the worker survived the document: its count of crashes starts anew."""

    def batch_pair(self, batch_id: BatchId) -> str:
        """Return the pair of a batch."""

    def documents(self, batch_id: BatchId, *states: str) -> list[Document]:
        """Return the batch's documents in the given states, oldest version first."""

    def unsettled(
        self,
        pair: str,
        document_type: str,
        *,
        after: Document | None = None,
        limit: int | None = None,
    ) -> list[Document]:
        """Return the documents that are unfinished, held or dead-lettered, oldest version first.

        ``after`` is the last one of the page before, whatever became of it since.
        """

    def documents_holding(
        self, pair: str, document_type: str, part: Json, *states: str
    ) -> list[Document]:
        """Return the documents in the given states whose canonical record contains ``part``.

        As PostgreSQL's ``@>``, oldest version first. The cost grows with all documents of the type.
        """

    def other_versions(self, document_ids: Collection[DocumentId]) -> list[Document]:
        """Return what else is unsettled of the records that the documents are versions of.

        Oldest version first. The cost grows with the documents, not with all that is unsettled.
        """

    def mark_validated(self, *validated: Validated) -> None:
        """Record that the gate let the documents through; of all, or else of none.

        Raises:
            RetryableError: One is settled otherwise.
        """

    def warned(self, pair: str | None = None, *, limit: int) -> list[Document]:
        """Return documents that the gate let through with warnings, the newest first."""

    def mark_ready(self, document_ids: Collection[DocumentId]) -> None:
        """Record that validated documents have all that their writes refer to."""

    def mark_done(self, *document_ids: DocumentId) -> None:
        """Record that every delivery of the documents has landed; of all, or else of none.

        Whatever is still set aside of older versions of the same records is thereby resolved.

        Raises:
            RetryableError: One is settled otherwise, or a delivery of it has not landed.
        """

    def hold(self, document_id: DocumentId, *, reason: str) -> None:
        """Keep an unfinished document back until a person releases it."""

    def release(self, document_id: DocumentId) -> None:
        """Let a held document go on from the gate."""

    def wait(self, document_id: DocumentId, *, parent: str) -> None:
        """Put an unfinished document back to ``received`` until its parent is there.

        No batch holds it, and none claims it before ``let_on``.
        """

    def parents(self, pair: str) -> list[Parent]:
        """Return what unfinished documents and open dead letters wait for, by name."""

    def let_on(self, pair: str, parents: Collection[str]) -> int:
        """Let go on, from the gate, whatever waits for these parents alone; return how many.

        Its dead letter, if it has one, is closed as replayed, with the parents as the reason.
        """

    def skip_document(self, document_id: DocumentId, *, rule: str) -> None:
        """Skip a document by a named rule."""

    def set_aside(self, dead_letter: NewDeadLetter) -> None:
        """Open a dead letter and move its inbox entry or document to ``dead_letter``."""

    def dead_letters(self, pair: str | None = None) -> list[DeadLetter]:
        """Return the open dead letters, oldest first."""

    def replay(self, dead_letter_id: DeadLetterId) -> None:
        """Close an open dead letter as replayed and put its record back, in one transaction.

        Its document goes back to ``received``, or its inbox entry to ``pending``, held by no batch,
        so that the next run takes it from the start. A document of which a newer version is known
        is skipped instead, by rule ``superseded``: the newer one is what counts. Of two calls at
        once one wins and the other is rejected.

        Raises:
            RejectedError: It is closed (``already_settled``), or there is none with this id
                (``unknown_dead_letter``).
        """

    def intend(
        self, deliveries: Sequence[NewDelivery], *, newest_wins: bool = False
    ) -> list[Delivery]:
        """Write intents, or return the deliveries that exist for the same key and version.

        The key is (pair, target, entity, document_key, operation). A known key with another
        version_hash replaces one that the target certainly does not hold (intent, refused);
        otherwise it is returned as it stands: the caller compares and decides. With
        ``newest_wins``, for writes that set a state, it replaces any other version in any case.

        Raises:
            RetryableError: A document is settled by now, such as superseded by a newer version: its
                content must not replace anything any more.
        """

    def deliveries(
        self, document_ids: Collection[DocumentId], *, entity: str | None = None
    ) -> list[Delivery]:
        """Return the deliveries of the documents."""

    def deliveries_of(
        self, pair: str, entity: str, document_keys: Collection[str]
    ) -> list[Delivery]:
        """Return the deliveries of one kind for the keys, of whichever version and state."""

    def deliveries_holding(self, pair: str, entity: str, part: Json) -> list[Delivery]:
        """Return the deliveries of one kind whose payload contains ``part``, oldest first.

        As PostgreSQL's ``@>``: members by name, and each element of a list somewhere in the other.
        The cost grows with all deliveries of the kind.
        """

    def resent(self, pair: str, entity: str, since: datetime) -> list[Delivery]:
        """Return the deliveries of one kind sent more than once, the last time after ``since``."""

    def mark_sent(
        self, delivery_ids: Sequence[DeliveryId], *, fence: Fence, lease_s: int
    ) -> list[Delivery]:
        """Record, before sending, that the deliveries are about to be sent, and return them so.

        Counts an attempt, raises each delivery's epoch and renews the batch's lease.

        Raises:
            RetryableError: The fence is outdated, another batch holds the documents by now, or a
                delivery is settled: nothing may be sent.
        """

    def mark_in_doubt(self, sent: Sequence[Delivery], *, is_counted: bool = True) -> None:
        """Record that the answer to what ``mark_sent`` returned was lost.

        With ``is_counted`` False, that of an earlier attempt: this one was certainly not taken and
        uses up nothing.

        Raises:
            RetryableError: One of them was sent again by another worker, or is settled.
        """

    def mark_unsent(self, sent: Sequence[Delivery]) -> None:
        """Record that the system certainly did not take them: back to ``intent``.

        The attempt does not count: an outage uses up nobody's retry budget.

        Raises:
            RetryableError: One of them was sent again by another worker, or is settled.
        """

    def renew_key(self, delivery_ids: Sequence[DeliveryId]) -> list[Delivery]:
        """Bring back to ``intent``, under a new idempotency key, and return them so.

        For what was in doubt, could no longer land, and was looked up and not found.
        """

    def confirm(self, confirmations: Sequence[Confirmation]) -> dict[DeliveryId, RejectedError]:
        """Record what the target holds, and bind its ids, in one transaction.

        Deliveries of one call share pair, target and entity, and so do bindings pair, entity and
        system. Returned is what was rejected, with why: it landed with another id, or its id is
        bound to something else. Of that nothing is recorded, and the others are.

        Raises:
            RetryableError: The ledger means another version by now than one of the deliveries.
        """

    def refuse(self, sent: Delivery, refused: Refused) -> None:
        """Record the target's no.

        Raises:
            RetryableError: It was sent again by another worker, or has landed.
        """

    def advance(self, delivery_id: DeliveryId, state: DeliveryState) -> None:
        """Record how far people have posted what was entered: ``updated``, then ``in_gl``.

        Never goes back; the same again changes nothing.
        """

    def following(
        self,
        pair: str,
        entity: str,
        *,
        among: Collection[str] | None = None,
        after: DeliveryId | None = None,
        limit: int,
    ) -> list[Delivery]:
        """Return deliveries of one kind to Sage 100 that are not in its GL yet, by their ids.

        With ``among``, only those that landed with one of these external ids. ``after`` is the last
        id of the call before. The cost grows with those, not with the rest.
        """

    def recall(self, delivery_id: DeliveryId, dead_letter: NewDeadLetter) -> bool:
        """Record that people took back at the target what had landed, in one transaction.

        The delivery is ``held``, with the letter's cause and words, and never sent again by itself.
        The newest version of its record, done or unfinished, is set aside with the letter, whose
        document and trace key are filled in here. False when nothing was there to recall, or the
        record is settled otherwise, such as dismissed: then no letter is opened.
        """

    def bind(self, binding: NewBinding) -> None:
        """Store a binding; the same binding twice is one.

        Raises:
            RejectedError: The key or the external id is bound to something else.
        """

    def bindings(
        self, pair: str, entity: str, keys: Collection[str], system: System
    ) -> dict[str, Binding]:
        """Return the bindings of the keys in one system, by key.

        Of a thing that was merged into another one there, that one's: its ``key`` says so.
        """

    def bindings_to(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> dict[str, Binding]:
        """Return the bindings to the external ids in one system, by external id."""

    def locks(self, names: Collection[str]) -> AbstractContextManager[None]:
        """Hold the locks across all workers and whatever replays; wait at most 60 s.

        Raises:
            UnavailableError: Somebody else held one of them all that time.
        """

    def conservation(self, pair: str) -> Conservation:
        """Count where every inbox entry of the pair is."""

    def done_lately(self, pair: str, *, within_s: float) -> int:
        """Return how many documents of the pair were done within the last seconds.

        The cost grows with those, not with all that were ever done.
        """

    def known_records(
        self, pair: str, account: str, document_type: str, source_ids: Collection[str]
    ) -> dict[str, KnownRecord]:
        """Return what is known of the records of one shop, by source id; the unknown are left out.

        ``state``, ``rule`` and ``content_hash`` are those of the newest version.
        """
