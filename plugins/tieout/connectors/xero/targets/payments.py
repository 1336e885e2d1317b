"""Payments on sales invoices, told apart by invoice and Reference."""

from collections.abc import Iterator, Sequence

from typing_extensions import override

from tieout.connectors.http import plain_json
from tieout.connectors.xero.answers import DEFAULT_CURRENCY, SaidPayment, amount_text
from tieout.connectors.xero.client import Row, any_of
from tieout.connectors.xero.targets.base import ONE_BY_ONE, Found, Key, UnguardedTarget, text
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import Json
from tieout.domain.ledger import Landed


class PaymentTarget(UnguardedTarget):
    """Payments; Xero refuses what is beyond the amount due, so one in full has no copy."""

    entity = "payment"
    model = "Payment"
    resource = Resource("Payments", "Payments", "PUT", "PaymentID", ONE_BY_ONE)
    echoed = ("Reference",)

    @override
    def _key(self, payload: Json) -> Key:
        return text(payload, "Invoice", "InvoiceID").lower(), text(payload, "Reference")

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        invoice_ids = sorted({invoice_id for invoice_id, _reference in keys})
        for where in any_of("Invoice.InvoiceID", invoice_ids, as_guid=True):
            for row in self.client.all_rows("Payments", params={"where": where}):
                payment = SaidPayment.of(row)
                if payment.invoice is not None:
                    yield Found(
                        (payment.invoice.invoice_id.lower(), payment.reference),
                        _landed(payment, row),
                        is_live=payment.status == "AUTHORISED",
                    )


def _landed(payment: SaidPayment, row: Row) -> Landed:
    currency = payment.invoice.currency_code if payment.invoice else DEFAULT_CURRENCY
    return Landed(
        external_id=payment.payment_id,
        external_no=payment.reference,
        figures={
            "amount": amount_text(payment.amount, currency),
            "account": payment.account.code if payment.account else "",
        },
        answer=plain_json(row),
    )
