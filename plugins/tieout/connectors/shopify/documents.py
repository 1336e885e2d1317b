"""The GraphQL operations of the connector, read from the .graphql files beside this module."""

import re
from functools import cache
from importlib.resources import files

PACKAGE = "tieout.connectors.shopify"
FILES = ("order.graphql", "operations.graphql")
_DEFINITION = re.compile(r"^(?=(?:query|mutation|fragment) )", re.MULTILINE)
_NAME = re.compile(r"(?:query|mutation|fragment) (\w+)")
_SPREAD = re.compile(r"\.\.\.(\w+)")


@cache
def document(operation: str) -> str:
    """Return the operation together with the fragments that it uses, and no others."""
    definitions = _definitions()
    needed = [operation]
    for name in needed:
        spreads = _SPREAD.findall(definitions[name])
        needed += [spread for spread in dict.fromkeys(spreads) if spread not in needed]
    return "\n".join(definitions[name] for name in needed)


@cache
def operations() -> tuple[str, ...]:
    """Return the names of all operations."""
    return tuple(name for name, text in _definitions().items() if not text.startswith("fragment"))


@cache
def _definitions() -> dict[str, str]:
    """Return every definition of the files by its name."""
    definitions: dict[str, str] = {}
    for file in FILES:
        text = files(PACKAGE).joinpath(file).read_text(encoding="utf-8")
        for definition in _DEFINITION.split(text)[1:]:
            match = _NAME.match(definition)
            definitions[match[1] if match else ""] = definition.strip()
    return definitions
