"""Invoices: rules of sales invoices (ACCREC) and bills (ACCPAY); invoice_forms has their forms."""

from datetime import date
from decimal import Decimal
from typing import Final

from tieout.simulators.xero import batch, contacts, history
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.charts import is_subscribed
from tieout.simulators.xero.documents import drawn_up, rounded_lines, with_all_lines
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.invoice_forms import Form, echoed, listed, shown
from tieout.simulators.xero.lines import Terms
from tieout.simulators.xero.locks import lock_problems
from tieout.simulators.xero.records import Invoice, InvoiceRequest
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, given

_NUMBER_LENGTH_MAX: Final = 255
_FROZEN_TEXT: Final = "Invoice not of valid status for modification"
_PAID_TEXT: Final = (
    "This document cannot be edited as it has a payment or credit note allocated to it."
)
_VOID_TEXT: Final = (
    "The status VOIDED cannot be applied to the invoice because it has payments or credit notes "
    "allocated to it."
)
_CREATABLE: Final = ("DRAFT", "SUBMITTED", "AUTHORISED")
_NEXT_STATUSES: Final = {
    "DRAFT": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "SUBMITTED": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "AUTHORISED": ("AUTHORISED", "VOIDED"),
    "PAID": ("PAID",),
}
# What stays editable once something is paid (domain/xero README, 2.8); the rest must not change.
_EDITABLE_WHEN_PAID: Final = {
    *("invoice_id", "type", "status", "reference", "due_date", "invoice_number", "url"),
    *("branding_theme_id", "contact", "sent_to_contact", "expected_payment_date"),
    *("planned_payment_date", "sub_total", "total_tax", "total"),
}


def answer(call: Call) -> Answer:
    """Serve /Invoices; an invoice answers to its id and to its number."""
    if not call.record_id:
        return listed(call) if call.method == "GET" else batch.written(call, WRITING)
    invoice = found(call.books, call.record_id)
    if call.action:
        return history.answer(call, invoice.invoice_id or "")
    if call.method == "GET":
        form = Form.SINGLE
        return Answer(content={"Invoices": [shown(call.books, invoice, form, call.unit_places)]})
    return batch.written(call, WRITING)


def found(books: Books, key: str | None) -> Invoice:
    """Return the invoice with this id, or the live one with this number.

    Raises:
        NotFoundError: There is none.
    """
    numbered = books.invoices.find("number", key)
    invoice = books.invoices.get(key) or next(iter(_live(numbered)), None)
    if invoice is None:
        raise NotFoundError
    return invoice


def _live(invoices: list[Invoice]) -> list[Invoice]:
    """Return those whose number is taken: a deleted draft's number is free, a void one's is not."""
    return [invoice for invoice in invoices if invoice.status != "DELETED"]


def _apply(call: Call, request: InvoiceRequest) -> Json:
    books = call.books
    prior = None
    if request.invoice_id:
        prior = found(books, request.invoice_id)
    elif not call.creates_only and request.type != "ACCPAY":
        prior = next(iter(_sharing_number(books, request.invoice_number)), None)
    if prior is not None and call.creates_only:
        check(["Invoice # must be unique."])
    invoice = _updated(call, prior, request) if prior else _created(call, request)
    return shown(books, invoice, Form.WRITTEN, call.unit_places)


def _sharing_number(books: Books, number: str | None) -> list[Invoice]:
    return [i for i in _live(books.invoices.find("number", number)) if i.type == "ACCREC"]


def _created(call: Call, request: InvoiceRequest) -> Invoice:
    books = call.books
    status = request.status or "DRAFT"
    messages = [] if request.type else ["Type must be specified"]
    if status not in _CREATABLE:
        messages.append("Invoice not of valid status for creation")
    try:
        contact = contacts.resolved(books, request.contact)
    except InvalidError as refusal:
        check([*messages, *refusal.messages])
        raise
    today = books.clock().date()
    day = request.date or today
    values: dict[str, object] = {
        "status": status,
        "sent_to_contact": False,
        "line_amount_types": "Exclusive",
        "currency_code": books.organisation().base_currency,
        "currency_rate": Decimal(1),
        **given(request),
        "invoice_id": books.new_id(),
        "contact_id": contact.contact_id,
        "date": day,
        "due_date": request.due_date or day,
        "created_by": call.client_id,
        "updated": books.clock(),
        "line_items": (),
    }
    if request.type == "ACCREC" and not request.invoice_number:
        values["invoice_number"] = _next_number(books)
    draft = Invoice.model_validate(values)
    messages += _problems(books, draft, None) + lock_problems(books, day)
    invoice = _with_lines(call, draft, rounded_lines(call, request), messages, None)
    contacts.marked(books, contact, invoice.type or "")
    history.recorded(
        books, invoice.invoice_id, "Created", f"{invoice.invoice_number or ''} to {contact.name}"
    )
    return books.invoices.put(invoice)


