"""Which writer writes which kind of command."""

from sage100_agent.boi import Task
from sage100_agent.writers.ap_invoices import ApInvoiceWriter
from sage100_agent.writers.base import Writer
from sage100_agent.writers.cash_receipts import CashReceiptWriter
from sage100_agent.writers.customers import TASK as CUSTOMERS
from sage100_agent.writers.customers import CustomerWriter
from sage100_agent.writers.invoices import AR_INVOICE, SALES_INVOICE, InvoiceWriter
from sage100_agent.writers.manual_checks import PAYS, REVERSAL, VOID, ManualCheckWriter
from sage100_agent.writers.master_data import MasterDataWriter
from sage100_agent.writers.purchase_orders import PurchaseOrderWriter
from sage100_agent.writers.receipts import GOODS, INVOICE, ReceiptWriter
from sage100_agent.writers.sales_orders import DepositWriter, SalesOrderWriter

WRITERS: dict[str, Writer] = {
    "customer.create": CustomerWriter(),
    "customer.update": MasterDataWriter("customer.update", CUSTOMERS, creates=False),
    "customer_contact.save": MasterDataWriter(
        "customer_contact.save", Task("A/R", "AR_CustomerContact_ui", "AR_CustomerContact_bus")
    ),
    "ship_to_address.save": MasterDataWriter(
        "ship_to_address.save", Task("S/O", "SO_ShipToAddress_ui", "SO_ShipToAddress_bus")
    ),
    "item.save": MasterDataWriter("item.save", Task("C/I", "CI_ItemCode_ui", "CI_ItemCode_bus")),
    "vendor.save": MasterDataWriter("vendor.save", Task("A/P", "AP_Vendor_ui", "AP_Vendor_bus")),
    "sales_order.create": SalesOrderWriter(),
    "sales_order.set_deposit": DepositWriter(),
    "sales_invoice.create": InvoiceWriter("sales_invoice.create", SALES_INVOICE),
    "credit_memo.create": InvoiceWriter("credit_memo.create", SALES_INVOICE),
    "ar_invoice.create": InvoiceWriter("ar_invoice.create", AR_INVOICE, type_is_key=True),
    "cash_receipt.create": CashReceiptWriter(),
    "ap_invoice.create": ApInvoiceWriter(),
    "manual_check.create": ManualCheckWriter("manual_check.create", PAYS),
    "manual_check.void": ManualCheckWriter("manual_check.void", VOID),
    "manual_check.reverse": ManualCheckWriter("manual_check.reverse", REVERSAL),
    "purchase_order.create": PurchaseOrderWriter(),
    "receipt.goods": ReceiptWriter("receipt.goods", GOODS),
    "receipt.invoice": ReceiptWriter("receipt.invoice", INVOICE),
}
_OF_INVOICES = "oTaxSummary with TaxCode$ and SalesTaxAmt; AR_InvoiceHistoryInquiry_svc with nFind"
UNCONFIRMED: dict[str, str] = {
    "customer.update": "that setting ZipCode$ fills in city, state and country",
    "vendor.save": "nGetNextVendorNo: the command names the number, and Sage is asked for none",
    "sales_order.create": "oTaxSummary with TaxCode$ and SalesTaxAmt",
    "sales_invoice.create": f"{_OF_INVOICES}; that an order's deposit and freight come along",
    "credit_memo.create": f"{_OF_INVOICES}; that InvoiceType$ CM takes positive figures",
    "ar_invoice.create": (
        f"{_OF_INVOICES}; AR_Invoice_bus is known by the 4.40 layout alone, its columns by kinship"
    ),
    "cash_receipt.create": (
        "the classes AR_CashReceiptsDeposit_bus and AR_CashReceipts_bus, their keys and deposits"
    ),
    "ap_invoice.create": (
        "the class AP_Invoice_bus beyond its layout: Adjustment$ once the key is set, and the flow"
    ),
    "manual_check.create": "the class AP_ManualCheck_bus beyond its layout, and its lines",
    "manual_check.void": "CheckType V in AP_ManualCheck_bus",
    "manual_check.reverse": "that CheckType R in AP_ManualCheck_bus recalls what the check paid",
    "purchase_order.create": "nGetNextPurchaseOrderNo",
    "receipt.goods": "the columns of PO_Receipt_bus, nGetNextReceiptNo, its lines from the order",
    "receipt.invoice": "the columns of PO_Receipt_bus, and receipt type I in it",
}
"""What a kind relies on, or does without, that no public source confirms: to be proved on site."""
