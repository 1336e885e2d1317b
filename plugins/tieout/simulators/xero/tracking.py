"""Tracking categories and their options, and how a line of a document names them.

At most two categories are active and four exist in all (domain/xero README, 1.4). A category or
option that a line uses cannot be deleted, only archived; what is archived is listed on demand.
"""

from collections.abc import Sequence
from typing import Final

from tieout.simulators.xero import batch, lists
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.document_records import LineTracking
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check, too_long
from tieout.simulators.xero.setting_records import TrackingCategory, TrackingOption
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, elements_of, members, parsed_body, read_as

ACTIVE_MAX: Final = 2
CATEGORIES_MAX: Final = 4
PER_LINE_MAX: Final = 2
_NAME_LENGTHS: Final = {"name": 100}
_NAMES: Final = {"name": "Name"}

LISTING: Final = Listing[TrackingCategory](
    plural="TrackingCategories",
    singular="TrackingCategory",
    fields={
        "trackingcategoryid": lambda c: c.tracking_category_id,
        "name": lambda c: c.name,
        "status": lambda c: c.status,
    },
)


def answer(call: Call) -> Answer:
    """Serve /TrackingCategories and the options of one."""
    if not call.record_id:
        return _listed(call) if call.method == "GET" else batch.written(call, WRITING)
    category = call.books.tracking_categories.get(call.record_id)
    if category is None:
        raise NotFoundError
    if call.action:
        return _options(call, category)
    if call.method == "GET":
        return Answer(content={"TrackingCategories": [shown(category, archived=True)]})
    if call.method == "DELETE":
        gone = call.books.tracking_categories.put(_deleted_category(call.books, category))
        call.books.tracking_categories.drop(gone)
        return Answer(content={"TrackingCategories": [shown(gone, archived=True)]})
    return batch.written(call, WRITING)


def _listed(call: Call) -> Answer:
    archived = call.flag("includeArchived")
    known = call.books.tracking_categories.all()
    known = [one for one in known if archived or one.status == "ACTIVE"]
    chosen = lists.selected(call, known, LISTING)
    return Answer(
        content=lists.paged(call, chosen, LISTING, render=lambda c: shown(c, archived=archived))
    )


def _apply(call: Call, request: TrackingCategory) -> Json:
    books = call.books
    prior = books.tracking_categories.get(request.tracking_category_id)
    if request.tracking_category_id and prior is None:
        raise NotFoundError
    check(_problems(books, request, prior))
    if prior is None:
        category = TrackingCategory(
            tracking_category_id=books.new_id(), name=request.name, status="ACTIVE"
        )
    else:
        category = prior.model_copy(
            update={
                "name": request.name or prior.name,
                "status": request.status or prior.status,
            }
        )
    return shown(books.tracking_categories.put(category), archived=True)


def _problems(books: Books, request: TrackingCategory, prior: TrackingCategory | None) -> list[str]:
    messages = too_long(request, _NAME_LENGTHS, _NAMES)
    others = [one for one in books.tracking_categories.all() if one is not prior]
    if prior is None and not request.name:
        messages.append("Name must be specified")
    if any(_same(one.name, request.name) for one in others):
        messages.append(f"A tracking category with the name {request.name} already exists")
    becomes_active = prior is None or (request.status or prior.status) == "ACTIVE"
    if becomes_active and sum(one.status == "ACTIVE" for one in others) >= ACTIVE_MAX:
        messages.append(f"You can only have {ACTIVE_MAX} active tracking categories")
    if prior is None and len(others) >= CATEGORIES_MAX:
        messages.append(f"You can only have {CATEGORIES_MAX} tracking categories")
    return messages


def _same(first: str | None, second: str | None) -> bool:
    return bool(first) and (first or "").casefold() == (second or "").casefold()


def _deleted_category(books: Books, category: TrackingCategory) -> TrackingCategory:
    used = {one.tracking_category_id for one in _in_use(books)}
    if category.tracking_category_id in used:
        raise InvalidError(["A tracking category that is in use cannot be deleted; archive it"])
    return category.model_copy(update={"status": "DELETED"})


def _in_use(books: Books) -> list[LineTracking]:
    return [
        tracked
        for invoice in books.invoices.all()
        for line in invoice.line_items
        for tracked in line.tracking
    ]


def _options(call: Call, category: TrackingCategory) -> Answer:
    if not call.part_id:
        return _added(call, category)
    option = next((o for o in category.options if _same(o.tracking_option_id, call.part_id)), None)
    if option is None:
        raise NotFoundError
    changed = _deleted(call.books, option) if call.method == "DELETE" else _edited(call, option)
    if changed.name != option.name:
        check(_option_problems(changed, category))
    kept = [changed if one is option else one for one in category.options]
    remaining = tuple(one for one in kept if one.status != "DELETED")
    call.books.tracking_categories.put(category.model_copy(update={"options": remaining}))
    return Answer(content={"Options": [_shown_option(changed)]})


