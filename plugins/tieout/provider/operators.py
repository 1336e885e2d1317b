"""Operators: each runs one step of a flow over one batch and returns a small report.

``__init__`` stores, ``execute`` calls one use case. A batch travels by its id, never by its rows.
docs/reference/operators.md is made from the docstrings: a class says its inputs (Args), what it
returns, and how it may end otherwise (Raises); what it does not say its base class does.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException
from typing_extensions import override

from tieout.provider.links import DataDocsLink
from tieout.provider.notifiers import tell, tell_of_pause
from tieout.provider.runtime import (
    BACKFILL_RUN,
    EVENT_RUN,
    Deferrable,
    airflow_errors,
    open_runtime,
    run_type,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

    from tieout.wiring.installation import Tieout

MAP_INDEX_TEMPLATE = "{{ task.pair }}"
"""What the UI shows in place of a mapped task's number."""


class ListPairsOperator(Deferrable):
    """Name the pairs to work on: those with waiting records in an event run, else all.

    Args:
        flow: Name only pairs that have this flow switched on; '' names all.

    Returns:
        The pairs' names, to be expanded over.

    Raises:
        AirflowFailException: A file or a connection is wrong.
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
            listed = self.waiting(tieout) if is_event else list(tieout.pairs)
            pairs = [one for one in listed if not self.flow or self.flow in tieout.pairs[one].flows]
            self.log.info("%s pairs: %s", len(pairs), ", ".join(pairs))
            return pairs

    def waiting(self, tieout: "Tieout") -> list[str]:
        """Return the pairs that have orders to take up."""
        return tieout.pairs_waiting()


class ShopifyCaptureOperator(Deferrable):
    """Sweep the pair's shops over the run's interval, drain its inbox, claim a batch.

    A run that an event started drains only; scheduled and backfill runs sweep their data interval.

    Args:
        pair: The pair's name.

    Returns:
        The batch's id, the claim check of the steps.

    Raises:
        AirflowSkipException: Nothing waits; what follows is skipped.
        TaskDeferred: A shop asked to wait; it goes on by itself then, at no cost of a try.
        AirflowFailException: A file or a connection is wrong, or a shop no longer lets us in.
        RetryableError: A shop does not answer now; nothing of its interval is marked as read.
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
        is_event = run_type(context) == EVENT_RUN
        with airflow_errors():
            batch_id = open_runtime().capture(
                self.pair,
                interval=None if is_event else interval_of(context),
                is_backfill=run_type(context) == BACKFILL_RUN,
                claimed_by=f"{run.run_id}/{self.pair}",
            )
        if batch_id is None:
            raise AirflowSkipException("Nothing waits.")
        return batch_id


