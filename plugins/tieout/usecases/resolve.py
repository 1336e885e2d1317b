"""Close dead letters that became moot, each with the proof that it did.

Either the record came in later and is done, or both ledgers show it in full by its own keys: the
invoice by its number, with total, currency and what is still due; the sales order by the invoice
number as customer PO, with its total; every payment's receipt by its check number. Who posted it
does not matter. What only a person can compare (an order that changed, was cancelled or refunded
after it was posted) is never closed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tieout.domain.base import DeadLetterId, Frozen, Json
from tieout.domain.books import SageOrder, XeroInvoice
from tieout.domain.conversion import in_base
from tieout.domain.desk import Case, LetterQuery
from tieout.domain.ledger import DOUBTFUL, DeliveryState, DocumentState
from tieout.domain.order import Order
from tieout.domain.pair import Pair
from tieout.errors import RejectedError
from tieout.ports.desk import Desk
from tieout.usecases.flow import SHOP_ORDER, Flow
from tieout.usecases.order_gate import STEP as GATE_STEP
from tieout.usecases.order_money import converted
from tieout.usecases.order_names import amount_text, check_no, invoice_number

RESOLVER = "tieout resolve"
"""Who closes what is proven, in the audit."""
TO_COMPARE = frozenset({"changed_after_posting", "cancelled_after_posting"})
"""Causes whose figures may agree while what they stand for does not."""
POSTING_STEPS = frozenset(
    {
        *(GATE_STEP, SHOP_ORDER, "contact", "customer", "invoice", "sales_order"),
        *("order_deposit", "payment", "cash_receipt"),
    }
)
"""Steps whose work is done once both ledgers hold the order; a note or the shop's status is not."""
KEYS_PER_LOOK_UP = 100


class Resolved(Frozen):
    """One dead letter that was closed, and why it could be."""

    dead_letter_id: DeadLetterId
    trace_key: str
    proof: Json


@dataclass(frozen=True)
class _Candidate:
    case: Case
    order: Order
    number: str


def resolve_proven(flow: Flow, desk: Desk, *, by: str = RESOLVER) -> list[Resolved]:
    """Close every open dead letter of the pair that is proven moot; the others stay as they are."""
    letters = desk.letters(LetterQuery(pair=flow.pair.pair))
    cases = [desk.case(letter.dead_letter_id) for letter in letters]
    proofs = {**_done_since(flow, cases), **_in_both_ledgers(flow, cases)}
    resolved: list[Resolved] = []
    for case in cases:
        letter = case.letter
        proof = proofs.get(letter.dead_letter_id)
        if proof is None:
            continue
        try:
            desk.resolve(letter.dead_letter_id, by=by, proof=proof)
        except RejectedError:
            continue  # a person was faster
        resolved.append(
            Resolved(dead_letter_id=letter.dead_letter_id, trace_key=letter.trace_key, proof=proof)
        )
    return resolved


def _done_since(flow: Flow, cases: Sequence[Case]) -> dict[DeadLetterId, Json]:
    """Prove by the ledger: a message that could not be read is of a record that is done by now."""
    proofs: dict[DeadLetterId, Json] = {}
    for case in cases:
        if case.document is not None or case.entry is None or not case.entry.resource_id:
            continue
        source_id = case.entry.resource_id
        known = flow.ledger.known_records(
            flow.pair.pair, case.entry.account, SHOP_ORDER, [source_id]
        ).get(source_id)
        if known is not None and known.state is DocumentState.DONE:
            proofs[case.letter.dead_letter_id] = {"source_id": source_id, "state": "done"}
    return proofs


def _in_both_ledgers(flow: Flow, cases: Sequence[Case]) -> dict[DeadLetterId, Json]:
    """Prove by reading both ledgers."""
    candidates = [one for case in cases if (one := _candidate(flow, case)) is not None]
    proofs: dict[DeadLetterId, Json] = {}
    for start in range(0, len(candidates), KEYS_PER_LOOK_UP):
        proofs |= _proofs(flow, candidates[start : start + KEYS_PER_LOOK_UP])
    return proofs


def _candidate(flow: Flow, case: Case) -> _Candidate | None:
    """Return the order of a letter that reading both ledgers can prove moot."""
    document = case.document
    is_doubtful = any(one.state in {*DOUBTFUL, DeliveryState.HELD} for one in case.deliveries)
    if (
        document is None
        or is_doubtful
        or case.letter.cause in TO_COMPARE
        or case.letter.step not in POSTING_STEPS
    ):
        return None
    try:
        order = flow.mapper.order_from_shop(document.corrected, shop=document.account)
        number = invoice_number(flow.pair, order)
    except RejectedError:
        return None
    if order.is_cancelled or order.is_refunded:
        return None
    return _Candidate(case=case, order=order, number=number)


def _proofs(flow: Flow, candidates: Sequence[_Candidate]) -> dict[DeadLetterId, Json]:
    numbers = [one.number for one in candidates]
    invoices = {one.number: one for one in flow.xero.invoices_numbered(numbers)}
    invoiced = [
        one
        for one in candidates
        if one.number in invoices and _is_invoice_of(one.order, invoices[one.number])
    ]
    if not invoiced:
        return {}
    order_nos = flow.sage100.order_numbers([one.number for one in invoiced])
    orders = flow.sage100.orders() if order_nos else []
    checks = [check_no(payment) for one in invoiced for payment in one.order.payments]
    entered = flow.sage100.receipts_entered(checks)
    proofs: dict[DeadLetterId, Json] = {}
    for one in invoiced:
        ours = [order for order in orders if order.customer_po == one.number]
        receipts = {check_no(payment) for payment in one.order.payments}
        worth = _worth(flow.pair, one.order, invoices[one.number])
        if len(ours) == 1 and ours[0].total == worth and receipts <= entered:
            dead_letter_id = one.case.letter.dead_letter_id
            proofs[dead_letter_id] = _proof(one, invoices[one.number], ours[0])
    return proofs


def _worth(pair: Pair, order: Order, invoice: XeroInvoice) -> Decimal:
    """Return the order's total in the currency of the books, by the rate of its invoice."""
    return in_base(converted(pair, order, posted_rate=invoice.rate)).total


def _is_invoice_of(order: Order, invoice: XeroInvoice) -> bool:
    """Say whether an invoice shows the order's figures and carries no other order's mark."""
    mark = invoice.reference.partition(" ")[0]
    return (
        invoice.total == order.total
        and invoice.currency == order.currency
        and invoice.amount_due == order.total - order.captured
        and (not mark.isdecimal() or mark == order.source_id)
    )


def _proof(one: _Candidate, invoice: XeroInvoice, sales_order: SageOrder) -> Json:
    order = one.order
    return {
        "source_id": order.source_id,
        "total": amount_text(order.total, order),
        "currency": order.currency,
        "captured": amount_text(order.captured, order),
        "xero_invoice_id": invoice.invoice_id,
        "xero_invoice_number": invoice.number,
        "xero_amount_due": amount_text(invoice.amount_due, order),
        "sage100_sales_order_no": sales_order.order_no,
        "sage100_customer_po": sales_order.customer_po,
        "sage100_total": amount_text(sales_order.total, order),
        "sage100_check_nos": [check_no(payment) for payment in order.payments],
    }
