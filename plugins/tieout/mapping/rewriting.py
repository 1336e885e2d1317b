"""Changes a mapping file's text as little as its new content needs: all other bytes stay.

Comments, blank lines, order, quotes and line breaks are a person's; only the text of a value that
differs is written anew, and only the line of one that is gone is taken out. What content is right
is for the schema to say (tieout.mapping.schema).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import yaml

from tieout.errors import ConfigurationError
from tieout.mapping.source import PlainLoader

LINE_LENGTH = 120
"""Up to here a value is written into one line."""
INDENT = 2


class _PlainDumper(yaml.SafeDumper):
    """Writes a day as the text that PlainLoader reads."""


_PlainDumper.yaml_implicit_resolvers = PlainLoader.yaml_implicit_resolvers


def rewrite_file(path: Path, content: Mapping[str, object]) -> None:
    """Give a file this content, and leave every other byte of it as it is.

    Raises:
        ConfigurationError: The file is no YAML, or shares values by anchors that would change too.
    """
    path.write_bytes(rewrite(path.read_bytes().decode("utf-8"), content).encode("utf-8"))


def rewrite(text: str, content: Mapping[str, object]) -> str:
    """Return ``text`` changed so that it holds ``content``; unchanged when it does already.

    Raises:
        ConfigurationError: It is no YAML, or shares values by anchors that would change too.
    """
    try:
        for _ in range(len(text) + len(str(content))):
            node = _parsed(text)
            changed = _changed(_Text(text), node, content)
            if changed is None:
                return text
            text = changed
    except yaml.YAMLError as error:
        message = f"The mapping is not valid YAML: {' '.join(str(error).split())}."
        raise ConfigurationError(message, remedy="Correct it at that place.") from error
    message = "The mapping shares values by anchors, so that one cannot be changed alone."
    raise ConfigurationError(message, remedy="Write the values out in the file, without & and *.")


def _parsed(text: str) -> yaml.Node:
    return cast("yaml.Node", PlainLoader(text.removeprefix("\ufeff")).get_single_node())


class _Text:
    """A text and the places of nodes in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._skipped = len(text) - len(text.removeprefix("\ufeff"))
        self.line_end = "\r\n" if "\r\n" in text else "\n"

    def begin(self, node: yaml.Node) -> int:
        return int(node.start_mark.index) + self._skipped

    def end(self, node: yaml.Node) -> int:
        """Return where a node's own text ends; a block's mark is where the next thing begins."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.end(last[1] if isinstance(node, yaml.MappingNode) else last)
        begin, end = self.begin(node), int(node.end_mark.index) + self._skipped
        return begin + len(self.text[begin:end].rstrip())

    def line_begin(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def after_line(self, index: int) -> int:
        """Return where the line of ``index`` ends, its comment included, before its line break."""
        end = self.text.find("\n", index)
        if end < 0:
            return len(self.text)
        return end - 1 if self.text[end - 1] == "\r" else end

    def column(self, node: yaml.Node) -> int:
        return int(node.start_mark.column)

    def put(self, begin: int, end: int, new: str) -> str:
        return self.text[:begin] + new.replace("\n", self.line_end) + self.text[end:]


def _value(node: yaml.Node) -> object:
    loader = PlainLoader("")
    return loader.construct_document(node)


def _changed(text: _Text, node: yaml.Node, content: object) -> str | None:
    """Return the text with the first difference made good, None when there is none."""
    if _same(_value(node), content):
        return None
    if isinstance(node, yaml.MappingNode) and isinstance(content, Mapping) and content:
        return _changed_mapping(text, node, content)
    if isinstance(node, yaml.SequenceNode) and isinstance(content, list) and content:
        return _changed_sequence(text, node, content)
    return _replaced(text, node, content)


def _same(one: object, other: object) -> bool:
    """Compare as JSON does: true is not 1, but 1 is 1.0 to no reader of ours either."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other


def _changed_mapping(
    text: _Text, node: yaml.MappingNode, content: Mapping[str, object]
) -> str | None:
    known = {key.value for key, _ in node.value}
    name = next((name for name in content if name not in known), None)
    if name is None:
        return _changed_members(text, node, content)
    column = text.column(node.value[0][0]) if node.value else text.column(node) + INDENT
    key, value = _scalar(name), content[name]
    written = f" {_flow(value)}" if node.flow_style else _written(value, column, len(key) + 1)
    return _appended(text, node, f"{key}:{written}", column)


def _changed_members(
    text: _Text, node: yaml.MappingNode, content: Mapping[str, object]
) -> str | None:
    for number, (key, value) in enumerate(node.value):
        if key.value not in content:
            return _without(text, node, number, key, value)
        changed = _changed(text, value, content[key.value])
        if changed is not None:
            return changed
    return None


