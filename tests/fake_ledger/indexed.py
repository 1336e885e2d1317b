"""A table in memory with indexes, which follow every change of a row by themselves."""

from bisect import bisect_left, bisect_right, insort
from collections import UserDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from typing_extensions import override

Id = TypeVar("Id", bound=int)
Row = TypeVar("Row")
Place = tuple[Hashable, tuple[Any, Id]]
"""Under which key a row lies, and where among the rows of that key."""


def _by_id(row_id: Id, _row: Row) -> Any:
    return row_id


@dataclass(frozen=True)
class Index(Generic[Id, Row]):
    """What rows are found by; those whose key is None are left out, as by a partial index."""

    key: Callable[[Id, Row], Hashable | None]
    order: Callable[[Id, Row], Any] = _by_id
    """What the rows of one key are ordered by, and after that by their ids."""


class Table(UserDict[Id, Row]):
    """Rows by their ids, in the order in which they came."""

    def __init__(self, **indexes: Index[Id, Row]) -> None:
        super().__init__()
        self._indexes = indexes
        self._lying: dict[str, dict[Hashable, list[tuple[Any, Id]]]] = {one: {} for one in indexes}
        self._places: dict[str, dict[Id, Place[Id]]] = {one: {} for one in indexes}

    @override
    def __setitem__(self, row_id: Id, row: Row) -> None:
        self.data[row_id] = row
        for name, index in self._indexes.items():
            key = index.key(row_id, row)
            place = None if key is None else (key, (index.order(row_id, row), row_id))
            self._move(name, row_id, place)

    @override
    def __delitem__(self, row_id: Id) -> None:
        del self.data[row_id]
        for name in self._indexes:
            self._move(name, row_id, None)

    def _move(self, name: str, row_id: Id, place: Place[Id] | None) -> None:
        known = self._places[name].get(row_id)
        if place == known:
            return
        lying = self._lying[name]
        if known is not None:
            key, at = known
            rows = lying[key]
            del rows[bisect_left(rows, at)]
            if not rows:
                del lying[key]
            del self._places[name][row_id]
        if place is not None:
            key, at = place
            insort(lying.setdefault(key, []), at)
            self._places[name][row_id] = place

    def ids(self, index: str, key: Hashable, *, after: tuple[Any, Id] | None = None) -> list[Id]:
        """Return the ids of the rows with this key, in the index's order, from a place on."""
        lying = self._lying[index].get(key, [])
        start = 0 if after is None else bisect_right(lying, after)
        return [row_id for _order, row_id in lying[start:]]

    def where(self, index: str, key: Hashable) -> list[Row]:
        """Return the rows with this key, in the index's order."""
        return [self.data[row_id] for _order, row_id in self._lying[index].get(key, ())]

    def count(self, index: str, key: Hashable) -> int:
        """Return how many rows have this key."""
        return len(self._lying[index].get(key, ()))
