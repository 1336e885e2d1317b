"""The task graph of the DAG ``procure_to_pay``, one task group per pair."""

from typing import Any

from airflow.sdk import chain, task_group

from tieout.domain.pair import FlowName
from tieout.provider.in_step_operators import CaptureRecordsOperator, ListInStepPairsOperator
from tieout.provider.operators import (
    GreatExpectationsGateOperator,
    LedgerStepOperator,
    Sage100WriteOperator,
    XeroExtractOperator,
    XeroPaymentOperator,
)
from tieout.provider.sage100_operators import Sage100ExtractOperator


def procure_to_pay() -> None:
    """Build the tasks: read Xero's lists, gate the bills, enter them in Sage 100, settle."""
    flow = FlowName.PROCURE_TO_PAY

    @task_group(group_id="pair")
    def bills(pair: str) -> None:
        lists = [
            XeroExtractOperator(task_id="read_bills", pair=pair, resource="Bills"),
            XeroExtractOperator(task_id="read_vendor_credits", pair=pair, resource="VendorCredits"),
        ]
        capture = CaptureRecordsOperator(task_id="capture_bills", flow=flow, pair=pair)
        given: dict[str, Any] = {"pair": pair, "batch_id": capture.output}
        gate = GreatExpectationsGateOperator(task_id="gate_bills", entity="bill", **given)
        invoices = Sage100WriteOperator(task_id="write_ap_invoices", entity="ap_invoice", **given)
        settle = LedgerStepOperator(task_id="settle_bills", entity="settle_bills", **given)
        chain(lists, capture, gate, invoices, settle)

    bills.expand(pair=ListInStepPairsOperator(task_id="list_pairs", flow=flow).output)


def bill_payments() -> None:
    """Build the tasks: read what either ledger paid, judge it, record it in the other, settle."""
    flow = FlowName.BILL_PAYMENTS

    @task_group(group_id="pair_payments")
    def payments(pair: str) -> None:
        lists = [
            XeroExtractOperator(task_id="read_payments", pair=pair, resource="BillPayments"),
            Sage100ExtractOperator(task_id="read_checks", pair=pair, table="AP_CheckHistoryHeader"),
        ]
        capture = CaptureRecordsOperator(task_id="capture_payments", flow=flow, pair=pair)
        given: dict[str, Any] = {"pair": pair, "batch_id": capture.output}
        judge = LedgerStepOperator(task_id="judge_payments", entity="bill_payment", **given)
        checks = Sage100WriteOperator(task_id="write_manual_checks", entity="manual_check", **given)
        paid = XeroPaymentOperator(task_id="pay_bills_in_xero", entity="pay_bills_in_xero", **given)
        deleted = XeroPaymentOperator(task_id="delete_payments", entity="payment_deletion", **given)
        settle = LedgerStepOperator(
            task_id="settle_payments", entity="settle_bill_payments", **given
        )
        chain(lists, capture, judge, [checks, paid, deleted], settle)

    listed = ListInStepPairsOperator(task_id="list_paying_pairs", flow=flow)
    payments.expand(pair=listed.output)
