"""Operators of the DAGs that keep records in step: claim, merge, write, settle."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, chain, task_group
from airflow.sdk.exceptions import AirflowSkipException
from typing_extensions import override

from tieout.provider.operators import (
    MAP_INDEX_TEMPLATE,
    GreatExpectationsGateOperator,
    KeepInStepOperator,
    ListPairsOperator,
    ShopifyWriteOperator,
    XeroExtractOperator,
    XeroUpsertOperator,
)
from tieout.provider.runtime import (
    BACKFILL_RUN,
    Deferrable,
    airflow_errors,
    open_runtime,
    run_type,
)
from tieout.provider.sage100_operators import Sage100ExtractOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from tieout.wiring.installation import Tieout

PLAN_ONLY = "plan_only"
PARAMS = {
    PLAN_ONLY: Param(
        default=False,
        type="boolean",
        description="Only say in the log what would be written where; nothing is.",
    )
}


class ListInStepPairsOperator(ListPairsOperator):
    """Name the pairs that have the flow switched on, whatever started the run.

    Returns:
        The pairs' names, to be expanded over.

    Raises:
        AirflowFailException: A file or a connection is wrong.
    """

    @override
    def waiting(self, tieout: "Tieout") -> list[str]:
        """Return every pair: what an event told may be of any of them."""
        return list(tieout.pairs)


class CaptureRecordsOperator(Deferrable):
    """Turn what is known of the pair's changed records into documents, and claim a batch.

    With the param ``plan_only`` it says in its log what the run would do, and claims nothing.

    Args:
        flow: The flow, such as ``customer_sync``.
        pair: The pair's name.

    Returns:
        The batch's id, the claim check of the steps.

    Raises:
        AirflowSkipException: Nothing waits, or it was only planned; what follows is skipped.
        AirflowFailException: A file or a connection is wrong.
        RetryableError: The ledger, or for a plan a system, does not answer now.
    """

    template_fields: Sequence[str] = ("pair",)

    def __init__(self, *, flow: str, pair: str, **kwargs: Any) -> None:
        """Store the flow and the pair's name."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.flow = flow
        self.pair = pair

    @override
    def execute(self, context: "Context") -> int:
        """Return the claim check."""
        with airflow_errors():
            if context["params"].get(PLAN_ONLY):
                plan = open_runtime().plan(self.pair, self.flow)
                self.log.info("%s", plan.model_dump_json(indent=2))
                raise AirflowSkipException("Only planned.")
            batch_id = self._captured(context)
        if batch_id is None:
            raise AirflowSkipException("Nothing waits.")
        return batch_id

    def _captured(self, context: "Context") -> int | None:
        from tieout.wiring.in_step import InStep  # noqa: PLC0415 - adapters load when asked

        return InStep(open_runtime()).capture(
            self.pair,
            self.flow,
            is_backfill=run_type(context) == BACKFILL_RUN,
            claimed_by=f"{context['dag_run'].run_id}/{self.pair}",
        )


STEPS = ("merge", "to_xero", "to_sage100", "settle")
"""What is done with a batch, in this order."""


def keep_in_step(flow: str, entity: str, *, xero: str, sage100: str) -> None:
    """Build the tasks: read both lists, claim what changed, merge, write to each ledger, settle."""

    @task_group(group_id="pair")
    def keep(pair: str) -> None:
        lists = [
            XeroExtractOperator(task_id="read_xero", pair=pair, resource=xero),
            Sage100ExtractOperator(task_id="read_sage100", pair=pair, table=sage100),
        ]
        capture = CaptureRecordsOperator(task_id="capture_records", flow=flow, pair=pair)
        steps = [
            KeepInStepOperator(
                task_id=step, entity=f"{entity}_{step}", pair=pair, batch_id=capture.output
            )
            for step in STEPS
        ]
        chain(lists, capture, *steps)

    keep.expand(pair=ListInStepPairsOperator(task_id="list_pairs", flow=flow).output)


def publish_stock(flow: str, *, sage100: str) -> None:
    """Build the tasks of the stock: read what changed in Sage 100, claim it, tell the shops."""

    @task_group(group_id="pair")
    def publish(pair: str) -> None:
        read = Sage100ExtractOperator(task_id="read_sage100", pair=pair, table=sage100)
        capture = CaptureRecordsOperator(task_id="capture_stock", flow=flow, pair=pair)
        push = ShopifyWriteOperator(
            task_id="push_stock", entity="push_stock", pair=pair, batch_id=capture.output
        )
        chain(read, capture, push)

    publish.expand(pair=ListInStepPairsOperator(task_id="list_pairs", flow=flow).output)


def bring_purchase_orders(flow: str, *, sage100: str) -> None:
    """Build the tasks of purchase orders: read what changed in Sage 100, gate it, write to Xero."""

    @task_group(group_id="pair")
    def bring(pair: str) -> None:
        read = Sage100ExtractOperator(task_id="read_sage100", pair=pair, table=sage100)
        capture = CaptureRecordsOperator(task_id="capture_orders", flow=flow, pair=pair)
        given: dict[str, Any] = {"pair": pair, "batch_id": capture.output}
        gate = GreatExpectationsGateOperator(
            task_id="gate_orders", entity="purchase_order", **given
        )
        write = XeroUpsertOperator(task_id="to_xero", entity="purchase_order_to_xero", **given)
        chain(read, capture, gate, write)

    bring.expand(pair=ListInStepPairsOperator(task_id="list_pairs", flow=flow).output)
