"""The standard form of an address: as its country's post writes it, with nothing lost.

A second pass over the standard form changes nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tieout.domain.order import Address
from tieout.domain.pair import AddressCase
from tieout.mapping.addresses.countries import (
    CITY,
    POSTAL_CODE,
    REGION_CODE_MAX,
    STREET,
    Country,
    country_of,
)
from tieout.mapping.addresses.delivery import ATTENTION, CARE_OF, attention, delivered
from tieout.mapping.addresses.streets import abbreviated
from tieout.mapping.texts import one_line, to_upper

SMALL_WORDS = frozenset(
    {"and", "at", "by", "de", "des", "du", "et", "in", "la", "le", "les", "of", "on", "sur", "the"}
    | {"under", "upon"}
)
MILITARY_CITIES = frozenset({"APO", "DPO", "FPO"})
"""Publication 28, 26: what a military address has for a city."""
_ORDINAL = re.compile(r"[0-9]+(st|nd|rd|th|e|er|re|ème)", re.IGNORECASE)
_FIRST_LETTERS = re.compile(r"^\W*(?:[dlo]['\u2019])?[^\W\d_]")
_ENDING_CODE = re.compile(r"(?P<city>.+?)[\s,]+(?P<code>[A-Z]{2,3})")
_PUNCTUATION = re.compile(r"[.,;](?=\s|$)")
_US_POSTAL_CODE = re.compile(r"([0-9]{5})[\s-]?([0-9]{4})")
SPACED_POSTAL_CODES = frozenset({"CA", "GB"})
"""Countries whose codes have one space before the last three signs."""


@dataclass(frozen=True)
class Standard:
    """An address in its standard form; ``attention`` are the lines above the street."""

    attention: tuple[str, ...]
    lines: tuple[str, ...]
    city: str
    region: str
    postal_code: str


def standard(address: Address, case: AddressCase) -> Standard:
    """Bring an address into its standard form."""
    code = address.country_code.upper()
    country = country_of(code)
    above, lines = standard_lines((address.line1, address.line2, address.line3), code, case)
    city, region = _city_and_region(address, country)
    if case == "postal" and CITY in country.upper:
        city, region = to_upper(city), to_upper(region)
    return Standard(
        attention=above,
        lines=lines,
        city=city,
        region=region,
        postal_code=_postal_code(address.postal_code, code, country),
    )


def standard_lines(
    lines: Sequence[str], country: str, case: AddressCase
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines for somebody's attention, and the others, in their standard form."""
    code = country.upper()
    tidied = [_line(tidy, code) for line in lines if (tidy := _tidy(line))]
    above = tuple(line for line in tidied if line.startswith((ATTENTION, CARE_OF)))
    others = tuple(line for line in tidied if line not in above)
    if case == "postal" and code == "US":
        # Publication 28, 211 and 222: capitals, no punctuation but hyphens, slashes and points.
        others = tuple(_PUNCTUATION.sub("", line) for line in others)
    if case == "postal" and (code == "US" or STREET in country_of(code).upper):
        others = tuple(to_upper(line) for line in others)
    return above, others


def _tidy(text: str) -> str:
    return one_line(text).strip(" ,;")


def _line(line: str, country: str) -> str:
    if above := attention(line):
        prefix, _, who = above.partition(" ")
        return f"{prefix} {_capitals(who)}"
    return abbreviated(delivered(_capitals(line), country), country)


def _capitals(text: str) -> str:
    """Give capitals to a text that was typed without any: nobody's address is meant so."""
    if not text.islower():
        return text
    words = text.split()
    return " ".join(
        word if number and word in SMALL_WORDS else _capital(word)
        for number, word in enumerate(words)
    )


def _capital(word: str) -> str:
    if any(sign.isdigit() for sign in word):
        return word if _ORDINAL.fullmatch(word.strip(".,")) else to_upper(word)
    return "-".join(
        part if number and part in SMALL_WORDS else _FIRST_LETTERS.sub(_upper, part)
        for number, part in enumerate(word.split("-"))
    )


def _upper(match: re.Match[str]) -> str:
    return to_upper(match[0])


def _city_and_region(address: Address, country: Country) -> tuple[str, str]:
    city, region = _capitals(_tidy(address.city)), _capitals(_tidy(address.region_code))
    if city.upper() in MILITARY_CITIES:
        city = city.upper()
    region = country.regions.get(region.casefold(), region)
    ending = _ENDING_CODE.fullmatch(city)
    code = ending["code"] if ending else ""
    if ending and code == (region or country.regions.get(code.casefold())):
        return ending["city"], code
    last = region.rpartition("-")[2]
    is_nowhere_written = not country.has_region and len(last) <= REGION_CODE_MAX
    return city, "" if is_nowhere_written else region


def _postal_code(text: str, code: str, country: Country) -> str:
    tidy = _tidy(text)
    if code == "US" and (match := _US_POSTAL_CODE.fullmatch(tidy)):
        return f"{match[1]}-{match[2]}"
    if code in SPACED_POSTAL_CODES and country.postal_code is not None:
        signs = "".join(sign for sign in tidy if sign.isalnum()).upper()
        spaced = f"{signs[:-3]} {signs[-3:]}"
        return spaced if country.postal_code.fullmatch(spaced) else tidy
    return to_upper(tidy) if POSTAL_CODE in country.upper else tidy
