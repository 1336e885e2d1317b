"""Payments of bills taken up and judged: what cannot be recorded parks, what is too early waits."""

import json
from datetime import datetime

from tieout.domain.base import BatchId, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import DocumentState, InboxEntry, NewDocument, Origin, Validated
from tieout.errors import RejectedError
from tieout.usecases.capture import DOCUMENTS_PER_BATCH_MAX, ENTRIES_PER_ROUND_MAX, ROUNDS_MAX
from tieout.usecases.catalog import MANUAL_CHECK, PAYMENT_DELETION
from tieout.usecases.flow import LEASE_S, Flow, StepReport, as_refused, documents_of
from tieout.usecases.flow import set_aside as put_aside
from tieout.usecases.guarded import ensure_readable
from tieout.usecases.procure_to_pay.payment_reading import in_books, read_payment
from tieout.usecases.procure_to_pay.payments import (
    BILL_PAYMENT,
    DELETED,
    LISTS,
    OWN_WRITE,
    PAYS_NOTHING,
    REVERSAL,
    VOID,
    WAITS_FOR,
    NotYetError,
)


def capture_payments(
    flow: Flow,
    *,
    interval: tuple[datetime, datetime] | None,  # noqa: ARG001 - lists are read by tasks of their own
    origin: Origin,
    claimed_by: str,
) -> BatchId | None:
    """Turn what waits of payments into documents, and claim what is unfinished."""
    take_in_payments(flow)
    _let_on(flow)
    batch = flow.ledger.claim(
        flow.pair.pair,
        BILL_PAYMENT,
        claimed_by=claimed_by,
        limit=DOCUMENTS_PER_BATCH_MAX,
        lease_s=LEASE_S,
        history_first=origin is Origin.BACKFILL,
    )
    return batch.batch_id if batch else None


def take_in_payments(flow: Flow) -> None:
    """Turn what waits of payments into documents; nothing is claimed."""
    for system, resource in LISTS:
        for _round in range(ROUNDS_MAX):
            entries = flow.ledger.pending_entries(
                flow.pair.pair, limit=ENTRIES_PER_ROUND_MAX, source=system, kind=resource
            )
            if not entries:
                break
            for entry in entries:
                _take(flow, entry)


def _take(flow: Flow, entry: InboxEntry) -> None:
    node: Json = json.loads(entry.body or b"{}", parse_float=str)
    if entry.source is System.XERO:
        rule = _own_in_xero(flow, entry.resource_id, node)
        told: Json = {"status": node.get("Status"), "amount": node.get("Amount")}
    else:
        number = "/".join(entry.resource_id.split("/")[:2])
        kind = node.get("CheckType")
        ours = flow.ledger.bindings_to(flow.pair.pair, BILL_PAYMENT, [number], System.SAGE100)
        is_own = number in ours and kind != REVERSAL
        rule = OWN_WRITE if is_own else PAYS_NOTHING if kind == VOID else ""
        told = {"type": kind, "amount": node.get("CheckAmt")}
    if rule:
        flow.ledger.skip_entry(entry.inbox_id, rule=rule)
        return
    flow.ledger.document(
        entry.inbox_id,
        NewDocument(
            pair=entry.pair,
            document_type=BILL_PAYMENT,
            source=entry.source,
            account=entry.account,
            source_id=entry.resource_id,
            name=f"payment {entry.resource_id}",
            version_at=entry.received_at,
            content_hash=content_hash(told),
            payload=node,
        ),
    )


def _own_in_xero(flow: Flow, payment_id: str, node: Json) -> str:
    """Return the rule by which a payment of Xero's is no news: we made it, or ended it."""
    pair, ledger = flow.pair.pair, flow.ledger
    if node.get("Status") == DELETED:
        ended = ledger.deliveries_of(pair, PAYMENT_DELETION.entity, [payment_id])
        known = ledger.deliveries_of(pair, MANUAL_CHECK.entity, [payment_id])
        return OWN_WRITE if ended else "" if known else PAYS_NOTHING
    return OWN_WRITE if ledger.bindings_to(pair, BILL_PAYMENT, [payment_id], System.XERO) else ""


def _let_on(flow: Flow) -> None:
    """Let payments go on whose bills people have brought into Sage 100's books by now."""
    waited = [one for one in flow.ledger.parents(flow.pair.pair) if one.kind == WAITS_FOR]
    if waited:
        held = in_books(flow, {one.key for one in waited})
        flow.ledger.let_on(flow.pair.pair, {one.name for one in waited if one.key in held})


def judge_payments(flow: Flow, batch_id: BatchId) -> StepReport:
    """Read the batch's payments; set aside what cannot be recorded, let wait what is too early.

    Raises:
        StreamPausedError: A system that judging must read does not answer; nothing was read.
    """
    for system in (System.XERO, System.SAGE100):
        ensure_readable(flow, system)
    received = documents_of(flow, batch_id, DocumentState.RECEIVED)
    good, bad = [], 0
    for document in received:
        try:
            payment = read_payment(flow, document)
        except RejectedError as error:
            put_aside(flow, document, as_refused(error), step=BILL_PAYMENT)
            bad += 1
        except NotYetError as error:
            flow.ledger.wait(document.document_id, parent=f"{WAITS_FOR} {error}")
        else:
            canonical = payment.model_dump(mode="json")
            good.append(Validated(document_id=document.document_id, canonical=canonical))
    flow.ledger.mark_validated(*good)
    flow.ledger.mark_ready([one.document_id for one in good])
    return StepReport(
        step=BILL_PAYMENT, documents=len(received), confirmed=len(good), set_aside=bad
    )
