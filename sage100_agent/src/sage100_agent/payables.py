"""What documents of payables must be: what they need, how their keys look, what must add up.

The purchase side of documents.py. How they are written belongs in writers/.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sage100_agent.errors import RefusedError

Values = dict[str, str]
REQUIRED = {
    "ap_invoice.create": (
        {"APDivisionNo", "VendorNo", "InvoiceNo", "InvoiceDate", "InvoiceAmt", "Comment"},
        {"AccountKey", "DistributionAmt"},
    ),
    "manual_check.create": (
        {"BankCode", "CheckNo", "CheckDate", "APDivisionNo", "VendorNo", "CheckAmt", "Comment"},
        {"InvoiceNo", "InvoiceAmt"},
    ),
    "manual_check.void": ({"BankCode", "CheckNo", "CheckDate", "Comment"}, set[str]()),
    "manual_check.reverse": (
        {"BankCode", "CheckNo", "CheckDate", "APDivisionNo", "VendorNo", "CheckAmt", "Comment"},
        {"InvoiceNo", "InvoiceAmt"},
    ),
    "purchase_order.create": (
        {"APDivisionNo", "VendorNo", "PurchaseOrderDate", "Comment"},
        {"ItemCode", "QuantityOrdered", "UnitCost"},
    ),
    "receipt.goods": (
        {"PurchaseOrderNo", "ReceiptDate", "Comment"},
        {"OrderLineKey", "QuantityReceived"},
    ),
    "receipt.invoice": (
        {"PurchaseOrderNo", "ReceiptDate", "InvoiceNo", "InvoiceDate", "InvoiceAmt", "Comment"},
        {"OrderLineKey", "QuantityInvoiced", "UnitCost"},
    ),
}
"""Columns of the header and of each line; the Comment is what ours is known by."""
VENDORS_NUMBER = (r"[^a-z\s]+", "upper case, without blanks, its zeros as the vendor has them")
KEY_FORMS = {
    "AP_InvoiceHeader.InvoiceNo": VENDORS_NUMBER,
    "AP_OpenInvoice.InvoiceNo": VENDORS_NUMBER,
    "PO_ReceiptHeader.InvoiceNo": VENDORS_NUMBER,
    "PurchaseOrderNo": (r"[0-9A-Z]{7}", "7 characters, zero-padded"),
    "PO_ReceiptDetail.OrderLineKey": (
        r"[0-9]{6}",
        "6 digits, the LineKey of the purchase order's line",
    ),
}


@dataclass(frozen=True)
class Balance:
    """What a header's amount must equal: its lines, less and plus other columns.

    Sage refuses some of that only at nWrite, and lets the rest block a register.
    """

    total: str
    line: str
    less: str = ""
    added: tuple[str, ...] = ()

    def __call__(self, header: Values, lines: Sequence[Values]) -> None:
        """Check a document.

        Raises:
            RefusedError: It does not add up.
        """
        parts = [Decimal(header.get(name, "0")) for name in self.added]
        parts.extend(Decimal(line[self.line]) - Decimal(line.get(self.less, "0")) for line in lines)
        stated, total = header[self.total], sum(parts, Decimal(0))
        if total != Decimal(stated):
            message = f"{self.total} is {stated}, its parts add up to {total}."
            raise RefusedError("not_in_form", message)


PAID = Balance("CheckAmt", "InvoiceAmt", less="DiscountAmt")
CHECKS = {
    "ap_invoice.create": Balance(
        "InvoiceAmt", "DistributionAmt", added=("FreightAmt", "SalesTaxAmt")
    ),
    "manual_check.create": PAID,
    "manual_check.reverse": PAID,
}
