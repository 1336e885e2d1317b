"""The five sets: source, inbox, ledger, targets, audit. Plain values; nothing is judged here."""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class SourceRecord:
    """One order as the shop shows it now."""

    account: str
    source_id: str
    currency: str
    total: Decimal


@dataclass(frozen=True)
class InboxRow:
    """One inbox entry."""

    inbox_id: int
    account: str
    resource_id: str
    state: str
    event_id: str = ""
    body_sha256: str = ""


@dataclass(frozen=True)
class DocumentRow:
    """One version of one record."""

    document_id: int
    inbox_id: int
    account: str
    source_id: str
    version_no: int
    state: str
    corrected_by: Decimal = Decimal(0)
    """How much people, by name and with a reason, changed the total that the source states."""


@dataclass(frozen=True)
class DeliveryRow:
    """One intended write; ``amount`` is what the target should show, where it is money."""

    delivery_id: int
    document_id: int
    target: str
    entity: str
    key: str
    operation: str
    state: str
    external_id: str
    currency: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True)
class TargetRecord:
    """One document at a target that carries our mark; ``key`` is what the mark says."""

    target: str
    entity: str
    external_id: str
    key: str
    currency: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True)
class AuditRow:
    """The last thing that the audit says of one subject."""

    subject: str
    action: str


@dataclass(frozen=True)
class Sets:
    """Everything that one judgement is made from.

    ``read`` names the (target, entity) kinds that were read back: only of these can anything be
    missing. ``acked`` are the event ids that a sender was told are safe.
    """

    source: tuple[SourceRecord, ...] = ()
    inbox: tuple[InboxRow, ...] = ()
    documents: tuple[DocumentRow, ...] = ()
    deliveries: tuple[DeliveryRow, ...] = ()
    targets: tuple[TargetRecord, ...] = ()
    audit: tuple[AuditRow, ...] | None = None
    acked: frozenset[str] = frozenset()
    read: frozenset[tuple[str, str]] = field(default_factory=frozenset)
