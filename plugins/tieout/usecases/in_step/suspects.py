"""Suspects: before a record is created, whether the other ledger has it already.

Looked up by what tells records apart: e-mail and name. What is alike is never linked here, and
never by its name: the new record is set aside, and a person says whether the two are one.
"""

from collections.abc import Collection, Mapping, Sequence

from tieout.domain.base import System
from tieout.domain.ledger import Refused
from tieout.ports.systems import Party
from tieout.usecases.flow import Flow
from tieout.usecases.guarded import guarded_read
from tieout.usecases.in_step.entities import ITEMS, VENDORS, Entity
from tieout.usecases.in_step.reading import Half, Thing


def suspects(flow: Flow, entity: Entity, things: Sequence[Thing]) -> dict[str, Refused]:
    """Return why things must not be created before a person has looked, by their keys."""
    found: dict[str, Refused] = {}
    parted = _parted(flow, entity)
    for source in (System.XERO, System.SAGE100):
        ours = [thing for thing in things if source in thing.halves]
        if not ours:
            continue
        target = System.SAGE100 if source is System.XERO else System.XERO
        known = _looked_up(flow, entity, target, [thing.halves[source] for thing in ours])
        for thing in ours:
            alike = {
                party.external_id: reasons
                for party in known
                if (reasons := _reasons(entity, thing.halves[source], party))
                and (source, thing.bound[source], target, party.external_id) not in parted
            }
            if alike:
                found[thing.key] = _refused(thing.halves[source], target, alike)
    return found


def _parted(flow: Flow, entity: Entity) -> set[tuple[System, str, System, str]]:
    said = flow.ledger.parted(flow.pair.pair, entity.name)
    one_way = {(one.one_system, one.one_id, one.other_system, one.other_id) for one in said}
    return one_way | {(three, four, one, two) for one, two, three, four in one_way}


def _looked_up(flow: Flow, entity: Entity, target: System, halves: Sequence[Half]) -> list[Party]:
    """Return the records of a ledger that may be one of these."""
    said = {
        tell.field: {text for half in halves if (text := _text(half, tell.field))}
        for tell in entity.tells
    }
    if "number" in said:
        return guarded_read(flow, target, lambda: _coded(flow, target, said["number"]))
    emails, names = said["email"], said["name"]
    if target is System.XERO:
        return guarded_read(
            flow, target, lambda: flow.xero.find_contacts(emails=emails, names=names)
        )
    if entity.sides[target].resource == VENDORS.sides[target].resource:
        return guarded_read(
            flow, target, lambda: flow.sage100.find_vendors(emails=emails, names=names)
        )
    return guarded_read(flow, target, lambda: flow.sage100.find_customers(emails=emails))


def _coded(flow: Flow, target: System, codes: Collection[str]) -> list[Party]:
    """Return the items of a ledger with these codes."""
    if target is System.XERO:
        known = flow.xero.reference().item_codes
    else:
        keys = {code.strip().upper() for code in codes}
        known = frozenset(flow.sage100.shown(ITEMS.sides[target].resource, keys))
    folded = {code.casefold() for code in codes}
    return [
        Party(external_id=code, external_no=code, name=code, email="")
        for code in sorted(known)
        if code.casefold() in folded
    ]


def _reasons(entity: Entity, half: Half, party: Party) -> list[str]:
    told = (
        (tell.what, _text(half, tell.field), getattr(party, tell.party_field))
        for tell in entity.tells
    )
    return [what for what, one, other in told if one and one.casefold() == other.casefold()]


def _text(half: Half, field: str) -> str:
    value = getattr(half.record, field, "")
    return value if isinstance(value, str) else ""


def _refused(half: Half, target: System, alike: Mapping[str, Sequence[str]]) -> Refused:
    shown = "; ".join(f"{one} (same {' and '.join(why)})" for one, why in sorted(alike.items()))
    return Refused(
        cause="possible_duplicate",
        message=f"{half.external_id} may be in {target} already: {shown}. Nothing was created.",
        remedy=(
            "Say in the file of a first match whether the two are the same or others (tieout "
            "match, then tieout match accept; docs/howto/go-live.md); then replay."
        ),
        field="external_id",
        value=next(iter(sorted(alike))),
    )
