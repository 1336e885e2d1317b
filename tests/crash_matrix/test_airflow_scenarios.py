"""Airflow's processes, PostgreSQL, the receiver and the agent struck dead while orders are posted.

S1 to S6 of the reliability design and their kin, on one real installation. Each test places orders
all the while, strikes, waits until every order is done, and reads the targets: one Xero invoice,
one payment, one Sage 100 order, one receipt for each order, no dead letter, and a clean oracle.
A scenario whose fault did not strike fails as not injected. The tests run in the order they stand
here: the first half under short heartbeats, the second under the installation's own.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest

from crash_matrix.airflow_scenarios import (
    AIRFLOW_PARTS,
    PAIR,
    Scene,
    faults,
    is_running,
    kill,
    number_of,
    refuse_not_injected,
    sleep_until,
)
from crash_matrix.judging import gaps
from figures.report import record
from installation import Installation, own_folder, wait_for
from tieout.stack import processes
from tieout.usecases.delivery import ATTEMPTS_MAX

pytestmark = [pytest.mark.e2e, pytest.mark.tier2]

EVERY_MINUTE = {"TIEOUT_SWEEP_CRON": "* * * * *"}
HEARTBEAT_TIMEOUT_S = 25
SHORT_HEARTBEATS = {
    **EVERY_MINUTE,
    "TIEOUT_AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(HEARTBEAT_TIMEOUT_S),
    "TIEOUT_AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
}
NOTICED_WITHIN_S = 4 * HEARTBEAT_TIMEOUT_S
XERO_INVOICES = "/api.xro/2.0/Invoices"
SLOW_STEPS = (("write_invoices", XERO_INVOICES), ("write_payments", "/api.xro/2.0/Payments"))
PARTS = ("dag-processor", "triggerer", "api-server", "receiver")
SLOW_S = 12.0
ORPHANED_S = 50.0
"""Longer than the scheduler takes to begin another attempt, shorter than we wait for an answer."""
API_AWAY_S = 64.0
DATABASE_AWAY_S = 10.0
AIRFLOW_AWAY_S = 185.0
"""Over at least three minutes' sweeps."""
CATCH_UPS_MAX = 2
"""The run that was due next when Airflow went, and that of the latest interval."""
SCHEDULER_STRIKES = 2
PART_STRIKES = 2

SWEEPS_MISSED = """
    SELECT dag_id, count(*) FROM dag_run
    WHERE run_type = 'scheduled' AND data_interval_end > %s AND data_interval_end <= %s
    GROUP BY dag_id
"""


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with own_folder() as folder:
        yield from _scene(Scene(Installation(folder)))


def _scene(scene: Scene) -> Iterator[Scene]:
    try:
        scene.start(SHORT_HEARTBEATS)
        receiver = f"http://127.0.0.1:{scene.installation.ports['receiver']}/webhooks/shopify"
        tieout = scene.installation.open()
        tieout.subscribe_shops(receiver)
        tieout.ledger.close()
        yield scene
    finally:
        with suppress(StopIteration, ProcessLookupError):
            os.kill(scene.record("supervisor").pid, signal.SIGCONT)
        scene.installation.run("stack", "stop")


@dataclass
class Scenario:
    """One fault, how often it struck so far, and how often it must."""

    name: str
    wanted: int
    placed_before: int
    restarts_before: dict[str, int]
    began: float
    strikes: int = 0


def begun(scene: Scene, name: str, *, wanted: int = 1) -> Scenario:
    """Begin to count."""
    return Scenario(name, wanted, len(scene.orders), scene.restarts(), time.monotonic())


@contextmanager
def scenario(
    scene: Scene, name: str, *, wanted: int = 1, attempts_most: int = ATTEMPTS_MAX
) -> Iterator[Scenario]:
    """Run a fault under traffic; then wait, compare with the targets, and report."""
    run = begun(scene, name, wanted=wanted)
    with scene.traffic():
        yield run
    judge(scene, run, attempts_most=attempts_most)


