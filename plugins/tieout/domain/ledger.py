"""The ledger's records and states: what came in, what goes out, what was set aside.

The way of a document: inbox entry -> document -> (gate) -> deliveries -> done. Every inbox entry is
at any moment in exactly one of pending, done, dead-lettered and skipped by a named rule.
"""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, Field, JsonValue, TypeAdapter

from tieout.domain.base import (
    Amount,
    BatchId,
    DeadLetterId,
    DeliveryId,
    DocumentId,
    Frozen,
    InboxId,
    Json,
    StoredJson,
    System,
)
from tieout.domain.json_patch import Operation, patched


class Origin(StrEnum):
    """How a source's word reached us."""

    WEBHOOK = "webhook"
    POLL = "poll"
    SWEEP = "sweep"
    BACKFILL = "backfill"


class InboxState(StrEnum):
    """Where an inbox entry stands; ``documented`` means its document carries the state on."""

    PENDING = "pending"
    DOCUMENTED = "documented"
    SKIPPED = "skipped"
    DEAD_LETTER = "dead_letter"


class DocumentState(StrEnum):
    """Where a document stands.

    ``validated`` passed the gate. ``ready`` also has all that its writes refer to. ``held`` waits
    for a person: a conflict, a double, an approval.
    """

    RECEIVED = "received"
    VALIDATED = "validated"
    READY = "ready"
    HELD = "held"
    DONE = "done"
    SKIPPED = "skipped"
    DEAD_LETTER = "dead_letter"


class DeliveryState(StrEnum):
    """Where one intended write stands.

    ``intent`` is written before anything is sent. ``sent`` and ``in_doubt`` leave only by reading
    the target. ``entered`` was read back and compared; it is the end for what never posts. What
    does post goes on when Sage 100's people update its register: ``updated``, then ``in_gl``.
    ``held`` waits for a person. ``refused`` has the target's answer.
    """

    INTENT = "intent"
    SENT = "sent"
    IN_DOUBT = "in_doubt"
    ENTERED = "entered"
    UPDATED = "updated"
    IN_GL = "in_gl"
    HELD = "held"
    REFUSED = "refused"


json_object: TypeAdapter[Json] = TypeAdapter(Json)

POST_ON = "/post_on"
"""Where a correction says on which day to post; it is no part of what the source said."""

LANDED = frozenset({DeliveryState.ENTERED, DeliveryState.UPDATED, DeliveryState.IN_GL})
"""States in which the target holds what was meant."""
DOUBTFUL = frozenset({DeliveryState.SENT, DeliveryState.IN_DOUBT})
"""States in which only the target can say whether it holds it."""
UNFINISHED = frozenset({DocumentState.RECEIVED, DocumentState.VALIDATED, DocumentState.READY})
"""States that a run takes up and carries on."""


class NewInboxEntry(Frozen):
    """What a source told us, before it is stored.

    ``event_id`` is the source's own id of the message ('' when it has none). ``resource_id`` is the
    record it speaks of, when known. ``body`` is kept as it came; None when it was over the size
    limit, in which case ``body_size`` says how large it was.
    """

    pair: str
    source: System
    account: str
    """The shop domain or tenant that spoke."""
    topic: str
    event_id: str
    resource_id: str
    origin: Origin
    body: bytes | None
    body_sha256: str
    body_size: int
    headers: dict[str, str] = Field(default_factory=dict)


class InboxEntry(NewInboxEntry):
    """A stored inbox entry."""

    inbox_id: InboxId
    received_at: AwareDatetime

    @property
    def kind(self) -> str:
        """Return what the topic says before its slash: the kind of record it speaks of."""
        return self.topic.partition("/")[0]


class NewDocument(Frozen):
    """One version of one record of one source."""

    pair: str
    document_type: str
    source: System
    account: str
    source_id: str
    name: str
    version_at: AwareDatetime
    content_hash: str
    payload: Json


class GateWarning(Frozen):
    """What the gate found wrong with a record that it let through all the same."""

    rule: str
    owner: str
    field: str
    value: str
    message: str
    remedy: str


class Validated(Frozen):
    """A document that the gate let through: its canonical form, and what it is warned of."""

    document_id: DocumentId
    canonical: Json
    warnings: tuple[GateWarning, ...] = ()


class Document(NewDocument):
    """A stored document; ``canonical`` is set once it has been read into our form.

    ``crashes`` counts the attempts at it that ended neither well nor badly but not at all.
    ``payload`` is what the source said; ``corrections`` are what people changed of it since, and
    the record that counts is ``corrected``. With ``keeps_mapping`` a replay sends what was mapped
    before, as it was mapped then. ``held_for`` says why a held one is held. One that ``waits_for``
    parents is taken up by no batch before they are there. ``warnings`` are those of the gate when
    it let it through last.
    """

    document_id: DocumentId
    state: DocumentState
    payload: StoredJson
    crashes: int = 0
    canonical: StoredJson | None = None
    corrections: tuple[Operation, ...] = ()
    keeps_mapping: bool = False
    held_for: str = ""
    waits_for: tuple[str, ...] = ()
    warnings: tuple[GateWarning, ...] = ()

    @property
    def corrected(self) -> Json:
        """Return the payload with every correction applied."""
        said = [one for one in self.corrections if one.path != POST_ON]
        if not said:
            return self.payload
        return json_object.validate_python(patched(self.payload, said))

    @property
    def post_on(self) -> date | None:
        """Return the open day that a person chose for what would be posted on a closed one."""
        said = [one.value for one in self.corrections if one.path == POST_ON]
        return date.fromisoformat(str(said[-1])) if said else None


