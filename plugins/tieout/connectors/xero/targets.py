"""The entities that Tieout writes to Xero: how each is found, sent, read back and told apart.

Every figure in a ``Landed`` is read back with a GET after the write; an answer to a write only
tells whether it was taken. No mapping and no accounting here: payloads come ready.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import nullcontext

from typing_extensions import override

from tieout.connectors.http import after_write, plain_json
from tieout.connectors.xero.answers import (
    DEFAULT_CURRENCY,
    SaidContact,
    SaidInvoice,
    SaidNote,
    SaidPayment,
    amount_text,
    warnings_of,
)
from tieout.connectors.xero.check import element_of
from tieout.connectors.xero.client import FILTER_TERMS_MAX, Row, XeroClient, any_of
from tieout.connectors.xero.config import SETTLE_S
from tieout.connectors.xero.writes import (
    Element,
    Resource,
    refused,
    write_elements,
)
from tieout.domain.base import DeliveryId, Json, System
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.errors import ConfigurationError, OutcomeUnknownError
from tieout.ports.targets import Target

BATCH_MAX = 50
KEY_WINDOW_S = 240.0
"""Xero remembers an Idempotency-Key for six minutes; this leaves room for a request and answer."""
NOTE_CHARACTERS_MAX = 2500
NUMBER_TAKEN = "must be unique"
NAME_OR_NUMBER_TAKEN = "already assigned"
ONE_BY_ONE = {"summarizeErrors": "false"}
"""Judge each element alone; left to itself, Xero refuses a whole batch for one bad element."""
LIVE_INVOICE_STATUSES = frozenset({"AUTHORISED", "PAID"})


class _BatchTarget(Target, ABC):
    """A target whose deliveries are elements of one resource."""

    resource: Resource
    model: str
    key_window_s: float | None = KEY_WINDOW_S
    settle_s = SETTLE_S

    def __init__(self, client: XeroClient) -> None:
        """Take the organization's client."""
        self.client = client

    @override
    def calls(self, count: int) -> int:
        reads = -(-count // FILTER_TERMS_MAX)
        return 1 + reads * (2 if self.looks_up_first or self.updates_known else 1)

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        outcomes: dict[DeliveryId, Outcome] = {}
        sent: list[Delivery] = []
        elements: list[Element] = []
        for delivery in deliveries:
            try:
                content = element_of(self.model, delivery.payload)
            except ValueError as error:
                outcomes[delivery.delivery_id] = refused(f"{error} (found before sending)")
            else:
                sent.append(delivery)
                elements.append(self._element(delivery, content))
        if not sent:
            return outcomes
        written = write_elements(self.client, self.resource, elements)
        with after_write():
            return outcomes | self._settled(sent, written)

    def _element(self, delivery: Delivery, content: Row) -> Element:
        return Element(
            content,
            delivery.idempotency_key,
            echoes=lambda row: self._echoes(delivery.payload, row),
        )

    def _settled(
        self, sent: Sequence[Delivery], written: Sequence[Row | Refused]
    ) -> dict[DeliveryId, Outcome]:
        """Read back what was taken, and look into what was not."""
        taken = [d for d, row in zip(sent, written, strict=True) if not isinstance(row, Refused)]
        found = self.find(taken) if taken else {}
        outcomes: dict[DeliveryId, Outcome] = {}
        for delivery, row in zip(sent, written, strict=True):
            if isinstance(row, Refused):
                outcomes[delivery.delivery_id] = self._refusal(delivery, row)
                continue
            landed = found.get(delivery.delivery_id)
            if landed is None:
                message = f"Xero took {self.entity} {delivery.document_key} but does not show it."
                raise OutcomeUnknownError(message, remedy="Look it up again in a minute.")
            notes = [landed.note, *warnings_of(row)]
            note = "; ".join(filter(None, notes))
            outcomes[delivery.delivery_id] = landed.model_copy(update={"note": note})
        return outcomes

    def _refusal(self, delivery: Delivery, refusal: Refused) -> Outcome:  # noqa: ARG002 - a hook
        """Return what a refusal of Xero amounts to."""
        return refusal

    @abstractmethod
    def _echoes(self, payload: Json, row: Row) -> bool:
        """Say whether an element of an answer speaks of the payload."""


class ContactTarget(_BatchTarget):
    """Contacts, told apart by ContactNumber: created when the number is new, else updated by id.

    Not left to POST alone: what Xero matches a POST without an id by is not documented in full, and
    a match by name would take over a contact that somebody else keeps.
    """

    system = System.XERO
    entity = "contact"
    batch_max = BATCH_MAX
    guard = "ContactNumber and Name: Xero creates (PUT) no second active contact with either"
    looks_up_first = False
    updates_known = True
    settle_s = 0.0
    """What lands late is refused: its number is taken by then."""
    model = "Contact"
    resource = Resource("Contacts", "Contacts", "PUT", "ContactID", ONE_BY_ONE)

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        held = self.find(deliveries)
        new = [delivery for delivery in deliveries if delivery.delivery_id not in held]
        outcomes = dict(super().send(new))
        known = [
            _with_contact_id(delivery, held[delivery.delivery_id])
            for delivery in deliveries
            if delivery.delivery_id in held
        ]
        if not known:
            return outcomes
        with after_write() if new else nullcontext():
            return outcomes | dict(_KnownContacts(self.client).send(known))

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        held: dict[str, tuple[SaidContact, Row]] = {}
        wanted = sorted({_text(d.payload, "ContactNumber") for d in deliveries})
        for where in any_of("ContactNumber", wanted):
            params = {"where": where, "includeArchived": "true"}
            for row in self.client.all_rows("Contacts", params=params):
                contact = SaidContact.of(row)
                if contact.contact_status == "ACTIVE" or contact.contact_number not in held:
                    held[contact.contact_number] = (contact, row)
        numbers = {d.delivery_id: _text(d.payload, "ContactNumber") for d in deliveries}
        return {key: _contact(*held[no]) for key, no in numbers.items() if no in held}

    @override
    def _refusal(self, delivery: Delivery, refusal: Refused) -> Outcome:
        if NAME_OR_NUMBER_TAKEN not in refusal.message:
            return refusal
        # Another worker may have created it since we looked.
        return self.find([delivery]).get(delivery.delivery_id, refusal)

    @override
    def _echoes(self, payload: Json, row: Row) -> bool:
        return row.get("ContactNumber", payload["ContactNumber"]) == payload["ContactNumber"]


class _KnownContacts(ContactTarget):
    """Contacts whose ContactID is in the payload: updated, never created."""

    resource = Resource("Contacts", "Contacts", "POST", "ContactID", ONE_BY_ONE)

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        return _BatchTarget.send(self, deliveries)


class InvoiceTarget(_BatchTarget):
    """Sales invoices, created once by their InvoiceNumber."""

    system = System.XERO
    entity = "invoice"
    batch_max = BATCH_MAX
    guard = "InvoiceNumber: Xero refuses a second ACCREC invoice with the same number"
    looks_up_first = False
    settle_s = 0.0
    """What lands late is refused: its number is taken by then."""
    model = "Invoice"
    resource = Resource("Invoices", "Invoices", "PUT", "InvoiceID", {**ONE_BY_ONE, "unitdp": "4"})

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        held = self._held([_text(d.payload, "InvoiceNumber") for d in deliveries])
        found: dict[DeliveryId, Landed] = {}
        for delivery in deliveries:
            invoice, row = held.get(_text(delivery.payload, "InvoiceNumber"), (None, {}))
            if invoice is not None and _is_ours(delivery.payload, invoice):
                found[delivery.delivery_id] = _invoice(invoice, row)
        return found

    @override
    def present(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        numbers = {d.delivery_id: _text(d.payload, "InvoiceNumber") for d in deliveries}
        held = self._held(sorted(set(numbers.values())))
        return {mine: _invoice(*held[no]) for mine, no in numbers.items() if no in held}

    def _held(self, numbers: Sequence[str]) -> dict[str, tuple[SaidInvoice, Row]]:
        """Return the sales invoices that have the numbers, in any status; live ones win."""
        held: dict[str, tuple[SaidInvoice, Row]] = {}
        for start in range(0, len(numbers), FILTER_TERMS_MAX):
            some = numbers[start : start + FILTER_TERMS_MAX]
            params = {"InvoiceNumbers": ",".join(some), "unitdp": "4"}
            for row in self.client.all_rows("Invoices", params=params):
                invoice = SaidInvoice.of(row)
                is_live = invoice.status in LIVE_INVOICE_STATUSES
                if invoice.type == "ACCREC" and (is_live or invoice.invoice_number not in held):
                    held[invoice.invoice_number] = (invoice, row)
        return held

    @override
    def _refusal(self, delivery: Delivery, refusal: Refused) -> Outcome:
        if NUMBER_TAKEN not in refusal.message:
            return refusal
        number = _text(delivery.payload, "InvoiceNumber")
        invoice, row = self._held([number]).get(number, (None, {}))
        if invoice is None:
            return refusal
        landed = _invoice(invoice, row)
        has_our_total = landed.figures["total"] == delivery.expected.get("total")
        if _is_ours(delivery.payload, invoice) and has_our_total:
            return landed
        message = (
            f"Invoice number {number} belongs to another invoice in Xero: {invoice.status}, "
            f"reference {invoice.reference!r}, total {landed.figures['total']}."
        )
        remedy = "Renumber or void that invoice in Xero, or adopt it by hand; then replay."
        return Refused(cause="number_taken", message=message, remedy=remedy, answer=plain_json(row))

    @override
    def _echoes(self, payload: Json, row: Row) -> bool:
        return row.get("InvoiceNumber", payload["InvoiceNumber"]) == payload["InvoiceNumber"]


class PaymentTarget(_BatchTarget):
    """Payments on sales invoices, told apart by invoice and Reference."""

    system = System.XERO
    entity = "payment"
    batch_max = BATCH_MAX
    guard = ""
    looks_up_first = True
    key_window_s: float | None = 0.0
    """A request has one key for all its elements: the same payment among others is another request,
    which nothing refuses. So one in doubt is never sent again before it can no longer land."""
    model = "Payment"
    resource = Resource("Payments", "Payments", "PUT", "PaymentID", ONE_BY_ONE)

    def __init__(self, client: XeroClient, *, settle_s: float = SETTLE_S) -> None:
        """Take the organization's client and how late a write may land, in seconds."""
        super().__init__(client)
        self.settle_s = settle_s

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        held = self._held(deliveries)
        keys = {d.delivery_id: _payment_key(d.payload) for d in deliveries}
        return {mine: _payment(held[key]) for mine, key in keys.items() if key in held}

    @override
    def copies_held(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Sequence[str]]:
        held = self._held(deliveries)
        return {
            d.delivery_id: [said.payment_id for said, _row in held.get(_payment_key(d.payload), [])]
            for d in deliveries
        }

    def _held(
        self, deliveries: Sequence[Delivery]
    ) -> dict[tuple[str, str], list[tuple[SaidPayment, Row]]]:
        """Return the live payments on the deliveries' invoices by invoice and reference."""
        held: dict[tuple[str, str], list[tuple[SaidPayment, Row]]] = {}
        wanted = sorted({_invoice_id(d.payload) for d in deliveries})
        for where in any_of("Invoice.InvoiceID", wanted, as_guid=True):
            for row in self.client.all_rows("Payments", params={"where": where}):
                payment = SaidPayment.of(row)
                if payment.status == "AUTHORISED" and payment.invoice is not None:
                    key = (payment.invoice.invoice_id.lower(), payment.reference)
                    held.setdefault(key, []).append((payment, row))
        return held

    @override
    def _echoes(self, payload: Json, row: Row) -> bool:
        return row.get("Reference", payload["Reference"]) == payload["Reference"]


class InvoiceNoteTarget(Target):
    """Notes in the history of an invoice, told apart by their text."""

    system = System.XERO
    entity = "invoice_note"
    batch_max = 1
    guard = ""
    looks_up_first = True
    key_window_s: float | None = KEY_WINDOW_S
    settle_s = SETTLE_S

    def __init__(self, client: XeroClient, *, settle_s: float = SETTLE_S) -> None:
        """Take the organization's client and how late a write may land, in seconds."""
        self.client = client
        self.settle_s = settle_s

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        return {
            delivery.delivery_id: _note(invoice_id)
            for delivery in deliveries
            for invoice_id in [_text(delivery.payload, "invoice_id")]
            if _text(delivery.payload, "details") in self._details(invoice_id)
        }

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        return {delivery.delivery_id: self._send(delivery) for delivery in deliveries}

    @override
    def calls(self, count: int) -> int:
        return 2 * count

    def _send(self, delivery: Delivery) -> Outcome:
        invoice_id = _text(delivery.payload, "invoice_id")
        details = _text(delivery.payload, "details")
        if not details or len(details) > NOTE_CHARACTERS_MAX:
            return refused(f"a note has 1 to {NOTE_CHARACTERS_MAX} characters, not {len(details)}")
        resource = Resource(_history(invoice_id), "HistoryRecords", "PUT", "Details", {})
        element = Element({"Details": details}, delivery.idempotency_key, echoes=lambda _: True)
        (written,) = write_elements(self.client, resource, [element])
        # The answer is the record as Xero keeps it; reading it back would cost a second call of
        # the 60 a minute for every order.
        return written if isinstance(written, Refused) else _note(invoice_id)

    @override
    def copies_held(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Sequence[str]]:
        found: dict[DeliveryId, Sequence[str]] = {}
        for delivery in deliveries:
            invoice_id = _text(delivery.payload, "invoice_id")
            same = self._details(invoice_id).count(_text(delivery.payload, "details"))
            # Xero gives a history record no id.
            found[delivery.delivery_id] = [f"{invoice_id} note {no}" for no in range(1, same + 1)]
        return found

    def _details(self, invoice_id: str) -> list[str]:
        rows = self.client.rows(_history(invoice_id), "HistoryRecords")
        return [SaidNote.of(row).details for row in rows]


def _with_contact_id(delivery: Delivery, held: Landed) -> Delivery:
    """Return the delivery as an update, which is another request and so has another key."""
    payload: Json = {**delivery.payload, "ContactID": held.external_id}
    key = hashlib.sha256(f"{delivery.idempotency_key} {held.external_id}".encode()).hexdigest()
    return delivery.model_copy(update={"payload": payload, "idempotency_key": key})


def _text(payload: Json, member: str) -> str:
    value = payload.get(member)
    if not isinstance(value, str):
        message = f"A payload for Xero lacks {member}."
        raise ConfigurationError(message, remedy="Add it to include/mappings/xero.")
    return value


def _invoice_id(payload: Json) -> str:
    invoice = payload.get("Invoice")
    return _text(invoice if isinstance(invoice, dict) else {}, "InvoiceID")


def _payment_key(payload: Json) -> tuple[str, str]:
    return _invoice_id(payload).lower(), _text(payload, "Reference")


def _is_ours(payload: Json, invoice: SaidInvoice) -> bool:
    """Say whether an invoice with our number is the one of the payload, and alive."""
    is_live = invoice.status in LIVE_INVOICE_STATUSES
    return is_live and invoice.reference == payload.get("Reference")


def _history(invoice_id: str) -> str:
    return f"Invoices/{invoice_id}/History"


def _contact(contact: SaidContact, row: Row) -> Landed:
    is_active = contact.contact_status == "ACTIVE"
    return Landed(
        external_id=contact.contact_id,
        external_no=contact.contact_number,
        figures={"name": contact.name},
        answer=plain_json(row),
        note="" if is_active else f"the contact is {contact.contact_status}",
    )


def _invoice(invoice: SaidInvoice, row: Row) -> Landed:
    return Landed(
        external_id=invoice.invoice_id,
        external_no=invoice.invoice_number,
        figures={
            "total": amount_text(invoice.total, invoice.currency_code),
            "tax": amount_text(invoice.total_tax, invoice.currency_code),
            "currency": invoice.currency_code,
        },
        answer=plain_json(row),
    )


def _payment(copies: Sequence[tuple[SaidPayment, Row]]) -> Landed:
    payment, row = copies[0]
    currency = payment.invoice.currency_code if payment.invoice else DEFAULT_CURRENCY
    is_single = len(copies) == 1
    return Landed(
        external_id=payment.payment_id,
        external_no=payment.reference,
        figures={
            "amount": amount_text(payment.amount, currency),
            "account": payment.account.code if payment.account else "",
        },
        answer=plain_json(row),
        note="" if is_single else f"Xero holds {len(copies)} payments with this reference",
    )


def _note(invoice_id: str) -> Landed:
    return Landed(external_id=invoice_id, external_no="", figures={})
