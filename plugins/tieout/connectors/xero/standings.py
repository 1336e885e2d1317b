"""What has become of documents that were written to Xero, read by their ids, many in one call."""

from collections.abc import Callable, Collection, Mapping

from tieout.connectors.xero.answers import SaidInvoice, SaidPayment
from tieout.connectors.xero.client import XeroClient, any_of
from tieout.connectors.xero.targets.invoices import landed_invoice
from tieout.connectors.xero.targets.payments import landed_payment
from tieout.domain.books import XeroStanding

Standings = Callable[[XeroClient, Collection[str]], dict[str, XeroStanding]]

IDS_PER_CALL_MAX = 40
"""How many ids one address names: 36 characters each, and proxies refuse about 4,000 in all."""


def invoice_standings(client: XeroClient, invoice_ids: Collection[str]) -> dict[str, XeroStanding]:
    """Return what has become of invoices, by id; voided and deleted ones are there too."""
    wanted = sorted(set(invoice_ids))
    found: dict[str, XeroStanding] = {}
    for start in range(0, len(wanted), IDS_PER_CALL_MAX):
        ids = ",".join(wanted[start : start + IDS_PER_CALL_MAX])
        params = {"IDs": ids, "includeArchived": "true", "unitdp": "4"}
        for row in client.all_rows("Invoices", params=params):
            invoice = SaidInvoice.of(row)
            found[invoice.invoice_id] = XeroStanding(
                status=invoice.status,
                figures=landed_invoice(invoice, row).figures,
            )
    return found


def payment_standings(client: XeroClient, payment_ids: Collection[str]) -> dict[str, XeroStanding]:
    """Return what has become of payments, by id; deleted ones are there too."""
    found: dict[str, XeroStanding] = {}
    for where in any_of("PaymentID", sorted(set(payment_ids)), as_guid=True):
        for row in client.all_rows("Payments", params={"where": where}):
            payment = SaidPayment.of(row)
            found[payment.payment_id] = XeroStanding(
                status=payment.status,
                figures=landed_payment(payment, row).figures,
            )
    return found


STANDINGS: Mapping[str, Standings] = {
    "invoice": invoice_standings,
    "payment": payment_standings,
}
"""By entity."""
