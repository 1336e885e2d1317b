"""What documents of lines share: lines drawn up, summed, and compared with the request.

The rules of one line are in lines; when a document may change is its resource's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tieout.simulators.xero.exchange import Call
from tieout.simulators.xero.lines import Terms, Totals, priced, rounded, totals, with_rounded_price
from tieout.simulators.xero.records import DocumentMembers, LineItem
from tieout.simulators.xero.refusals import InvalidError
from tieout.simulators.xero.wire import given

Request = TypeVar("Request", bound=DocumentMembers)


@dataclass(frozen=True)
class Drawn:
    """The lines of a document as they are stored, their sums, and what is wrong with them."""

    lines: tuple[LineItem, ...]
    sums: Totals
    messages: Sequence[str]
    line_messages: Mapping[int, Sequence[str]]

    def check(self, messages: Sequence[str], *, stored_id: str) -> None:
        """Refuse the document when there are messages, given or found.

        Raises:
            InvalidError: There are.
        """
        of_lines = (text for texts in self.line_messages.values() for text in texts)
        every = [*messages, *self.messages, *of_lines]
        if every:
            raise InvalidError(every, lines=self.line_messages, stored_id=stored_id)

    def as_update(self) -> dict[str, object]:
        """Return what the document stores of it."""
        return {
            "line_items": self.lines,
            "sub_total": self.sums.sub_total,
            "total_tax": self.sums.total_tax,
            "total": self.sums.total,
        }


def drawn_up(
    call: Call, request: DocumentMembers, terms: Terms, prior: Sequence[LineItem]
) -> Drawn:
    """Price the lines of a request; one that names a stored line's id changes that line."""
    known = {line.line_item_id: line for line in prior}
    lines = []
    line_messages: dict[int, list[str]] = {}
    for index, line in enumerate(request.line_items):
        before = known.get(line.line_item_id)
        merged = _merged(before, line) if before else line
        stored, problems = priced(call.books, merged, terms, prior=before)
        lines.append(stored)
        if problems:
            line_messages[index] = problems
    sums = totals(lines, terms.line_amount_types)
    messages = []
    if terms.is_approved and not lines:
        messages.append("One or more line items must be specified")
    messages += _total_problems(request, sums, terms)
    return Drawn(tuple(lines), sums, messages, line_messages)


def _merged(prior: LineItem, line: LineItem) -> LineItem:
    """Return the prior line with what the request names; amounts not named are computed again."""
    computed: dict[str, object] = {"line_amount": None, "tax_amount": None}
    return prior.model_copy(update={**computed, **given(line)})


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
