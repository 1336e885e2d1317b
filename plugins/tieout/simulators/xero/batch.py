"""Writes of many elements: all or nothing, or each with its own status.

By default one bad element fails the request with 400 and nothing is written; with
``summarizeErrors=false`` the answer is 200 and every element carries ``StatusAttributeString``
(domain/xero README, 1.1, recordings ``PUT Contacts 400`` and ``POST Contacts``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.refusals import (
    VALIDATION_ERROR,
    BadRequestError,
    InvalidError,
    validation_errors,
)
from tieout.simulators.xero.wire import (
    ZERO_GUID,
    Json,
    Wire,
    elements_of,
    parsed_body,
    read_as,
    rendered,
)

Request = TypeVar("Request", bound=Wire)


@dataclass(frozen=True)
class Writing(Generic[Request]):
    """How a resource writes one element, and how it shows one that it refused."""

    plural: str
    singular: str
    model: type[Request]
    id_field: str
    id_key: str
    apply: Callable[[Call, Request], Json]
    echo: Callable[[Request, InvalidError], Json]
    error_flag: str = "HasValidationErrors"
    elements_max: int | None = None
    element_wise: tuple[str, ...] = ("PUT", "POST")
    """The methods that take ``summarizeErrors``, and so may refuse one element alone."""


def written(call: Call, writing: Writing[Request]) -> Answer:
    """Write the elements of the request body.

    Raises:
        MalformedError: The body cannot be read.
        BadRequestError: It has too many elements; the text is ours.
        NotFoundError: An element names an unknown id; nothing is written.
    """
    elements = elements_of(parsed_body(call.body), writing.plural, writing.singular)
    if call.record_id:
        elements = [{**element, writing.id_field: call.record_id} for element in elements]
    if writing.elements_max is not None and len(elements) > writing.elements_max:
        message = f"A request may contain at most {writing.elements_max} {writing.plural}"
        raise BadRequestError(message)
    requests = [read_as(writing.model, element) for element in elements]
    journal = call.books.journal
    start = journal.mark()
    is_whole = call.summarizes_errors or call.method not in writing.element_wise
    refused: list[Json] = []
    shown: list[Json] = []
    for request in requests:
        mark = journal.mark()
        try:
            content = writing.apply(call, request)
            shown.append(content if is_whole else {**content, "StatusAttributeString": "OK"})
        except InvalidError as refusal:
            journal.rollback(mark)
            refused.append(_refused(writing, request, refusal, is_whole=is_whole))
            shown.append(refused[-1])
    if refused and is_whole:
        journal.rollback(start)
        return Answer(400, validation_exception(refused))
    return Answer(200, {writing.plural: shown})


def validation_exception(elements: Sequence[Mapping[str, object]]) -> Json:
    """Return the body of a 400 that names the elements that are wrong."""
    return {
        "ErrorNumber": VALIDATION_ERROR,
        "Type": "ValidationException",
        "Message": "A validation exception occurred",
        "Elements": list(elements),
    }


def _refused(
    writing: Writing[Request], request: Request, refusal: InvalidError, *, is_whole: bool
) -> Json:
    echo = dict(refusal.echo or writing.echo(request, refusal))
    if writing.id_key and writing.id_key not in echo:
        echo = {writing.id_key: refusal.stored_id or ZERO_GUID, **echo}
    if writing.error_flag:
        echo[writing.error_flag] = True
    if not is_whole:
        echo["StatusAttributeString"] = "ERROR"
    return {**echo, "ValidationErrors": validation_errors(refusal.messages)}


def plain_echo(request: Wire, *, without: str) -> Json:
    """Return what the request named, as the vendor echoes it, without the id."""
    named = request.model_fields_set - {without}
    content = rendered(
        request.model_copy(update=dict.fromkeys(set(type(request).model_fields) - named))
    )
    return dict(content) if isinstance(content, dict) else {}
