"""The scenarios' own judgement can fail: a loss, a double and a fault that never struck."""

from collections import Counter

import pytest

from crash_matrix.airflow_scenarios import KINDS, faults, refuse_not_injected


def test_one_document_of_each_kind_for_each_order_is_no_fault() -> None:
    copies = {kind: Counter(["HP-1", "HP-2"]) for kind in KINDS}

    assert faults(copies, ["HP-1", "HP-2"]) == ([], [])


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_document_of_any_kind_is_a_loss(kind: str) -> None:
    copies = {one: Counter(["HP-1"] if one != kind else []) for one in KINDS}

    assert faults(copies, ["HP-1"]).lost == [f"HP-1 has no {kind}"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_document_of_any_kind_is_a_double(kind: str) -> None:
    copies = {one: Counter(["HP-1"] * (2 if one == kind else 1)) for one in KINDS}

    assert faults(copies, ["HP-1"]).doubled == [f"HP-1: 2 of {kind}"]


def test_a_fault_that_did_not_strike_often_enough_proves_nothing() -> None:
    with pytest.raises(AssertionError, match="S9: not injected"):
        refuse_not_injected("S9", 2, 3)
