"""What Sage 100 says of customers' money, for whoever reconciles it."""

from datetime import date
from typing import Protocol

from tieout.domain.base import Amount, Frozen
from tieout.domain.books import SageReceipt


class SageOpenInvoice(Frozen):
    """What is open of a posted customer invoice; a memo or prepayment has a negative balance."""

    invoice_no: str
    invoice_type: str
    customer_no: str
    customer_po: str
    date: date
    balance: Amount


class Receivables(Protocol):
    """The receivables of a Sage 100 company."""

    def receipts(self) -> list[SageReceipt]:
        """Return the cash receipts, entered and posted."""

    def open_invoices(self) -> list[SageOpenInvoice]:
        """Return what is open of posted customer invoices, as it stands now."""
