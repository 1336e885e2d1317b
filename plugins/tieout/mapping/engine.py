"""Applies a mapping's rules to a record.

A mapping file is compiled once into functions that call one another, and these then run for each
record. Knows rules, conditions and tables; not what any field means. Every text that a function
altered is reported with its target path.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final, cast

from pydantic import JsonValue

from tieout.domain.base import Json
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.forms import MisfitError, converter
from tieout.mapping.functions import FUNCTIONS
from tieout.mapping.paths import Getter, NoSuchMemberError, getter, put, root, steps_of
from tieout.mapping.spec import (
    ANY_FORM,
    Call,
    Condition,
    Constant,
    Copy,
    Each,
    Fields,
    Form,
    Listed,
    Lookup,
    Nested,
    Rule,
    Spec,
    rules_of,
)
from tieout.mapping.tables import ALWAYS, Tables, ambiguous
from tieout.mapping.texts import Altered

Record = Mapping[str, object]
NODE = "node"
"""The record's member that holds what a system itself sent; what that lacks is empty, no error."""


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


@dataclass
class _Run:
    """One application to one record: where it is in lists, and what it altered."""

    day: date | None = None
    numbers: list[int] = field(default_factory=list)
    alterations: list[Alteration] = field(default_factory=list)


class _LeftOut(Enum):
    """What a rule gives when its condition does not hold."""

    LEFT_OUT = "left out"


Places = Mapping[str, str]
"""What a rule may call of what a system sent, and where in it that stands ('' = nobody says)."""
LEFT_OUT: Final = _LeftOut.LEFT_OUT
Value = Callable[[Record, _Run], object]
Make = Callable[[Record, _Run], JsonValue | _LeftOut]
Put = Callable[[Json, JsonValue], None]
NUMBER = "\0"
"""Stands in a compiled place for the number of the list's element, which only a run knows."""


def apply(spec: Spec, record: Record, tables: Tables) -> Mapped:
    """Make the payload that ``spec`` describes out of ``record``; see compile_spec.

    Raises:
        ConfigurationError: A path or table of the mapping does not fit the record.
        RejectedError: A value cannot be brought into the target's form.
    """
    return compile_spec(spec, tables)(record)


def compile_spec(spec: Spec, tables: Tables) -> Callable[[Record], Mapped]:
    """Return what makes the payload that ``spec`` describes out of a record.

    Raises:
        ConfigurationError: A rule names a table that is not there, or that it cannot use; and of
            what is returned, a path of the mapping does not fit the record.
        RejectedError: (what is returned) A value cannot be brought into the target's form.
    """
    compiler = _Compiler(spec, tables)
    fields = compiler.fields(spec.fields, "", {NODE: spec.source})
    is_dated = compiler.is_dated

    def run(record: Record) -> Mapped:
        one = _Run(day=_day(spec, record) if is_dated else None)
        payload = fields(record, one)
        return Mapped(payload=payload, alterations=tuple(one.alterations))

    return run


def _day(spec: Spec, record: Record) -> date:
    try:
        day = getter(spec.dated_by, is_lenient=root(spec.dated_by) == NODE)(record)
    except NoSuchMemberError:
        day = None
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day[:10])
        except ValueError:
            day = None
    if not isinstance(day, date):
        message = f"{spec.path}, dated_by: the record has no day at {spec.dated_by!r}."
        raise ConfigurationError(message, remedy="Name the path of the document's book date.")
    return day


