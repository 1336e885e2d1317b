"""Changes of mapping rules, one at a time, as somebody's slip of the pen would make them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tieout.mapping.explain import sources_of
from tieout.mapping.spec import (
    Call,
    Constant,
    Copy,
    Each,
    Fields,
    Listed,
    Lookup,
    Nested,
    Rule,
    Spec,
    rules_of,
)

LIMITS = ("length", "decimals")
SETTINGS = "pair."
"""Paths that are not swapped: what a pair's settings say is no member of any record."""


@dataclass(frozen=True)
class Mutant:
    """One field of a mapping with one rule changed; ``what`` says how, and where."""

    what: str
    field: str
    rules: tuple[Rule, ...]

    def spec(self, spec: Spec) -> Spec:
        """Return the mapping of this field alone, as changed."""
        return replace(spec, fields={self.field: self.rules} if self.rules else {})


def mutants_of(spec: Spec) -> Iterator[Mutant]:
    """Yield every change of every rule of a mapping."""
    read = {path for rule in rules_of(spec.fields) for path in sources_of(rule)}
    mutator = _Mutator(tuple(sorted(path for path in read if not path.startswith(SETTINGS))))
    for field, rules in spec.fields.items():
        for what, changed in mutator.rules(rules):
            yield Mutant(f"{spec.path.parent.name}/{spec.path.name}, {what}", field, changed)


def other(value):
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    return value + (1 if isinstance(value, int | float) else "~")


@dataclass(frozen=True)
class _Mutator:
    paths: tuple[str, ...]
    """All source paths that the mapping reads."""

    def rules(self, rules: tuple[Rule, ...]) -> Iterator[tuple[str, tuple[Rule, ...]]]:
        for n, rule in enumerate(rules):
            yield f"line {rule.place.line}: rule dropped", rules[:n] + rules[n + 1 :]
            for what, changed in self.rule(rule):
                place = "" if what.startswith("line ") else f"line {rule.place.line}: "
                yield f"{place}{what}", (*rules[:n], changed, *rules[n + 1 :])

    def rule(self, rule: Rule) -> Iterator[tuple[str, Rule]]:
        for n, when in enumerate(rule.when):
            rest = rule.when[:n] + rule.when[n + 1 :]
            yield f"condition on {when.path} dropped", replace(rule, when=rest)
            for other_path in self.swaps(when.path):
                swapped = replace(when, path=other_path)
                yield f"condition on {other_path}", replace(rule, when=(*rest, swapped))
            if when.value is not None:
                changed = replace(when, value=other(when.value))
                yield f"condition on {changed.value!r}", replace(rule, when=(*rest, changed))
        if rule.default is not None:
            yield "default changed", replace(rule, default=other(rule.default))
            yield "default dropped", replace(rule, default=None)
        if rule.is_required:
            yield "no longer required", replace(rule, is_required=False)
        for limit in LIMITS:
            yield from self.limits(rule, limit)
        for what, make in self.make(rule.make):
            yield what, replace(rule, make=make)

    def limits(self, rule: Rule, limit: str) -> Iterator[tuple[str, Rule]]:
        """Change a limit by one, where it stands and where its function is told of it."""
        value = getattr(rule.form, limit)
        for step in (-1, 1) if value is not None else ():
            make = rule.make
            if isinstance(make, Call) and limit in make.options:
                make = replace(make, options={**make.options, limit: value + step})
            form = replace(rule.form, **{limit: value + step})
            yield f"{limit} {value + step} instead of {value}", replace(rule, form=form, make=make)

    def make(self, make):
        match make:
            case Copy(path=path) | Lookup(path=path):
                for other_path in self.swaps(path):
                    yield f"{other_path} instead of {path}", replace(make, path=other_path)
            case Constant(value=value):
                yield f"constant {other(value)!r}", Constant(other(value))
            case Call():
                yield from self.call(make)
            case Each(path=path):
                for other_path in self.swaps(path):
                    yield f"each of {other_path}", replace(make, path=other_path)
                yield from self.fields(make)
            case Nested():
                yield from self.fields(make)
            case Listed(elements=elements):
                for what, changed in self.rules(elements):
                    yield what, Listed(changed)

    def call(self, call: Call):
        for n, path in enumerate(call.positional):
            for other_path in self.swaps(path):
                swapped = (*call.positional[:n], other_path, *call.positional[n + 1 :])
                yield f"{other_path} instead of {path}", replace(call, positional=swapped)
        for name, path in call.keyword.items():
            for other_path in self.swaps(path):
                keyword = {**call.keyword, name: other_path}
                yield f"{name}: {other_path} instead of {path}", replace(call, keyword=keyword)
        for name, value in call.options.items():
            if name not in LIMITS:
                options = {**call.options, name: other(value)}
                yield f"{name} {other(value)!r}", replace(call, options=options)

    def fields(self, make):
        fields: Fields = make.fields
        for field, rules in fields.items():
            for what, changed in self.rules(rules):
                rest = {name: one for name, one in fields.items() if name != field}
                below = {**fields, field: changed} if changed else rest
                yield what, replace(make, fields=below)

    def swaps(self, path: str) -> list[str]:
        """Return another path that the mapping reads, as near to this one as there is."""
        parent, root = path.rpartition(".")[0], path.partition(".")[0]
        others = [] if path.startswith(SETTINGS) else [one for one in self.paths if one != path]
        near = [one for one in others if one.rpartition(".")[0] == parent]
        same = [one for one in others if one.partition(".")[0] == root]
        among = near or same or others
        return [next((one for one in among if one > path), among[0])] if among else []
