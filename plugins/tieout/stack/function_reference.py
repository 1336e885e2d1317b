"""The functions that mapping files may name, as docs/reference/mapping-functions.md has them.

``python -m tieout.stack.function_reference`` prints them; a test compares. They say what the
docstrings say, and decide only the form.
"""

import inspect
import sys
from collections.abc import Callable

from tieout.mapping.functions import FUNCTIONS


def reference() -> str:
    """Return one part for each module with functions, and in it one for each, by name."""
    by_module: dict[str, list[str]] = {}
    for name in sorted(FUNCTIONS):
        by_module.setdefault(FUNCTIONS[name].__module__, []).append(name)
    return "\n\n".join(_module(module, by_module[module]) for module in sorted(by_module))


def _module(module: str, names: list[str]) -> str:
    summary = _words(inspect.getdoc(sys.modules[module]) or "").split("\n\n")[0]
    parts = [f"## `{module}`", summary, *(_function(name, FUNCTIONS[name]) for name in names)]
    return "\n\n".join(parts)


def _function(name: str, function: Callable[..., object]) -> str:
    return f"### `{name}`\n\n    {call(name, function)}\n\n{_words(inspect.getdoc(function) or '')}"


def call(name: str, function: Callable[..., object]) -> str:
    """Return how a function is called: its inputs by name, with their defaults, without types."""
    signature = inspect.signature(function)
    bare = [
        one.replace(annotation=inspect.Parameter.empty) for one in signature.parameters.values()
    ]
    inputs = signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)
    return f"{name}{inputs}"


def _words(docstring: str) -> str:
    """Return the paragraphs of a docstring, each on one line."""
    paragraphs = docstring.replace("``", "`").split("\n\n")
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


if __name__ == "__main__":
    sys.stdout.write(f"{reference()}\n")
