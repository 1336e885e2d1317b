"""Orphans: records that the crosswalk holds to nothing any more, and records that it never held.

Both ledgers' lists are read whole and compared with every binding that lasts. Nothing is changed:
each orphan says what may be done about it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tieout.domain.base import Frozen, System
from tieout.domain.in_step.crosswalk import KeptBinding, RecordName
from tieout.usecases.in_step.binding import Bindings
from tieout.usecases.in_step.entities import ENTITIES, SYSTEMS, XERO
from tieout.usecases.in_step.listed import Listed, ListedRecords, called

KEYS_PER_PAGE_MAX = 5_000


class OrphanKind(StrEnum):
    """What is wrong with a record's binding."""

    GONE = "gone"
    """Bound to a record that its ledger does not list any more: deleted, or another number now."""
    INACTIVE = "inactive"
    """Bound to a record that is archived, merged or inactive, while the other one is active."""
    ALONE = "alone"
    """Bound in one ledger only: the other one has no record of it yet."""
    NEVER_BOUND = "never_bound"
    """An active record of which nothing is known."""


class Orphan(Frozen):
    """A record, and why it is in step with nothing; ``key`` is '' where it was never bound."""

    kind: OrphanKind
    record: RecordName
    name: str
    key: str
    why: str


@dataclass(frozen=True)
class OrphanReport:
    """The records of one kind that are in step with nothing, as both ledgers list them now."""

    bindings: Bindings
    listed: ListedRecords

    def orphans(self) -> list[Orphan]:
        """Return every orphan, what is bound first, by kind, ledger and id.

        Raises:
            RetryableError: A ledger cannot be read now.
        """
        there = {
            system: {one.external_id: one for one in self.listed.of(system)} for system in SYSTEMS
        }
        halves = dict(self._halves())
        found = [
            orphan
            for key, of_key in halves.items()
            for system, binding in of_key.items()
            if (orphan := _of_binding(key, binding, system, of_key, there)) is not None
        ]
        bound = {
            (system, binding.external_id)
            for of_key in halves.values()
            for system, binding in of_key.items()
        }
        bound |= {(XERO, one) for one in self._bound_as_another_kind(there[XERO])}
        found += [
            _orphan(OrphanKind.NEVER_BOUND, system, external_id, one, "", "nothing is bound to it")
            for system, records in there.items()
            for external_id, one in records.items()
            if not one.ignored and (system, external_id) not in bound
        ]
        return sorted(found, key=_place)

    def _bound_as_another_kind(self, contact_ids: Collection[str]) -> set[str]:
        """Return which of Xero's records are bound as another kind: a contact may be a vendor."""
        pair, ledger = self.listed.pair.pair, self.bindings.flow.ledger
        return {
            contact_id
            for other in ENTITIES.values()
            if other is not self.bindings.entity
            for contact_id in ledger.bindings_to(pair, other.name, contact_ids, XERO)
        }

    def _halves(self) -> Iterator[tuple[str, dict[System, KeptBinding]]]:
        """Yield by key what it is bound to in both ledgers; people's own records are left out."""
        after = ""
        while some := self.bindings.kept(after=after, limit=KEYS_PER_PAGE_MAX):
            after = some[-1].key
            of_keys: dict[str, dict[System, KeptBinding]] = {}
            for one in some:
                of_keys.setdefault(one.key, {})[one.system] = one
            for key, of_key in of_keys.items():
                if key not in self.bindings.entity.not_ours:
                    yield key, {one: of_key[one] for one in SYSTEMS if one in of_key}


def _place(one: Orphan) -> tuple[int, str, str]:
    return list(OrphanKind).index(one.kind), one.record.system, one.record.external_id


def _of_binding(
    key: str,
    binding: KeptBinding,
    system: System,
    of_key: Mapping[System, KeptBinding],
    there: Mapping[System, Mapping[str, Listed]],
) -> Orphan | None:
    """Return what is wrong with one half of a binding, or nothing."""
    one = there[system].get(binding.external_id)
    if one is None:
        why = f"{system} does not list it"
        return _orphan(OrphanKind.GONE, system, binding.external_id, None, key, why)
    (other,) = (named for named in SYSTEMS if named is not system)
    if other not in of_key:
        if not one.record.is_active:
            return None
        why = f"{other} has no record of it"
        return _orphan(OrphanKind.ALONE, system, binding.external_id, one, key, why)
    partner = there[other].get(of_key[other].external_id)
    if one.record.is_active or partner is None or not partner.record.is_active:
        return None
    why = f"not active in {system}, while {of_key[other].record} is"
    return _orphan(OrphanKind.INACTIVE, system, binding.external_id, one, key, why)


def _orphan(
    kind: OrphanKind, system: System, external_id: str, one: Listed | None, key: str, why: str
) -> Orphan:
    return Orphan(
        kind=kind,
        record=RecordName(system=system, external_id=external_id),
        name=called(one.record) if one is not None else "",
        key=key,
        why=why,
    )


WAYS_OUT: Mapping[OrphanKind, str] = {
    OrphanKind.GONE: "tieout bindings unlink, or link it to the record that took its place",
    OrphanKind.INACTIVE: "the next run follows policy; see tieout conflicts list, merges list",
    OrphanKind.ALONE: "the next run creates the other one, if policy and dead letters let it",
    OrphanKind.NEVER_BOUND: "tieout match or bindings link; else its next change brings it in",
}
"""What may be done about each kind of orphan."""


def report_text(orphans: list[Orphan]) -> str:
    """Return orphans as people read them: by kind, each kind with what may be done."""
    counts = Counter(one.kind for one in orphans)
    lines = []
    for kind, count in sorted(counts.items(), key=lambda one: list(OrphanKind).index(one[0])):
        lines.append(f"{kind}: {count} ({WAYS_OUT[kind]})")
        lines += [
            f"    {one.record}  {one.name or '(no name)'}{one.key and f', {one.key}'}: {one.why}"
            for one in orphans
            if one.kind is kind
        ]
    return "\n".join(lines) or "Every record is bound to one that both ledgers show."
