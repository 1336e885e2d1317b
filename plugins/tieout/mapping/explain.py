"""Explains a payload: which rule made each of its fields, and out of which values.

Each rule is applied by the engine, alone, so that what is explained is what is sent. Paths and
conditions are told in the words of the mapping file.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from tieout.domain.base import Frozen
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.engine import compile_spec
from tieout.mapping.making import Record
from tieout.mapping.paths import NoSuchMemberError, getter
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
from tieout.mapping.tables import ALWAYS, Tables
from tieout.mapping.telling import sources

ALONE = "value"
"""The field that a rule makes when it is applied by itself."""


class SourceValue(Frozen):
    """One path that a rule reads, and what stood there."""

    path: str
    value: JsonValue


class Explained(Frozen):
    """One field of a payload: the rule that made it, where that stands, and what it was made of.

    ``passed_over`` names the rules before it that did not hold. A field that no rule made is left
    out of the payload and has no ``rule``. ``problem`` says why a rule could not be applied.
    """

    field: str
    value: JsonValue = None
    rule: str = ""
    file: str = ""
    line: int = 0
    sources: tuple[SourceValue, ...] = ()
    passed_over: tuple[str, ...] = ()
    problem: str = ""


def explain(spec: Spec, record: Record, tables: Tables) -> list[Explained]:
    """Return every field that the mapping makes of the record, in the order of the file."""
    return list(_Explainer(spec, tables).fields(spec.fields, record, ""))


@dataclass(frozen=True)
class _Explainer:
    spec: Spec
    tables: Tables

    def fields(self, fields: Fields, record: Record, where: str) -> Iterator[Explained]:
        for target, rules in fields.items():
            yield from self._field(rules, record, f"{where}.{target}" if where else target)

    def _field(self, rules: Sequence[Rule], record: Record, where: str) -> Iterator[Explained]:
        """Explain the first rule that holds, or say that none does."""
        passed: list[str] = []
        for rule in rules:
            try:
                made = self._made(rule, record)
            except (ConfigurationError, RejectedError) as error:
                told = self._told(rule, record, where, passed)
                yield told.model_copy(update={"problem": error.message})
                return
            if made:
                yield from self._rule(rule, record, where, passed, made[0])
                return
            passed.append(f"line {rule.place.line}: {conditions(rule)} does not hold")
        yield Explained(field=where, passed_over=tuple(passed))

    def _made(self, rule: Rule, record: Record) -> list[JsonValue]:
        """Return what the rule alone makes of the record; empty when it does not hold."""
        alone = replace(self.spec, fields={ALONE: (rule,)})
        payload = compile_spec(alone, self.tables)(record).payload
        return [payload[ALONE]] if ALONE in payload else []

    def _rule(
        self, rule: Rule, record: Record, where: str, passed: Sequence[str], made: JsonValue
    ) -> Iterator[Explained]:
        match rule.make:
            case Nested(fields=fields):
                yield from self.fields(fields, record, where)
            case Listed(elements=elements):
                for number, element in enumerate(elements):
                    yield from self._field((element,), record, f"{where}[{number}]")
            case Each(path=path, name=name, fields=fields):
                found = value_at(path, record)
                listed = found if isinstance(found, Sequence) else ()
                for number, element in enumerate(listed):
                    below = {**record, name: element}
                    yield from self.fields(fields, below, f"{where}[{number}]")
            case _:
                told = self._told(rule, record, where, passed)
                yield told.model_copy(update={"value": made})

    def _told(self, rule: Rule, record: Record, where: str, passed: Sequence[str]) -> Explained:
        return Explained(
            field=where,
            rule=in_words(rule),
            file="/".join(rule.place.file.parts[-2:]),
            line=rule.place.line,
            sources=tuple(
                SourceValue(path=path, value=to_jsonable_python(value_at(path, record)))
                for path in sources_of(rule)
            ),
            passed_over=tuple(passed),
        )


def value_at(path: str, record: Mapping[str, object]) -> object:
    """Return what stands at a source path, None when nothing does."""
    try:
        return getter(path, is_lenient=True)(record)
    except NoSuchMemberError:
        return None


def sources_of(rule: Rule) -> tuple[str, ...]:
    """Return the paths that a rule reads, those of its condition last, each once."""
    return tuple(dict.fromkeys((*sources(rule), *(when.path for when in rule.when))))


def in_words(rule: Rule) -> str:
    """Say what a rule does, much as its line in the file says it."""
    said = ""
    match rule.make:
        case Copy(path=path):
            said = path
        case Constant(value=value):
            said = f"the constant {value!r}"
        case Call(function=function, positional=positional, keyword=keyword, options=options):
            given = [f"{name}={path}" for name, path in keyword.items()]
            limits = [f"{name}={value!r}" for name, value in options.items()]
            said = f"{function}({', '.join((*positional, *given, *limits))})"
        case Lookup(table=table, path=path, is_reverse=is_reverse):
            said = f"{path} in tables/{table}.csv{', from right to left' if is_reverse else ''}"
        case Each(path=path):
            said = f"each of {path}"
        case Nested():
            said = "an object"
        case Listed():
            said = "a list"
    wanted = [conditions(rule)]
    wanted += [] if rule.default is None else [f"else {rule.default!r}"]
    wanted += ["required"] if rule.is_required else []
    return ", ".join(filter(None, (said, *wanted)))


def conditions(rule: Rule) -> str:
    """Say when a rule holds; '' when it always does."""
    held = [_condition(when) for when in rule.when]
    if rule.period != ALWAYS:
        first, last = rule.period.first or "ever", rule.period.last or "further notice"
        held.append(f"from {first} until {last}")
    return " and ".join(held)


def _condition(when: Condition) -> str:
    if when.value is None:
        return f"when {when.path} is present"
    return f"when {when.path} is {when.value!r}"
