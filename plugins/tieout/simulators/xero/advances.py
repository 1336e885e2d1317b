"""Overpayments and prepayments: read, allocated, noted; made by bank transactions (README 1.3)."""

from typing import Final, TypeVar

from tieout.simulators.xero import attachments, contact_forms, crediting, history, lists
from tieout.simulators.xero.document_records import Credit, Overpayment, Prepayment
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.invoice_forms import shown_line
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.refusals import NotFoundError
from tieout.simulators.xero.store import Books, Shelf
from tieout.simulators.xero.wire import Json, day_string, members, ms_date, stamp_string

Advance = TypeVar("Advance", Overpayment, Prepayment)

OVERPAYMENT: Final = "Overpayment"
PREPAYMENT: Final = "Prepayment"


def overpayments(call: Call) -> Answer:
    """Serve /Overpayments."""
    return _answer(call, call.books.overpayments, OVERPAYMENT)


def prepayments(call: Call) -> Answer:
    """Serve /Prepayments."""
    return _answer(call, call.books.prepayments, PREPAYMENT)


def _answer(call: Call, shelf: Shelf[Advance], kind: str) -> Answer:
    if not call.record_id:
        listing: Listing[Advance] = _listing(call.books, kind)
        changed = shelf.changed_since(call.modified_since)
        named = lists.named(call, changed, references=lambda credit: credit.reference)
        chosen = lists.selected(call, named, listing)
        return Answer(
            content=lists.paged(call, chosen, listing, render=lambda credit: shown(call, credit))
        )
    credit = shelf.get(call.record_id)
    if credit is None:
        raise NotFoundError
    if call.action == "allocations":
        return crediting.allocations(call, credit)
    if call.action:
        return history.answer(call, credit.document_id)
    return Answer(content={f"{kind}s": [shown(call, credit)]})


def _listing(books: Books, kind: str) -> Listing[Advance]:
    return Listing[Advance](
        plural=f"{kind}s",
        singular=kind,
        fields={
            f"{kind.lower()}id": lambda c: c.document_id,
            "type": lambda c: c.type,
            "status": lambda c: c.status,
            "date": lambda c: c.date,
            "total": lambda c: c.total,
            "remainingcredit": lambda c: crediting.remaining(books, c),
            "contact.contactid": lambda c: c.contact_id,
            "updateddateutc": lambda c: c.updated,
        },
        paged=True,
    )


def shown(call: Call, credit: Credit) -> Json:
    """Return an overpayment or prepayment as the vendor shows it."""
    books = call.books
    contact = books.contacts.get(credit.contact_id)
    content: Json = {
        f"{crediting.kind_of(credit)}ID": credit.document_id,
        "ID": credit.document_id,
        **members(credit, "type", "reference", "currency_rate"),
        "RemainingCredit": crediting.remaining(books, credit),
        "Allocations": crediting.shown_allocations(books, credit),
        "Payments": crediting.shown_refunds(books, credit),
        "HasAttachments": attachments.are_on(books, credit.document_id),
        "UpdatedDateUTCString": stamp_string(credit.updated),
        "Contact": contact_forms.reference(contact) if contact else {},
    }
    if credit.date is not None:
        content |= {"DateString": day_string(credit.date), "Date": ms_date(credit.date)}
    return {
        **content,
        **members(credit, "status", "line_amount_types"),
        "LineItems": [
            shown_line(books, line, call.unit_places, written=False) for line in credit.line_items
        ],
        **members(credit, "sub_total", "total_tax", "total"),
        "UpdatedDateUTC": ms_date(credit.updated),
        **members(credit, "currency_code"),
    }
