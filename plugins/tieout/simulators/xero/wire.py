"""How Xero writes things down: names, dates, numbers, envelopes, JSON and XML.

Requests match keys without regard to case and drop nulls; answers omit what is absent and carry
dates as ``/Date(ms+0000)/`` (domain/xero README, 1.1 and 2.7). Rules are elsewhere.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from json.encoder import encode_basestring
from typing import Annotated, TypeAlias, TypeVar
from xml.sax.saxutils import escape

from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tieout.simulators.xero.refusals import MalformedError

Json: TypeAlias = dict[str, object]
Model = TypeVar("Model", bound=BaseModel)

ZERO_GUID = "00000000-0000-0000-0000-000000000000"
PROVIDER_NAME = "Tieout Xero simulator"
_UPPER_WORDS = {"id": "ID", "utc": "UTC", "cogs": "COGS", "cis": "CIS", "api": "API"}
_MS_DATE = re.compile(r"^/Date\((-?\d+)([+-]\d{4})?\)/$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def wire_name(field: str) -> str:
    """Return the vendor's spelling of a field: ``contact_id`` is ``ContactID``."""
    return "".join(_UPPER_WORDS.get(word, word.capitalize()) for word in field.split("_"))


class Wire(BaseModel):
    """A record, or part of one, as requests bring it and the store keeps it."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda field: field.replace("_", "")),
        coerce_numbers_to_str=True,
        extra="ignore",
        frozen=True,
        validate_by_alias=True,
        validate_by_name=True,
    )


def given(record: Wire) -> dict[str, object]:
    """Return the members that the request named, as they are."""
    return {name: getattr(record, name) for name in record.model_fields_set}


def parsed_date(value: object) -> object:
    """Read ``YYYY-MM-DD``, an ISO date and time, or ``/Date(ms)/`` as a calendar day in UTC."""
    if not isinstance(value, str):
        return value
    in_ms = _MS_DATE.match(value)
    if in_ms:
        return (_EPOCH + timedelta(milliseconds=int(in_ms.group(1)))).date()
    return value.split("T")[0].split(" ")[0]


Day = Annotated[date, BeforeValidator(parsed_date)]
# Far above what any figure may be, and low enough to be rounded exactly.
Figure = Annotated[Decimal, Field(max_digits=24)]


def one_of(*values: str) -> BeforeValidator:
    """Accept the vendor's enumeration values without regard to case, as its deserializer does."""
    spelling = {value.casefold(): value for value in values}

    def canonical(value: object) -> object:
        if isinstance(value, str) and value.casefold() in spelling:
            return spelling[value.casefold()]
        message = f"Error converting value {value!r}: expected one of {', '.join(values)}"
        raise ValueError(message)

    return BeforeValidator(canonical)


def ms_date(moment: date | datetime) -> str:
    """Write a day or a moment as the vendor's JSON does."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), tzinfo=UTC)
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return f"/Date({milliseconds}+0000)/"


def day_string(day: date) -> str:
    """Write a day as in ``DateString``."""
    return f"{day.isoformat()}T00:00:00"


def stamp_string(moment: datetime) -> str:
    """Write a moment as in ``UpdatedDateUTCString``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def rendered(value: object) -> object:
    """Return a value in the vendor's form; absent members stay absent."""
    if isinstance(value, Wire):
        members = {name: getattr(value, name) for name in type(value).model_fields}
        return {wire_name(n): rendered(v) for n, v in members.items() if v is not None}
    if isinstance(value, date):
        return ms_date(value)
    if isinstance(value, (list, tuple)):
        return [rendered(element) for element in value]
    return value


def members(record: Wire, *names: str) -> Json:
    """Return the named members that are present, rendered, in this order."""
    values = ((name, getattr(record, name)) for name in names)
    return {wire_name(name): rendered(value) for name, value in values if value is not None}


def lowered(value: object, *, keep_nulls: bool = False) -> object:
    """Return parsed JSON with lower-case keys, and without nulls unless they are wanted."""
    if isinstance(value, dict):
        named = {str(k).lower(): v for k, v in value.items() if keep_nulls or v is not None}
        return {key: lowered(one) for key, one in named.items()}
    if isinstance(value, list):
        return [lowered(element) for element in value]
    return value


def parsed_body(body: bytes, *, keep_nulls: bool = False) -> object:
    """Parse a JSON request body into lower-case keys; its own nulls are left out by default.

    Raises:
        MalformedError: It is not JSON.
    """
    try:
        return lowered(json.loads(body, parse_float=Decimal), keep_nulls=keep_nulls)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        message = f"JSON for post data was invalid,{error}"
        raise MalformedError(message) from error


