"""What an answer says, as it says it: strict JSON, exact numbers, records of a known form."""

import json
from decimal import Decimal, InvalidOperation
from typing import NoReturn, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from tieout.errors import ConfigurationError

Model = TypeVar("Model", bound=BaseModel)

NUMBER_DIGITS_MAX = 40


def parse_json(text: bytes | str) -> object:
    """Parse JSON strictly: UTF-8, exact numbers, no NaN or Infinity, no member named twice.

    Raises:
        ValueError: The text is not such JSON.
    """
    # Given bytes, json.loads would guess at UTF-16 and UTF-32 and pass over a byte order mark.
    decoded = text.decode("utf-8") if isinstance(text, bytes) else text
    try:
        parsed: object = json.loads(
            decoded,
            parse_float=_number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_members,
        )
    except RecursionError as error:
        message = "the JSON is nested too deeply"
        raise ValueError(message) from error
    return parsed


def plain_json(value: object) -> JsonValue:
    """Return parsed JSON with its exact numbers as text, as payloads and the ledger keep them."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return format(value, "f")
        case list():
            return [plain_json(item) for item in value]
        case dict():
            return {str(name): plain_json(item) for name, item in value.items()}
        case _:
            message = f"{type(value).__name__} is not a JSON value"
            raise TypeError(message)


def plain_object(value: object) -> dict[str, JsonValue]:
    """Return parsed JSON, which must be an object, with its exact numbers as text."""
    plain = plain_json(value)
    if not isinstance(plain, dict):
        message = "a JSON object was expected"
        raise TypeError(message)
    return plain


def typed(model: type[Model], value: object, *, system: str) -> Model:
    """Read a record of an answer into ``model``.

    Raises:
        ConfigurationError: The record lacks something that it always had.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, found["loc"])) for found in error.errors())
        message = f"{system} answers with another form than we know: {fields}."
        remedy = "Compare the API's version with the connector's; nothing can be read until then."
        raise ConfigurationError(message, remedy=remedy) from error


def _number(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except InvalidOperation as error:
        message = f"{digits[:NUMBER_DIGITS_MAX]} is not a number"
        raise ValueError(message) from error
    if abs(number.adjusted()) > NUMBER_DIGITS_MAX:
        message = f"{digits[:NUMBER_DIGITS_MAX]} is out of range"
        raise ValueError(message)
    return number


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not a number"
    raise ValueError(message)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        message = "a JSON object names a member twice"
        raise ValueError(message)
    return members
