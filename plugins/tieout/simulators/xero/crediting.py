"""Credits: what credit notes, overpayments and prepayments share (domain/xero README, 1.3 and 2.8).

What is allocated to invoices or paid back lowers what remains; at nothing the credit is PAID. Texts
that no recording shows are worded as those of invoices.
"""

from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from tieout.simulators.xero import batch, invoices
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.document_records import (
    Credit,
    CreditNote,
    Invoice,
    Overpayment,
    Prepayment,
)
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.invoice_forms import amount_due
from tieout.simulators.xero.lines import rounded
from tieout.simulators.xero.locks import lock_problems
from tieout.simulators.xero.payment_records import Allocation, AllocationRequest
from tieout.simulators.xero.refusals import NotFoundError, check
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, members

_ZERO: Final = Decimal("0.00")
_EMPTY: Final = ("Payments", "CreditNotes", "Prepayments", "Overpayments")

AnyCredit = TypeVar("AnyCredit", bound=Credit)


def find(books: Books, credit_id: str | None) -> Credit | None:
    """Return the credit of whichever kind with this id."""
    for shelf in (books.credit_notes, books.overpayments, books.prepayments):
        found: Credit | None = shelf.get(credit_id)
        if found is not None:
            return found
    return None


def kind_of(credit: Credit) -> str:
    """Return the vendor's name of the kind of credit."""
    return type(credit).__name__


def remaining(books: Books, credit: Credit) -> Decimal:
    """Return what is neither allocated nor paid back; nothing of a void or deleted credit."""
    if credit.status in ("VOIDED", "DELETED"):
        return _ZERO
    allocated = sum((a.amount for a in allocations_of(books, credit)), _ZERO)
    return (credit.total or _ZERO) - allocated - credit.refunded


def is_applied(books: Books, credit: Credit) -> bool:
    """Say whether something of the credit is allocated or paid back."""
    return bool(credit.refunded or allocations_of(books, credit))


def allocations_of(books: Books, credit: Credit) -> list[Allocation]:
    """Return what of the credit is set against invoices."""
    return books.allocations.find("credit", credit.document_id)


def settled(books: Books, credit: Credit, day: date) -> None:
    """Store a credit with the status that follows from what remains of it."""
    is_paid = remaining(books, credit) == 0
    update = {
        "status": "PAID" if is_paid else "AUTHORISED",
        "fully_paid_on": day if is_paid else None,
        "updated": books.clock(),
    }
    _put(books, credit.model_copy(update=update))


def _put(books: Books, credit: Credit) -> None:
    if isinstance(credit, CreditNote):
        books.credit_notes.put(credit)
    elif isinstance(credit, Overpayment):
        books.overpayments.put(credit)
    elif isinstance(credit, Prepayment):
        books.prepayments.put(credit)


def refunded(books: Books, credit: Credit, amount: Decimal, day: date) -> None:
    """Record that ``amount`` more (or less, if negative) of a credit was paid back."""
    settled(books, credit.model_copy(update={"refunded": credit.refunded + amount}), day)


def allocations(call: Call, credit: Credit) -> Answer:
    """Serve the allocations of one credit: add some, or take one back."""
    if call.method == "PUT":
        on_list = Call(**{**vars(call), "record_id": ""})  # the id is the credit's, not theirs
        return batch.written(on_list, _allocating(credit))
    allocation = call.books.allocations.get(call.part_id)
    if allocation is None or allocation.credit_id != credit.document_id:
        raise NotFoundError
    call.books.allocations.drop(allocation)
    invoice = invoices.found(call.books, allocation.invoice_id)
    invoices.credited(call.books, invoice, -allocation.amount, allocation.date)
    settled(call.books, credit, allocation.date)
    return Answer(content={**shown_allocation(call.books, credit, allocation), "IsDeleted": True})


def _allocating(credit: Credit) -> Writing[AllocationRequest]:
    def apply(call: Call, request: AllocationRequest) -> Json:
        now = find(call.books, credit.document_id) or credit  # as the element before left it
        return shown_allocation(call.books, now, _allocated(call.books, now, request))

    return Writing[AllocationRequest](
        plural="Allocations",
        singular="Allocation",
        model=AllocationRequest,
        id_field="allocationid",
        id_key="",
        apply=apply,
        echo=lambda request, _refusal: batch.plain_echo(request, without=""),
        error_flag="",
    )


def _allocated(books: Books, credit: Credit, request: AllocationRequest) -> Allocation:
    link = request.invoice
    key = (link.invoice_id or link.invoice_number) if link else None
    try:
        invoice = invoices.found(books, key)
    except NotFoundError:
        check(["Invoice could not be found"])
        raise
    amount = rounded(request.amount or _ZERO)
    day = request.date or books.clock().date()
    check(_problems(books, credit, invoice, amount) + lock_problems(books, day))
    allocation = books.allocations.put(
        Allocation(
            allocation_id=books.new_id(),
            credit_id=credit.document_id,
            invoice_id=invoice.invoice_id or "",
            amount=amount,
            date=day,
        )
    )
    invoices.credited(books, invoice, amount, day)
    settled(books, credit, day)
    return allocation


def _problems(books: Books, credit: Credit, invoice: Invoice, amount: Decimal) -> list[str]:
    messages = []
    if amount <= 0:
        messages.append("The allocation amount must be greater than 0")
    if credit.status != "AUTHORISED" or invoice.status != "AUTHORISED":
        messages.append("Allocations can only be made against Authorised documents")
    if invoice.type != credit.settles:
        messages.append("A credit cannot be allocated to a document of another kind")
    if invoice.contact_id != credit.contact_id:
        messages.append("A credit can only be allocated to documents of its own contact")
    if invoice.currency_code != credit.currency_code:
        messages.append("A credit can only be allocated to documents in its own currency")
    if amount > remaining(books, credit):
        messages.append("Allocation amount exceeds the remaining credit on this document")
    if amount > amount_due(invoice):
        messages.append("Allocation amount exceeds the amount outstanding on this document")
    return messages


def shown_allocations(books: Books, credit: Credit) -> list[Json]:
    """Return the allocations of a credit as the credit shows them."""
    return [_nested(books, allocation) for allocation in allocations_of(books, credit)]


def shown_refunds(books: Books, credit: Credit) -> list[Json]:
    """Return the payments that gave back of a credit, as the credit shows them."""
    payments = books.payments.find("credit", credit.document_id)
    return [
        {
            **members(payment, "payment_id", "date", "amount", "reference", "currency_rate"),
            "HasAccount": False,
            "HasValidationErrors": False,
        }
        for payment in payments
        if payment.status != "DELETED"
    ]


def _nested(books: Books, allocation: Allocation) -> Json:
    invoice = books.invoices.get(allocation.invoice_id)
    return {
        **members(allocation, "allocation_id", "amount", "date"),
        "Invoice": {
            "InvoiceID": allocation.invoice_id,
            **(members(invoice, "invoice_number") if invoice else {}),
            **{key: [] for key in _EMPTY},
            "IsDiscounted": False,
            "InvoiceAddresses": [],
            "HasErrors": False,
            "InvoicePaymentServices": [],
            "LineItems": [],
        },
    }


def shown_allocation(books: Books, credit: Credit, allocation: Allocation) -> Json:
    """Return an allocation as the answer to its writing shows it."""
    kind = kind_of(credit)
    reference = {f"{kind}ID": credit.document_id, "ID": credit.document_id, "LineItems": []}
    return {**_nested(books, allocation), kind: reference, "ValidationErrors": []}