def elements_of(body: object, plural: str, singular: str) -> list[Json]:
    """Return the elements of a write: wrapped in the plural, a bare list, or one bare object.

    Raises:
        MalformedError: There is none.
    """
    content: object = body
    if isinstance(body, dict):
        content = body.get(plural.lower(), body.get(singular.lower(), body))
    elements = content if isinstance(content, list) else [content]
    objects = [element for element in elements if isinstance(element, dict) and element]
    if not objects or len(objects) < len(elements):
        message = f"JSON for post data was invalid,no {plural} in it"
        raise MalformedError(message)
    return objects


def read_as(model: type[Model], element: Mapping[str, object]) -> Model:
    """Read one element.

    Raises:
        MalformedError: A member has a value that its type cannot hold.
    """
    try:
        return model.model_validate(element)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        message = f"JSON for post data was invalid,{first['msg']}. Path '{path}'."
        raise MalformedError(message) from error


def envelope(now: datetime, answer_id: str) -> Json:
    """Return the members that open every successful answer."""
    stamp = ms_date(now).replace("+0000", "")
    return {
        "Id": answer_id,
        "Status": "OK",
        "ProviderName": PROVIDER_NAME,
        "DateTimeUTC": stamp,
    }


class Shown:
    """A record in a list: shown when the answer is written, or written already."""

    def __init__(self, show: Callable[[], Json], kept: Callable[[Callable[[], str]], str]) -> None:
        """Take how to show it, and what returns its text, which it may have to be told first."""
        self.show = show
        self._kept = kept

    def text(self, line: str) -> str:
        """Return the record written, its lines after the first beginning with ``line``."""
        return self._kept(lambda: written(self.show(), line))


def as_json(content: object) -> bytes:
    """Write an answer as the vendor does: indented, CRLF, dates with escaped slashes."""
    return written(content, "\r\n").encode()


def written(value: object, line: str) -> str:
    """Write a value; ``line`` is what begins a line at its depth.

    Raises:
        TypeError: It has no JSON form.
    """
    inner = line + "  "
    if isinstance(value, dict):
        parts = [f"{encode_basestring(k)}: {written(v, inner)}" for k, v in value.items()]
        return _enclosed("{", parts, "}", line)
    if isinstance(value, (list, tuple)):
        return _enclosed("[", [written(element, inner) for element in value], "]", line)
    return value.text(line) if isinstance(value, Shown) else _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, str):
        is_date = value.startswith("/Date(") and _MS_DATE.match(value)
        return f'"\\{value[:-1]}\\/"' if is_date else encode_basestring(value)
    if isinstance(value, Decimal):
        # At most 14 digits, so the shortest float that reads back the same has the same digits.
        return repr(float(value))
    return json.dumps(value)


def _enclosed(opening: str, parts: list[str], closing: str, line: str) -> str:
    if not parts:
        return opening + closing
    inner = line + "  "
    return f"{opening}{inner}{f',{inner}'.join(parts)}{line}{closing}"


_SINGULARS = {"Addresses": "Address", "Currencies": "Currency", "Elements": "DataContractBase"}
_SINGULARS["Tracking"] = "TrackingCategory"


def as_xml(content: Mapping[str, object], root: str) -> bytes:
    """Write an answer as XML, the vendor's default; the element names follow the JSON keys."""
    inner = "".join(_xml_parts(content.items(), _xml_singular))
    return f'<?xml version="1.0" encoding="utf-8"?><{root}>{inner}</{root}>'.encode()


def _xml_singular(plural: str) -> str:
    return _SINGULARS.get(plural, plural.removesuffix("s"))


def _xml_parts(
    pairs: Iterable[tuple[str, object]], singular: Callable[[str], str]
) -> Iterable[str]:
    for key, one in pairs:
        value = one.show() if isinstance(one, Shown) else one
        if isinstance(value, list):
            parts = _xml_parts(((singular(key), element) for element in value), singular)
            yield f"<{key}>{''.join(parts)}</{key}>"
        elif isinstance(value, dict):
            yield f"<{key}>{''.join(_xml_parts(value.items(), singular))}</{key}>"
        else:
            yield f"<{key}>{escape(_xml_text(value))}</{key}>"


def _xml_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    in_ms = _MS_DATE.match(value) if isinstance(value, str) else None
    if in_ms:
        moment = _EPOCH + timedelta(milliseconds=int(in_ms.group(1)))
        return moment.replace(tzinfo=None).isoformat()
    return str(value)
