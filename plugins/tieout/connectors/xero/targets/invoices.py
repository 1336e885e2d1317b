"""Sales invoices and bills: one resource at Xero, with two answers to a second number."""

from collections.abc import Iterator, Sequence

from typing_extensions import override

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.answers import SaidInvoice
from tieout.connectors.xero.client import FILTER_TERMS_MAX, Row, XeroClient
from tieout.connectors.xero.targets.base import ONE_BY_ONE, Found, Key, text
from tieout.connectors.xero.targets.kinds import (
    DocumentTarget,
    UnaskedTarget,
    UnguardedTarget,
    totals,
)
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import Json
from tieout.domain.ledger import Landed
from tieout.domain.statuses.xero import BILL, INVOICE

PLACES = {"unitdp": "4"}
"""Keep four decimals of prices, not two."""


class InvoiceTarget(DocumentTarget):
    """Sales invoices, created once by their InvoiceNumber; ours has our Reference."""

    entity = "invoice"
    guard = "InvoiceNumber: Xero refuses a second ACCREC invoice with the same number"
    model = "Invoice"
    resource = Resource("Invoices", "Invoices", "PUT", "InvoiceID", {**ONE_BY_ONE, **PLACES})
    echoed = ("InvoiceNumber",)

    @override
    def _key(self, payload: Json) -> Key:
        return (text(payload, "InvoiceNumber"),)

    @override
    def _mark(self, payload: Json) -> str:
        return str(payload.get("Reference") or "")

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for invoice, row in invoices_numbered(self.client, [number for (number,) in keys]):
            if invoice.type == "ACCREC":
                yield Found(
                    (invoice.invoice_number,),
                    landed_invoice(invoice, row),
                    is_live=INVOICE.is_live(invoice.status),
                    mark=invoice.reference,
                )


class BillTarget(UnaskedTarget, DocumentTarget, UnguardedTarget):
    """Bills, told apart by supplier and InvoiceNumber; ours has our Url.

    A bill has no Reference of its own: its number shows as one. One without a Url in the mapping is
    ours by supplier and number alone.
    """

    entity = "bill"
    model = "Invoice"
    resource = Resource("Invoices", "Invoices", "PUT", "InvoiceID", {**ONE_BY_ONE, **PLACES})
    echoed = ("InvoiceNumber",)

    @override
    def _key(self, payload: Json) -> Key:
        return text(payload, "Contact", "ContactID").lower(), text(payload, "InvoiceNumber")

    @override
    def _mark(self, payload: Json) -> str:
        return str(payload.get("Url") or "")

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        numbers = sorted({number for _contact_id, number in keys})
        for bill, row in invoices_numbered(self.client, numbers):
            if bill.type == "ACCPAY":
                yield Found(
                    (bill.contact.contact_id.lower(), bill.invoice_number),
                    landed_invoice(bill, row),
                    is_live=not BILL.is_gone(bill.status),
                    mark=bill.url,
                )


def invoices_numbered(
    client: XeroClient, numbers: Sequence[str]
) -> Iterator[tuple[SaidInvoice, Row]]:
    """Yield the invoices and bills that have one of the numbers, in any status."""
    for start in range(0, len(numbers), FILTER_TERMS_MAX):
        some = ",".join(numbers[start : start + FILTER_TERMS_MAX])
        for row in client.all_rows("Invoices", params={"InvoiceNumbers": some, **PLACES}):
            yield SaidInvoice.of(row), row


def landed_invoice(invoice: SaidInvoice, row: Row) -> Landed:
    """Return what Xero holds of one invoice."""
    return Landed(
        external_id=invoice.invoice_id,
        external_no=invoice.invoice_number,
        figures=totals(invoice),
        answer=plain_json(row),
    )