def judge(scene: Scene, run: Scenario, *, attempts_most: int = ATTEMPTS_MAX) -> None:
    """Wait until everything is done; compare with the targets, and report."""
    fault_ended = time.monotonic()
    scene.wait_until_healthy()
    scene.wait_until_drained()
    found = faults(scene.copies(), [number_of(order) for order in scene.orders])
    verdict = scene.verdict()
    letters = json.loads(scene.installation.ask("dead-letters").stdout)["dead_letters"]
    # The other pair's records wait for its first match, which nobody does here.
    dead_letters = [one for one in letters if one["pair"] == PAIR]
    status = json.loads(scene.installation.ask("status").stdout)
    attempts = scene.attempts_most(scene.ids()[run.placed_before :])
    ended = time.monotonic()
    record(
        run.name,
        strikes=run.strikes,
        documents=4 * (len(scene.orders) - run.placed_before),
        lost=len(found.lost),
        doubled=len(found.doubled),
        phantom=len(verdict.phantom),
        gaps=gaps([verdict]),
        dead_letters=len(dead_letters),
        attempts_most=attempts,
        restarted=_more(run.restarts_before, scene.restarts()),
        drained_s=round(ended - fault_ended, 1),
        seconds=round(ended - run.began, 1),
    )
    refuse_not_injected(run.name, run.strikes, run.wanted)
    assert found == ([], [])
    assert verdict.is_clean, verdict.text()
    assert dead_letters == []
    assert all(pair["is_conserved"] for pair in status["pairs"])
    assert attempts <= attempts_most


