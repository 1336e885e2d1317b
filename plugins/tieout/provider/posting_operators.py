"""Operators of the DAG ``postings``, and the sensor that waits for what people post in Sage 100."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import task_group
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred
from typing_extensions import override

from tieout.domain.pair import FlowName
from tieout.provider.operators import (
    MAP_INDEX_TEMPLATE,
    ListPairsOperator,
    XeroHistoryNoteOperator,
)
from tieout.provider.posting_triggers import PostedTrigger
from tieout.provider.runtime import Deferrable, airflow_errors, open_runtime

if TYPE_CHECKING:
    from airflow.sdk import Context

POSTINGS_CRON = "7-59/15 * * * *"
"""When what people posted is looked at: beside the sweeps, not at the same minute."""


class FollowPostingsOperator(Deferrable):
    """Follow what was entered in Sage 100 until its people have posted it.

    What they took back does not fail the task: it is a dead letter from then on, and a second
    attempt would find nothing.

    Args:
        pair: The pair's name.
        is_whole: Look at everything that is not in the general ledger yet, which also finds what
            people deleted; else only at what history and general ledger show as changed.

    Returns:
        Counts for each kind of document: read, updated, in the GL, taken back.

    Raises:
        AirflowFailException: A file or a connection is wrong.
        RetryableError: Sage 100 does not answer now.
    """

    template_fields: Sequence[str] = ("pair",)

    def __init__(self, *, pair: str, is_whole: bool = False, **kwargs: Any) -> None:
        """Store the pair's name, and whether to look at everything."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair
        self.is_whole = is_whole

    @override
    def execute(self, context: "Context") -> dict[str, dict[str, int]]:
        """Return counts by kind of document."""
        with airflow_errors():
            followed = open_runtime().follow(self.pair, is_whole=self.is_whole)
        for one in followed:
            self.log.info("%s", one.model_copy(update={"taken_back": ()}))
            for trouble in one.taken_back:
                self.log.warning("Taken back: %s", trouble)
        return {one.entity: one.counts() for one in followed}


class CapturePostingsOperator(Deferrable):
    """Claim a batch of what Xero is to hear of what Sage 100's people have posted.

    Args:
        pair: The pair's name.

    Returns:
        The batch's id, the claim check of the step that notes it.

    Raises:
        AirflowSkipException: Nothing waits; what follows is skipped.
        AirflowFailException: A file or a connection is wrong.
    """

    template_fields: Sequence[str] = ("pair",)

    def __init__(self, *, pair: str, **kwargs: Any) -> None:
        """Store the pair's name."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair

    @override
    def execute(self, context: "Context") -> int:
        """Return the claim check."""
        claimed_by = f"{context['dag_run'].run_id}/{self.pair}"
        with airflow_errors():
            batch_id = open_runtime().capture_postings(self.pair, claimed_by=claimed_by)
        if batch_id is None:
            raise AirflowSkipException("Nothing waits.")
        return batch_id


class Sage100PostedSensor(Deferrable):
    """Wait until people have posted what a batch entered in Sage 100, for days if need be.

    It holds no worker meanwhile: a trigger asks the ledger, which the DAG ``postings`` keeps up to
    date. Nobody but people updates registers, and nothing here does.

    Args:
        entity: Which kind of record, such as ``cash_receipt``.
        batch_id: The claim check that the capture returned.
        pair: The pair's name, which the pages of Airflow show.
        state: How far: ``updated`` (in the sub-ledger) or ``in_gl`` (in the general ledger).

    Returns:
        Counts: documents that have come so far.

    Raises:
        TaskDeferred: Some have not; it goes on by itself once they have, at no cost of a try.
        AirflowFailException: People took one back, or Sage 100 refused it: it never comes so far.
    """

    template_fields: Sequence[str] = ("batch_id", "pair")

    def __init__(
        self,
        *,
        entity: str,
        batch_id: Any,  # noqa: ANN401 - an id, or the XCom of one
        pair: str,
        state: str = "in_gl",
        **kwargs: Any,
    ) -> None:
        """Store what to wait for, and how far it must have come."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.entity = entity
        self.batch_id = batch_id
        self.pair = pair
        self.state = state

    @override
    def execute(self, context: "Context") -> dict[str, int]:
        """Return the count once all have come so far."""
        batch_id = int(self.batch_id)
        with airflow_errors():
            stand = open_runtime().posted(batch_id, self.entity, self.state)
        if stand.lost:
            raise AirflowFailException(f"It never comes so far: {', '.join(stand.lost)}.")
        if stand.waiting:
            self.log.info("%s of %s are posted.", stand.posted, stand.posted + stand.waiting)
            raise TaskDeferred(
                trigger=PostedTrigger(batch_id=batch_id, entity=self.entity, state=self.state),
                method_name="resume",
            )
        return {"posted": stand.posted}


def postings() -> None:
    """Build the tasks of the postings: see what people posted, then tell Xero."""

    @task_group(group_id="pair")
    def tell(pair: str) -> None:
        follow = FollowPostingsOperator(task_id="follow_postings", pair=pair)
        capture = CapturePostingsOperator(task_id="capture_postings", pair=pair)
        note = XeroHistoryNoteOperator(
            task_id="write_posting_notes",
            entity="posting_note",
            pair=pair,
            batch_id=capture.output,
        )
        follow >> capture >> note

    listed = ListPairsOperator(task_id="list_pairs", flow=FlowName.POSTINGS)
    tell.expand(pair=listed.output)