class Batch(Frozen):
    """A claim on documents of one pair; its id is the claim check that travels between tasks."""

    batch_id: BatchId
    pair: str
    document_count: int


class Fence(Frozen):
    """A worker's hold on one step of a batch; a later beginning of the step outdates it.

    ``unfinished`` says how many earlier beginnings of the step never came to an end.
    """

    batch_id: BatchId
    step: str
    epoch: int
    unfinished: int = 0


WriteKey = tuple[System, str, str, str]
"""Which record at which target by which operation: a pair writes it once."""


class NewDelivery(Frozen):
    """One intended write: ``entity`` of ``document_key`` at ``target``.

    ``expected`` holds the figures that the target must show when read back, as text
    (such as ``{"total": "110.13"}``). ``version_hash`` is over ``payload``. ``mapping_version``,
    ``rule_set`` and ``approver`` say by which mapping, which expectations and whose word it goes.
    """

    document_id: DocumentId
    pair: str
    target: System
    entity: str
    document_key: str
    operation: str
    version_hash: str
    payload: Json
    expected: dict[str, str]
    mapping_version: str = ""
    rule_set: str = ""
    approver: str = ""

    @property
    def key(self) -> WriteKey:
        """Return which write of the pair it is."""
        return (self.target, self.entity, self.document_key, self.operation)


class Delivery(NewDelivery):
    """A stored delivery.

    ``figures`` are what the target showed when it was read back, once it has landed.
    ``attempts`` is the retry budget spent: sends that the target may have taken. ``epoch`` grows
    with every send and fences the ones before. ``sent_age_s`` is the time since the last send,
    ``key_age_s`` since the first of those in doubt under the same key, by the ledger's clock.
    """

    delivery_id: DeliveryId
    state: DeliveryState
    payload: StoredJson
    attempts: int
    epoch: int = 0
    idempotency_key: str
    external_id: str = ""
    external_no: str = ""
    figures: dict[str, str] | None = None
    sent_at: AwareDatetime | None = None
    sent_age_s: float | None = None
    key_sent_at: AwareDatetime | None = None
    key_age_s: float | None = None


class Landed(Frozen):
    """What the target holds for a delivery; ``figures`` are read from the target."""

    external_id: str
    external_no: str
    figures: dict[str, str]
    answer: JsonValue = None
    note: str = ""
    """A warning of the target that did not stop the write; kept, never dropped."""


class Refused(Frozen):
    """The target's own no to one delivery."""

    cause: str
    message: str
    remedy: str
    field: str = ""
    value: str = ""
    answer: JsonValue = None


Outcome = Landed | Refused


class NewBinding(Frozen):
    """The same thing's id in one system, and who or what says so; ``confidence`` if it is a guess.

    From 0 to 1: how often such a guess is right.
    """

    pair: str
    entity: str
    key: str
    system: System
    external_id: str
    external_no: str
    provenance: str
    confidence: float | None = Field(default=None, ge=0, le=1)


class Confirmation(Frozen):
    """What the target holds for a delivery, and the id to bind with it."""

    delivery: Delivery
    landed: Landed
    binding: NewBinding | None = None


class Binding(NewBinding):
    """A stored binding; ``bound_by`` is who acted, as the audit names them."""

    bound_at: AwareDatetime
    bound_by: str = ""


class NewDeadLetter(Frozen):
    """One record set aside, with everything a person needs to correct it.

    One that ``waits_for`` parents goes on by itself when they are there.
    """

    pair: str
    inbox_id: InboxId | None = None
    document_id: DocumentId | None = None
    trace_key: str
    """What people call the record, such as ``harbor-and-pine.myshopify.com #1042``."""
    step: str
    cause: str
    message: str
    remedy: str
    rule: str = ""
    field: str = ""
    value: str = ""
    owner: str = ""
    """Whose it is to mend it, where a rule of the gate says so."""
    amount: Amount | None = None
    currency: str = ""
    mapped: Json | None = None
    answer: JsonValue = None
    waits_for: tuple[str, ...] = ()


class Parent(Frozen):
    """A customer or an item that records wait for, called as in ``customer SHOP-7`` or ``item X``.

    ``documents`` counts those that wait without a dead letter of their own. ``is_tried`` while a
    record whose dead letter told of it was put back and is under way.
    """

    name: str
    documents: int
    dead_letters: tuple[DeadLetterId, ...]
    is_tried: bool = False

    @property
    def kind(self) -> str:
        """Return what it is: a customer or an item."""
        return self.name.partition(" ")[0]

    @property
    def key(self) -> str:
        """Return the key of the customer, or the item's code."""
        return self.name.partition(" ")[2]


class DeadLetter(NewDeadLetter):
    """A stored dead letter; once closed it says how, when, by whom and why.

    ``proof`` holds the ids and figures that resolved it, where it was resolved.
    """

    dead_letter_id: DeadLetterId
    opened_at: AwareDatetime
    is_open: bool
    closed_at: AwareDatetime | None = None
    resolution: str = ""
    closed_by: str = ""
    reason: str = ""
    proof: Json | None = None


class Watermark(Frozen):
    """How far a source's resource has been read."""

    pair: str
    source: System
    resource: str
    read_through: AwareDatetime


class Conservation(Frozen):
    """Where every inbox entry of a pair is. ``is_conserved`` is the promise."""

    pair: str
    received: int
    pending: int
    done: int
    dead_letter: int
    skipped: dict[str, int]
    in_doubt: int

    @property
    def is_conserved(self) -> bool:
        """Say whether every entry is in exactly one state."""
        settled = self.done + self.dead_letter + sum(self.skipped.values())
        return self.received == self.pending + settled
