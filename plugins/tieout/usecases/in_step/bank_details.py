"""Bank details of vendors: whoever changes them, they count once two people have said so.

A change of them is how money is stolen from those who pay (domain ``accounting``, section 4 and
A46). They are seen in Xero alone, as a fingerprint, and carried over nowhere: Sage 100's are never
asked for. A change is two conflicts of the vendor, one for each of two people; until both have said
yes, what would pay the vendor waits.
"""

from collections.abc import Sequence
from dataclasses import replace

from tieout.domain.base import System
from tieout.domain.in_step.merge import Conflict, Reason, Values
from tieout.domain.in_step.records import ConflictState, KeptConflict
from tieout.errors import RejectedError
from tieout.ports.ledger import Ledger
from tieout.usecases.in_step.deciding import Decision
from tieout.usecases.in_step.entities import Entity
from tieout.usecases.in_step.reading import Thing
from tieout.usecases.payees import (
    BANK_DETAILS,
    BANK_DETAILS_SEEN,
    approved_details,
    bank_details_of,
)

APPROVALS = (BANK_DETAILS, "bank_details_again")
"""The two conflicts of a change: the first person's and the second's, in any order."""


def with_bank_details(
    entity: Entity, thing: Thing, decision: Decision, known: Sequence[KeptConflict]
) -> Decision:
    """Add to a decision what becomes of the bank details; ``known`` are the thing's conflicts.

    Details that were there when the vendor was first brought in step are what later ones are held
    against. When they are changed back, who approved others in between approved nothing.
    """
    half = thing.halves.get(System.XERO)
    if half is None or not entity.is_paid:
        return decision
    now = bank_details_of(half.node)
    latest = {one.field: one for one in known if one.field in APPROVALS}
    if thing.agreed is None or _is_approved(latest, now):
        return _with(decision, now, Values(xero=now))
    before = approved_details(thing.agreed)
    if before.xero == now:
        undone = [
            _conflict(field, thing, now, before, is_over=True)
            for field, one in latest.items()
            if one.state is ConflictState.ANSWERED and one.values.xero != now
        ]
        return _with(decision, now, before, *undone)
    missing = [field for field in APPROVALS if not _is_answered(latest.get(field), now)]
    if not missing and all(one.winner is System.XERO for one in latest.values()):
        # One person said so twice, at the same moment.
        missing = [APPROVALS[1]]
    asked = [_conflict(field, thing, now, before) for field in missing]
    return _with(decision, now, before, *asked)


def _with(decision: Decision, now: str, approved: Values, *conflicts: Conflict) -> Decision:
    seen = Values(xero=now)
    fields = {**decision.fields, BANK_DETAILS: approved, BANK_DETAILS_SEEN: seen}
    return replace(decision, fields=fields, conflicts=(*decision.conflicts, *conflicts))


def _is_answered(one: KeptConflict | None, now: str) -> bool:
    return one is not None and one.state is ConflictState.ANSWERED and one.values.xero == now


def _is_approved(latest: dict[str, KeptConflict], now: str) -> bool:
    """Say whether two people said yes to just these details."""
    yes = [
        one
        for field in APPROVALS
        if (one := latest.get(field)) is not None
        and _is_answered(one, now)
        and one.winner is System.XERO
    ]
    return len({one.answered_by.casefold() for one in yes}) == len(APPROVALS)


def _conflict(
    field: str, thing: Thing, now: str, before: Values, *, is_over: bool = False
) -> Conflict:
    side = thing.halves[System.XERO].side
    return Conflict(
        field=field,
        values=Values(xero=now),
        reason=Reason.BANK_DETAILS_CHANGED,
        winner=System.XERO if is_over else None,
        effect=(
            "they are as they were before, and no approval of others counts any more"
            if is_over
            else (
                f"before: {before.xero or 'none'}. What would pay the vendor waits until two "
                "people have said xero, each after asking the vendor by a number known before"
            )
        ),
        xero_at=side.changed_at,
        xero_by=side.changed_by,
    )


def check_approver(ledger: Ledger, conflict_id: int, *, by: str, is_standing: bool) -> None:
    """Refuse the word of whoever changed bank details or approved them already.

    Raises:
        RejectedError: A second person must say so, and for this change alone.
    """
    asked = next((one for one in ledger.conflicts() if one.conflict_id == conflict_id), None)
    if asked is None or asked.field not in APPROVALS:
        return
    if is_standing:
        raise RejectedError(
            "Bank details are approved one change at a time.",
            remedy="Answer without --always.",
            cause="approval_cannot_stand",
        )
    answered = ledger.conflicts(
        asked.pair, entity=asked.entity, keys={asked.key}, states=(ConflictState.ANSWERED,)
    )
    others = {
        one.answered_by.casefold()
        for one in answered
        if one.field in APPROVALS and one.field != asked.field and one.values == asked.values
    }
    if asked.xero_by:
        others.add(asked.xero_by.casefold())
    if by.casefold() in others:
        raise RejectedError(
            f"{by} changed these bank details, or approved them already.",
            remedy="Somebody else must answer: two people approve a change of bank details.",
            cause="same_person",
        )
