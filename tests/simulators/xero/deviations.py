"""Where Xero answers otherwise than its specification says: the few ways, each with its source.

A source is the specification's own example of an operation, or a recording, both of which the tests
look up; or a paragraph of the domain page (README). What no document says is marked as ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import requests

from simulators.xero.client import Json

_TEXT: Final[Json] = {"type": "string"}
_FLAG: Final[Json] = {"type": "boolean"}
_ID: Final[Json] = {"type": "string", "format": "uuid"}
_ERRORS: Final[Json] = {
    "type": "array",
    "items": {"$ref": "#/components/schemas/ValidationError"},
}
ENVELOPE: Final[Mapping[str, Json]] = {
    "Id": _ID,
    "Status": {"type": "string", "enum": ["OK"]},
    "ProviderName": _TEXT,
    "DateTimeUTC": {"type": "string", "x-is-msdate-time": True},
}
"""What opens every good answer of the accounting API: every recording has it (README 1.1)."""


@dataclass(frozen=True)
class Extra:
    """A member that a schema does not name and answers have nevertheless."""

    schema: str
    member: str
    form: Json
    source: str
    """A recording's name, or the id of an operation whose example shows it."""


EXTRAS: Final = (
    Extra("Invoice", "DateString", _TEXT, "GET Invoices"),
    Extra("Invoice", "DueDateString", _TEXT, "GET Invoices"),
    Extra("Invoice", "InvoicePaymentServices", {"type": "array"}, "GET Invoices"),
    Extra("LineItem", "ValidationErrors", _ERRORS, "PUT Invoices"),
    Extra("LineItemTracking", "Options", {"type": "array", "maxItems": 0}, "GET Invoices"),
    Extra("CreditNote", "ID", _ID, "GET CreditNotes"),
    Extra("CreditNote", "DateString", _TEXT, "GET CreditNotes"),
    Extra("PurchaseOrder", "HasErrors", _FLAG, "GET PurchaseOrders"),
    Extra("PurchaseOrder", "IsDiscounted", _FLAG, "GET PurchaseOrders"),
    Extra("PurchaseOrder", "Type", _TEXT, "GET PurchaseOrders"),
    Extra("PurchaseOrder", "DateString", _TEXT, "GET PurchaseOrders"),
    Extra("PurchaseOrder", "DeliveryDateString", _TEXT, "getPurchaseOrder"),
    Extra("Phone", "ValidationErrors", _ERRORS, "PUT Contacts 400"),
    Extra("Address", "ValidationErrors", _ERRORS, "createContacts"),
    Extra("ContactGroup", "HasValidationErrors", _FLAG, "createContactGroup"),
    Extra("BankTransaction", "DateString", _TEXT, "getBankTransactions"),
    Extra("BankTransfer", "DateString", _TEXT, "getBankTransfers"),
    Extra("BankTransfer", "CreatedDateUTCString", _TEXT, "getBankTransfers"),
    Extra("Overpayment", "ID", _ID, "getOverpayments"),
    Extra("Overpayment", "DateString", _TEXT, "getOverpayments"),
    Extra("Prepayment", "ID", _ID, "getPrepayments"),
    Extra("Prepayment", "DateString", _TEXT, "getPrepayments"),
    Extra("TrackingOption", "HasValidationErrors", _FLAG, "createTrackingOptions"),
    Extra("TrackingOption", "IsDeleted", _FLAG, "createTrackingOptions"),
    Extra("TrackingOption", "IsArchived", _FLAG, "createTrackingOptions"),
    Extra("TrackingOption", "IsActive", _FLAG, "createTrackingOptions"),
    Extra("BankTransfer", "StatusAttributeString", _TEXT, "POST Contacts"),
    Extra("BatchPayment", "StatusAttributeString", _TEXT, "POST Contacts"),
    Extra("HistoryRecord", "DateUTCString", _TEXT, "HistoryRetrieved"),
    Extra("HistoryRecord", "ValidationErrors", _ERRORS, "HistoryRecordCreated"),
)

