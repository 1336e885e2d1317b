"""What an order of a shop says: the fields that order.graphql selects."""

import re
from collections.abc import Iterator
from importlib.resources import files

from typing_extensions import override

from tieout.ports.schemas import SchemaField, Schemas

ORDER = "order"
FRAGMENT = "OrderFields"
_WORD = re.compile(r"\.\.\.\s*\w+|\w+|[{}]")
_ARGUMENTS = re.compile(r"\([^)]*\)")
_COMMENT = re.compile(r"#.*")


class ShopifySchemas(Schemas):
    """The fields of a shop's order that are read; of what is written nothing is listed."""

    @override
    def fields(self, entity: str) -> list[SchemaField]:
        if entity != ORDER:
            return []
        text = files("tieout.connectors.shopify").joinpath("order.graphql").read_text("utf-8")
        words = _WORD.findall(_ARGUMENTS.sub("", _COMMENT.sub("", text)))
        fragments = _fragments(words)
        return [SchemaField(path=path, type="") for path in _leaves(fragments, FRAGMENT, "")]


def _fragments(words: list[str]) -> dict[str, list[str]]:
    """Return the words of each fragment's selection, without its outer braces."""
    found: dict[str, list[str]] = {}
    place = 0
    while place < len(words):
        if words[place] != "fragment":
            place += 1
            continue
        name, start = words[place + 1], words.index("{", place) + 1
        place = _end(words, start)
        found[name] = words[start:place]
    return found


def _end(words: list[str], start: int) -> int:
    """Return where the selection that began before ``start`` is closed."""
    depth = 1
    for place in range(start, len(words)):
        depth += {"{": 1, "}": -1}.get(words[place], 0)
        if not depth:
            return place
    return len(words)


def _leaves(fragments: dict[str, list[str]], fragment: str, where: str) -> Iterator[str]:
    yield from _selected(fragments, fragments[fragment], where)


def _selected(fragments: dict[str, list[str]], words: list[str], where: str) -> Iterator[str]:
    place = 0
    while place < len(words):
        word = words[place]
        place += 1
        if word.startswith("..."):
            spread = word[3:].strip()
            if spread != "on":
                yield from _leaves(fragments, spread, where)
                continue
            place += 2  # the type's name and the brace: what a type adds is selected in place
            end = _end(words, place)
            yield from _selected(fragments, words[place:end], where)
            place = end + 1
        elif place < len(words) and words[place] == "{":
            end = _end(words, place + 1)
            yield from _selected(fragments, words[place + 1 : end], f"{where}{word}.")
            place = end + 1
        else:
            yield f"{where}{word}"
