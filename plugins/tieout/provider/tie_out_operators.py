"""The operator of the DAG ``tie_out``: one pair proven, and the run failed where it is not good."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tieout.errors import RejectedError
from tieout.provider.operators import MAP_INDEX_TEMPLATE, ListPairsOperator
from tieout.provider.runtime import Deferrable, airflow_errors, open_runtime

if TYPE_CHECKING:
    from airflow.sdk import Context

ALL_PAIRS = ""


class TieOutOperator(Deferrable):
    """Prove that both ledgers of the pair agree, and name every difference in the log.

    Args:
        pair: The pair's name.
        as_of: The cut-off, as ``2026-11-30``; '' is today in the pair's time zone.
        only: The one pair that is wanted; '' wants all.

    Returns:
        The proof: its light, accounts, items and sources.

    Raises:
        AirflowFailException: Something is unknown, was not read, or is an error; it says what.
    """

    template_fields: Sequence[str] = ("pair", "as_of", "only")

    def __init__(self, *, pair: str, as_of: str = "", only: str = ALL_PAIRS, **kwargs: Any) -> None:
        """Store the pair's name and what the params say."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair
        self.as_of = as_of
        self.only = only

    @override
    def execute(self, context: "Context") -> dict[str, Any]:
        """Return the proof, if it is good."""
        if self.only not in {ALL_PAIRS, self.pair}:
            return {}
        with airflow_errors():
            day = date.fromisoformat(self.as_of) if self.as_of else None
            proof = open_runtime().tie_out(self.pair, as_of=day)
            for item in proof.items:
                self.log.info("%s %s: %s", item.difference_class, item.document, item.explanation)
            if proof.problems:
                raise RejectedError(
                    "\n".join((f"The tie-out is {proof.light}.", *proof.problems)),
                    remedy="docs/reference/accounting.md says what each class asks for.",
                    cause="not_tied_out",
                )
        return proof.model_dump(mode="json")


def tie_out() -> None:
    """Build the tasks: each pair by itself."""
    TieOutOperator.partial(
        task_id="tie_out", as_of="{{ params.as_of or '' }}", only="{{ params.pair or '' }}"
    ).expand(pair=ListPairsOperator(task_id="list_pairs").output)
