"""What the use cases need from outside: the ledger, the two ledgers' systems, the shop, the gate.

Adapters in connectors, ledger and validation implement these; fakes in tests/fakes.py pass the same
contract tests. Nothing here imports an adapter.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from tieout.domain.base import (
    BatchId,
    DeadLetterId,
    DeliveryId,
    DocumentId,
    Frozen,
    InboxId,
    Json,
    System,
)
from tieout.domain.books import (
    GlPosting,
    SageInvoice,
    SageOrder,
    SageReceipt,
    Standing,
    XeroInvoice,
    XeroPayment,
)
from tieout.domain.desk import (
    Case,
    Correction,
    LetterQuery,
    MappingChoice,
    NewCorrection,
    NewReplayJob,
    ReplayJob,
)
from tieout.domain.gaps import KnownRecord
from tieout.domain.ledger import (
    Batch,
    Binding,
    Conservation,
    DeadLetter,
    Delivery,
    DeliveryState,
    Document,
    Fence,
    InboxEntry,
    Landed,
    NewBinding,
    NewDeadLetter,
    NewDelivery,
    NewDocument,
    NewInboxEntry,
    Outcome,
    Refused,
    Watermark,
)
from tieout.domain.order import Order
from tieout.domain.streams import Admission, Stream
from tieout.domain.tokens import Minted, Token


class Clock(Protocol):
    """The only source of the present."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""


