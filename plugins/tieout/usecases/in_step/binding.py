"""Bindings as people make and end them: link, unlink, part, rejoin. Each may be said again.

Nothing is written to a ledger here. What two ledgers agreed on of a thing ends with its link, so
that whatever it is linked to next is compared as at first sight.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tieout.domain.base import Frozen, System
from tieout.domain.in_step.crosswalk import BUYERS_KEY, KeptBinding, KeptNotSame, RecordName
from tieout.domain.in_step.records import AgreedRecord, NewHeir, NotSame
from tieout.domain.ledger import Binding, DeadLetter, NewBinding
from tieout.errors import ConfigurationError, RejectedError
from tieout.usecases.flow import Flow
from tieout.usecases.in_step.answers import look_again
from tieout.usecases.in_step.entities import CUSTOMERS, SAGE100, SYSTEMS, XERO, Entity, key_of_new
from tieout.usecases.in_step.listed import called, kept_by_people, number_of, party_of
from tieout.usecases.order_names import key_of_buyer

LINKED = "linked"
POSSIBLE_DUPLICATE = "possible_duplicate"
"""Why the merge sets aside what looks like a record that the other ledger has already."""


class Said(Frozen):
    """What became of a person's word on records; ``replayable`` are letters that it settles."""

    key: str = ""
    names: tuple[str, ...] = ()
    """What the records are called, in the order in which they were named."""
    is_new: bool = True
    ended: tuple[RecordName, ...] = ()
    replayable: tuple[DeadLetter, ...] = ()


