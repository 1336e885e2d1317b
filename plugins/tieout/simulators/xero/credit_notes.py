"""Credit notes to customers and from suppliers; crediting has what allocations and refunds do.

Statuses and lines follow those of invoices (domain/xero README, 1.3 and 2.8). Texts that no
recording shows are worded as those of invoices.
"""

from decimal import Decimal
from typing import Final

from tieout.simulators.xero import batch, contacts, crediting, history
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.charts import is_subscribed
from tieout.simulators.xero.credit_note_forms import echoed, listed, shown
from tieout.simulators.xero.documents import drawn_up, rounded_lines, with_all_lines
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.lines import Terms
from tieout.simulators.xero.locks import lock_problems
from tieout.simulators.xero.records import CreditNote, CreditNoteRequest
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, given

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
        return crediting.allocations(call, note)
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
    contacts.marked(books, contact, note.settles)
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
        invoice_type=note.settles,
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
    problems = lock_problems(books, prior.date, request.date)
    if status not in _NEXT_STATUSES.get(prior.status or "", ()):
        problems = [_FROZEN_TEXT]
    elif crediting.is_applied(books, prior):
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
