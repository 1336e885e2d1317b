"""The demo as a person runs it: PostgreSQL, Airflow, simulators, agent; from nothing to proof."""

import json

import pytest
import requests

from e2e.running.demo import DemoRun, line_of, memory_bytes
from installation import Installation
from tieout_oracle.reading import judge_installation
from world import INCLUDE

pytestmark = pytest.mark.e2e
NOTHING_LEFT = "Everything ties out."
FIRST_RUN_MAX_S = 600
SECOND_RUN_MAX_S = 120
MEMORY_MAX_BYTES = 4 * 1024**3


def test_the_demo_posts_every_order_and_everything_ties_out(
    first: DemoRun,
) -> None:
    assert first.returncode == 0, first.stdout[-4000:] + first.stderr[-2000:]
    assert NOTHING_LEFT in first.stdout


def test_the_worked_order_shows_its_figures_in_all_three_systems(
    first: DemoRun,
) -> None:
    shown = line_of(first.stdout, "#1042")

    assert shown[1:6] == ["#1042", "110.13", "USD", "HP-1042", "110.13"]
    assert shown[7:] == ["110.13", "110.13", "of", "110.13", "posted"]


def test_each_order_shows_what_became_of_it(first: DemoRun) -> None:
    shown = {name: line_of(first.stdout, name)[-1] for name in ("#1029", "#1030", "#1036", "#1040")}

    assert shown == {
        "#1029": "skipped:test_order",
        "#1030": "skipped:cancelled_before_posting",
        "#1036": "dead_letter:unknown_item",
        "#1040": "dead_letter:order_incomplete",
    }


def test_the_page_and_its_login_are_printed(installation: Installation, first: DemoRun) -> None:
    (line,) = (line for line in first.stdout.splitlines() if line.startswith("Airflow: "))
    _label, address, _user, user, _password, password = line.split()

    answer = requests.post(
        f"{address}/auth/token", json={"username": user, "password": password}, timeout=30
    )

    assert address.endswith(f":{installation.ports['airflow']}")
    assert answer.status_code == 201


def test_a_second_run_posts_nothing_again(first: DemoRun, second: DemoRun) -> None:
    assert second.returncode == 0, second.stdout[-4000:]
    assert line_of(second.stdout, "#1042") == line_of(first.stdout, "#1042")


def test_the_runs_stay_within_their_time(first: DemoRun, second: DemoRun) -> None:
    assert first.seconds < FIRST_RUN_MAX_S
    assert second.seconds < SECOND_RUN_MAX_S


def test_the_stack_stays_within_its_memory(
    installation: Installation, first: DemoRun, second: DemoRun
) -> None:
    at_rest = memory_bytes(installation.home)

    assert 0 < at_rest < MEMORY_MAX_BYTES
    assert max(first.memory_bytes, second.memory_bytes) < MEMORY_MAX_BYTES


@pytest.mark.usefixtures("second")
def test_the_conservation_counts_add_up(installation: Installation) -> None:
    answer = installation.ask("status")
    report = json.loads(answer.stdout)

    assert answer.returncode == 0
    assert report["is_conserved"] is True
    assert [pair["pending"] for pair in report["pairs"]] == [0, 0]


@pytest.mark.usefixtures("second")
def test_the_oracle_finds_nothing_lost_doubled_or_made_up(installation: Installation) -> None:
    verdicts = judge_installation(installation.connections, INCLUDE / "pairs.yaml")
    assert len(verdicts) == 2
    assert {pair: one.text() for pair, one in verdicts.items() if not one.is_clean} == {}


@pytest.mark.usefixtures("second")
def test_the_tie_out_leaves_nothing_unknown_and_names_orders_not_shipped(
    installation: Installation,
) -> None:
    answer = installation.ask("tie-out")
    report = json.loads(answer.stdout)

    assert answer.returncode == 0
    assert [pair["unknown"] for pair in report["pairs"]] == ["0.00", "0.00"]
    assert {item["difference_class"] for pair in report["pairs"] for item in pair["items"]} == {
        "unshipped"
    }


@pytest.mark.usefixtures("second")
def test_every_process_of_the_stack_is_ready(installation: Installation) -> None:
    answer = installation.run("stack", "status", "--json")
    report = json.loads(answer.stdout)

    assert answer.returncode == 0
    assert {one["restarts"] for one in report["processes"]} == {0}
