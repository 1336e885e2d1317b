"""The tables in memory, with the indexes that PostgreSQL has, and what every part needs of them."""

import threading
from collections import Counter
from collections.abc import Hashable
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING

from fake_audit import AuditEvent
from fake_ledger.indexed import Index, Table
from tieout.domain.base import BatchId, DeadLetterId, DeliveryId, DocumentId, InboxId, System
from tieout.domain.ledger import (
    UNFINISHED,
    Binding,
    DeadLetter,
    Delivery,
    DeliveryState,
    Document,
    DocumentState,
    Fence,
    InboxEntry,
    InboxState,
    NewBinding,
    NewDelivery,
    NewDocument,
    NewInboxEntry,
)
from tieout.errors import ConfigurationError, RejectedError, RetryableError
from tieout.ports.clock import Clock
from tieout.ports.ledger import Ledger

if TYPE_CHECKING:
    from tieout.domain.in_step.crosswalk import KeptBinding, KeptNotSame
    from tieout.domain.in_step.records import AgreedRecord, KeptConflict

UNSETTLED = (*UNFINISHED, DocumentState.HELD, DocumentState.DEAD_LETTER)
FOLLOWED = (DeliveryState.ENTERED, DeliveryState.UPDATED)
"""Deliveries that people still have to post."""


class Lease:
    """Who holds a batch, and until when."""

    def __init__(self, batch_id: BatchId, pair: str, until: datetime) -> None:
        self.batch_id = batch_id
        self.pair = pair
        self.until = until


class Tables(Ledger):
    """All that the ledger holds; ``clock`` is its clock, and one lock makes each call one step."""

    def __init__(self, clock: Clock, *, writer_wait_s: float = 60.0) -> None:
        self.audit: list[AuditEvent] = []
        self._clock = clock
        self._writer_wait_s = writer_wait_s
        self._lock = threading.RLock()
        self._writers: dict[str, threading.Lock] = {}
        self._watermarks: dict[tuple[str, System, str], datetime] = {}
        self._make_inbox()
        self._make_documents()
        self._make_deliveries()
        self._make_agreed()

    def _make_inbox(self) -> None:
        self._entries = Table[InboxId, InboxEntry](
            content=Index(lambda _id, one: what_it_says(one)),
            event=Index(lambda _id, one: event_of(one)),
            resource=Index(lambda _id, one: (one.pair, one.account, one.resource_id)),
        )
        self._entry_states = Table[InboxId, tuple[InboxState, str]](
            pending=Index(
                lambda inbox_id, state: (
                    self._entries[inbox_id].pair if state[0] == InboxState.PENDING else None
                )
            )
        )

    def _make_documents(self) -> None:
        self._documents = Table[DocumentId, Document](
            record=Index(lambda _id, one: record_of(one)),
            unfinished=Index(self._unfinished_key, _by_version),
            unsettled=Index(_unsettled_key, _by_version),
        )
        self._document_of: dict[InboxId, DocumentId] = {}
        self._known_through: dict[DocumentId, datetime] = {}
        self._rules: dict[DocumentId, str] = {}
        self._history: set[DocumentId] = set()
        self._done_at: dict[DocumentId, datetime] = {}
        self._steps: dict[tuple[BatchId, str], Fence] = {}
        self._ended: set[tuple[BatchId, str]] = set()
        self._begun: set[BatchId] = set()
        self._leases: dict[tuple[str, str, str], Lease] = {}
        self._batches: dict[BatchId, Lease] = {}
        self._holders = Table[DocumentId, Lease](batch=Index(lambda _id, lease: lease.batch_id))
        self._dead_letters = Table[DeadLetterId, DeadLetter](
            open=Index(lambda _id, one: one.document_id if one.is_open else None)
        )

    def _unfinished_key(self, document_id: DocumentId, one: Document) -> Hashable | None:
        if one.state not in UNFINISHED:
            return None
        return (one.pair, one.document_type, document_id in self._history)

    def _make_deliveries(self) -> None:
        self._deliveries = Table[DeliveryId, Delivery](
            key=Index(lambda _id, one: key_of(one)),
            document=Index(lambda _id, one: one.document_id),
            document_key=Index(lambda _id, one: (one.pair, one.entity, one.document_key)),
            external_id=Index(lambda _id, one: created_as(one)),
            resent=Index(lambda _id, one: (one.pair, one.entity) if one.epoch > 1 else None),
            followed=Index(
                lambda _id, one: (
                    (one.pair, one.entity)
                    if one.target == System.SAGE100 and one.state in FOLLOWED
                    else None
                )
            ),
        )
        self._key_epochs: Counter[DeliveryId] = Counter()
        self._bindings = Table[int, Binding](
            key=Index(lambda _id, one: (*place_of(one), one.key)),
            external_id=Index(lambda _id, one: (*place_of(one), one.external_id)),
        )
        self._bindings_made = count(1)

    def _make_agreed(self) -> None:
        self._agreed: dict[tuple[str, str, str], AgreedRecord] = {}
        self._conflicts: list[KeptConflict] = []
        self._not_same: list[KeptNotSame] = []
        self._bound_once: list[KeptBinding] = []
        self._handed_over: set[tuple[str, str]] = set()
        self._heirs: dict[tuple[str, str, System, str], str] = {}
        self._bound_before: dict[tuple[str, str, System, str], str] = {}
        """The key that a record was bound to last, by its id."""

    def _note(self, pair: str, action: str, subject: str, actor: str = "fake") -> None:
        self.audit.append(AuditEvent(pair=pair, actor=actor, action=action, subject=subject))


