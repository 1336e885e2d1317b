"""Operators: each runs one step of a flow over one batch and returns a small report.

``__init__`` stores, ``execute`` calls one use case. A batch travels by its id, never by its rows.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException
from typing_extensions import override

from tieout.provider.runtime import (
    BACKFILL_RUN,
    EVENT_RUN,
    airflow_errors,
    open_runtime,
    run_type,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

MAP_INDEX_TEMPLATE = "{{ task.pair }}"
"""What the UI shows in place of a mapped task's number."""


class ListPairsOperator(BaseOperator):
    """Return the pairs to work on: those with waiting records in an event run, else all.

    With ``flow`` only those that have that flow switched on.
    """

    def __init__(self, *, flow: str = "", **kwargs: Any) -> None:
        """Store the flow's name."""
        super().__init__(**kwargs)
        self.flow = flow

    @override
    def execute(self, context: "Context") -> list[str]:
        """Return pair names."""
        with airflow_errors():
            tieout = open_runtime()
            is_event = run_type(context) == EVENT_RUN
            listed = tieout.pairs_waiting() if is_event else list(tieout.pairs)
            pairs = [one for one in listed if not self.flow or self.flow in tieout.pairs[one].flows]
            self.log.info("%s pairs: %s", len(pairs), ", ".join(pairs))
            return pairs


class ShopifyCaptureOperator(BaseOperator):
    """Sweep the pair's shops over the run's interval, drain its inbox, claim a batch.

    A run that an event started drains only; scheduled and backfill runs sweep their data interval.
    Returns the batch id; skips what follows when nothing waits.
    """

    template_fields: Sequence[str] = ("pair",)

    def __init__(self, *, pair: str, **kwargs: Any) -> None:
        """Store the pair's name."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair

    @override
    def execute(self, context: "Context") -> int:
        """Return the claim check."""
        run = context["dag_run"]
        interval = None
        if run_type(context) != EVENT_RUN and run.data_interval_start and run.data_interval_end:
            interval = (run.data_interval_start, run.data_interval_end)
        with airflow_errors():
            batch_id = open_runtime().capture(
                self.pair,
                interval=interval,
                is_backfill=run_type(context) == BACKFILL_RUN,
                claimed_by=f"{run.run_id}/{self.pair}",
            )
        if batch_id is None:
            raise AirflowSkipException("Nothing waits.")
        return batch_id


class _StepOperator(BaseOperator):
    """One step over one batch."""

    template_fields: Sequence[str] = ("batch_id", "pair")

    def __init__(
        self,
        *,
        entity: str,
        batch_id: Any,  # noqa: ANN401 - an id, or the XCom of one
        pair: str,
        **kwargs: Any,
    ) -> None:
        """Store which entity to work on, the claim check, and the pair that the UI shows."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.entity = entity
        self.pair = pair
        self.batch_id = batch_id

    @override
    def execute(self, context: "Context") -> dict[str, Any]:
        """Run the step and return its counts."""
        with airflow_errors():
            report = open_runtime().run_step(self.entity, int(self.batch_id))
        self.log.info("%s", report)
        return report.as_claim()


class GreatExpectationsGateOperator(_StepOperator):
    """Validate a batch: good records go on, bad ones become dead letters, *halt* fails the task."""


class XeroWriteOperator(_StepOperator):
    """Write one entity of a batch to Xero, each record once."""


class Sage100WriteOperator(_StepOperator):
    """Write one entity of a batch to Sage 100 through its agent, each record once."""


class ShopifyWriteOperator(_StepOperator):
    """Write one entity of a batch back to the shop."""


class DoublesSweepOperator(BaseOperator):
    """Read back what the pair's targets could hold twice, and hold the streams concerned.

    Fails when it finds something, so that people are told; what it found is held by then. Runs that
    events start come in bursts and leave it to the next sweep: the calls of a minute are few.
    """

    template_fields: Sequence[str] = ("pair",)

    def __init__(self, *, pair: str, is_whole: bool = False, **kwargs: Any) -> None:
        """Store the pair's name, and whether to read everything or only what changed."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair
        self.is_whole = is_whole

    @override
    def execute(self, context: "Context") -> dict[str, Any]:
        """Return how much was read; raise what was found."""
        if run_type(context) == EVENT_RUN:
            raise AirflowSkipException("The next sweep looks for doubles.")
        with airflow_errors():
            swept = open_runtime().sweep_doubles(self.pair, is_whole=self.is_whole)
            self.log.info("%s", swept)
            swept.raise_found()
        return {"pair": swept.pair, "read": swept.read}
