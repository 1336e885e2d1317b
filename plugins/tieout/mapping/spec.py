"""Mapping files: what they may say, and reading them.

The JSON Schema beside this module is the authority on the form (tieout.mapping.schema); here a
checked file becomes rules, and a file that extends another one takes over its rules. Applying them
is in tieout.mapping.compiler.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast

from tieout.mapping import source
from tieout.mapping.functions import FUNCTIONS
from tieout.mapping.schema import Fault, Place, did_you_mean, read_checked
from tieout.mapping.source import Located
from tieout.mapping.tables import ALWAYS, Period, period

Scalar = str | int | float | bool
TypeName = Literal["text", "integer", "number", "boolean", "date"]


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
    is_reverse: bool = False


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
class Form:
    """What a value must be: its type, how many characters or digits, and how many decimals."""

    type: TypeName | None = None
    length: int | None = None
    decimals: int | None = None


ANY_FORM = Form()


@dataclass(frozen=True)
class Rule:
    """How one value is made, when, and in which form.

    ``default`` stands in for an empty value; where a value is required, an empty one sets the
    record aside.
    """

    make: "Maker"
    when: tuple[Condition, ...] = ()
    default: Scalar | None = None
    is_required: bool = False
    form: Form = ANY_FORM
    period: Period = ALWAYS
    place: Place = field(default=Place(Path(), 1, ()), compare=False)


Maker = Copy | Constant | Call | Lookup | Each | Nested | Listed
Fields = Mapping[str, tuple[Rule, ...]]
"""The rules of each target path, of which the first whose condition holds is used."""


@dataclass(frozen=True)
class Spec:
    """One mapping file, read and checked, with the rules of those that it extends.

    ``source`` is what errors call the record that a system sent, which paths call node.
    ``dated_by`` is the source path of the day by which rules and rows of tables are valid.
    """

    path: Path
    target: str
    fields: Fields
    source: str = ""
    dated_by: str = ""
    extends: str = ""


def load_spec(path: Path, mappings: Path | None = None) -> Spec:
    """Read one mapping file and check it against the schema and the functions.

    ``mappings`` is the folder that names of extended mappings start from, include/mappings; without
    it, it is the folder above the file's own.

    Raises:
        ConfigurationError: The file is wrong; names the file, the line, the path in it and the fix.
    """
    return _load(path, mappings or path.parents[1], ())


def rules_of(fields: Fields) -> Iterator[Rule]:
    """Yield every rule of these fields, those inside of others too."""
    for rules in fields.values():
        for rule in rules:
            yield from _rules_of(rule)


def _rules_of(rule: Rule) -> Iterator[Rule]:
    yield rule
    match rule.make:
        case Each(fields=fields) | Nested(fields=fields):
            yield from rules_of(fields)
        case Listed(elements=elements):
            for element in elements:
                yield from _rules_of(element)
        case Copy() | Constant() | Lookup() | Call():
            return


def _load(path: Path, mappings: Path, extending: tuple[Path, ...]) -> Spec:
    located = read_checked(path)
    content = located.content
    reader = _Reader(path, located)
    spec = Spec(
        path=path,
        target=str(content["target"]),
        fields=reader.fields(content["fields"], ("fields",)),
        source=str(content.get("source", "")),
        dated_by=str(content.get("dated_by", "")),
        extends=str(content.get("extends", "")),
    )
    if spec.extends:
        spec = _extended(spec, reader, mappings, (*extending, path))
    for rule in rules_of(spec.fields):
        if rule.period != ALWAYS and not spec.dated_by:
            problem = "the file does not say by which day a rule is valid"
            fix = "Give its source path at the top of the file, as in dated_by: order.book_date."
            raise Fault(rule.place, problem, fix).error()
    return spec


def _extended(spec: Spec, reader: "_Reader", mappings: Path, extending: tuple[Path, ...]) -> Spec:
    path = mappings / f"{spec.extends}.yaml"
    if path in extending or not path.exists():
        problem = f"{path} extends this file" if path in extending else f"there is no file {path}"
        fix = "Name another mapping in 'extends', such as to_xero/contact."
        raise reader.fault(("extends",), problem, fix).error()
    base = _load(path, mappings, extending)
    kept = dict(base.fields)
    for number, target in enumerate(cast("list[str]", reader.content.get("without", []))):
        if target not in kept:
            fix = did_you_mean(target, kept)
            problem = f"{spec.extends} has no field {target!r}"
            raise reader.fault(("without", number), problem, fix).error()
        del kept[target]
    return replace(
        spec,
        fields=_merged(kept, spec.fields),
        source=spec.source or base.source,
        dated_by=spec.dated_by or base.dated_by,
    )


def _merged(base: Fields, over: Fields) -> Fields:
    """Return the rules of both, where ``over`` replaces, and new ones come last.

    A rule of ``over`` that only has fields changes those of an object or list below it.
    """
    merged = dict(base)
    for target, rules in over.items():
        merged[target] = _merged_rules(base.get(target, ()), rules)
    return merged


def _merged_rules(base: tuple[Rule, ...], over: tuple[Rule, ...]) -> tuple[Rule, ...]:
    match (base, over):
        case (
            (Rule(make=Each() | Nested() as below) as rule,),
            (Rule(make=Nested(fields=fields), when=()),),
        ):
            return (replace(rule, make=replace(below, fields=_merged(below.fields, fields))),)
        case _:
            return over


class _Reader:
    """Makes rules of a file's content, whose form is right."""

    def __init__(self, path: Path, located: Located) -> None:
        self._path = path
        self._located = located
        self.content = located.content

    def fault(self, place: source.Place, problem: str, fix: str) -> Fault:
        return Fault(self._place(place), problem, fix)

    def _place(self, place: source.Place) -> Place:
        return Place(self._path, self._located.line(place), place)

    def fields(self, described: object, place: source.Place) -> Fields:
        rules = cast("dict[str, object]", described)
        return {
            target: self._rules(rule, (*place, target))
            if isinstance(rule, list)
            else (self._rule(rule, (*place, target)),)
            for target, rule in rules.items()
        }

    def _rules(self, described: Sequence[object], place: source.Place) -> tuple[Rule, ...]:
        return tuple(self._rule(rule, (*place, n)) for n, rule in enumerate(described))

    def _rule(self, described: object, place: source.Place) -> Rule:
        if isinstance(described, str):
            return Rule(make=Copy(described), place=self._place(place))
        rule = cast("dict[str, object]", described)
        make = self._maker(rule, place)
        options = make.options if isinstance(make, Call) else {}
        return Rule(
            make=make,
            when=tuple(_conditions(rule)),
            default=cast("Scalar | None", rule.get("default")),
            is_required="required" in rule,
            form=Form(
                type=cast("TypeName | None", rule.get("type")),
                length=cast("int | None", rule.get("length", options.get("length"))),
                decimals=cast("int | None", rule.get("decimals", options.get("decimals"))),
            ),
            period=self._period(rule, place),
            place=self._place(place),
        )

    def _period(self, rule: Mapping[str, object], place: source.Place) -> Period:
        first, last = (str(rule.get(name, "")) for name in ("valid_from", "valid_until"))
        return period(first, last, str(self._place(place))) if first or last else ALWAYS

    def _maker(self, rule: Mapping[str, object], place: source.Place) -> Maker:
        made: Maker
        if "function" in rule:
            made = self._call(rule, place)
        elif "table" in rule:
            made = Lookup(str(rule["table"]), str(rule["from"]), is_reverse="reverse" in rule)
        elif "constant" in rule:
            made = Constant(cast("Scalar", rule["constant"]))
        elif "each" in rule:
            fields = self.fields(rule["fields"], (*place, "fields"))
            made = Each(str(rule["each"]), str(rule["as"]), fields)
        elif "list" in rule:
            elements = cast("list[object]", rule["list"])
            made = Listed(self._rules(elements, (*place, "list")))
        elif "fields" in rule:
            made = Nested(self.fields(rule["fields"], (*place, "fields")))
        else:
            made = Copy(str(rule.get("from", rule.get("when_present"))))
        return made

    def _call(self, rule: Mapping[str, object], place: source.Place) -> Call:
        name = str(rule["function"])
        function = FUNCTIONS.get(name)
        if function is None:
            fix = did_you_mean(name, FUNCTIONS)
            raise self.fault(place, f"there is no function {name!r}", fix).error()
        found = rule.get("from", [])
        signature = inspect.signature(function)
        options = dict(cast("dict[str, Scalar]", rule.get("with", {})))
        for limit in ("length", "decimals"):
            # Where a function writes within a limit, the rule's own limit is told to it.
            if limit in rule and limit in signature.parameters:
                options.setdefault(limit, cast("int", rule[limit]))
        call = Call(
            function=name,
            positional=() if isinstance(found, dict) else _paths(found),
            keyword=found if isinstance(found, dict) else {},
            options=options,
        )
        try:
            signature.bind(*call.positional, **call.keyword, **call.options)
        except TypeError as error:
            problem = f"{name} does not take these arguments: {error}"
            raise self.fault(place, problem, f"It takes {signature}.").error() from error
        return call


def _conditions(rule: Mapping[str, object]) -> Iterator[Condition]:
    if "when_present" in rule:
        yield Condition(path=str(rule["when_present"]))
    if "when_equal" in rule:
        ((path, value),) = cast("dict[str, Scalar]", rule["when_equal"]).items()
        yield Condition(path=path, value=value)


def _paths(found: object) -> tuple[str, ...]:
    return (found,) if isinstance(found, str) else tuple(cast("Sequence[str]", found))
