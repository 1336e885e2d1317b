"""Compiles a mapping's rules into functions that call one another.

What can be found out from the file alone is found out here, once. Knows rules, conditions and
tables; not what any field means.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from pydantic import JsonValue

from tieout.domain.base import Json
from tieout.errors import RejectedError
from tieout.mapping.forms import MisfitError, converter, is_present, json_value, plain
from tieout.mapping.functions import FUNCTIONS
from tieout.mapping.making import (
    LEFT_OUT,
    Finish,
    LeftOut,
    Make,
    Record,
    Run,
    Value,
    always,
    called_with_one,
    copied,
    copied_member,
    taken,
    unaltered,
)
from tieout.mapping.paths import Getter, getter, is_custom, root
from tieout.mapping.payloads import Made, assembled
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


class Compiler:
    """Compiles one mapping; ``is_dated``: what it made so far goes by the document's book date."""

    def __init__(self, spec: Spec, tables: Tables, known: Record) -> None:
        """Take the mapping, its tables, and the members that every record has besides its own."""
        self._spec = spec
        self._tables = tables
        self._known = known
        self.is_dated = any(rule.period != ALWAYS for rule in rules_of(spec.fields))

    def fields(self, fields: Fields, where: str, nodes: Places) -> Callable[[Record, Run], Json]:
        """Return what makes an object with these fields.

        ``where`` is the object's target path ('' = the payload itself); ``nodes`` are the names by
        which rules reach what a system sent.

        Raises:
            ConfigurationError: A rule names a table that is not there, or that it cannot use.
        """
        made: list[Made] = []
        for target, rules in fields.items():
            place = f"{where}.{target}" if where else target
            made.append((target, rules[0], self._field(rules, place, nodes)))
        return assembled(made)

    def _field(self, rules: Sequence[Rule], where: str, nodes: Places) -> Make:
        makes = [self._rule(rule, where, nodes) for rule in rules]
        if len(makes) == 1:
            return makes[0]

        one, *others = makes

        def first(record: Record, run: Run) -> JsonValue | LeftOut:
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

        def conditional(record: Record, run: Run) -> JsonValue | LeftOut:
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
                return copied_member(make.path, telling, finish)
            return copied(self._get(make.path, telling, nodes), finish, is_own=is_own)
        if isinstance(make, Call) and len(make.positional) == 1 and not make.keyword and is_as_is:
            get = self._get(make.positional[0], telling, nodes)
            return called_with_one(make, get, telling, finish, is_own=is_own)
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

        def finished(value: object, run: Run) -> JsonValue:
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
                value = taken(self._get(path, telling, nodes))
            case Constant(value=constant):
                value = always(constant)
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

        def elements(record: Record, run: Run) -> object:
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

        def called(record: Record, run: Run) -> object:
            values = [get(record) for get in positional]
            if values == [None]:
                return None
            named = {name: get(record) for name, get in keyword}
            try:
                result = function(*values, **named)
            except RejectedError as error:
                raise telling.refused(error, run.numbers) from error
            return unaltered(result, telling, run) if isinstance(result, Altered) else result

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

        def looked_up(record: Record, run: Run) -> object:
            value = get(record)
            if value is None or (is_optional and not is_present(value)):
                return None
            asked = str(plain(value))
            found = table.look_up(asked, run.day, reverse=lookup.is_reverse)
            if found is None:
                raise telling.unknown(lookup.table, asked, run.day, run.numbers)
            return found

        return looked_up


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
