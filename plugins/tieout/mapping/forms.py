"""Forms of values: what a rule's ``type``, ``length`` and ``decimals`` let through, as written.

Nothing is cut and nothing is rounded here: what does not fit is refused. A text is brought into a
target's characters by a named function.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import assert_never

from pydantic import JsonValue

from tieout.mapping.spec import Form, TypeName

TRUE, FALSE = ("true", "Y"), ("false", "N")
"""What stands for yes and no in JSON as text and in Sage 100's columns."""
MIDNIGHT = "T00:00:00"
"""Xero writes a day as 2026-11-29T00:00:00, with no time zone."""


class MisfitError(ValueError):
    """A value is not of the form that its field needs; says what it lacks, and its cause code."""

    def __init__(self, problem: str, cause: str) -> None:
        """Keep the problem, which continues the value, and the cause."""
        super().__init__(problem)
        self.problem = problem
        self.cause = cause


def is_present(value: object) -> bool:
    """Say whether a value is there: nothing and what is empty is not, 0 and false are."""
    return value is not None and value not in ("", (), [], {})


def plain(value: object) -> object:
    """Return a value as JSON would write it: a code's value, an amount's digits, a day's text."""
    match value:
        case Enum():
            return value.value
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return value


def json_value(value: object) -> JsonValue:
    """Return a value as it goes into JSON, None when it does not: a float never does."""
    match plain(value):
        case str() | bool() | int() | list() | dict() as written:
            return written
        case _:
            return None


def converter(form: Form) -> Callable[[JsonValue], JsonValue]:
    """Return what writes a value in a form, and raises MisfitError where that would change it."""
    type_name, length, decimals = form.type, form.length, form.decimals

    def convert(value: JsonValue) -> JsonValue:
        written = value if type_name is None else _written(value, type_name)
        if decimals is not None:
            _check_decimals(written, decimals)
        if length is not None:
            _check_length(written, length, is_number=type_name in ("integer", "number"))
        return written

    return convert


def _written(value: JsonValue, type_name: TypeName) -> JsonValue:
    match type_name:
        case "text":
            return _text(value)
        case "integer":
            return _integer(value)
        case "number":
            return f"{_number(value):f}"
        case "boolean":
            return _boolean(value)
        case "date":
            return _day(value)
        case _:
            assert_never(type_name)


def _text(value: JsonValue) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise MisfitError("is not a text", "not_of_type")
    return str(value)


def _number(value: JsonValue) -> Decimal:
    # Decimal() would also take 1_000, and the digits of any script.
    is_plain = not isinstance(value, str) or (value.isascii() and "_" not in value)
    if isinstance(value, str | int) and not isinstance(value, bool) and is_plain:
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite():
            return number
    raise MisfitError("is not a number", "not_of_type")


def _integer(value: JsonValue) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise MisfitError("is not a whole number", "not_of_type")
    return int(number)


def _boolean(value: JsonValue) -> bool:
    if isinstance(value, bool):
        return value
    if value in TRUE or value in FALSE:
        return value in TRUE
    raise MisfitError("is neither true nor false", "not_of_type")


def _day(value: JsonValue) -> str:
    try:
        return date.fromisoformat(str(value).removesuffix(MIDNIGHT)).isoformat()
    except ValueError:
        raise MisfitError("is not a day such as 2026-11-29", "not_of_type") from None


def _check_decimals(value: JsonValue, decimals: int) -> None:
    number = _number(value)
    if number != round(number, decimals):
        problem = f"has more than {decimals} decimals"
        raise MisfitError(problem, "price_not_representable")


def _check_length(value: JsonValue, length: int, *, is_number: bool) -> None:
    if is_number:
        digits = sum(sign.isdigit() for sign in str(value).lstrip("-").lstrip("0"))
        if digits > length:
            raise MisfitError(f"has {digits} digits, and {length} fit", "too_long")
    elif isinstance(value, str) and len(value) > length:
        raise MisfitError(f"has {len(value)} characters, and {length} fit", "too_long")
