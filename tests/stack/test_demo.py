"""The demo as a person runs it: PostgreSQL, Airflow, simulators, agent; from nothing to proof."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from processes import free_port
from tieout.stack import witness
from tieout.stack.configuration import PORT_NAMES
from tieout.wiring import connections_in

pytestmark = pytest.mark.e2e
PAIR = "harbor_and_pine"
NOTHING_LEFT = "Everything ties out."


class Installation:
    """One installation in a folder of its own, on ports of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.connections = home / "connections.json"
        self.ports = {name: free_port() for name in PORT_NAMES}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        ports = [part for name, port in self.ports.items() for part in ("--port", f"{name}={port}")]
        return self._tieout(*command, "--home", str(self.home), *ports)

    def ask(self, *command: str) -> subprocess.CompletedProcess[str]:
        return self._tieout(*command, "--json", "--connections", str(self.connections))

    def _tieout(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tieout.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("installation"))
    try:
        yield made
    finally:
        made.run("stack", "stop")


@pytest.fixture(scope="module")
def first(installation: Installation) -> subprocess.CompletedProcess[str]:
    return installation.run("demo")


@pytest.fixture(scope="module")
def second(
    installation: Installation, first: subprocess.CompletedProcess[str]
) -> subprocess.CompletedProcess[str]:
    assert first.returncode == 0
    return installation.run("demo")


def line_of(output: str, name: str) -> list[str]:
    (line,) = (line for line in output.splitlines() if f" {name} " in line and "HP-" in line)
    return line.split()


def test_the_demo_posts_every_order_and_everything_ties_out(
    first: subprocess.CompletedProcess[str],
) -> None:
    assert first.returncode == 0, first.stdout[-4000:] + first.stderr[-2000:]
    assert NOTHING_LEFT in first.stdout


def test_the_worked_order_shows_its_figures_in_all_three_systems(
    first: subprocess.CompletedProcess[str],
) -> None:
    shown = line_of(first.stdout, "#1042")

    assert shown[1:6] == ["#1042", "110.13", "USD", "HP-1042", "110.13"]
    assert shown[7:] == ["110.13", "110.13", "of", "110.13", "posted"]


def test_the_page_and_its_login_are_printed(
    installation: Installation, first: subprocess.CompletedProcess[str]
) -> None:
    (line,) = (line for line in first.stdout.splitlines() if line.startswith("Airflow: "))
    _label, address, _user, user, _password, password = line.split()

    answer = requests.post(
        f"{address}/auth/token", json={"username": user, "password": password}, timeout=30
    )

    assert address.endswith(f":{installation.ports['airflow']}")
    assert answer.status_code == 201


def test_a_second_run_posts_nothing_again(
    first: subprocess.CompletedProcess[str], second: subprocess.CompletedProcess[str]
) -> None:
    assert second.returncode == 0, second.stdout[-4000:]
    assert line_of(second.stdout, "#1042") == line_of(first.stdout, "#1042")


@pytest.mark.usefixtures("second")
def test_the_conservation_counts_add_up(installation: Installation) -> None:
    answer = installation.ask("status")
    report = json.loads(answer.stdout)

    assert answer.returncode == 0
    assert report["is_conserved"] is True
    assert [pair["pending"] for pair in report["pairs"]] == [0, 0]


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


@pytest.mark.usefixtures("second")
def test_a_figure_changed_in_xero_behind_our_back_fails_the_demo(
    installation: Installation,
) -> None:
    connection = connections_in(installation.connections)(f"xero_{PAIR}")
    (invoice,) = (
        booking
        for bookings in witness.xero_bookings(connection).values()
        for booking in bookings
        if booking.number == "HP-1042"
    )
    base, tenant = connection.text("base_url"), connection.text("tenant_id")
    requests.put(
        f"{base}/_documents/{tenant}/Invoices/{invoice.invoice_id}",
        json={"Total": "110.14"},
        timeout=30,
    ).raise_for_status()

    spoiled = installation.run("demo")

    assert spoiled.returncode == 1
    assert "#1042: Xero's total is 110.14, the shop's is 110.13" in spoiled.stdout
    assert NOTHING_LEFT not in spoiled.stdout


@pytest.mark.usefixtures("second")
def test_stopping_ends_every_process_that_was_started(installation: Installation) -> None:
    pids = [
        one["pid"]
        for one in json.loads(installation.run("stack", "status", "--json").stdout)["processes"]
    ]

    stopped = installation.run("stack", "stop")

    assert stopped.returncode == 0
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
