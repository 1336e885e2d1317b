"""Credit notes to customers and from suppliers; crediting has what allocations and refunds do.

Statuses and lines follow those of invoices (domain/xero README, 1.3 and 2.8). Texts that no
recording shows are worded as those of invoices.
"""

from typing import Final

from tieout.simulators.xero import batch, contacts, crediting, documents, history, printed
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.credit_note_forms import echoed, listed, shown
from tieout.simulators.xero.document_records import CreditNote, CreditNoteRequest
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.locks import lock_problems
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json

_FROZEN_TEXT: Final = "Credit note not of valid status for modification"
_UNKNOWN_TEXT: Final = "An existing Credit Note with the specified CreditNoteID could not be found"
_UNIQUE_TEXT: Final = "Credit Note # must be unique."


def answer(call: Call) -> Answer:
    """Serve /CreditNotes and the allocations of one."""
    if not call.record_id:
        return listed(call) if call.method == "GET" else batch.written(call, WRITING)
    note = found(call.books, call.record_id)
    if call.action == "allocations":
        return crediting.allocations(call, note)
    if call.action == printed.PART:
        title = f"Credit note {note.credit_note_number or ''}"
        return printed.printed(call.books, title, note, note.contact_id)
    if call.action:
        return history.answer(call, note.document_id)
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
        check([_UNIQUE_TEXT])
    note = _updated(call, prior, request) if prior else _created(call, request)
    return shown(books, note, call.unit_places)


def _sharing_number(books: Books, number: str | None) -> list[CreditNote]:
    return documents.sharing_number(books.credit_notes, number, "ACCRECCREDIT")


def _created(call: Call, request: CreditNoteRequest) -> CreditNote:
    books = call.books
    contact = contacts.resolved(books, request.contact)
    number = request.credit_note_number
    if request.type == "ACCRECCREDIT" and not number:
        number = documents.next_number(books.credit_notes, "CN")
    values = documents.opened(
        call,
        request,
        type=request.type,
        credit_note_id=books.new_id(),
        credit_note_number=number,
        contact_id=contact.contact_id,
        created_by=call.client_id,
    )
    draft = CreditNote.model_validate(values)
    messages = [] if draft.type else ["Type must be specified"]
    if draft.status not in documents.CREATABLE:
        messages.append("Credit note not of valid status for creation")
    messages += _problems(books, draft, None) + lock_problems(books, draft.date)
    terms = documents.terms_of(call, draft, draft.settles)
    lines = documents.rounded_lines(call, request)
    note = documents.with_lines(call, draft, lines, terms, messages)
    contacts.marked(books, contact, note.settles)
    return _stored(books, note, "Created")


def _problems(books: Books, note: CreditNote, prior: CreditNote | None) -> list[str]:
    messages = []
    sharing = _sharing_number(books, note.credit_note_number) if note.type == "ACCRECCREDIT" else []
    if any(other is not prior for other in sharing):
        messages.append(_UNIQUE_TEXT)
    return messages + documents.currency_problems(books, note)


def _updated(call: Call, prior: CreditNote, request: CreditNoteRequest) -> CreditNote:
    books = call.books
    status = request.status or prior.status or "DRAFT"
    problems = lock_problems(books, prior.date, request.date)
    if status not in documents.NEXT_STATUSES.get(prior.status or "", ()):
        problems = [_FROZEN_TEXT]
    elif crediting.is_applied(books, prior):
        problems = [documents.APPLIED_TEXT]
    if problems:
        raise InvalidError(problems, stored_id=prior.document_id)
    if status in ("VOIDED", "DELETED"):
        return _stored(books, prior.model_copy(update={"status": status}), status.title())
    contact_id = contacts.of_edited(books, request.contact, prior.contact_id)
    changed = documents.edited(prior, request, contact_id=contact_id)
    terms = documents.terms_of(call, changed, changed.settles)
    lines = documents.with_all_lines(call, prior, request)
    problems = _problems(books, changed, prior)
    note = documents.with_lines(call, changed, lines, terms, problems, prior=prior)
    return _stored(books, note, "Edited")


def _stored(books: Books, note: CreditNote, change: str) -> CreditNote:
    return documents.stored(
        books, books.credit_notes, note, change, f"{note.credit_note_number or ''}"
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
