"""The gate of bills: read each document, skip by rule, have its row judged.

Which rows fail is the word of include/expectations/bill.yaml. Doubles are looked for in both
ledgers, and the bills of a batch among each other.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

from typing_extensions import override

from tieout.domain.base import BatchId, DocumentId, System
from tieout.domain.ledger import DOUBTFUL, LANDED, DeliveryState, Document, NewDeadLetter
from tieout.domain.records import Bill, BoundVendor, KnownBill
from tieout.errors import RejectedError
from tieout.ports.payables import SagePayables
from tieout.usecases.catalog import AP_INVOICE, INVOICE_RECEIPT
from tieout.usecases.flow import Flow, Ready, StepReport, as_refused, dead_letter_of
from tieout.usecases.guarded import ensure_readable, guarded_read
from tieout.usecases.judging import Judging, Taken, judge
from tieout.usecases.procure_to_pay.capture import BILL_DOCUMENT, VOIDED_BEFORE_ENTRY, is_gone
from tieout.usecases.procure_to_pay.three_way import mismatches
from tieout.usecases.procure_to_pay.vendors import bound_vendors, contact_of, vendor_of
from tieout.usecases.rows.facts import Known, Row
from tieout.usecases.rows.trade import bill_row
from tieout.usecases.versions import newest_versions

STEP = "gate_bills"
WRITES = (AP_INVOICE, INVOICE_RECEIPT)
"""As what a bill is in Sage 100."""
HELD_THERE = frozenset({*LANDED, *DOUBTFUL, DeliveryState.HELD})
"""States in which Sage 100 has a bill, or may have it."""


class ReadyBill(Ready):
    """A document that was read, and its bill."""

    bill: Bill

    @property
    @override
    def worth(self) -> Bill:
        return self.bill


def gate_bills(flow: Flow, batch_id: BatchId) -> StepReport:
    """Judge the batch's received bills.

    Raises:
        StreamPausedError: A system that judging must read does not answer; nothing was read.
        ConfigurationError: An expectation of severity *halt* failed; nothing of the batch goes on.
    """
    for system in (System.XERO, System.SAGE100):
        ensure_readable(flow, system)
    return judge(flow, batch_id, BILLS)


def _take(flow: Flow, documents: Sequence[Document]) -> Taken[ReadyBill]:
    newest = newest_versions(flow, documents)
    entered = _entered(flow, newest)
    vendors = bound_vendors(flow, {contact_of(one.corrected) for one in newest})
    bills: list[ReadyBill] = []
    unreadable: dict[DocumentId, NewDeadLetter] = {}
    for document in newest:
        try:
            ready = _read(flow, document, vendors, is_entered=document.source_id in entered)
        except RejectedError as error:
            letter = dead_letter_of(document, as_refused(error), step=STEP)
            unreadable[document.document_id] = letter
            continue
        bills += ready
    known = _known(flow, bills, vendors)
    # What Sage 100 has of us already would be in its own way.
    to_match = [one.bill for one in bills if one.bill.source_id not in entered]
    known = replace(known, mismatches=mismatches(flow, to_match))
    rows: list[Row] = [bill_row(str(one.document_id), one.bill, known) for one in bills]
    return Taken(documents=newest, records=bills, rows=rows, unreadable=unreadable)


def _entered(flow: Flow, documents: Sequence[Document]) -> set[str]:
    """Return the bills that Sage 100 has of us, or may have."""
    keys = [document.source_id for document in documents]
    return {
        delivery.document_key
        for kind in WRITES
        for delivery in flow.ledger.deliveries_of(flow.pair.pair, kind.entity, keys)
        if delivery.state in HELD_THERE
    }


def _read(
    flow: Flow, document: Document, vendors: Mapping[str, BoundVendor], *, is_entered: bool
) -> list[ReadyBill]:
    """Read a bill; none is returned of one that was voided before it was entered."""
    node = document.corrected
    if is_gone(node):
        if is_entered:
            raise RejectedError(
                f"{document.name} was voided in Xero after it was entered in Sage 100.",
                remedy=(
                    "Reverse it in Sage 100 (delete it from entry, or enter a credit memo once its "
                    "register is updated); then dismiss this."
                ),
                cause="voided_after_entry",
            )
        flow.ledger.skip_document(document.document_id, rule=VOIDED_BEFORE_ENTRY)
        return []
    bill = flow.mapper.bill_from(node, vendor_of(vendors, node))
    return [ReadyBill(document=document, bill=bill)]


def _known(flow: Flow, bills: Sequence[ReadyBill], vendors: Mapping[str, BoundVendor]) -> Known:
    """Read what the ledgers hold that bills are judged against."""
    pair = flow.pair
    keys = {one.bill.payee for one in bills}
    ours = [one for one in vendors.values() if one.key in keys]
    in_xero = (
        guarded_read(
            flow, System.XERO, lambda: flow.xero.vendor_bills({one.contact_id for one in ours})
        )
        if ours
        else {}
    )
    in_sage100 = payables_of(flow, ours)
    held: dict[str, list[KnownBill]] = defaultdict(list)
    for vendor in ours:
        held[vendor.vendor_no] += in_xero.get(vendor.contact_id, ())
    for payables in in_sage100.values():
        for vendor_no, known in payables.bills.items():
            held[vendor_no] += known
    return Known(
        pair=pair,
        xero=guarded_read(flow, System.XERO, flow.xero.reference),
        sage100=guarded_read(flow, System.SAGE100, lambda: flow.sage100.reference(())),
        today=flow.clock.now().astimezone(ZoneInfo(pair.time_zone)).date(),
        vendor_nos={number for one in in_sage100.values() for number in one.vendors},
        vendor_terms_codes={"", *(code for one in in_sage100.values() for code in one.terms_codes)},
        bills=held,
    )


def payables_of(flow: Flow, vendors: Sequence[BoundVendor]) -> dict[str, SagePayables]:
    """Return what Sage 100 says of vendors, by their division."""
    numbers: dict[str, set[str]] = defaultdict(set)
    for vendor in vendors:
        numbers[vendor.division].add(vendor.vendor_no)
    return {
        division: guarded_read(flow, System.SAGE100, partial(flow.sage100.payables, division, some))
        for division, some in numbers.items()
    }


BILLS = Judging[ReadyBill](
    suite=BILL_DOCUMENT,
    step=STEP,
    take=_take,
    canonical=lambda ready: ready.bill.model_dump(mode="json"),
)
"""How bills are judged."""
