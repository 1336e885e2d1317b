"""Merge advice: what people merged in Xero, and still have twice in Sage 100.

Sage 100's own utility alone merges two of its records, so a person must say which number is left.
An advice shows every record with its open documents, which value of each field would be left, and
what each choice does. A choice is one transaction of the ledger, so it is done once or not at all.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, JsonValue

from tieout.domain.base import Frozen, Json, System
from tieout.domain.in_step.policy import Policy
from tieout.domain.in_step.records import AgreedRecord, NewHeir, NotSame
from tieout.domain.in_step.survivorship import Survival, survivorship
from tieout.errors import RejectedError
from tieout.usecases.flow import Flow
from tieout.usecases.guarded import guarded_read
from tieout.usecases.in_step.capture import policy_of
from tieout.usecases.in_step.entities import CUSTOMERS, Entity
from tieout.usecases.in_step.reading import Half, Thing, halves_of, under_way

XERO, SAGE100 = System.XERO, System.SAGE100


class MergeChoice(StrEnum):
    """What becomes of two records of Sage 100 whose contacts are one in Xero."""

    SURVIVOR = "survivor"
    """The one of the contact that survived is left."""
    OTHER = "other"
    """The one of the contact that was merged away is left."""
    BOTH = "both"
    """They are not the same."""


class AdvisedRecord(Frozen):
    """One record as its ledger shows it, and what is open on it."""

    role: str
    system: System
    external_id: str
    values: dict[str, JsonValue]
    changed_at: AwareDatetime | None
    changed_by: str
    open_documents: str
    """In words; '' where that cannot be read."""


class MergeAdvice(Frozen):
    """What a person must know to say what becomes of two records."""

    pair: str
    entity: str
    key: str
    """Of the thing whose contact was merged away; the advice goes by it."""
    heir: str
    why: str
    records: tuple[AdvisedRecord, ...]
    survives: dict[MergeChoice, dict[str, Survival]]
    effects: dict[MergeChoice, str]


def merges_waiting(flow: Flow, entity: Entity) -> list[NewHeir]:
    """Return what is one thing in Xero and two in Sage 100, and nobody said that it is two."""
    pair, ledger = flow.pair.pair, flow.ledger
    waiting = [one for one in ledger.half_merged(pair, entity.name) if one.system is XERO]
    parted = {
        (said.one_id, said.other_id)
        for said in ledger.parted(pair, entity.name)
        if said.one_system is said.other_system is SAGE100
    }
    ids = _numbers(flow, entity, waiting)
    return [one for one in waiting if _in_order(ids[one.key], ids[one.heir]) not in parted]


def _numbers(flow: Flow, entity: Entity, waiting: Sequence[NewHeir]) -> Mapping[str, str]:
    keys = {key for one in waiting for key in (one.key, one.heir)}
    bound = flow.ledger.bindings(flow.pair.pair, entity.name, keys, SAGE100)
    return {key: bound[key].external_id if key in bound else "" for key in keys}


def _in_order(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


def advise(flow: Flow, entity: Entity, key: str) -> MergeAdvice:
    """Return the advice on a thing that is one in Xero and two in Sage 100.

    Raises:
        RejectedError: Nothing of the kind waits under this key.
        RetryableError: A ledger cannot be read now.
    """
    one = _waiting(flow, entity, key)
    policy = policy_of(flow, entity)
    numbers = _numbers(flow, entity, [one])
    place = (flow.pair.pair, entity.name)
    contacts = flow.ledger.bindings(*place, [one.heir], XERO)
    contact_ids = [bound.external_id for bound in contacts.values()]
    contact = next(iter(halves_of(flow, entity, policy, XERO, contact_ids).values()), None)
    rows = halves_of(flow, entity, policy, SAGE100, set(numbers.values()) - {""})
    survivor, other = rows.get(numbers[one.heir]), rows.get(numbers[one.key])
    owed = _open_in_sage100(flow, entity, [half for half in (survivor, other) if half is not None])
    shown = [
        ("the contact that survived", XERO, contact, _open_in_xero(contact)),
        ("of the survivor", SAGE100, survivor, owed.get(numbers[one.heir], "")),
        ("of the one merged away", SAGE100, other, owed.get(numbers[one.key], "")),
    ]
    return MergeAdvice(
        pair=flow.pair.pair,
        entity=entity.name,
        key=one.key,
        heir=one.heir,
        why=one.why,
        records=tuple(
            _advised(role, system, half, is_open)
            for role, system, half, is_open in shown
            if half is not None
        ),
        survives={
            MergeChoice.SURVIVOR: _survival(policy, contact, survivor),
            MergeChoice.OTHER: _survival(policy, contact, other),
        },
        effects=_effects(entity, numbers[one.heir], numbers[one.key]),
    )


def _waiting(flow: Flow, entity: Entity, key: str) -> NewHeir:
    for one in merges_waiting(flow, entity):
        if one.key == key:
            return one
    raise RejectedError(
        f"No merge of the {entity.name} {key!r} waits for a person.",
        remedy="See 'tieout merges list' for those that do.",
        cause="unknown_merge",
    )


def _survival(policy: Policy, contact: Half | None, row: Half | None) -> dict[str, Survival]:
    sides = {
        system: half.side for system, half in ((XERO, contact), (SAGE100, row)) if half is not None
    }
    return survivorship(policy, sides) if sides else {}


def _advised(role: str, system: System, half: Half, is_open: str) -> AdvisedRecord:
    return AdvisedRecord(
        role=role,
        system=system,
        external_id=half.external_id,
        values=half.side.values,
        changed_at=half.side.changed_at,
        changed_by=half.side.changed_by,
        open_documents=is_open,
    )


def _open_in_xero(contact: Half | None) -> str:
    """Return what Xero's contact says of its open documents, which have moved to it."""
    balances = contact.node.get("Balances") if contact is not None else None
    if not isinstance(balances, dict):
        return ""
    told = [
        f"{words} {outstanding}"
        for member, words in (("AccountsReceivable", "owes"), ("AccountsPayable", "is owed"))
        if (outstanding := _outstanding(balances.get(member)))
    ]
    return ", ".join(told) or "nothing is open"


