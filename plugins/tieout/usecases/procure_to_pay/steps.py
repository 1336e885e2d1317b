"""The steps over one batch of bills, in their order. Each may be repeated."""

from tieout.usecases.catalog import AP_INVOICE, MANUAL_CHECK, PAYMENT_DELETION
from tieout.usecases.procure_to_pay.bill_entry import SETTLE, settle_bills, write_ap_invoices
from tieout.usecases.procure_to_pay.bill_gate import gate_bills
from tieout.usecases.procure_to_pay.capture import BILL_DOCUMENT
from tieout.usecases.procure_to_pay.payment_entry import (
    SETTLE as SETTLE_PAYMENTS,
)
from tieout.usecases.procure_to_pay.payment_entry import (
    TO_XERO,
    delete_bill_payments,
    settle_payments,
    write_bill_payments,
    write_manual_checks,
)
from tieout.usecases.procure_to_pay.payment_gate import judge_payments
from tieout.usecases.procure_to_pay.payments import BILL_PAYMENT

BILL_STEPS = {
    BILL_DOCUMENT: gate_bills,
    AP_INVOICE.entity: write_ap_invoices,
    SETTLE: settle_bills,
}
PAYMENT_STEPS = {
    BILL_PAYMENT: judge_payments,
    MANUAL_CHECK.entity: write_manual_checks,
    TO_XERO: write_bill_payments,
    PAYMENT_DELETION.entity: delete_bill_payments,
    SETTLE_PAYMENTS: settle_payments,
}
