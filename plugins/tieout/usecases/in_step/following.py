"""Following: what people merged in Xero is one thing from then on, and goes by who survived.

A merged contact is archived and names the one that took its documents over. Whatever was bound to
it is pointed at that one, before anything is merged field by field; where that one is bound to
another thing, the two things are one in Xero. Nothing is written to either ledger here, and what
was done is done again without effect, so a run that died in between is made up for by the next.
"""

from collections.abc import Collection, Mapping, Sequence

from tieout.domain.base import System
from tieout.domain.in_step.likeness import is_empty
from tieout.domain.in_step.merge import Values
from tieout.domain.in_step.policy import Fate, Policy
from tieout.domain.in_step.records import AgreedRecord, NewHeir
from tieout.domain.ledger import NewBinding
from tieout.errors import RejectedError
from tieout.usecases.flow import Flow
from tieout.usecases.in_step.entities import SYSTEMS, Entity
from tieout.usecases.in_step.reading import Half, Thing, halves_of, under_way
from tieout.usecases.in_step.writing import SURVIVOR_WRITTEN

MERGES_MAX = 10
"""How many contacts may have been merged one into the next; more is a circle."""


def follow_merges(
    flow: Flow, entity: Entity, policy: Policy, things: Sequence[Thing]
) -> list[Thing]:
    """Point what was merged in Xero at who survived; return what is to be merged field by field.

    Left out is what goes by another thing from now on, or is the survivor of one of these itself.

    Raises:
        RetryableError: Xero cannot be read now.
    """
    if policy.merged is not Fate.FOLLOW:
        return list(things)
    for thing in things:
        if _is_gone_as_well(thing):
            _follow_in_sage100(flow, entity, thing)
    lost = [thing for thing in things if not thing.is_new and _merged_to(thing)]
    return _Following(flow, entity, policy, things).run(lost) if lost else list(things)


def _is_gone_as_well(thing: Thing) -> bool:
    """Say whether what was merged in Xero is gone from Sage 100 by now: merged there, too."""
    is_bound = System.SAGE100 in thing.bound
    return System.XERO in thing.heirs and is_bound and System.SAGE100 not in thing.halves


def _follow_in_sage100(flow: Flow, entity: Entity, thing: Thing) -> None:
    """Let a thing go by its heir of Xero in Sage 100 as well, where that one is known there."""
    pair, heir = flow.pair.pair, thing.heirs[System.XERO]
    if heir in flow.ledger.bindings(pair, entity.name, [heir], System.SAGE100):
        said = NewHeir(
            pair=pair,
            entity=entity.name,
            key=thing.key,
            system=System.SAGE100,
            heir=heir,
            why=f"merged in Xero, and {thing.bound[System.SAGE100]} is gone from Sage 100",
        )
        flow.ledger.hand_over([said])


def _merged_to(thing: Thing) -> str:
    """Return the id of the contact that the thing's was merged into, '' when it was not."""
    half = thing.halves.get(System.XERO)
    return "" if half is None else half.merged_to


