"""Invoices: rules of sales invoices (ACCREC) and bills (ACCPAY); invoice_forms has their forms."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from tieout.simulators.xero import batch, contacts, documents, history, invoice_sending, printed
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.document_records import Invoice, InvoiceRequest, LineItem
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.invoice_forms import Form, echoed, listed, shown
from tieout.simulators.xero.locks import lock_problems
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check, too_long
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, given

_LENGTHS: Final = {"invoice_number": 255}
_FROZEN_TEXT: Final = "Invoice not of valid status for modification"
_UNIQUE_TEXT: Final = "Invoice # must be unique."
_VOID_TEXT: Final = (
    "The status VOIDED cannot be applied to the invoice because it has payments or credit notes "
    "allocated to it."
)
_NEXT_STATUSES: Final = {**documents.NEXT_STATUSES, "PAID": ("PAID",)}
# What stays editable once something is paid (domain/xero README, 2.8); the rest must not change.
_EDITABLE_WHEN_PAID: Final = {
    *("invoice_id", "type", "status", "reference", "due_date", "invoice_number", "url"),
    *("branding_theme_id", "contact", "sent_to_contact", "expected_payment_date"),
    *("planned_payment_date", "sub_total", "total_tax", "total"),
}


_EDITABLE_ON_LINES: Final = {"description", "account_code", "account_id", "tracking"}
# What does not move UpdatedDateUTC on a document that is paid in part (1.2, delta traps).
_UNSTAMPED: Final = {"due_date", "sent_to_contact", "invoice_id", "contact"}


def answer(call: Call) -> Answer:
    """Serve /Invoices; an invoice answers to its id and to its number."""
    if not call.record_id:
        return listed(call) if call.method == "GET" else batch.written(call, WRITING)
    invoice = found(call.books, call.record_id)
    if call.action:
        return _part(call, invoice)
    if call.method == "GET":
        form = Form.SINGLE
        return Answer(content={"Invoices": [shown(call.books, invoice, form, call.unit_places)]})
    return batch.written(call, WRITING)


def _part(call: Call, invoice: Invoice) -> Answer:
    if call.action == printed.PART:
        title = f"Invoice {invoice.invoice_number or ''}"
        return printed.printed(call.books, title, invoice, invoice.contact_id)
    if call.action == "email":
        return invoice_sending.emailed(call, invoice)
    if call.action == "onlineinvoice":
        return invoice_sending.online(invoice)
    return history.answer(call, invoice.document_id)


def found(books: Books, key: str | None) -> Invoice:
    """Return the invoice with this id, or the live one with this number.

    Raises:
        NotFoundError: There is none.
    """
    numbered = books.invoices.find("number", key)
    live = (invoice for invoice in numbered if invoice.status != "DELETED")
    invoice = books.invoices.get(key) or next(live, None)
    if invoice is None:
        raise NotFoundError
    return invoice


def _apply(call: Call, request: InvoiceRequest) -> Json:
    books = call.books
    prior = None
    if request.invoice_id:
        prior = found(books, request.invoice_id)
    elif not call.creates_only and request.type != "ACCPAY":
        prior = next(iter(_sharing_number(books, request.invoice_number)), None)
    if prior is not None and call.creates_only:
        check([_UNIQUE_TEXT])
    invoice = _updated(call, prior, request) if prior else _created(call, request)
    return shown(books, invoice, Form.WRITTEN, call.unit_places)


def _sharing_number(books: Books, number: str | None) -> list[Invoice]:
    return documents.sharing_number(books.invoices, number, "ACCREC")


def _created(call: Call, request: InvoiceRequest) -> Invoice:
    books = call.books
    messages = [] if request.type else ["Type must be specified"]
    if (request.status or "DRAFT") not in documents.CREATABLE:
        messages.append("Invoice not of valid status for creation")
    try:
        contact = contacts.resolved(books, request.contact)
    except InvalidError as refusal:
        check([*messages, *refusal.messages])
        raise
    number = request.invoice_number
    if request.type == "ACCREC" and not number:
        number = documents.next_number(books.invoices, "INV")
    values = documents.opened(
        call,
        request,
        type=request.type,
        invoice_id=books.new_id(),
        invoice_number=number,
        contact_id=contact.contact_id,
        due_date=request.due_date or request.date or books.clock().date(),
        created_by=call.client_id,
    )
    draft = Invoice.model_validate(values)
    messages += _problems(books, draft, None) + lock_problems(books, draft.date)
    terms = documents.terms_of(call, draft, draft.type or "ACCREC")
    lines = documents.rounded_lines(call, request)
    invoice = _settled(documents.with_lines(call, draft, lines, terms, messages))
    contacts.marked(books, contact, invoice.type or "")
    return _stored(books, invoice, "Created", f"{invoice.invoice_number or ''} to {contact.name}")


def _problems(books: Books, invoice: Invoice, prior: Invoice | None) -> list[str]:
    sharing = _sharing_number(books, invoice.invoice_number) if invoice.type == "ACCREC" else []
    messages = [_UNIQUE_TEXT] if any(other is not prior for other in sharing) else []
    messages += too_long(invoice, _LENGTHS, {"invoice_number": "InvoiceNumber"})
    return messages + documents.currency_problems(books, invoice)


def _stored(books: Books, invoice: Invoice, change: str, details: str) -> Invoice:
    return documents.stored(books, books.invoices, invoice, change, details)


def _settled(invoice: Invoice) -> Invoice:
    """Return the invoice with the status that follows; a zero total is paid at once."""
    if invoice.status not in ("AUTHORISED", "PAID"):
        return invoice
    is_paid = invoice.amount_paid + invoice.amount_credited >= (invoice.total or Decimal(0))
    return invoice.model_copy(
        update={
            "status": "PAID" if is_paid else "AUTHORISED",
            "fully_paid_on": (invoice.fully_paid_on or invoice.date) if is_paid else None,
        }
    )


def _updated(call: Call, prior: Invoice, request: InvoiceRequest) -> Invoice:
    books = call.books
    status = request.status or prior.status or "DRAFT"
    _check_modifiable(books, prior, request, status)
    if status in ("VOIDED", "DELETED"):
        return _closed(books, prior, status)
    contact_id = contacts.of_edited(books, request.contact, prior.contact_id)
    changed = documents.edited(prior, request, contact_id=contact_id)
    messages = _problems(books, changed, prior) + lock_problems(books, prior.date, changed.date)
    if _is_applied(prior) and "line_items" not in request.model_fields_set:
        check(messages)
        invoice = changed
    else:
        terms = documents.terms_of(call, changed, changed.type or "ACCREC")
        lines = documents.with_all_lines(call, prior, request)
        drawn = documents.with_lines(call, changed, lines, terms, messages, prior=prior)
        invoice = _settled(drawn)
    stored = _stored(books, invoice, "Edited", f"{invoice.invoice_number or ''} edited")
    is_same_contact = contact_id == prior.contact_id
    if _is_applied(prior) and is_same_contact and _changes(prior, request) <= _UNSTAMPED:
        return books.invoices.put(stored.model_copy(update={"updated": prior.updated}))
    return stored


def _check_modifiable(books: Books, prior: Invoice, request: InvoiceRequest, status: str) -> None:
    problems = []
    if status == "VOIDED" and _is_applied(prior) and prior.status in ("AUTHORISED", "PAID"):
        problems = [_VOID_TEXT]
    elif status not in _NEXT_STATUSES.get(prior.status or "", ()):
        problems = [_FROZEN_TEXT]
    elif _is_applied(prior) and _changes_what_is_paid(prior, request):
        problems = [documents.APPLIED_TEXT]
    elif status in ("VOIDED", "DELETED"):
        problems = lock_problems(books, prior.date)
    if problems:
        raise InvalidError(problems, stored_id=prior.document_id)


def _is_applied(invoice: Invoice) -> bool:
    """Say whether a payment or a credit is set against the invoice."""
    return bool(invoice.amount_paid or invoice.amount_credited)


def _changes_what_is_paid(prior: Invoice, request: InvoiceRequest) -> bool:
    changes = _changes(prior, request) - _EDITABLE_WHEN_PAID
    if prior.type == "ACCPAY" and _relabels(prior.line_items, request.line_items):
        changes -= {"line_items"}
    return bool(changes)


def _changes(prior: Invoice, request: InvoiceRequest) -> set[str]:
    """Return the names of the members that the request would change."""
    named = given(request).items()
    return {name for name, value in named if value != getattr(prior, name, None)}


def _relabels(prior: Sequence[LineItem], named: Sequence[LineItem]) -> bool:
    """Say whether lines keep what they cost, and only text, account or tracking change."""
    known = {line.line_item_id: line for line in prior}
    return {line.line_item_id for line in named} == set(known) and all(
        name in _EDITABLE_ON_LINES or value == getattr(known[line.line_item_id], name)
        for line in named
        for name, value in given(line).items()
    )


def _closed(books: Books, prior: Invoice, status: str) -> Invoice:
    closed = prior.model_copy(update={"status": status})
    return _stored(books, closed, status.title(), prior.invoice_number or "")


def paid(books: Books, invoice: Invoice, amount: Decimal) -> Invoice:
    """Record that ``amount`` more (or less, if negative) is paid on an invoice."""
    live = [p for p in books.payments.find("invoice", invoice.invoice_id) if p.status != "DELETED"]
    last_day = max((payment.date for payment in live), default=invoice.date)
    changed = invoice.model_copy(
        update={
            "amount_paid": invoice.amount_paid + amount,
            "fully_paid_on": last_day,
            "updated": books.clock(),
        }
    )
    return books.invoices.put(_settled(changed))


def credited(books: Books, invoice: Invoice, amount: Decimal, day: date) -> Invoice:
    """Record that ``amount`` more (or less, if negative) of a credit is set against an invoice."""
    changed = invoice.model_copy(
        update={
            "amount_credited": invoice.amount_credited + amount,
            "fully_paid_on": day,
            "updated": books.clock(),
        }
    )
    return books.invoices.put(_settled(changed))


WRITING: Final = Writing[InvoiceRequest](
    plural="Invoices",
    singular="Invoice",
    model=InvoiceRequest,
    id_field="invoiceid",
    id_key="InvoiceID",
    apply=_apply,
    echo=echoed,
    error_flag="HasErrors",
)
