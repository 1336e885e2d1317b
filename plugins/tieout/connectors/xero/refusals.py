"""The ways in which Xero says no, and what Tieout does then: a table, which the connector acts by.

docs/reference/xero-errors.md is made from it, and a test drives the simulator into every row. What
any system may answer (401, 403, 429, 5xx) belongs to connectors/http.py.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from tieout.connectors.exact_json import plain_json
from tieout.connectors.http import Answer, untrusted_answer
from tieout.connectors.xero.answers import complaints
from tieout.connectors.xero.client import NOT_FOUND, is_page
from tieout.domain.closing import CHOICES, PERIOD_LOCKED
from tieout.domain.ledger import Refused
from tieout.errors import ConfigurationError, OutcomeUnknownError

FROZEN = "document_frozen"
"""The cause of a refusal for the status that a document has."""
TOO_LARGE = 413
MISUSES = {405: "method", 406: "form of answer", 412: "version or TLS", 415: "form of request"}
"""Statuses that every request would get, each with what Xero does not take."""
CORRECT = "Correct the record or the mapping as the message says, then replay it."


class Then(StrEnum):
    """What Tieout does next, in a sentence."""

    LOOK_UP = (
        "What stands in the way is read: our own record is adopted, anything else sets this one "
        "aside."
    )
    SET_ASIDE = "The record becomes a dead letter; its neighbors go on."
    IN_DOUBT = "Something may have been written: it is looked up before anything is sent again."
    STOP = "The task fails: every record would get this answer until a person changes something."
    NOTE = "It landed: the words are kept with the delivery, and what it shows is compared."


@dataclass(frozen=True)
class ErrorRow:
    """One error of Xero, told by its words ("…" is whatever varies), and what follows from it.

    ``cause`` and ``remedy`` are those of the dead letter, where one follows.
    """

    says: str
    then: Then
    cause: str = ""
    remedy: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return the expression that finds its words in a message."""
        words = (re.escape(part.strip()) for part in self.says.split("…"))
        return re.compile(r"\s*.*?\s*".join(words), re.IGNORECASE | re.DOTALL)


def _rows(then: Then, cause: str, remedy: str, *says: str) -> Iterator[ErrorRow]:
    for words in says:
        yield ErrorRow(words, then, cause, remedy)


TEXTS: tuple[ErrorRow, ...] = (
    ErrorRow("Idempotency Key: … is used with a different request", Then.IN_DOUBT),
    *_rows(
        Then.LOOK_UP,
        "number_taken",
        "Find the record that has it in Xero: adopt, renumber or void it; then replay.",
        "Invoice # must be unique",
        "Credit Note # must be unique",
        "Order number must be unique",
        "The contact number … is already assigned to another contact",
        "Price List Item with Code … already exists",
    ),
    *_rows(
        Then.LOOK_UP,
        "name_taken",
        "Find the contact that has the name in Xero: rename or link it; then replay.",
        "The contact name … is already assigned to another contact",
    ),
    *_rows(
        Then.LOOK_UP,
        "exceeds_what_is_due",
        "Look at what was paid and credited on the document in Xero; then replay or dismiss this.",
        "Payment amount exceeds the amount outstanding on this document",
        "Allocation amount exceeds the …",
    ),
    *_rows(
        Then.SET_ASIDE,
        "number_taken",
        "Xero keeps the numbers of deleted orders: give this one another; then replay.",
        "Deleted PurchaseOrders cannot be updated",
    ),
    *_rows(
        Then.LOOK_UP,
        FROZEN,
        "Look at the document in Xero: its status no longer allows this.",
        "… can only be made against Authorised documents",
        "… not of valid status for modification",
        "PurchaseOrder status change is invalid",
    ),
    *_rows(
        Then.SET_ASIDE,
        FROZEN,
        "Look at the document in Xero: something is applied to it, or to the money on it.",
        "This document cannot be edited as it has a payment or credit note allocated to it",
        "The status VOIDED cannot be applied to the invoice because it has payments",
        "… has been reconciled and cannot be deleted",
        "This payment is part of a batch payment and cannot be deleted alone",
    ),
    *_rows(
        Then.SET_ASIDE,
        "contact_archived",
        "Restore the contact in Xero, or link the record to another one; then replay.",
        "The specified contact details matched an archived contact",
    ),
    *_rows(
        Then.SET_ASIDE,
        PERIOD_LOCKED,
        CHOICES,
        "The document date cannot be before the … lock date",
    ),
    *_rows(
        Then.SET_ASIDE,
        "account_not_usable",
        "Enable payments to the account in Xero, or map to a bank account; then replay.",
        "Account type is invalid for making a payment to/from",
    ),
    *_rows(
        Then.SET_ASIDE,
        "account_not_usable",
        "Bring the account into Xero, or correct the mapping; then replay.",
        "Account code … is not a valid code for this",
        "Account code … has been archived, or has been deleted",
        "Account could not be found",
        "Invalid Bank Account",
        "… is not a valid bank account",
    ),
    *_rows(
        Then.SET_ASIDE,
        "tax_type_not_usable",
        "Bring the tax rate into Xero, or correct the mapping; then replay.",
        "The TaxType code … cannot be used with account code",
        "The TaxType code … does not exist",
    ),
    *_rows(
        Then.SET_ASIDE,
        "currency_not_in_xero",
        "Add the currency in Xero, or correct the record; then replay.",
        "Organisation is not subscribed to currency",
    ),
    *_rows(
        Then.SET_ASIDE,
        "unknown_record",
        "Bring what it names into Xero, or correct the record; then replay.",
        "Item code … is not valid",
        "An existing Credit Note with the specified CreditNoteID could not be found",
        "The Contact could not be found",
        "Invoice could not be found",
    ),
    *_rows(
        Then.SET_ASIDE,
        "bad_payload",
        CORRECT,
        "The Contact must contain at least 1 of the following elements to identify the contact",
        "… must be specified",
        "… must be a string with a maximum length of",
        "… must not be longer than",
        "JSON for post data was invalid",
    ),
)
"""Known words, in the order in which they count: of several in one answer, the first decides."""

