"""Fields that a pair adds to a record: one line for every mapping of it.

A line of include/mappings/shared/<record>.yaml names the field and where each system keeps it. It
becomes one rule in each mapping of the record: out of what a system sent into the canonical
record's ``custom``, and from there into each target. What rules do: tieout.mapping.compiler.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from tieout.mapping.paths import CUSTOM
from tieout.mapping.schema import Fault, Place, read_checked
from tieout.mapping.source import Located
from tieout.mapping.spec import Call, Condition, Form, Rule, Spec

SHARED = "shared"
"""The folder of include/mappings with these files."""
LINE_SCHEMA = "shared.schema.json"


@dataclass(frozen=True)
class Way:
    """How a field goes through one mapping of its record.

    ``source`` and ``target`` are paths; {name} stands for the field's name, {place} for where the
    system keeps it.
    """

    system: str
    mapping: str
    source: str
    target: str
    function: str = "plain_line"


WAYS: Mapping[str, tuple[Way, ...]] = {
    "customer": (
        Way("shopify", "from_shopify/order", "node.{place}", f"buyer.{CUSTOM}.{{name}}"),
        Way("xero", "from_xero/contact", "node.{place}", f"{CUSTOM}.{{name}}"),
        Way("sage100", "from_sage100/customer", "node.{place}", f"{CUSTOM}.{{name}}"),
        Way("xero", "to_xero/contact_update", f"party.{CUSTOM}.{{name}}", "{place}"),
        Way(
            "sage100",
            "to_sage100/customer_update",
            f"party.{CUSTOM}.{{name}}",
            "header.{place}",
            function="sage100_text",
        ),
        Way("xero", "to_xero/contact", f"buyer.{CUSTOM}.{{name}}", "{place}"),
        Way(
            "sage100",
            "to_sage100/customer",
            f"buyer.{CUSTOM}.{{name}}",
            "header.{place}",
            function="sage100_text",
        ),
    ),
}
"""Every record that a pair may add fields to, and the mappings that move it."""


def with_shared(specs: Mapping[str, Spec], folder: Path, pair: str = "") -> dict[str, Spec]:
    """Add the lines of the shared files under ``folder``, include/mappings, to the mappings.

    A pair's own file is used in place of the one for all.

    Raises:
        ConfigurationError: A file is wrong; names the file, the line, the path in it and the fix.
    """
    added = dict(specs)
    for record, ways in WAYS.items():
        places = [base / SHARED / f"{record}.yaml" for base in (folder / "pairs" / pair, folder)]
        path = next((place for place in places if place.exists()), None)
        if path is None:
            continue
        located = read_checked(path, LINE_SCHEMA)
        for way in ways:
            if way.mapping in added:
                spec = added[way.mapping]
                rules = dict(_rules(path, located, way, spec))
                added[way.mapping] = replace(spec, fields={**spec.fields, **rules})
    return added


def _rules(
    path: Path, located: Located, way: Way, spec: Spec
) -> Iterator[tuple[str, tuple[Rule, ...]]]:
    lines = cast("Mapping[str, Mapping[str, str | int]]", located.content["fields"])
    for name, line in lines.items():
        if way.system not in line:
            continue
        at = ("fields", name, way.system)
        place = Place(path, located.line(at), at)
        source = way.source.format(name=name, place=line[way.system])
        target = way.target.format(name=name, place=line[way.system])
        if target in spec.fields:
            problem = f"{spec.path} fills {target!r} already"
            fix = "Name another field of the system, or take the field out of that mapping."
            raise Fault(place, problem, fix).error()
        length = int(line["length"])
        options = {"length": length} if way.function == "sage100_text" else {}
        yield (
            target,
            (
                Rule(
                    make=Call(way.function, (source,), {}, options),
                    when=(Condition(source),),
                    form=Form(type="text", length=length),
                    place=place,
                ),
            ),
        )
