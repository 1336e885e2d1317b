"""The scenarios' own judgement can fail, and what is published is what was counted."""

from collections import Counter

import pytest

from crash_matrix.airflow_scenarios import KINDS, faults, refuse_not_injected
from figures import publish

COUNTED = {
    "scenario": "kills",
    "kills": 3000,
    "documents": 512,
    "lost": 0,
    "doubled": 1,
    "phantom": 0,
    "gaps": {"USD": "5.00"},
    "seeds": [4711, 4712],
    "commit": "abc1234",
    "kills_per_point": {"here": 2000, "there": 1000},
    "in_doubt_age_max_s": 61,
    "seconds": 700.4,
}


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


@pytest.mark.parametrize("name", publish.PAGES)
def test_every_published_figure_was_counted_by_a_run(name: str) -> None:
    page = publish.page_of(name).read_text("utf-8")

    assert page == publish.published(name, page, publish.known(name))


def test_a_scenario_is_published_with_its_trials_faults_seeds_and_bound() -> None:
    assert publish.row(COUNTED) == (
        "| kills | 3,000 kills, 700 s | 512 | 0 | 1 | 0 | 5.00 USD | 3/3,000 = 0.1 % "
        "| 4711, 4712 | abc1234 |"
    )
    assert "| there | 1,000 |" in publish.tables([COUNTED])
    assert publish.remainder(COUNTED) == "in doubt age max s 61"


def test_a_number_of_seeds_is_so_many_runs() -> None:
    (one,) = publish.read('{"scenario": "simulated", "seeds": 5000, "failed": 0}')

    assert publish.how_often(one) == "5,000 simulated seeds, 0 failed"
    assert publish.bound(one) == "3/5,000 = 0.06 %"


def test_doubles_that_no_target_refuses_are_told_apart_and_never_hidden() -> None:
    asleep = {**COUNTED, "doubled": 0, "doubled_unrefused": {"payment": 20, "invoice_note": 20}}

    assert publish.doubled(asleep) == "0, 40 where no target refuses"


def test_no_bound_is_claimed_where_nothing_was_zero_or_nothing_was_tried() -> None:
    assert publish.bound({**COUNTED, "lost": 1, "phantom": 2}) == ""
    assert publish.bound({**COUNTED, "kills": 0}) == ""
    assert publish.bound({**COUNTED, "kills": 2}) == "3/2 says nothing"


def test_of_a_scenario_that_ran_twice_the_newest_run_is_published() -> None:
    again = {**COUNTED, "kills": 60}

    assert publish.newest([COUNTED, {"scenario": "other"}, again]) == [again, {"scenario": "other"}]


def test_a_page_without_a_place_for_the_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="the page needs"):
        publish.published("crash-matrix", "# A page\n", [COUNTED])


def test_a_sheet_has_one_figure_on_a_line() -> None:
    assert publish.sheet(
        {"scenario": "a load", "commit": "abc1234", "ms": {"few": 1, "many": 2}}
    ) == (
        "**A load** (abc1234)\n\n| figure | value |\n|---|---|\n| ms: few | 1 |\n| ms: many | 2 |"
    )