def _by_version(_id: DocumentId, one: Document) -> datetime:
    return one.version_at


def _unsettled_key(_id: DocumentId, one: Document) -> Hashable | None:
    return (one.pair, one.document_type) if one.state in UNSETTLED else None


def what_it_says(one: NewInboxEntry) -> tuple[str, ...]:
    """Return what any message is known by: what it says of what."""
    return (one.source, one.account, one.topic, one.resource_id, one.body_sha256)


def event_of(one: NewInboxEntry) -> tuple[str, ...] | None:
    """Return what a message with an id of its own is known by."""
    return (one.source, one.account, one.topic, one.event_id) if one.event_id else None


def record_of(one: NewDocument) -> tuple[str, ...]:
    """Return which record a document is a version of."""
    return (one.source, one.account, one.document_type, one.source_id)


def key_of(one: NewDelivery) -> tuple[str, ...]:
    """Return what a delivery is known by."""
    return (one.pair, *one.key)


def created_as(one: Delivery) -> tuple[str, ...] | None:
    """Return which one document at the target a delivery created."""
    if one.operation != "create" or not one.external_id:
        return None
    return (one.pair, one.target, one.entity, one.external_id)


def place_of(one: NewBinding) -> tuple[str, str, str]:
    """Return among which bindings a key and an external id may be there once."""
    return (one.pair, one.entity, one.system)


def unknown(kind: str, number: int) -> ConfigurationError:
    """Return the error of an id that nothing has."""
    return ConfigurationError(f"there is no {kind} {number}", remedy="Use ids of this ledger.")


def settled_otherwise(what: str) -> RetryableError:
    """Return the error of what another worker settled."""
    return RetryableError(f"{what} is settled otherwise", remedy="Read its present state.")


def not_open(dead_letter_id: DeadLetterId, cause: str) -> RejectedError:
    """Return the error of a dead letter that cannot be acted on."""
    return RejectedError(
        f"dead letter {dead_letter_id} is not open", remedy="Use an open one.", cause=cause
    )


def contains(whole: object, part: object) -> bool:
    """Say whether a JSON value contains another, as PostgreSQL's ``@>`` does."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(name in whole and contains(whole[name], one) for name, one in part.items())
    if isinstance(whole, list) and isinstance(part, list):
        return all(any(contains(one, wanted) for one in whole) for wanted in part)
    return whole == part
