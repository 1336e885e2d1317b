"""Credit notes to customers and from suppliers, and their allocations to invoices.

Statuses and lines follow those of invoices. What is allocated or refunded lowers the remaining
credit; at nothing the note is PAID (domain/xero README, 1.3 and 2.8). Texts that no recording shows
are worded as those of invoices.
"""

from datetime import date
from decimal import Decimal
from typing import Final

from tieout.simulators.xero import batch, contacts, history, invoices
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.charts import is_subscribed
from tieout.simulators.xero.credit_note_forms import (
    echoed,
    listed,
    remaining_credit,
    shown,
    shown_allocation,
)
from tieout.simulators.xero.documents import drawn_up, rounded_lines, with_all_lines
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.invoice_forms import amount_due
from tieout.simulators.xero.lines import Terms, rounded
from tieout.simulators.xero.locks import lock_problems
from tieout.simulators.xero.records import (
    Allocation,
    AllocationRequest,
    CreditNote,
    CreditNoteRequest,
    Invoice,
)
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, given

_SELLS: Final = {"ACCRECCREDIT": "ACCREC", "ACCPAYCREDIT": "ACCPAY"}
_CREATABLE: Final = ("DRAFT", "SUBMITTED", "AUTHORISED")
_NEXT_STATUSES: Final = {
    "DRAFT": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "SUBMITTED": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "AUTHORISED": ("AUTHORISED", "VOIDED"),
}
_FROZEN_TEXT: Final = "Credit note not of valid status for modification"
_UNKNOWN_TEXT: Final = "An existing Credit Note with the specified CreditNoteID could not be found"
_APPLIED_TEXT: Final = (
    "This document cannot be edited as it has a payment or credit note allocated to it."
)


def answer(call: Call) -> Answer:
    """Serve /CreditNotes and the allocations of one."""
    if not call.record_id:
        return listed(call) if call.method == "GET" else batch.written(call, WRITING)
    note = found(call.books, call.record_id)
    if call.action == "allocations":
        return _allocations(call, note)
    if call.action:
        return history.answer(call, note.credit_note_id or "")
    if call.method == "GET":
        return Answer(content={"CreditNotes": [shown(call.books, note, call.unit_places)]})
    return batch.written(call, WRITING)


def found(books: Books, key: str | None) -> CreditNote:
    """Return the credit note with this id or number.

    Raises:
        NotFoundError: There is none.
    """
    note = books.credit_notes.get(key) or next(iter(books.credit_notes.find("number", key)), None)
    if note is None:
        raise NotFoundError
    return note


def _apply(call: Call, request: CreditNoteRequest) -> Json:
    books = call.books
    prior = books.credit_notes.get(request.credit_note_id)
    if request.credit_note_id and prior is None:
        check([_UNKNOWN_TEXT])
    if prior is None and not call.creates_only:
        prior = next(iter(_sharing_number(books, request.credit_note_number)), None)
    if prior is not None and call.creates_only:
        check(["Credit Note # must be unique."])
    note = _updated(call, prior, request) if prior else _created(call, request)
    return shown(books, note, call.unit_places)


def _sharing_number(books: Books, number: str | None) -> list[CreditNote]:
    notes = books.credit_notes.find("number", number)
    return [n for n in notes if n.type == "ACCRECCREDIT" and n.status != "DELETED"]


def _created(call: Call, request: CreditNoteRequest) -> CreditNote:
    books = call.books
    status = request.status or "DRAFT"
    messages = [] if request.type else ["Type must be specified"]
    if status not in _CREATABLE:
        messages.append("Credit note not of valid status for creation")
    contact = contacts.resolved(books, request.contact)
    day = request.date or books.clock().date()
    values: dict[str, object] = {
        "status": status,
        "sent_to_contact": False,
        "line_amount_types": "Exclusive",
        "currency_code": books.organisation().base_currency,
        "currency_rate": Decimal(1),
        **given(request),
        "credit_note_id": books.new_id(),
        "contact_id": contact.contact_id,
        "date": day,
        "created_by": call.client_id,
        "updated": books.clock(),
        "line_items": (),
    }
    if request.type == "ACCRECCREDIT" and not request.credit_note_number:
        values["credit_note_number"] = _next_number(books)
    draft = CreditNote.model_validate(values)
    messages += _problems(books, draft, None) + lock_problems(books, day)
    note = _with_lines(call, draft, rounded_lines(call, request), messages)
    contacts.marked(books, contact, _SELLS.get(note.type or "", ""))
    history.recorded(books, note.credit_note_id, "Created", f"{note.credit_note_number or ''}")
    return books.credit_notes.put(note)


def _next_number(books: Books) -> str:
    number = len(books.credit_notes.all()) + 1
    while books.credit_notes.find("number", f"CN-{number:04d}"):
        number += 1
    return f"CN-{number:04d}"


def _problems(books: Books, note: CreditNote, prior: CreditNote | None) -> list[str]:
    messages = []
    sharing = _sharing_number(books, note.credit_note_number) if note.type == "ACCRECCREDIT" else []
    if any(other is not prior for other in sharing):
        messages.append("Credit Note # must be unique.")
    currency = (note.currency_code or "").upper()
    if not is_subscribed(books, currency):
        messages.append(f"Organisation is not subscribed to currency {currency}")
    return messages


def _with_lines(
    call: Call,
    note: CreditNote,
    request: CreditNoteRequest,
    messages: list[str],
    prior: CreditNote | None = None,
) -> CreditNote:
    terms = Terms(
        invoice_type=_SELLS.get(note.type or "", "ACCREC"),
        line_amount_types=note.line_amount_types or "Exclusive",
        status=note.status or "DRAFT",
        unit_places=call.unit_places,
    )
    drawn = drawn_up(call, request, terms, prior.line_items if prior else ())
    drawn.check(messages, stored_id=(prior.credit_note_id or "") if prior else "")
    return note.model_copy(update=drawn.as_update())


