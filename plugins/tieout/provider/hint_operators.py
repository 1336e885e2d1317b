"""Operators of the DAGs ``hints`` and ``polls``: what webhooks tell, and what none tells of."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException
from typing_extensions import override

from tieout.provider.operators import MAP_INDEX_TEMPLATE, ListPairsOperator
from tieout.provider.runtime import (
    EVENT_RUN,
    Deferrable,
    airflow_errors,
    open_runtime,
    run_type,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

    from tieout.wiring.installation import Tieout


POLL_INDEX_TEMPLATE = "{{ task.pair }} {{ task.resource }}"


class ListHintedPairsOperator(ListPairsOperator):
    """Name the pairs to work on: those of which a webhook waits in an event run, else all.

    Returns:
        The pairs' names, to be expanded over.

    Raises:
        AirflowFailException: A file or a connection is wrong.
    """

    @override
    def waiting(self, tieout: "Tieout") -> list[str]:
        """Return the pairs of which a webhook waits."""
        return tieout.pairs_hinted()


class LookIntoHintsOperator(Deferrable):
    """Look into what Xero's events tell of the pair: read the records that a flow cares for.

    What people changed of what was written does not fail the task: it is a dead letter from then
    on, and a second attempt would find nothing.

    Args:
        pair: The pair's name.

    Returns:
        Counts: records read, hints set aside, and how many ended by which rule.

    Raises:
        TaskDeferred: Xero asked to wait; it goes on by itself then, at no cost of a try.
        AirflowFailException: A file or a connection is wrong, or Xero lets us in no more.
        RetryableError: Xero does not answer now; what was not looked into stays pending.
    """

    template_fields: Sequence[str] = ("pair",)

    def __init__(self, *, pair: str, **kwargs: Any) -> None:
        """Store the pair's name."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair

    @override
    def execute(self, context: "Context") -> dict[str, int]:
        """Return how many hints ended how."""
        with airflow_errors():
            hinted = open_runtime().look_into_hints(self.pair)
        self.log.info("%s", hinted.counts())
        for trouble in hinted.taken_back:
            self.log.warning("Taken back: %s", trouble)
        return hinted.counts()


class ListPollsOperator(Deferrable):
    """Name the lists to poll: those of every pair's ``polls``.

    Returns:
        Inputs of ``XeroPollOperator``, to be expanded over.

    Raises:
        AirflowFailException: A file is wrong.
    """

    @override
    def execute(self, context: "Context") -> list[dict[str, str]]:
        """Return pair and list of each poll."""
        with airflow_errors():
            pairs = open_runtime().pairs.values()
        return [
            {"pair": pair.pair, "resource": resource} for pair in pairs for resource in pair.polls
        ]


class XeroPollOperator(Deferrable):
    """Read what changed in one list of the pair's Xero, and look into what a flow cares for.

    Args:
        pair: The pair's name.
        resource: The list, such as ``Payments``.

    Returns:
        Counts: records read and landed, and how many ended by which rule.

    Raises:
        TaskDeferred: Xero asked to wait; it goes on by itself then, at no cost of a try.
        AirflowFailException: There is no such list, its form changed, or Xero lets us in no more.
        RetryableError: Xero does not answer now, or another run reads the same list.
    """

    template_fields: Sequence[str] = ("pair", "resource")

    def __init__(self, *, pair: str, resource: str, **kwargs: Any) -> None:
        """Store the pair's name and the list."""
        super().__init__(map_index_template=POLL_INDEX_TEMPLATE, **kwargs)
        self.pair = pair
        self.resource = resource

    @override
    def execute(self, context: "Context") -> dict[str, int]:
        """Return the counts."""
        with airflow_errors():
            polled = open_runtime().poll(self.pair, self.resource)
        self.log.info("%s", polled.counts())
        for trouble in polled.hinted.taken_back:
            self.log.warning("Taken back: %s", trouble)
        return polled.counts()


class DrainShopsOperator(Deferrable):
    """Turn what the pair's shops told of into documents: of an echo, nothing comes.

    What turns out to be news after all wakes the flow of orders.

    Args:
        pair: The pair's name.

    Returns:
        Counts: documents, entries skipped, entries set aside.

    Raises:
        TaskDeferred: A shop asked to wait; it goes on by itself then, at no cost of a try.
        AirflowFailException: A file or a connection is wrong, or a shop no longer lets us in.
        RetryableError: A shop does not answer now; its entries stay pending.
    """

    template_fields: Sequence[str] = ("pair",)

    def __init__(self, *, pair: str, **kwargs: Any) -> None:
        """Store the pair's name."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair

    @override
    def execute(self, context: "Context") -> dict[str, Any]:
        """Return how many entries became what."""
        with airflow_errors():
            drained = open_runtime().drain(self.pair)
        self.log.info("%s", drained)
        return drained.model_dump(mode="json")


class CheckWebhooksOperator(Deferrable):
    """Fail while events of Xero are missing, or belong to no pair, so that people are told.

    Returns:
        Nothing.

    Raises:
        AirflowSkipException: An event started the run; the next one by the clock looks.
        AirflowFailException: Events are missing or belong to no pair; it says which.
    """

    @override
    def execute(self, context: "Context") -> None:
        """Raise what is wrong."""
        if run_type(context) == EVENT_RUN:
            raise AirflowSkipException("The next run by the clock looks for missing events.")
        with airflow_errors():
            open_runtime().check_webhooks()
