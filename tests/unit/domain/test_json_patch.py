"""Patches as RFC 6902 says them: what its appendix shows, and what we refuse."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tieout.domain.json_patch import Act, Change, Operation, differences, found, patched
from tieout.errors import RejectedError

NAMES = st.text(alphabet="ab/~0", min_size=1, max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(alphabet="xy", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def op(act: str, path: str, value: Any = None) -> Operation:
    return Operation(op=Act(act), path=path, value=value)


@pytest.mark.parametrize(
    ("value", "operation", "wanted"),
    [
        ({"foo": "bar"}, op("add", "/baz", "qux"), {"foo": "bar", "baz": "qux"}),
        ({"foo": ["bar", "baz"]}, op("add", "/foo/1", "qux"), {"foo": ["bar", "qux", "baz"]}),
        ({"foo": ["bar"]}, op("add", "/foo/-", ["abc"]), {"foo": ["bar", ["abc"]]}),
        ({"baz": "qux", "foo": "bar"}, op("remove", "/baz"), {"foo": "bar"}),
        ({"foo": ["bar", "qux", "baz"]}, op("remove", "/foo/1"), {"foo": ["bar", "baz"]}),
        ({"baz": "qux"}, op("replace", "/baz", "boo"), {"baz": "boo"}),
        ({"/": 9, "~1": 10}, op("replace", "/~01", 11), {"/": 9, "~1": 11}),
        ({"a": {"b": [{"c": 1}]}}, op("replace", "/a/b/0/c", 2), {"a": {"b": [{"c": 2}]}}),
        ({"foo": None}, op("replace", "/foo", 1), {"foo": 1}),
    ],
)
def test_an_operation_does_what_the_standard_says(
    value: Any, operation: Operation, wanted: Any
) -> None:
    before = copy.deepcopy(value)
    assert patched(value, [operation]) == wanted
    assert value == before


@pytest.mark.parametrize(
    "operation",
    [
        op("add", "/baz/bat", "qux"),
        op("remove", "/gone"),
        op("replace", "/gone", 1),
        op("replace", "/list/2", 1),
        op("add", "/list/3", 1),
        op("remove", "/list/-"),
        op("replace", "/list/01", 1),
        op("replace", "/list/x", 1),
        op("replace", "/text/0", 1),
        op("replace", "/list/\u0661", 1),
    ],
)
def test_an_operation_on_a_place_that_is_not_there_is_refused(operation: Operation) -> None:
    with pytest.raises(RejectedError) as caught:
        patched({"list": [1, 2], "text": "t"}, [operation])
    assert caught.value.cause == "correction_does_not_apply"
    assert caught.value.field == operation.path


def test_the_whole_record_cannot_be_replaced() -> None:
    with pytest.raises(ValidationError):
        op("replace", "", {})


def test_differences_name_each_place_with_both_values() -> None:
    was = {"lines": [{"sku": "A"}, {"sku": "B"}], "total": "1", "gone": 1}
    now = {"lines": [{"sku": "C"}], "total": "1", "new": True}
    assert list(differences(was, now)) == [
        Change(path="/lines/0/sku", was="A", now="C"),
        Change(path="/lines/1", was={"sku": "B"}, now=None),
        Change(path="/new", was=None, now=True),
        Change(path="/gone", was=1, now=None),
    ]


@given(VALUES, VALUES)
def test_there_is_no_difference_exactly_between_equals(one: Any, other: Any) -> None:
    assert list(differences(one, one)) == []
    for change in differences(one, other):
        assert change.was != change.now


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=3), VALUES)
def test_what_was_put_at_a_place_is_found_there(value: dict[str, Any], new: Any) -> None:
    for name in value:
        path = f"/{name.replace('~', '~0').replace('/', '~1')}"
        assert found(patched(value, [op("replace", path, new)]), path) == (True, new)
