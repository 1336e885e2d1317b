"""Twelve bugs are named, and each has a test that would catch it; what has none says so."""

import ast
from pathlib import Path

import pytest

from seeded_bugs.bugs import BUGS, SIMULATED, Bug
from seeded_bugs.variants import VARIANTS

FOLDER = Path(__file__).parent
PROMISED = {
    "naive retry",
    "random key",
    "no look-up",
    "no quiesce",
    "key window ignored",
    "no target uniqueness",
    "ack-first webhook",
    "> watermark",
    "watermark outside the transaction",
    "refresh without lock",
    "HMAC on re-serialized JSON",
    "dead-letter insert outside the transaction",
}


def test_all_twelve_are_named_once() -> None:
    assert sorted(bug.name for bug in BUGS) == sorted(PROMISED)


def test_every_simulated_bug_has_its_variant() -> None:
    assert {bug.name for bug in BUGS if bug.caught_in == SIMULATED} == set(VARIANTS)


@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.is_built], ids=lambda bug: bug.name)
def test_every_bug_that_is_built_has_the_test_that_it_names(bug: Bug) -> None:
    tree = ast.parse((FOLDER / bug.caught_in).read_text(encoding="utf-8"))
    tests = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert bug.caught_by in tests


def test_what_is_not_built_is_said_in_the_docs() -> None:
    text = (FOLDER.parents[1] / "docs/exactly-once.md").read_text(encoding="utf-8")
    for bug in BUGS:
        assert bug.name in text
        assert bug.is_built is (f"{bug.name} (not built)" not in text)
