"""Rows of Sage 100 as its drivers give them, turned into our values when they are asked for.

Drivers differ: numbers come as Decimal, float or text, dates as dates, moments or text, blanks as
NULL or as padding. Every reading of a value goes through here, so a row has the same values by
every route. A value that is none raises, and names its record; its neighbors go on.

Who needs all of a row's values takes its texts: those of a page are made together, column by
column and each distinct value once, which keeps up with the driver.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from math import isfinite
from typing import Any, NoReturn

from typing_extensions import override

from tieout.connectors.sage100.catalog import DATE, NUMBER, OWN, TABLES, Column
from tieout.connectors.sage100.dialect import Key
from tieout.errors import ConfigurationError

NO_DATE = date(1753, 1, 1)
"""How Premium writes a blank date."""
_STEPS = {
    scale: Decimal(1).scaleb(-scale)
    for scale in {column.scale for table in TABLES.values() for column in table.columns.values()}
}
"""The last decimal of a number; none has so many that its text would need an exponent."""
FLOAT_DIGITS_MAX = 15
"""So many decimal digits survive being a float (IEEE 754 binary64)."""
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

    def column(self, name: str) -> Column:
        """Return what is known of a column that was asked for.

        Raises:
            KeyError: The table has none of that name.
        """
        column = self.table.column(name)
        if column is None:
            raise KeyError(name)
        return column


class Sheet:
    """The rows of one page; what they are in text is made when first asked for, for all at once."""

    __slots__ = ("_shape", "_texts", "_values")

    def __init__(self, shape: Shape, values: Sequence[Values]) -> None:
        """Keep the driver's rows."""
        self._shape = shape
        self._values = values
        self._texts: Sequence[tuple[str, ...]] | None = None

    def rows(self) -> "list[Row]":
        """Return the rows in the order of the driver."""
        return [Row(self._shape, one, self, place) for place, one in enumerate(self._values)]

    def texts(self) -> Sequence[tuple[str, ...]]:
        """Return each row as text; nothing when a value of the page is none of its column's kind.

        Then each row answers for itself.
        """
        if self._texts is None:
            try:
                self._texts = list(zip(*self._columns(), strict=True))
            except (InvalidOperation, ValueError):
                self._texts = ()
        return self._texts

    def _columns(self) -> Iterator[Sequence[str]]:
        for name, values in zip(self._shape.columns, zip(*self._values, strict=True), strict=True):
            column, types = self._shape.column(name), set(map(type, values))
            if (
                column.kind == NUMBER
                and types == {float}
                and (said := _floats_said(values, column.scale))
            ):
                yield said
            elif column.kind == NUMBER and types <= {str, Decimal}:
                step = _STEPS[column.scale]
                yield [str(Decimal(value).quantize(step, ROUND_HALF_UP) + 0) for value in values]
            elif column.kind in {DATE, NUMBER}:
                # Most amounts of most records are zero, and many records are of one day.
                made = {value: _said(column, value) for value in set(values)}
                yield list(map(made.__getitem__, values))
            elif types == {str}:
                _ensure_sages("".join(values))
                yield list(map(str.strip, values))
            else:
                yield [_said(column, value) for value in values]


class Row:
    """One row, converted column by column on access."""

    __slots__ = ("_place", "_shape", "_sheet", "_values")

    def __init__(
        self, shape: Shape, values: Values, sheet: Sheet | None = None, place: int = 0
    ) -> None:
        """Keep the driver's values, and on which sheet they stand where, if on any."""
        self._shape = shape
        self._values = values
        self._sheet = sheet
        self._place = place

    @classmethod
    def of(cls, table: str, values: Mapping[str, object]) -> "Row":
        """Return a row of these columns."""
        return cls(Shape(table, tuple(values)), tuple(values.values()))

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that were asked for."""
        return self._shape.columns

    def texts(self) -> tuple[str, ...]:
        """Return all columns as text, numbers exact, dates in ISO form, blank ones empty.

        Raises:
            UnreadableError: A value is none of its column's kind, or a date before all of Sage's.
        """
        said = self._sheet.texts() if self._sheet else ()
        return said[self._place] if said else tuple(map(self._text_of, self.columns))

    def _text_of(self, name: str) -> str:
        column, value = self._shape.column(name), self._value(name)
        try:
            return _said(column, value)
        except (InvalidOperation, ValueError):
            self._refuse(name, column.kind)

    def text(self, column: str) -> str:
        """Return a text column without padding."""
        return _text(self._value(column))

    def amount(self, column: str) -> Decimal:
        """Return a numeric column with the dictionary's decimals."""
        try:
            return _amount(self._value(column), self._shape.table.columns[column].scale)
        except InvalidOperation:
            self._refuse(column, "number")

    def day(self, column: str) -> date | None:
        """Return a date column; None for a blank one."""
        try:
            return _day(self._value(column))
        except ValueError:
            self._refuse(column, "date")

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


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _amount(value: object, scale: int) -> Decimal:
    number = value if isinstance(value, Decimal) else Decimal(str(0 if value is None else value))
    return number.quantize(_STEPS[scale], ROUND_HALF_UP) + 0  # no zero is negative


def _floats_said(values: Sequence[float], scale: int) -> Sequence[str] | None:
    """Return what ``_amount`` says of floats, all at once; None when one of them has more decimals.

    Of all texts that short only one means the float, so it is what Python's own text means.
    """
    said = list(map(f"{{:z.{scale}f}}".format, values))
    is_short = max(map(len, said)) <= FLOAT_DIGITS_MAX and isfinite(sum(values))
    return said if is_short and [*map(float, said)] == [*values] else None


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date):
        text = str(value or "").strip()
        value = date.fromisoformat(text[:10]) if text and not text.startswith("0000") else None
    return None if value == NO_DATE else value


def _said(column: Column, value: object) -> str:
    if column.kind == OWN:
        return _owns(value)
    if column.kind == NUMBER:
        return str(_amount(value, column.scale))
    if column.kind != DATE:
        text = _text(value)
        _ensure_sages(text)
        return text
    day = _day(value)
    if day is not None and day < NO_DATE:
        message = "before all dates of Sage 100"
        raise ValueError(message)
    return day.isoformat() if day else ""


def _owns(value: object) -> str:
    """Return what a site's own column holds, by the kind of value that the driver gives."""
    if isinstance(value, date):
        day = _day(value)
        return day.isoformat() if day else ""
    if isinstance(value, (Decimal, int, float)):
        return format(Decimal(str(value)), "f")
    text = _text(value)
    _ensure_sages(text)
    return text


def _ensure_sages(text: str) -> None:
    """Refuse text that no Sage 100 can have written: its strings are cp1252, without NUL."""
    if not text.isascii():
        text.encode("cp1252")
    if "\0" in text:
        message = "a NUL ends a string"
        raise ValueError(message)
