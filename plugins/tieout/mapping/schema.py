"""Checks a mapping file against mapping.schema.json, and says what is wrong in a person's words.

The schema is the authority on the form. A fault names file, line and path; what would fix it is the
description that the schema gives of that place, or the name that was probably meant.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, relevance
from typing_extensions import override

from tieout.errors import ConfigurationError
from tieout.mapping import source

MAPPING_SCHEMA = "mapping.schema.json"
FILES_MAX = 1000
"""How many files are remembered as read and checked."""
REFERENCE = "What a mapping file may say is in docs/reference/mappings.md."
WAYS = ("function", "table", "constant", "each", "list", "fields")


@dataclass(frozen=True)
class Place:
    """Where something stands in a mapping file."""

    file: Path
    line: int
    path: source.Place

    @override
    def __str__(self) -> str:
        """Return file, line and path, as every error begins."""
        inner = " > ".join(str(part) for part in self.path) or "the file as a whole"
        return f"{self.file}, line {self.line}, {inner}"


@dataclass(frozen=True)
class Fault:
    """What is wrong at a place, and what would fix it."""

    place: Place
    problem: str
    fix: str

    def error(self) -> ConfigurationError:
        """Return the error that tells a person of it."""
        return ConfigurationError(f"{self.place}: {self.problem}.", remedy=self.fix)


@cache
def _validator(name: str) -> Draft202012Validator:
    text = files("tieout.mapping").joinpath(name).read_text(encoding="utf-8")
    schema = json.loads(text)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def read_checked(path: Path, schema: str = MAPPING_SCHEMA) -> source.Located:
    """Read a file that must be of the form that a schema sets.

    Reading and checking are most of what a task would do before its work: what a process, or the
    one that it was forked from, has done is done again only when the file has changed.

    Raises:
        ConfigurationError: The file is wrong; names the file, the line, the path in it and the fix.
    """
    return _checked(path, source.read_text(path), schema)


@lru_cache(maxsize=FILES_MAX)
def _checked(path: Path, text: str, schema: str) -> source.Located:
    located = source.located_in(path, text)
    for fault in form_faults(path, located, schema):
        raise fault.error()
    return located


def form_faults(
    path: Path, located: source.Located, schema: str = MAPPING_SCHEMA
) -> Iterator[Fault]:
    """Yield what in a file is not of the form that a schema sets, at most one for each place."""
    worst: dict[source.Place, ValidationError] = {}
    for error in _validator(schema).iter_errors(located.content):
        at = tuple(error.absolute_path)
        worst[at] = max(error, worst.get(at, error), key=relevance)
    for at, error in sorted(worst.items(), key=lambda found: located.line(found[0])):
        problem, fix = _told(error)
        place = _precise(at, error, located)
        yield Fault(Place(path, located.line(place), place), problem, fix)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return what fixes a name that is not known: the one that was probably meant, or all."""
    names = sorted(known)
    meant = get_close_matches(name, names, n=1)
    return f"Did you mean {meant[0]!r}?" if meant else f"Use one of {', '.join(names)}."


def _precise(at: source.Place, error: ValidationError, located: source.Located) -> source.Place:
    """Return the place of the very name that is wrong, where the schema's error stops above it."""
    name = _unknown(error)[0] if error.validator == "additionalProperties" else str(error.instance)
    below = (*at, name)
    return below if below in located.lines else at


def _unknown(error: ValidationError) -> list[str]:
    known = cast("Mapping[str, object]", error.schema).get("properties", {})
    given = cast("Mapping[str, object]", error.instance)
    return [name for name in given if name not in cast("Mapping[str, object]", known)]


def _told(error: ValidationError) -> tuple[str, str]:
    schema = cast("Mapping[str, object]", error.schema)
    described = str(schema.get("description", ""))
    fix = f"It is: {described}" if described else REFERENCE
    if error.validator == "additionalProperties":
        name = _unknown(error)[0]
        known = cast("Mapping[str, object]", schema["properties"])
        return f"there is no key {name!r}", did_you_mean(name, known)
    if error.validator == "oneOf":
        given = cast("Mapping[str, object]", error.instance)
        ways = [way for way in WAYS if way in given]
        problem = (
            f"it makes its value in several ways at once: {', '.join(ways)}"
            if ways
            else "it does not say what makes the value"
        )
        return problem, fix
    if error.validator == "pattern":
        return f"{error.instance!r} is no path, name or day as it is written here", fix
    return error.message[:300], fix
