"""Keeping records in step, as commands and tasks ask for it of one installation."""

from tieout.domain.base import BatchId, System
from tieout.domain.in_step.records import ConflictState, KeptConflict
from tieout.domain.ledger import Origin
from tieout.domain.pair import FlowName
from tieout.errors import ConfigurationError
from tieout.usecases.in_step.answers import answer
from tieout.usecases.in_step.entities import IN_STEP, entity_of
from tieout.usecases.in_step.merge_advice import (
    MergeAdvice,
    MergeChoice,
    advise,
    decide_merge,
    merges_waiting,
)
from tieout.usecases.in_step.renumbering import follow_renumbered
from tieout.usecases.in_step.writing import put_back_refused
from tieout.usecases.steps import FLOWS
from tieout.wiring.installation import Tieout


class InStep:
    """What one installation keeps in step."""

    def __init__(self, tieout: Tieout) -> None:
        """Take the installation; nothing is read before the first call."""
        self._tieout = tieout

    def capture(
        self, pair: str, flow: str, *, is_backfill: bool, claimed_by: str
    ) -> BatchId | None:
        """Turn what waits of a flow's records into documents, and claim what is unfinished.

        Raises:
            ConfigurationError: There is no such flow, or the pair has no policy for it.
        """
        known = (
            *IN_STEP,
            FlowName.STOCK_SYNC,
            FlowName.PROCURE_TO_PAY,
            FlowName.BILL_PAYMENTS,
            FlowName.PURCHASE_ORDERS,
        )
        if flow not in known:
            raise ConfigurationError(
                f"The flow {flow!r} takes up no records of the ledgers' lists.",
                remedy=f"Use one of {', '.join(known)}.",
            )
        origin = Origin.BACKFILL if is_backfill else Origin.SWEEP
        of_pair = self._tieout.flow(pair)
        if flow in IN_STEP:
            put_back_refused(of_pair, IN_STEP[FlowName(flow)])
            follow_renumbered(of_pair, IN_STEP[FlowName(flow)])
        return FLOWS[flow].capture(of_pair, interval=None, origin=origin, claimed_by=claimed_by)

    def merges(self, pair: str, entity: str) -> list[MergeAdvice]:
        """Return the advice on every merge that waits for a person.

        Raises:
            RetryableError: A ledger cannot be read now.
        """
        flow, kind = self._tieout.flow(pair), entity_of(entity)
        return [advise(flow, kind, one.key) for one in merges_waiting(flow, kind)]

    def merge(self, pair: str, entity: str, key: str) -> MergeAdvice:
        """Return the advice on one merge.

        Raises:
            RejectedError: It does not wait for a person.
            RetryableError: A ledger cannot be read now.
        """
        return advise(self._tieout.flow(pair), entity_of(entity), key)

    def decide_merge(
        self, pair: str, entity: str, key: str, choice: MergeChoice, *, by: str, why: str
    ) -> None:
        """Do what ``by`` chose of a merge.

        Raises:
            RejectedError: It does not wait for a person, or one of the two is being written.
        """
        acting = self._tieout.acting_as(by)
        try:
            decide_merge(acting.flow(pair), entity_of(entity), key, choice, why=why)
        finally:
            acting.ledger.close()

    def conflicts(self, pair: str | None, *, is_open: bool, limit: int) -> list[KeptConflict]:
        """Return the conflicts that wait for an answer, or all of them, the oldest first."""
        states = (ConflictState.OPEN,) if is_open else tuple(ConflictState)
        return self._tieout.ledger.conflicts(pair, states=states, limit=limit)

    def open_conflict(self, conflict_id: int) -> KeptConflict | None:
        """Return a conflict if it waits for an answer."""
        waiting = self._tieout.ledger.conflicts()
        return next((one for one in waiting if one.conflict_id == conflict_id), None)

    def answer(
        self, conflict_id: int, winner: System, *, by: str, why: str, is_standing: bool
    ) -> KeptConflict:
        """Answer a conflict in the name of ``by``.

        Raises:
            RejectedError: There is no such conflict, or it is closed otherwise.
        """
        acting = self._tieout.acting_as(by)
        try:
            return answer(
                acting.ledger, conflict_id, winner, why=why, by=by, is_standing=is_standing
            )
        finally:
            acting.ledger.close()
