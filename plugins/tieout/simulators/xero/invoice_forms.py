"""How invoices look: alone, on a page, in a list, in a summary, after a write, inside a payment.

Each form has the members of its recording (recordings.json, ``GET Invoices``, ``PUT Invoices`` and
``POST Invoices``); the rules are in invoices.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum
from typing import Final

from tieout.simulators.xero import attachments, contact_forms, lists
from tieout.simulators.xero.contact_records import Contact
from tieout.simulators.xero.document_records import (
    Credit,
    Invoice,
    InvoiceRequest,
    LineItem,
    LineTracking,
)
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.lines import rounded
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.payment_records import Payment
from tieout.simulators.xero.refusals import InvalidError, validation_errors
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import (
    ZERO_GUID,
    Json,
    day_string,
    members,
    ms_date,
    rendered,
    stamp_string,
)

_ZERO: Final = Decimal("0.00")
_LINE_HEAD: Final = (
    *("item_code", "description", "unit_amount", "tax_type", "tax_amount", "line_amount"),
    "account_code",
)
_LINE_TAIL: Final = ("quantity", "discount_rate", "discount_amount", "line_item_id", "account_id")


# Domain/xero README, 1.2; the order by change is the default.
_OPTIMISED: Final = frozenset(
    [
        *("status", "contact.contactid", "contact.name", "contact.contactnumber", "reference"),
        *("invoicenumber", "invoiceid", "type", "amountpaid", "date", "duedate", "amountdue"),
        "updateddateutc",
    ]
)


class Form(Enum):
    """Where an invoice is shown."""

    SINGLE = "single"
    PAGE = "page"
    LIST = "list"
    SUMMARY = "summary"
    WRITTEN = "written"


def _listing(books: Books) -> Listing[Invoice]:
    def contact(invoice: Invoice) -> Contact | None:
        return books.contacts.get(invoice.contact_id)

    return Listing[Invoice](
        plural="Invoices",
        singular="Invoice",
        fields={
            "invoiceid": lambda i: i.invoice_id,
            "invoicenumber": lambda i: i.invoice_number,
            "reference": lambda i: i.reference,
            "type": lambda i: i.type,
            "status": lambda i: i.status,
            "date": lambda i: i.date,
            "duedate": lambda i: i.due_date,
            "fullypaidondate": lambda i: i.fully_paid_on,
            "total": lambda i: i.total,
            "subtotal": lambda i: i.sub_total,
            "totaltax": lambda i: i.total_tax,
            "amountpaid": lambda i: i.amount_paid,
            "amountdue": amount_due,
            "amountcredited": lambda i: i.amount_credited,
            "currencycode": lambda i: i.currency_code,
            "updateddateutc": lambda i: i.updated,
            "contact.contactid": lambda i: i.contact_id,
            "contact.name": lambda i: c.name if (c := contact(i)) else None,
            "contact.contactnumber": lambda i: c.contact_number if (c := contact(i)) else None,
        },
        paged=True,
        optimised=_OPTIMISED,
    )


def amount_due(invoice: Invoice) -> Decimal:
    """Return what is open; nothing is on a void or deleted document read back."""
    if invoice.status in ("VOIDED", "DELETED"):
        return _ZERO
    return _open(invoice)


def _open(invoice: Invoice) -> Decimal:
    return (invoice.total or _ZERO) - invoice.amount_paid - invoice.amount_credited


def listed(call: Call) -> Answer:
    """Return the list of invoices that the call asks for."""
    books = call.books
    listing = _listing(books)
    invoices = _filtered(call, books.invoices.changed_since(call.modified_since))
    summary = call.flag("summaryOnly")

    def shown_as(form: Form) -> Callable[[Invoice], Json]:
        return lambda invoice: shown(books, invoice, form, call.unit_places)

    chosen = lists.selected(call, invoices, listing)
    content = lists.paged(
        call,
        chosen,
        listing,
        render=shown_as(Form.SUMMARY if summary else Form.PAGE),
        render_short=shown_as(Form.LIST),
        force=summary or bool(call.names("statuses")),
    )
    return Answer(content=content)


def _filtered(call: Call, every: Sequence[Invoice]) -> Sequence[Invoice]:
    invoices = lists.named(
        call,
        every,
        ids=lambda i: i.invoice_id,
        invoicenumbers=lambda i: i.invoice_number,
        contactids=lambda i: i.contact_id,
        statuses=lambda i: i.status,
    )
    if call.flag("createdByMyApp"):
        invoices = [i for i in invoices if i.created_by == call.client_id]
    if term := call.query.get("searchterm", "").casefold():
        invoices = [i for i in invoices if term in f"{i.invoice_number}\n{i.reference}".casefold()]
    return invoices


def shown(books: Books, invoice: Invoice, form: Form, unit_places: int) -> Json:
    """Return an invoice in one of its forms."""
    written = form is Form.WRITTEN
    content = members(invoice, "type", "invoice_id", "invoice_number", "reference")
    if form is Form.SUMMARY:
        return content | _amounts(invoice) | _tail(books, invoice, form, unit_places)
    if not written:
        payments = books.payments.find("invoice", invoice.invoice_id)
        live = [payment for payment in payments if payment.status != "DELETED"]
        content |= {"Payments": [_nested(payment) for payment in live], **_credits(books, invoice)}
    else:
        content |= {"Prepayments": [], "Overpayments": []}
    content |= _amounts(invoice, written=written)
    content["SentToContact"] = bool(invoice.sent_to_contact)
    content |= members(invoice, "currency_rate")
    content["IsDiscounted"] = _discount(invoice) != 0
    if not written:
        content |= {
            "HasAttachments": attachments.are_on(books, invoice.document_id),
            "InvoiceAddresses": [],
        }
    content["HasErrors"] = False
    content |= members(invoice, "repeating_invoice_id")
    content["InvoicePaymentServices"] = []
    content |= members(invoice, "url", "expected_payment_date", "planned_payment_date")
    return content | _tail(books, invoice, form, unit_places)


def _credits(books: Books, invoice: Invoice) -> dict[str, list[Json]]:
    """Return the credits set against an invoice, by the vendor's names of their kinds."""
    shown_ones: dict[str, list[Json]] = {"CreditNotes": [], "Prepayments": [], "Overpayments": []}
    for allocation in books.allocations.find("invoice", invoice.invoice_id):
        credit_id = allocation.credit_id
        note = books.credit_notes.get(credit_id)
        applied = {
            "AppliedAmount": allocation.amount,
            "DateString": day_string(allocation.date),
            "Date": ms_date(allocation.date),
            "LineItems": [],
        }
        if note is not None:
            names = members(note, "credit_note_id", "credit_note_number")
            flags = {"ID": credit_id, "HasErrors": False, "InvoiceAddresses": []}
            shown_ones["CreditNotes"].append(
                {**names, **flags, **applied, **members(note, "total")}
            )
        for shelf, plural, key in (
            (books.overpayments, "Overpayments", "OverpaymentID"),
            (books.prepayments, "Prepayments", "PrepaymentID"),
        ):
            credit: Credit | None = shelf.get(credit_id)
            if credit is not None:
                total = members(credit, "total")
                shown_ones[plural].append({key: credit_id, "ID": credit_id, **total, **applied})
    return shown_ones


