"""The three-way merge: what each ledger says now, against what both said when they last agreed.

Field by field. A value that still says what it said then is no change, so what we wrote ourselves
never is one: the agreed record has of each ledger what *it* makes of the value. Nothing is guessed:
where policy does not say whose word counts, nothing is written and the conflict is on record.
"""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import AwareDatetime, Field, JsonValue

from tieout.domain.base import Frozen, System
from tieout.domain.in_step.likeness import alike, blended, is_empty, unchanged
from tieout.domain.in_step.policy import (
    ACTIVE,
    Fate,
    FieldPolicy,
    Likeness,
    Owner,
    Policy,
)

LEDGERS = (System.XERO, System.SAGE100)
_ACTIVE_POLICY = FieldPolicy(owner=Owner.ASK, compare=Likeness.EXACT)


class Values(Frozen):
    """One field as each ledger shows it."""

    xero: JsonValue = None
    sage100: JsonValue = None

    def of(self, system: System) -> JsonValue:
        """Return the value of one ledger."""
        return self.xero if system is System.XERO else self.sage100


def in_words(value: JsonValue) -> str:
    """Return what a field says as people read it; an address as its parts."""
    if isinstance(value, dict):
        value = ", ".join(str(part) for part in value.values() if part)
    return str(value) if value not in (None, "") else "(nothing)"


class Side(Frozen):
    """One ledger's record as it is now: fields by their paths, and who changed it last and when."""

    values: dict[str, JsonValue]
    changed_at: AwareDatetime | None = None
    changed_by: str = ""

    @property
    def is_active(self) -> bool:
        """Say whether the record counts."""
        return self.values.get(ACTIVE) is not False


class Reason(StrEnum):
    """Why a conflict is one, or by what it was settled."""

    BOTH_CHANGED = "both_changed"
    DIFFER_AT_FIRST = "differ_at_first"
    """They were never in step, and say different things."""
    OWNER = "owner"
    """Policy gives the field to one ledger, and the other one was changed."""
    NEWEST = "newest"
    """Both changed, and policy gives the field to whichever changed last."""
    ANSWERED = "answered"
    """A person said which one counts."""
    ARCHIVED = "archived"
    RESTORED = "restored"
    BANK_DETAILS_CHANGED = "bank_details_changed"
    """Whom money goes to: two people must say that it is so."""


class Conflict(Frozen):
    """One field that the ledgers disagree on: both values, and what comes of it.

    ``winner`` is the ledger whose value counts, None while a person must say. ``effect`` says in
    words what is written, or what the answer would write.
    """

    field: str
    values: Values
    reason: Reason
    winner: System | None
    effect: str
    xero_at: AwareDatetime | None = None
    """When Xero's record was changed last, and by whom, as far as it says; so for Sage 100's."""
    xero_by: str = ""
    sage100_at: AwareDatetime | None = None
    sage100_by: str = ""


class Answer(Frozen):
    """A person's word on a field: for these ``values`` only, or always when there are none."""

    winner: System
    values: Values | None = None


class Merged(Frozen):
    """What a merge comes to: what each ledger is to be written, conflicts, and what agrees now.

    ``agreed`` is the next agreed record but for what is yet to be written.
    """

    writes: dict[System, dict[str, JsonValue]] = Field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    agreed: dict[str, Values] = Field(default_factory=dict)

    @property
    def is_still(self) -> bool:
        """Say whether nothing is to be written."""
        return not self.writes


def merge(
    policy: Policy,
    agreed: Mapping[str, Values],
    xero: Side,
    sage100: Side,
    answers: Mapping[str, Answer] | None = None,
) -> Merged:
    """Merge two records of one thing; ``agreed`` is empty when they never were in step."""
    return _Merge(policy, agreed, {System.XERO: xero, System.SAGE100: sage100}, answers or {}).run()


