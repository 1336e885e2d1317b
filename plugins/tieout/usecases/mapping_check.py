"""Checking mapping files against what both sides can hold, and saying what they cover.

A file's own form is the language's question; here its paths and lengths meet the schemas of source
and target, and the pair's codes what both ledgers have.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel

from tieout.domain.base import System
from tieout.domain.order import Order
from tieout.domain.pair import Pair
from tieout.errors import ConfigurationError
from tieout.mapping.coverage import (
    Coverage,
    Side,
    model_fields,
    plain,
    side,
    sources_read,
    targets_made,
)
from tieout.mapping.engine import compile_spec
from tieout.mapping.mapper import DIRECTIONS, PAIRS
from tieout.mapping.master_data import CALLED_IN_XERO, FILES, FORMS
from tieout.mapping.spec import Rule, Spec, load_spec
from tieout.mapping.tables import Tables, load_tables
from tieout.ports.schemas import SchemaField, Schemas
from tieout.ports.systems import Sage100Reference, XeroReference
from tieout.usecases.catalog import WRITE_KINDS

_OF_MASTER_DATA = [
    (FORMS[entity], files, (system, CALLED_IN_XERO[entity] if system is System.XERO else entity))
    for entity, by_system in FILES.items()
    for system, files in by_system.items()
]
SOURCES = {
    "from_shopify/order": (System.SHOPIFY, "order"),
    **{files.reads: place for _, files, place in _OF_MASTER_DATA},
}
"""Of which system's record each reading mapping reads."""
TARGETS = {
    **{name: place for _, files, place in _OF_MASTER_DATA for name in files.writes},
    **{kind.mapping: (kind.target, kind.entity) for kind in WRITE_KINDS if kind.mapping},
}
"""Which write each mapping makes."""
MODELS: dict[str, type[BaseModel]] = {
    "from_shopify/order": Order,
    **{files.reads: form for form, files, _ in _OF_MASTER_DATA},
}
"""The canonical record that each reading mapping makes."""
OWN = "UDF_"
"""How the names of user-defined fields of Sage 100 begin."""
HOW_TO_ADD = (
    "Let an administrator add it in Sage 100 (Custom Office, User-Defined Field and Table "
    "Maintenance), or take it out of the mapping."
)
TYPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("number", "float"), ("number", "integer")),
    "int": ("integer",),
    "bool": ("boolean",),
    "date": ("date",),
}
"""The types of rules that make what a field of a type holds; a text may hold anything."""
ORDER_FIELDS = tuple(model_fields(Order, "order"))
SchemasOf = Mapping[System, Schemas]


def load_checked(mappings: Path, pair: str) -> tuple[dict[str, Spec], list[str]]:
    """Read every mapping file as it is for a pair; return what could be read, and what is wrong."""
    specs: dict[str, Spec] = {}
    problems: list[str] = []
    tables: Tables = {}
    try:
        tables = load_tables(mappings, pair)
    except ConfigurationError as error:
        problems.append(str(error))
    for folder in (mappings, mappings / PAIRS / pair):
        for direction in DIRECTIONS:
            for path in sorted((folder / direction).glob("*.yaml")):
                try:
                    spec = load_spec(path, mappings)
                    compile_spec(spec, tables)
                except ConfigurationError as error:
                    problems.append(str(error))
                else:
                    specs[f"{direction}/{path.stem}"] = spec
    return specs, problems


def check(
    specs: Mapping[str, Spec],
    schemas: SchemasOf,
    *,
    concerns: Callable[[str], bool] = lambda _path: True,
) -> list[str]:
    """Return what is wrong with the mappings against the schemas: file, line, field and the fix.

    Of all fields, or of those alone that ``concerns`` lets through by their paths.
    """
    found = [
        problem
        for name in specs
        for path, problem in _misfits(name, specs, schemas)
        if concerns(path)
    ]
    return list(dict.fromkeys(found))


def is_own_field(path: str) -> bool:
    """Say whether a path leads to a field that a site added to Sage 100 itself."""
    return path.rpartition(".")[2].startswith(OWN)


def own_fields(specs: Mapping[str, Spec]) -> dict[str, set[str]]:
    """Return the fields of a site's own that mappings read from Sage 100, by kind of record."""
    found: dict[str, set[str]] = {}
    for name, spec in specs.items():
        system, entity = SOURCES.get(name, (None, ""))
        if system is System.SAGE100:
            read = filter(is_own_field, map(plain, _of_node(sources_read(spec))))
            found.setdefault(entity, set()).update(read)
    return {entity: names for entity, names in found.items() if names}


def _misfits(name: str, specs: Mapping[str, Spec], schemas: SchemasOf) -> Iterator[tuple[str, str]]:
    """Yield what does not fit, each with the path that it is about."""
    spec = specs[name]
    if name not in TARGETS:
        yield from _unread(name, specs, schemas)
        return
    system, entity = TARGETS[name]
    fields = _fields(schemas, system, entity)
    if not fields:
        return
    known = {plain(field.path): field for field in fields}
    made = targets_made(spec)
    unknown = set(side([field.path for field in fields], list(made)).unknown)
    for path, rules in made.items():
        field = known.get(plain(path))
        for rule in rules:
            if path in unknown:
                problem = f"{system} has no {entity} field {path}"
                yield path, f"{_place(rule)}: {problem}. {_meant(path, known)}"
            elif field is not None:
                misfits = [
                    *_too_long(rule, path, field, system),
                    *_too_fine(rule, path, field, system),
                    *_of_other_type(rule, path, field, system),
                ]
                yield from ((path, misfit) for misfit in misfits)


