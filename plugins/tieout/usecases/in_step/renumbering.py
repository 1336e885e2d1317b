"""Renumbering: what has another number in Sage 100 now is the same thing, if that is proven.

The landing sets aside what is gone and what came under the same name since (``record_renumbered``).
A name proves nothing: several customers may share one. It is proven by the mark that Tieout left in
the record, or by everything that both ledgers agreed on: the new record says all of it, and says
something beside its name. What is not proven waits for a person, as does all of it by policy.
"""

from collections.abc import Collection, Mapping, Sequence

from tieout.domain.base import System
from tieout.domain.in_step.likeness import is_empty, unchanged
from tieout.domain.in_step.merge import Values
from tieout.domain.in_step.policy import Fate, Policy
from tieout.domain.ledger import Binding, DeadLetter, NewBinding
from tieout.domain.reading import Renumbered
from tieout.usecases.flow import Flow
from tieout.usecases.in_step.capture import policy_of
from tieout.usecases.in_step.entities import Entity, external_id
from tieout.usecases.in_step.reading import Half, halves_of

SAGE100 = System.SAGE100
NAMES = frozenset({"name", "description"})
"""Fields that alone prove nothing."""


def follow_renumbered(flow: Flow, entity: Entity) -> int:
    """Point bindings at the numbers that people gave their records; return how many.

    What was set aside for it goes on. Done again, it does nothing more: what was pointed already
    only goes on.

    Raises:
        RetryableError: Sage 100 cannot be read now.
    """
    policy = policy_of(flow, entity)
    told = _told(flow, entity) if policy.renumbered is Fate.FOLLOW else {}
    if not told:
        return 0
    pair, ledger = flow.pair.pair, flow.ledger
    old_ids = {old_id for old_id, _new_id in told}
    new_ids = {new_id for _old_id, new_id in told}
    place = (pair, entity.name)
    bound = ledger.bindings_to(*place, old_ids, SAGE100)
    taken = ledger.bindings_to(*place, new_ids, SAGE100)
    pointed = ledger.successors(*place, old_ids, SAGE100)
    halves = halves_of(flow, entity, policy, SAGE100, old_ids | new_ids)
    agreed = ledger.agreed(*place, {one.key for one in bound.values()})
    fields = {key: record.fields for key, record in agreed.items()}
    followed = 0
    for old_id in sorted(old_ids - halves.keys()):
        news = sorted(new_id for old, new_id in told if old == old_id)
        before, now = bound.get(old_id), pointed.get(old_id)
        if before is not None:
            free = [new_id for new_id in news if new_id in halves and new_id not in taken]
            proven = [
                new_id for new_id in free if _is_proven(policy, before, fields, halves[new_id])
            ]
            if len(proven) == 1:
                _repoint(flow, before, proven[0])
                _go_on(flow, told[old_id, proven[0]])
                followed += 1
        elif now is not None and now.external_id in news:
            _go_on(flow, told[old_id, now.external_id])
    return followed


def _told(flow: Flow, entity: Entity) -> Mapping[tuple[str, str], Sequence[DeadLetter]]:
    """Return what was set aside of such records, by the old id and the new one."""
    found: dict[tuple[str, str], list[DeadLetter]] = {}
    for letter in flow.ledger.dead_letters(flow.pair.pair):
        one = Renumbered.told_by(letter, entity.sides[SAGE100].resource)
        if one is not None:
            ids = (external_id(SAGE100, one.old_id), external_id(SAGE100, one.new_id))
            found.setdefault(ids, []).append(letter)
    return found


def _is_proven(
    policy: Policy, before: Binding, agreed: Mapping[str, Mapping[str, Values]], half: Half
) -> bool:
    """Say whether a record is proven to be the one that a key was bound to."""
    mark = str(getattr(half.record, "tieout_id", ""))
    if mark:
        return mark == before.key
    fields, said = agreed.get(before.key, {}), half.side.values
    is_as_agreed = all(
        name in fields and unchanged(rule, fields[name].sage100, said[name])
        for name, rule in policy.fields.items()
    )
    return is_as_agreed and any(
        not is_empty(said[name]) for name in policy.fields if name not in NAMES
    )


def _repoint(flow: Flow, before: Binding, new_id: str) -> None:
    is_whole = before.external_no == before.external_id
    new = NewBinding(
        pair=before.pair,
        entity=before.entity,
        key=before.key,
        system=SAGE100,
        external_id=new_id,
        external_no=new_id if is_whole else new_id.rpartition("-")[2],
        provenance=f"{before.external_id} has this number in Sage 100 now",
    )
    flow.ledger.repoint(new, why=f"renumbered in Sage 100 to {new_id}")


def _go_on(flow: Flow, letters: Collection[DeadLetter]) -> None:
    for letter in letters:
        flow.ledger.replay(letter.dead_letter_id)