def _more(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    grown = {name: after[name] - before.get(name, 0) for name in after}
    return {name: more for name, more in grown.items() if more}


def test_s1_a_task_killed_in_mid_write_is_tried_again_and_writes_once(scene: Scene) -> None:
    with scenario(scene, "S1 task killed", wanted=len(SLOW_STEPS)) as run:
        for step, path in SLOW_STEPS:
            scene.place()
            with scene.slow("xero", path, "PUT", seconds=SLOW_S):
                scene.wait_until_slow("xero")
                task = scene.wait_for_task(step)
                kill(task.pid)
            scene.wait_for_attempt(task, limit_s=NOTICED_WITHIN_S)
            run.strikes += 1


def test_s2_a_lost_host_is_noticed_by_its_silence(scene: Scene) -> None:
    with scenario(scene, "S2 task and its supervisor killed") as run:
        with scene.slow("xero", XERO_INVOICES, "PUT", seconds=SLOW_S):
            scene.wait_until_slow("xero")
            task = scene.wait_for_task("write_invoices")
            kill(task.supervisor_pid, task.pid)
        scene.wait_for_attempt(task, limit_s=NOTICED_WITHIN_S)
        run.strikes += 1


def test_s3_two_attempts_of_one_task_alive_at_once_write_once(scene: Scene) -> None:
    with scenario(scene, "S3 supervisor killed, its task lives on") as run:
        with scene.slow("xero", XERO_INVOICES, "PUT", seconds=ORPHANED_S):
            scene.wait_until_slow("xero")
            task = scene.wait_for_task("write_invoices")
            kill(task.supervisor_pid)
            later = scene.wait_for_attempt(task, limit_s=ORPHANED_S)
            if is_running(task.pid) and later.pid != task.pid:
                run.strikes += 1
        wait_for(lambda: not is_running(task.pid), limit_s=120, what="the orphan to end")


def test_s5_the_scheduler_killed_leaves_no_worker_behind(scene: Scene) -> None:
    wanted = SCHEDULER_STRIKES
    with scenario(scene, "S5 scheduler killed", wanted=wanted) as run:
        for _strike in range(wanted):
            with scene.slow("xero", XERO_INVOICES, "PUT", seconds=SLOW_S):
                scene.place()
                scene.wait_until_slow("xero")
                old = scene.record("scheduler")
                scene.kill_part("scheduler")
            assert processes.session_members(old) == []
            run.strikes += 1


def test_s6_postgresql_crashes_under_everybody(scene: Scene) -> None:
    with scenario(scene, "S6 PostgreSQL crashes", wanted=3) as run:
        scene.kill_backend()
        scene.wait_until_healthy()
        run.strikes += 1
        for signal_number in (signal.SIGQUIT, signal.SIGKILL):  # "immediate" shutdown, and worse
            before = scene.record("postgres")
            with scene.unkept():
                os.kill(before.pid, signal_number)
                wait_for(lambda pid=before.pid: not is_running(pid), limit_s=10, what="the crash")
                sleep_until(time.monotonic() + DATABASE_AWAY_S)
            scene.wait_until_restarted("postgres", before.restarts)
            run.strikes += 1


def test_each_part_killed_is_started_again_and_burns_no_attempt(scene: Scene) -> None:
    wanted = PART_STRIKES * len(PARTS)
    with scenario(scene, "each part killed", wanted=wanted, attempts_most=1) as run:
        for part in PARTS * PART_STRIKES:
            scene.place()
            scene.kill_part(part)
            run.strikes += 1


def test_the_agent_killed_in_mid_write_enters_each_sales_order_once(scene: Scene) -> None:
    with scenario(scene, "agent killed in mid-write", wanted=3) as run:
        for kind in ("kill_before_write", "drop_after_write"):
            before = scene.record("agent")
            fault = {"kind": kind, "class": "SO_SalesOrder_bus", "ends_process": True}
            scene.tell("sage100", "_boi_faults", fault)
            scene.place()
            scene.wait_until_restarted("agent", before.restarts)
            run.strikes += 1
        scene.place()
        scene.wait_for_task("write_sales_orders")
        scene.kill_part("agent")
        run.strikes += 1


@pytest.fixture(scope="module")
def restarted(scene: Scene) -> Scene:
    """The installation, stopped in mid-work and started with its own heartbeats."""
    run = begun(scene, "everything stopped in mid-work and started")
    for _order in range(3):
        scene.place()
    scene.make_slow("xero", XERO_INVOICES, "PUT", seconds=SLOW_S)
    scene.wait_until_slow("xero")
    scene.stop()
    run.strikes += 1
    scene.start(EVERY_MINUTE)
    run.restarts_before = {}
    judge(scene, run)
    return scene


def test_everything_stopped_in_mid_work_goes_on_where_it_was(restarted: Scene) -> None:
    assert restarted.status().is_healthy


def test_s4_the_api_server_gone_for_a_minute_burns_no_attempt(restarted: Scene) -> None:
    scene = restarted
    with scenario(scene, "S4 API server gone for 64 s", attempts_most=1) as run:
        with scene.slow("xero", XERO_INVOICES, "PUT", seconds=SLOW_S):
            scene.wait_until_slow("xero")
            task = scene.wait_for_task("write_invoices")
            before = scene.record("api-server")
            with scene.unkept():
                back_at = time.monotonic() + API_AWAY_S
                kill(*processes.session_members(before))
                sleep_until(back_at)
            scene.wait_until_restarted("api-server", before.restarts)
            run.strikes += 1
        wait_for(lambda: scene.attempt(task).state == "success", limit_s=120, what="its end")
        assert scene.attempt(task).try_number == task.try_number


def test_airflow_away_for_minutes_does_not_run_every_sweep_it_missed(restarted: Scene) -> None:
    scene = restarted
    with scenario(scene, "T-37 all of Airflow away", attempts_most=1) as run:
        with scene.unkept():
            for part in AIRFLOW_PARTS:
                kill(*processes.session_members(scene.record(part)))
                run.strikes += 1
            gone_at = scene.ask_airflow("SELECT now()")[0][0]
            back_at = time.monotonic() + AIRFLOW_AWAY_S
            # Whoever watches from outside is told, though nothing of Airflow lives.
            assert scene.installation.run("stack", "status").returncode != 0
            sleep_until(back_at)
            came_back_at = scene.ask_airflow("SELECT now()")[0][0]
        scene.wait_until_healthy()
        scene.wait_until_drained()
        scene.wait_until_quiet()
    caught_up = dict(scene.ask_airflow(SWEEPS_MISSED, gone_at, came_back_at))
    assert 1 <= max(caught_up.values()) <= CATCH_UPS_MAX, caught_up