def _too_long(rule: Rule, path: str, field: SchemaField, system: System) -> Iterator[str]:
    length = rule.form.length
    if length is not None and field.length is not None and length > field.length:
        yield (
            f"{_place(rule)}: {path} may have {length} characters, and {system} holds "
            f"{field.length}. Write length: {field.length}."
        )


def _too_fine(rule: Rule, path: str, field: SchemaField, system: System) -> Iterator[str]:
    decimals = rule.form.decimals
    if decimals is not None and field.decimals is not None and decimals > field.decimals:
        yield (
            f"{_place(rule)}: {path} may have {decimals} decimals, and {system} keeps "
            f"{field.decimals}. Write decimals: {field.decimals}."
        )


def _of_other_type(rule: Rule, path: str, field: SchemaField, system: System) -> Iterator[str]:
    """Yield that a rule does not make what the field holds.

    A site's own field needs a type that fits; of others the agent knows what they hold, so there
    only a type that does not fit is wrong.
    """
    fitting, said = TYPES.get(field.type.partition("[")[0], ()), rule.form.type
    is_own = is_own_field(path)
    if fitting and said not in fitting and (is_own or said is not None):
        where = "at this site" if is_own else f"in {system}"
        yield f"{_place(rule)}: {path} holds a {fitting[0]} {where}. Write type: {fitting[0]}."


def _unread(name: str, specs: Mapping[str, Spec], schemas: SchemasOf) -> Iterator[tuple[str, str]]:
    """Yield what a reading mapping reads that its source's schema does not have.

    What another mapping lends it is that one's fault.
    """
    if name not in SOURCES:
        return
    system, entity = SOURCES[name]
    if system is System.SHOPIFY:
        return  # what is worked out beside the shop's own members is no field of the shop
    known = {plain(one): one for one in _source_fields(schemas, system, entity)}
    spec = specs[name]
    lent = sources_read(specs[spec.extends]) if spec.extends in specs else set()
    for path in sorted(_of_node(sources_read(spec) - lent)) if known else ():
        if plain(path) not in known:
            problem = f"{system} has no {entity} field {path}"
            yield path, f"{spec.path}: {problem}. {_meant(path, known)}"


def _place(rule: Rule) -> str:
    return f"{rule.place.file}, line {rule.place.line}"


def _meant(path: str, known: Mapping[str, object]) -> str:
    if is_own_field(path):
        return HOW_TO_ADD
    meant = get_close_matches(plain(path), list(known), n=1)
    return f"Did you mean {meant[0]}?" if meant else "See 'tieout mapping coverage --fields'."


def check_codes(pair: Pair, xero: XeroReference, sage100: Sage100Reference) -> list[str]:
    """Return the codes of a pair's settings that its ledgers do not have, or no more."""
    named = [
        *(("Xero", "account", one.xero, xero.account_codes) for one in pair.accounts),
        *(("Sage 100", "account", one.sage100, sage100.accounts) for one in pair.accounts),
        *(("Xero", "tax type", one.xero_tax_type, xero.tax_types) for one in pair.taxes),
        *(
            ("Sage 100", "bank code", one.sage100_bank_code, sage100.bank_codes)
            for one in pair.gateways
        ),
    ]
    return [
        f"include/mappings/accounts/{pair.pair}.yaml: {ledger} has no active {what} {code}. "
        "Correct it there, or add it in the ledger."
        for ledger, what, code, known in dict.fromkeys(named)
        if code and code not in known
    ]


def coverage(specs: Mapping[str, Spec], schemas: SchemasOf) -> list[Coverage]:
    """Return what each mapping moves of its source and of its target."""
    return [_covered(name, spec, schemas) for name, spec in sorted(specs.items())]


def _covered(name: str, spec: Spec, schemas: SchemasOf) -> Coverage:
    made = list(targets_made(spec))
    read = sources_read(spec)
    if name in SOURCES:
        system, entity = SOURCES[name]
        source = side(_source_fields(schemas, system, entity), _of_node(read))
        target = side(list(model_fields(MODELS[name], "")), made)
        return Coverage(mapping=name, source=source, target=target)
    of_order = {path for path in read if path.startswith("order.")}
    known = ORDER_FIELDS if of_order else ()
    fields = _fields(schemas, *TARGETS[name]) if name in TARGETS else []
    target = side([field.path for field in fields], made)
    if not fields:
        target = Side(moved=tuple(sorted(made)), left=(), is_known=False)
    return Coverage(mapping=name, source=side(known, of_order), target=target)


def moved_nowhere(specs: Mapping[str, Spec]) -> list[str]:
    """Return the fields of an order that no mapping moves into any system."""
    read = [path for name, spec in specs.items() if name in TARGETS for path in sources_read(spec)]
    return list(side(ORDER_FIELDS, [path for path in read if path.startswith("order.")]).left)


def _source_fields(schemas: SchemasOf, system: System, entity: str) -> list[str]:
    """Return the fields of what a system sends: a row of Sage 100 has no header."""
    return [field.path.removeprefix("header.") for field in _fields(schemas, system, entity)]


def _of_node(paths: set[str]) -> Sequence[str]:
    return [path.removeprefix("node.") for path in paths if path.startswith("node.")]


def _fields(schemas: SchemasOf, system: System, entity: str) -> list[SchemaField]:
    known = schemas.get(system)
    return known.fields(entity) if known else []