def _next_number(books: Books) -> str:
    number = len(books.invoices.all()) + 1
    while books.invoices.find("number", f"INV-{number:04d}"):
        number += 1
    return f"INV-{number:04d}"


def _problems(books: Books, invoice: Invoice, prior: Invoice | None) -> list[str]:
    messages = []
    sharing = _sharing_number(books, invoice.invoice_number) if invoice.type == "ACCREC" else []
    if any(other is not prior for other in sharing):
        messages.append("Invoice # must be unique.")
    if len(invoice.invoice_number or "") > _NUMBER_LENGTH_MAX:
        messages.append(f"InvoiceNumber must not be longer than {_NUMBER_LENGTH_MAX} characters")
    currency = (invoice.currency_code or "").upper()
    if not is_subscribed(books, currency):
        messages.append(f"Organisation is not subscribed to currency {currency}")
    return messages


def _with_lines(
    call: Call,
    invoice: Invoice,
    request: InvoiceRequest,
    messages: list[str],
    prior: Invoice | None,
) -> Invoice:
    """Return the invoice with its lines priced and its totals.

    Raises:
        InvalidError: There are messages, given or found here.
    """
    terms = Terms(
        invoice_type=invoice.type or "ACCREC",
        line_amount_types=invoice.line_amount_types or "Exclusive",
        status=invoice.status or "DRAFT",
        unit_places=call.unit_places,
    )
    drawn = drawn_up(call, request, terms, prior.line_items if prior else ())
    drawn.check(messages, stored_id=_stored_id(call, invoice))
    return _settled(invoice.model_copy(update=drawn.as_update()))


def _stored_id(call: Call, invoice: Invoice) -> str:
    stored = call.books.invoices.get(invoice.invoice_id)
    return (stored.invoice_id or "") if stored else ""


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
    values: dict[str, object] = {}
    if request.contact is not None:
        values["contact_id"] = contacts.resolved(books, request.contact).contact_id
    named = {n: v for n, v in given(request).items() if n in Invoice.model_fields}
    for computed in ("invoice_id", "line_items", "sub_total", "total_tax", "total", "type"):
        named.pop(computed, None)
    changed = prior.model_copy(update={**named, **values, "updated": books.clock()})
    messages = _problems(books, changed, prior) + lock_problems(books, prior.date, changed.date)
    if _is_applied(prior) and "line_items" not in request.model_fields_set:
        check(messages)
        invoice = changed
    else:
        invoice = _with_lines(call, changed, with_all_lines(call, prior, request), messages, prior)
    history.recorded(books, invoice.invoice_id, "Edited", f"{invoice.invoice_number or ''} edited")
    return books.invoices.put(invoice)


def _check_modifiable(books: Books, prior: Invoice, request: InvoiceRequest, status: str) -> None:
    problems = []
    if status == "VOIDED" and _is_applied(prior) and prior.status in ("AUTHORISED", "PAID"):
        problems = [_VOID_TEXT]
    elif status not in _NEXT_STATUSES.get(prior.status or "", ()):
        problems = [_FROZEN_TEXT]
    elif _is_applied(prior) and _changes_what_is_paid(prior, request):
        problems = [_PAID_TEXT]
    elif status in ("VOIDED", "DELETED"):
        problems = lock_problems(books, prior.date)
    if problems:
        raise InvalidError(problems, stored_id=prior.invoice_id or "")


def _is_applied(invoice: Invoice) -> bool:
    """Say whether a payment or a credit is set against the invoice."""
    return bool(invoice.amount_paid or invoice.amount_credited)


def _changes_what_is_paid(prior: Invoice, request: InvoiceRequest) -> bool:
    named = given(request)
    return any(
        name not in _EDITABLE_WHEN_PAID and value != getattr(prior, name, None)
        for name, value in named.items()
    )


def _closed(books: Books, prior: Invoice, status: str) -> Invoice:
    history.recorded(books, prior.invoice_id, status.title(), f"{prior.invoice_number or ''}")
    closed = prior.model_copy(update={"status": status, "updated": books.clock()})
    return books.invoices.put(closed)


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
