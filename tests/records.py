"""Ledger records for tests; every argument changes one thing from a plain order of one shop."""

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tieout.domain.base import BatchId, DeadLetterId, DeliveryId, DocumentId, InboxId, Json, System
from tieout.domain.desk import NewCorrection
from tieout.domain.json_patch import Operation
from tieout.domain.ledger import (
    Confirmation,
    Delivery,
    Fence,
    Landed,
    NewBinding,
    NewDeadLetter,
    NewDelivery,
    NewDocument,
    NewInboxEntry,
    Origin,
    Refused,
)
from tieout.ports.ledger import Ledger

PAIR = "harbor_and_pine"
SHOP = "harbor-and-pine.myshopify.com"
MONEY = Decimal("110.130")
MIDNIGHT = datetime(2026, 11, 29, tzinfo=UTC)


def entry(
    resource_id: str = "1042",
    *,
    body: bytes | None = b"{}",
    event_id: str = "",
    pair: str = PAIR,
    topic: str = "orders/create",
    source: System = System.SHOPIFY,
) -> NewInboxEntry:
    """Make an inbox entry as a webhook lands it."""
    content = body or b""
    return NewInboxEntry(
        pair=pair,
        source=source,
        account=SHOP,
        topic=topic,
        event_id=event_id,
        resource_id=resource_id,
        origin=Origin.WEBHOOK,
        body=body,
        body_sha256=hashlib.sha256(content).hexdigest(),
        body_size=len(content),
    )


def document(
    source_id: str = "1042",
    *,
    content: str = "first",
    minutes: int = 0,
    pair: str = PAIR,
    payload: Json | None = None,
) -> NewDocument:
    """Make a version of an order, ``minutes`` after midnight."""
    return NewDocument(
        pair=pair,
        document_type="shop_order",
        source=System.SHOPIFY,
        account=SHOP,
        source_id=source_id,
        name=f"#{source_id}",
        version_at=MIDNIGHT + timedelta(minutes=minutes),
        content_hash=content,
        payload=payload or {"id": source_id, "content": content},
    )


def delivery(
    document_id: DocumentId,
    *,
    key: str = "1042",
    version: str = "v1",
    entity: str = "invoice",
    target: System = System.XERO,
) -> NewDelivery:
    """Make an intended invoice."""
    return NewDelivery(
        document_id=document_id,
        pair=PAIR,
        target=target,
        entity=entity,
        document_key=key,
        operation="create",
        version_hash=version,
        payload={"Total": "110.13", "Version": version},
        expected={"total": "110.13"},
    )


def landed(external_id: str = "inv-1") -> Landed:
    """Make what a target holds."""
    return Landed(
        external_id=external_id, external_no="HP-1042", figures={"total": "110.13"}, answer={"a": 1}
    )


def confirm(
    ledger: Ledger, delivery: Delivery, landed: Landed, binding: NewBinding | None = None
) -> None:
    """Record what the target holds for one delivery; raise what was rejected."""
    one = Confirmation(delivery=delivery, landed=landed, binding=binding)
    for error in ledger.confirm([one]).values():
        raise error


def refused() -> Refused:
    """Make a target's no."""
    return Refused(cause="target_refused", message="no", remedy="correct it", answer=["why"])


def binding(key: str = "1042", external_id: str = "inv-1", *, entity: str = "order") -> NewBinding:
    """Make a binding to Xero."""
    return NewBinding(
        pair=PAIR,
        entity=entity,
        key=key,
        system=System.XERO,
        external_id=external_id,
        external_no="HP-1042",
        provenance="created by Tieout",
    )


def dead_letter(
    *, inbox_id: InboxId | None = None, document_id: DocumentId | None = None, message: str = "bad"
) -> NewDeadLetter:
    """Make a dead letter."""
    return NewDeadLetter(
        pair=PAIR,
        inbox_id=inbox_id,
        document_id=document_id,
        trace_key=f"{SHOP} #1042",
        step="gate",
        cause="unknown_item",
        message=message,
        remedy="map it",
    )


def correction(letter: DeadLetterId, *patch: Operation) -> NewCorrection:
    """Make a correction of a dead letter's record."""
    return NewCorrection(
        dead_letter_id=letter,
        patch=patch,
        before={},
        after={},
        corrected_by="anna@example.com",
        reason="the shop's typo",
    )


def land_pending(ledger: Ledger, resource_id: str = "1042", *, body: bytes = b"{}") -> InboxId:
    """Land one entry and return its id."""
    ledger.land([entry(resource_id, body=body)])
    return ledger.pending_entries(PAIR, limit=1000)[-1].inbox_id


def land_document(ledger: Ledger, new: NewDocument) -> DocumentId | None:
    """Land one entry and turn it into ``new``, as a drain does."""
    body = f"{new.content_hash} {new.version_at}".encode()
    return ledger.document(land_pending(ledger, new.source_id, body=body), new)


def received(ledger: Ledger, source_id: str = "1042", *, minutes: int = 0) -> DocumentId:
    """Land one order as a received document and return its id."""
    document_id = land_document(ledger, document(source_id, minutes=minutes))
    if document_id is None:
        message = f"order {source_id} was skipped"
        raise ValueError(message)
    return document_id


def claim(
    ledger: Ledger, claimed_by: str = "run-1", *, limit: int = 100, lease_s: int = 900
) -> BatchId | None:
    """Claim orders and return the claim check."""
    batch = ledger.claim(PAIR, "shop_order", claimed_by=claimed_by, limit=limit, lease_s=lease_s)
    return batch.batch_id if batch else None


def intended(ledger: Ledger, document_id: DocumentId | None = None) -> DeliveryId:
    """Write one intent and return its id."""
    known = received(ledger) if document_id is None else document_id
    return ledger.intend([delivery(known)])[0].delivery_id


def read_again(ledger: Ledger, delivery_id: DeliveryId, document_id: DocumentId) -> Delivery:
    """Return the delivery as it stands now."""
    known = {one.delivery_id: one for one in ledger.deliveries([document_id])}
    return known[delivery_id]


def fence(ledger: Ledger, step: str = "invoice") -> Fence:
    """Begin a step of the one sender's batch, which holds every order that nobody else has."""
    batch_id = claim(ledger, "sender")
    if batch_id is None:
        received(ledger, "of the sender")
        batch_id = claim(ledger, "sender")
    if batch_id is None:
        message = "there is nothing to hold"
        raise ValueError(message)
    return ledger.begin_step(batch_id, step, lease_s=900)


def send(ledger: Ledger, *delivery_ids: DeliveryId) -> list[Delivery]:
    """Mark deliveries sent and return them so."""
    return ledger.mark_sent(delivery_ids, fence=fence(ledger), lease_s=900)


def stored(ledger: Ledger, delivery_id: DeliveryId) -> Delivery:
    """Return a delivery as it stands now, whichever document it is of."""
    known = ledger.deliveries([DocumentId(number) for number in range(1, 5000)])
    return {one.delivery_id: one for one in known}[delivery_id]


def waits_for_people_alone(ledger: Ledger) -> bool:
    """Say whether nothing is pending but what waits for a parent that a dead letter tells of."""
    told = [parent for parent in ledger.parents(PAIR) if parent.dead_letters]
    return ledger.conservation(PAIR).pending == sum(parent.documents for parent in told)
