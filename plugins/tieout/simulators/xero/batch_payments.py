"""Batch payments: payments of several invoices that leave, or reach, the bank as one amount.

A batch is all sales (RECBATCH) or all bills (PAYBATCH). Its payments are deleted with it, never
alone (domain/xero README, 2.8). Ours: the texts, and that a batch of one kind is required.
"""

from decimal import Decimal
from typing import Final

from tieout.simulators.xero import batch, history, lists, payments
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.locks import lock_problems
from tieout.simulators.xero.money_records import BatchPayment, BatchPaymentRequest
from tieout.simulators.xero.payment_records import Payment
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check, too_long
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, given, members, ms_date, rendered, wire_name

# The specification's; the longest text of ``Details`` is in its description.
_LENGTHS: Final = {"reference": 255, "particulars": 12, "code": 12, "details": 18, "narrative": 18}
_TYPES: Final = {"ACCRECPAYMENT": "RECBATCH", "ACCPAYPAYMENT": "PAYBATCH"}
_TEXTS: Final = ("reference", "particulars", "code", "details", "narrative")
_EMPTY: Final = ("Payments", "CreditNotes", "Prepayments", "Overpayments")

LISTING: Final = Listing[BatchPayment](
    plural="BatchPayments",
    singular="BatchPayment",
    fields={
        "batchpaymentid": lambda b: b.batch_payment_id,
        "type": lambda b: b.type,
        "status": lambda b: b.status,
        "date": lambda b: b.date,
        "reference": lambda b: b.reference,
        "totalamount": lambda b: b.total_amount,
        "account.accountid": lambda b: b.account_id,
        "updateddateutc": lambda b: b.updated,
    },
)


def answer(call: Call) -> Answer:
    """Serve /BatchPayments; a POST deletes."""
    if not call.record_id:
        return _listed(call) if call.method == "GET" else batch.written(call, WRITING)
    found = call.books.batch_payments.get(call.record_id)
    if found is None:
        raise NotFoundError
    if call.action:
        return history.answer(call, found.batch_payment_id)
    if call.method == "GET":
        return Answer(content={"BatchPayments": [shown(call.books, found)]})
    return batch.written(call, WRITING)


def _listed(call: Call) -> Answer:
    changed = call.books.batch_payments.changed_since(call.modified_since)
    chosen = lists.selected(call, changed, LISTING)
    return Answer(
        content=lists.paged(call, chosen, LISTING, render=lambda one: shown(call.books, one))
    )


def _apply(call: Call, request: BatchPaymentRequest) -> Json:
    write = _created if call.method == "PUT" else _deleted
    return shown(call.books, write(call.books, request))


def _created(books: Books, request: BatchPaymentRequest) -> BatchPayment:
    messages = too_long(request, _LENGTHS, {field: wire_name(field) for field in _LENGTHS})
    if not request.payments:
        messages.append("At least one payment must be specified")
    batch_id = books.new_id()
    day = request.date or books.clock().date()
    made = []
    for one in request.payments:
        # Date and account are the batch's, whatever the payment says of them.
        of_batch = one.model_copy(update={"account": request.account, "code": None, "date": day})
        try:
            made.append(payments.created(books, of_batch, batch_payment_id=batch_id))
        except InvalidError as refusal:
            messages += [text for text in refusal.messages if text not in messages]
    kinds = {_TYPES.get(payment.payment_type) for payment in made}
    if None in kinds or len(kinds) > 1:
        messages.append("A batch payment must be of invoices, or of bills, alone")
    check(messages)
    texts = {name: value for name, value in given(request).items() if name in _TEXTS}
    stored = BatchPayment.model_validate(
        {
            **texts,
            "batch_payment_id": batch_id,
            "account_id": made[0].account_id,
            "date": day,
            "type": kinds.pop(),
            "total_amount": sum((payment.amount for payment in made), Decimal(0)),
            "status": "AUTHORISED",
            "updated": books.clock(),
        }
    )
    history.recorded(books, batch_id, "Created", f"{stored.total_amount}")
    return books.batch_payments.put(stored)


def _deleted(books: Books, request: BatchPaymentRequest) -> BatchPayment:
    prior = books.batch_payments.get(request.batch_payment_id)
    if prior is None:
        raise NotFoundError
    parts = _payments(books, prior)
    problems = lock_problems(books, prior.date)
    if request.status != "DELETED":
        problems = ["Batch payments cannot be edited; delete the batch and create another"]
    elif prior.status == "DELETED":
        problems = ["BatchPayment not of valid status for modification"]
    elif any(payment.is_reconciled for payment in parts):
        problems = ["This batch payment has been reconciled and cannot be deleted"]
    if problems:
        raise InvalidError(problems, stored_id=prior.batch_payment_id)
    for payment in parts:
        payments.undone(books, payment)
    history.recorded(books, prior.batch_payment_id, "Deleted", f"{prior.total_amount}")
    gone = prior.model_copy(update={"status": "DELETED", "updated": books.clock()})
    return books.batch_payments.put(gone)


def _payments(books: Books, of: BatchPayment) -> list[Payment]:
    """Return the live payments of a batch."""
    named = books.payments.find("batch", of.batch_payment_id)
    return [payment for payment in named if payment.status != "DELETED"]


def shown(books: Books, of: BatchPayment) -> Json:
    """Return a batch payment as the vendor shows it; a deleted one has no payments."""
    account = books.accounts.get(of.account_id)
    parts = _payments(books, of)
    return {
        "Account": members(account, "account_id", "currency_code") if account else {},
        **members(of, *_TEXTS, "batch_payment_id"),
        "DateString": f"{of.date:%Y-%m-%d} 00:00:00",
        **members(of, "date"),
        "Payments": [_shown_payment(books, payment) for payment in parts],
        **members(of, "type", "status", "total_amount"),
        "UpdatedDateUTC": ms_date(of.updated),
        "IsReconciled": bool(parts) and all(payment.is_reconciled for payment in parts),
    }


def _shown_payment(books: Books, payment: Payment) -> Json:
    invoice = books.invoices.get(payment.invoice_id)
    return {
        "Invoice": {
            **(members(invoice, "invoice_id", "currency_code") if invoice else {}),
            **{key: [] for key in _EMPTY},
            "HasErrors": False,
            "IsDiscounted": False,
            "LineItems": [],
        },
        **members(payment, "payment_id", "reference", "amount", "bank_amount"),
    }


def _echo(request: BatchPaymentRequest, _refusal: InvalidError) -> Json:
    content = members(request, *_TEXTS, "date", "status")
    content["Account"] = rendered(request.account) if request.account is not None else {}
    content["Payments"] = [rendered(payment) for payment in request.payments]
    return content


WRITING: Final = Writing[BatchPaymentRequest](
    plural="BatchPayments",
    singular="BatchPayment",
    model=BatchPaymentRequest,
    id_field="batchpaymentid",
    id_key="BatchPaymentID",
    apply=_apply,
    echo=_echo,
    error_flag="",
    element_wise=("PUT",),
)
