"""The fault catalogue names every fault once, tests that exist, and what is missing."""

import pytest

from faults.catalog import (
    BUILT,
    FAULTS,
    NOT_BUILT,
    TESTS,
    Row,
    page,
    rows,
    runs_on_every_change,
    unknown_tests,
)

PAGE = TESTS.parent / "docs/reference/faults.md"


def test_every_fault_has_one_row_in_order() -> None:
    assert [row.fault for row in rows()] == list(range(1, FAULTS + 1))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.fault_id)
def test_a_row_names_tests_that_exist_or_says_why_there_are_none(row: Row) -> None:
    assert unknown_tests(row) == []
    assert row.tests or row.missing
    assert row.tiers <= {"1", "2", "3"}
    if row.state == BUILT and "1" in row.tiers:
        assert runs_on_every_change(row)


def test_a_test_that_is_none_is_found() -> None:
    wrong = Row(1, "x", "1", "x", ("faults/test_proxy.py::test_no_such_test", "nowhere::x"))
    assert len(unknown_tests(wrong)) == 2
    assert Row(1, "x", "1", "x").state == NOT_BUILT


def test_the_page_is_the_tables() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: PYTHONPATH=tests python -m faults.catalog"
