"""The operators' inputs, outputs and errors, as docs/reference/operators.md has them.

``python -m tieout.stack.operator_reference`` prints them; a test compares. They say what the
docstrings say, and decide only the form.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from types import ModuleType

from tieout.provider import (
    conflict_operators,
    hint_operators,
    in_step_operators,
    merge_operators,
    nightly_operators,
    operators,
    posting_operators,
    reconciliation_operators,
    replay_operators,
    sage100_operators,
    tie_out_operators,
)

MODULES = (
    *(operators, sage100_operators, hint_operators, posting_operators, nightly_operators),
    *(replay_operators, in_step_operators, merge_operators, conflict_operators),
    *(reconciliation_operators, tie_out_operators),
)
SECTIONS = ("Args", "Returns", "Raises")
INPUTS = ("| input | what it is | default |", "| --- | --- | --- |")
ERRORS = ("| ends otherwise | when |", "| --- | --- |")
_SECTION = re.compile(rf"^({'|'.join(SECTIONS)}):$", re.MULTILINE)
_ENTRY = re.compile(r"^    (\S+): ", re.MULTILINE)


def reference() -> str:
    """Return one part for each operator, in the order of the code."""
    parts = [part(kind) for module in MODULES for kind in operators_of(module)]
    return "\n\n".join(parts)


def operators_of(module: ModuleType) -> Iterator[type]:
    """Yield the operators and sensors that a module defines, without those that only others use."""
    for name, kind in vars(module).items():
        if isinstance(kind, type) and kind.__module__ == module.__name__ and name[0] != "_":
            yield kind


def part(kind: type) -> str:
    """Return what one operator takes, gives and raises."""
    told = sections(kind)
    lines = [f"## `{kind.__name__}`", told[""]]
    defaults = inputs_of(kind)
    inputs = [
        f"| `{name}` | {words} | {defaults.get(name, '')} |"
        for name, words in entries(told.get("Args", ""))
    ]
    if inputs:
        lines.append(
            "\n".join(["| input | what it is | default |", "| --- | --- | --- |", *inputs])
        )
    lines.append(f"**Output.** {_one_line(told['Returns'])}")
    errors = [f"| `{name}` | {words} |" for name, words in entries(told["Raises"])]
    lines.append("\n".join([*ERRORS, *errors]))
    return "\n\n".join(lines)


def inputs_of(kind: type) -> dict[str, str]:
    """Return the inputs that an operator and its base classes of ours take, with their defaults."""
    taken: dict[str, str] = {}
    for one in reversed(_ours(kind)):
        own = inspect.signature(one).parameters if "__init__" in vars(one) else {}
        for name, given in own.items():
            if given.kind is given.KEYWORD_ONLY:
                taken[name] = "" if given.default is given.empty else f"`{given.default!r}`"
    return taken


def _ours(kind: type) -> list[type]:
    return [one for one in kind.__mro__ if one.__module__ == kind.__module__]


def sections(kind: type) -> dict[str, str]:
    """Return the parts of an operator's docstring; what it lacks is its base classes'."""
    told: dict[str, str] = {}
    for one in reversed(_ours(kind)):
        head, *rest = _SECTION.split(inspect.cleandoc(one.__doc__ or ""))
        told |= {"": head.strip(), **dict(zip(rest[::2], rest[1::2], strict=True))}
    return told


def entries(section: str) -> Iterator[tuple[str, str]]:
    """Yield name and words of each entry of a section."""
    _, *rest = _ENTRY.split(section)
    for name, words in zip(rest[::2], rest[1::2], strict=True):
        yield name, _one_line(words)


def _one_line(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


if __name__ == "__main__":
    sys.stdout.write(f"{reference()}\n")
