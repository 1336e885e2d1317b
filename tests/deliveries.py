"""Makes deliveries for tests of targets, with plain defaults, and delivers."""

import hashlib
from collections.abc import Sequence

from tieout.domain.base import DeliveryId, DocumentId, Json, System
from tieout.domain.ledger import Delivery, DeliveryState, NewDelivery
from tieout.usecases.delivery import Delivered, Trouble, Writer, deliver


def make_delivery(
    entity: str,
    payload: Json,
    *,
    key: str = "1042",
    expected: dict[str, str] | None = None,
    target: System = System.XERO,
) -> Delivery:
    """Return a delivery about to be sent; its ids follow from entity and key."""
    digest = hashlib.sha256(f"{entity} {key} {payload}".encode()).hexdigest()
    return Delivery(
        document_id=DocumentId(1),
        pair="harbor_and_pine",
        target=target,
        entity=entity,
        document_key=key,
        operation="create",
        version_hash=digest,
        payload=payload,
        expected=expected or {},
        delivery_id=DeliveryId(int(digest[:8], 16)),
        state=DeliveryState.INTENT,
        attempts=0,
        idempotency_key=digest,
    )


def delivered(writer: Writer, wanted: Sequence[NewDelivery]) -> dict[str, Delivered]:
    """Deliver, and raise whatever kept some of it from being settled."""
    trouble = Trouble()
    settled = deliver(writer, wanted, trouble)
    trouble.raise_worst()
    return settled
