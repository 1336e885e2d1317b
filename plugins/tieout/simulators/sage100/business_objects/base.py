"""What every business object does: keys, values, finding, browsing, result sets.

Objects that only read are complete with this; those that write add ``write`` and what their columns
demand (``accept``). Nothing is stored before ``write``.
"""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100 import control
from tieout.simulators.sage100.com import ByRef, Exposed, Fault, RefusedError, Scalar
from tieout.simulators.sage100.fields import (
    SEPARATOR,
    column_of,
    given,
    padded,
    taken,
)
from tieout.simulators.sage100.schema import CREATED, UPDATED, Table, tables
from tieout.simulators.sage100.session import Session
from tieout.simulators.sage100.store import Row, Value

EXISTING, NEW, WARNING, OK = 1, 2, -1, 1


def blank_row(table: Table) -> Row:
    """Return a row of blanks and zeros."""
    return Row((c.name, taken(c, 0 if c.is_numeric else "")) for c in table.columns.values())


class BusinessObject(Exposed):
    """One object over one table."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **Exposed.METHODS,
        "nSetKeyValue": "set_key_value",
        "nSetKey": "set_key",
        "nFind": "find",
        "nSetValue": "set_value",
        "nGetValue": "get_value",
        "sValue": "text_value",
        "nValue": "number_value",
        "nWrite": "write",
        "nDelete": "delete",
        "nClear": "clear",
        "nMoveFirst": "move_first",
        "nMoveNext": "move_next",
        "nMovePrev": "move_previous",
        "nMoveLast": "move_last",
        "nGetResultSets": "get_result_sets",
    }
    PROPERTIES: ClassVar[Mapping[str, str]] = {
        **Exposed.PROPERTIES,
        "nEOF": "is_at_end",
        "nBOF": "is_at_begin",
    }
    TABLE: ClassVar[str]
    COMPUTED: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, session: Session) -> None:
        """Start without a record."""
        super().__init__()
        self.class_name = type(self).__name__
        self.session = session
        self.file = session.file
        self.table = tables()[self.TABLE]
        self.is_at_end, self.is_at_begin = 0, 0
        self.key: dict[str, str] = {}
        self.values = blank_row(self.table)
        self.state = 0
        self._browsed: list[Row] = []
        self._place = 0

    @override
    def take_fault(self, method: str) -> Fault | None:
        return control.take(self.file, self.class_name, method)

    def key_columns(self) -> tuple[str, ...]:
        """Return the columns that the client sets as key."""
        return self.table.key

    def set_key_value(self, name: str, value: str) -> int:
        """Set one column of the key; numerics are padded."""
        column = column_of(self.table, name)
        if column.name not in self.key_columns():
            message = f"The column {name} is not part of the key."
            raise RefusedError(message)
        self.key[column.name] = str(taken(column, value))
        return OK

    def set_key(self, key: str | None = None) -> int:
        """Load the record of the key (1) or start a new one (2)."""
        wanted = self._wanted_key(key)
        if control.is_locked(self.file, self.TABLE, tuple(wanted.values())):
            message = "The record is in use by another workstation."
            raise RefusedError(message)
        self.check_key(wanted)
        found = self.file.row(self.TABLE, **wanted)
        self.start(wanted, found)
        self.state = NEW if found is None else EXISTING
        return self.state

    def check_key(self, key: Mapping[str, str]) -> None:
        """Refuse a key that may not be opened."""

    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        """Take up the record."""
        self.values = found if found is not None else Row(blank_row(self.table) | dict(key))

    def find(self, key: str | None = None) -> int:
        """Read the record of the key: 1 found, 0 not."""
        found = self.file.row(self.TABLE, **self._wanted_key(key))
        if found is not None:
            self.values = found
        return int(found is not None)

    def set_value(self, name: str, value: object) -> int:
        """Set a column of the record: 1, or -1 with a warning."""
        column = column_of(self.table, name)
        if not self.state:
            message = "The record key has not been set."
            raise RefusedError(message)
        protected = {*self.table.key, *self.COMPUTED, *CREATED, *UPDATED}
        if column.name in protected:
            message = f"The column {name} cannot be changed."
            raise RefusedError(message)
        return self.accept(column.name, taken(column, value))

    def accept(self, name: str, value: Value) -> int:
        """Check a value against the files and keep it."""
        self.values[name] = value
        return OK

    def get_value(self, name: str, into: ByRef) -> int:
        """Give a column through a by-reference argument."""
        column = column_of(self.table, name)
        into.value = given(column, self.values[column.name])
        return OK

    def text_value(self, name: str) -> str:
        """Return a text column."""
        column = column_of(self.table, name)
        return str(given(column, self.values[column.name]))

    def number_value(self, name: str) -> Scalar:
        """Return a numeric column."""
        column = column_of(self.table, name)
        return given(column, self.values[column.name])

    def write(self) -> int:
        """Store the record; objects that only read refuse."""
        message = f"{self.class_name} does not write."
        raise RefusedError(message)

    def delete(self) -> int:
        """Delete the record; objects that do not delete refuse."""
        message = f"{self.class_name} does not delete."
        raise RefusedError(message)

    def clear(self) -> int:
        """Forget the record."""
        self.key, self.state = {}, 0
        self.values = blank_row(self.table)
        return OK

    def move_first(self) -> int:
        """Read the first record."""
        self._browsed = self.file.rows(self.TABLE)
        return self._move_to(0)

    def move_last(self) -> int:
        """Read the last record."""
        self._browsed = self.file.rows(self.TABLE)
        return self._move_to(len(self._browsed) - 1)

    def move_next(self) -> int:
        """Read the next record; nEOF is 1 past the last."""
        return self._move_to(self._place + 1)

    def move_previous(self) -> int:
        """Read the record before; nBOF is 1 before the first."""
        return self._move_to(self._place - 1)

    def get_result_sets(  # noqa: PLR0913, PLR0917 - the interface's own argument list
        self,
        first: str,
        second: str,
        into_first: ByRef,
        into_second: ByRef,
        matching: str,
        begin: str,
        end: str,
    ) -> int:
        """Give two lists, one value a record, each value followed by the separator.

        An expression is a column or several joined by ``+``. Filters are not understood; ``begin``
        and ``end`` bound the first key column.
        """
        if matching:
            message = "Error 26: the filter is not understood"
            raise RefusedError(message)
        name = self.table.key[0]
        rows = [
            row
            for row in self.file.rows(self.TABLE)
            if begin <= row.text(name) and (not end or row.text(name) <= end)
        ]
        into_first.value = "".join(self._expression(first, row) + SEPARATOR for row in rows)
        into_second.value = "".join(self._expression(second, row) + SEPARATOR for row in rows)
        return OK

    def _expression(self, expression: str, row: Row) -> str:
        columns = [column_of(self.table, name.strip()) for name in expression.split("+")]
        return "".join(str(given(column, row[column.name])) for column in columns)

    def _move_to(self, place: int) -> int:
        self._place = place
        self.is_at_begin = int(place < 0)
        self.is_at_end = int(place >= len(self._browsed))
        if self.is_at_begin or self.is_at_end:
            return 0
        self.values = self._browsed[place]
        return OK

    def _wanted_key(self, key: str | None) -> dict[str, str]:
        names = self.key_columns()
        wanted = dict(self.key)
        if key is not None:
            wanted[names[-1]] = padded(names[-1], key)
        missing = [name for name in names if not wanted.get(name)]
        if missing:
            message = f"The key is incomplete: {missing[0]} is required."
            raise RefusedError(message)
        return {name: wanted[name] for name in names}
