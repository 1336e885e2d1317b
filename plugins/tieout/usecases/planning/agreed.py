"""The agreed records and conflicts of a plan, laid over the real ledger's."""

from collections.abc import Collection, Sequence

from typing_extensions import override

from tieout.domain.base import System
from tieout.domain.in_step.crosswalk import KeptBinding, KeptNotSame
from tieout.domain.in_step.merge import Conflict
from tieout.domain.in_step.records import AgreedRecord, ConflictState, KeptConflict, NotSame
from tieout.ports.in_step import AgreedRecords
from tieout.usecases.planning.unplanned import unplanned


class PlanningAgreed(AgreedRecords):
    """What the real ledger agreed on, and what the steps of a plan would agree on over it."""

    def __init__(self, real: AgreedRecords) -> None:
        """Start with nothing agreed anew."""
        self._real_agreed = real
        self._agreed: dict[tuple[str, str], AgreedRecord] = {}
        self.conflicts_met: dict[str, tuple[Conflict, ...]] = {}
        """What the steps met, by the key of the record."""

    @override
    def agreed(self, pair: str, entity: str, keys: Collection[str]) -> dict[str, AgreedRecord]:
        known = self._real_agreed.agreed(pair, entity, keys)
        ours = {key: self._agreed[entity, key] for key in keys if (entity, key) in self._agreed}
        return {**known, **ours}

    @override
    def agree(
        self, record: AgreedRecord, *, conflicts: Sequence[Conflict] | None = None
    ) -> AgreedRecord:
        stored = record.model_copy(update={"version": record.version + 1})
        self._agreed[record.entity, record.key] = stored
        if conflicts is not None:
            self.conflicts_met[record.key] = tuple(conflicts)
        return stored

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
        return self._real_agreed.conflicts(
            pair, entity=entity, keys=keys, states=states, limit=limit
        )

    @override
    def standing(self, pair: str, entity: str) -> dict[str, System]:
        return self._real_agreed.standing(pair, entity)

    @override
    def answer(
        self, conflict_id: int, winner: System, *, why: str, is_standing: bool
    ) -> KeptConflict:
        unplanned("answered")

    @override
    def unlink(self, pair: str, entity: str, key: str, system: System, *, why: str) -> bool:
        unplanned("unlinked")

    @override
    def part(self, said: NotSame, *, is_so: bool = True, why: str = "") -> None:
        unplanned("parted")

    @override
    def parted(self, pair: str, entity: str) -> list[NotSame]:
        return self._real_agreed.parted(pair, entity)

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
        return self._real_agreed.all_bindings(
            pair, entity, named=named, with_ended=with_ended, after=after, limit=limit
        )

    @override
    def all_parted(self, pair: str, entity: str, *, with_ended: bool = False) -> list[KeptNotSame]:
        return self._real_agreed.all_parted(pair, entity, with_ended=with_ended)
