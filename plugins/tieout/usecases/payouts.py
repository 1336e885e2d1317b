"""Payouts as documents: read from whoever tells them, believed whole or parked.

A gateway tells no event of a payout, so those of some weeks are read again each time; one that says
something new is a new version. What its parts do to the books is payout_entries.py's.
"""

import hashlib
import json
from datetime import datetime, timedelta

from tieout.domain.base import BatchId, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import (
    LANDED,
    UNFINISHED,
    Delivery,
    InboxEntry,
    NewDocument,
    NewInboxEntry,
    Origin,
    Validated,
    json_object,
)
from tieout.domain.pair import Pair
from tieout.domain.payouts import Booked, Decomposition, Payout, PayoutStatus
from tieout.errors import RejectedError
from tieout.usecases.capture import DOCUMENTS_PER_BATCH_MAX, ENTRIES_PER_ROUND_MAX
from tieout.usecases.catalog import PAYMENT
from tieout.usecases.flow import LEASE_S, Flow, StepReport, as_refused, documents_of, set_aside
from tieout.usecases.payment_reconciliation import taken_apart

PAYOUT = "payout"
"""The document type, and the step that takes payouts apart."""
KIND = "payouts"
TOPIC = f"{KIND}/sweep"
LOOK_BACK = timedelta(days=35)
"""How long after it was issued a payout may still change, as when the bank returns it."""
NOT_OUT_YET = "payout_not_out_yet"
"""The rule by which a payout that the bank has not got yet is skipped: its rows may change."""


def capture_payouts(
    flow: Flow,
    *,
    interval: tuple[datetime, datetime] | None,
    origin: Origin,
    claimed_by: str,
) -> BatchId | None:
    """Land the payouts of an interval if there is one, and claim what is unfinished."""
    if interval is not None:
        _land(flow, *interval, origin=origin)
    take_in_payouts(flow)
    batch = flow.ledger.claim(
        flow.pair.pair,
        PAYOUT,
        claimed_by=claimed_by,
        limit=DOCUMENTS_PER_BATCH_MAX,
        lease_s=LEASE_S,
        history_first=origin is Origin.BACKFILL,
    )
    return batch.batch_id if batch else None


def _land(flow: Flow, since: datetime, until: datetime, *, origin: Origin) -> None:
    """Land what the gateways say of each payout; what is known already is no news."""
    for domain, gateway in flow.gateways.items():
        payouts = gateway.payouts(since, until, time_zone=flow.pair.time_zone)
        flow.ledger.land([_entry(flow, domain, one, origin) for one in payouts])


def _entry(flow: Flow, domain: str, payout: Payout, origin: Origin) -> NewInboxEntry:
    body = json.dumps(payout.model_dump(mode="json"), sort_keys=True).encode()
    return NewInboxEntry(
        pair=flow.pair.pair,
        source=System.SHOPIFY,
        account=domain,
        topic=TOPIC,
        event_id="",
        resource_id=payout.payout_id,
        origin=origin,
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_size=len(body),
    )


def take_in_payouts(flow: Flow) -> None:
    """Make documents of what landed; none is claimed."""
    while entries := flow.ledger.pending_entries(
        flow.pair.pair, limit=ENTRIES_PER_ROUND_MAX, source=System.SHOPIFY, kind=KIND
    ):
        for entry in entries:
            flow.ledger.document(entry.inbox_id, _document(entry))


def _document(entry: InboxEntry) -> NewDocument:
    payload: Json = json_object.validate_json(entry.body or b"{}")
    return NewDocument(
        pair=entry.pair,
        document_type=PAYOUT,
        source=entry.source,
        account=entry.account,
        source_id=entry.resource_id,
        name=f"payout {entry.resource_id}",
        version_at=entry.received_at,
        content_hash=content_hash(payload),
        payload=payload,
    )


def gate_payouts(flow: Flow, batch_id: BatchId) -> StepReport:
    """Take every payout apart; what does not add up is set aside whole, with its row named.

    One that the bank has not got yet is skipped: it comes again when it is paid.
    """
    documents = documents_of(flow, batch_id, *UNFINISHED)
    good: list[Validated] = []
    aside = 0
    for document in documents:
        payout = Payout.model_validate(document.corrected)
        if payout.status is PayoutStatus.SCHEDULED:
            flow.ledger.skip_document(document.document_id, rule=NOT_OUT_YET)
            continue
        try:
            taken = taken_apart(payout, _booked(flow, payout), flow.gateways[document.account])
            _check_postable(flow.pair, taken)
        except RejectedError as error:
            set_aside(flow, document, as_refused(error), step=PAYOUT)
            aside += 1
        else:
            canonical = taken.model_dump(mode="json")
            good.append(Validated(document_id=document.document_id, canonical=canonical))
    flow.ledger.mark_validated(*good)
    flow.ledger.mark_ready([one.document_id for one in good])
    return StepReport(step=PAYOUT, documents=len(documents), confirmed=len(good), set_aside=aside)


def _check_postable(pair: Pair, payout: Decomposition) -> None:
    """Let no payout into books of another currency.

    Raises:
        RejectedError: It is in another one.
    """
    if payout.currency != pair.currency:
        raise RejectedError(
            f"Payout {payout.payout_id} is in {payout.currency}; the books are in {pair.currency}.",
            remedy="Post it by hand in both ledgers, then dismiss this.",
            cause="currency_not_of_company",
            field="currency",
            value=payout.currency,
        )


def _booked(flow: Flow, payout: Payout) -> dict[str, Booked]:
    """Return what we booked of the transactions that a payout's rows settle."""
    wanted = {row.transaction_id for row in payout.rows if row.transaction_id}
    known = flow.ledger.deliveries_of(flow.pair.pair, PAYMENT.entity, wanted)
    return {one.document_key: _booking(one) for one in known if one.state in LANDED}


def _booking(delivery: Delivery) -> Booked:
    """Return an amount in the shop's money; with a rate the buyer's order is in another one."""
    return Booked.model_validate(
        {
            "amount": delivery.payload["Amount"],
            "is_converted": "CurrencyRate" in delivery.payload,
        }
    )
