"""Puts what rules make into a payload, each value where its target path says."""

from collections.abc import Callable, Sequence
from itertools import groupby

from tieout.domain.base import Json
from tieout.errors import ConfigurationError
from tieout.mapping.making import LEFT_OUT, Make, Part, Record, Run
from tieout.mapping.paths import put, steps_of
from tieout.mapping.spec import Rule

Made = tuple[str, Rule, Make]
"""A target path, the first rule that names it, and what makes its value."""


def assembled(made: Sequence[Made]) -> Callable[[Record, Run], Json]:
    """Return what makes the payload with all these fields, in their order.

    Raises:
        ConfigurationError: (what is returned) A target path leads into a plain value.
    """
    parts = [
        part
        for parent, fields in groupby(made, lambda one: _parent(one[0]))
        for part in _parts(parent, list(fields))
    ]
    only = parts[0]

    def payload_of(record: Record, run: Run) -> Json:
        payload: Json = {}
        for part in parts:
            part(payload, record, run)
        return payload

    def payload_of_one(record: Record, run: Run) -> Json:
        payload: Json = {}
        only(payload, record, run)
        return payload

    return payload_of if len(parts) > 1 else payload_of_one


def _parent(target: str) -> str:
    """Return the object in which a field stands, when it is one name and one more; else ''."""
    steps = steps_of(target)
    is_plain_pair = len(steps) == 2 and not steps[0].key  # noqa: PLR2004 - as in header.City
    return steps[0].name if is_plain_pair else ""


def _parts(parent: str, made: Sequence[Made]) -> list[Part]:
    if parent:
        names = [(steps_of(target)[1].name, make) for target, _rule, make in made]
        return [_part_of_object(parent, names, made[0][1])]
    return [_part(target, rule, make) for target, rule, make in made]


def _part_of_object(parent: str, makes: Sequence[tuple[str, Make]], rule: Rule) -> Part:
    """Make fields that follow one another in the same object, which is looked for once."""

    def part(payload: Json, record: Record, run: Run) -> None:
        inner = payload.get(parent)
        if inner is None:
            inner = {}
        elif not isinstance(inner, dict):
            raise _inside_of_plain(f"{parent}.{makes[0][0]}", rule)
        for name, make in makes:
            value = make(record, run)
            if value is not LEFT_OUT:
                inner[name] = value
        if inner:
            payload[parent] = inner

    return part


def _part(target: str, rule: Rule, make: Make) -> Part:
    steps = steps_of(target)
    name = steps[-1].name

    def part(payload: Json, record: Record, run: Run) -> None:
        value = make(record, run)
        if value is not LEFT_OUT:
            payload[name] = value

    def part_below(payload: Json, record: Record, run: Run) -> None:
        value = make(record, run)
        if value is not LEFT_OUT and not put(payload, steps, value):
            raise _inside_of_plain(target, rule)

    return part if len(steps) == 1 else part_below


def _inside_of_plain(target: str, rule: Rule) -> ConfigurationError:
    message = f"{rule.place}: {target} is inside of a plain value."
    return ConfigurationError(message, remedy="Correct the mapping's target paths.")
