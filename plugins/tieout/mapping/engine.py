"""Applies a mapping's rules to a record.

A mapping file is compiled once into functions that call one another, and these then run for each
record: what can be found out from the file alone is found out once. Knows rules, conditions and
tables; not what any field means. Every text that a function altered is reported with its target
path.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import Enum
from functools import partial
from itertools import groupby
from types import MappingProxyType
from typing import Final, NamedTuple, cast

from pydantic import JsonValue

from tieout.domain.base import Json
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.forms import MisfitError, converter, is_present, json_value, plain
from tieout.mapping.functions import FUNCTIONS
from tieout.mapping.paths import Getter, getter, is_custom, put, root, steps_of
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
from tieout.mapping.telling import (
    NUMBER,
    AbsentError,
    Places,
    Telling,
    in_source,
    sources,
    telling_of,
)
from tieout.mapping.texts import Altered

Record = Mapping[str, object]
NODE = "node"
"""The record's member that holds what a system itself sent; what that lacks is empty, no error."""


class Alteration(NamedTuple):
    """A text that does not stand in the target as it stood in the source."""

    field: str
    original: str
    text: str


class Mapped(NamedTuple):
    """A payload, and what had to be altered to make it."""

    payload: Json
    alterations: tuple[Alteration, ...]


class _Run:
    """One application to one record: where it is in lists, and what it altered.

    These are the class's until a run has its own, since most never do.
    """

    day: date | None = None
    numbers: tuple[int, ...] = ()
    alterations: tuple[Alteration, ...] = ()


class _LeftOut(Enum):
    """What a rule gives when its condition does not hold."""

    LEFT_OUT = "left out"


LEFT_OUT: Final = _LeftOut.LEFT_OUT
Value = Callable[[Record, _Run], object]
Make = Callable[[Record, _Run], JsonValue | _LeftOut]
Finish = Callable[[object, _Run], JsonValue]
Part = Callable[[Json, Record, _Run], None]
"""Makes one field, or several, and puts them into the payload."""


def apply(spec: Spec, record: Record, tables: Tables) -> Mapped:
    """Make the payload that ``spec`` describes out of ``record``; see compile_spec.

    Raises:
        ConfigurationError: A path or table of the mapping does not fit the record.
        RejectedError: A value cannot be brought into the target's form.
    """
    return compile_spec(spec, tables)(record)


def compile_spec(
    spec: Spec, tables: Tables, known: Record = MappingProxyType({})
) -> Callable[[Record], Mapped]:
    """Return what makes the payload that ``spec`` describes out of a record.

    Rules see the members of ``known``, such as the pair, beside those of every record.

    Raises:
        ConfigurationError: A rule names a table that is not there, or that it cannot use; and of
            what is returned, a path of the mapping does not fit the record.
        RejectedError: (what is returned) A value cannot be brought into the target's form.
    """
    compiler = _Compiler(spec, tables, known)
    fields = compiler.fields(spec.fields, "", {NODE: spec.source})
    day_of = _day_of(spec) if compiler.is_dated else None

    def run(record: Record) -> Mapped:
        one = _Run()
        if day_of is not None:
            one.day = day_of(record)
        try:
            payload = fields(record, one)
        except AbsentError as error:
            problem = f"the record has no {error.path!r}"
            raise error.telling.wrong(problem, one.numbers) from None
        return Mapped(payload, one.alterations)

    return run


def _day_of(spec: Spec) -> Callable[[Record], date]:
    message = f"{spec.path}, dated_by: the record has no day at {spec.dated_by!r}."
    wrong = partial(
        ConfigurationError, message, remedy="Name the path of the document's book date."
    )
    get = getter(spec.dated_by, is_lenient=root(spec.dated_by) == NODE, absent=wrong)

    def day_of(record: Record) -> date:
        day = get(record)
        if isinstance(day, str):
            try:
                day = date.fromisoformat(day[:10])
            except ValueError:
                raise wrong() from None
        if not isinstance(day, date):
            raise wrong()
        return day

    return day_of


