"""Applies a mapping's rules to a record.

Knows paths, conditions and rules; not what any field means. Every text that a function altered is
reported with its target path.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

from pydantic import BaseModel, JsonValue

from tieout.domain.base import Json
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.functions import FUNCTIONS
from tieout.mapping.spec import (
    Call,
    Condition,
    Constant,
    Copy,
    Each,
    Fields,
    Listed,
    Lookup,
    Nested,
    Rule,
    Spec,
)
from tieout.mapping.texts import Altered

Tables = Mapping[str, Mapping[str, str]]
Record = Mapping[str, object]


@dataclass(frozen=True)
class Alteration:
    """A text that does not stand in the target as it stood in the source."""

    field: str
    original: str
    text: str


@dataclass(frozen=True)
class Mapped:
    """A payload, and what had to be altered to make it."""

    payload: Json
    alterations: tuple[Alteration, ...]


def apply(spec: Spec, record: Record, tables: Tables) -> Mapped:
    """Make the payload that ``spec`` describes out of ``record``.

    Raises:
        ConfigurationError: A path or table of the mapping does not fit the record.
        RejectedError: A value cannot be brought into the target's form.
    """
    run = _Run(spec, tables)
    payload = run.fields(spec.fields, record, "")
    return Mapped(payload=payload, alterations=tuple(run.alterations))


class _Run:
    def __init__(self, spec: Spec, tables: Tables) -> None:
        self._spec = spec
        self._tables = tables
        self.alterations: list[Alteration] = []

    def fields(self, fields: Fields, record: Record, place: str) -> Json:
        made: Json = {}
        for target, rules in fields.items():
            where = f"{place}.{target}" if place else target
            for rule in rules:
                if self._holds(rule.when, record, where):
                    _put(made, target.split("."), self._make(rule, record, where))
                    break
        return made

    def _holds(self, when: Condition | None, record: Record, where: str) -> bool:
        if when is None:
            return True
        value = self._value(when.path, record, where)
        return _is_present(value) if when.value is None else _plain(value) == when.value

    def _make(self, rule: Rule, record: Record, where: str) -> JsonValue:
        made: JsonValue
        match rule.make:
            case Copy(path=path):
                made = self._json(self._value(path, record, where), where)
            case Constant(value=value):
                made = value
            case Call():
                made = self._json(self._call(rule.make, record, where), where)
            case Lookup():
                made = self._look_up(rule.make, record, where)
            case Each(path=path, name=name, fields=fields):
                made = [
                    self.fields(fields, {**record, name: element}, f"{where}[{number}]")
                    for number, element in enumerate(self._elements(path, record, where))
                ]
            case Nested(fields=fields):
                made = self.fields(fields, record, where)
            case Listed(elements=elements):
                made = [
                    self._make(element, record, f"{where}[{number}]")
                    for number, element in enumerate(elements)
                    if self._holds(element.when, record, where)
                ]
        return made

    def _call(self, call: Call, record: Record, where: str) -> object:
        positional = [self._value(path, record, where) for path in call.positional]
        keyword = {name: self._value(path, record, where) for name, path in call.keyword.items()}
        try:
            result = FUNCTIONS[call.function](*positional, **keyword, **call.options)
        except RejectedError as error:
            raise RejectedError(
                f"{self._spec.target}, {where}: {error.message}",
                remedy=error.remedy,
                cause=error.cause,
                field=where,
                value=error.value,
            ) from error
        if isinstance(result, Altered):
            self.alterations.append(
                Alteration(field=where, original=result.original, text=result.text)
            )
            return result.text
        return result

    def _look_up(self, rule: Lookup, record: Record, where: str) -> JsonValue:
        table = self._tables.get(rule.table)
        if table is None:
            raise self._wrong(where, f"there is no table {rule.table!r} in tables/")
        value = str(self._value(rule.path, record, where))
        if value not in table:
            message = f"{self._spec.target}, {where}: nothing stands for {value!r}."
            remedy = (
                f"Add it to include/mappings/tables/{rule.table}.csv, or correct it in the shop."
            )
            raise RejectedError(
                message, remedy=remedy, cause="target_refused", field=where, value=value
            )
        return table[value]

    def _elements(self, path: str, record: Record, where: str) -> Sequence[object]:
        value = self._value(path, record, where)
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise self._wrong(where, f"{path} is not a list")
        return value

    def _value(self, path: str, record: Record, where: str) -> object:
        value: object = record
        for name in path.split("."):
            if isinstance(value, Mapping) and name in value:
                value = value[name]
            elif isinstance(value, BaseModel) and hasattr(value, name):
                value = getattr(value, name)
            else:
                raise self._wrong(where, f"the record has no {path!r}")
        return value

    def _json(self, value: object, where: str) -> JsonValue:
        match _plain(value):
            case str() | bool() | int() as plain:
                return plain
            case list() | dict() as plain:
                return plain
            case _:
                raise self._wrong(where, f"{type(value).__name__} cannot be sent as it is")

    def _wrong(self, where: str, problem: str) -> ConfigurationError:
        message = f"{self._spec.path}, {where}: {problem}."
        return ConfigurationError(message, remedy="Correct the rule of this field.")


def _is_present(value: object) -> bool:
    return value is not None and value not in ("", (), [], {})


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return value


def _put(made: Json, path: Sequence[str], value: JsonValue) -> None:
    *parents, name = path
    inner = made
    for parent in parents:
        below = inner.setdefault(parent, {})
        if not isinstance(below, dict):
            message = f"{'.'.join(path)} is inside of a plain value."
            raise ConfigurationError(message, remedy="Correct the mapping's target paths.")
        inner = below
    inner[name] = value
