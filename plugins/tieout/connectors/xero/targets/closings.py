"""What takes a document back: invoices voided or deleted, payments deleted.

Both set a state: what is in it already is done. The document itself is left as it is, so the
lines are not sent (domain/xero README, 2.8).
"""

from collections.abc import Iterator, Sequence

from typing_extensions import override

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.answers import SaidInvoice, SaidPayment
from tieout.connectors.xero.client import FILTER_TERMS_MAX
from tieout.connectors.xero.targets.base import ONE_BY_ONE, Found, Key, XeroTarget, text
from tieout.connectors.xero.targets.kinds import SingleTarget
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import Json
from tieout.domain.ledger import Landed
from tieout.domain.statuses.machine import Phase
from tieout.domain.statuses.xero import INVOICE, PAYMENT

(GONE_PAYMENT,) = PAYMENT.words(Phase.GONE)


class InvoiceVoidTarget(XeroTarget):
    """Invoices and bills taken back: VOIDED when they were authorized, DELETED before that."""

    entity = "invoice_void"
    guard = "Status: a void or deleted invoice is changed by nothing any more"
    model = "Invoice"
    resource = Resource("Invoices", "Invoices", "POST", "InvoiceID", ONE_BY_ONE)
    echoed = ("InvoiceID",)

    @override
    def _key(self, payload: Json) -> Key:
        return (text(payload, "InvoiceID").lower(),)

    @override
    def _mark(self, payload: Json) -> str:
        return str(payload.get("Status") or "")

    @override
    def _unfit(self, payload: Json) -> str:
        gone = INVOICE.words(Phase.GONE)
        if set(payload) == {"InvoiceID", "Status"} and payload["Status"] in gone:
            return ""
        return (
            f"what takes an invoice back is its InvoiceID and the Status {' or '.join(gone)} alone"
        )

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for start in range(0, len(keys), FILTER_TERMS_MAX):
            some = ",".join(key for (key,) in keys[start : start + FILTER_TERMS_MAX])
            for row in self.client.all_rows("Invoices", params={"IDs": some}):
                said = SaidInvoice.of(row)
                landed = Landed(
                    external_id=said.invoice_id,
                    external_no=said.invoice_number,
                    figures={"status": said.status},
                    answer=plain_json(row),
                )
                yield Found((said.invoice_id.lower(),), landed, mark=said.status)


class PaymentDeletionTarget(SingleTarget):
    """Payments taken back; those that are reconciled, or part of a batch, Xero keeps."""

    entity = "payment_deletion"
    guard = "Status: a deleted payment is changed by nothing any more"
    model = "PaymentDelete"
    resource = Resource("Payments", "Payments", "POST", "PaymentID", {}, is_bare=True)

    @override
    def _path(self, payload: Json) -> str:
        return f"Payments/{text(payload, 'PaymentID')}"

    @override
    def _key(self, payload: Json) -> Key:
        return (text(payload, "PaymentID").lower(),)

    @override
    def _mark(self, payload: Json) -> str:
        return GONE_PAYMENT

    @override
    def _content(self, payload: Json) -> Json:
        return {"Status": GONE_PAYMENT}

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for (payment_id,) in keys:
            for row in self.client.rows(f"Payments/{payment_id}", "Payments"):
                said = SaidPayment.of(row)
                landed = Landed(
                    external_id=said.payment_id,
                    external_no=said.reference,
                    figures={"status": said.status},
                    answer=plain_json(row),
                )
                yield Found((said.payment_id.lower(),), landed, mark=said.status)