class _Compiler:
    def __init__(self, spec: Spec, tables: Tables, known: Record) -> None:
        self._spec = spec
        self._tables = tables
        self._known = known
        self.is_dated = any(rule.period != ALWAYS for rule in rules_of(spec.fields))

    def fields(self, fields: Fields, where: str, nodes: Places) -> Callable[[Record, _Run], Json]:
        parts: list[Part] = []
        for parent, targets in groupby(fields, _parent):
            makes = []
            for target in targets:
                place = f"{where}.{target}" if where else target
                rules = fields[target]
                makes.append((target, rules[0], self._field(rules, place, nodes)))
            parts += _parts(parent, makes)

        only = parts[0]

        def made(record: Record, run: _Run) -> Json:
            payload: Json = {}
            for part in parts:
                part(payload, record, run)
            return payload

        def made_at_once(record: Record, run: _Run) -> Json:
            payload: Json = {}
            only(payload, record, run)
            return payload

        return made if len(parts) > 1 else made_at_once

    def _field(self, rules: Sequence[Rule], where: str, nodes: Places) -> Make:
        makes = [self._rule(rule, where, nodes) for rule in rules]
        if len(makes) == 1:
            return makes[0]

        one, *others = makes

        def first(record: Record, run: _Run) -> JsonValue | _LeftOut:
            value = one(record, run)
            for make in others:
                if value is not LEFT_OUT:
                    break
                value = make(record, run)
            return value

        return first

    def _rule(self, rule: Rule, where: str, nodes: Places) -> Make:
        telling = telling_of(self._spec.target, rule, where, nodes)
        own = _own_condition(rule)
        make = self._make(rule, telling, nodes, is_own=own is not None)
        tests = [self._test(when, telling, nodes) for when in rule.when if when is not own]
        if rule.period == ALWAYS and not tests:
            return make
        days = rule.period

        def conditional(record: Record, run: _Run) -> JsonValue | _LeftOut:
            if run.day is not None and run.day not in days:
                return LEFT_OUT
            for test in tests:
                if not test(record):
                    return LEFT_OUT
            return make(record, run)

        return conditional

    def _test(self, when: Condition, telling: Telling, nodes: Places) -> Callable[[Record], bool]:
        get = self._get(when.path, telling, nodes)
        expected = when.value
        if expected is None:
            return lambda record: is_present(get(record))
        return lambda record: plain(get(record)) == expected

    def _get(self, path: str, telling: Telling, nodes: Places) -> Getter:
        absent = partial(AbsentError, telling, path)
        is_lenient = root(path) in nodes or is_custom(path)
        get = getter(path, is_lenient=is_lenient, absent=absent)
        if root(path) not in self._known:
            return get
        try:
            value = get(self._known)
        except AbsentError:
            raise telling.wrong(f"there is no {path!r}") from None
        return lambda _record: value

    def _make(self, rule: Rule, telling: Telling, nodes: Places, *, is_own: bool) -> Make:
        """Return what makes a rule's value; ``is_own``: only when its one source is present."""
        make = rule.make
        finish = self._finish(rule, telling, nodes)
        if isinstance(make, Constant | Nested | Listed) and not rule.is_required:
            return cast("Make", self._value(rule, telling, nodes))
        is_as_is = rule.default is None and not rule.is_required and _own_form(rule) == ANY_FORM
        if isinstance(make, Copy) and is_as_is:
            if make.path.isidentifier() and make.path not in self._known and not is_own:
                return _copied_member(make.path, telling, finish)
            return _copied(self._get(make.path, telling, nodes), finish, is_own=is_own)
        if isinstance(make, Call) and len(make.positional) == 1 and not make.keyword and is_as_is:
            get = self._get(make.positional[0], telling, nodes)
            return _called_with_one(make, get, telling, finish, is_own=is_own)
        value_of = self._value(rule, telling, nodes)
        if not is_own:
            return lambda record, run: finish(value_of(record, run), run)
        (path,) = sources(rule)
        get = self._get(path, telling, nodes)
        return lambda record, run: (
            finish(value_of(record, run), run) if is_present(get(record)) else LEFT_OUT
        )

    def _finish(self, rule: Rule, telling: Telling, nodes: Places) -> Finish:
        """Put the default in, refuse what is missing, and write the value in the rule's form."""
        default, is_required = rule.default, rule.is_required
        convert = None if _own_form(rule) == ANY_FORM else converter(_own_form(rule))
        is_of_source = any(root(path) in nodes for path in sources(rule))

        def finished(value: object, run: _Run) -> JsonValue:
            if (default is not None or is_required) and not is_present(value):
                if default is None:
                    raise telling.missing(run.numbers)
                value = default
            written = json_value(value)
            if written is None:
                if value is None and is_of_source:
                    raise telling.missing(run.numbers)
                raise telling.not_sent(value, run.numbers)
            if convert is None or written == "":
                return written
            try:
                return convert(written)
            except MisfitError as error:
                raise telling.misfit(written, error, run.numbers) from error

        return finished

    def _value(self, rule: Rule, telling: Telling, nodes: Places) -> Value:
        value: Value
        match rule.make:
            case Copy(path=path):
                value = _taken(self._get(path, telling, nodes))
            case Constant(value=constant):
                value = _always(constant)
            case Call():
                value = self._call(rule.make, telling, nodes)
            case Lookup():
                value = self._look_up(rule.make, telling, nodes)
            case Each():
                value = self._each(rule.make, telling, nodes)
            case Nested(fields=fields):
                value = self.fields(fields, telling.where, nodes)
            case Listed(elements=elements):
                value = self._listed(elements, telling.where, nodes)
        return value

    def _listed(self, elements: Sequence[Rule], where: str, nodes: Places) -> Value:
        makes = [
            self._rule(element, f"{where}[{number}]", nodes)
            for number, element in enumerate(elements)
        ]
        return lambda record, run: [
            value for make in makes if (value := make(record, run)) is not LEFT_OUT
        ]

    def _each(self, each: Each, telling: Telling, nodes: Places) -> Value:
        get = self._get(each.path, telling, nodes)
        name = each.name
        below = {known: place for known, place in nodes.items() if known != name}
        if root(each.path) in nodes:
            place = in_source(each.path, nodes)
            below[name] = f"{place}[{NUMBER}]" if place else ""
        fields = self.fields(each.fields, f"{telling.where}[{NUMBER}]", below)

        def elements(record: Record, run: _Run) -> object:
            found = get(record)
            if found is None:
                return None
            if isinstance(found, str) or not isinstance(found, Sequence):
                raise telling.wrong(f"{each.path} is not a list", run.numbers)
            made: list[JsonValue] = []
            outer = run.numbers
            for number, element in enumerate(found):
                run.numbers = (*outer, number)
                made.append(fields({**record, name: element}, run))
            run.numbers = outer
            return made

        return elements

    def _call(self, call: Call, telling: Telling, nodes: Places) -> Value:
        function = partial(FUNCTIONS[call.function], **call.options)
        positional = [self._get(path, telling, nodes) for path in call.positional]
        keyword = [(name, self._get(path, telling, nodes)) for name, path in call.keyword.items()]

        def called(record: Record, run: _Run) -> object:
            values = [get(record) for get in positional]
            if values == [None]:
                return None
            named = {name: get(record) for name, get in keyword}
            try:
                result = function(*values, **named)
            except RejectedError as error:
                raise telling.refused(error, run.numbers) from error
            return _unaltered(result, telling, run) if isinstance(result, Altered) else result

        return called

    def _look_up(self, lookup: Lookup, telling: Telling, nodes: Places) -> Value:
        table = self._tables.get(lookup.table)
        if table is None:
            raise telling.wrong(f"there is no table {lookup.table!r} in tables/")
        twice = ambiguous(table) if lookup.is_reverse else None
        if twice is not None:
            problem = f"{twice.place} gives {twice.target!r} a second time, so it has no reverse"
            raise telling.wrong(problem)
        if table.is_dated and not self._spec.dated_by:
            problem = f"rows of {table.path.name} are valid for a time, and dated_by is not given"
            raise telling.wrong(problem)
        self.is_dated = self.is_dated or table.is_dated
        get = self._get(lookup.path, telling, nodes)
        is_optional = telling.rule.default is not None or telling.rule.is_required

        def looked_up(record: Record, run: _Run) -> object:
            value = get(record)
            if value is None or (is_optional and not is_present(value)):
                return None
            asked = str(plain(value))
            found = table.look_up(asked, run.day, reverse=lookup.is_reverse)
            if found is None:
                raise telling.unknown(lookup.table, asked, run.day, run.numbers)
            return found

        return looked_up


