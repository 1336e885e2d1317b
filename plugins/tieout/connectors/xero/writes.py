"""How elements are written to Xero in one request, and what each element's answer means.

Xero answers a batch with one element per element sent, in their order, each OK, WARNING or ERROR.
What a refusal is worth is the table's (refusals.py); what to do about a whole one is the target's.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tieout.connectors.http import after_write
from tieout.connectors.xero.answers import NO_ID, complaints
from tieout.connectors.xero.client import Row, XeroClient, rows_of
from tieout.connectors.xero.refusals import Refusal, refusal_of, whole_refusal
from tieout.errors import OutcomeUnknownError


@dataclass(frozen=True)
class Element:
    """One element to write: its content, its own idempotency key and what an answer echoes."""

    content: Row
    idempotency_key: str
    echoes: Callable[[Row], bool]
    """Whether an element of an answer speaks of this one."""


@dataclass(frozen=True)
class Resource:
    """Where elements of one kind are written, with which method, and what names one in answers."""

    path: str
    member: str
    method: str
    id_member: str
    params: Mapping[str, str]
    is_bare: bool = False
    """Whether an element goes by itself, not in a list of its kind."""


def batch_key(keys: Sequence[str]) -> str:
    """Return the idempotency key of a request that carries the elements with these keys.

    One element keeps its own. A batch has a digest over its sorted keys: the same elements are the
    same request, in 64 characters of the 128 that Xero takes.
    """
    if len(keys) == 1:
        return keys[0]
    return hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()


def write_elements(
    client: XeroClient, resource: Resource, elements: Sequence[Element]
) -> list[Row | Refusal] | Refusal:
    """Write elements and return, in their order, what Xero holds now or its refusal of each.

    Returns the one refusal of the whole request when it got no further.

    Raises:
        RetryableError: Nothing was written.
        OutcomeUnknownError: Some may have been written, and no answer says which.
        ConfigurationError: Nothing was written, nor will be until somebody changes something.
    """
    # Sorted, so that the same elements are byte for byte the same request under the same key.
    order = sorted(range(len(elements)), key=lambda index: elements[index].idempotency_key)
    batch = [elements[index] for index in order]
    contents = [element.content for element in batch]
    answer = client.write(
        resource.method,
        resource.path,
        body=contents[0] if resource.is_bare else {resource.member: contents},
        idempotency_key=batch_key([element.idempotency_key for element in batch]),
        params=resource.params,
    )
    if not answer.is_success:
        return whole_refusal(answer)
    with after_write():
        outcomes = _outcomes(resource, batch, rows_of(answer, resource.member))
    by_index = dict(zip(order, outcomes, strict=True))
    return [by_index[index] for index in range(len(elements))]


def _outcomes(
    resource: Resource, batch: Sequence[Element], rows: Sequence[Row]
) -> list[Row | Refusal]:
    if len(rows) != len(batch) or not all(
        element.echoes(row) for element, row in zip(batch, rows, strict=True)
    ):
        message = f"Xero's answer does not match the {len(batch)} {resource.member} sent."
        raise OutcomeUnknownError(message, remedy="Look them up before sending them again.")
    return [_outcome(resource, row) for row in rows]


def _outcome(resource: Resource, row: Row) -> Row | Refusal:
    is_error = row.get("StatusAttributeString") == "ERROR"
    is_refused = is_error or row.get("HasErrors") or row.get("HasValidationErrors")
    if is_refused or complaints(row):
        return refusal_of(row)
    if row.get(resource.id_member, NO_ID) == NO_ID:
        message = f"Xero neither refuses nor names one of the {resource.member} sent."
        raise OutcomeUnknownError(message, remedy="Look it up before sending it again.")
    return row
