"""The steps over one batch of bills, in their order. Each may be repeated."""

from tieout.usecases.catalog import AP_INVOICE
from tieout.usecases.procure_to_pay.bill_entry import SETTLE, settle_bills, write_ap_invoices
from tieout.usecases.procure_to_pay.bill_gate import gate_bills
from tieout.usecases.procure_to_pay.capture import BILL_DOCUMENT

BILL_STEPS = {
    BILL_DOCUMENT: gate_bills,
    AP_INVOICE.entity: write_ap_invoices,
    SETTLE: settle_bills,
}
