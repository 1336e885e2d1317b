"""The fault catalogue: what each fault is, how it is injected, and which tests show what.

The rows are in catalog.yaml: T-01 to T-70 are the faults of the reliability design. A row says what
is missing as plainly as what is there. ``PYTHONPATH=tests python -m faults.catalog`` prints
docs/reference/faults.md.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

TESTS = Path(__file__).parents[1]
ROWS = Path(__file__).with_name("catalog.yaml")
FAULTS = 70
BUILT, PARTLY, NOT_BUILT = "built", "partly", "not built"


@dataclass(frozen=True)
class Row:
    """One fault; ``tier`` 1 runs on each change, 2 at night, 3 at a release."""

    fault: int
    name: str
    tier: str
    injected: str
    tests: tuple[str, ...] = ()
    missing: str = ""

    @property
    def fault_id(self) -> str:
        """Return the fault's id, such as T-07."""
        return f"T-{self.fault:02}"

    @property
    def state(self) -> str:
        """Return how far it is built."""
        if not self.tests:
            return NOT_BUILT
        return PARTLY if self.missing else BUILT

    @property
    def tiers(self) -> set[str]:
        """Return the tiers, each a digit."""
        return set(self.tier.replace(",", " ").split())


def rows() -> list[Row]:
    """Return the catalogue, read."""
    stored = yaml.safe_load(ROWS.read_text("utf-8"))
    return [Row(**{**row, "tests": tuple(row.get("tests", ()))}) for row in stored]


@cache
def tests_in(path: str) -> dict[str, bool]:
    """Return the tests of a file below tests/ by name, and whether each is in tier 1."""
    tree = ast.parse((TESTS / path).read_text("utf-8"))
    return {
        node.name: not any(
            ast.unparse(mark).endswith((".tier2", ".bench")) for mark in node.decorator_list
        )
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def unknown_tests(row: Row) -> list[str]:
    """Return what the row names that pytest would not collect."""
    return [name for name in row.tests if not _is_test(name)]


def _is_test(name: str) -> bool:
    path, _, function = name.partition("::")
    is_collected = Path(path).name.startswith("test_") and (TESTS / path).exists()
    return is_collected and function in tests_in(path)


def runs_on_every_change(row: Row) -> bool:
    """Say whether at least one of the row's tests is in tier 1."""
    named = [name.partition("::") for name in row.tests]
    return any(tests_in(path)[function] for path, _, function in named)


HEAD = """# Faults

What may go wrong, how the tests make it go wrong, and which of them show that nothing is lost,
doubled or made up by it. Made from the tests' own table by `PYTHONPATH=tests python -m
faults.catalog`; a test compares, and checks that every test named here exists. Tier 1 runs in
`make test`, tier 2 in `make crash-matrix` or `make bench`, tier 3 by hand at a release. Everything
is against simulators of the systems.

A fault counts as injected only if it struck: it has a counter, and a run whose counter stays at 0
fails. *Partly* means that what is named under *missing* is not shown.
"""


def page() -> str:
    """Return docs/reference/faults.md."""
    known = rows()
    return "\n".join([HEAD, *_summary(known), "", *_table(known)]) + "\n"


def _summary(known: list[Row]) -> Iterator[str]:
    yield "| tier | built | partly | not built |"
    yield "| --- | --- | --- | --- |"
    for tier in "123":
        states = [row.state for row in known if tier in row.tiers]
        counts = " | ".join(str(states.count(state)) for state in (BUILT, PARTLY, NOT_BUILT))
        yield f"| {tier} | {counts} |"


def _table(known: list[Row]) -> Iterator[str]:
    yield "| fault | tier | injected by | state | shown by | missing |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in known:
        shown = "<br>".join(f"`{name}`" for name in row.tests)
        cells = (f"{row.fault_id} {row.name}", row.tier, row.injected, row.state, shown)
        yield f"| {' | '.join(cells)} | {row.missing} |"


if __name__ == "__main__":
    sys.stdout.write(page())
