"""The demo as a person runs it: PostgreSQL, Airflow, simulators, agent; from nothing to proof."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from installation import own_folder
from processes import free_port
from tieout.stack import processes, witness
from tieout.stack.configuration import PORT_NAMES
from tieout.wiring.connections import connections_in
from tieout_oracle.reading import judge_installation
from world import INCLUDE

pytestmark = pytest.mark.e2e
PAIR = "harbor_and_pine"
NOTHING_LEFT = "Everything ties out."
FIRST_RUN_MAX_S = 600
SECOND_RUN_MAX_S = 120
MEMORY_MAX_BYTES = 4 * 1024**3
LOOK_S = 2.0


@dataclass(frozen=True)
class DemoRun:
    """A run of the demo, how long it took, and the most memory that the stack held meanwhile."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float
    memory_bytes: int


class Installation:
    """One installation in a folder of its own, on ports of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.connections = home / "connections.json"
        self.ports = {name: free_port() for name in PORT_NAMES}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return self._tieout(*command, "--home", str(self.home), *self._ports())

    def demo(self) -> DemoRun:
        began, memory_bytes = time.monotonic(), 0
        with subprocess.Popen(
            [sys.executable, "-m", "tieout.cli", "demo", "--home", str(self.home), *self._ports()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
        ) as process:
            while True:
                try:
                    stdout, stderr = process.communicate(timeout=LOOK_S)
                except subprocess.TimeoutExpired:
                    memory_bytes = max(memory_bytes, self.memory_bytes())
                    continue
                seconds = time.monotonic() - began
                return DemoRun(process.returncode, stdout, stderr, seconds, memory_bytes)

    def memory_bytes(self) -> int:
        """Add up what the recorded processes, the supervisor's included, and their trees hold."""
        try:
            roots = {record.pid for record in processes.read_records(self.home / "run")}
        except ValueError:  # a record that is being written right now
            return 0
        return sum(pss_bytes(pid) for pid in with_descendants(roots))

    def ask(self, *command: str) -> subprocess.CompletedProcess[str]:
        return self._tieout(*command, "--json", "--connections", str(self.connections))

    def _ports(self) -> list[str]:
        return [part for name, port in self.ports.items() for part in ("--port", f"{name}={port}")]

    def _tieout(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tieout.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )


def with_descendants(roots: set[int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:  # it has ended meanwhile
                continue
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    found, waiting = set[int](), list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def pss_bytes(pid: int) -> int:
    """Return a process's memory, of what it shares its share only."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it has ended meanwhile
        return 0
    return 1024 * sum(
        int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")
    )


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with own_folder() as folder:
        made = Installation(folder)
        try:
            yield made
        finally:
            made.run("stack", "stop")


@pytest.fixture(scope="module")
def first(installation: Installation) -> DemoRun:
    return installation.demo()


@pytest.fixture(scope="module")
def second(installation: Installation, first: DemoRun) -> DemoRun:
    assert first.returncode == 0
    return installation.demo()


def line_of(output: str, name: str) -> list[str]:
    (line,) = (line for line in output.splitlines() if line.split()[:2] == [PAIR, name])
    return line.split()


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
    at_rest = installation.memory_bytes()

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

    spoiled = installation.demo()

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