def _amounts(invoice: Invoice, *, written: bool = False) -> Json:
    if written:
        # Voiding answers with the amount that was due (recording of a void, README 2.8).
        return {"AmountDue": _open(invoice), "AmountPaid": invoice.amount_paid}
    return {
        "AmountDue": amount_due(invoice),
        "AmountPaid": invoice.amount_paid,
        "AmountCredited": invoice.amount_credited,
    }


def _tail(books: Books, invoice: Invoice, form: Form, unit_places: int) -> Json:
    content: Json = {
        "UpdatedDateUTCString": stamp_string(invoice.updated),
        "Contact": _contact(books, invoice, form),
        **_days(invoice),
        **members(invoice, "branding_theme_id", "status", "line_amount_types"),
    }
    if form is not Form.SUMMARY:
        has_lines = form is not Form.LIST
        lines = invoice.line_items if has_lines else ()
        content["LineItems"] = [
            shown_line(books, line, unit_places, written=form is Form.WRITTEN) for line in lines
        ]
    content |= members(invoice, "sub_total", "total_tax", "total")
    if discount := _discount(invoice):
        content["TotalDiscount"] = discount
    content |= {"UpdatedDateUTC": ms_date(invoice.updated), **members(invoice, "currency_code")}
    if invoice.status == "PAID" and invoice.fully_paid_on:
        content["FullyPaidOnDate"] = ms_date(invoice.fully_paid_on)
    return content