NOT_ASKED_OF_ECHOES: Final = ("required", "maxLength")
"""What the echo of a refused element need not keep to: it says what was sent (README 2.5)."""

NOT_A_FORMAT: Final = ("date-time",)
"""Moments of connections have no zone: the example of getConnections."""

KEYS_BESIDE_IDS: Final = {
    "ContactID": "ContactNumber: the specification's own getContactByContactNumber",
    "PurchaseOrderID": "PurchaseOrderNumber: the specification's own getPurchaseOrderByNumber",
    "InvoiceID": "InvoiceNumber: developer.xero.com, documentation/api/invoices, record filter",
    "CreditNoteID": "CreditNoteNumber: the same of credit notes",
    "ItemID": "Code: the same of items",
}
"""Where a record answers to another key as to the id that the specification wants in the path."""


@dataclass(frozen=True)
class StatusRule:
    """What an answer is like whose status the specification does not have."""

    source: str
    problems: Callable[[requests.Response], list[str]]


def _unauthorized(answer: requests.Response) -> list[str]:
    if not _says_json(answer):
        return [f"the content type is {answer.headers.get('content-type')}"]
    body = answer.json()
    members = ["Type", "Title", "Status", "Detail", "Instance", "Extensions"]
    problems = [] if list(body) == members else [f"the members are {list(body)}"]
    return problems + ([] if body["Status"] == answer.status_code else ["another Status"])


def _not_found(answer: requests.Response) -> list[str]:
    is_html = answer.headers.get("content-type") == "text/html"
    return [] if is_html and not answer.content else ["not an empty text/html"]


def _too_many(answer: requests.Response) -> list[str]:
    problems = [f"{name} is there" for name in ("content-type",) if name in answer.headers]
    problems += ["the body is not empty"] if answer.content else []
    named = ("X-Rate-Limit-Problem", "X-MinLimit-Remaining", "X-DayLimit-Remaining")
    return problems + [f"{name} is missing" for name in named if name not in answer.headers]


def _no_body_or_text(answer: requests.Response) -> list[str]:
    kind = answer.headers.get("content-type", "text/plain")
    return [] if kind.startswith(("text/plain", "text/html")) else [f"the content type is {kind}"]


STATUSES: Final = {
    401: StatusRule("README 2.5", _unauthorized),
    403: StatusRule("README 2.5", _unauthorized),
    404: StatusRule("README 2.5, recorded", _not_found),
    405: StatusRule("ours: what an operation is not", _no_body_or_text),
    406: StatusRule("ours: neither JSON nor XML is accepted", _no_body_or_text),
    413: StatusRule("README 2.5; its form is ours", _no_body_or_text),
    415: StatusRule("ours: the simulator reads JSON only", _no_body_or_text),
    429: StatusRule("README 2.3, recorded", _too_many),
    500: StatusRule("README 2.5: parse defensively", _no_body_or_text),
    501: StatusRule("ours: what is not served", _no_body_or_text),
    503: StatusRule("README 2.5: parse defensively", _no_body_or_text),
}
"""None of these is in the specification (README 1.1)."""

PDF: Final = "application/pdf"
"""A document is printed by its own path, too, when this is accepted: so xero-python 15.2.0 asks."""

XML_IS_THE_DEFAULT: Final = "README 1.1"
"""Without an Accept of JSON the answer is XML; only status and content type of it are judged."""

REFUSES_ANY_REQUEST: Final = "README 1.2 and 2.5"
"""400 with an Error, also of operations for which the specification lists no 400."""


def _says_json(answer: requests.Response) -> bool:
    return answer.headers.get("content-type", "").startswith("application/json")


def extra_members() -> dict[str, dict[str, Json]]:
    """Return the extra members of each schema."""
    members: dict[str, dict[str, Json]] = {}
    for extra in EXTRAS:
        members.setdefault(extra.schema, {})[extra.member] = extra.form
    return members
