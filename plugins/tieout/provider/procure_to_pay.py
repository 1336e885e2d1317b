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
)


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
