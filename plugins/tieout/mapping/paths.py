"""Paths of mapping files: names joined by dots, with a selector in brackets where it is a list.

    buyer.address.city                      a member of a member
    node.Phones[PhoneType=MOBILE].PhoneNumber   of the first element that has this member
    node.lines[0].sku                       of the first element
    node.lines[*].sku                       of all elements, as a list

Targets know the second form alone, which makes the element where there is none yet. Reading what a
path says, taking values and putting them belongs here; what a rule does with them does not.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from pydantic import BaseModel, JsonValue

from tieout.domain.base import Json

Getter = Callable[[Mapping[str, object]], object]
"""Takes the value at a path out of a record, None when it is not there."""

CUSTOM = "custom"
"""The member of a canonical record with the fields that a pair added (mapping.shared)."""
PATHS_MAX = 10_000
"""How many paths are remembered taken apart; the files of a pair name some hundred."""
_STEP = re.compile(r"(\w+)(?:\[(?:(\d+)|(\*)|(\w+)=([^\]]+))\])?(?:\.|$)", re.ASCII)


@dataclass(frozen=True)
class Step:
    """One name of a path, and which elements of the list under it are meant, if it is one."""

    name: str
    number: int | None = None
    is_each: bool = False
    key: str = ""
    value: str = ""


@lru_cache(maxsize=PATHS_MAX)
def steps_of(path: str) -> tuple[Step, ...]:
    """Take a path apart; its form was checked with the file's."""
    return tuple(
        Step(name, int(number) if number else None, is_each=bool(each), key=key, value=value)
        for name, number, each, key, value in _STEP.findall(path)
    )


def is_custom(path: str) -> bool:
    """Say whether a path leads to a field that a pair added, which a record need not have."""
    return CUSTOM in path.split(".")[:-1]


def root(path: str) -> str:
    """Return the first name of a path."""
    return steps_of(path)[0].name


class NoSuchMemberError(LookupError):
    """A record of ours has no such member; it has every one that a path may name."""


def getter(path: str, *, is_lenient: bool, absent: Callable[[], Exception] | None = None) -> Getter:
    """Return what takes the value at ``path`` out of a record.

    A lenient path leads into what a system sent, where an absent member means that it is empty; on
    any other path, a member that the record lacks raises what ``absent`` returns, which is a
    NoSuchMemberError unless given.
    """
    steps = steps_of(path)
    absent = absent or partial(NoSuchMemberError, path)
    if is_lenient or any(step != Step(step.name) for step in steps):
        return _walker(steps, is_lenient=is_lenient, absent=absent)
    return _plain_getter([step.name for step in steps], absent)


def _plain_getter(names: Sequence[str], absent: Callable[[], Exception]) -> Getter:
    """Return what follows names alone; short ways, since nearly all paths are one or two names."""
    first, *below = names

    def of_record(record: Mapping[str, object]) -> object:
        try:
            return record[first]
        except KeyError:
            raise absent() from None

    def of_member(record: Mapping[str, object]) -> object:
        try:
            value = record[first]
            # Nearly all are plain dicts; asking for the kind of all others costs much more.
            return value[second] if type(value) is dict else _member(value, second)
        except (KeyError, NoSuchMemberError):
            raise absent() from None

    def of_members(record: Mapping[str, object]) -> object:
        try:
            value = record[first]
            for name in below:
                value = value[name] if type(value) is dict else _member(value, name)
        except (KeyError, NoSuchMemberError):
            raise absent() from None
        return value

    if not below:
        return of_record
    second, *rest = below
    return of_members if rest else of_member


def _walker(steps: Sequence[Step], *, is_lenient: bool, absent: Callable[[], Exception]) -> Getter:
    def walked(record: Mapping[str, object]) -> object:
        try:
            return _walk(record, steps, is_lenient=is_lenient)
        except NoSuchMemberError:
            raise absent() from None

    return walked


def _walk(value: object, steps: Sequence[Step], *, is_lenient: bool) -> object:
    for place, step in enumerate(steps):
        # The record itself is ours: its first name must be right in any case.
        value = _member(value, step.name, is_lenient=is_lenient and place > 0)
        if step.is_each:
            rest = steps[place + 1 :]
            found = (_walk(one, rest, is_lenient=is_lenient) for one in _elements(value))
            return [one for one in found if one is not None]
        if step.number is not None:
            value = next(iter(_elements(value)[step.number : step.number + 1]), None)
        elif step.key:
            value = _selected(value, step, is_lenient=is_lenient)
        if value is None:
            return None
    return value


def _member(value: object, name: str, *, is_lenient: bool = False) -> object:
    if isinstance(value, BaseModel):
        try:
            return getattr(value, name)
        except AttributeError:
            raise NoSuchMemberError(name) from None
    if isinstance(value, Mapping) and name in value:
        return value[name]
    if is_lenient:
        return None
    raise NoSuchMemberError(name)


def _selected(value: object, step: Step, *, is_lenient: bool) -> object:
    for element in _elements(value):
        if _member(element, step.key, is_lenient=is_lenient) == step.value:
            return element
    return None


def _elements(value: object) -> Sequence[object]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def put(made: Json, steps: Sequence[Step], value: JsonValue) -> bool:
    """Put a value at a target path; say whether there was room (no plain value in the way)."""
    *parents, last = steps
    inner: Json = made
    for parent in parents:
        below = inner.setdefault(parent.name, [] if parent.key else {})
        if parent.key and isinstance(below, list):
            inner = _element(below, parent)
        elif not parent.key and isinstance(below, dict):
            inner = below
        else:
            return False
    inner[last.name] = value
    return True


def _element(elements: list[JsonValue], step: Step) -> Json:
    for element in elements:
        if isinstance(element, dict) and element.get(step.key) == step.value:
            return element
    made: Json = {step.key: step.value}
    elements.append(made)
    return made
