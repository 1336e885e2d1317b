"""Payments recorded in the ledger that does not pay: manual checks, and payments of Xero.

All bills that one batch of Xero pays a vendor are one check with a line each. A check of Sage 100
is a payment for each of its bills; when it is reversed, they are deleted.
"""

import hashlib
from collections.abc import Iterator

from tieout.domain.base import BatchId, System
from tieout.domain.hashing import base36
from tieout.domain.ledger import DocumentState
from tieout.domain.records import BILL_MARK
from tieout.usecases.catalog import MANUAL_CHECK, PAYMENT, PAYMENT_DELETION
from tieout.usecases.flow import Flow, StepReport, documents_of
from tieout.usecases.order_money import cents_text
from tieout.usecases.procure_to_pay.payments import (
    BILL_PAYMENT,
    BillPayment,
    ReadyPayment,
    delivery_key,
)
from tieout.usecases.writing import Write, write_all

SETTLE = "settle_bill_payments"
TO_XERO = "pay_bills_in_xero"
CHECK_PREFIX = "XP"
"""How the number of a check begins that came from Xero (Sage 100 gives none by itself)."""
CHECK_DIGITS = 8


def _ready(flow: Flow, batch_id: BatchId, to: System) -> list[ReadyPayment]:
    found = [
        ReadyPayment(document=one, payment=BillPayment.model_validate(one.canonical))
        for one in documents_of(flow, batch_id, DocumentState.READY)
    ]
    return [one for one in found if one.payment.to is to]


def check_no(key: str) -> str:
    """Return the check number of a payment of Xero: 10 characters, the same whenever asked for."""
    digest = int(hashlib.sha256(key.encode()).hexdigest(), 16)
    return f"{CHECK_PREFIX}{base36(digest)[:CHECK_DIGITS]}".upper()


def write_manual_checks(flow: Flow, batch_id: BatchId) -> StepReport:
    """Record in Sage 100 what Xero paid, as manual checks."""

    def writes_of(one: ReadyPayment) -> Iterator[Write]:
        payment = one.payment
        record = {
            "payment": payment,
            "check_no": check_no(payment.key),
            "comment": f"{BILL_MARK}{payment.key.partition('/')[0]}",
        }
        yield Write(
            payment.key,
            record,
            {"amount": cents_text(payment.total)},
            binding_entity=BILL_PAYMENT,
            payee=payment.payee,
        )

    target = flow.sage100.target(MANUAL_CHECK.entity)
    return write_all(flow, MANUAL_CHECK, target, _ready(flow, batch_id, System.SAGE100), writes_of)


def write_bill_payments(flow: Flow, batch_id: BatchId) -> StepReport:
    """Record in Xero what Sage 100 paid, a payment for each bill."""

    def writes_of(one: ReadyPayment) -> Iterator[Write]:
        payment = one.payment
        check = f"{payment.bank_code}/{payment.number}"
        for bill in payment.paid:
            said = {
                "book_date": payment.book_date,
                "amount": bill.amount,
                "source_id": check,
                "exchange": None,
            }
            record = {
                "payment": said,
                "banked": bill.amount,
                "invoice_id": bill.bill_id,
                "account_code": payment.account,
                "invoice_number": bill.invoice_no,
            }
            expected = {"amount": cents_text(bill.amount), "account": payment.account}
            key = delivery_key(check, bill.invoice_no)
            yield Write(key, record, expected, binding_entity=BILL_PAYMENT)

    payments = [one for one in _ready(flow, batch_id, System.XERO) if one.payment.paid]
    return write_all(flow, PAYMENT, flow.xero.target(PAYMENT.entity), payments, writes_of)


def delete_bill_payments(flow: Flow, batch_id: BatchId) -> StepReport:
    """Delete in Xero the payments whose checks people reversed in Sage 100."""

    def writes_of(one: ReadyPayment) -> Iterator[Write]:
        for payment_id in one.payment.undone:
            yield Write(payment_id, {"PaymentID": payment_id}, {"status": "DELETED"})

    undone = [one for one in _ready(flow, batch_id, System.XERO) if one.payment.undone]
    target = flow.xero.target(PAYMENT_DELETION.entity)
    return write_all(flow, PAYMENT_DELETION, target, undone, writes_of)


def settle_payments(flow: Flow, batch_id: BatchId) -> StepReport:
    """Close the documents of the payments that are in both ledgers."""
    ready = documents_of(flow, batch_id, DocumentState.READY)
    flow.ledger.mark_done(*(one.document_id for one in ready))
    return StepReport(step=SETTLE, documents=len(ready), confirmed=len(ready), set_aside=0)
