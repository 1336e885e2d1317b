"""Capture: what Xero's lists tell of bills and vendors' credits, as documents.

A document has the bill as the list has it. One that nobody approved yet is not in the books and
waits in Xero; it comes again when it is approved. What payments change of a bill makes no version.
"""

import json
from datetime import datetime

from tieout.domain.base import BatchId, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import InboxEntry, NewDocument, Origin
from tieout.domain.statuses.machine import Phase
from tieout.domain.statuses.xero import BILL
from tieout.usecases.capture import DOCUMENTS_PER_BATCH_MAX, ENTRIES_PER_ROUND_MAX, ROUNDS_MAX
from tieout.usecases.flow import LEASE_S, Flow

BILL_DOCUMENT = "bill"
"""The document type, and the suite that judges it."""
LISTS = {"Bills": ("bill", "InvoiceNumber"), "VendorCredits": ("credit", "CreditNoteNumber")}
"""Xero's lists, what one of their records is called, and which member has its number."""
NOT_APPROVED = "not_approved"
"""The rule by which an entry is skipped: the bill is a draft, or waits for approval in Xero."""
VOIDED_BEFORE_ENTRY = "voided_before_entry"
"""The rule for a bill that was taken back before anything knew of it, or before it was entered."""
KEPT = (
    *("Type", "InvoiceID", "CreditNoteID", "InvoiceNumber", "CreditNoteNumber", "Date", "DueDate"),
    *("CurrencyCode", "CurrencyRate", "LineAmountTypes", "LineItems", "TotalTax", "Total"),
)
"""What of a bill makes a version of it."""


def capture_bills(
    flow: Flow,
    *,
    interval: tuple[datetime, datetime] | None,  # noqa: ARG001 - lists are read by tasks of their own
    origin: Origin,
    claimed_by: str,
) -> BatchId | None:
    """Turn what waits of bills into documents, and claim what is unfinished."""
    take_in_bills(flow)
    batch = flow.ledger.claim(
        flow.pair.pair,
        BILL_DOCUMENT,
        claimed_by=claimed_by,
        limit=DOCUMENTS_PER_BATCH_MAX,
        lease_s=LEASE_S,
        history_first=origin is Origin.BACKFILL,
    )
    return batch.batch_id if batch else None


def take_in_bills(flow: Flow) -> None:
    """Turn what waits of bills into documents; nothing is claimed."""
    for resource in LISTS:
        for _round in range(ROUNDS_MAX):
            entries = flow.ledger.pending_entries(
                flow.pair.pair, limit=ENTRIES_PER_ROUND_MAX, source=System.XERO, kind=resource
            )
            if not entries:
                break
            for entry in entries:
                _take(flow, entry)


def _take(flow: Flow, entry: InboxEntry) -> None:
    node: Json = json.loads(entry.body or b"{}", parse_float=str)
    status = str(node.get("Status"))
    if status in BILL.words(Phase.NOT_YET):
        flow.ledger.skip_entry(entry.inbox_id, rule=NOT_APPROVED)
        return
    if is_gone(node):
        known = flow.ledger.known_records(
            flow.pair.pair, entry.account, BILL_DOCUMENT, [entry.resource_id]
        )
        if not known:
            flow.ledger.skip_entry(entry.inbox_id, rule=VOIDED_BEFORE_ENTRY)
            return
    flow.ledger.document(entry.inbox_id, _document(entry, node))


def is_gone(node: Json) -> bool:
    """Say whether a bill counts for nothing any more."""
    return str(node.get("Status")) in BILL.words(Phase.GONE)


def _document(entry: InboxEntry, node: Json) -> NewDocument:
    called, member = LISTS[entry.kind]
    contact = node.get("Contact")
    of_vendor = str(contact.get("ContactID")) if isinstance(contact, dict) else ""
    kept: Json = {name: node[name] for name in KEPT if name in node}
    return NewDocument(
        pair=entry.pair,
        document_type=BILL_DOCUMENT,
        source=entry.source,
        account=entry.account,
        source_id=entry.resource_id,
        name=f"{called} {node.get(member) or entry.resource_id}",
        version_at=entry.received_at,
        content_hash=content_hash({**kept, "contact": of_vendor, "is_gone": is_gone(node)}),
        payload=node,
    )
