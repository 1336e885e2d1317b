"""Procure to pay: what people approve in Xero of vendors' bills, entered in Sage 100.

Every 15 minutes, for each pair that has `procure_to_pay` among its `flows`: read which bills and
vendors' credits changed in Xero, judge the approved ones (`include/expectations/bill.yaml`: vendor,
accounts, sums, doubles in either ledger, periods), and enter each once in Sage 100 by its
distributions. Drafts wait in Xero. Beside it, for each pair that has `bill_payments`: record in the
other ledger what the `payer` of a bank account paid of those bills, a check for each vendor of a
batch, and take back what was reversed. A backfill reads past intervals again; with the param
`plan_only` a run writes nothing, and its log says what it would.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG

from tieout.provider.in_step_operators import PARAMS
from tieout.provider.pipelines import at_sweeps
from tieout.provider.procure_to_pay import bill_payments, procure_to_pay
from tieout.provider.retry import task_defaults

with DAG(
    "procure_to_pay",
    schedule=at_sweeps(),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=2,
    params=PARAMS,
    default_args=task_defaults(),
    tags=["entity:bill", "system:sage100", "system:xero", "tier:standard"],
    doc_md=__doc__,
):
    procure_to_pay()
    bill_payments()
