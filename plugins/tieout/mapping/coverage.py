"""Which fields of a source and of a target a mapping moves, and which it leaves, in percent.

A field counts as moved when a rule reads or makes it, or something that it is part of: a function
that is given a whole line reads all of the line.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import NoneType
from typing import get_args, get_origin

from pydantic import BaseModel

from tieout.domain.base import Frozen
from tieout.mapping.explain import sources_of
from tieout.mapping.spec import Each, Fields, Listed, Nested, Rule, Spec

_SELECTOR = re.compile(r"\[[^\]]*\]")
ALIASES = {
    "buyer": "order.buyer",
    "ship_to": "order.ship_to",
    "payment": "order.payments[]",
    "lines[].line": "order.lines[]",
    "node.sold[].item": "node.lineItems.nodes[]",
    "node.sold[].taxes": "node.lineItems.nodes[].taxLines",
    "node.captured": "node.transactions",
    "node.billTo": "node.billingAddress",
    "node.shipTo": "node.shippingAddress",
}
"""What flows give a mapping apart or worked out, and where it stands in the record itself."""


class Side(Frozen):
    """One side of a mapping: which of the fields that it has are moved, and which are left.

    ``unknown`` are those that the mapping names and the side does not have. ``is_known`` says
    whether somebody tells what there is.
    """

    moved: tuple[str, ...]
    left: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    is_known: bool = True

    @property
    def percent(self) -> float | None:
        """Return how many percent are moved, None where it is not known what there is."""
        known = len(self.moved) + len(self.left)
        return round(100 * len(self.moved) / known, 1) if known and self.is_known else None


class Coverage(Frozen):
    """What one mapping moves."""

    mapping: str
    source: Side
    target: Side


def side(known: Collection[str], named: Collection[str]) -> Side:
    """Compare the fields that there are with those that a mapping names."""
    by_plain = {plain(path): path for path in known}
    used = {plain(path): path for path in named}
    moved = [path for one, path in by_plain.items() if _is_within(one, used)]
    unknown = [
        path
        for one, path in used.items()
        if not _is_within(one, by_plain) and not any(_is_below(other, one) for other in by_plain)
    ]
    return Side(
        moved=tuple(sorted(moved)),
        left=tuple(sorted(set(by_plain.values()) - set(moved))),
        unknown=tuple(sorted(unknown)) if known else (),
    )


def plain(path: str) -> str:
    """Return a path without what selects elements of lists."""
    return _SELECTOR.sub("", path)


def _is_within(path: str, paths: Collection[str]) -> bool:
    parts = path.split(".")
    return any(".".join(parts[:count]) in paths for count in range(1, len(parts) + 1))


def _is_below(path: str, parent: str) -> bool:
    return path.startswith(f"{parent}.")


def targets_made(spec: Spec) -> dict[str, tuple[Rule, ...]]:
    """Return the target paths of values, with the rules that make each; lists end in ``[]``."""
    return dict(_targets(spec.fields, ""))


def _targets(fields: Fields, where: str) -> Iterator[tuple[str, tuple[Rule, ...]]]:
    for target, rules in fields.items():
        yield from _target(rules, f"{where}.{target}" if where else target)


def _target(rules: Sequence[Rule], where: str) -> Iterator[tuple[str, tuple[Rule, ...]]]:
    values: list[Rule] = []
    below: dict[str, tuple[Rule, ...]] = {}
    for rule in rules:
        match rule.make:
            case Each(fields=fields):
                inner = _targets(fields, f"{where}[]")
            case Nested(fields=fields):
                inner = _targets(fields, where)
            case Listed(elements=elements):
                inner = _target(elements, f"{where}[]")
            case _:
                values.append(rule)
                continue
        for path, made_by in inner:
            below[path] = (*below.get(path, ()), *made_by)
    if values:
        yield where, tuple(values)
    yield from below.items()


def sources_read(spec: Spec) -> set[str]:
    """Return the source paths that rules read; the element of a list is told by the list's path."""
    return set(_sources(spec.fields, {}))


def _sources(fields: Fields, names: Mapping[str, str]) -> Iterator[str]:
    for rules in fields.values():
        for rule in rules:
            yield from _sources_of(rule, names)


def _sources_of(rule: Rule, names: Mapping[str, str]) -> Iterator[str]:
    for path in sources_of(rule):
        yield _whole(path, names)
    match rule.make:
        case Each(path=path, name=name, fields=fields):
            yield from _sources(fields, {**names, name: f"{_whole(path, names)}[]"})
        case Nested(fields=fields):
            yield from _sources(fields, names)
        case Listed(elements=elements):
            for element in elements:
                yield from _sources_of(element, names)
        case _:
            return


def _whole(path: str, names: Mapping[str, str]) -> str:
    """Return a path from the record's root, in the order's own words where it is of the order."""
    root, dot, rest = path.partition(".")
    told = f"{names.get(root, root)}{dot}{rest}"
    for alias, place in ALIASES.items():
        if told == alias or told.startswith((f"{alias}.", f"{alias}[")):
            return f"{place}{told[len(alias) :]}"
    return told


def model_fields(model: type[BaseModel], where: str) -> Iterator[str]:
    """Yield the path of every plain value of a model and of the models inside of it."""
    for name, field in model.model_fields.items():
        path = f"{where}.{name}" if where else name
        kinds = [kind for kind in get_args(field.annotation) if kind not in (Ellipsis, NoneType)]
        is_list = get_origin(field.annotation) in (tuple, list)
        inner = kinds[0] if kinds else field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from model_fields(inner, f"{path}[]" if is_list else path)
        else:
            yield path
