"""Operators of a merge that waits for a person: show the advice, and do what was approved."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tieout.provider.runtime import Deferrable, airflow_errors, open_runtime

if TYPE_CHECKING:
    from airflow.sdk import Context

APPROVAL = "approve_merge"
"""The task that waits for a person's word."""


class AdviseMergeOperator(Deferrable):
    """Say what a person must know of a merge: the run's params name it.

    Returns:
        The advice in Markdown, for the person who approves.

    Raises:
        AirflowFailException: It does not wait for a person, or a connection is wrong.
        RetryableError: A ledger does not answer now.
    """

    @override
    def execute(self, context: "Context") -> str:
        """Return the advice."""
        from tieout.usecases.in_step.merge_advice import advice_text  # noqa: PLC0415
        from tieout.wiring.in_step import InStep  # noqa: PLC0415 - adapters load when asked

        params = context["params"]
        with airflow_errors():
            advice = InStep(open_runtime()).merge(params["pair"], params["kind"], params["key"])
        return f"Approve: **{params['choice']}**.\n\n```\n{advice_text(advice)}\n```"


class DecideMergeOperator(Deferrable):
    """Do what the run's params choose of a merge, in the name of who approved it.

    Returns:
        What was chosen.

    Raises:
        AirflowFailException: It does not wait for a person any more.
        RetryableError: The ledger does not answer now; nothing was done.
    """

    @override
    def execute(self, context: "Context") -> str:
        """Do it."""
        from tieout.usecases.in_step.merge_advice import MergeChoice  # noqa: PLC0415
        from tieout.wiring.in_step import InStep  # noqa: PLC0415 - adapters load when asked

        params = context["params"]
        by = responder(context["ti"].xcom_pull(task_ids=APPROVAL))
        with airflow_errors():
            InStep(open_runtime()).decide_merge(
                params["pair"],
                params["kind"],
                params["key"],
                MergeChoice(params["choice"]),
                by=by,
                why=params["reason"],
            )
        return str(params["choice"])


def responder(said: object) -> str:
    """Return who answered, by what the task that waited for a person returned."""
    who: Any = said.get("responded_by_user") if isinstance(said, Mapping) else None
    return str(who.get("name") or who.get("id")) if isinstance(who, Mapping) else "airflow"
