"""Bills entered in Sage 100: as A/P invoices by their distributions.

A bill's lines go to the accounts that the pair maps. Tax goes with them where the pair gets it back
(the role ``purchase_tax``), and else to the account that Sage 100's A/P division has for it, as
part of the cost.
"""

from collections.abc import Iterator, Sequence

from tieout.domain.base import BatchId, Json, System
from tieout.domain.ledger import LANDED, DocumentState, NewBinding
from tieout.domain.money import ZERO
from tieout.domain.pair import Pair
from tieout.domain.records import Bill
from tieout.domain.roles import PURCHASE_TAX
from tieout.usecases.catalog import AP_INVOICE
from tieout.usecases.flow import Flow, StepReport, documents_of
from tieout.usecases.order_money import cents_text
from tieout.usecases.procure_to_pay.bill_gate import WRITES, ReadyBill
from tieout.usecases.writing import Write, write_all

BILL_BINDING = "bill"
"""What bindings call a bill; its key is its id in Xero."""
PROVENANCE = "came from Xero"
SETTLE = "settle_bills"


def bills_of(flow: Flow, batch_id: BatchId, *states: DocumentState) -> list[ReadyBill]:
    """Return the batch's bills whose documents are in these states."""
    return [
        ReadyBill(document=one, bill=Bill.model_validate(one.canonical))
        for one in documents_of(flow, batch_id, *states)
    ]


def make_ready(flow: Flow, bills: Sequence[ReadyBill]) -> None:
    """Bind bills to what they are in Xero, and let them go on to be entered."""
    for one in bills:
        flow.ledger.bind(
            NewBinding(
                pair=flow.pair.pair,
                entity=BILL_BINDING,
                key=one.bill.source_id,
                system=System.XERO,
                external_id=one.bill.source_id,
                external_no=one.bill.number,
                provenance=PROVENANCE,
            )
        )
    flow.ledger.mark_ready([one.document_id for one in bills])


def write_ap_invoices(flow: Flow, batch_id: BatchId) -> StepReport:
    """Enter the batch's bills in Sage 100 as A/P invoices."""
    make_ready(flow, bills_of(flow, batch_id, DocumentState.VALIDATED))
    bills = bills_of(flow, batch_id, DocumentState.READY)

    def writes_of(ready: ReadyBill) -> Iterator[Write]:
        bill = ready.bill
        distributions, tax = distributed(flow.pair, bill)
        yield Write(
            bill.source_id,
            {
                "bill": bill,
                "number": "".join(bill.number.split()),
                "comment": bill.mark,
                "distributions": distributions,
                "tax": tax,
            },
            {"amount": cents_text(bill.total)},
            binding_entity=BILL_BINDING,
            payee=bill.payee,
        )

    return write_all(flow, AP_INVOICE, flow.sage100.target(AP_INVOICE.entity), bills, writes_of)


def distributed(pair: Pair, bill: Bill) -> tuple[list[Json], str]:
    """Return what each account gets of a bill, and the tax that is no account's of ours."""
    lines: list[Json] = [
        {"account": line.accounts.sage100, "amount": cents_text(line.net)} for line in bill.lines
    ]
    recoverable = next((one.sage100 for one in pair.accounts if one.role == PURCHASE_TAX), "")
    if not recoverable:
        return lines, cents_text(bill.tax)
    if bill.tax:
        lines.append({"account": recoverable, "amount": cents_text(bill.tax)})
    return lines, cents_text(ZERO)


def settle_bills(flow: Flow, batch_id: BatchId) -> StepReport:
    """Close the documents of the bills that are in Sage 100."""
    ready = documents_of(flow, batch_id, DocumentState.READY)
    entered = {
        delivery.document_key
        for kind in WRITES
        for delivery in flow.ledger.deliveries_of(
            flow.pair.pair, kind.entity, [one.source_id for one in ready]
        )
        if delivery.state in LANDED
    }
    done = [one.document_id for one in ready if one.source_id in entered]
    flow.ledger.mark_done(*done)
    return StepReport(step=SETTLE, documents=len(ready), confirmed=len(done), set_aside=0)