def _updated(call: Call, prior: CreditNote, request: CreditNoteRequest) -> CreditNote:
    books = call.books
    status = request.status or prior.status or "DRAFT"
    is_applied = remaining_credit(books, prior) != (prior.total or Decimal(0))
    problems = lock_problems(books, prior.date, request.date)
    if status not in _NEXT_STATUSES.get(prior.status or "", ()):
        problems = [_FROZEN_TEXT]
    elif is_applied:
        problems = [_APPLIED_TEXT]
    if problems:
        raise InvalidError(problems, stored_id=prior.credit_note_id or "")
    if status in ("VOIDED", "DELETED"):
        return _stored(books, prior.model_copy(update={"status": status}), status.title())
    named = {n: v for n, v in given(request).items() if n in CreditNote.model_fields}
    for kept in ("credit_note_id", "line_items", "sub_total", "total_tax", "total", "type"):
        named.pop(kept, None)
    if request.contact is not None:
        named["contact_id"] = contacts.resolved(books, request.contact).contact_id
    changed = prior.model_copy(update=named)
    messages = _problems(books, changed, prior)
    whole = with_all_lines(call, prior, request)
    return _stored(books, _with_lines(call, changed, whole, messages, prior), "Edited")


def _stored(books: Books, note: CreditNote, change: str) -> CreditNote:
    history.recorded(books, note.credit_note_id, change, f"{note.credit_note_number or ''}")
    return books.credit_notes.put(note.model_copy(update={"updated": books.clock()}))


def _allocations(call: Call, note: CreditNote) -> Answer:
    if call.method == "PUT":
        return batch.written(_on_list(call), _allocating(note))
    allocation = call.books.allocations.get(call.part_id)
    if allocation is None or allocation.credit_id != note.credit_note_id:
        raise NotFoundError
    call.books.allocations.drop(allocation)
    invoice = invoices.found(call.books, allocation.invoice_id)
    invoices.credited(call.books, invoice, -allocation.amount, allocation.date)
    settled(call.books, note, allocation.date)
    return Answer(content={**shown_allocation(call.books, allocation), "IsDeleted": True})


def _on_list(call: Call) -> Call:
    """Return the call without the credit note's id, which is no id of an allocation."""
    return Call(**{**vars(call), "record_id": ""})


def _allocating(note: CreditNote) -> Writing[AllocationRequest]:
    def apply(call: Call, request: AllocationRequest) -> Json:
        allocation = _allocated(call.books, note, request)
        return shown_allocation(call.books, allocation)

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


def _allocated(books: Books, stored: CreditNote, request: AllocationRequest) -> Allocation:
    note = found(books, stored.credit_note_id)  # as an earlier allocation of the request left it
    link = request.invoice
    key = (link.invoice_id or link.invoice_number) if link else None
    try:
        invoice = invoices.found(books, key)
    except NotFoundError:
        check(["Invoice could not be found"])
        raise
    amount = rounded(request.amount or Decimal(0))
    day = request.date or books.clock().date()
    check(_allocation_problems(books, note, invoice, amount) + lock_problems(books, day))
    allocation = books.allocations.put(
        Allocation(
            allocation_id=books.new_id(),
            credit_id=note.credit_note_id or "",
            invoice_id=invoice.invoice_id or "",
            amount=amount,
            date=day,
        )
    )
    invoices.credited(books, invoice, amount, day)
    settled(books, note, day)
    return allocation


def _allocation_problems(
    books: Books, note: CreditNote, invoice: Invoice, amount: Decimal
) -> list[str]:
    messages = []
    if amount <= 0:
        messages.append("The allocation amount must be greater than 0")
    if note.status != "AUTHORISED" or invoice.status != "AUTHORISED":
        messages.append("Allocations can only be made against Authorised documents")
    if invoice.type != _SELLS.get(note.type or ""):
        messages.append("A credit note cannot be allocated to a document of another kind")
    if invoice.contact_id != note.contact_id:
        messages.append("A credit note can only be allocated to documents of its own contact")
    if invoice.currency_code != note.currency_code:
        messages.append("A credit note can only be allocated to documents in its own currency")
    if amount > remaining_credit(books, note):
        messages.append("Allocation amount exceeds the remaining credit on this document")
    if amount > amount_due(invoice):
        messages.append("Allocation amount exceeds the amount outstanding on this document")
    return messages


def refunded(books: Books, note: CreditNote, amount: Decimal, day: date) -> CreditNote:
    """Record that ``amount`` more (or less, if negative) of a credit note was paid back."""
    return settled(books, note.model_copy(update={"refunded": note.refunded + amount}), day)


def settled(books: Books, note: CreditNote, day: date) -> CreditNote:
    """Store a credit note with the status that follows from what remains of it."""
    is_paid = remaining_credit(books, note) == 0
    return books.credit_notes.put(
        note.model_copy(
            update={
                "status": "PAID" if is_paid else "AUTHORISED",
                "fully_paid_on": day if is_paid else None,
                "updated": books.clock(),
            }
        )
    )


WRITING: Final = Writing[CreditNoteRequest](
    plural="CreditNotes",
    singular="CreditNote",
    model=CreditNoteRequest,
    id_field="creditnoteid",
    id_key="CreditNoteID",
    apply=_apply,
    echo=echoed,
    error_flag="HasErrors",
)
