"""What documents of lines share: opened, changed, drawn up and summed, numbered, stored, echoed.

The rules of one line are in lines; when a document may change is its resource's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar

from tieout.simulators.xero import history
from tieout.simulators.xero.charts import is_subscribed
from tieout.simulators.xero.document_records import (
    CreditNote,
    DocumentMembers,
    Invoice,
    LineItem,
)
from tieout.simulators.xero.exchange import Call
from tieout.simulators.xero.lines import Terms, Totals, priced, rounded, totals, with_rounded_price
from tieout.simulators.xero.refusals import InvalidError, validation_errors
from tieout.simulators.xero.store import Books, Shelf
from tieout.simulators.xero.wire import Json, given, members

Request = TypeVar("Request", bound=DocumentMembers)
Document = TypeVar("Document", bound=DocumentMembers)
Numbered = TypeVar("Numbered", Invoice, CreditNote)

CREATABLE: Final = ("DRAFT", "SUBMITTED", "AUTHORISED")
# The vendor's texts say DRAFT <-> SUBMITTED -> AUTHORISED -> VOIDED (domain/xero README, 2.8).
NEXT_STATUSES: Final = {
    "DRAFT": (*CREATABLE, "DELETED"),
    "SUBMITTED": (*CREATABLE, "DELETED"),
    "AUTHORISED": ("AUTHORISED", "VOIDED"),
}
APPLIED_TEXT: Final = (
    "This document cannot be edited as it has a payment or credit note allocated to it."
)
_COMPUTED: Final = ("line_items", "sub_total", "total_tax", "total")


def opened(call: Call, request: DocumentMembers, **own: object) -> dict[str, object]:
    """Return what a new document begins with: defaults, what was named, ``own``, and no lines."""
    organisation = call.books.organisation()
    is_to_customer = str(own.get("type")).startswith("ACCREC")
    return {
        "status": "DRAFT",
        "sent_to_contact": False,
        "line_amount_types": "Exclusive",
        "branding_theme_id": organisation.branding_theme_id if is_to_customer else None,
        "currency_code": organisation.base_currency,
        "currency_rate": Decimal(1),
        **given(request),
        "date": request.date or call.books.clock().date(),
        "updated": call.books.clock(),
        "line_items": (),
        **own,
    }


def edited(prior: Document, request: DocumentMembers, **own: object) -> Document:
    """Return a stored document with what the request names, but its lines, totals, id and type."""
    kept = {*_COMPUTED, prior.id_field, "type"}
    stored_members = set(type(prior).model_fields) - kept
    named = {name: value for name, value in given(request).items() if name in stored_members}
    return prior.model_copy(update={**named, **own})


@dataclass(frozen=True)
class _Drawn:
    """The lines of a document as they are stored, their sums, and what is wrong with them."""

    lines: tuple[LineItem, ...]
    sums: Totals
    messages: Sequence[str]
    line_messages: Mapping[int, Sequence[str]]


def with_lines(
    call: Call,
    document: Document,
    request: DocumentMembers,
    terms: Terms,
    messages: Sequence[str],
    *,
    prior: DocumentMembers | None = None,
) -> Document:
    """Return the document with the request's lines priced, and their sums.

    A line that names the id of one of the prior's changes that one.

    Raises:
        InvalidError: There are messages, given or found here.
    """
    drawn = _drawn_up(call, request, terms, prior.line_items if prior else ())
    of_lines = (text for texts in drawn.line_messages.values() for text in texts)
    every = [*messages, *drawn.messages, *of_lines]
    if every:
        stored_id = prior.document_id if prior else ""
        raise InvalidError(every, lines=drawn.line_messages, stored_id=stored_id)
    return document.model_copy(
        update={
            "line_items": drawn.lines,
            "sub_total": drawn.sums.sub_total,
            "total_tax": drawn.sums.total_tax,
            "total": drawn.sums.total,
        }
    )


def terms_of(call: Call, document: DocumentMembers, invoice_type: str) -> Terms:
    """Return what the document says about all of its lines."""
    return Terms(
        invoice_type=invoice_type,
        line_amount_types=document.line_amount_types or "Exclusive",
        status=document.status or "DRAFT",
        unit_places=call.unit_places,
    )


def _drawn_up(
    call: Call, request: DocumentMembers, terms: Terms, prior: Sequence[LineItem]
) -> _Drawn:
    known = {line.line_item_id: line for line in prior}
    lines = []
    line_messages: dict[int, list[str]] = {}
    for index, line in enumerate(request.line_items):
        before = known.get(line.line_item_id)
        merged = _merged(before, line) if before else line
        stored_line, problems = priced(call.books, merged, terms, prior=before)
        lines.append(stored_line)
        if problems:
            line_messages[index] = problems
    sums = totals(lines, terms.line_amount_types)
    messages = []
    if terms.is_approved and not lines:
        messages.append("One or more line items must be specified")
    messages += _total_problems(request, sums, terms)
    return _Drawn(tuple(lines), sums, messages, line_messages)


def _merged(prior: LineItem, line: LineItem) -> LineItem:
    """Return the prior line with what the request names; amounts not named are computed again.

    An account is named by its code or its id, so that either stands for both.
    """
    computed: dict[str, object] = {"line_amount": None, "tax_amount": None}
    named = given(line)
    if {"account_code", "account_id"} & set(named):
        computed |= {"account_code": None, "account_id": None}
    return prior.model_copy(update={**computed, **named})


def _total_problems(request: DocumentMembers, sums: Totals, terms: Terms) -> list[str]:
    named = (
        (request.sub_total, sums.sub_total),
        (request.total_tax, sums.total_tax),
        (request.total, sums.total),
    )
    messages = []
    differs = any(value is not None and rounded(value) != computed for value, computed in named)
    if request.line_items and differs:
        messages.append("The document total does not equal the sum of the lines.")
    if terms.is_approved and sums.total < 0:
        messages.append("The document total must not be negative")
    return messages


def with_all_lines(call: Call, prior: DocumentMembers, request: Request) -> Request:
    """Return the request with its lines rounded, or with the stored lines where it names none."""
    if "line_items" in request.model_fields_set:
        return rounded_lines(call, request)
    lines = prior.line_items
    if request.line_amount_types not in (None, prior.line_amount_types):
        lines = tuple(line.model_copy(update={"tax_amount": None}) for line in lines)
    return request.model_copy(update={"line_items": lines})


def rounded_lines(call: Call, request: Request) -> Request:
    """Return the request with unit amounts at the places that the caller opted for."""
    lines = (with_rounded_price(line, call.unit_places) for line in request.line_items)
    return request.model_copy(update={"line_items": tuple(lines)})


def currency_problems(books: Books, document: DocumentMembers) -> list[str]:
    """Return the vendor's message when the organisation does not have the document's currency."""
    currency = (document.currency_code or "").upper()
    if is_subscribed(books, currency):
        return []
    return [f"Organisation is not subscribed to currency {currency}"]


def next_number(shelf: Shelf[Document], prefix: str) -> str:
    """Return the number that a document without one gets."""
    number = len(shelf) + 1
    while shelf.find("number", f"{prefix}-{number:04d}"):
        number += 1
    return f"{prefix}-{number:04d}"


def sharing_number(shelf: Shelf[Numbered], number: str | None, sales_type: str) -> list[Numbered]:
    """Return the documents of sales that hold a number; those of purchases may share theirs.

    A deleted draft's number is free, a void document's is not.
    """
    holding = shelf.find("number", number)
    return [one for one in holding if one.type == sales_type and one.status != "DELETED"]


def stored(
    books: Books, shelf: Shelf[Document], document: Document, change: str, details: str
) -> Document:
    """Store a document as changed now, and say so in its history."""
    history.recorded(books, document.document_id, change, details)
    return shelf.put(document.model_copy(update={"updated": books.clock()}))


def echoed_lines(request: DocumentMembers, refusal: InvalidError, *names: str) -> list[Json]:
    """Return the lines of a refused document as it named them, each with what is wrong with it."""
    return [
        {
            **members(line, *(names or LineItem.model_fields)),
            "ValidationErrors": validation_errors(refusal.lines.get(index, ())),
        }
        for index, line in enumerate(request.line_items)
    ]