@dataclass(frozen=True)
class Bindings:
    """The bindings of one kind of record of one pair."""

    flow: Flow
    entity: Entity

    def link(self, one: RecordName, other: RecordName, *, why: str = "") -> Said:
        """Bind a record of either ledger to one of the other; the next run compares them.

        Raises:
            RejectedError: A ledger has no such record, or one of the two is bound to another one,
                is said not to be the other, or is kept by people alone.
        """
        if System.SHOPIFY in {one.system, other.system}:
            return self._link_buyer(*sorted((one, other), key=_buyer_first), why=why)
        if {one.system, other.system} != set(SYSTEMS):
            raise self.refused(
                f"{one} and {other} are of one ledger.",
                "Name a record of each: xero:ID and sage100:ID.",
            )
        names = self._looked_at([one, other])
        self.may_be_one(one, other)
        key, missing = self.missing(one, other)
        self._nothing_under_way(key)
        for record in missing:
            self.bind(key, record, f"{LINKED} ({why})" if why else LINKED)
        letters = self._replayable(one, other)
        if missing and not letters:
            now = self.flow.clock.now()
            self._look_again(one, f"{LINKED} {key} {now.isoformat()}")
        return Said(key=key, names=names, is_new=bool(missing), replayable=letters)

    def _link_buyer(self, buyer: RecordName, record: RecordName, *, why: str) -> Said:
        """Let a shop's buyer, who has no record in that ledger yet, be the one of a record.

        What nobody bound is bound to the buyer's key; what is in step already, the buyer goes by.
        """
        names = self._looked_at([buyer, record])
        self.may_be_one(buyer, record)
        known, key = self._bound(record), key_of_buyer(buyer.external_id)
        if known is not None and known.key != key and known.key.startswith(BUYERS_KEY):
            raise self.refused(
                f"{record} is bound already, as {known.key}.", self._ways_out([record])
            )
        held = self._held(key, record.system)
        if held is not None and held.external_id != record.external_id:
            bound = _name_of(held)
            raise self.refused(f"{buyer} is bound to {bound} already.", self._ways_out([bound]))
        before = self.flow.ledger.bindings(self._pair, self.entity.name, [key], record.system)
        is_new = key not in before or before[key].external_id != record.external_id
        provenance = f"{LINKED} ({why})" if why else LINKED
        if known is None:
            self.bind(key, record, provenance)
        elif is_new:
            go_by(self.flow, key, known.key, why=provenance)
        letters = self._replayable(buyer, record)
        return Said(key=key, names=names, is_new=is_new, replayable=letters)

    def may_be_one(self, one: RecordName, other: RecordName) -> None:
        """Make sure that neither is left to people, and that nobody said that they differ.

        Raises:
            RejectedError: It is so.
        """
        self._not_kept_by_people(one, other)
        if self.apart(one, other) in self.flow.ledger.parted(self._pair, self.entity.name):
            raise self.refused(
                f"{one} and {other} are said not to be the same.",
                f"Take that back first: {self._command('rejoin', one, other)}",
            )

    def missing(
        self, one: RecordName, other: RecordName, *, wished: str = ""
    ) -> tuple[str, list[RecordName]]:
        """Return the key that two records are or can be bound under, and which of them is not yet.

        Of two that nobody bound yet it is the ``wished`` one, if there is any.

        Raises:
            RejectedError: One of them is bound to something else.
        """
        two = (one, other)
        known = {record: self._bound(record) for record in two}
        keys = sorted({binding.key for binding in known.values() if binding is not None})
        if len(keys) > 1:
            whose = " and ".join(
                f"{record} as {binding.key}" for record, binding in known.items() if binding
            )
            raise self.refused(f"Both are bound already: {whose}.", self._ways_out(two))
        if {one.system, other.system} != set(SYSTEMS):
            raise self.refused(f"{one} and {other} are of one ledger.", "Name one of each.")
        key = keys[0] if keys else wished or self._new_key(two)
        missing = [record for record in two if known[record] is None]
        for record in missing:
            held = self._held(key, record.system)
            if held is not None:
                bound = other if record == one else one
                raise self.refused(
                    f"{bound} is bound to {_name_of(held)} already, as {key}.",
                    self._ways_out([bound]),
                )
        return key, missing

    def _new_key(self, two: Sequence[RecordName]) -> str:
        """Return the key of two that nobody bound yet: made of Sage 100's record, if it is free."""
        keys = [key_of_new(one.system, one.external_id) for one in sorted(two, key=_sage100_first)]
        free = (key for key in keys if all(self._held(key, system) is None for system in SYSTEMS))
        return next(free, keys[0])

    def bind(
        self, key: str, record: RecordName, provenance: str, confidence: float | None = None
    ) -> None:
        """Bind a record to a key in the name of who acts."""
        self.flow.ledger.bind(
            NewBinding(
                pair=self._pair,
                entity=self.entity.name,
                key=key,
                system=record.system,
                external_id=record.external_id,
                external_no=number_of(self.entity, record.system, record.external_id),
                provenance=provenance,
                confidence=confidence,
            )
        )

    def unlink(self, record: RecordName, *, why: str) -> Said:
        """End the binding of a record; its row stays, with who ended it and why.

        A key that was made out of the record goes with it: then what else is bound to the key is
        bound no more either.

        Raises:
            RejectedError: It is bound to nothing, or a write of it is under way.
        """
        binding = self._bound(record)
        if binding is None:
            raise self.refused(
                f"{record} is bound to nothing.",
                f"See 'tieout bindings list {self.entity.name} --pair {self._pair} "
                f"--of {record.external_id} --all' for what it was bound to.",
            )
        key = binding.key
        if key in self.entity.not_ours:
            raise self.refused(f"{record} is the pair's house account.", "It stays as it is.")
        agreed = self._nothing_under_way(key)
        halves = [_name_of(one) for one in self._halves(key)]
        ended = halves if key == _own_key(record) else [record]
        # Whoever merges the two at this moment finds another version, and reads the bindings anew.
        self.flow.ledger.agree(agreed.model_copy(update={"fields": {}}), conflicts=())
        for one in ended:
            self.flow.ledger.unlink(self._pair, self.entity.name, key, one.system, why=why)
        return Said(key=key, ended=tuple(ended))

    def part(self, one: RecordName, other: RecordName, *, why: str = "") -> Said:
        """Keep that two records are not the same, whatever they look like.

        Raises:
            RejectedError: A ledger has no such record, or they are bound to each other.
        """
        if one == other:
            raise self.refused(f"{one} is named twice.", "Name two records.")
        names = self._looked_at([one, other])
        self.not_one(one, other)
        is_new = self.keep_apart(one, other, why=why)
        return Said(names=names, is_new=is_new, replayable=self._replayable(one, other))

    def not_one(self, one: RecordName, other: RecordName) -> None:
        """Make sure that two records are not bound to each other.

        Raises:
            RejectedError: They are.
        """
        known = [binding for record in (one, other) if (binding := self._bound(record))]
        if len(known) > 1 and known[0].key == known[1].key:
            raise self.refused(
                f"{one} and {other} are bound to each other, as {known[0].key}.",
                self._ways_out([one]),
            )

    def keep_apart(self, one: RecordName, other: RecordName, *, why: str) -> bool:
        """Keep that two records are not the same; False when that was said before."""
        said = self.apart(one, other)
        is_new = said not in self.flow.ledger.parted(self._pair, self.entity.name)
        self.flow.ledger.part(said, why=why)
        return is_new

    def alone(self, key: str, record: RecordName) -> tuple[str, list[RecordName]]:
        """Return the key of a record that one ledger has alone, and whether it is to be bound.

        Raises:
            RejectedError: There is no key, or one of the two is bound otherwise.
        """
        bound, held = self._bound(record), self._held(key, record.system)
        if not key:
            raise self.refused(f"{record} has neither a key nor another record.", "Add either.")
        if bound is not None and bound.key != key:
            raise self.refused(f"{record} is bound already, as {bound.key}.", "Correct it.")
        if bound is None and held is not None:
            raise self.refused(f"{key} is bound to {_name_of(held)} already.", "Correct it.")
        return key, [] if bound else [record]

    def there(self, records: Collection[RecordName]) -> set[RecordName]:
        """Return which of the records their ledgers have; a shop's buyers are taken for granted."""
        found = {one for one in records if one.system is System.SHOPIFY}
        for system in SYSTEMS:
            ids = {one.external_id for one in records if one.system is system}
            reader = self.flow.xero if system is XERO else self.flow.sage100
            shown = reader.shown(self.entity.sides[system].resource, ids) if ids else {}
            found |= {RecordName(system=system, external_id=one) for one in shown}
        return found

    def rejoin(self, one: RecordName, other: RecordName) -> None:
        """Take back that two records are not the same; the row stays.

        Raises:
            RejectedError: Nobody said so.
        """
        said = self.apart(one, other)
        if said not in self.flow.ledger.parted(self._pair, self.entity.name):
            raise self.refused(
                f"Nobody says that {one} and {other} are not the same.",
                f"See 'tieout bindings list {self.entity.name} --pair {self._pair}'.",
            )
        self.flow.ledger.part(said, is_so=False)

    def kept(
        self, named: str = "", *, with_ended: bool = False, after: str = "", limit: int
    ) -> list[KeptBinding]:
        """Return the bindings of the next keys, all of them or those of a key, id or number."""
        return self.flow.ledger.all_bindings(
            self._pair,
            self.entity.name,
            named=named,
            with_ended=with_ended,
            after=after,
            limit=limit,
        )

    def parted(self, named: str = "", *, with_ended: bool = False) -> list[KeptNotSame]:
        """Return who is said not to be whom, all of them or those of one id."""
        said = self.flow.ledger.all_parted(self._pair, self.entity.name, with_ended=with_ended)
        return [one for one in said if not named or named in {one.one_id, one.other_id}]

    def refused(self, message: str, remedy: str) -> RejectedError:
        """Return the error of a word that cannot be kept."""
        return RejectedError(message, remedy=remedy, cause="link_refused", field="external_id")

    def apart(self, one: RecordName, other: RecordName) -> NotSame:
        """Return the word that two are not the same, in the one order that it is kept in."""
        return NotSame(
            pair=self._pair,
            entity=self.entity.name,
            one_system=one.system,
            one_id=one.external_id,
            other_system=other.system,
            other_id=other.external_id,
        ).in_order

    @property
    def _pair(self) -> str:
        return self.flow.pair.pair

    def _looked_at(self, records: Sequence[RecordName]) -> tuple[str, ...]:
        """Return what records are called that their ledgers have."""
        names = []
        for one in records:
            if one.system is System.SHOPIFY:
                names.append(key_of_buyer(one.external_id))
                continue
            reader = self.flow.xero if one.system is XERO else self.flow.sage100
            resource = self.entity.sides[one.system].resource
            shown = reader.shown(resource, [one.external_id]).get(one.external_id)
            if shown is None:
                raise self.refused(
                    f"{one.system} has no {self.entity.name} {one.external_id!r}.",
                    "Take the id from the ledger's own page, or from 'tieout match'.",
                )
            names.append(called(party_of(self.entity, self.flow.mapper, one.system, shown.node)))
        return tuple(names)

    def _not_kept_by_people(self, *records: RecordName) -> None:
        for one in records:
            apart = kept_by_people(self.flow.pair, self.entity, self.flow.ledger, one.system)
            if one.external_id in apart:
                raise self.refused(f"{one} is the pair's house account.", "It is left to people.")

    def _nothing_under_way(self, key: str) -> AgreedRecord:
        """Return what was agreed on of a key, of which nothing may be on its way to a ledger."""
        none = AgreedRecord(pair=self._pair, entity=self.entity.name, key=key)
        agreed = self.flow.ledger.agreed(self._pair, self.entity.name, [key]).get(key, none)
        if agreed.intended is not None:
            raise self.refused(
                f"A write of {key} is under way.", "Say it again after the next run of the flow."
            )
        return agreed

    def _bound(self, record: RecordName) -> Binding | None:
        found = self.flow.ledger.bindings_to(
            self._pair, self.entity.name, [record.external_id], record.system
        )
        return found.get(record.external_id)

    def _held(self, key: str, system: System) -> Binding | None:
        """Return what a key itself is bound to in a ledger."""
        found = self.flow.ledger.bindings(self._pair, self.entity.name, [key], system).get(key)
        return found if found is not None and found.key == key else None

    def _halves(self, key: str) -> list[Binding]:
        return [one for system in SYSTEMS if (one := self._held(key, system)) is not None]

    def _replayable(self, *records: RecordName) -> tuple[DeadLetter, ...]:
        """Return what was set aside because one of the records may be the other.

        An order's letter names the record that its buyer may be.
        """
        named = {(one.system, one.external_id) for one in records}
        of_buyer = {key_of_buyer(one) for system, one in named if system is System.SHOPIFY}
        ours = {
            one.document_id
            for one in self.flow.ledger.unsettled(self._pair, self.entity.name)
            if (one.source, one.source_id) in named
        }
        return tuple(
            letter
            for letter in self.flow.ledger.dead_letters(self._pair)
            if letter.cause == POSSIBLE_DUPLICATE
            and (
                letter.document_id in ours or any(f"({key})" in letter.message for key in of_buyer)
            )
        )

    def _look_again(self, record: RecordName, event: str) -> None:
        topic = f"{self.entity.sides[record.system].resource}/{LINKED}"
        hint = look_again(self._pair, record.system, topic, record.external_id, event)
        self.flow.ledger.land([hint])

    def _ways_out(self, records: Collection[RecordName]) -> str:
        ways = (self._command("unlink", one) + " --reason WHY" for one in records)
        return f"If that is wrong, end it first: {', or '.join(ways)}"

    def _command(self, action: str, *records: RecordName) -> str:
        named = " ".join(map(str, records))
        return f"tieout bindings {action} {self.entity.name} {named} --pair {self._pair}"


def go_by(flow: Flow, key: str, known: str, *, why: str) -> None:
    """Let a buyer be a customer who is bound already, in each ledger that lacks the buyer's own."""
    pair = flow.pair.pair
    given: list[NewHeir] = []
    for system in SYSTEMS:
        found = flow.ledger.bindings(pair, CUSTOMERS.name, {key, known}, system)
        has_own = key in found and found[key].key == key
        if known in found and not has_own:
            one = NewHeir(
                pair=pair, entity=CUSTOMERS.name, key=key, system=system, heir=known, why=why
            )
            given.append(one)
    flow.ledger.hand_over(given)


def _name_of(binding: Binding) -> RecordName:
    return RecordName(system=binding.system, external_id=binding.external_id)


def _own_key(record: RecordName) -> str:
    try:
        return key_of_new(record.system, record.external_id)
    except ConfigurationError:  # too long to be anybody's key
        return ""


def _buyer_first(record: RecordName) -> bool:
    return record.system is not System.SHOPIFY


def _sage100_first(record: RecordName) -> bool:
    return record.system is not SAGE100
