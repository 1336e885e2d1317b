"""``oLines``: the lines of a document, kept in memory until the document is written.

A line that was added but not written is lost, as in the product.
"""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100 import control
from tieout.simulators.sage100.business_objects.base import NEW, OK, BusinessObject, blank_row
from tieout.simulators.sage100.com import ByRef, Exposed, Fault, RefusedError, Scalar
from tieout.simulators.sage100.fields import column_of, given, taken
from tieout.simulators.sage100.schema import tables
from tieout.simulators.sage100.store import Row, Value

LINE_KEY_WIDTH = 6
LINE_SEQUENCE_WIDTH = 14


class DocumentLines(Exposed):
    """The lines of one document; what a value demands is the subclass's part."""

    METHODS: ClassVar[Mapping[str, str]] = {
        "nAddLine": "add_line",
        "nEditLine": "edit_line",
        "nDeleteLine": "delete_line",
        "nSetValue": "set_value",
        "nGetValue": "get_value",
        "sValue": "text_value",
        "nValue": "number_value",
        "nWrite": "write",
        "nMoveFirst": "move_first",
        "nMoveNext": "move_next",
    }
    PROPERTIES: ClassVar[Mapping[str, str]] = {**Exposed.PROPERTIES, "nEOF": "is_at_end"}
    TABLE: ClassVar[str]
    CLASS_NAME: ClassVar[str]
    COMPUTED: ClassVar[frozenset[str]] = frozenset({"LineKey", "LineSeqNo"})

    def __init__(self, document: BusinessObject) -> None:
        """Start without lines."""
        super().__init__()
        self.document = document
        self.file = document.file
        self.table = tables()[self.TABLE]
        self.rows: list[Row] = []
        self.current: Row | None = None
        self.is_at_end = 0
        self._place = 0
        self._last_key = 0

    def load(self, rows: list[Row]) -> None:
        """Take up the lines of a stored document."""
        self.rows, self.current = rows, None
        self._last_key = max((int(row.text("LineKey")) for row in rows), default=0)

    @override
    def take_fault(self, method: str) -> Fault | None:
        return control.take(self.file, self.CLASS_NAME, method)

    def add_line(self) -> int:
        """Start a new line."""
        if not self.document.state:
            message = "The record key has not been set."
            raise RefusedError(message)
        self.current = Row(blank_row(self.table) | self.next_line())
        return NEW

    def next_line(self) -> Row:
        """Return the key of the next line, and its place."""
        self._last_key += 1
        key = f"{self._last_key:0{LINE_KEY_WIDTH}d}"
        place = {"LineSeqNo": key.zfill(LINE_SEQUENCE_WIDTH)}
        return Row({"LineKey": key} | (place if "LineSeqNo" in self.table.columns else {}))

    def edit_line(self, line_key: str) -> int:
        """Make a line the current one."""
        self.current = Row(self.rows[self._index(line_key)])
        return OK

    def delete_line(self, line_key: str) -> int:
        """Take a line out of the document."""
        del self.rows[self._index(line_key)]
        self.current = None
        self.changed()
        return OK

    def set_value(self, name: str, value: object) -> int:
        """Set a column of the current line."""
        column = column_of(self.table, name)
        if column.name in self.COMPUTED or column.name in self.document.table.key:
            message = f"The column {name} cannot be changed."
            raise RefusedError(message)
        return self.accept(self._line(), column.name, taken(column, value))

    def accept(self, line: Row, name: str, value: Value) -> int:
        """Check a value against the files and keep it."""
        line[name] = value
        return OK

    def get_value(self, name: str, into: ByRef) -> int:
        """Give a column of the current line."""
        column = column_of(self.table, name)
        into.value = given(column, self._line()[column.name])
        return OK

    def text_value(self, name: str) -> str:
        """Return a text column of the current line."""
        column = column_of(self.table, name)
        return str(given(column, self._line()[column.name]))

    def number_value(self, name: str) -> Scalar:
        """Return a numeric column of the current line."""
        column = column_of(self.table, name)
        return given(column, self._line()[column.name])

    def write(self) -> int:
        """Put the current line into the document, in memory."""
        line = self._line()
        self.complete(line)
        keys = [row.text("LineKey") for row in self.rows]
        if line.text("LineKey") in keys:
            self.rows[keys.index(line.text("LineKey"))] = line
        else:
            self.rows.append(line)
        self.current = Row(line)
        self.changed()
        return OK

    def complete(self, line: Row) -> None:
        """Refuse an incomplete line, and compute what follows from its values."""

    def changed(self) -> None:
        """Say that the lines have changed."""

    def move_first(self) -> int:
        """Make the first line the current one."""
        return self._move_to(0)

    def move_next(self) -> int:
        """Make the next line the current one; nEOF is 1 past the last."""
        return self._move_to(self._place + 1)

    def _move_to(self, place: int) -> int:
        self._place = place
        self.is_at_end = int(place >= len(self.rows))
        if self.is_at_end:
            return 0
        self.current = Row(self.rows[place])
        return OK

    def _line(self) -> Row:
        if self.current is None:
            message = "No line has been added."
            raise RefusedError(message)
        return self.current

    def _index(self, line_key: str) -> int:
        for index, row in enumerate(self.rows):
            if row.text("LineKey") == line_key.zfill(LINE_KEY_WIDTH):
                return index
        message = f"The line {line_key} is not on file."
        raise RefusedError(message)
