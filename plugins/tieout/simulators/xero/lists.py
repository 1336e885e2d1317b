"""Lists: which records, in which order, which page of them (domain/xero README, 1.2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from tieout.simulators.xero import query
from tieout.simulators.xero.exchange import Call
from tieout.simulators.xero.refusals import BadQueryError
from tieout.simulators.xero.wire import Json, Shown

T = TypeVar("T")
_SEARCHED_MAX = 100_000
_PAGE_SIZE = 100
_PAGE_SIZE_MAX = 1000
_CHANGED = "updateddateutc"


@dataclass(frozen=True)
class Listing(Generic[T]):
    """What a resource lets its lists do."""

    plural: str
    singular: str
    fields: query.Fields[T]
    paged: bool = False
    optimised: frozenset[str] = frozenset()
    """The fields that the vendor filters and orders many records by."""


def named(call: Call, records: Sequence[T], **reads: Callable[[T], str | None]) -> Sequence[T]:
    """Return the records that have one of the texts that the query lists, for each query named."""
    for name, read in reads.items():
        wanted = {text.casefold() for text in call.names(name)}
        if wanted:
            records = [record for record in records if (read(record) or "").casefold() in wanted]
    return records


def selected(call: Call, records: Sequence[T], listing: Listing[T]) -> Sequence[T]:
    """Return those of the records that the call asks for, in the order that it asks for.

    Records that know when they changed are given in the order of their changes.

    Raises:
        BadQueryError: ``where`` or ``order`` cannot be understood, or takes the vendor too long.
    """
    chosen = records
    _check_cost(call, len(chosen), listing)
    if text := call.query.get("where", "").strip():
        predicate = query.where(text, listing.fields, listing.singular)
        chosen = [record for record in chosen if predicate(record)]
    text = call.query.get("order", "").strip()
    if text and not (_CHANGED in listing.fields and text.lower() in (_CHANGED, f"{_CHANGED} asc")):
        return query.ordered(chosen, text, listing.fields, listing.singular)
    return chosen


def paged(
    call: Call,
    records: Sequence[T],
    listing: Listing[T],
    *,
    render: Callable[[T], Json],
    render_short: Callable[[T], Json] | None = None,
    force: bool = False,
) -> Json:
    """Return the list, or one page of it when the call asks for one (or must take one).

    Some lists show less of a record when they are not paged: then by ``render_short``.

    Raises:
        BadQueryError: The page is not a positive number.
    """
    if not listing.paged or not (force or "page" in call.query or "pagesize" in call.query):
        short = render_short or render
        return {listing.plural: [short(record) for record in records]}
    page = _positive(call, "page", 1)
    size = min(_positive(call, "pagesize", _PAGE_SIZE), _PAGE_SIZE_MAX)
    chosen = records[(page - 1) * size : page * size]
    pagination = {
        "page": page,
        "pageSize": size,
        "pageCount": -(-len(records) // size),
        "itemCount": len(records),
    }
    form = (listing.plural, call.unit_places, call.flag("summaryOnly"))
    keep = call.books.renderings.text
    shown = [Shown(partial(render, record), partial(keep, (form, id(record)))) for record in chosen]
    return {"pagination": pagination, listing.plural: shown}


def _check_cost(call: Call, count: int, listing: Listing[T]) -> None:
    if count <= _SEARCHED_MAX:
        return
    named = query.names(call.query.get("where", "")) | query.names(call.query.get("order", ""))
    slow = sorted((named & set(listing.fields)) - listing.optimised)
    if slow:
        message = f"More than {_SEARCHED_MAX} records cannot be searched by {', '.join(slow)}"
        raise BadQueryError(message)


def _positive(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        message = f"'{text}' is not a valid {name}"
        raise BadQueryError(message)
    return int(text)
