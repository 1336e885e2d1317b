"""Mapping files: what they may say, and reading them.

The JSON Schema beside this module is the authority on the form; here a checked file becomes rules.
Applying them is in tieout.mapping.engine.
"""

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from tieout.errors import ConfigurationError
from tieout.mapping.functions import FUNCTIONS
from tieout.mapping.source import read_yaml

Scalar = str | int | float | bool


@dataclass(frozen=True)
class Copy:
    """The value at a path."""

    path: str


@dataclass(frozen=True)
class Constant:
    """A value that the mapping file gives."""

    value: Scalar


@dataclass(frozen=True)
class Call:
    """What a named function makes of the values at some paths."""

    function: str
    positional: tuple[str, ...]
    keyword: Mapping[str, str]
    options: Mapping[str, Scalar]


@dataclass(frozen=True)
class Lookup:
    """What include/mappings/tables/<table>.csv gives for the value at a path."""

    table: str
    path: str


@dataclass(frozen=True)
class Each:
    """One object for each element of the list at a path; rules know the element as ``name``."""

    path: str
    name: str
    fields: "Fields"


@dataclass(frozen=True)
class Nested:
    """An object."""

    fields: "Fields"


@dataclass(frozen=True)
class Listed:
    """A list of the elements whose condition holds."""

    elements: "tuple[Rule, ...]"


@dataclass(frozen=True)
class Condition:
    """When a rule applies: the value at ``path`` is there, or equals ``value`` if one is given."""

    path: str
    value: Scalar | None = None


@dataclass(frozen=True)
class Rule:
    """How one value is made, and when."""

    make: "Maker"
    when: Condition | None = None


Maker = Copy | Constant | Call | Lookup | Each | Nested | Listed
Fields = Mapping[str, tuple[Rule, ...]]
"""The rules of each target path, of which the first whose condition holds is used."""


@dataclass(frozen=True)
class Spec:
    """One mapping file, read and checked."""

    path: Path
    target: str
    fields: Fields


@cache
def _validator() -> Draft202012Validator:
    text = files("tieout.mapping").joinpath("mapping.schema.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def load_spec(path: Path) -> Spec:
    """Read one mapping file and check it against the schema and the functions.

    Raises:
        ConfigurationError: The file is wrong; names the file and the path in it.
    """
    content = read_yaml(path)
    error = best_match(_validator().iter_errors(content))
    if error is not None:
        place = " > ".join(str(part) for part in error.absolute_path) or "the file as a whole"
        message = f"{path}, {place}: {error.message[:300]}."
        remedy = "Correct the rule; what a mapping file may say is in mapping.schema.json."
        raise ConfigurationError(message, remedy=remedy)
    fields = _fields(content["fields"])
    for place, call in _calls(fields, "fields"):
        _check_call(f"{path}, {place}", call)
    return Spec(path=path, target=str(content["target"]), fields=fields)


def _fields(described: object) -> Fields:
    rules = cast("dict[str, object]", described)
    return {
        target: tuple(map(_rule, rule)) if isinstance(rule, list) else (_rule(rule),)
        for target, rule in rules.items()
    }


def _rule(described: object) -> Rule:
    if isinstance(described, str):
        return Rule(make=Copy(described))
    rule = cast("dict[str, object]", described)
    when = None
    if "when_present" in rule:
        when = Condition(path=str(rule["when_present"]))
    if "when_equal" in rule:
        ((path, value),) = cast("dict[str, Scalar]", rule["when_equal"]).items()
        when = Condition(path=path, value=value)
    return Rule(make=_maker(rule), when=when)


def _maker(rule: Mapping[str, object]) -> Maker:
    made: Maker
    if "function" in rule:
        made = _call(rule)
    elif "table" in rule:
        made = Lookup(table=str(rule["table"]), path=str(rule["from"]))
    elif "constant" in rule:
        made = Constant(cast("Scalar", rule["constant"]))
    elif "each" in rule:
        made = Each(str(rule["each"]), str(rule["as"]), _fields(rule["fields"]))
    elif "list" in rule:
        made = Listed(tuple(map(_rule, cast("list[object]", rule["list"]))))
    elif "fields" in rule:
        made = Nested(_fields(rule["fields"]))
    else:
        made = Copy(str(rule.get("from", rule.get("when_present"))))
    return made


def _call(rule: Mapping[str, object]) -> Call:
    source = rule.get("from", [])
    return Call(
        function=str(rule["function"]),
        positional=() if isinstance(source, dict) else _paths(source),
        keyword=source if isinstance(source, dict) else {},
        options=cast("dict[str, Scalar]", rule.get("with", {})),
    )


def _paths(source: object) -> tuple[str, ...]:
    return (source,) if isinstance(source, str) else tuple(cast("Sequence[str]", source))


def _calls(fields: Fields, place: str) -> Iterator[tuple[str, Call]]:
    for target, rules in fields.items():
        for rule in rules:
            yield from _calls_of(rule, f"{place} > {target}")


def _calls_of(rule: Rule, place: str) -> Iterator[tuple[str, Call]]:
    match rule.make:
        case Call():
            yield place, rule.make
        case Each(fields=fields) | Nested(fields=fields):
            yield from _calls(fields, place)
        case Listed(elements=elements):
            for number, element in enumerate(elements):
                yield from _calls_of(element, f"{place} > {number}")
        case Copy() | Constant() | Lookup():
            return


def _check_call(place: str, call: Call) -> None:
    function = FUNCTIONS.get(call.function)
    if function is None:
        message = f"{place}: there is no function {call.function!r}."
        remedy = f"Use one of {', '.join(sorted(FUNCTIONS))}."
        raise ConfigurationError(message, remedy=remedy)
    try:
        inspect.signature(function).bind(*call.positional, **call.keyword, **call.options)
    except TypeError as error:
        message = f"{place}: {call.function} does not take these arguments: {error}."
        remedy = f"It takes {inspect.signature(function)}."
        raise ConfigurationError(message, remedy=remedy) from error
