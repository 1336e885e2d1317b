"""Reading the data files of include/: YAML and CSV, with errors that name the file and the fix.

Only reading belongs here; what the content means is for the module that asked.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from typing_extensions import override

from tieout.errors import ConfigurationError

Place = tuple[str | int, ...]
"""Where something stands inside of a file: keys of mappings and numbers of lists."""


class _StrictLoader(yaml.CSafeLoader):  # several times faster than the same in Python
    """A safe loader that refuses a key given twice, where YAML would keep the last silently."""

    @override
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
        if repeated:
            message = f"{', '.join(repeated)} is given twice"
            raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)
        return {str(key): value for key, value in super().construct_mapping(node, deep).items()}


class PlainLoader(_StrictLoader):
    """A strict loader to which a day is a text, as in JSON."""


PlainLoader.yaml_implicit_resolvers = {
    sign: [(tag, form) for tag, form in forms if not tag.endswith(":timestamp")]
    for sign, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Located:
    """What a YAML file holds, and the line on which each part of it begins."""

    content: Mapping[str, object]
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """Return the line of a place, or of the nearest that is there above it."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]


def read_yaml(path: Path) -> Mapping[str, object]:
    """Return the mapping that a YAML file holds.

    Raises:
        ConfigurationError: The file is missing, is no YAML, or holds something else.
    """
    return _located(path, read_text(path), _StrictLoader).content


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        ConfigurationError: The file is missing, may not be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise ConfigurationError(
            message, remedy="Create the file, or correct its rights."
        ) from error
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8: {error}."
        raise ConfigurationError(message, remedy="Save it as UTF-8.") from error


def located_in(path: Path, text: str) -> Located:
    """Return the mapping in a YAML file's text, with the line of every part; days are texts.

    Raises:
        ConfigurationError: It is no YAML, or holds something else; names the file.
    """
    return _located(path, text, PlainLoader)


def _located(path: Path, text: str, kind: type[_StrictLoader]) -> Located:
    try:
        loader = kind(text)
        node: yaml.Node | None = loader.get_single_node()
        content = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        message = f"{path} is not valid YAML: {' '.join(str(error).split())}."
        raise ConfigurationError(message, remedy="Correct the file at that place.") from error
    if node is None or not isinstance(content, dict):
        message = f"{path} holds no fields."
        raise ConfigurationError(message, remedy="Write it as 'name: value' lines.")
    return Located(content, _lines(node))


def _lines(node: yaml.Node) -> dict[Place, int]:
    lines: dict[Place, int] = {(): node.start_mark.line + 1}
    waiting: list[tuple[Place, yaml.Node]] = [((), node)]
    while waiting:
        place, above = waiting.pop()
        for part, begin, below in _below(above):
            lines[(*place, part)] = begin.start_mark.line + 1
            waiting.append(((*place, part), below))
    return lines


def _below(node: yaml.Node) -> list[tuple[str | int, yaml.Node, yaml.Node]]:
    """Return the parts of a node: by which name or number, where it begins, and what it is."""
    if isinstance(node, yaml.MappingNode):
        return [(str(key.value), key, value) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [(number, value, value) for number, value in enumerate(node.value)]
    return []


def read_csv(path: Path, *headers: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a CSV file that must have exactly the columns of one of these headers.

    Raises:
        ConfigurationError: The file is missing, or a header or row differs from ``headers``.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.reader(lines, strict=True))
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise ConfigurationError(
            message, remedy="Create the file, or correct its rights."
        ) from error
    except (csv.Error, UnicodeDecodeError) as error:
        message = f"{path} is not valid CSV in UTF-8: {error}."
        raise ConfigurationError(message, remedy="Save it as CSV, UTF-8.") from error
    columns = tuple(rows[0]) if rows else ()
    if columns not in headers:
        ways = " or ".join(",".join(header) for header in headers)
        message = f"{path} does not begin with the header {ways}."
        raise ConfigurationError(message, remedy="Make that its first line.")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(columns):
            message = f"{path}, line {number}: {len(row)} values for {len(columns)} columns."
            raise ConfigurationError(message, remedy=f"Give {', '.join(columns)}.")
    return [dict(zip(columns, (cell.strip() for cell in row), strict=True)) for row in rows[1:]]
