"""Suspects: before a record is created, whether the other ledger has it already.

The ledger is asked for what has a clue in common with the new record, and the matcher says how sure
it is that two are one. What may be one is never linked here: the new record is set aside with the
reasons, and a person says what it is. What a person kept apart is no suspect of it any more.

Asked is the ledger itself, not what we keep of it: that lacks what is in no flow or was redacted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tieout.domain.base import System
from tieout.domain.clues import Clues
from tieout.domain.customer import Customer
from tieout.domain.in_step.records import NotSame
from tieout.domain.ledger import Refused
from tieout.domain.matching import Match, MatchClass, Profile, profile_of, told
from tieout.domain.records import Item, Vendor
from tieout.errors import RejectedError
from tieout.usecases.flow import Flow
from tieout.usecases.guarded import guarded_read
from tieout.usecases.in_step.entities import SYSTEMS, Entity
from tieout.usecases.in_step.reading import Thing

NAMED_MAX = 5
"""How many suspects a dead letter names."""
SURE_MAX = 0.9999
"""The highest confidence that is shown: nothing is certain before a person has looked."""

_Two = frozenset[tuple[System, str]]


@dataclass(frozen=True)
class Suspect:
    """A record that a new one may repeat; ``bound_as`` is the key that it is bound under, or ''."""

    match: Match
    name: str
    bound_as: str = ""

    def text(self) -> str:
        """Say which it is, how sure, and why, in words and by the reasons' codes."""
        codes = " ".join(self.match.reasons)
        return (
            f"{self.match.right} {self.name!r} (confidence "
            f"{min(self.match.confidence, SURE_MAX):.4f}: {told(self.match.reasons)} [{codes}])"
        )


def suspects(flow: Flow, entity: Entity, things: Sequence[Thing]) -> dict[str, Refused]:
    """Return why things must not be created before a person has looked, by their keys."""
    found: dict[str, Refused] = {}
    for source in SYSTEMS:
        ours = {thing.bound[source]: thing for thing in things if source in thing.halves}
        target = next(system for system in SYSTEMS if system is not source)
        profiles = [
            replace(profile_of(record), key=record_id)
            for record_id, thing in ours.items()
            if isinstance(record := thing.halves[source].record, Customer | Vendor | Item)
        ]
        for record_id, alike in may_be(flow, entity, (source, target), profiles).items():
            what, way = f"{record_id} of {source}", (source, target)
            thing = ours[record_id]
            found[thing.key] = refused(flow, entity, way, record_id, alike, what=what)
    return found


def may_be(
    flow: Flow, entity: Entity, way: tuple[System, System], new: Sequence[Profile]
) -> dict[str, list[Suspect]]:
    """Return by key the records of a ledger that each new one may be, the likeliest first.

    ``way`` is where the new ones are, and the ledger that is asked. A record without any is not
    there.

    Raises:
        RetryableError: The ledger cannot be read now.
    """
    source, target = way
    if not new:
        return {}
    known = _known(flow, entity, target, new)
    apart = {_two(said) for said in flow.ledger.parted(flow.pair.pair, entity.name)}
    at_all = {
        match.left
        for match in flow.matcher.alike(entity.name, new, list(known.values()))
        if match.match_class is not MatchClass.NEW
    }
    matches: dict[str, list[Match]] = {}
    for one in new:
        if one.key not in at_all:
            continue
        rest = [
            profile
            for key, profile in known.items()
            if frozenset({(source, one.key), (target, key)}) not in apart
        ]
        found = [m for m in _one_by_one(flow, entity, one, rest) if entity.tells & {*m.reasons}]
        if found:
            matches[one.key] = found
    return _named(flow, entity, target, known, matches)


def _known(
    flow: Flow, entity: Entity, target: System, new: Sequence[Profile]
) -> dict[str, Profile]:
    """Return the records of a ledger that have a clue in common with new ones, by their ids."""
    clues = Clues.of(profile.fields for profile in new)
    ledger = flow.xero if target is System.XERO else flow.sage100
    resource = entity.sides[target].resource
    shown = guarded_read(flow, target, lambda: ledger.resembling(resource, clues))
    found: dict[str, Profile] = {}
    for record_id, one in shown.items():
        try:
            record = entity.read(flow.mapper, target, one.node)
        except RejectedError:
            continue  # it cannot be compared; when its own turn comes it is set aside
        if isinstance(record, Customer | Vendor | Item):
            found[record_id] = replace(profile_of(record), key=record_id)
    return found


def _one_by_one(
    flow: Flow, entity: Entity, new: Profile, known: Sequence[Profile]
) -> Iterator[Match]:
    """Yield whom a new record may be, one after another, each as if those before were not there.

    Two that are equally alike share their chances: of each alone, little would be left of them.
    """
    rest = list(known)
    while rest:
        match = next(iter(flow.matcher.alike(entity.name, [new], rest)), None)
        if match is None or match.match_class is MatchClass.NEW:
            return
        yield match
        rest = [profile for profile in rest if profile.key != match.right]


def _named(
    flow: Flow,
    entity: Entity,
    target: System,
    known: Mapping[str, Profile],
    matches: Mapping[str, Sequence[Match]],
) -> dict[str, list[Suspect]]:
    ids = {match.right for some in matches.values() for match in some}
    bound = flow.ledger.bindings_to(flow.pair.pair, entity.name, ids, target) if ids else {}
    return {
        key: [
            Suspect(
                match=match,
                name=_name(known[match.right]),
                bound_as=bound[match.right].key if match.right in bound else "",
            )
            for match in some
        ]
        for key, some in matches.items()
    }


def _name(profile: Profile) -> str:
    return profile.fields.get("name") or profile.fields.get("description", "")


def _two(said: NotSame) -> _Two:
    return frozenset({(said.one_system, said.one_id), (said.other_system, said.other_id)})


def refused(
    flow: Flow,
    entity: Entity,
    way: tuple[System, System],
    new: str,
    alike: Sequence[Suspect],
    *,
    what: str,
) -> Refused:
    """Return the refusal of a new record that may be there already; ``what`` is what it is called.

    Its remedy is the two commands by which a person answers. A record of a ledger cannot be linked
    to what is bound to another one; a buyer can, who has no record yet.
    """
    source, target = way
    shown = "; ".join(one.text() for one in alike[:NAMED_MAX])
    more = f"; and {len(alike) - NAMED_MAX} more" if len(alike) > NAMED_MAX else ""
    first = alike[0]
    two = f"{entity.name} {source}:{new} {target}:{first.match.right} --pair {flow.pair.pair}"
    same = f"If the two are one: tieout bindings link {two}"
    if first.bound_as and source is not System.SHOPIFY:
        same = (
            f"{first.match.right} is bound already, as {first.bound_as}. If the two are one, merge "
            "this one into that, or archive it, where it was entered"
        )
    return Refused(
        cause="possible_duplicate",
        message=f"{what} may be in {target} already: {shown}{more}. Nothing was created.",
        remedy=f"{same}. If they are two: tieout bindings part {two}. Then replay.",
        field="external_id",
        value=first.match.right,
    )