class _Compiler:
    def __init__(self, spec: Spec, tables: Tables) -> None:
        self._spec = spec
        self._tables = tables
        self.is_dated = any(rule.period != ALWAYS for rule in rules_of(spec.fields))

    def fields(self, fields: Fields, where: str, nodes: Places) -> Callable[[Record, _Run], Json]:
        makes: list[tuple[Put, Make]] = []
        for target, rules in fields.items():
            place = f"{where}.{target}" if where else target
            makes.append((self._put(target, rules[0]), self._field(rules, place, nodes)))

        def made(record: Record, run: _Run) -> Json:
            payload: Json = {}
            for put_in, make in makes:
                value = make(record, run)
                if value is not LEFT_OUT:
                    put_in(payload, value)
            return payload

        return made

    def _put(self, target: str, rule: Rule) -> Put:
        steps = steps_of(target)
        if len(steps) == 1:
            name = steps[0].name

            def put_one(made: Json, value: JsonValue) -> None:
                made[name] = value

            return put_one

        def put_below(made: Json, value: JsonValue) -> None:
            if not put(made, steps, value):
                message = f"{rule.place}: {target} is inside of a plain value."
                raise ConfigurationError(message, remedy="Correct the mapping's target paths.")

        return put_below

    def _field(self, rules: Sequence[Rule], where: str, nodes: Places) -> Make:
        makes = [self._rule(rule, where, nodes) for rule in rules]
        if len(makes) == 1:
            return makes[0]

        def first(record: Record, run: _Run) -> JsonValue | _LeftOut:
            for make in makes:
                value = make(record, run)
                if value is not LEFT_OUT:
                    return value
            return LEFT_OUT

        return first

    def _rule(self, rule: Rule, where: str, nodes: Places) -> Make:
        value_of = self._value(rule, where, nodes)
        make = cast("Make", value_of)
        if not isinstance(rule.make, Constant | Nested | Listed) or rule.is_required:
            make = self._formed(rule, where, value_of, nodes)
        tests = [self._test(when, rule, where, nodes) for when in rule.when]
        if rule.period == ALWAYS and not tests:
            return make
        days = rule.period

        def conditional(record: Record, run: _Run) -> JsonValue | _LeftOut:
            if run.day is not None and run.day not in days:
                return LEFT_OUT
            for test in tests:
                if not test(record, run):
                    return LEFT_OUT
            return make(record, run)

        return conditional

    def _test(
        self, when: Condition, rule: Rule, where: str, nodes: Places
    ) -> Callable[[Record, _Run], bool]:
        get = self._get(when.path, rule, where, nodes)
        expected = when.value
        if expected is None:
            return lambda record, run: _is_present(get(record, run))
        return lambda record, run: _plain(get(record, run)) == expected

    def _get(self, path: str, rule: Rule, where: str, nodes: Places) -> Value:
        take: Getter = getter(path, is_lenient=root(path) in nodes)

        def get(record: Record, run: _Run) -> object:
            try:
                return take(record)
            except NoSuchMemberError:
                problem = f"the record has no {path!r}"
            raise _wrong(rule, _at(where, run), problem)

        return get

    def _formed(self, rule: Rule, where: str, value_of: Value, nodes: Places) -> Make:
        """Put the default in, refuse what is missing, and write the value in the rule's form."""
        default, is_required = rule.default, rule.is_required
        convert = None if _own_form(rule) == ANY_FORM else converter(_own_form(rule))
        is_of_source = any(root(path) in nodes for path in _sources(rule))
        told = _told(rule, where, nodes)

        def formed(record: Record, run: _Run) -> JsonValue:
            value = value_of(record, run)
            if (default is not None or is_required) and not _is_present(value):
                if default is None:
                    raise self._missing(_at(told, run))
                value = default
            if value is None:
                if is_of_source:
                    raise self._missing(_at(told, run))
                raise _wrong(rule, _at(where, run), "NoneType cannot be sent as it is")
            written = _json(value)
            if written is None:
                problem = f"{type(value).__name__} cannot be sent as it is"
                raise _wrong(rule, _at(where, run), problem)
            if convert is None or written == "":
                return written
            try:
                return convert(written)
            except MisfitError as error:
                raise self._misfit(_at(told, run), written, error) from error

        return formed

    def _missing(self, where: str) -> RejectedError:
        return RejectedError(
            f"{self._spec.target}, {where}: the record has no value for it.",
            remedy="Fill it in where the record comes from, and replay.",
            cause="field_missing",
            field=where,
        )

    def _misfit(self, where: str, value: JsonValue, error: MisfitError) -> RejectedError:
        return RejectedError(
            f"{self._spec.target}, {where}: {value!r} {error.problem}.",
            remedy="Correct it where the record comes from, and replay.",
            cause=error.cause,
            field=where,
            value=str(value),
        )

    def _value(self, rule: Rule, where: str, nodes: Places) -> Value:
        value: Value
        match rule.make:
            case Copy(path=path):
                value = self._get(path, rule, where, nodes)
            case Constant(value=constant):
                value = _always(constant)
            case Call():
                value = self._call(rule.make, rule, where, nodes)
            case Lookup():
                value = self._look_up(rule.make, rule, where, nodes)
            case Each():
                value = self._each(rule.make, rule, where, nodes)
            case Nested(fields=fields):
                value = self.fields(fields, where, nodes)
            case Listed(elements=elements):
                value = self._listed(elements, where, nodes)
        return value

    def _listed(self, elements: Sequence[Rule], where: str, nodes: Places) -> Value:
        makes = [
            self._rule(element, f"{where}[{number}]", nodes)
            for number, element in enumerate(elements)
        ]
        return lambda record, run: [
            value for make in makes if (value := make(record, run)) is not LEFT_OUT
        ]

    def _each(self, each: Each, rule: Rule, where: str, nodes: Places) -> Value:
        get = self._get(each.path, rule, where, nodes)
        name = each.name
        below = {known: place for known, place in nodes.items() if known != name}
        if root(each.path) in nodes:
            place = _in_source(each.path, nodes)
            below[name] = f"{place}[{NUMBER}]" if place else ""
        fields = self.fields(each.fields, f"{where}[{NUMBER}]", below)

        def elements(record: Record, run: _Run) -> object:
            found = get(record, run)
            if found is None:
                return None
            if isinstance(found, str) or not isinstance(found, Sequence):
                raise _wrong(rule, _at(where, run), f"{each.path} is not a list")
            made: list[JsonValue] = []
            for number, element in enumerate(found):
                run.numbers.append(number)
                made.append(fields({**record, name: element}, run))
                run.numbers.pop()
            return made

        return elements

    def _call(self, call: Call, rule: Rule, where: str, nodes: Places) -> Value:
        function, options = FUNCTIONS[call.function], dict(call.options)
        told = _told(rule, where, nodes)
        positional = [self._get(path, rule, where, nodes) for path in call.positional]
        keyword = [
            (name, self._get(path, rule, where, nodes)) for name, path in call.keyword.items()
        ]

        def called(record: Record, run: _Run) -> object:
            values = [get(record, run) for get in positional]
            if values == [None]:
                return None
            named = {name: get(record, run) for name, get in keyword}
            try:
                result = function(*values, **named, **options)
            except RejectedError as error:
                raise self._refused(_at(told, run), error) from error
            if isinstance(result, Altered):
                altered = Alteration(_at(where, run), original=result.original, text=result.text)
                run.alterations.append(altered)
                return result.text
            return result

        return called

    def _refused(self, where: str, error: RejectedError) -> RejectedError:
        return RejectedError(
            f"{self._spec.target}, {where}: {error.message}",
            remedy=error.remedy,
            cause=error.cause,
            field=error.field or where,
            value=error.value,
        )

    def _look_up(self, lookup: Lookup, rule: Rule, where: str, nodes: Places) -> Value:
        table = self._tables.get(lookup.table)
        if table is None:
            raise _wrong(rule, where, f"there is no table {lookup.table!r} in tables/")
        twice = ambiguous(table) if lookup.is_reverse else None
        if twice is not None:
            problem = f"{twice.place} gives {twice.target!r} a second time, so it has no reverse"
            raise _wrong(rule, where, problem)
        if table.is_dated and not self._spec.dated_by:
            problem = f"rows of {table.path.name} are valid for a time, and dated_by is not given"
            raise _wrong(rule, where, problem)
        self.is_dated = self.is_dated or table.is_dated
        get = self._get(lookup.path, rule, where, nodes)
        is_optional = rule.default is not None or rule.is_required
        told = _told(rule, where, nodes)

        def looked_up(record: Record, run: _Run) -> object:
            value = get(record, run)
            if value is None or (is_optional and not _is_present(value)):
                return None
            asked = str(_plain(value))
            found = table.look_up(asked, run.day, reverse=lookup.is_reverse)
            if found is None:
                raise self._unknown(lookup, _at(told, run), asked, run.day)
            return found

        return looked_up

    def _unknown(self, lookup: Lookup, where: str, value: str, day: date | None) -> RejectedError:
        on = f" on {day}" if day else ""
        return RejectedError(
            f"{self._spec.target}, {where}: nothing stands for {value!r}{on}.",
            remedy=(
                f"Add it to include/mappings/tables/{lookup.table}.csv, or correct it where the "
                "record comes from."
            ),
            cause="target_refused",
            field=where,
            value=value,
        )