def _parent(target: str) -> str:
    """Return the object in which a field stands, when it is one name and one more; else ''."""
    steps = steps_of(target)
    is_plain_pair = len(steps) == 2 and not steps[0].key  # noqa: PLR2004 - as in header.City
    return steps[0].name if is_plain_pair else ""


def _parts(parent: str, makes: Sequence[tuple[str, Rule, Make]]) -> list[Part]:
    if parent:
        names = [(steps_of(target)[1].name, make) for target, _rule, make in makes]
        return [_part_of_object(parent, names, makes[0][1])]
    return [_part(target, rule, make) for target, rule, make in makes]


def _part_of_object(parent: str, makes: Sequence[tuple[str, Make]], rule: Rule) -> Part:
    """Make fields that follow one another in the same object, which is looked for once."""

    def part(payload: Json, record: Record, run: _Run) -> None:
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

    def part(payload: Json, record: Record, run: _Run) -> None:
        value = make(record, run)
        if value is not LEFT_OUT:
            payload[name] = value

    def part_below(payload: Json, record: Record, run: _Run) -> None:
        value = make(record, run)
        if value is not LEFT_OUT and not put(payload, steps, value):
            raise _inside_of_plain(target, rule)

    return part if len(steps) == 1 else part_below


def _inside_of_plain(target: str, rule: Rule) -> ConfigurationError:
    message = f"{rule.place}: {target} is inside of a plain value."
    return ConfigurationError(message, remedy="Correct the mapping's target paths.")


