"""Ask people whose value counts where the ledgers disagree and policy does not decide.

Every morning, and whenever it is started by hand: one task for each conflict that waits (`tieout
conflicts list` shows the same) puts the question in Required Actions, with both values, who wrote
them and when, and what comes of it. The answer is kept in the name of who gave it, as `tieout
conflicts answer` keeps it, and the next run of the flow writes it. What nobody answers within 23
hours stays open and is asked again. While no conflict waits, nothing but the first task runs.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG, Param, task_group

from tieout.provider.conflict_operators import (
    AnswerConflictOperator,
    AskConflictOperator,
    ListConflictsOperator,
)
from tieout.provider.retry import task_defaults

with DAG(
    "decide_conflicts",
    schedule="0 6 * * *",
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args=task_defaults(),
    params={"pair": Param(None, type=["null", "string"], description="only this pair")},
    tags=["entity:customer", "entity:item", "entity:vendor", "tier:standard"],
    doc_md=__doc__,
):

    @task_group(group_id="conflict")
    def decide(conflict_id: int) -> None:
        """Ask about one conflict, and answer it."""
        asked = AskConflictOperator(task_id="ask", conflict_id=conflict_id)
        AnswerConflictOperator(task_id="answer", conflict_id=conflict_id, said=asked.output)

    decide.expand(conflict_id=ListConflictsOperator(task_id="list_conflicts").output)