def _added(call: Call, category: TrackingCategory) -> Answer:
    elements = elements_of(parsed_body(call.body), "Options", "Option")
    options = []
    for element in elements:
        request = read_as(TrackingOption, element)
        check(_option_problems(request, category))
        option = TrackingOption(
            tracking_option_id=call.books.new_id(), name=request.name, status="ACTIVE"
        )
        category = category.model_copy(update={"options": (*category.options, option)})
        options.append(option)
    call.books.tracking_categories.put(category)
    return Answer(content={"Options": [_shown_option(option) for option in options]})


def _option_problems(request: TrackingOption, category: TrackingCategory) -> list[str]:
    messages = too_long(request, _NAME_LENGTHS, _NAMES)
    if not request.name:
        messages.append("Name must be specified")
    if any(_same(option.name, request.name) for option in category.options):
        messages.append(f"A tracking option with the name {request.name} already exists")
    return messages


def _edited(call: Call, option: TrackingOption) -> TrackingOption:
    element = elements_of(parsed_body(call.body), "Options", "Option")[0]
    request = read_as(TrackingOption, element)
    return option.model_copy(
        update={"name": request.name or option.name, "status": request.status or option.status}
    )


def _deleted(books: Books, option: TrackingOption) -> TrackingOption:
    if option.tracking_option_id in {one.tracking_option_id for one in _in_use(books)}:
        raise InvalidError(["A tracking option that is in use cannot be deleted; archive it"])
    return option.model_copy(update={"status": "DELETED"})


def tracked(
    books: Books, asked: Sequence[LineTracking], prior: Sequence[LineTracking]
) -> tuple[tuple[LineTracking, ...], list[str]]:
    """Return the tracking of a line as the vendor stores it, and what is wrong with it.

    What a line already has stays, archived or not. What names no category is left out without a
    word, as the vendor does (xero-node issue 86).
    """
    if tuple(asked) == tuple(prior):
        return tuple(prior), []
    if len(asked) > PER_LINE_MAX:
        return (), [f"A line item can have at most {PER_LINE_MAX} tracking categories"]
    stored, messages = [], []
    for one in asked:
        category = _category(books, one)
        if category is None:
            if one.tracking_category_id or one.name:
                name = one.name or one.tracking_category_id
                messages.append(f"There is no ACTIVE tracking category with the name '{name}'")
            continue
        option = _option(category, one)
        if option is None:
            name = one.option or one.tracking_option_id or ""
            messages.append(
                f"The tracking option '{name}' does not exist in category '{category.name}'"
            )
            continue
        stored.append(
            LineTracking(
                tracking_category_id=category.tracking_category_id,
                tracking_option_id=option.tracking_option_id,
                name=category.name,
                option=option.name,
            )
        )
    return tuple(stored), messages


def _category(books: Books, asked: LineTracking) -> TrackingCategory | None:
    active = [one for one in books.tracking_categories.all() if one.status == "ACTIVE"]
    wanted = asked.tracking_category_id
    return next(
        (
            one
            for one in active
            if _same(one.tracking_category_id, wanted)
            or (not wanted and _same(one.name, asked.name))
        ),
        None,
    )


def _option(category: TrackingCategory, asked: LineTracking) -> TrackingOption | None:
    active = [one for one in category.options if one.status == "ACTIVE"]
    if asked.tracking_option_id:
        wanted = asked.tracking_option_id
        return next((one for one in active if _same(one.tracking_option_id, wanted)), None)
    return next((one for one in active if _same(one.name, asked.option)), None)


def shown(category: TrackingCategory, *, archived: bool) -> Json:
    """Return a category as the vendor shows it; archived options on demand."""
    options = [one for one in category.options if archived or one.status == "ACTIVE"]
    return {
        **members(category, "name", "status", "tracking_category_id"),
        "Options": [_shown_option(option) for option in options],
    }


def _shown_option(option: TrackingOption) -> Json:
    return {
        **members(option, "tracking_option_id", "name", "status"),
        "HasValidationErrors": False,
        "IsDeleted": option.status == "DELETED",
        "IsArchived": option.status == "ARCHIVED",
        "IsActive": option.status == "ACTIVE",
    }


def _echo(request: TrackingCategory, _refusal: InvalidError) -> Json:
    return batch.plain_echo(request, without="tracking_category_id")


WRITING: Final = Writing[TrackingCategory](
    plural="TrackingCategories",
    singular="TrackingCategory",
    model=TrackingCategory,
    id_field="trackingcategoryid",
    id_key="TrackingCategoryID",
    apply=_apply,
    echo=_echo,
    error_flag="",
    element_wise=(),
)
