"""Agreed records, conflicts, and who is bound to what no more, in memory."""

from collections.abc import Collection, Sequence

from typing_extensions import override

from fake_ledger.tables import Tables
from tieout.domain.base import System
from tieout.domain.in_step.crosswalk import KeptBinding, KeptNotSame
from tieout.domain.in_step.merge import Conflict, Reason
from tieout.domain.in_step.records import (
    AgreedRecord,
    ConflictState,
    KeptConflict,
    NewHeir,
    NotSame,
)
from tieout.domain.ledger import Binding, NewBinding
from tieout.errors import RejectedError, RetryableError


class Agreed(Tables):
    """The port's calls on records in step; ``actor`` is who acts."""

    actor = "fake"

    @override
    def agreed(self, pair: str, entity: str, keys: Collection[str]) -> dict[str, AgreedRecord]:
        found = ((key, self._agreed.get((pair, entity, key))) for key in keys)
        return {key: record for key, record in found if record is not None}

    @override
    def agree(
        self, record: AgreedRecord, *, conflicts: Sequence[Conflict] | None = None
    ) -> AgreedRecord:
        with self._lock:
            place = (record.pair, record.entity, record.key)
            known = self._agreed.get(place)
            if record.version != (known.version if known else 0):
                raise RetryableError("another version by now", remedy="Read it again.")
            stored = record.model_copy(update={"version": record.version + 1})
            self._agreed[place] = stored
            action = "record.intended" if record.intended else "record.agreed"
            self._note(record.pair, action, f"{record.entity}/{record.key}")
            if conflicts is not None:
                self._keep_conflicts(record, conflicts)
            return stored

    def _keep_conflicts(self, record: AgreedRecord, now: Sequence[Conflict]) -> None:
        place = (record.pair, record.entity, record.key)
        known = [one for one in self._conflicts if (one.pair, one.entity, one.key) == place]
        waiting = {one.field: one for one in known if one.state is ConflictState.OPEN}
        for conflict in now:
            before = waiting.pop(conflict.field, None)
            of_field = [one for one in known if one.field == conflict.field]
            said = (conflict.values, conflict.winner)
            is_kept = bool(of_field) and (of_field[-1].values, of_field[-1].winner) == said
            if conflict.winner is None:
                self._put(record, conflict, ConflictState.OPEN, before)
            elif before is not None:
                self._put(record, conflict, ConflictState.SETTLED, before)
            elif conflict.reason is not Reason.ANSWERED and not is_kept:
                self._put(record, conflict, ConflictState.SETTLED, None)
        for gone in waiting.values():
            self._put(record, gone, ConflictState.GONE, gone)

    def _put(
        self,
        record: AgreedRecord,
        conflict: Conflict,
        state: ConflictState,
        before: KeptConflict | None,
    ) -> None:
        said = {name: getattr(conflict, name) for name in Conflict.model_fields}
        number = before.conflict_id if before else len(self._conflicts) + 1
        kept = KeptConflict(
            conflict_id=number,
            pair=record.pair,
            entity=record.entity,
            key=record.key,
            state=state,
            opened_at=before.opened_at if before else self._clock.now(),
            closed_at=None if state is ConflictState.OPEN else self._clock.now(),
            **said,
        )
        self._conflicts[number - 1 : number] = [kept]
        if before is None or before.state is not state:
            self._note(record.pair, f"conflict.{state}", f"conflict/{number}")

    @override
    def conflicts(
        self,
        pair: str | None = None,
        *,
        entity: str | None = None,
        keys: Collection[str] | None = None,
        states: Collection[ConflictState] = (ConflictState.OPEN,),
        limit: int | None = None,
    ) -> list[KeptConflict]:
        return [
            one
            for one in self._conflicts
            if one.state in states
            and pair in {None, one.pair}
            and entity in {None, one.entity}
            and (keys is None or one.key in keys)
        ][:limit]

    @override
    def standing(self, pair: str, entity: str) -> dict[str, System]:
        told = [one for one in self._conflicts if one.is_standing]
        ours = [one for one in told if (one.pair, one.entity) == (pair, entity)]
        return {one.field: one.winner for one in sorted(ours, key=_closed) if one.winner}

    @override
    def answer(
        self, conflict_id: int, winner: System, *, why: str, is_standing: bool
    ) -> KeptConflict:
        with self._lock:
            if not 0 < conflict_id <= len(self._conflicts):
                raise RejectedError("no such one", remedy="Look.", cause="unknown_conflict")
            known = self._conflicts[conflict_id - 1]
            if known.state is ConflictState.ANSWERED and known.winner is winner:
                return known
            if known.state is not ConflictState.OPEN:
                raise RejectedError("it is closed", remedy="Look.", cause="already_settled")
            answered = known.model_copy(
                update={
                    "state": ConflictState.ANSWERED,
                    "winner": winner,
                    "answered_by": self.actor,
                    "answered_why": why,
                    "is_standing": is_standing,
                    "closed_at": self._clock.now(),
                }
            )
            self._conflicts[conflict_id - 1] = answered
            self._note(known.pair, "conflict.answered", f"conflict/{conflict_id}")
            return answered

    @override
    def unlink(self, pair: str, entity: str, key: str, system: System, *, why: str) -> bool:
        with self._lock:
            found = [
                number
                for number, one in self._bindings.items()
                if (one.pair, one.entity, one.key, one.system) == (pair, entity, key, system)
            ]
            for number in found:
                one = self._bindings[number]
                self._bound_before[pair, entity, system, one.external_id] = key
                self._bound_once.append(
                    KeptBinding(
                        **one.model_dump(),
                        ended_at=self._clock.now(),
                        ended_by="fake",
                        ended_why=why,
                    )
                )
                del self._bindings[number]
                self._note(pair, "binding.ended", f"binding/{number}")
            return bool(found)

    @override
    def repoint(self, new: NewBinding, *, why: str) -> None:
        with self._lock:
            known = self._own(new.pair, new.entity, new.key, new.system)
            if known is not None and known.external_id == new.external_id:
                return
            taken = self.bindings_to(new.pair, new.entity, [new.external_id], new.system)
            if taken:
                raise RejectedError("it is bound", remedy="Look.", cause="number_taken")
            self.unlink(new.pair, new.entity, new.key, new.system, why=why)
            self.bind(new)

    @override
    def hand_over(self, given: Sequence[NewHeir]) -> None:
        with self._lock:
            for one in given:
                place = (one.pair, one.entity, one.system)
                if self._heirs.get((*place, one.key)) == one.heir:
                    continue
                own = self._own(one.pair, one.entity, one.key, one.system)
                known = self.bindings(one.pair, one.entity, [one.heir], one.system)
                if one.brings and known:
                    known = {}
                    self.unlink(one.pair, one.entity, one.heir, one.system, why=one.why)
                self._heirs[*place, one.key] = one.heir
                self._handed_over |= {(one.key, one.why), (one.heir, one.why)}
                self._note(one.pair, "binding.handed_over", f"{one.entity}/{one.key}")
                if own is not None:
                    self.unlink(one.pair, one.entity, one.key, one.system, why=one.why)
                if own is not None and not known:
                    said = own.model_dump(include=set(NewBinding.model_fields))
                    self.bind(NewBinding(**{**said, "key": one.heir, "provenance": one.why}))
                for of_key, heir in self._heirs.items():
                    if of_key[:3] == place and heir == one.key:
                        self._heirs[of_key] = one.heir

    @override
    def half_merged(self, pair: str, entity: str) -> list[NewHeir]:
        kept = {(one.key, one.system) for one in self._bindings.values() if one.pair == pair}
        return [
            NewHeir(pair=pair, entity=entity, key=key, system=system, heir=heir, why="")
            for (of_pair, of_entity, system, key), heir in self._heirs.items()
            if (of_pair, of_entity) == (pair, entity)
            and any(has == key and other is not system for has, other in kept)
        ]

    @override
    def handed_over(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> set[str]:
        return {
            one.external_id
            for one in self._bound_once
            if (one.pair, one.entity, one.system) == (pair, entity, system)
            and one.external_id in external_ids
            and (one.key, one.ended_why) in self._handed_over
        }

    @override
    def successors(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> dict[str, Binding]:
        keys = {
            one: key
            for one in external_ids
            if (key := self._bound_before.get((pair, entity, system, one))) is not None
        }
        now = self.bindings(pair, entity, set(keys.values()), system)
        return {one: now[key] for one, key in keys.items() if key in now}

    def _own(self, pair: str, entity: str, key: str, system: System) -> Binding | None:
        found = self._bindings.where("key", (pair, entity, system, key))
        return found[0] if found else None

    @override
    def part(self, said: NotSame, *, is_so: bool = True, why: str = "") -> None:
        with self._lock:
            word = said.in_order
            stands = [one for one in self._not_same if one.ended_at is None]
            known = [one for one in stands if _word(one) == word]
            if is_so and not known:
                self._not_same.append(
                    KeptNotSame(
                        **word.model_dump(), said_at=self._clock.now(), said_by="fake", why=why
                    )
                )
            for one in [] if is_so else known:
                ended = {"ended_at": self._clock.now(), "ended_by": "fake"}
                self._not_same[self._not_same.index(one)] = one.model_copy(update=ended)

    @override
    def parted(self, pair: str, entity: str) -> list[NotSame]:
        return [_word(one) for one in self.all_parted(pair, entity)]

    @override
    def all_bindings(
        self,
        pair: str,
        entity: str,
        *,
        named: str = "",
        with_ended: bool = False,
        after: str = "",
        limit: int,
    ) -> list[KeptBinding]:
        ended = self._bound_once if with_ended else []
        lasting = [KeptBinding(**one.model_dump()) for one in self._bindings.values()]
        ours = [
            one
            for one in [*ended, *lasting]
            if (one.pair, one.entity) == (pair, entity) and one.key > after
        ]
        keys = {
            one.key
            for one in ours
            if not named or named in {one.key, one.external_id, one.external_no}
        }
        wanted = sorted(keys)[:limit]
        of_keys = [one for one in ours if one.key in wanted]
        return sorted(of_keys, key=lambda one: (one.key, one.bound_at))

    @override
    def all_parted(self, pair: str, entity: str, *, with_ended: bool = False) -> list[KeptNotSame]:
        return [
            one
            for one in self._not_same
            if (one.pair, one.entity) == (pair, entity) and (with_ended or one.ended_at is None)
        ]


def _word(one: NotSame) -> NotSame:
    return NotSame(**one.model_dump(include=set(NotSame.model_fields)))


def _closed(one: KeptConflict) -> tuple[object, int]:
    return (one.closed_at, one.conflict_id)