class XeroExtractOperator(Deferrable):
    """Bring what changed in one list of the pair's Xero into the inbox.

    A backfill run reads its data interval, any other what changed since the last one. A page and
    the position after it are stored together, so an end in between loses nothing.

    Args:
        pair: The pair's name.
        resource: The list, such as ``Invoices``; docs/reference/xero-reading.md names them all.

    Returns:
        Counts: pages and records read, records landed, tombstones, records set aside.

    Raises:
        TaskDeferred: Xero asked to wait; it goes on by itself then, at no cost of a try.
        AirflowFailException: There is no such list, its form changed, or Xero lets us in no more.
        RetryableError: Xero does not answer now, or another run reads the same list.
    """

    template_fields: Sequence[str] = ("pair", "resource")

    def __init__(self, *, pair: str, resource: str, **kwargs: Any) -> None:
        """Store the pair's name and the list."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair
        self.resource = resource

    @override
    def execute(self, context: "Context") -> dict[str, Any]:
        """Return the counts."""
        is_backfill = run_type(context) == BACKFILL_RUN
        interval = interval_of(context) if is_backfill else None
        with airflow_errors():
            extracted = open_runtime().extract(self.pair, self.resource, interval=interval)
        self.log.info("%s", extracted)
        return extracted.model_dump(mode="json")


class _StepOperator(Deferrable):
    """One step over one batch.

    Args:
        entity: Which kind of record, as the catalog names it.
        batch_id: The claim check that the capture returned.
        pair: The pair's name, which the pages of Airflow show.

    Returns:
        Counts: documents in the batch, records confirmed, documents set aside.

    Raises:
        TaskDeferred: A system asked to wait, or an earlier write may yet land where nothing would
            refuse a second one; it goes on by itself then, at no cost of a try.
        AirflowFailException: A person must change something, or resume a stream, first.
        RetryableError: A system takes nothing now, or its stream pauses; what was settled stays so.
        OutcomeUnknownError: Something is in doubt: the next try reads the target first.
    """

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
    """Validate a batch: good records go on, bad ones become dead letters, *halt* fails the task.

    The task's page in Airflow links the Data Docs of its batch. When too many records are bad, or
    many more than usual, the stream pauses: the rest waits, and people are told once.

    Returns:
        Counts: documents in the batch, records let through, warned of, set aside; the name of the
        stream if it pauses.
    """

    operator_extra_links = (DataDocsLink(),)

    @override
    def execute(self, context: "Context") -> dict[str, Any]:
        """Judge the batch and return the counts."""
        counts = super().execute(context)
        if counts["paused"]:
            tell_of_pause(str(counts["paused"]))
        return counts


class XeroUpsertOperator(_StepOperator):
    """Write master data or documents of a batch to Xero, each record once.

    Contacts and items are created or updated by their own numbers; documents are created, never
    rewritten. What is refused becomes a dead letter; its neighbors are written.
    """


class XeroPaymentOperator(_StepOperator):
    """Pay what a batch's invoices were paid by, each payment once.

    Xero refuses no second copy of a payment in part, so it is looked up before every send, by one
    writer at a time, and one in doubt waits until it can no longer land.
    """

    def __init__(self, *, entity: str = "payment", **kwargs: Any) -> None:
        """Store what a step stores; ``entity`` is a kind of payment."""
        super().__init__(entity=entity, **kwargs)


class XeroHistoryNoteOperator(_StepOperator):
    """Note on a batch's documents in Xero what became of them elsewhere, each note once.

    A note stays for ever, is at most 2,500 characters long, and shows as by "System Generated".
    """

    def __init__(self, *, entity: str = "invoice_note", **kwargs: Any) -> None:
        """Store what a step stores; ``entity`` is a kind of note."""
        super().__init__(entity=entity, **kwargs)


class KeepInStepOperator(_StepOperator):
    """Run one step of keeping records in step: merge, write to a ledger, or settle.

    Of a record that is stopped because something else keeps changing it people are told at once:
    no task fails for it.
    """

    @override
    def execute(self, context: "Context") -> dict[str, Any]:
        """Run the step, tell its alarms, and return its counts."""
        counts = super().execute(context)
        for alarm in counts["alarms"]:
            tell(alarm)
        return counts


class PayoutOperator(_StepOperator):
    """Take a batch's payouts apart, or book in Xero what they did to the books, each entry once.

    What does not add up is parked whole, as a dead letter, and nothing of it is booked.
    """


class LedgerStepOperator(_StepOperator):
    """Run one step that writes to no system, but says what became of a batch's records."""


class Sage100WriteOperator(_StepOperator):
    """Write one entity of a batch to Sage 100 through its agent, each record once."""


class ShopifyWriteOperator(_StepOperator):
    """Write one entity of a batch back to the shop."""


class DoublesSweepOperator(Deferrable):
    """Read back what the pair's targets could hold twice, and hold the streams concerned.

    Runs that events start come in bursts and leave it to the next sweep: the calls of a minute are
    few.

    Args:
        pair: The pair's name.
        is_whole: Read everything, not only what changed since the last sweep.

    Returns:
        Counts: what was read.

    Raises:
        AirflowSkipException: An event started the run.
        AirflowFailException: Something is there twice, and held by then; people are told.
        TaskDeferred: Xero asked to wait; it goes on by itself then, at no cost of a try.
        RetryableError: A target does not answer now; nothing was marked as read.
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


def interval_of(context: "Context") -> tuple[datetime, datetime] | None:
    """Return the data interval of the run that a task belongs to."""
    run = context["dag_run"]
    if run.data_interval_start is None or run.data_interval_end is None:
        return None
    return run.data_interval_start, run.data_interval_end
