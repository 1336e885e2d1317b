"""Postings: what Xero hears of what Sage 100's people have posted, and no sooner than it is so.

An act of theirs that the follower saw (follow.py) is a record like a shop's order: an inbox entry,
a document, and a note in the history of the order's invoice, delivered as any write is. From which
state on Xero hears of it is the pair's word for each kind of document (policies.tell_posted).
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from tieout.domain.base import BatchId, Frozen, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import (
    UNFINISHED,
    Delivery,
    DeliveryState,
    Document,
    DocumentState,
    InboxEntry,
    NewDocument,
    NewInboxEntry,
    Origin,
    Refused,
    Validated,
    json_object,
)
from tieout.domain.pair import Pair, Told
from tieout.usecases.capture import DOCUMENTS_PER_BATCH_MAX, ENTRIES_PER_ROUND_MAX
from tieout.usecases.catalog import CASH_RECEIPT, PAYMENT, POSTING_NOTE, SALES_ORDER
from tieout.usecases.flow import LEASE_S, Flow, Ready, StepReport, documents_of, set_aside
from tieout.usecases.order_to_cash import ORDER_BINDING
from tieout.usecases.writing import Write, write_all

POSTING = "posting"
"""The document type, and what the topic says before its slash."""
TOPIC = f"{POSTING}/sweep"
LATER = (DeliveryState.UPDATED, DeliveryState.IN_GL)
"""The states that people bring a document to, in their order."""
WORDS: Mapping[tuple[str, str], str] = {
    (SALES_ORDER.entity, "updated"): "is invoiced and updated; the general ledger lacks it yet",
    (SALES_ORDER.entity, "in_gl"): "is invoiced, and its invoices are in the general ledger",
    (CASH_RECEIPT.entity, "updated"): "is updated; the general ledger lacks it yet",
    (CASH_RECEIPT.entity, "in_gl"): "is in the general ledger",
}
"""What a note says of a document, by its kind and state."""


class Posting(Frozen):
    """One document of Sage 100 that people have posted so far; ``key`` is its delivery's."""

    entity: str
    key: str
    number: str
    external_id: str
    state: str


class ReadyPosting(Ready):
    """A document of the type ``posting``, and what it says."""

    posting: Posting


def told_of(pair: Pair, delivery: Delivery, state: DeliveryState) -> list[NewInboxEntry]:
    """Return what is to land when people bring a document to a state: nothing, or one entry.

    The same act again is the same entry, by its event id.
    """
    wanted: Told = getattr(pair.policies.tell_posted, delivery.entity, "never")
    if wanted == "never" or LATER.index(state) < LATER.index(DeliveryState(wanted)):
        return []
    posting = Posting(
        entity=delivery.entity,
        key=delivery.document_key,
        number=delivery.external_no or delivery.external_id,
        external_id=delivery.external_id,
        state=state,
    )
    body = json.dumps(posting.model_dump(mode="json"), sort_keys=True).encode()
    return [
        NewInboxEntry(
            pair=pair.pair,
            source=System.SAGE100,
            account=pair.sage100_company,
            topic=TOPIC,
            event_id=f"{posting.entity} {posting.external_id} {state}",
            resource_id=f"{posting.entity} {posting.external_id}",
            origin=Origin.SWEEP,
            body=body,
            body_sha256=hashlib.sha256(body).hexdigest(),
            body_size=len(body),
        )
    ]


def capture_postings(
    flow: Flow,
    *,
    interval: tuple[datetime, datetime] | None,  # noqa: ARG001 - what was followed is in the inbox
    origin: Origin,  # noqa: ARG001
    claimed_by: str,
) -> BatchId | None:
    """Turn what the follower told into documents, and claim what is unfinished."""
    take_in_postings(flow)
    batch = flow.ledger.claim(
        flow.pair.pair,
        POSTING,
        claimed_by=claimed_by,
        limit=DOCUMENTS_PER_BATCH_MAX,
        lease_s=LEASE_S,
    )
    return batch.batch_id if batch else None