class Ledger(Protocol):
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

    def pending_entries(self, pair: str, *, limit: int) -> list[InboxEntry]:
        """Return the oldest pending inbox entries."""

    def document(self, inbox_id: InboxId, document: NewDocument) -> DocumentId | None:
        """Turn a pending entry into a document.

        Returns None, and skips the entry, when the document repeats a known version (rule
        ``duplicate``) or one older than a known version of the same record (rule ``superseded``).
        """

    def judge(self, document: NewDocument) -> str:
        """Return the rule by which ``document`` would skip this version, or ''; change nothing."""

    def skip_entry(self, inbox_id: InboxId, *, rule: str) -> None:
        """Skip a pending entry by a named rule."""

    def waits(self, pair: str, document_type: str) -> bool:
        """Say whether a pending entry waits, or a fresh unfinished document that nobody holds."""

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

    def unsettled(self, pair: str, document_type: str) -> list[Document]:
        """Return the documents that are unfinished, held or dead-lettered, oldest version first."""

    def mark_validated(self, document_id: DocumentId, canonical: Json) -> None:
        """Record that the gate let the document through, with its canonical form."""

    def mark_ready(self, document_ids: Collection[DocumentId]) -> None:
        """Record that validated documents have all that their writes refer to."""

    def mark_done(self, document_id: DocumentId) -> None:
        """Record that every delivery of the document has landed.

        Whatever is still set aside of older versions of the same record is thereby resolved.
        """

    def hold(self, document_id: DocumentId, *, reason: str) -> None:
        """Keep an unfinished document back until a person releases it."""

    def release(self, document_id: DocumentId) -> None:
        """Let a held document go on from the gate."""

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

    def confirm(self, delivery_id: DeliveryId, landed: Landed, binding: NewBinding | None) -> None:
        """Record what the target holds, and bind its id, in one transaction."""

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
        self, pair: str, entity: str, *, after: DeliveryId | None = None, limit: int
    ) -> list[Delivery]:
        """Return deliveries of one kind to Sage 100 that are not in its GL yet, by their ids.

        ``after`` is the last id of the call before. The cost grows with those, not with the rest.
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
        """Return the bindings of the keys in one system, by key."""

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

    def known_records(
        self, pair: str, account: str, document_type: str, source_ids: Collection[str]
    ) -> dict[str, KnownRecord]:
        """Return what is known of the records of one shop, by source id; the unknown are left out.

        ``state``, ``rule`` and ``content_hash`` are those of the newest version.
        """


class Desk(Protocol):
    """The desk of dead letters. Every method is one transaction and commits before it returns.

    ``by`` is who acts, and the actor of the audit rows that the call leaves. Of two calls on one
    open letter at once, one wins and the other is rejected.
    """

    def letters(self, query: LetterQuery) -> list[DeadLetter]:
        """Return the dead letters asked for, oldest first."""

    def case(self, dead_letter_id: DeadLetterId) -> Case:
        """Return all that is known of one dead letter, open or closed.

        Raises:
            RejectedError: There is none with this id (``unknown_dead_letter``).
        """

    def correct(self, correction: NewCorrection) -> Correction:
        """Store a correction of an open letter's document; the letter stays open.

        What the source said stays as it came.

        Raises:
            RejectedError: The letter is closed (``already_settled``), unknown
                (``unknown_dead_letter``), is of a message that became no document
                (``nothing_to_correct``), or the source has said something newer since
                (``superseded``): that is what counts.
        """

    def put_back(
        self,
        dead_letter_id: DeadLetterId,
        *,
        by: str,
        mapping: MappingChoice = MappingChoice.CURRENT,
    ) -> None:
        """Replay, as ``Ledger.replay`` does, on somebody's word and by the mapping chosen.

        Raises:
            RejectedError: It is closed (``already_settled``) or unknown (``unknown_dead_letter``).
        """

    def dismiss(self, dead_letter_id: DeadLetterId, *, by: str, reason: str) -> None:
        """Close an open letter as dismissed; its record is skipped by rule ``dismissed``.

        Raises:
            RejectedError: It is closed (``already_settled``) or unknown (``unknown_dead_letter``).
        """

    def resolve(self, dead_letter_id: DeadLetterId, *, by: str, proof: Json) -> None:
        """Close an open letter as resolved, with the proof; its record is skipped, ``resolved``.

        Raises:
            RejectedError: It is closed (``already_settled``) or unknown (``unknown_dead_letter``).
        """

    def open_job(self, job: NewReplayJob) -> ReplayJob:
        """Make a job of the letters that are open now; the same ``request_key`` is the same job."""

    def jobs(self, *, is_running: bool = False) -> list[ReplayJob]:
        """Return the jobs, or only the running ones, newest first."""

    def pause(self, job_id: int, *, by: str) -> ReplayJob:
        """Pause a running job; what was put back stays so.

        Raises:
            RejectedError: It is not running (``already_settled``) or unknown (``unknown_job``).
        """

    def resume(self, job_id: int, *, by: str) -> ReplayJob:
        """Let a paused or stopped job go on; what failed up to now counts no longer.

        Raises:
            RejectedError: It runs or is done (``already_settled``) or is unknown (``unknown_job``).
        """

    def work(self, job_id: int) -> ReplayJob:
        """Put back the next chunk of a running job, and return how far it is.

        At most the job's letters per minute, and never more whose outcome is open than ``room_for``
        allows. The job ends when every outcome is known, and stops when more than JOB_FAILURES_MAX
        of those known are the same cause again. Two workers at once share the letters.

        Raises:
            RejectedError: There is no such job (``unknown_job``).
        """


class Streams(Protocol):
    """The breakers: one for each pair and direction of work, named by domain.streams.

    Every method is one transaction; every change of a state writes an audit row in it. Times are
    the ledger's.
    """

    def stream(self, name: str) -> Stream:
        """Return a stream as it stands; one that nothing ever happened to is open."""

    def streams(self, pair: str | None = None) -> list[Stream]:
        """Return the streams that anything ever happened to, by name."""

    def admit(self, name: str) -> Admission:
        """Ask whether work may go on now.

        A paused stream admits one probe each PROBE_EVERY_S, whoever asks first; the asking counts.
        """

    def judged(self, name: str, *, good: int, is_bad: bool) -> bool:
        """Count ``good`` good records and, after them, one bad one if ``is_bad``.

        Returns whether the stream is open: if not, the bad one is not to be set aside.
        """

    def failed(self, name: str, *, reason: str) -> Stream:
        """Count a call that the system did not answer, and return the stream after it."""

    def succeeded(self, name: str) -> None:
        """Forget the failures; a paused stream goes on, a held one stays held."""

    def hold(self, name: str, *, reason: str) -> None:
        """Hold the stream until a person resumes it; held again, it says the newest reason."""

    def resume(self, name: str, *, by: str, reason: str) -> None:
        """Let a paused or held stream go on, on the word of the person ``by``.

        Raises:
            RejectedError: It is open (``stream_open``).
        """


class TokenStore(Protocol):
    """Where all processes of an installation share the tokens of the systems that they call."""

    def token(self, name: str) -> Token | None:
        """Return the token of that name as it is stored, or None before the first."""

    def exchange(
        self,
        name: str,
        *,
        is_good: Callable[[Token], bool],
        mint: Callable[[Token | None], Minted],
    ) -> Token:
        """Return the stored token, or when it is not good a new one, one caller at a time.

        The stored one is read again once nobody else can exchange it. What ``mint`` makes of it
        is stored, with the refresh token that it replaces, before anybody gets to see it. When
        ``mint`` fails, what is stored stays, so that the old refresh token can be tried again.

        Raises:
            UnavailableError: Somebody else was at it all the time that we may wait.
        """


class Target(Protocol):
    """One entity at one system that deliveries are written to."""

    system: System
    entity: str
    batch_max: int
    guard: str
    """What at the target refuses a second copy, in words; '' when nothing does."""
    looks_up_first: bool
    """Whether a look-up precedes a first send, because nothing at the target refuses copies."""
    key_window_s: float | None
    """How long the target surely remembers an idempotency key, in seconds; None = for ever."""
    settle_s: float
    """How long after it was sent a write may still land, in seconds."""

    updates_known: bool = False
    """Whether a create whose key is taken already updates the record that has it."""

    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        """Return what the target already holds for the deliveries, found by their keys."""

    def present(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        """Return what stands now where each delivery would go, whosever and whatever it is.

        For plans: what a write would meet or change. Where a key cannot be taken by somebody else,
        it is what ``find`` finds.
        """
        return self.find(deliveries)

    def calls(self, count: int) -> int:
        """Return how many calls a send of so many takes, its look-ups and read-back included."""
        return 2 * -(-count // self.batch_max)

    def copies_held(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Sequence[str]]:
        """Return the external ids of every live copy that the target holds of each delivery.

        Where the target refuses a second copy this is what ``find`` finds.
        """
        return {key: (landed.external_id,) for key, landed in self.find(deliveries).items()}

    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        """Write at most ``batch_max`` deliveries and return one outcome for each.

        Raises:
            RetryableError: Certainly nothing was written.
            OutcomeUnknownError: Something may have been written.
        """


class StockLevel(Frozen):
    """Quantities of one item in one warehouse, in its standard unit of measure."""

    item_code: str
    warehouse_code: str
    on_hand: Decimal
    committed: Decimal
    available: Decimal


class Party(Frozen):
    """A customer as one system holds it; enough to recognize it by."""

    external_id: str
    external_no: str
    name: str
    email: str


class XeroReference(Frozen):
    """What the gate must know of the Xero organization; codes only of ACTIVE records."""

    base_currency: str
    currencies: frozenset[str]
    account_codes: frozenset[str]
    tax_types: frozenset[str]
    item_codes: frozenset[str]
    tracked_item_codes: frozenset[str]
    lock_date: date | None


class Sage100Reference(Frozen):
    """What the gate must know of the Sage 100 company."""

    item_codes: frozenset[str]
    accounts: frozenset[str]
    bank_codes: frozenset[str]


class Xero(Protocol):
    """The Xero organization of a pair."""

    @property
    def calls_made(self) -> int:
        """Return how many calls this object has made, tokens apart; one ODBC query is one."""

    def reference(self) -> XeroReference:
        """Read what the gate needs."""

    def find_contacts(
        self,
        *,
        numbers: Collection[str] = (),
        emails: Collection[str] = (),
        names: Collection[str] = (),
    ) -> list[Party]:
        """Return the ACTIVE contacts that have one of the numbers, e-mails or names."""

    def invoices(self) -> list[XeroInvoice]:
        """Return every ACCREC invoice that is AUTHORISED or PAID."""

    def payments(self) -> list[XeroPayment]:
        """Return every AUTHORISED payment on an ACCREC invoice."""

    def payments_since(self, since: datetime) -> list[XeroPayment]:
        """Return the payments on ACCREC invoices changed at or after ``since``, in any status."""

    def invoices_numbered(self, numbers: Collection[str]) -> list[XeroInvoice]:
        """Return the AUTHORISED and PAID ACCREC invoices that have one of the numbers."""

    def payments_on(self, invoice_ids: Collection[str]) -> list[XeroPayment]:
        """Return the AUTHORISED payments on the ACCREC invoices with these ids."""

    def target(self, entity: str) -> Target:
        """Return the target for ``contact``, ``invoice``, ``payment`` or ``invoice_note``."""


class Sage100(Protocol):
    """The Sage 100 company of a pair: read by ODBC, written by the agent."""

    @property
    def calls_made(self) -> int:
        """Return how many calls this object has made, tokens apart; one ODBC query is one."""

    def reference(self, item_codes: Collection[str]) -> Sage100Reference:
        """Read what the gate needs; ``item_codes`` bounds the item look-up."""

    def find_customers(
        self, *, numbers: Collection[str] = (), emails: Collection[str] = ()
    ) -> list[Party]:
        """Return the division's active customers that have one of the numbers or e-mails."""

    def stock(self, item_codes: Collection[str]) -> list[StockLevel]:
        """Return IM_ItemWarehouse for the items, every warehouse."""

    def orders(self) -> list[SageOrder]:
        """Return the sales orders, open and in history."""

    def order_numbers(self, customer_pos: Collection[str]) -> dict[str, str]:
        """Return the number of a sales order, open or in history, by customer PO number."""

    def receipts(self) -> list[SageReceipt]:
        """Return the cash receipts, entered and posted."""

    def receipts_entered(self, check_nos: Collection[str]) -> frozenset[str]:
        """Return which of the check numbers cash receipts have, entered or posted."""

    def invoices(self) -> list[SageInvoice]:
        """Return the invoices, entered and posted."""

    def postings(self) -> list[GlPosting]:
        """Return every GL posting."""

    def standings(self, entity: str, external_ids: Collection[str]) -> dict[str, Standing]:
        """Return how far people have posted ``sales_order`` or ``cash_receipt`` documents.

        By external id; left out is what Sage 100 does not have any more. A sales order stands where
        the last of its invoices does once it is completed, and is entered until then.
        """

    def accounts(self) -> dict[str, str]:
        """Return the formatted account number by AccountKey."""

    def banks(self) -> dict[str, str]:
        """Return the formatted cash account number by bank code."""

    def target(self, entity: str) -> Target:
        """Return the target for customer, sales_order, order_deposit or cash_receipt."""


