"""Rows of Sage 100 as its drivers give them, turned into our values when they are asked for.

Drivers differ: numbers come as Decimal, float or text, dates as dates, moments or text, blanks as
NULL or as padding. Every reading of a value goes through here, so a row has the same values by
every route. A value that is none raises, and names its record; its neighbors go on.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from typing_extensions import override

from tieout.connectors.sage100.catalog import DATE, TABLES
from tieout.connectors.sage100.dialect import Key
from tieout.domain.money import round_half_up
from tieout.errors import ConfigurationError

NO_DATE = date(1753, 1, 1)
"""How Premium writes a blank date."""
Values = Sequence[Any]
"""One row as a driver gives it, in the order of the columns asked for."""


class UnreadableError(ConfigurationError):
    """A row holds what is no value of its column's kind."""

    def __init__(self, message: str, *, remedy: str, column: str) -> None:
        """Also keep which column it is."""
        super().__init__(message, remedy=remedy)
        self.column = column


class Shape:
    """What all rows of one reading share: their table, and where each column stands."""

    __slots__ = ("columns", "places", "table")

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        """Take the columns in the order of the SELECT."""
        self.table = TABLES[table]
        self.columns = tuple(columns)
        self.places = {name: place for place, name in enumerate(columns)}


class Row:
    """One row, converted column by column on access."""

    __slots__ = ("_shape", "_values")

    def __init__(self, shape: Shape, values: Values) -> None:
        """Keep the driver's values."""
        self._shape = shape
        self._values = values

    @classmethod
    def of(cls, table: str, values: Mapping[str, object]) -> "Row":
        """Return a row of these columns."""
        return cls(Shape(table, tuple(values)), tuple(values.values()))

    def text(self, column: str) -> str:
        """Return a text column without padding."""
        value = self._value(column)
        return "" if value is None else str(value).strip()

    def amount(self, column: str) -> Decimal:
        """Return a numeric column with the dictionary's decimals."""
        value = self._value(column)
        try:
            number = (
                value if isinstance(value, Decimal) else Decimal(str(0 if value is None else value))
            )
            return round_half_up(number, self._shape.table.columns[column].scale)
        except InvalidOperation:
            self._refuse(column, "number")

    def day(self, column: str) -> date | None:
        """Return a date column; None for a blank one."""
        value = self._value(column)
        if isinstance(value, datetime):
            value = value.date()
        if not isinstance(value, date):
            value = self._parsed(column, str(value or "").strip())
        return None if value == NO_DATE else value

    def dated(self, column: str) -> date:
        """Return a date column that must not be blank."""
        day = self.day(column)
        if day is None:
            self._refuse(column, "date")
        return day

    def key(self) -> Key:
        """Return the row's key, which was selected as stored."""
        columns = self._shape.table.columns
        return tuple(
            self.dated(name) if columns[name].kind == DATE else str(self._value(name))
            for name in self._shape.table.key
        )

    def stored(self, column: str) -> object:
        """Return a column as the driver gave it."""
        value: object = self._values[self._shape.places[column]]
        return value

    def _value(self, column: str) -> object:
        value: object = self._values[self._shape.places[column]]
        return value

    def _parsed(self, column: str, text: str) -> date | None:
        if not text or text.startswith("0000"):
            return None
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            self._refuse(column, "date")

    def _refuse(self, column: str, kind: str) -> NoReturn:
        table, places = self._shape.table, self._shape.places
        parts = (self._values[places[name]] if name in places else "?" for name in table.key)
        key = "/".join(map(str, parts))
        raise UnreadableError(
            f"Sage 100 has no usable {kind} in {table.name}.{column} of {key}.",
            remedy="Correct the record in Sage 100, then run again.",
            column=column,
        )


class UnreadableRow(Row):
    """A row that the driver cannot give, such as one with bytes that are no text: only its key."""

    __slots__ = ("reason",)

    def __init__(self, shape: Shape, key: Values, reason: str) -> None:
        """Keep the key as stored, and what the driver said."""
        known = dict(zip(shape.table.key, key, strict=True))
        super().__init__(shape, [known.get(name) for name in shape.columns])
        self.reason = reason

    @override
    def _value(self, column: str) -> object:
        if column not in self._shape.table.key:
            self._refuse(column, f"value ({self.reason})")
        return self.stored(column)
