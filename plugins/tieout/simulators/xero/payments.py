"""Payments on invoices and refunds of credits: created, deleted by POST, never edited."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from tieout.simulators.xero import batch, crediting, history, invoices, lists
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.charts import account_of
from tieout.simulators.xero.document_records import Credit, Invoice
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.invoice_forms import amount_due, in_payment
from tieout.simulators.xero.lines import rounded
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.locks import lock_problems
from tieout.simulators.xero.payment_records import Payment, PaymentRequest
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check
from tieout.simulators.xero.setting_records import Account
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, members, ms_date, rendered, stamp_string

_ZERO: Final = Decimal(0)
_REFUNDS: Final = {
    "CreditNote": "CREDIT",
    "Overpayment": "OVERPAYMENT",
    "Prepayment": "PREPAYMENT",
}


def _listing(books: Books) -> Listing[Payment]:
    def invoice(payment: Payment) -> Invoice | None:
        return books.invoices.get(payment.invoice_id)

    def account(payment: Payment) -> Account | None:
        return books.accounts.get(payment.account_id)

    return Listing[Payment](
        plural="Payments",
        singular="Payment",
        fields={
            "paymentid": lambda p: p.payment_id,
            "paymenttype": lambda p: p.payment_type,
            "status": lambda p: p.status,
            "date": lambda p: p.date,
            "amount": lambda p: p.amount,
            "reference": lambda p: p.reference,
            "isreconciled": lambda p: p.is_reconciled,
            "updateddateutc": lambda p: p.updated,
            "invoice.invoiceid": lambda p: p.invoice_id,
            "invoice.invoicenumber": lambda p: i.invoice_number if (i := invoice(p)) else None,
            "creditnote.creditnoteid": lambda p: p.credit_id or None,
            "account.accountid": lambda p: p.account_id,
            "account.code": lambda p: a.code if (a := account(p)) else None,
        },
        paged=True,
        optimised=frozenset(("paymenttype", "invoice.invoiceid", "paymentid", "updateddateutc")),
    )


def answer(call: Call) -> Answer:
    """Serve /Payments."""
    if not call.record_id:
        if call.method != "GET":
            return batch.written(call, WRITING)
        listing = _listing(call.books)
        changed = call.books.payments.changed_since(call.modified_since)
        chosen = lists.selected(call, changed, listing)
        return Answer(
            content=lists.paged(
                call,
                chosen,
                listing,
                render=lambda payment: shown(call, payment, full=False),
            )
        )
    payment = call.books.payments.get(call.record_id)
    if payment is None:
        raise NotFoundError
    if call.action:
        return history.answer(call, payment.payment_id)
    if call.method == "GET":
        return Answer(content={"Payments": [shown(call, payment, full=True)]})
    return batch.written(call, WRITING)


def _apply(call: Call, request: PaymentRequest) -> Json:
    write = _deleted if request.payment_id else created
    return shown(call, write(call.books, request), full=True)


def created(books: Books, request: PaymentRequest, batch_payment_id: str | None = None) -> Payment:
    """Pay an invoice, alone or in a batch, or pay back a credit.

    Raises:
        InvalidError: The request breaks a rule.
    """
    if _names_credit(request):
        return _refunded(books, request)
    invoice, messages = _invoice(books, request)
    account, account_messages = _account(books, request)
    messages += account_messages
    day = request.date or books.clock().date()
    amount = rounded(request.amount) if request.amount is not None else _ZERO
    if amount <= 0:
        messages.append("The payment amount must be greater than 0")
    if invoice is not None:
        if invoice.status != "AUTHORISED":
            messages.append("Payments can only be made against Authorised documents")
        if amount > amount_due(invoice):
            messages.append("Payment amount exceeds the amount outstanding on this document")
    messages += lock_problems(books, day)
    check(messages)
    if invoice is None or account is None:
        raise NotFoundError
    kind = f"{invoice.type}PAYMENT"
    money = _Money(amount, day, kind, invoice.invoice_id or "", batch_payment_id=batch_payment_id)
    payment = _put(books, request, account, money)
    invoices.paid(books, invoice, amount)
    details = f"Payment of {amount} on {day:%d %B %Y}"
    history.recorded(books, invoice.invoice_id, "Paid", details)
    return payment


@dataclass(frozen=True)
class _Money:
    """How much moves when, of which kind, and for which document."""

    amount: Decimal
    day: date
    payment_type: str
    invoice_id: str = ""
    credit_id: str = ""
    batch_payment_id: str | None = None


def _put(books: Books, request: PaymentRequest, account: Account, money: _Money) -> Payment:
    return books.payments.put(
        Payment(
            payment_id=books.new_id(),
            invoice_id=money.invoice_id,
            credit_id=money.credit_id,
            batch_payment_id=money.batch_payment_id,
            account_id=account.account_id or "",
            date=money.day,
            amount=money.amount,
            bank_amount=request.bank_amount if request.bank_amount is not None else money.amount,
            currency_rate=request.currency_rate or Decimal(1),
            reference=request.reference,
            is_reconciled=bool(request.is_reconciled),
            payment_type=money.payment_type,
            updated=books.clock(),
        )
    )


def _names_credit(request: PaymentRequest) -> bool:
    named = (request.credit_note, request.overpayment, request.prepayment)
    return any(named) or bool(request.credit_note_number)


def _credit(books: Books, request: PaymentRequest) -> Credit:
    """Return the credit that a payment names.

    Raises:
        InvalidError: There is none.
    """
    found: Credit | None = None
    if request.overpayment is not None:
        found = books.overpayments.get(request.overpayment.overpayment_id)
    elif request.prepayment is not None:
        found = books.prepayments.get(request.prepayment.prepayment_id)
    else:
        link = request.credit_note
        key = (link.credit_note_id or link.credit_note_number) if link else None
        key = key or request.credit_note_number
        numbered = books.credit_notes.find("number", key)
        found = books.credit_notes.get(key) or next(iter(numbered), None)
    if found is None:
        raise InvalidError(["The credit to be paid back could not be found"])
    return found


def _refunded(books: Books, request: PaymentRequest) -> Payment:
    """Pay back a credit: the money of a refund."""
    credit = _credit(books, request)
    account, messages = _account(books, request)
    day = request.date or books.clock().date()
    amount = rounded(request.amount) if request.amount is not None else _ZERO
    if request.invoice is not None or request.invoice_number:
        messages.append("Only one of Invoice, CreditNote, Prepayment or Overpayment can be paid")
    if amount <= 0:
        messages.append("The payment amount must be greater than 0")
    if credit.status != "AUTHORISED":
        messages.append("Payments can only be made against Authorised documents")
    if amount > crediting.remaining(books, credit):
        messages.append("Payment amount exceeds the amount outstanding on this document")
    check(messages + lock_problems(books, day))
    if account is None:
        raise NotFoundError
    money = _Money(amount, day, _refund_type(credit), credit_id=credit.document_id)
    payment = _put(books, request, account, money)
    crediting.refunded(books, credit, amount, day)
    history.recorded(books, credit.document_id, "Refunded", f"{amount} on {day:%d %B %Y}")
    return payment


def _refund_type(credit: Credit) -> str:
    side = "AR" if credit.settles == "ACCREC" else "AP"
    return f"{side}{_REFUNDS[crediting.kind_of(credit)]}PAYMENT"


def _invoice(books: Books, request: PaymentRequest) -> tuple[Invoice | None, list[str]]:
    link = request.invoice
    key = link.invoice_id or link.invoice_number if link else None
    key = key or request.invoice_number
    if not key:
        return None, ["One of Invoice, CreditNote, Prepayment or Overpayment must be specified"]
    try:
        return invoices.found(books, key), []
    except NotFoundError:
        return None, ["Invoice could not be found"]


def _account(books: Books, request: PaymentRequest) -> tuple[Account | None, list[str]]:
    link = request.account
    code = (link.code if link else None) or request.code
    account_id = link.account_id if link else None
    if not code and not account_id:
        return None, ["Account could not be found"]
    account = account_of(books, code=code, account_id=account_id)
    if account is None or account.status != "ACTIVE":
        return None, ["Account could not be found"]
    if account.type != "BANK" and not account.enable_payments_to_account:
        return account, ["Account type is invalid for making a payment to/from"]
    return account, []


def _deleted(books: Books, request: PaymentRequest) -> Payment:
    payment = books.payments.get(request.payment_id)
    if payment is None:
        raise NotFoundError
    problems = lock_problems(books, payment.date)
    if request.status != "DELETED":
        problems = ["Payments cannot be edited; delete the payment and create another"]
    elif payment.status == "DELETED":
        problems = ["Payment not of valid status for modification"]
    elif payment.is_reconciled:
        problems = ["This payment has been reconciled and cannot be deleted"]
    elif payment.batch_payment_id:
        problems = ["This payment is part of a batch payment and cannot be deleted alone"]
    if problems:
        raise InvalidError(problems, stored_id=payment.payment_id)
    return undone(books, payment)


def undone(books: Books, payment: Payment) -> Payment:
    """Delete a payment, and take back what it did to its invoice or credit."""
    gone = payment.model_copy(update={"status": "DELETED", "updated": books.clock()})
    books.payments.put(gone)
    invoice = books.invoices.get(payment.invoice_id)
    credit = crediting.find(books, payment.credit_id)
    if credit is not None:
        crediting.refunded(books, credit, -payment.amount, payment.date)
        history.recorded(books, credit.document_id, "Payment deleted", f"{payment.amount}")
    if invoice is not None:
        invoices.paid(books, invoice, -payment.amount)
        history.recorded(books, invoice.invoice_id, "Payment deleted", f"{payment.amount}")
    return gone


def shown(call: Call, payment: Payment, *, full: bool) -> Json:
    """Return a payment as the vendor shows it alone and after a write, or in a list."""
    books = call.books
    account = books.accounts.get(payment.account_id)
    invoice = books.invoices.get(payment.invoice_id)
    account_keys = ("account_id", "code", "name") if full else ("account_id", "code")
    head = ("payment_id", "date", "bank_amount", "amount", "reference", "currency_rate")
    content = members(payment, *head, "payment_type", "status")
    content |= {
        "UpdatedDateUTC": ms_date(payment.updated),
        "UpdatedDateUTCString": stamp_string(payment.updated),
        "HasAccount": True,
        "IsReconciled": payment.is_reconciled,
        "Account": members(account, *account_keys) if account else {},
        **members(payment, "batch_payment_id"),
    }
    if invoice is not None:
        content["Invoice"] = in_payment(books, invoice, call.unit_places, full=full)
    credit = crediting.find(books, payment.credit_id)
    if credit is not None:
        kind = crediting.kind_of(credit)
        content[kind] = {
            f"{kind}ID": credit.document_id,
            "ID": credit.document_id,
            **members(credit, "type"),
            "Contact": {"ContactID": credit.contact_id},
            "LineItems": [],
            **members(credit, "currency_code"),
        }
    return {**content, "HasValidationErrors": False}


def _echo(request: PaymentRequest, _refusal: InvalidError) -> Json:
    content = members(request, "date", "amount", "bank_amount", "reference", "currency_rate")
    if request.invoice is not None:
        content["Invoice"] = rendered(request.invoice)
    if request.account is not None:
        content["Account"] = rendered(request.account)
    return content | members(request, "status")


WRITING: Final = Writing[PaymentRequest](
    plural="Payments",
    singular="Payment",
    model=PaymentRequest,
    id_field="paymentid",
    id_key="PaymentID",
    apply=_apply,
    echo=_echo,
    element_wise=("PUT",),
)
