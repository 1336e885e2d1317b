"""Operators that read Sage 100: what changed in a table, now or as soon as something did."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import TaskDeferred
from typing_extensions import override

from tieout.domain.base import System
from tieout.provider.operators import interval_of
from tieout.provider.runtime import (
    BACKFILL_RUN,
    Deferrable,
    airflow_errors,
    open_runtime,
    run_type,
)
from tieout.provider.triggers import SAGE100_POLL_S, Sage100ChangeTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

TABLE_INDEX_TEMPLATE = "{{ task.pair }} {{ task.table }}"


class _TableReader(Deferrable):
    """Reads one table of one pair.

    Args:
        pair: The pair's name.
        table: The table, such as ``AR_Customer``; a document's header brings its lines.

    Returns:
        Counts: pages and records read, records landed, tombstones, records set aside.

    Raises:
        AirflowFailException: There is no such table, its form changed, or Sage refused our user.
        RetryableError: Sage cannot be read now, or another run reads the same table.
    """

    template_fields: Sequence[str] = ("pair", "table")

    def __init__(self, *, pair: str, table: str, **kwargs: Any) -> None:
        """Store the pair's name and the table."""
        super().__init__(map_index_template=TABLE_INDEX_TEMPLATE, **kwargs)
        self.pair = pair
        self.table = table

    def read(self, interval: tuple[datetime, datetime] | None = None) -> dict[str, Any]:
        """Land what changed and return the counts."""
        extracted = open_runtime().extract(
            self.pair, self.table, source=System.SAGE100, interval=interval
        )
        self.log.info("%s", extracted)
        return extracted.model_dump(mode="json")


class Sage100ExtractOperator(_TableReader):
    """Bring what changed in one table of the pair's Sage 100 into the inbox.

    A backfill run reads its data interval, any other what changed since the last one. A page and
    the position after it are stored together, so an end in between loses nothing.
    """

    @override
    def execute(self, context: "Context") -> dict[str, Any]:
        """Return the counts."""
        is_backfill = run_type(context) == BACKFILL_RUN
        with airflow_errors():
            return self.read(interval_of(context) if is_backfill else None)


class Sage100ChangeSensor(_TableReader):
    """Wait until something of one table of the pair's Sage 100 has landed, and land it.

    It holds no worker while it waits: a trigger looks now and then whether the table was written
    to, and has it read every 15 minutes in any case. What is deleted shows at the first reading of
    the next day.

    Args:
        pair: The pair's name.
        table: The table, such as ``AR_Customer``; a document's header brings its lines.
        poll_s: How often the trigger looks, in seconds.

    Raises:
        TaskDeferred: Nothing has changed; it goes on by itself when something was written.
        AirflowFailException: There is no such table, its form changed, or Sage refused our user.
        RetryableError: Sage cannot be read now, or another run reads the same table.
    """

    def __init__(self, *, poll_s: float = SAGE100_POLL_S, **kwargs: Any) -> None:
        """Store what a reader stores, and how often to look."""
        super().__init__(**kwargs)
        self.poll_s = poll_s

    @override
    def execute(self, context: "Context") -> dict[str, Any]:
        """Return the counts of what landed."""
        with airflow_errors():
            # Taken before the reading, so that what is written meanwhile is noticed.
            seen = open_runtime().sage100_fingerprint(self.pair, self.table)
            counts = self.read()
        if counts["landed"]:
            return counts
        trigger = Sage100ChangeTrigger(
            pair=self.pair, table=self.table, seen=seen, poll_s=self.poll_s
        )
        raise TaskDeferred(trigger=trigger, method_name="resume")