def take_in_postings(flow: Flow) -> None:
    """Turn what the follower told into documents; nothing is claimed."""
    while entries := flow.ledger.pending_entries(
        flow.pair.pair, limit=ENTRIES_PER_ROUND_MAX, source=System.SAGE100, kind=POSTING
    ):
        for entry in entries:
            flow.ledger.document(entry.inbox_id, _document(entry))


def _document(entry: InboxEntry) -> NewDocument:
    payload: Json = json_object.validate_json(entry.body or b"{}")
    return NewDocument(
        pair=entry.pair,
        document_type=POSTING,
        source=entry.source,
        account=entry.account,
        source_id=entry.resource_id,
        name=entry.resource_id.replace("_", " "),
        version_at=entry.received_at,
        content_hash=content_hash(payload),
        payload=payload,
    )


def write_posting_notes(flow: Flow, batch_id: BatchId) -> StepReport:
    """Note each posting in the history of its order's invoice, and close the documents.

    One whose order has no invoice in Xero is set aside.
    """
    told = [_read(document) for document in documents_of(flow, batch_id, *UNFINISHED)]
    invoices = _invoices(flow, [one.posting for one in told])
    ready = [one for one in told if one.posting.external_id in invoices]
    lost = [one for one in told if one.posting.external_id not in invoices]
    for one in lost:
        set_aside(flow, one.document, _no_invoice(one.posting), step=POSTING_NOTE.entity)
    flow.ledger.mark_validated(
        *(
            Validated(document_id=one.document_id, canonical=one.document.corrected)
            for one in ready
            if one.document.state is DocumentState.RECEIVED
        )
    )
    flow.ledger.mark_ready([one.document_id for one in ready])

    def writes_of(one: ReadyPosting) -> Iterator[Write]:
        posting = one.posting
        record = {
            "invoice_id": invoices[posting.external_id],
            "what": posting.entity.replace("_", " "),
            "number": posting.number,
            "words": WORDS[posting.entity, posting.state],
        }
        yield Write(f"{posting.entity} {posting.external_id} {posting.state}", record, {})

    target = flow.xero.target(POSTING_NOTE.entity)
    try:
        report = write_all(flow, POSTING_NOTE, target, ready, writes_of)
    finally:
        _close(flow, batch_id)
    return report.model_copy(
        update={"documents": len(told), "set_aside": report.set_aside + len(lost)}
    )


def _close(flow: Flow, batch_id: BatchId) -> None:
    """Mark done what has its note."""
    ready = documents_of(flow, batch_id, DocumentState.READY)
    noted = {
        delivery.document_id
        for delivery in flow.ledger.deliveries({one.document_id for one in ready})
        if delivery.state is DeliveryState.ENTERED
    }
    flow.ledger.mark_done(*(one.document_id for one in ready if one.document_id in noted))


def _read(document: Document) -> ReadyPosting:
    return ReadyPosting(document=document, posting=Posting.model_validate(document.corrected))


def _invoices(flow: Flow, postings: Collection[Posting]) -> dict[str, str]:
    """Return the id of the order's invoice in Xero, by the id of what was posted in Sage 100."""
    pair = flow.pair.pair
    orders = {one.key: one for one in postings if one.entity == SALES_ORDER.entity}
    bound = flow.ledger.bindings(pair, ORDER_BINDING, orders.keys(), System.XERO)
    found = {orders[key].external_id: binding.external_id for key, binding in bound.items()}
    receipts = {one.key: one for one in postings if one.entity == CASH_RECEIPT.entity}
    # A receipt mirrors a payment in Xero, and that says which invoice it paid.
    for paid in flow.ledger.deliveries_of(pair, PAYMENT.entity, receipts.keys()):
        invoice = paid.payload.get("Invoice")
        if isinstance(invoice, dict):
            found[receipts[paid.document_key].external_id] = str(invoice["InvoiceID"])
    return found


def _no_invoice(posting: Posting) -> Refused:
    return Refused(
        cause="no_invoice",
        message=(
            f"Sage 100 posted {posting.entity} {posting.number}, and the ledger knows no invoice "
            "in Xero to note it on."
        ),
        remedy="Compare the order in both systems; dismiss this if it is billed otherwise.",
        field="key",
        value=posting.key,
    )
