"""Whether two values of a field say the same, whoever wrote them down and how.

Values are those of canonical records as JSON: texts, truth values, addresses as objects.
"""

import re
import unicodedata
from collections.abc import Mapping

from pydantic import JsonValue

from tieout.domain.base import System
from tieout.domain.in_step.policy import FieldPolicy, Likeness

LINES = ("line1", "line2", "line3")
PLACES = ("city", "region_code", "postal_code", "country_code")
ADDRESS_PARTS = (*LINES, *PLACES)
"""The parts of an address that both ledgers keep."""
NATIONAL_DIGITS_MIN = 8
COUNTRY_DIGITS_MAX = 3
"""A telephone number of so many digits may lack its country's code, which has at most so many."""

_NO_WORD = re.compile(r"[\W_]+")
_APOSTROPHE = re.compile("['\N{RIGHT SINGLE QUOTATION MARK}]")


def alike(policy: FieldPolicy, xero: JsonValue, sage100: JsonValue) -> bool:
    """Say whether the two ledgers' values of a field say the same, as far as both keep it."""
    if _are_same(policy.compare, xero, sage100):
        return True
    cut = {
        system: _cut(value, other)
        for system, value, other in (
            (System.XERO, sage100, policy.lengths.get(System.XERO)),
            (System.SAGE100, xero, policy.lengths.get(System.SAGE100)),
        )
    }
    return any(
        value is not None and _are_same(policy.compare, value, shown)
        for value, shown in ((cut[System.XERO], xero), (cut[System.SAGE100], sage100))
    )


def unchanged(policy: FieldPolicy, before: JsonValue, now: JsonValue) -> bool:
    """Say whether one ledger's value still says what it said."""
    return _are_same(policy.compare, before, now)


def is_empty(value: JsonValue) -> bool:
    """Say whether a value says nothing."""
    if isinstance(value, Mapping):
        return not any(value.get(part) for part in ADDRESS_PARTS)
    return value in (None, "")


def blended(value: JsonValue, over: JsonValue) -> JsonValue:
    """Return a value as it is to be written: of an address, its parts over what else is there."""
    if not isinstance(value, dict) or not isinstance(over, dict):
        return value
    return {**over, **{part: value.get(part, "") for part in ADDRESS_PARTS}}


def _are_same(compare: Likeness, one: JsonValue, other: JsonValue) -> bool:
    if compare is Likeness.DIGITS:
        return _same_digits(_text(one), _text(other))
    return normal(compare, one) == normal(compare, other)


def normal(compare: Likeness, value: JsonValue) -> object:
    """Return what of a value counts when it is compared."""
    match compare:
        case Likeness.ADDRESS if isinstance(value, Mapping):
            lines = " ".join(_text(value.get(line)) for line in LINES)
            places = (_words(_text(value.get(place))) for place in PLACES)
            return (_words(lines), *(place.replace(" ", "") for place in places))
        case Likeness.EXACT:
            return "" if value is None else value
        case Likeness.CASELESS:
            return _text(value).strip().casefold()
        case _:
            return _words(_text(value))


def _words(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _NO_WORD.sub(" ", _APOSTROPHE.sub("", bare)).strip()


def _same_digits(one: str, other: str) -> bool:
    """Compare numbers by their digits; a country's code that one of them lacks does not count."""
    short, long = sorted((re.sub(r"\D", "", one), re.sub(r"\D", "", other)), key=len)
    if short == long:
        return True
    national = short.removeprefix("0")
    return (
        len(national) >= NATIONAL_DIGITS_MIN
        and len(long) - len(national) <= COUNTRY_DIGITS_MAX
        and long.endswith(national)
    )


def _cut(value: JsonValue, length: int | None) -> JsonValue:
    """Return what a ledger of that length keeps of a text; None when it keeps it all."""
    if length is None or not isinstance(value, str) or len(value) <= length:
        return None
    return value[:length]


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