NAMES_UNKNOWN = ErrorRow(
    "it names a record that this organization does not have",
    Then.SET_ASIDE,
    "unknown_record",
    "Bring what it names into Xero, or correct the record; then replay.",
)
IS_TOO_LARGE = ErrorRow("it is too large", Then.SET_ASIDE, "bad_payload", CORRECT)
MISUSED = ErrorRow(
    "Xero does not take requests in our form",
    Then.STOP,
    remedy="Compare the API's version with the connector's; nothing can go on until then.",
)
STATUSES = {NOT_FOUND: NAMES_UNKNOWN, TOO_LARGE: IS_TOO_LARGE} | dict.fromkeys(MISUSES, MISUSED)
"""Answers without words that we know, by their status."""
OTHER = ErrorRow("no reason given", Then.SET_ASIDE, "target_refused", CORRECT)
"""Whatever is in no row, such as 400 with other words, or a page that something between us gave."""
TAKEN = ErrorRow(
    "another record has its number",
    Then.SET_ASIDE,
    "number_taken",
    "Renumber one of the two, or void the one in Xero, or dismiss this; then replay.",
)
"""What Xero would take, or rewrite, without a word, and what we therefore look for."""
DIFFERS = ErrorRow(
    "holds what nobody expected",
    Then.SET_ASIDE,
    "record_differs",
    "Somebody changed it in Xero: bring their values to the source, or agree that ours count; then "
    "replay.",
)
"""What Xero would write over without a word, and what is therefore read right before."""
WARNED = ErrorRow("Warnings in an element that Xero took, such as a doubtful rate", Then.NOTE)
UNFIT = ErrorRow("(found before sending)", Then.SET_ASIDE, "bad_payload", CORRECT)
"""What xero-python's models, or a rule of the target, refuse before anything is sent."""


@dataclass(frozen=True)
class Refusal:
    """A no to one element, or to a whole request."""

    row: ErrorRow
    said: str
    answer: object = None

    def outcome(self) -> Refused:
        """Return it as the ledger keeps it, in Xero's words."""
        return Refused(
            cause=self.row.cause,
            message=f"Xero refused it: {self.said}",
            remedy=self.row.remedy,
            answer=plain_json(self.answer),
        )


def unfit(problem: object) -> Refusal:
    """Return the refusal of what was not even sent."""
    return Refusal(UNFIT, f"{problem} {UNFIT.says}")


def refusal_of(element: object) -> Refusal:
    """Return what the complaints in one element of an answer amount to.

    Raises:
        OutcomeUnknownError: They say that something else may have been written under its key.
    """
    return _judged(complaints(element), OTHER, element)


def whole_refusal(answer: Answer) -> Refusal:
    """Return what an answer amounts to that refuses a whole request.

    Raises:
        OutcomeUnknownError: The key was used before, so that earlier request may have written; or
            it is no answer of Xero.
        ConfigurationError: Nothing can be written until somebody changes something.
    """
    if answer.status == NOT_FOUND and is_page(answer):
        problem = f"Something other than Xero answered with HTTP {NOT_FOUND}."
        raise untrusted_answer(problem, is_write=True)
    said = _said(answer)
    otherwise = STATUSES.get(answer.status, OTHER)
    messages = complaints(said) or _message(said) or [f"{otherwise.says} (HTTP {answer.status})"]
    refusal = _judged(messages, otherwise, said)
    if refusal.row.then is Then.STOP:
        raise ConfigurationError(f"{refusal.said}.", remedy=refusal.row.remedy)
    return refusal


def _judged(messages: Sequence[str], otherwise: ErrorRow, answer: object) -> Refusal:
    text = "; ".join(messages)
    row = next((row for row in TEXTS if row.pattern.search(text)), otherwise)
    if row.then is Then.IN_DOUBT:
        message = "Xero knows the idempotency key from another request."
        raise OutcomeUnknownError(message, remedy="Look the record up before sending it again.")
    return Refusal(row, text or row.says, answer)


def _said(answer: Answer) -> object:
    """Return a refusal's body where it is JSON; proxies and old servers answer in HTML."""
    try:
        return answer.json()
    except OutcomeUnknownError:
        return None


def _message(said: object) -> list[str]:
    message = (said.get("Message") or said.get("Detail")) if isinstance(said, dict) else None
    return [str(message)] if message else []
