"""The AgreedRecords part of the Ledger port on PostgreSQL: one method, one transaction."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import Connection
from typing_extensions import override

from tieout.domain.base import System
from tieout.domain.in_step.crosswalk import KeptBinding, KeptNotSame
from tieout.domain.in_step.merge import Conflict
from tieout.domain.in_step.records import (
    AgreedRecord,
    ConflictState,
    KeptConflict,
    NewHeir,
    NotSame,
)
from tieout.domain.ledger import Binding, NewBinding
from tieout.ledger import agreed, binding_lists, bindings, heirs
from tieout.ports.in_step import AgreedRecords


class PostgresAgreed(AgreedRecords):
    """Agreed records, conflicts and ended bindings in the schema ``tieout``."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Connection]:
        """Begin a transaction, which is committed at its end."""

    @override
    def agreed(self, pair: str, entity: str, keys: Collection[str]) -> dict[str, AgreedRecord]:
        with self._transaction() as connection:
            return agreed.agreed(connection, pair, entity, keys)

    @override
    def agree(
        self, record: AgreedRecord, *, conflicts: Sequence[Conflict] | None = None
    ) -> AgreedRecord:
        with self._transaction() as connection:
            stored = agreed.agree(connection, record)
            if conflicts is not None:
                agreed.keep_conflicts(connection, record, conflicts)
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
        with self._transaction() as connection:
            return agreed.kept(connection, pair, entity, keys, states, limit)

    @override
    def standing(self, pair: str, entity: str) -> dict[str, System]:
        with self._transaction() as connection:
            return agreed.standing(connection, pair, entity)

    @override
    def answer(
        self, conflict_id: int, winner: System, *, why: str, is_standing: bool
    ) -> KeptConflict:
        with self._transaction() as connection:
            return agreed.answer(connection, conflict_id, winner, why=why, is_standing=is_standing)

    @override
    def unlink(self, pair: str, entity: str, key: str, system: System, *, why: str) -> bool:
        with self._transaction() as connection:
            return bindings.end(connection, pair, entity, key, system, why)

    @override
    def repoint(self, new: NewBinding, *, why: str) -> None:
        with self._transaction() as connection:
            heirs.repoint(connection, new, why=why)

    @override
    def hand_over(self, given: Sequence[NewHeir]) -> None:
        with self._transaction() as connection:
            heirs.hand_over(connection, given)

    @override
    def half_merged(self, pair: str, entity: str) -> list[NewHeir]:
        with self._transaction() as connection:
            return heirs.half_merged(connection, pair, entity)

    @override
    def handed_over(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> set[str]:
        with self._transaction() as connection:
            return heirs.handed_over(connection, pair, entity, external_ids, system)

    @override
    def successors(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> dict[str, Binding]:
        with self._transaction() as connection:
            return heirs.successors(connection, pair, entity, external_ids, system)

    @override
    def part(self, said: NotSame, *, is_so: bool = True, why: str = "") -> None:
        with self._transaction() as connection:
            bindings.part(connection, said, is_so=is_so, why=why)

    @override
    def parted(self, pair: str, entity: str) -> list[NotSame]:
        with self._transaction() as connection:
            return bindings.parted(connection, pair, entity)

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
        with self._transaction() as connection:
            return binding_lists.all_bindings(
                connection,
                pair,
                entity,
                named=named,
                with_ended=with_ended,
                after=after,
                limit=limit,
            )

    @override
    def all_parted(self, pair: str, entity: str, *, with_ended: bool = False) -> list[KeptNotSame]:
        with self._transaction() as connection:
            return binding_lists.all_parted(connection, pair, entity, with_ended=with_ended)
