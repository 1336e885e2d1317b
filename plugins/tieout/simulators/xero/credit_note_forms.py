"""How credit notes look (recording ``GET CreditNotes``)."""

from tieout.simulators.xero import attachments, contact_forms, crediting, documents, lists
from tieout.simulators.xero.contact_records import Contact
from tieout.simulators.xero.document_records import CreditNote, CreditNoteRequest
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.invoice_forms import shown_line
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.refusals import InvalidError
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, day_string, members, ms_date, stamp_string


def _listing(books: Books) -> Listing[CreditNote]:
    def contact(note: CreditNote) -> Contact | None:
        return books.contacts.get(note.contact_id)

    return Listing[CreditNote](
        plural="CreditNotes",
        singular="CreditNote",
        fields={
            "creditnoteid": lambda n: n.credit_note_id,
            "creditnotenumber": lambda n: n.credit_note_number,
            "reference": lambda n: n.reference,
            "type": lambda n: n.type,
            "status": lambda n: n.status,
            "date": lambda n: n.date,
            "total": lambda n: n.total,
            "remainingcredit": lambda n: crediting.remaining(books, n),
            "currencycode": lambda n: n.currency_code,
            "updateddateutc": lambda n: n.updated,
            "contact.contactid": lambda n: n.contact_id,
            "contact.name": lambda n: c.name if (c := contact(n)) else None,
        },
        paged=True,
    )


def listed(call: Call) -> Answer:
    """Return the list of credit notes that the call asks for; unpaged it has no lines."""
    listing = _listing(call.books)
    changed = call.books.credit_notes.changed_since(call.modified_since)
    chosen = lists.selected(call, changed, listing)
    places = call.unit_places
    return Answer(
        content=lists.paged(
            call,
            chosen,
            listing,
            render=lambda note: shown(call.books, note, places),
            render_short=lambda note: shown(call.books, note, places) | {"LineItems": []},
        )
    )


def shown(books: Books, note: CreditNote, unit_places: int) -> Json:
    """Return a credit note as the vendor shows it."""
    contact = books.contacts.get(note.contact_id)
    content: Json = {
        **members(note, "credit_note_id", "credit_note_number"),
        "SentToContact": bool(note.sent_to_contact),
        "Payments": crediting.shown_refunds(books, note),
        "ID": note.credit_note_id,
        "HasErrors": False,
        "InvoiceAddresses": [],
        **members(note, "currency_rate", "type", "reference"),
        "RemainingCredit": crediting.remaining(books, note),
        "Allocations": crediting.shown_allocations(books, note),
        "HasAttachments": attachments.are_on(books, note.document_id),
        "UpdatedDateUTCString": stamp_string(note.updated),
        "Contact": contact_forms.reference(contact) if contact else {},
    }
    if note.date is not None:
        content |= {"DateString": day_string(note.date), "Date": ms_date(note.date)}
    content |= members(note, "branding_theme_id", "status", "line_amount_types")
    content["LineItems"] = [
        shown_line(books, line, unit_places, written=False) for line in note.line_items
    ]
    content |= members(note, "sub_total", "total_tax", "total")
    content |= {"UpdatedDateUTC": ms_date(note.updated), **members(note, "currency_code")}
    if note.status == "PAID" and note.fully_paid_on:
        content["FullyPaidOnDate"] = ms_date(note.fully_paid_on)
    return content


def echoed(request: CreditNoteRequest, refusal: InvalidError) -> Json:
    """Return a refused credit note as the vendor echoes it."""
    content = members(request, "type", "credit_note_number", "reference", "status")
    content["Allocations"] = []
    if request.contact is not None:
        content["Contact"] = members(request.contact, "contact_id", "contact_number", "name")
    content |= members(request, "date", "line_amount_types", "currency_code")
    content["LineItems"] = documents.echoed_lines(request, refusal)
    return content
