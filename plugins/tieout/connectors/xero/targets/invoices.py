"""Sales invoices, created once by their InvoiceNumber."""

from collections.abc import Iterator, Sequence

from typing_extensions import override

from tieout.connectors.http import plain_json
from tieout.connectors.xero.answers import SaidInvoice, amount_text
from tieout.connectors.xero.client import FILTER_TERMS_MAX, Row
from tieout.connectors.xero.targets.base import ONE_BY_ONE, Found, Key, XeroTarget, text
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import Json
from tieout.domain.ledger import Landed

LIVE_STATUSES = frozenset({"AUTHORISED", "PAID"})


class InvoiceTarget(XeroTarget):
    """Sales invoices; ours has our Reference."""

    entity = "invoice"
    guard = "InvoiceNumber: Xero refuses a second ACCREC invoice with the same number"
    model = "Invoice"
    resource = Resource("Invoices", "Invoices", "PUT", "InvoiceID", {**ONE_BY_ONE, "unitdp": "4"})
    echoed = ("InvoiceNumber",)

    @override
    def _key(self, payload: Json) -> Key:
        return (text(payload, "InvoiceNumber"),)

    @override
    def _mark(self, payload: Json) -> str:
        return str(payload.get("Reference") or "")

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for start in range(0, len(keys), FILTER_TERMS_MAX):
            some = [number for (number,) in keys[start : start + FILTER_TERMS_MAX]]
            params = {"InvoiceNumbers": ",".join(some), "unitdp": "4"}
            for row in self.client.all_rows("Invoices", params=params):
                invoice = SaidInvoice.of(row)
                if invoice.type == "ACCREC":
                    yield Found(
                        (invoice.invoice_number,),
                        landed_invoice(invoice, row),
                        is_live=invoice.status in LIVE_STATUSES,
                        mark=invoice.reference,
                    )


def landed_invoice(invoice: SaidInvoice, row: Row) -> Landed:
    """Return what Xero holds of one invoice."""
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
