"""What customers get of an invoice: by mail, and by a link.

Only invoices to customers that are submitted, approved or paid are sent (the vendor's page on
invoices); the texts of the refusals are ours, and so is that their links need the same.
"""

from typing import Final

from tieout.simulators.xero import history
from tieout.simulators.xero.document_records import Invoice
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.refusals import check

_SENT: Final = ("SUBMITTED", "AUTHORISED", "PAID")
_URL: Final = "https://in.xero.com"


def emailed(call: Call, invoice: Invoice) -> Answer:
    """Serve /Invoices/{id}/Email: nothing is mailed, but the invoice counts as sent."""
    check(_problems(invoice))
    contact = call.books.contacts.get(invoice.contact_id)
    address = contact.email_address if contact else None
    check([] if address else ["The contact has no email address"])
    history.recorded(call.books, invoice.document_id, "Invoice sent", f"by email to {address}")
    sent = {"sent_to_contact": True, "updated": call.books.clock()}
    call.books.invoices.put(invoice.model_copy(update=sent))
    return Answer(204)


def online(invoice: Invoice) -> Answer:
    """Serve /Invoices/{id}/OnlineInvoice."""
    check(_problems(invoice))
    link = {"OnlineInvoiceUrl": f"{_URL}/{invoice.document_id.replace('-', '')}"}
    return Answer(content={"OnlineInvoices": [link]})


def _problems(invoice: Invoice) -> list[str]:
    if invoice.type != "ACCREC":
        return ["Only sales invoices can be sent"]
    return [] if invoice.status in _SENT else ["Invoice not of valid status for sending"]
