"""The search language of ``query`` arguments: ``field:>=value AND (a:b OR -c:d) word``.

A field that a resource does not know is dropped with a warning, as the vendor does: the rest of
the query then decides alone. What each resource can be searched by is listed in ``queries``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from tieout.simulators.shopify.shapes import Json, moment

TOKEN = re.compile(
    r"""\s*(?:(?P<open>\()|(?P<close>\))|(?P<term>-?(?:"[^"]*"|'[^']*'|[^\s()"']+)+))"""
)
OPERATORS = (">=", "<=", ">", "<")
FIELD = re.compile(r"^([A-Za-z_][\w.]*):(.*)$", re.DOTALL)
TOKENS_MAX = 1000

Predicate = Callable[[Json], bool]
Reader = Callable[[Json], object]
"""Reads from a node what a field is compared with: text, number, time, truth, or a list of them."""


@dataclass
class Search:
    """One resource's fields, and the warnings of one parse."""

    readers: Mapping[str, Reader]
    words: Reader
    warnings: list[Json] = field(default_factory=list)
    dropped: list[Json] = field(default_factory=list)
    _tokens: list[tuple[str, str]] = field(default_factory=list)

    def parse(self, query: str | None) -> Predicate:
        """Return the predicate that a query means; an empty one takes everything."""
        self._tokens = [
            (str(found.lastgroup), found.group(str(found.lastgroup)))
            for found in TOKEN.finditer(query or "")
        ][:TOKENS_MAX]
        return self._any() or (lambda _node: True)

    def _any(self) -> Predicate | None:
        parts = [self._all()]
        while self._tokens and self._tokens[0] == ("term", "OR"):
            self._tokens.pop(0)
            parts.append(self._all())
        known = [part for part in parts if part is not None]
        return (lambda node: any(part(node) for part in known)) if known else None

    def _all(self) -> Predicate | None:
        parts: list[Predicate | None] = []
        while self._tokens and self._tokens[0][0] != "close" and self._tokens[0][1] != "OR":
            kind, text = self._tokens.pop(0)
            if text == "AND" and kind == "term":
                continue
            parts.append(self._one(kind, text))
        known = [part for part in parts if part is not None]
        return (lambda node: all(part(node) for part in known)) if known else None

    def _one(self, kind: str, text: str) -> Predicate | None:
        if kind == "open":
            inner = self._any()
            if self._tokens and self._tokens[0][0] == "close":
                self._tokens.pop(0)
            return inner
        if text == "NOT" and self._tokens:
            return _negated(self._one(*self._tokens.pop(0)))
        if text.startswith("-") and len(text) > 1:
            return _negated(self._term(text[1:]))
        return self._term(text)

    def _term(self, text: str) -> Predicate | None:
        match = FIELD.match(text)
        if match is None:
            return _comparison(self.words, "", text.strip("\"'"), contains=True)
        name, rest = match.groups()
        operator = next((sign for sign in OPERATORS if rest.startswith(sign)), "")
        value = rest.removeprefix(operator).strip("\"'")
        reader = self.readers.get(name.lower())
        if reader is None:
            self.dropped.append({"field": name, "match_all": value})
            self.warnings.append(
                {
                    "field": name,
                    "message": "Invalid search field for this query.",
                    "code": "invalid_field",
                }
            )
            return None
        return _comparison(reader, operator, value, contains=False)

    def extension(self, path: list[str], query: str) -> Json:
        """Return the entry of ``extensions.search`` about this parse."""
        parsed = self.dropped[0] if len(self.dropped) == 1 else {"and": self.dropped}
        return {"path": path, "query": query, "parsed": parsed, "warnings": self.warnings}


def _negated(predicate: Predicate | None) -> Predicate | None:
    return (lambda node: not predicate(node)) if predicate else None


def _comparison(reader: Reader, operator: str, value: str, *, contains: bool) -> Predicate:
    def holds(node: Json) -> bool:
        have = reader(node)
        several = have if isinstance(have, list) else [have]
        return any(_matches(one, operator, value, contains=contains) for one in several)

    return holds


def _matches(have: object, operator: str, value: str, *, contains: bool) -> bool:
    if isinstance(have, datetime):
        return _time_matches(have, operator, value)
    if isinstance(have, (int, Decimal)) and not isinstance(have, bool):
        return _number_matches(Decimal(have), operator, value)
    if isinstance(have, bool):
        return str(have).lower() == value.lower()
    return have is not None and _text_matches(str(have).lower(), value.lower(), contains=contains)


def _text_matches(text: str, wanted: str, *, contains: bool) -> bool:
    if wanted == "*":
        return bool(text)
    if contains:
        return wanted in text
    if wanted.endswith("*"):
        return text.startswith(wanted[:-1])
    return text in {wanted, f"#{wanted}"}


def _time_matches(have: datetime, operator: str, value: str) -> bool:
    try:
        wanted = moment(value)
    except ValueError:
        return False
    day_only = len(value) == len("2026-01-01")
    if not operator:
        same_day = have.date() == date.fromisoformat(value[:10])
        return same_day if day_only else have == wanted
    return _ordered((have > wanted) - (have < wanted), operator)


def _number_matches(have: Decimal, operator: str, value: str) -> bool:
    try:
        wanted = Decimal(value.removeprefix("#"))
    except InvalidOperation:
        return False
    return _ordered((have > wanted) - (have < wanted), operator)


def _ordered(sign: int, operator: str) -> bool:
    return {
        "": sign == 0,
        ">": sign > 0,
        ">=": sign >= 0,
        "<": sign < 0,
        "<=": sign <= 0,
    }[operator]