def _outstanding(balance: JsonValue) -> Decimal:
    said: Json = balance if isinstance(balance, dict) else {}
    return Decimal(str(said.get("Outstanding") or 0))


def _open_in_sage100(flow: Flow, entity: Entity, rows: Sequence[Half]) -> dict[str, str]:
    """Return what customers of Sage 100 owe and have on order, by id."""
    if entity.name != CUSTOMERS.name:
        return {}
    numbers = {half.external_id.rpartition("-")[2]: half.external_id for half in rows}
    found = guarded_read(flow, SAGE100, lambda: flow.sage100.credit(numbers))
    return {
        numbers[number]: f"owes {credit.owed}, {credit.on_order} on order"
        for number, credit in found.items()
        if number in numbers
    }


def _effects(entity: Entity, survivor: str, other: str) -> dict[MergeChoice, str]:
    utility = (
        "A person then merges {lost} into {kept} with Sage 100's own utility, which moves its open "
        "documents; Tieout writes nothing to {lost}."
    )
    one = "Both go by {kept} in Sage 100 from the next order on. "
    return {
        MergeChoice.SURVIVOR: (one + utility).format(kept=survivor, lost=other),
        MergeChoice.OTHER: (one + utility).format(kept=other, lost=survivor),
        MergeChoice.BOTH: (
            f"{survivor} and {other} stay two {entity.name}s of one contact: orders of each go to "
            f"its own in Sage 100, and {other} is kept in step with nothing."
        ),
    }


def decide_merge(flow: Flow, entity: Entity, key: str, choice: MergeChoice, *, why: str) -> None:
    """Do what a person chose, in the name of who acts; the same again changes nothing.

    Raises:
        RejectedError: Nothing of the kind waits, or one of the two is being written.
    """
    one = _waiting(flow, entity, key)
    pair, ledger = flow.pair.pair, flow.ledger
    if choice is MergeChoice.BOTH:
        numbers = _numbers(flow, entity, [one])
        said = NotSame(
            pair=pair,
            entity=entity.name,
            one_system=SAGE100,
            one_id=numbers[one.key],
            other_system=SAGE100,
            other_id=numbers[one.heir],
        )
        ledger.part(said, why=why)
        return
    records = ledger.agreed(pair, entity.name, [one.key, one.heir])
    things = [Thing(key=at, documents=[], agreed=record) for at, record in records.items()]
    if under_way(flow, things):
        raise RejectedError(
            f"{one.key} or {one.heir} is being written.",
            remedy="Decide again when the run is over.",
            cause="survivor_is_written",
        )
    is_other = choice is MergeChoice.OTHER
    if is_other and (known := records.get(one.heir)) is not None:
        _forget(flow, known)
    ledger.hand_over(
        [
            NewHeir(
                pair=pair,
                entity=entity.name,
                key=one.key,
                system=SAGE100,
                heir=one.heir,
                why=why,
                brings=is_other,
            )
        ]
    )


def _forget(flow: Flow, known: AgreedRecord) -> None:
    """Forget what was agreed on with another record: the two are compared as at first sight."""
    flow.ledger.agree(known.model_copy(update={"fields": {}, "intended": None}))


def advice_text(one: MergeAdvice) -> str:
    """Return an advice as people read it."""
    lines = [f"{one.entity} {one.key} goes by {one.heir} in Xero: {one.why}"]
    for record in one.records:
        when = f"{record.changed_at:%Y-%m-%d %H:%M}" if record.changed_at else "time unknown"
        by = f", {record.changed_by}" if record.changed_by else ""
        is_open = f"; {record.open_documents}" if record.open_documents else ""
        lines.append(
            f"    {record.system:<8} {record.external_id}, {record.role}  ({when}{by}){is_open}"
        )
    for choice, effect in one.effects.items():
        lines.append(f"  {choice}: {effect}")
        lines += [
            f"    {name:<12} {_left(left)}" for name, left in one.survives.get(choice, {}).items()
        ]
    return "\n".join(lines)


def _left(left: Survival) -> str:
    value = left.value
    if isinstance(value, dict):
        value = ", ".join(str(part) for part in value.values() if part)
    return f"{value}: {left.why}" if value not in (None, "") else f"({left.why})"