def _days(invoice: Invoice | InvoiceRequest) -> Json:
    content: Json = {}
    for key, day in (("Date", invoice.date), ("DueDate", invoice.due_date)):
        if day is not None:
            content |= {f"{key}String": day_string(day), key: ms_date(day)}
    return content


def _contact(books: Books, invoice: Invoice, form: Form) -> Json:
    contact = books.contacts.get(invoice.contact_id)
    if contact is None:
        return {"ContactID": invoice.contact_id}
    if form in (Form.SINGLE, Form.WRITTEN):
        return contact_forms.shown(books, contact, written=True)
    return contact_forms.reference(contact)


def shown_line(books: Books, line: LineItem, unit_places: int, *, written: bool) -> Json:
    """Return a line of a document; after a write, with its (empty) list of errors."""
    content = members(line, *_LINE_HEAD)
    if line.unit_amount is not None:
        content["UnitAmount"] = rounded(line.unit_amount, unit_places)
    item = next(iter(books.items.find("code", line.item_code)), None)
    if item is not None and not written:
        content["Item"] = members(item, "item_id", "name", "code")
    content["Tracking"] = [_tracking(option, written=written) for option in line.tracking]
    content |= members(line, *_LINE_TAIL)
    if written:
        content["ValidationErrors"] = []
    return content


def _tracking(option: LineTracking, *, written: bool) -> Json:
    """Return a line's option; read back, it names options to choose from, of which there are none.

    So the recording has it; the specification's examples of writes have the option's id.
    """
    content = members(option, "name", "option", "tracking_category_id")
    return {**content, **(members(option, "tracking_option_id") if written else {"Options": []})}


def _discount(invoice: Invoice) -> Decimal:
    total = _ZERO
    for line in invoice.line_items:
        if line.discount_rate or line.discount_amount:
            gross = (line.quantity or Decimal(1)) * (line.unit_amount or _ZERO)
            total += rounded(gross) - (line.line_amount or _ZERO)
    return total


def _nested(payment: Payment) -> Json:
    return {
        **members(payment, "payment_id", "date", "amount", "reference", "currency_rate"),
        "HasAccount": False,
        "HasValidationErrors": False,
    }


def in_payment(books: Books, invoice: Invoice, unit_places: int, *, full: bool) -> Json:
    """Return an invoice as a payment shows it: whole after a write or alone, short in lists."""
    if full:
        content = shown(books, invoice, Form.WRITTEN, unit_places)
        contact = books.contacts.get(invoice.contact_id)
        return content | ({"Contact": contact_forms.reference(contact)} if contact else {})
    contact = books.contacts.get(invoice.contact_id)
    return {
        **members(invoice, "type", "invoice_id", "invoice_number"),
        **{key: [] for key in ("Payments", "CreditNotes", "Prepayments", "Overpayments")},
        "HasErrors": False,
        "IsDiscounted": False,
        "Contact": contact_forms.reference(contact) if contact else {},
        "LineItems": [],
        **members(invoice, "currency_code"),
    }


def echoed(request: InvoiceRequest, refusal: InvalidError) -> Json:
    """Return a refused invoice as the vendor echoes it."""
    content = members(request, "type")
    content["InvoiceID"] = refusal.stored_id or ZERO_GUID
    content |= members(request, "invoice_number", "reference")
    for key in ("Payments", "CreditNotes", "Prepayments", "Overpayments"):
        content[key] = []
    content |= {"IsDiscounted": False, "InvoiceAddresses": [], "HasErrors": True}
    content["InvoicePaymentServices"] = []
    if request.contact is not None:
        content["Contact"] = {
            **members(request.contact, "contact_id", "contact_number", "name"),
            **{key: [] for key in ("Addresses", "Phones", "ContactGroups", "ContactPersons")},
            "HasValidationErrors": False,
            "ValidationErrors": [],
        }
    content |= _days(request)
    content |= members(request, "status", "line_amount_types")
    content["LineItems"] = [
        {
            **members(line, *_LINE_HEAD),
            "Tracking": rendered(line.tracking),
            **members(line, *_LINE_TAIL),
            "ValidationErrors": validation_errors(refusal.lines.get(index, ())),
        }
        for index, line in enumerate(request.line_items)
    ]
    tail = {name: rendered(getattr(request, name)) for name in ("sub_total", "total_tax", "total")}
    content |= members(request, *(name for name, value in tail.items() if value is not None))
    return content | members(request, "currency_code")
