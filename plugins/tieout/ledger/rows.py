"""Rows of the ledger's tables as domain records. No statement belongs here."""

from sqlalchemy import RowMapping, extract, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from tieout.domain.base import BatchId
from tieout.domain.desk import Correction
from tieout.domain.ledger import Batch, Binding, DeadLetter, Delivery, Document, InboxEntry
from tieout.ledger.schema import (
    bindings,
    corrections,
    dead_letters,
    deliveries,
    documents,
    inbox,
)

INBOX_ENTRY = [inbox.c[name] for name in InboxEntry.model_fields]
PATCHES = (
    select(func.jsonb_agg(aggregate_order_by(corrections.c.patch, corrections.c.correction_id)))
    .where(corrections.c.document_id == documents.c.document_id)
    .correlate(documents)
    .scalar_subquery()
    .label("corrections")
)
DOCUMENT = [
    *(documents.c[name] for name in Document.model_fields if name != "corrections"),
    PATCHES,
]
CORRECTION = [corrections.c[name] for name in Correction.model_fields]
DELIVERY = [
    *(deliveries.c[name] for name in Delivery.model_fields if name in deliveries.c),
    extract("epoch", func.clock_timestamp() - deliveries.c.sent_at).label("sent_age_s"),
    extract("epoch", func.clock_timestamp() - deliveries.c.key_sent_at).label("key_age_s"),
]
BINDING = [bindings.c[name] for name in Binding.model_fields]
DEAD_LETTER = [
    *(dead_letters.c[name] for name in DeadLetter.model_fields if name != "is_open"),
    dead_letters.c.closed_at.is_(None).label("is_open"),
]


def inbox_entry(row: RowMapping) -> InboxEntry:
    """Read an inbox entry."""
    return InboxEntry.model_validate(dict(row))


def document(row: RowMapping) -> Document:
    """Read a document; the patches of its corrections become one."""
    patches = row["corrections"] or []
    patch = [operation for patch in patches for operation in patch]
    return Document.model_validate({**row, "corrections": patch, "warnings": row["warnings"] or ()})


def delivery(row: RowMapping) -> Delivery:
    """Read a delivery."""
    return Delivery.model_validate(dict(row))


def binding(row: RowMapping) -> Binding:
    """Read a binding."""
    return Binding.model_validate({name: row[name] for name in Binding.model_fields})


def dead_letter(row: RowMapping) -> DeadLetter:
    """Read a dead letter."""
    return DeadLetter.model_validate(dict(row))


def correction(row: RowMapping) -> Correction:
    """Read a correction."""
    return Correction.model_validate(dict(row))


def batch(batch_id: int, pair: str, document_count: int) -> Batch:
    """Read a batch."""
    return Batch(batch_id=BatchId(batch_id), pair=pair, document_count=document_count)
