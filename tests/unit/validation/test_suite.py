from pathlib import Path

import pytest
import yaml

from tieout.errors import ConfigurationError
from tieout.validation.suite import load_suite

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "include" / "expectations" / "shop_order.yaml"
COLUMNS = frozenset({"row_key", "order_name", "total", "lines"})


def make_expectation(**members):
    return {
        "rule": "total_is_positive",
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "total", "min_value": 0},
        "severity": "park",
        "owner": "shop",
        "message": "{order_name}: {value}.",
        "remedy": "Correct it.",
        **members,
    }


def load(tmp_path, *expectations):
    path = tmp_path / "made.yaml"
    path.write_text(yaml.safe_dump({"expectations": list(expectations)}), "utf-8")
    return load_suite(path, COLUMNS)


def test_a_suite_keeps_the_order_of_its_rules(tmp_path):
    suite = load(tmp_path, make_expectation(), make_expectation(rule="another"))

    assert [rule.rule for rule in suite.expectations] == ["total_is_positive", "another"]
    assert suite.expectations[0].columns == ("total",)


def test_the_rules_of_orders_are_the_causes_of_dead_letters():
    page = (ROOT / "docs/reference/dead-letters.md").read_text("utf-8")
    rules = {rule["rule"] for rule in yaml.safe_load(SHIPPED.read_text("utf-8"))["expectations"]}

    assert rules
    assert {rule for rule in rules if f"| `{rule}` |" not in page} == set()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"severity": "stop"}, "expectations.0.severity: Input should be 'warn', 'park' or 'halt'"),
        ({"type": "expect_table_row_count_to_equal"}, "expectations.0.type: String should match"),
        ({"kwargs": {"column": "total", "mostly": 0.9}}, "kwargs: 'mostly' would let bad rows"),
        ({"kwargs": {"min_value": 0}}, "kwargs: names no column"),
        ({"kwargs": {"column": "totl"}}, "(total_is_positive): the rows have no column totl"),
        ({"message": "{nothing} is wrong"}, "the rows have no column nothing"),
        ({"only_above": {"count": 0}}, "the rows have no column count"),
        ({"only_above": {"total": 0, "lines": 0}}, "only_above: Dictionary should have at most 1"),
        ({"remedy": ""}, "remedy: String should have at least 1 character"),
        ({"notes": "x"}, "notes: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_expectation_names_the_file_and_the_place(tmp_path, members, message):
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, make_expectation(**members))

    assert str(tmp_path / "made.yaml") in caught.value.message
    assert message in caught.value.message


def test_two_rules_of_one_name_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"expectations\.1 .* another rule of that name"):
        load(tmp_path, make_expectation(), make_expectation())


def test_a_suite_without_rules_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="expectations: Tuple should have at least 1"):
        load(tmp_path)
