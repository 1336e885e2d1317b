"""Operators of the DAG ``payment_reconciliation``: payouts in and booked, variances kept."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import chain, task_group
from airflow.sdk.exceptions import AirflowSkipException
from typing_extensions import override

from tieout.domain.pair import FlowName
from tieout.provider.in_step_operators import ListInStepPairsOperator
from tieout.provider.operators import (
    MAP_INDEX_TEMPLATE,
    PayoutOperator,
    Sage100WriteOperator,
    interval_of,
)
from tieout.provider.runtime import (
    BACKFILL_RUN,
    Deferrable,
    airflow_errors,
    open_runtime,
    run_type,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

RECONCILE_CRON = "40 5 * * *"
"""After the night's own work, and before people come: it reads both ledgers' payments whole."""


class CapturePayoutsOperator(Deferrable):
    """Read the payouts that the pair's gateways tell, and claim those that say something new.

    A backfill run reads those issued in its data interval, any other those of the last 35 days.

    Args:
        pair: The pair's name.

    Returns:
        The batch's id, the claim check of the steps.

    Raises:
        AirflowSkipException: No payout is new; what follows is skipped.
        TaskDeferred: A shop asked to wait; it goes on by itself then, at no cost of a try.
        AirflowFailException: A file or a connection is wrong, or a shop no longer lets us in.
        RetryableError: A shop does not answer now.
    """

    template_fields: Sequence[str] = ("pair",)

    def __init__(self, *, pair: str, **kwargs: Any) -> None:
        """Store the pair's name."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair

    @override
    def execute(self, context: "Context") -> int:
        """Return the claim check."""
        from tieout.wiring.payments import Payments  # noqa: PLC0415 - adapters load when asked

        is_backfill = run_type(context) == BACKFILL_RUN
        with airflow_errors():
            batch_id = Payments(open_runtime()).capture(
                self.pair,
                interval=interval_of(context) if is_backfill else None,
                claimed_by=f"{context['dag_run'].run_id}/{self.pair}",
            )
        if batch_id is None:
            raise AirflowSkipException("No payout is new.")
        return batch_id


class KeepVariancesOperator(Deferrable):
    """Settle the pair's money by both ledgers and the gateways, and keep what is left in the queue.

    It reads the payments of both ledgers as they stand and writes to neither. What is wrong does
    not fail the task: it is in the queue (``tieout variances``), with its age and owner.

    Args:
        pair: The pair's name.

    Returns:
        Counts: settlements; variances opened, reopened, unchanged, accepted, gone; payouts parked.

    Raises:
        TaskDeferred: A system asked to wait; it goes on by itself then, at no cost of a try.
        AirflowFailException: A file or a connection is wrong, or a system no longer lets us in.
        RetryableError: A system does not answer now; the queue stays as it was.
    """

    template_fields: Sequence[str] = ("pair",)

    def __init__(self, *, pair: str, **kwargs: Any) -> None:
        """Store the pair's name."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair

    @override
    def execute(self, context: "Context") -> dict[str, int]:
        """Return the counts."""
        from tieout.wiring.payments import Payments  # noqa: PLC0415 - adapters load when asked

        with airflow_errors():
            found, kept = Payments(open_runtime()).keep(self.pair)
        counts = {
            "settlements": len(found.settlements),
            **kept.model_dump(),
            "parked": len(found.parked),
        }
        self.log.info("%s: %s", self.pair, counts)
        return counts


def payment_reconciliation() -> None:
    """Build the tasks: payouts in, taken apart and booked; then all settled and the rest kept."""

    @task_group(group_id="pair")
    def reconcile(pair: str) -> None:
        capture = CapturePayoutsOperator(task_id="capture_payouts", pair=pair)
        given: dict[str, Any] = {"pair": pair, "batch_id": capture.output}
        steps = [
            PayoutOperator(task_id="take_payouts_apart", entity="payout", **given),
            PayoutOperator(task_id="book_fees", entity="bank_transaction", **given),
            PayoutOperator(task_id="book_transfers", entity="bank_transfer", **given),
            Sage100WriteOperator(task_id="enter_payouts", entity="payout_receipt", **given),
        ]
        # Whatever becomes of payouts, what the ledgers say of each other is looked at.
        keep = KeepVariancesOperator(task_id="keep_variances", pair=pair, trigger_rule="all_done")
        chain(capture, *steps, keep)

    flow = FlowName.PAYMENT_RECONCILIATION
    reconcile.expand(pair=ListInStepPairsOperator(task_id="list_pairs", flow=flow).output)
