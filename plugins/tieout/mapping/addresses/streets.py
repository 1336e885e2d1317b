"""Street lines with their types, directions and units abbreviated, where a country's post does so.

Which word of a line is the street's type, and which only looks like one (*Court Street*, *St Paul
Avenue*), is the parser's to say: usaddress, a trained model that runs offline. Words are replaced
where they stand; nothing else of a line is touched, and a line of no street is left alone.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

import usaddress

from tieout.mapping.source import read_csv

FORMS_MAX = 32_768
"""Parsed forms of street lines that one process remembers; about 1 kB each."""
WORDS = Path(__file__).with_name("words.csv")
NUMBER = "AddressNumber"
NAME = "StreetName"
NAME_AND_TYPE = 2
"""How many words a street's name has at least if its type is among them."""
TYPE = "StreetNamePostType"
IDENTIFIERS = frozenset({"OccupancyIdentifier", "SubaddressIdentifier"})
PARTS: Mapping[str, str] = {
    TYPE: "type",
    "StreetNamePostDirectional": "direction",
    "OccupancyType": "unit",
    "SubaddressType": "unit",
}
"""Which words of words.csv may stand for a word that the parser gives a label."""
US_PARTS: Mapping[str, str] = {**PARTS, "StreetNamePreDirectional": "direction"}
"""Elsewhere a direction before a street's name belongs to the name: North Terrace."""
CAPITALS = frozenset({"N", "S", "E", "W", "NE", "NW", "SE", "SW", "PH"})
_PLAIN_NUMBER = re.compile(r"(?<![^\s(])[0-9]+(?=[.,;)]*(?:\s|$))")
_POUND = re.compile(r"#(?=\w)")
_ENDS = ".,;)"

Words = Mapping[tuple[str, str], str]
"""The abbreviation by part and word."""
Labeled = list[tuple[str, str]]
"""The tokens of a line, each with its label."""


def abbreviated(line: str, country: str) -> str:
    """Return a line with the abbreviations of the country's post; given that, the same again."""
    words = _words(country)
    if not words:
        return line
    while (shorter := _once(line, country, words)) != line:
        line = shorter
    return line


def _once(line: str, country: str, words: Words) -> str:
    if country == "US" and "#" in line:
        # Publication 28, 213.2: a space stands between the pound sign and the number.
        line = _POUND.sub("# ", line)
    if not any(_is_longer(token, country) for token in line.split() if not token[0].isdigit()):
        return line
    labeled = _parsed(line) if country == "US" else _with_type(_parsed(line), words)
    made, start = "", 0
    for number, (token, _) in enumerate(labeled):
        place = line.find(token, start)
        if place < 0:
            return line
        part = _part(labeled, number, country, words)
        made += line[start:place] + _short(token, part, words)
        start = place + len(token)
    return made + line[start:]


def _part(labeled: Labeled, number: int, country: str, words: Words) -> str:
    """Return what a token is if it may be abbreviated: type, direction or unit, else ''."""
    token, label = labeled[number]
    before, after = labeled[max(number - 1, 0) : number], labeled[number + 1 : number + 2]
    part = (US_PARTS if country == "US" else PARTS).get(label, "")
    if part == "unit":
        is_one = any(other in IDENTIFIERS for _, other in before + after)
    elif all(other != NUMBER for _, other in labeled):
        is_one = False
    elif label == TYPE:
        # *The Circle* is a name, and of two types one after the other the first is, too.
        is_named = any(word.casefold() != "the" for word, _ in before)
        is_one = is_named and (token.endswith(",") or all(other != TYPE for _, other in after))
    else:
        # In *North Avenue West* the parser takes the street's name for a direction.
        has_type = any(other == TYPE for _, other in labeled)
        is_one = has_type or all(("type", word.casefold()) not in words for word, _ in after)
    return part if is_one else ""


@lru_cache(maxsize=FORMS_MAX)
def _is_longer(token: str, country: str) -> bool:
    words = _words(country)
    return any(_short(token, part, words) != token for part in ("type", "direction", "unit"))


def _short(token: str, part: str, words: Words) -> str:
    word = token.rstrip(_ENDS)
    short = words.get((part, word.casefold()))
    if short is None:
        return token
    if short.upper() in CAPITALS or (word.isupper() and len(word) > 1):
        short = short.upper()
    return short + token[len(word) :].replace(".", "")


def _parsed(line: str) -> Labeled:
    """Return the tokens of a line with their labels.

    Of a number standing alone the parser sees its length and the zeros at its end, so one parse
    serves many house numbers of a street.
    """
    labels = _labels(_PLAIN_NUMBER.sub(_masked, line))
    tokens = usaddress.tokenize(line)
    return list(zip(tokens, labels, strict=True)) if len(tokens) == len(labels) else []


def _with_type(labeled: Labeled, words: Words) -> Labeled:
    """Label the last word of a street's name as its type if it is one that the US does not have."""
    names = [number for number, (_, label) in enumerate(labeled) if label == NAME]
    if len(names) < NAME_AND_TYPE or any(label == TYPE for _, label in labeled):
        return labeled
    last, token = names[-1], labeled[names[-1]][0]
    is_type = names[-2] == last - 1 and ("type", token.rstrip(_ENDS).casefold()) in words
    return [*labeled[:last], (token, TYPE), *labeled[last + 1 :]] if is_type else labeled


def _masked(number: re.Match[str]) -> str:
    kept = len(number[0].rstrip("0"))
    return "1" * kept + "0" * (len(number[0]) - kept)


@lru_cache(maxsize=FORMS_MAX)
def _labels(form: str) -> tuple[str, ...]:
    return tuple(label for _, label in usaddress.parse(form))


@cache
def _words(country: str) -> Words:
    rows = read_csv(WORDS, ("country", "part", "word", "short"))
    return {(row["part"], row["word"]): row["short"] for row in rows if row["country"] == country}
