"""Deciding what becomes of one thing: what each ledger is to be written, or who must say.

Nothing is read or written here. What is decided goes into the agreed record before it is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import JsonValue

from tieout.domain.base import Json, System
from tieout.domain.in_step.likeness import is_empty
from tieout.domain.in_step.merge import Answer, Conflict, Values, merge
from tieout.domain.in_step.merge import Side as MergeSide
from tieout.domain.in_step.policy import ACTIVE, Policy
from tieout.domain.in_step.records import IntendedWrite
from tieout.domain.ledger import Refused
from tieout.errors import RejectedError
from tieout.mapping.master_data import SLOTS
from tieout.usecases.flow import Flow
from tieout.usecases.in_step.entities import SYSTEMS, Entity, with_values
from tieout.usecases.in_step.reading import Half, Thing

KEEPS_CHANGING = "keeps_changing"
LOOP_WITHIN = timedelta(hours=1)
LOOP_WRITES_MAX = 10
"""How often one record may be written within that time; more is a fight that nobody wins."""


@dataclass
class Decision:
    """What becomes of one thing."""

    fields: dict[str, Values] = field(default_factory=dict)
    writes: dict[System, IntendedWrite] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    refused: Refused | None = None


def decide(
    flow: Flow, entity: Entity, policy: Policy, thing: Thing, answers: Mapping[str, Answer]
) -> Decision:
    """Merge what both ledgers show of a thing, and say what is to be written.

    Raises:
        RejectedError: A value cannot be brought into a ledger's form.
    """
    return _Deciding(flow, entity, policy, thing).merged(answers)


def created(flow: Flow, entity: Entity, policy: Policy, thing: Thing) -> Decision:
    """Say how a thing that one ledger lacks is created there.

    Raises:
        RejectedError: A value cannot be brought into a ledger's form.
    """
    return _Deciding(flow, entity, policy, thing).created()


class _Deciding:
    """One thing that is decided on."""

    def __init__(self, flow: Flow, entity: Entity, policy: Policy, thing: Thing) -> None:
        self._flow = flow
        self._entity = entity
        self._policy = policy
        self._thing = thing
        self._agreed = thing.agreed.fields if thing.agreed else {}

    def merged(self, answers: Mapping[str, Answer]) -> Decision:
        thing = self._thing
        sides = {system: self._side(system) for system in SYSTEMS}
        policy = _by_how_it_ended(self._policy, thing)
        merged = merge(policy, self._agreed, sides[System.XERO], sides[System.SAGE100], answers)
        decision = Decision(fields=dict(merged.agreed), conflicts=merged.conflicts)
        for system, values in merged.writes.items():
            half = thing.halves.get(system)
            if half is None:
                # What is deleted there can be written to no more: it stays as it is.
                continue
            if values.get(ACTIVE) is True and not self._entity.sides[system].can_restore:
                decision.refused = _cannot_restore(system, half)
                continue
            taken = sides[_other(system)].values
            write, fields = self._write(system, half, values, taken)
            if write is None:
                # The ledger has no room for what is different: nothing of it would change.
                decision.fields |= fields
            else:
                decision.writes[system] = write
        if decision.writes and is_looping(thing, self._flow.clock.now()):
            decision.refused = _looping(thing)
        if decision.refused is not None:
            decision.writes.clear()
        return decision

    def _side(self, system: System) -> MergeSide:
        """Return a ledger's record as it is; of one that is gone, as was agreed on, and ended."""
        half = self._thing.halves.get(system)
        if half is not None:
            return half.side
        before = {name: values.of(system) for name, values in self._agreed.items()}
        return MergeSide(values={**before, ACTIVE: False})

    def _write(
        self,
        system: System,
        half: Half,
        values: Mapping[str, JsonValue],
        taken: Mapping[str, JsonValue],
    ) -> tuple[IntendedWrite | None, dict[str, Values]]:
        """Return the write of one ledger, if any is needed, and what both will show after it."""
        flow, side = self._flow, self._entity.sides[system]
        before = self._entity.changed(flow.pair, system, half.external_id, half.record)
        if values.get(ACTIVE) is False and side.ends is not None:
            kind = side.ends
            payload: Json | None = flow.mapper.payload(f"to_{system}/{kind.entity}", before)
            shown = {**half.side.values, ACTIVE: False}
        else:
            kind = side.changes
            wanted = with_values(half.record, values)
            after = self._entity.changed(flow.pair, system, half.external_id, wanted)
            payload = flow.mapper.change(self._entity.name, system, before, after, half.node)
            shown = self._shown(system, overlaid(half.node, payload or {}))
        fields = {name: _values(system, taken.get(name), shown.get(name)) for name in values}
        if payload is None:
            return None, fields
        number = self._thing.agreed.version + 1 if self._thing.agreed else 1
        write = IntendedWrite(
            entity=kind.entity, key=f"{self._thing.key}@{number}", record=payload, fields=fields
        )
        return write, fields

    def created(self) -> Decision:
        flow, thing = self._flow, self._thing
        ((source, half),) = thing.halves.items()
        target = _other(source)
        side = self._entity.sides[target]
        record = self._entity.created(flow.pair, target, thing.key, half.record)
        payload = flow.mapper.payload(side.creates.mapping, {"node": {}, **record})
        shown = self._shown(target, overlaid(side.blank, payload))
        # What a new record is made without, such as an address of no country, is filled in next.
        fields = {
            name: _values(target, said, shown[name])
            for name, said in half.side.values.items()
            if is_empty(said) or not is_empty(shown[name])
        }
        write = IntendedWrite(
            entity=side.creates.entity,
            key=thing.key,
            record=half.record.model_dump(mode="json"),
            fields=fields,
        )
        return Decision(writes={target: write})

    def _shown(self, system: System, node: Json) -> dict[str, JsonValue]:
        """Read what a ledger will show, by the mapping that reads what it shows."""
        record = self._entity.read(self._flow.mapper, system, node)
        return self._policy.values(record.model_dump(mode="json"))