class Shop(Protocol):
    """One shop of a pair."""

    @property
    def calls_made(self) -> int:
        """Return how many calls this object has made, tokens apart; one ODBC query is one."""

    def changed_orders(self, since: datetime, until: datetime) -> list[Json]:
        """Return the GraphQL nodes of orders updated in [since, until), oldest first."""

    def orders(self, source_ids: Sequence[str]) -> dict[str, Json]:
        """Return the GraphQL nodes of the orders that exist, by numeric id."""

    def inventory_items(self, variant_ids: Collection[str]) -> dict[str, str]:
        """Return the numeric inventory item id by numeric variant id, for variants that exist."""

    def target(self, entity: str) -> Target:
        """Return the target for ``order_status`` or ``inventory_level``."""


class Finding(Frozen):
    """One expectation that one row failed."""

    row_key: str
    rule: str
    severity: str
    """``warn`` lets the row through, ``park`` sets it aside, ``halt`` stops the batch."""
    owner: str
    column: str
    value: str
    message: str
    remedy: str


class GateResult(Frozen):
    """The verdict of one validation of one batch, and where its Data Docs are."""

    suite: str
    findings: tuple[Finding, ...]
    data_docs: str = ""


class Gate(Protocol):
    """The Great Expectations gate."""

    version: str
    """Which rule set judges: a hash over all expectations."""

    def validate(self, suite: str, rows: Sequence[Mapping[str, object]]) -> GateResult:
        """Validate rows, each with a unique ``row_key``, against include/expectations/<suite>."""


class Mapper(Protocol):
    """Canonical records to and from the systems' own shapes, by include/mappings."""

    version: str
    """Which mapping applies: a hash over all mapping files and tables."""

    def order_from_shop(self, node: Json, *, shop: str = "") -> Order:
        """Read a GraphQL order node of the shop with that domain; '' = the pair's only one.

        Raises:
            RejectedError: The node lacks something without which it is no order.
        """

    def payload(self, mapping: str, record: Mapping[str, object]) -> Json:
        """Apply include/mappings/<mapping>.yaml to a record and return the target's payload.

        Raises:
            RejectedError: A value cannot be brought into the target's form.
        """