def _always(value: object) -> Value:
    return lambda _record, _run: value


def _told(rule: Rule, where: str, nodes: Places) -> str:
    """Return the place by which a person is told of a bad value: in what a system sent, if there.

    That is where it can be corrected; anything else is told by the target's field.
    """
    return next(filter(None, (_in_source(path, nodes) for path in _sources(rule))), where)


def _in_source(path: str, nodes: Places) -> str:
    name = root(path)
    place = nodes.get(name, "")
    return f"{place}{path[len(name) :]}" if place else ""


def _sources(rule: Rule) -> Sequence[str]:
    match rule.make:
        case Copy(path=path) | Lookup(path=path) | Each(path=path):
            return (path,)
        case Call(positional=positional, keyword=keyword):
            return (*positional, *keyword.values())
        case Constant() | Nested() | Listed():
            return ()


def _own_form(rule: Rule) -> Form:
    """Return what is left to check of a rule's form: its function kept the limits it was told."""
    form = rule.form
    told = rule.make.options if isinstance(rule.make, Call) else {}
    return Form(
        type=form.type,
        length=None if told.get("length") == form.length else form.length,
        decimals=None if told.get("decimals") == form.decimals else form.decimals,
    )


def _at(where: str, run: _Run) -> str:
    """Return the target path of a compiled place, with the numbers of the elements it is in."""
    for number in run.numbers:
        where = where.replace(NUMBER, str(number), 1)
    return where


def _wrong(rule: Rule, where: str, problem: str) -> ConfigurationError:
    place = rule.place
    message = f"{place.file}, line {place.line}, {where}: {problem}."
    return ConfigurationError(message, remedy="Correct the rule of this field.")


def _is_present(value: object) -> bool:
    return value is not None and value not in ("", (), [], {})


def _json(value: object) -> JsonValue:
    """Return a value as it goes into JSON, None when it does not."""
    match _plain(value):
        case str() | bool() | int() | list() | dict() as plain:
            return plain
        case _:
            return None


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
