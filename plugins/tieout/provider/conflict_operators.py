"""Operators that ask a person about each conflict, and answer it as that person said."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowSkipException
from typing_extensions import override

from tieout.domain.base import System
from tieout.provider.merge_operators import responder
from tieout.provider.runtime import Deferrable, airflow_errors, open_runtime

if TYPE_CHECKING:
    from airflow.sdk import Context

ASKED_MAX = 100
"""How many conflicts a run asks about; the next one asks about others."""
LEAVE_OPEN = "Leave it open"
WINNERS = {"Xero counts": System.XERO, "Sage 100 counts": System.SAGE100}
REASON, ALWAYS = "reason", "always"
"""What a person may say beside the answer."""
OF_CONFLICT = "conflict {{ task.conflict_id }}"
"""What the UI shows in place of a mapped task's number."""
WAITS_FOR = timedelta(hours=23)
"""How long a person may take; then it stays open, and the next day's run asks again."""


class ListConflictsOperator(Deferrable):
    """Name the conflicts that wait for an answer, the oldest first, at most 100.

    Returns:
        The conflicts' numbers, to be expanded over.

    Raises:
        AirflowFailException: A file or a connection is wrong.
        RetryableError: The ledger does not answer now.
    """

    @override
    def execute(self, context: "Context") -> list[int]:
        """Return the conflicts' numbers."""
        from tieout.wiring.in_step import InStep  # noqa: PLC0415 - adapters load when asked

        pair = context["params"].get("pair") or None
        with airflow_errors():
            found = InStep(open_runtime()).conflicts(pair, is_open=True, limit=ASKED_MAX)
        return [one.conflict_id for one in found]


class AskConflictOperator(Deferrable, HITLOperator):
    """Ask a person which ledger's value counts, with both values, who and when, and the effect.

    After 23 hours without a word it is left open.

    Args:
        conflict_id: The conflict's number.

    Returns:
        What the person chose and said beside it, and who it was.

    Raises:
        AirflowSkipException: It was answered meanwhile, or is gone.
        AirflowFailException: A file or a connection is wrong.
        RetryableError: The ledger does not answer now.
    """

    template_fields: Sequence[str] = ("subject", "body", "conflict_id")

    def __init__(self, *, conflict_id: int, **kwargs: Any) -> None:
        """Store the conflict's number."""
        # In place of the DAG's params, of which a person who answers sees none.
        kwargs["params"] = {
            REASON: Param("", type="string", source="task", description="why; kept with it"),
            ALWAYS: Param(
                default=False,
                type="boolean",
                source="task",
                description="also for every later conflict on that field",
            ),
        }
        super().__init__(
            map_index_template=OF_CONFLICT,
            subject="Which ledger's value counts?",
            options=[*WINNERS, LEAVE_OPEN],
            defaults=LEAVE_OPEN,
            response_timeout=WAITS_FOR,
            **kwargs,
        )
        self.conflict_id = conflict_id

    @override
    def execute(self, context: "Context") -> object:
        """Put the question, and wait."""
        from tieout.usecases.in_step.answers import conflict_text  # noqa: PLC0415
        from tieout.wiring.in_step import InStep  # noqa: PLC0415 - adapters load when asked

        with airflow_errors():
            asked = InStep(open_runtime()).open_conflict(int(self.conflict_id))
        if asked is None:
            raise AirflowSkipException("It was answered meanwhile, or is gone.")
        self.subject = f"{asked.pair}: which {asked.field} of {asked.entity} {asked.key} counts?"
        self.body = f"```\n{conflict_text(asked)}\n```"
        return super().execute(context)


class AnswerConflictOperator(Deferrable):
    """Answer a conflict as a person said, in that person's name; the next run writes it.

    Args:
        conflict_id: The conflict's number.
        said: What the person chose, from the task that asked.

    Returns:
        Whose value counts.

    Raises:
        AirflowSkipException: The person left it open, or nobody said anything.
        AirflowFailException: It was answered otherwise meanwhile, or somebody else must answer it.
        RetryableError: The ledger does not answer now; nothing was answered.
    """

    template_fields: Sequence[str] = ("conflict_id", "said")

    def __init__(self, *, conflict_id: int, said: object, **kwargs: Any) -> None:
        """Store the conflict's number and the answer."""
        super().__init__(map_index_template=OF_CONFLICT, **kwargs)
        self.conflict_id = conflict_id
        self.said = said

    @override
    def execute(self, context: "Context") -> str:
        """Answer it."""
        said: Mapping[str, Any] = self.said if isinstance(self.said, Mapping) else {}
        chosen = [WINNERS[one] for one in said.get("chosen_options", ()) if one in WINNERS]
        if not chosen:
            raise AirflowSkipException("It stays open.")
        with airflow_errors():
            self._answer(chosen[0], said)
        return chosen[0].value

    def _answer(self, winner: System, said: Mapping[str, Any]) -> None:
        from tieout.wiring.in_step import InStep  # noqa: PLC0415 - adapters load when asked

        beside = said.get("params_input") or {}
        InStep(open_runtime()).answer(
            int(self.conflict_id),
            winner,
            by=responder(said),
            why=str(beside.get(REASON) or "answered in Airflow"),
            is_standing=bool(beside.get(ALWAYS)),
        )
