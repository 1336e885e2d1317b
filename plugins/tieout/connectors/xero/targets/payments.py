"""Payments on invoices, refunds of credit notes, and payments of many invoices in one amount."""

from collections.abc import Iterator, Sequence
from datetime import date

from typing_extensions import override

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.answers import (
    DEFAULT_CURRENCY,
    SaidBatchPayment,
    SaidDocument,
    SaidPayment,
    amount_text,
)
from tieout.connectors.xero.client import Row, any_of, on_days
from tieout.connectors.xero.targets.base import ONE_BY_ONE, Found, Key, day, text
from tieout.connectors.xero.targets.kinds import UnguardedTarget
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import Json
from tieout.domain.ledger import Landed
from tieout.domain.statuses.xero import BATCH_PAYMENT, PAYMENT


class PaymentTarget(UnguardedTarget):
    """Payments on invoices and bills, told apart by invoice and Reference.

    Xero refuses what is beyond the amount due, so one in full has no copy.
    """

    entity = "payment"
    model = "Payment"
    resource = Resource("Payments", "Payments", "PUT", "PaymentID", ONE_BY_ONE)
    echoed = ("Reference",)
    pays = "Invoice"
    """The member that names what is paid."""

    @override
    def _key(self, payload: Json) -> Key:
        return text(payload, self.pays, f"{self.pays}ID").lower(), text(payload, "Reference")

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        paid_ids = sorted({paid_id for paid_id, _reference in keys})
        for where in any_of(f"{self.pays}.{self.pays}ID", paid_ids, as_guid=True):
            for row in self.client.all_rows("Payments", params={"where": where}):
                payment = SaidPayment.of(row)
                paid_id, document = _paid(payment)
                yield Found(
                    (paid_id.lower(), payment.reference),
                    _landed(payment, document, row),
                    is_live=PAYMENT.is_live(payment.status),
                )


class RefundTarget(PaymentTarget):
    """Money paid back for a credit note, told apart by credit note and Reference."""

    entity = "refund"
    pays = "CreditNote"


class BatchPaymentTarget(UnguardedTarget):
    """Payments that leave, or reach, the bank as one amount, told apart by day and mark.

    The mark is the Reference, which Xero has in New Zealand only, or the Details, everywhere else.
    Xero refuses the whole when one of its payments is beyond the amount due.
    """

    entity = "batch_payment"
    model = "BatchPayment"
    resource = Resource("BatchPayments", "BatchPayments", "PUT", "BatchPaymentID", ONE_BY_ONE)
    echoed = ("Reference", "Details")

    @override
    def _key(self, payload: Json) -> Key:
        mark = "Reference" if "Reference" in payload else "Details"
        return day(payload, "Date"), text(payload, mark)

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for where in on_days("Date", [date.fromisoformat(on) for on, _mark in keys]):
            for row in self.client.rows("BatchPayments", "BatchPayments", params={"where": where}):
                batch = SaidBatchPayment.of(row)
                on = batch.date.isoformat() if batch.date else ""
                landed = _landed_batch(batch, row)
                for mark in {batch.reference, batch.details} - {""}:
                    yield Found((on, mark), landed, is_live=BATCH_PAYMENT.is_live(batch.status))


def _paid(payment: SaidPayment) -> tuple[str, SaidDocument | None]:
    if payment.invoice is not None:
        return payment.invoice.invoice_id, payment.invoice
    if payment.credit_note is not None:
        return payment.credit_note.credit_note_id, payment.credit_note
    return "", None


def landed_payment(payment: SaidPayment, row: Row) -> Landed:
    """Return what Xero holds of one payment."""
    _paid_id, document = _paid(payment)
    return _landed(payment, document, row)


def _landed(payment: SaidPayment, document: SaidDocument | None, row: Row) -> Landed:
    currency = document.currency_code if document else DEFAULT_CURRENCY
    return Landed(
        external_id=payment.payment_id,
        external_no=payment.reference,
        figures={
            "amount": amount_text(payment.amount, currency),
            "account": payment.account.code if payment.account else "",
            **_banked(payment),
        },
        answer=plain_json(row),
    )


def _banked(payment: SaidPayment) -> dict[str, str]:
    """Return what a payment of a foreign document moved at the bank."""
    if payment.currency_rate == 1 or payment.bank_amount is None or payment.account is None:
        return {}
    return {"banked": amount_text(payment.bank_amount, payment.account.currency_code)}


def _landed_batch(batch: SaidBatchPayment, row: Row) -> Landed:
    return Landed(
        external_id=batch.batch_payment_id,
        external_no=batch.reference or batch.details,
        figures={
            "amount": amount_text(batch.total_amount, batch.account.currency_code),
            "payments": str(len(batch.payments)),
        },
        answer=plain_json(row),
    )
