"""History and notes of whatever keeps a history.

A note is permanent, at most 2,500 characters, and shown as by "System Generated"; payments
and overpayments take none (domain/xero README, 1.3).
"""

from datetime import datetime

from tieout.simulators.xero.batch import validation_exception
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.refusals import validation_errors
from tieout.simulators.xero.side_records import Note
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import (
    Json,
    elements_of,
    ms_date,
    parsed_body,
    read_as,
    stamp_string,
)

_DETAILS_LENGTH_MAX = 2500
_NOTE = "Note"
_TAKES_NO_NOTE = ("payments", "overpayments")


def recorded(books: Books, subject_id: str | None, changes: str, details: str) -> Note:
    """Add a history record to a document."""
    note = Note(
        note_id=books.new_id(),
        subject_id=subject_id or "",
        changes=changes,
        details=details,
        at=books.clock(),
    )
    return books.notes.put(note)


def answer(call: Call, subject_id: str) -> Answer:
    """List the history of a document, or add notes to it."""
    if call.method == "GET":
        newest_first = reversed(call.books.notes.find("subject", subject_id))
        return Answer(content={"HistoryRecords": [_shown(note) for note in newest_first]})
    elements = elements_of(parsed_body(call.body), "HistoryRecords", "HistoryRecord")
    notes = [read_as(Note, element) for element in elements]
    refused = [
        {
            **_when(call.books.clock()),
            **_named(note),
            "ValidationErrors": validation_errors(problems),
        }
        for note in notes
        if (problems := _problems(call, note))
    ]
    if refused:
        return Answer(400, validation_exception(refused))
    added = [recorded(call.books, subject_id, _NOTE, note.details or "") for note in notes]
    return Answer(content={"HistoryRecords": [_created(note) for note in added]})


def _problems(call: Call, note: Note) -> list[str]:
    if call.resource in _TAKES_NO_NOTE:
        name = call.resource.capitalize()
        return [f"API is not able to create HistoryRecord for {name}"]
    if not (note.details or "").strip():
        return ["Details must be specified"]
    if len(note.details or "") > _DETAILS_LENGTH_MAX:
        return [f"Details must not be longer than {_DETAILS_LENGTH_MAX} characters"]
    return []


def _named(note: Note) -> Json:
    return {} if note.details is None else {"Details": note.details}


def _created(note: Note) -> Json:
    return {**_when(note.at), "Details": note.details, "ValidationErrors": []}


def _shown(note: Note) -> Json:
    return {"Changes": note.changes, **_when(note.at), "User": note.user, "Details": note.details}


def _when(moment: datetime | None) -> Json:
    if moment is None:
        return {}
    return {"DateUTCString": stamp_string(moment).rstrip("Z"), "DateUTC": ms_date(moment)}