def _changed_sequence(text: _Text, node: yaml.SequenceNode, content: list[object]) -> str | None:
    given = [_value(element) for element in node.value]
    first = 0
    while first < min(len(given), len(content)) and _same(given[first], content[first]):
        first += 1
    if len(given) == len(content):
        return _changed(text, node.value[first], content[first])
    if len(given) > len(content):
        return _without(text, node, first, node.value[first], node.value[first])
    column = text.column(node.value[0]) if node.value else text.column(node) + INDENT
    if first < len(given):
        return _inserted(text, node, first, content[first])
    dash = "" if node.flow_style else "- "
    return _appended(text, node, f"{dash}{_element(content[first], column)}", column - len(dash))


def _inserted(text: _Text, node: yaml.SequenceNode, number: int, value: object) -> str:
    before = node.value[number]
    begin, column = text.begin(before), text.column(before)
    if node.flow_style:
        return text.put(begin, begin, f"{_flow(value)}, ")
    dash = text.text.rfind("-", 0, begin)
    between = text.text[dash:begin]
    new = f"- {_element(value, column)}\n{' ' * (dash - text.line_begin(dash))}"
    return text.put(begin - len(between), begin - len(between), new)


def _element(value: object, column: int) -> str:
    """Write an element, whose block begins beside its dash and not below it."""
    return _written(value, column - INDENT, 0).lstrip()


def _appended(text: _Text, node: yaml.CollectionNode, new: str, column: int) -> str:
    end = text.end(node)
    if node.flow_style:
        comma = ", " if node.value else ""
        return text.put(end - 1, end - 1, f"{comma}{new}")
    at = text.after_line(end)
    return text.put(at, at, f"\n{' ' * column}{new}")


def _without(
    text: _Text, node: yaml.CollectionNode, number: int, first: yaml.Node, last: yaml.Node
) -> str:
    begin, end = text.begin(first), text.end(last)
    parts = [pair[0] if isinstance(pair, tuple) else pair for pair in node.value]
    if node.flow_style:
        if number + 1 < len(parts):
            return text.put(begin, text.begin(parts[number + 1]), "")
        comma = text.text.rfind(",", 0, begin) if number else begin
        return text.put(comma, end, "")
    line = text.line_begin(begin)
    mark = text.text[line:begin].strip()
    is_own_line = not mark or (isinstance(node, yaml.SequenceNode) and mark == "-")
    after = text.after_line(end)
    if is_own_line and line > 0:
        before = line - 2 if text.text[:line].endswith("\r\n") else line - 1
        return text.put(before, after, "")
    if is_own_line:
        return text.put(line, after + len(text.line_end), "")
    following = text.begin(parts[number + 1])
    if "#" in text.text[end:following]:
        return text.put(begin, after, "")
    return text.put(begin, following, "")


def _replaced(text: _Text, node: yaml.Node, content: object) -> str:
    begin, end = text.begin(node), text.end(node)
    key_end = len(text.text[:begin].rstrip())
    line = text.text[text.line_begin(key_end) : key_end]
    if not line.endswith(":") or set(line) & set("{[#"):
        return text.put(begin, end, _flow(content))
    column = len(line) - len(line.lstrip(" -"))
    return text.put(key_end, end, _written(content, column, len(line) - column))


def _scalar(value: object) -> str:
    """Write one value without brackets, so that it may stand in a list's brackets too."""
    return _flow([value])[1:-1]


def _flow(value: object) -> str:
    if not isinstance(value, Mapping | Sequence) or isinstance(value, str):
        return _scalar(value)
    dumped = yaml.dump(
        value,
        Dumper=_PlainDumper,
        default_flow_style=True,
        width=float("inf"),
        sort_keys=False,
        allow_unicode=True,
    )
    return dumped.rstrip("\n")


def _written(value: object, column: int, used: int) -> str:
    """Write what comes after ``key:`` at a column: in the same line, or as a block below."""
    flow = _flow(value)
    is_scalar = not isinstance(value, Mapping | list) or not value
    if is_scalar or column + used + len(flow) < LINE_LENGTH:
        return f" {flow}"
    indent = " " * (column + INDENT)
    if isinstance(value, Mapping):
        lines = [
            f"{_scalar(name)}:{_written(below, column + INDENT, len(str(name)) + 1)}"
            for name, below in value.items()
        ]
    else:
        lines = [
            f"- {_element(below, column + INDENT + len('- '))}"
            for below in cast("list[object]", value)
        ]
    return "".join(f"\n{indent}{line}" for line in lines)