class _Following:
    """The merges that one batch tells of."""

    def __init__(self, flow: Flow, entity: Entity, policy: Policy, things: Sequence[Thing]) -> None:
        self._flow = flow
        self._entity = entity
        self._policy = policy
        self._things = {thing.key: thing for thing in things}

    def run(self, lost: Sequence[Thing]) -> list[Thing]:
        survivors = self._survivors({_merged_to(thing) for thing in lost})
        for thing in lost:
            survivor = survivors.get(_merged_to(thing))
            if survivor is None:
                thing.trouble = _no_survivor(thing)
            else:
                self._follow(thing, survivor)
        new = {one.external_id for one in survivors.values()}
        return [
            thing
            for thing in self._things.values()
            if not (thing.is_new and thing.bound.get(System.XERO) in new)
        ]

    def _survivors(self, ids: Collection[str]) -> dict[str, Half]:
        """Return the contacts that are left in the end, by the ids of those merged into first."""
        found: dict[str, Half] = {}
        wanted = set(ids)
        for _merge in range(MERGES_MAX):
            if not wanted:
                break
            read = halves_of(self._flow, self._entity, self._policy, System.XERO, wanted)
            found |= read
            wanted = {half.merged_to for half in read.values()} - {"", *found}
        return {one: half for one in ids if (half := _last(one, found)) is not None}

    def _follow(self, thing: Thing, survivor: Half) -> None:
        pair, ledger = self._flow.pair.pair, self._flow.ledger
        place = (pair, self._entity.name)
        known = ledger.bindings_to(*place, [survivor.external_id], System.XERO)
        holder = known.get(survivor.external_id)
        before = thing.bound[System.XERO]
        if holder is None:
            self._agree_anew(thing, survivor)
            why = f"merged in Xero into {survivor.external_id}"
            ledger.repoint(
                NewBinding(
                    pair=pair,
                    entity=self._entity.name,
                    key=thing.key,
                    system=System.XERO,
                    external_id=survivor.external_id,
                    external_no=survivor.external_id,
                    provenance=f"{before} was merged into it in Xero",
                ),
                why=why,
            )
        else:
            self._go_by(thing, holder.key, survivor)

    def _agree_anew(self, thing: Thing, survivor: Half) -> None:
        """Forget what was agreed on where the survivor says nothing.

        That nothing is said there is nobody's change, so it is filled in and clears nothing.
        """
        thing.bound[System.XERO] = survivor.external_id
        thing.halves[System.XERO] = survivor
        if thing.agreed is not None:
            fields = said_by(survivor, thing.agreed.fields)
            if fields != thing.agreed.fields:
                again = thing.agreed.model_copy(update={"fields": fields})
                thing.agreed = self._flow.ledger.agree(again)

    def _go_by(self, thing: Thing, heir: str, survivor: Half) -> None:
        """Let a thing go by the one that the survivor is bound to: in Xero, or altogether.

        Altogether where only one of the two is bound in Sage 100. Where both are, they stay two
        there until a person has said what becomes of them.
        """
        pair, entity = self._flow.pair.pair, self._entity.name
        ledger = self._flow.ledger
        record = ledger.agreed(pair, entity, [heir]).get(heir)
        if under_way(self._flow, [Thing(key=heir, documents=[], agreed=record)]):
            thing.trouble = _is_written(thing, heir)
            return
        theirs = ledger.bindings(pair, entity, [heir], System.SAGE100).get(heir)
        ours = thing.bound.get(System.SAGE100)
        are_two = theirs is not None and ours is not None
        why = f"merged in Xero into {survivor.external_id}"
        heirs = [
            NewHeir(pair=pair, entity=entity, key=thing.key, system=system, heir=heir, why=why)
            for system in ((System.XERO,) if are_two else SYSTEMS)
        ]
        if ours is not None and theirs is None and thing.agreed is not None:
            # What the two ledgers agreed on comes along, or the two would differ at first sight.
            blank = record or AgreedRecord(pair=pair, entity=entity, key=heir)
            fields = said_by(survivor, thing.agreed.fields)
            changes = {"fields": fields, "intended": None}
            record = ledger.agree(blank.model_copy(update=changes))
        if thing.agreed is not None:
            # Nothing is merged under its own name any more, so nobody waits for an answer on it.
            ledger.agree(thing.agreed.model_copy(update={"intended": None}), conflicts=())
        ledger.hand_over(heirs)
        self._give(thing, heir, survivor, record, are_two=are_two)

    def _give(
        self,
        thing: Thing,
        heir: str,
        survivor: Half,
        record: AgreedRecord | None,
        *,
        are_two: bool,
    ) -> None:
        """Go on with the heir in this thing's place, where it brought the heir something."""
        thing.heirs[System.XERO] = heir
        if are_two or System.SAGE100 not in thing.bound:
            return
        of_heir = self._things.get(heir)
        if of_heir is None:
            of_heir = Thing(key=heir, documents=thing.documents)
            del self._things[thing.key]
            self._things[heir] = of_heir
        else:
            thing.heirs[System.SAGE100] = heir
        of_heir.is_new = False
        of_heir.agreed = record
        of_heir.bound = {**thing.bound, System.XERO: survivor.external_id}
        of_heir.halves = {**thing.halves, System.XERO: survivor}


def said_by(survivor: Half, fields: Mapping[str, Values]) -> dict[str, Values]:
    """Return what was agreed on, but for what the survivor says nothing of."""
    said = survivor.side.values
    return {name: values for name, values in fields.items() if not is_empty(said.get(name))}


def _last(merged_into: str, found: Mapping[str, Half]) -> Half | None:
    """Return who survives of a chain of merges; None when it has no end."""
    at = found.get(merged_into)
    for _merge in range(MERGES_MAX):
        if at is None or not at.merged_to:
            return at
        at = found.get(at.merged_to)
    return None


def _no_survivor(thing: Thing) -> RejectedError:
    lost = thing.bound[System.XERO]
    return RejectedError(
        f"{lost} was merged in Xero into a contact that Xero does not show in the end.",
        remedy="Look at both contacts in Xero; then replay.",
        cause="survivor_unknown",
        field="external_id",
        value=lost,
    )


def _is_written(thing: Thing, heir: str) -> RejectedError:
    return RejectedError(
        f"{thing.key} was merged in Xero into {heir}, which is being written.",
        remedy="The next run follows the merge by itself once that is done.",
        cause=SURVIVOR_WRITTEN,
        field="key",
        value=heir,
    )
