"""What becomes of two records of Sage 100 whose contacts people merged in Xero, by approval.

Start it by hand for a merge that `tieout merges list` shows, with the choice in its params. It
shows the advice, waits until a person approves or rejects (Required Actions in the pages), and then
does it in that person's name. `tieout merges decide` does the same without Airflow.
"""

from datetime import UTC, datetime

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param

from tieout.provider.merge_operators import APPROVAL, AdviseMergeOperator, DecideMergeOperator
from tieout.provider.retry import task_defaults

with DAG(
    "merge_records",
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args=task_defaults(),
    params={
        "pair": Param("", type="string", minLength=1, description="whose records"),
        "kind": Param("customer", enum=["customer", "vendor"]),
        "key": Param(
            "", type="string", minLength=1, description="as `tieout merges list` shows it"
        ),
        "choice": Param("survivor", enum=["survivor", "other", "both"]),
        "reason": Param("", type="string", minLength=1, description="why; kept with it"),
    },
    tags=["entity:customer", "entity:vendor", "system:sage100", "tier:standard"],
    doc_md=__doc__,
):
    advise = AdviseMergeOperator(task_id="advise_merge")
    approve = ApprovalOperator(
        task_id=APPROVAL,
        subject="{{ params.kind }} {{ params.key }}: {{ params.choice }}?",
        body="{{ ti.xcom_pull(task_ids='advise_merge') }}",
    )
    advise >> approve >> DecideMergeOperator(task_id="decide_merge")
