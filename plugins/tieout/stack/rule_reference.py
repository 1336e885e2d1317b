"""The rules and suites of the gate, as docs/reference/rules.md has them.

``python -m tieout.stack.rule_reference`` prints them; a test compares. They say what the suites in
include/expectations and the facts' meanings say, and decide only the form.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from tieout.usecases.rows.meanings import FACTS
from tieout.usecases.rows.table import ROW_KINDS
from tieout.validation.suite import Expectation, Suite, load_suite

EXPECTATIONS = Path("include/expectations")
RULES = ("| rule | what must be | severity | owner | it says | what to do |", f"|{' --- |' * 6}")
ALL_FACTS = ("| fact | meaning |", "| --- | --- |")


def reference(expectations: Path) -> str:
    """Return one part for each suite, in the order of the code, then the facts."""
    parts = [_suite(name, load_suite(expectations / f"{name}.yaml", FACTS)) for name in ROW_KINDS]
    facts = [f"| `{name}` | {meaning} |" for name, meaning in FACTS.items()]
    return "\n\n".join([*parts, "## Facts", "\n".join([*ALL_FACTS, *facts])])


def _suite(name: str, suite: Suite) -> str:
    kind = ROW_KINDS[name]
    record = f"`{kind.record.__module__}.{kind.record.__name__}`"
    judged = " ".join((inspect.getdoc(kind.record) or "").split("\n\n")[0].split())
    lines = [f"## `{name}`", f"Judges {record}: {judged}"]
    return "\n\n".join([*lines, "\n".join([*RULES, *map(_rule, suite.expectations)])])


def _rule(rule: Expectation) -> str:
    cells = [
        f"`{rule.rule}`",
        "; ".join(_demands(rule)),
        rule.severity,
        rule.owner,
        " ".join(rule.message.split()),
        " ".join(rule.remedy.split()),
    ]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _demands(rule: Expectation) -> Iterator[str]:
    """Yield what must be, in words for the types that our suites use."""
    column = f"`{rule.columns[0]}`"
    args = rule.kwargs
    match rule.type:
        case "expect_column_values_to_be_in_set":
            yield f"{column} is {_values(args['value_set'])}"
        case "expect_column_values_to_not_be_in_set":
            yield f"{column} is not {_values(args['value_set'])}"
        case "expect_column_values_to_be_unique":
            yield f"{column} is no other row's"
        case "expect_column_pair_values_to_be_equal":
            yield f"{column} is `{rule.columns[1]}`"
        case "expect_column_values_to_be_between":
            yield f"{column} is {' and '.join(_bounds(rule))}"
        case other:
            yield f"`{other}` of {column}"
    for name, above in rule.only_above.items():
        yield f"asked only when `{name}` is more than {above}"


def _bounds(rule: Expectation) -> Iterator[str]:
    least, most = rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
    if least is not None and least == most:
        yield f"{least}"
        return
    if least is not None:
        yield f"more than {least}" if rule.kwargs.get("strict_min") else f"at least {least}"
    if most is not None:
        yield f"less than {most}" if rule.kwargs.get("strict_max") else f"at most {most}"


def _values(values: object) -> str:
    listed = values if isinstance(values, list) else [values]
    return " or ".join(str(value) or "empty" for value in listed)


if __name__ == "__main__":
    sys.stdout.write(f"{reference(EXPECTATIONS)}\n")
