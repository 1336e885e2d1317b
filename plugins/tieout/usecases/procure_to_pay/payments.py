"""What is paid of bills: read in the ledger that pays, judged, and brought into a canonical form.

One ledger pays from a bank account, the other one only records it: ``payer`` of the account says
which. A payment that appears on the other side is nobody's to copy, or the bill is paid twice.
Nothing is recorded of a bill before both ledgers have it in their books.
"""

from datetime import date

from tieout.domain.base import Amount, Frozen, System
from tieout.domain.money import ZERO
from tieout.usecases.flow import Ready

BILL_PAYMENT = "bill_payment"
"""The document type, the step that judges, and what bindings call a payment of bills."""
XERO_LIST, CHECKS = "BillPayments", "AP_CheckHistoryHeader"
LISTS = ((System.XERO, XERO_LIST), (System.SAGE100, CHECKS))
VOID, REVERSAL = "V", "R"
"""Check types that pay nothing: a spoiled number, and what takes a check back."""
DELETED = "DELETED"
WAITS_FOR = "bill"
"""As what payments wait for a bill whose register people have not updated."""
OWN_WRITE = "own_write"
PAYS_NOTHING = "pays_nothing"


class PaidBill(Frozen):
    """One bill and what is paid of it, as both ledgers call the bill."""

    bill_id: str
    invoice_no: str
    amount: Amount


class BillPayment(Frozen):
    """One payment, or what takes one back; ``key`` is that of what is written for it.

    ``to`` is the ledger that is to record it. ``undone`` are ids of payments of Xero that end.
    """

    source_id: str
    key: str
    number: str
    to: System
    book_date: date
    currency: str
    total: Amount = ZERO
    account: str = ""
    bank_code: str = ""
    payee: str = ""
    division: str = ""
    vendor_no: str = ""
    paid: tuple[PaidBill, ...] = ()
    undone: tuple[str, ...] = ()


class ReadyPayment(Ready):
    """A document that was read, and its payment."""

    payment: BillPayment


class NotYetError(Exception):
    """The bill is not in Sage 100's books yet; its id is what waits are named by."""


def delivery_key(check: str, invoice_no: str) -> str:
    """Return the key of what Xero records of one bill that a check of Sage 100 paid."""
    return f"{check}/{invoice_no}"