class _Merge:
    """One merge on its way."""

    def __init__(
        self,
        policy: Policy,
        agreed: Mapping[str, Values],
        sides: Mapping[System, Side],
        answers: Mapping[str, Answer],
    ) -> None:
        self._policy = policy
        self._before = agreed
        self._sides = sides
        self._answers = answers
        self._writes: dict[System, dict[str, JsonValue]] = {}
        self._conflicts: list[Conflict] = []
        self._agreed = dict(agreed)

    def run(self) -> Merged:
        if ACTIVE in self._sides[System.XERO].values:
            self._merge_active()
        for field, rule in self._policy.fields.items():
            self._merge_field(field, rule)
        return Merged(
            writes=self._writes, conflicts=tuple(self._conflicts), agreed=dict(self._agreed)
        )

    def _now(self, field: str) -> Values:
        return Values(
            xero=self._sides[System.XERO].values.get(field),
            sage100=self._sides[System.SAGE100].values.get(field),
        )

    def _merge_field(self, field: str, rule: FieldPolicy) -> None:
        now = self._now(field)
        if alike(rule, now.xero, now.sage100):
            self._agreed[field] = now
            return
        before = self._before.get(field)
        changed = [
            system
            for system in LEDGERS
            if before is None or not unchanged(rule, before.of(system), now.of(system))
        ]
        if before is None and (empty := [one for one in LEDGERS if is_empty(now.of(one))]):
            # Nothing is overwritten where nothing was said.
            self._write(field, now, _other(empty[0]))
            return
        if not changed:
            return
        answered = self._answer(field, rule, now)
        if answered is not None:
            self._settle(field, now, Reason.ANSWERED, answered)
        elif rule.owner in (Owner.XERO, Owner.SAGE100):
            owner = System(rule.owner)
            if changed == [owner]:
                self._write(field, now, owner)
            else:
                self._settle(field, now, Reason.OWNER, owner)
        elif len(changed) == 1:
            self._write(field, now, changed[0])
        else:
            newest = self._newest() if rule.owner is Owner.NEWEST else None
            undecided = Reason.BOTH_CHANGED if before is not None else Reason.DIFFER_AT_FIRST
            self._settle(field, now, Reason.NEWEST if newest else undecided, newest)

    def _merge_active(self) -> None:
        """Follow, ask about or leave the end of a record, or its return.

        Between two that never agreed on it, the inactive one is taken to have ended.
        """
        now, before = self._now(ACTIVE), self._before.get(ACTIVE)
        if now.xero == now.sage100:
            self._agreed[ACTIVE] = now
            return
        ended = System.XERO if now.xero is False else System.SAGE100
        returned = _other(ended)
        has_returned = before is not None and before.of(returned) is False
        if before == now:
            return
        source, reason = (returned, Reason.RESTORED) if has_returned else (ended, Reason.ARCHIVED)
        fate = self._policy.restored if has_returned else self._policy.archived
        answered = self._answer(ACTIVE, _ACTIVE_POLICY, now)
        if answered is not None:
            self._settle(ACTIVE, now, Reason.ANSWERED, answered)
        elif fate is Fate.FOLLOW:
            self._write(ACTIVE, now, source)
        elif fate is Fate.ASK:
            self._settle(ACTIVE, now, reason, None)
        else:
            self._agreed[ACTIVE] = now

    def _answer(self, field: str, rule: FieldPolicy, now: Values) -> System | None:
        answer = self._answers.get(field)
        if answer is None:
            return None
        said = answer.values
        is_meant = said is None or all(
            unchanged(rule, said.of(system), now.of(system)) for system in LEDGERS
        )
        return answer.winner if is_meant else None

    def _newest(self) -> System | None:
        moments = {system: self._sides[system].changed_at for system in LEDGERS}
        xero, sage100 = moments[System.XERO], moments[System.SAGE100]
        if xero is None or sage100 is None or xero == sage100:
            return None
        return System.XERO if xero > sage100 else System.SAGE100

    def _settle(self, field: str, now: Values, reason: Reason, winner: System | None) -> None:
        """Put a conflict on record, and write the winner's value if there is one."""
        if winner is None:
            effect = "nothing is written until a person says which of the two counts"
        elif not self._may_write(_other(winner), field):
            effect = f"{_other(winner)} is not written to, so the two stay different"
        else:
            effect = f"{_other(winner)} gets what {winner} has"
        xero, sage100 = self._sides[System.XERO], self._sides[System.SAGE100]
        conflict = Conflict(
            field=field,
            values=now,
            reason=reason,
            winner=winner,
            effect=effect,
            xero_at=xero.changed_at,
            xero_by=xero.changed_by,
            sage100_at=sage100.changed_at,
            sage100_by=sage100.changed_by,
        )
        self._conflicts.append(conflict)
        if winner is not None:
            self._write(field, now, winner)

    def _write(self, field: str, now: Values, source: System) -> None:
        target = _other(source)
        if self._may_write(target, field):
            value = blended(now.of(source), now.of(target))
            self._writes.setdefault(target, {})[field] = value

    def _may_write(self, target: System, field: str) -> bool:
        """Say whether a field may be written: the inactive stay as they are."""
        if not self._policy.direction.may_write(target):
            return False
        return field == ACTIVE or all(side.is_active for side in self._sides.values())


def _other(system: System) -> System:
    return System.SAGE100 if system is System.XERO else System.XERO