def _taken(get: Getter) -> Value:
    return lambda record, _run: get(record)


def _always(value: object) -> Value:
    return lambda _record, _run: value


def _copied_member(name: str, telling: Telling, finish: Finish) -> Make:
    """Copy a member of the record itself, most often a text."""

    def copied(record: Record, run: _Run) -> JsonValue:
        try:
            value = record[name]
        except KeyError:
            raise AbsentError(telling, name) from None
        return value if type(value) is str else finish(value, run)

    return copied


def _copied(get: Getter, finish: Finish, *, is_own: bool) -> Make:
    """Copy a value, most often a text; ``is_own``: only when it is present."""

    def copied(record: Record, run: _Run) -> JsonValue:
        value = get(record)
        return value if type(value) is str else finish(value, run)

    def copied_if_present(record: Record, run: _Run) -> JsonValue | _LeftOut:
        value = get(record)
        return finish(value, run) if is_present(value) else LEFT_OUT

    return copied_if_present if is_own else copied


def _called_with_one(
    call: Call, get: Getter, telling: Telling, finish: Finish, *, is_own: bool
) -> Make:
    """Call a function with the one value it takes, as most rules do; ``is_own`` as above."""
    function = partial(FUNCTIONS[call.function], **call.options)

    def called(record: Record, run: _Run) -> JsonValue | _LeftOut:
        value = get(record)
        if not value:
            if is_own and (value == "" or not is_present(value)):
                return LEFT_OUT
            if value is None:
                return finish(None, run)
        try:
            result = function(value)
        except RejectedError as error:
            raise telling.refused(error, run.numbers) from error
        if type(result) is str:
            return result
        if isinstance(result, Altered):
            return _unaltered(result, telling, run)
        return finish(result, run)

    return called


def _unaltered(result: Altered, telling: Telling, run: _Run) -> str:
    """Return the text that a function altered, and report it."""
    text, original = result
    run.alterations += (Alteration(telling.at(run.numbers), original, text),)
    return text


def _own_condition(rule: Rule) -> Condition | None:
    """Return the condition that a rule's only source be present, which its value then shows."""
    from_paths = sources(rule)
    return next(
        (when for when in rule.when if when.value is None and from_paths == (when.path,)), None
    )


def _own_form(rule: Rule) -> Form:
    """Return what is left to check of a rule's form: its function kept the limits it was told."""
    form = rule.form
    told = rule.make.options if isinstance(rule.make, Call) else {}
    return Form(
        type=form.type,
        length=None if told.get("length") == form.length else form.length,
        decimals=None if told.get("decimals") == form.decimals else form.decimals,
    )