def _by_how_it_ended(policy: Policy, thing: Thing) -> Policy:
    """Return the policy with the fate that counts for how a record ended."""
    if any(system not in thing.halves for system in thing.bound):
        return policy.model_copy(update={"archived": policy.deleted})
    if any(half.merged_to for half in thing.halves.values()):
        return policy.model_copy(update={"archived": policy.merged})
    return policy


def _other(system: System) -> System:
    return System.SAGE100 if system is System.XERO else System.XERO


def _values(target: System, taken: JsonValue, shown: JsonValue) -> Values:
    if target is System.XERO:
        return Values(xero=shown, sage100=taken)
    return Values(xero=taken, sage100=shown)


def read_back(
    flow: Flow, entity: Entity, system: System, write: IntendedWrite, figures: Mapping[str, str]
) -> dict[str, Values]:
    """Return what a write changed as the ledger showed it right after, where that says so.

    A row of Sage 100 is read back by its columns. What no figure tells of is as was predicted.
    """
    header = write.record.get("header")
    if not isinstance(header, dict) or not figures:
        return dict(write.fields)
    node: Json = {**entity.sides[system].blank, **header, **figures}
    try:
        record = entity.read(flow.mapper, system, node).model_dump(mode="json")
    except RejectedError:
        return dict(write.fields)
    shown = flow.pair.in_step[entity.name].values(record)
    return {
        name: _values(system, values.of(_other(system)), shown[name])
        for name, values in write.fields.items()
    }


def overlaid(node: Json, payload: Json) -> Json:
    """Return what a ledger shows of a record once it holds a payload."""
    header = payload.get("header")
    if isinstance(header, dict):
        return {**node, **header}
    made = dict(node)
    for name, value in payload.items():
        if name in SLOTS and isinstance(value, list):
            made[name] = _slots(SLOTS[name], node.get(name), value)
        elif name != "expected":
            made[name] = value
    return made


def _slots(kind: str, held: JsonValue, stated: list[JsonValue]) -> list[JsonValue]:
    """Return the parts of a member, each with what is stated of it over what it has."""
    parts = {
        str(part.get(kind)): part
        for part in (held if isinstance(held, list) else [])
        if isinstance(part, dict)
    }
    for part in stated:
        if isinstance(part, dict):
            parts[str(part.get(kind))] = {**parts.get(str(part.get(kind)), {}), **part}
    return list(parts.values())


def is_looping(thing: Thing, now: datetime) -> bool:
    """Say whether a record was written so often of late that it is a fight."""
    times = thing.agreed.written_at if thing.agreed else ()
    return sum(at > now - LOOP_WITHIN for at in times) >= LOOP_WRITES_MAX


def _looping(thing: Thing) -> Refused:
    return Refused(
        cause=KEEPS_CHANGING,
        message=(
            f"{thing.key} was written {LOOP_WRITES_MAX} times within an hour, and is different "
            "again: something else writes it too."
        ),
        remedy=(
            "Find out who else changes it, another integration or a rule in one of the ledgers; "
            "stop one of the two, then replay. It is not written again within that hour."
        ),
        field="key",
        value=thing.key,
    )


def _cannot_restore(system: System, half: Half) -> Refused:
    return Refused(
        cause="cannot_restore",
        message=f"{half.external_id} is archived in {system}, whose API brings nothing back.",
        remedy=f"Restore it in {system} by hand; then dismiss this.",
        field=ACTIVE,
        value=half.external_id,
    )
