"""Clues: by what a ledger is asked for records that a new one may repeat.

Coarse on purpose, since ledgers search by little: whatever has one clue in common with a new record
is read, and how alike the two are is the matcher's to say (ports/matcher.py).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

FIRST_SIGNS, SECOND_SIGNS = 2, 4
"""How much of a name's first two words counts: the rest may be spelled otherwise, or cut off."""
WORD_MIN = 3
"""How many signs a word has at least that tells one name from another."""
PHONE_DIGITS = 7
"""How many digits at the end of a phone number are its own, whatever codes are before them."""
_UNTELLING = "and co company corp corporation gmbh inc incorporated limited llc ltd plc pty the"
UNTELLING = frozenset(_UNTELLING.split())
"""Words that many names have, and that one writing of a name has and another one lacks."""
_WORD = re.compile(r"[^\W_]+")
_SIGN = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Clues:
    """What some records say of themselves that is looked up; a known one fits by any of it.

    ``openings`` are beginnings of two words of a name, or '' and that of its only word.
    """

    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    openings: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, records: Iterable[Mapping[str, str]]) -> "Clues":
        """Return the clues of records by the fields of their profiles (domain/matching.py)."""
        said = list(records)
        openings = (
            _opening(fields.get("name") or fields.get("description", "")) for fields in said
        )
        return cls(
            emails=frozenset(filter(None, (_email(fields) for fields in said))),
            phones=frozenset(filter(None, (_phone(fields) for fields in said))),
            codes=frozenset(filter(None, (_code(fields) for fields in said))),
            openings=frozenset(opening for opening in openings if opening is not None),
        )

    def fit(self, fields: Mapping[str, str]) -> bool:
        """Say whether a known record has one of them, by what is known of its fields."""
        return (
            _email(fields) in self.emails
            or _phone(fields) in self.phones
            or _code(fields) in self.codes
            or self._opens(_words(fields.get("name") or fields.get("description", "")))
        )

    def _opens(self, words: list[str]) -> bool:
        firsts = {
            first
            for word in words
            for signs in range(1, SECOND_SIGNS + 1)
            for first in self._firsts.get(word[:signs], ())
        }
        return any(word.startswith(first) for first in firsts for word in words)

    @cached_property
    def _firsts(self) -> Mapping[str, set[str]]:
        """Return by the beginning of the second word those of the first."""
        found: dict[str, set[str]] = {}
        for first, second in self.openings:
            found.setdefault(second, set()).add(first)
        return found


def _opening(name: str) -> tuple[str, str] | None:
    words = _words(name)
    telling = [word for word in words if len(word) >= WORD_MIN and word not in UNTELLING] or words
    if not telling:
        return None
    first, second = telling[:2] if len(telling) > 1 else ("", telling[0])
    return first[:FIRST_SIGNS], second[:SECOND_SIGNS]


def _words(name: str) -> list[str]:
    return _WORD.findall(name.casefold())


def _email(fields: Mapping[str, str]) -> str:
    return fields.get("email", "").strip().casefold()


def _phone(fields: Mapping[str, str]) -> str:
    digits = "".join(filter(str.isdecimal, fields.get("phone", "")))
    return digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else ""


def _code(fields: Mapping[str, str]) -> str:
    return _SIGN.sub("", fields.get("code", "").casefold())
