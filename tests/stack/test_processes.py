"""Processes are known by id and start time, kept alive, and ended with all they forked."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tieout.stack import processes
from tieout.stack.components import Component
from tieout.stack.configuration import configure
from tieout.stack.supervisor import Child

SLEEPS = "import time; time.sleep(600)"
FORKS = (
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print('forked', flush=True); time.sleep(600)"
)
WAIT_S = 10.0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(
        [sys.executable, "-c", FORKS], start_new_session=True, stdout=subprocess.PIPE
    )
    assert started.stdout is not None
    started.stdout.readline()
    yield started
    started.kill()
    started.wait()
    started.stdout.close()


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    configuration = configure(tmp_path, environment={})
    configuration.logs.mkdir()
    component = Component(name="sleeper", arguments=(sys.executable, "-c", SLEEPS))
    made = Child(component, configuration)
    made.start()
    yield made
    made.stop()


def only_record(tmp_path: Path) -> processes.ProcessRecord:
    (record,) = processes.read_records(tmp_path / "run")
    return record


def test_ending_a_process_ends_what_it_forked_although_it_ignores_the_request(
    process: subprocess.Popen[bytes],
) -> None:
    record = processes.record_of("x", process.pid)
    assert len(processes.session_members(record)) == 2

    processes.end(record, grace_s=0.2)

    process.wait(WAIT_S)
    until(lambda: processes.session_members(record) == [])


def test_what_a_dead_process_forked_is_still_found(process: subprocess.Popen[bytes]) -> None:
    record = processes.record_of("x", process.pid)
    process.kill()
    process.wait()

    assert len(processes.session_members(record)) == 1
    processes.end(record, grace_s=0)
    until(lambda: processes.session_members(record) == [])


def test_a_stranger_with_a_reused_id_is_left_alone(process: subprocess.Popen[bytes]) -> None:
    stale = processes.record_of("x", process.pid).model_copy(update={"started_ticks": 1})

    processes.end(stale, grace_s=0)

    assert not processes.is_alive(stale)
    assert process.poll() is None


def test_a_record_of_an_earlier_boot_is_not_read(
    tmp_path: Path, process: subprocess.Popen[bytes]
) -> None:
    record = processes.record_of("x", process.pid).model_copy(update={"boot_id": "another"})
    processes.write_record(tmp_path, record)

    assert processes.read_records(tmp_path) == []


def test_a_process_that_dies_is_started_again_and_recorded(tmp_path: Path, child: Child) -> None:
    first = only_record(tmp_path)

    os.kill(first.pid, signal.SIGKILL)
    until(lambda: _kept_alive(child) and only_record(tmp_path).pid != first.pid)

    assert only_record(tmp_path).restarts == 1
    assert processes.is_alive(only_record(tmp_path))


def test_a_process_that_was_stopped_stays_stopped(tmp_path: Path, child: Child) -> None:
    child.stop()

    child.keep_alive()

    assert processes.read_records(tmp_path / "run") == []


def _kept_alive(child: Child) -> bool:
    child.keep_alive()
    return True


def test_a_held_process_is_down_and_stays_so_until_it_is_let_go(
    child: Child, tmp_path: Path
) -> None:
    first = only_record(tmp_path)
    held = tmp_path / "run" / "sleeper.held"
    held.touch()
    for _ in range(3):
        child.keep_alive()
    assert not processes.is_alive(first)
    assert processes.read_records(tmp_path / "run") == []
    held.unlink()
    child.keep_alive()
    second = only_record(tmp_path)
    assert processes.is_alive(second)
    assert (second.pid != first.pid, child.deaths) == (True, 0)


def test_a_record_that_is_written_anew_or_removed_meanwhile_is_never_read_in_part(
    tmp_path: Path,
) -> None:
    record = processes.record_of("sleeper", os.getpid())
    is_over = threading.Event()

    def write() -> None:
        while not is_over.is_set():
            processes.write_record(tmp_path, record)
            processes.forget(tmp_path, record.name)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [tuple(processes.read_records(tmp_path)) for _ in range(5000)]
    finally:
        is_over.set()
        writer.join()
    assert set(seen) == {(), (record,)}
