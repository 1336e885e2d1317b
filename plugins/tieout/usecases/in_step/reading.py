"""Reading the records of one batch: whose they are, and how both ledgers show them now.

The cost grows with the documents of the batch: one look at the bindings, and at each ledger one
reading by ids.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tieout.domain.base import Frozen, Json, System
from tieout.domain.in_step.merge import Side as MergeSide
from tieout.domain.in_step.policy import Policy
from tieout.domain.in_step.records import AgreedRecord, IntendedWrite
from tieout.domain.ledger import DOUBTFUL, LANDED, Binding, Delivery, Document
from tieout.errors import RejectedError
from tieout.ports.systems import Shown
from tieout.usecases.flow import Flow
from tieout.usecases.guarded import guarded_read
from tieout.usecases.in_step.entities import SYSTEMS, Entity, key_of_new

MERGED_TO_MEMBER = "MergedToContactID"


@dataclass(frozen=True)
class Half:
    """One ledger's record as it is now."""

    external_id: str
    node: Json
    record: Frozen
    side: MergeSide

    @property
    def merged_to(self) -> str:
        """Return the id of the record that its ledger merged it into, '' when it did not."""
        return str(self.node.get(MERGED_TO_MEMBER) or "")


@dataclass
class Thing:
    """One thing of which documents tell: its key, what each ledger is bound to and shows of it."""

    key: str
    documents: list[Document]
    bound: dict[System, str] = field(default_factory=dict)
    halves: dict[System, Half] = field(default_factory=dict)
    agreed: AgreedRecord | None = None
    trouble: RejectedError | None = None
    """Why a record of it cannot be read into our form, or nothing can be done with it now."""
    is_new: bool = False
    """Nothing was bound yet: its key is the one that it would have."""
    heirs: dict[System, str] = field(default_factory=dict)
    """The other things that it goes by where it was merged into one."""

    @property
    def leading(self) -> Document:
        """Return the document that its writes go for: the latest."""
        return self.documents[-1]


def things_of(flow: Flow, entity: Entity, documents: Sequence[Document]) -> list[Thing]:
    """Return what the documents tell of, with what both ledgers are bound to; nothing is read."""
    pair, ledger = flow.pair.pair, flow.ledger
    told: dict[str, Thing] = {}
    for system in SYSTEMS:
        ours = [one for one in documents if one.source is system]
        bound = ledger.bindings_to(pair, entity.name, {one.source_id for one in ours}, system)
        for document in ours:
            binding = bound.get(document.source_id)
            key = binding.key if binding else key_of_new(system, document.source_id)
            thing = told.setdefault(key, Thing(key=key, documents=[], is_new=True))
            thing.documents.append(document)
            if binding is None:
                thing.bound[system] = document.source_id
    _add_bound(flow, entity, told)
    for key, record in ledger.agreed(pair, entity.name, told.keys()).items():
        told[key].agreed = record
    for thing in told.values():
        thing.documents.sort(key=lambda one: (one.version_at, one.document_id))
    return list(told.values())


def _add_bound(flow: Flow, entity: Entity, told: Mapping[str, Thing]) -> None:
    for system in SYSTEMS:
        bound: Mapping[str, Binding] = flow.ledger.bindings(
            flow.pair.pair, entity.name, told.keys(), system
        )
        for key, binding in bound.items():
            told[key].is_new = False
            if binding.key == key:
                told[key].bound[system] = binding.external_id
            else:
                told[key].heirs[system] = binding.key


def read_halves(flow: Flow, entity: Entity, policy: Policy, things: Collection[Thing]) -> None:
    """Read every record that the things are bound to, at each ledger all in as few calls as can be.

    Raises:
        RetryableError: A ledger cannot be read now.
    """
    for system in SYSTEMS:
        wanted = {thing.bound[system] for thing in things if system in thing.bound}
        shown = _shown(flow, entity, system, wanted) if wanted else {}
        for thing in things:
            found = shown.get(thing.bound.get(system, ""))
            if found is None:
                continue
            try:
                half = _half(flow, entity, policy, system, thing.bound[system], found)
            except RejectedError as error:
                thing.trouble = error
            else:
                thing.halves[system] = half


def halves_of(
    flow: Flow, entity: Entity, policy: Policy, system: System, external_ids: Collection[str]
) -> dict[str, Half]:
    """Return the records with these ids that the ledger shows and that can be read, by id.

    Raises:
        RetryableError: The ledger cannot be read now.
    """
    found: dict[str, Half] = {}
    for record_id, shown in _shown(flow, entity, system, external_ids).items():
        with suppress(RejectedError):
            found[record_id] = _half(flow, entity, policy, system, record_id, shown)
    return found


def _shown(
    flow: Flow, entity: Entity, system: System, external_ids: Collection[str]
) -> Mapping[str, Shown]:
    reader = flow.xero if system is System.XERO else flow.sage100
    resource = entity.sides[system].resource
    return guarded_read(flow, system, lambda: reader.shown(resource, external_ids))


def _half(
    flow: Flow, entity: Entity, policy: Policy, system: System, external_id: str, shown: Shown
) -> Half:
    record = entity.read(flow.mapper, system, shown.node)
    values = policy.values(record.model_dump(mode="json"))
    side = MergeSide(values=values, changed_at=shown.changed_at, changed_by=shown.changed_by)
    return Half(external_id=external_id, node=shown.node, record=record, side=side)


def deliveries_of(flow: Flow, writes: Collection[IntendedWrite]) -> dict[tuple[str, str], Delivery]:
    """Return the deliveries of writes that were meant, by their kind and key."""
    keys: dict[str, set[str]] = {}
    for write in writes:
        keys.setdefault(write.entity, set()).add(write.key)
    return {
        (entity, one.document_key): one
        for entity, some in keys.items()
        for one in flow.ledger.deliveries_of(flow.pair.pair, entity, some)
    }


def under_way(flow: Flow, things: Sequence[Thing]) -> set[str]:
    """Return the keys of things of which a write that was meant may have reached its ledger."""
    meant = [
        (thing.key, write)
        for thing in things
        if thing.agreed is not None and thing.agreed.intended is not None
        for write in thing.agreed.intended.writes.values()
    ]
    states = {key: one.state for key, one in deliveries_of(flow, [w for _, w in meant]).items()}
    begun = {*DOUBTFUL, *LANDED}
    return {key for key, write in meant if states.get((write.entity, write.key)) in begun}
