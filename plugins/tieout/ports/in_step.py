"""What the ledger keeps of records in step; a part of the Ledger port."""

from collections.abc import Collection, Sequence
from typing import Protocol

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


class AgreedRecords(Protocol):
    """Agreed records, conflicts, and who is bound to what no more. Each call is one transaction."""

    def agreed(self, pair: str, entity: str, keys: Collection[str]) -> dict[str, AgreedRecord]:
        """Return the agreed records of the keys, by key; the unknown are left out."""

    def agree(
        self, record: AgreedRecord, *, conflicts: Sequence[Conflict] | None = None
    ) -> AgreedRecord:
        """Store a record over the version that it was read at, and return it in the next one.

        ``conflicts`` are all that its record has now: an open one of a field is brought up to date,
        one that is no longer among them is gone, and one that policy settled is kept once for the
        same values. What a person answered is left as it is. None says nothing of conflicts.

        Raises:
            RetryableError: It has another version by now: another worker was faster.
        """

    def conflicts(
        self,
        pair: str | None = None,
        *,
        entity: str | None = None,
        keys: Collection[str] | None = None,
        states: Collection[ConflictState] = (ConflictState.OPEN,),
        limit: int | None = None,
    ) -> list[KeptConflict]:
        """Return conflicts in these states, the oldest first."""

    def standing(self, pair: str, entity: str) -> dict[str, System]:
        """Return the winner by field, where an answer counts from then on; the latest counts."""

    def answer(
        self, conflict_id: int, winner: System, *, why: str, is_standing: bool
    ) -> KeptConflict:
        """Answer an open conflict, in the name of who acts; the same answer again changes nothing.

        Raises:
            RejectedError: There is no such conflict, or it is closed otherwise.
        """

    def unlink(self, pair: str, entity: str, key: str, system: System, *, why: str) -> bool:
        """End a binding; its row stays. False when there is none."""

    def repoint(self, new: NewBinding, *, why: str) -> None:
        """Bind a key to another record than so far, at once; the old binding's row stays.

        The same again changes nothing.

        Raises:
            RejectedError: The record is bound to another key.
        """

    def hand_over(self, given: Sequence[NewHeir]) -> None:
        """Let things go by others in a ledger, all at once; again changes nothing.

        Their bindings there end, and ``bindings`` answers with the heir's. What the heir lacks is
        bound to it instead, and with ``brings`` what it has already.
        """

    def half_merged(self, pair: str, entity: str) -> list[NewHeir]:
        """Return what goes by another thing in one ledger, and by a record of its own in the other.

        The oldest first.
        """

    def handed_over(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> set[str]:
        """Return which of these records are bound no more because another one took their place."""

    def successors(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> dict[str, Binding]:
        """Return by what goes now whatever was bound to these ids and is no more, by those ids."""

    def part(self, said: NotSame, *, is_so: bool = True, why: str = "") -> None:
        """Keep that two records are not the same, or, with ``is_so`` False, take that back.

        Either of the two may be named first. The rows stay, with who said what when, and ``why``.
        """

    def parted(self, pair: str, entity: str) -> list[NotSame]:
        """Return which records are not the same, as it stands."""

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
        """Return the bindings of the next ``limit`` keys after one, in the keys' order.

        What is bound to one key comes together. ``named`` restricts them to keys that have a
        binding of that key, id or number; ``with_ended`` adds those that last no more.
        """

    def all_parted(self, pair: str, entity: str, *, with_ended: bool = False) -> list[KeptNotSame]:
        """Return who is not the same as whom, who said so and why, the oldest word first."""
