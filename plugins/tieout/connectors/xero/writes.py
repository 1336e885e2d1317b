"""How a batch is written to Xero and what each element's answer means, whatever the entity.

Xero answers a batch with one element per element sent, in their order, each OK, WARNING or ERROR.
A batch that is refused as a whole wrote nothing; its elements are then sent one by one, so that a
bad one does not stop its neighbors.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tieout.connectors.http import Answer, after_write, plain_json
from tieout.connectors.xero.answers import NO_ID, complaints
from tieout.connectors.xero.client import NOT_FOUND, Row, XeroClient, rows_of
from tieout.domain.ledger import Refused
from tieout.errors import FatalError, OutcomeUnknownError, RetryableError

BAD_REQUEST = 400
IDEMPOTENCY_COMPLAINT = "used with a different request"
REFUSED_REMEDY = "Correct the record or the mapping as the message says, then replay it."


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


def batch_key(keys: Sequence[str]) -> str:
    """Return the idempotency key of a request that carries the elements with these keys.

    One element keeps its own. A batch has a digest over its sorted keys: the same elements are the
    same request, in 64 characters of the 128 that Xero takes.
    """
    if len(keys) == 1:
        return keys[0]
    return hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()


def refused(message: str, *, answer: object = None) -> Refused:
    """Return Xero's no to one element, in Xero's words."""
    return Refused(
        cause="target_refused",
        message=f"Xero refused it: {message}",
        remedy=REFUSED_REMEDY,
        answer=plain_json(answer),
    )


def write_elements(
    client: XeroClient, resource: Resource, elements: Sequence[Element]
) -> list[Row | Refused]:
    """Write elements and return, in their order, what Xero holds now or its refusal.

    Raises:
        RetryableError: Nothing was written.
        OutcomeUnknownError: Some may have been written, and no answer says which.
    """
    # Sorted, so that the same elements are byte for byte the same request under the same key.
    order = sorted(range(len(elements)), key=lambda index: elements[index].idempotency_key)
    batch = [elements[index] for index in order]
    answer = client.write(
        resource.method,
        resource.path,
        body={resource.member: [element.content for element in batch]},
        idempotency_key=batch_key([element.idempotency_key for element in batch]),
        params=resource.params,
    )
    outcomes = _outcomes(client, resource, batch, answer)
    by_index = dict(zip(order, outcomes, strict=True))
    return [by_index[index] for index in range(len(elements))]


def _outcomes(
    client: XeroClient, resource: Resource, batch: Sequence[Element], answer: Answer
) -> list[Row | Refused]:
    if answer.is_success:
        with after_write():
            return _read_outcomes(resource, batch, rows_of(answer, resource.member))
    if len(batch) == 1:
        return [_whole_refusal(answer)]
    _refuse_reused_key(answer)
    return _one_by_one(client, resource, batch)


def _read_outcomes(
    resource: Resource, batch: Sequence[Element], rows: Sequence[Row]
) -> list[Row | Refused]:
    if len(rows) != len(batch) or not all(
        element.echoes(row) for element, row in zip(batch, rows, strict=True)
    ):
        message = f"Xero's answer does not match the {len(batch)} {resource.member} sent."
        raise OutcomeUnknownError(message, remedy="Look them up before sending them again.")
    return [_outcome(resource, row) for row in rows]


def _outcome(resource: Resource, row: Row) -> Row | Refused:
    is_error = row.get("StatusAttributeString") == "ERROR"
    is_refused = is_error or row.get("HasErrors") or row.get("HasValidationErrors")
    if is_refused or complaints(row):
        return refused("; ".join(complaints(row)) or "no reason given", answer=row)
    if row.get(resource.id_member, NO_ID) == NO_ID:
        message = f"Xero neither refuses nor names one of the {resource.member} sent."
        raise OutcomeUnknownError(message, remedy="Look it up before sending it again.")
    return row


def _one_by_one(
    client: XeroClient, resource: Resource, batch: Sequence[Element]
) -> list[Row | Refused]:
    outcomes: list[Row | Refused] = []
    for element in batch:
        try:
            outcomes += write_elements(client, resource, [element])
        except (RetryableError, FatalError) as error:
            if not outcomes:
                raise
            message = f"Of {len(batch)} {resource.member}, {len(outcomes)} went out."
            remedy = "Look them up before sending them again."
            raise OutcomeUnknownError(message, remedy=remedy) from error
    return outcomes


def _whole_refusal(answer: Answer) -> Refused:
    _refuse_reused_key(answer)
    said = _said(answer)
    reasons = complaints(said) or [_message(said)]
    if answer.status == NOT_FOUND:
        reasons = ["it names a record that this organization does not have"]
    return refused("; ".join(filter(None, reasons)) or f"HTTP {answer.status}", answer=said)


def _refuse_reused_key(answer: Answer) -> None:
    """Raise when the key was used before: that earlier request may have written something."""
    if answer.status == BAD_REQUEST and IDEMPOTENCY_COMPLAINT in answer.body.decode(
        errors="replace"
    ):
        message = "Xero knows the idempotency key from another request."
        raise OutcomeUnknownError(message, remedy="Look the record up before sending it again.")


def _said(answer: Answer) -> object:
    """Return a refusal's body where it is JSON; proxies and old servers answer in HTML."""
    try:
        return answer.json()
    except OutcomeUnknownError:
        return None


def _message(said: object) -> str:
    if not isinstance(said, dict):
        return ""
    return str(said.get("Message") or said.get("Detail") or "")
