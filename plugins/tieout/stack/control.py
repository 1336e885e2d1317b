"""Start, stop and look at the installation: what ``tieout stack`` and the demo call."""

import subprocess
import sys
import time
from collections.abc import Callable

from tieout.domain.base import Frozen
from tieout.errors import ConfigurationError, UnavailableError
from tieout.stack import environment, health, processes, supervisor
from tieout.stack.components import Component, components
from tieout.stack.configuration import StackConfiguration
from tieout.stack.secrets import load_or_create
from tieout.stack.supervisor import STOP_GRACE_S, SUPERVISOR, Progress, progress_file

POLL_S = 0.2
START_WAIT_S = 300.0
STOP_WAIT_S = 3 * STOP_GRACE_S


class ProcessStatus(Frozen):
    """One process as it is now."""

    name: str
    pid: int | None
    is_alive: bool
    is_ready: bool
    restarts: int
    port: int | None
    log: str


class StackStatus(Frozen):
    """The installation as it is now."""

    is_running: bool
    phase: str
    ui: str
    ui_user: str
    processes: tuple[ProcessStatus, ...]

    @property
    def is_healthy(self) -> bool:
        """Say whether every process does its work."""
        return self.is_running and all(process.is_ready for process in self.processes)


def start(configuration: StackConfiguration, say: Callable[[str], None]) -> None:
    """Start the installation, or find it running; return when every process is ready.

    Raises:
        ConfigurationError: A port is taken, the set-up failed, or a process does not start.
        UnavailableError: It took too long.
    """
    if not _supervisor_is_alive(configuration):
        stop(configuration, say)
        progress_file(configuration).unlink(missing_ok=True)
        _launch(configuration)
    deadline = time.monotonic() + START_WAIT_S
    said = ""
    while time.monotonic() < deadline:
        progress = _progress(configuration)
        if progress.phase == "ready":
            return
        if progress.phase == "failed" or not _supervisor_is_alive(configuration):
            raise ConfigurationError(
                f"The stack did not start. {progress.detail}".strip(),
                remedy=f"The logs are in {configuration.logs}.",
            )
        if progress.detail != said:
            said = progress.detail
            say(f"waiting for {said}")
        time.sleep(POLL_S)
    raise UnavailableError(
        f"The stack is not ready after {START_WAIT_S:.0f} s; missing: {said}.",
        remedy=f"Read the logs in {configuration.logs}, then 'tieout stack stop'.",
    )


def hold(configuration: StackConfiguration, name: str, say: Callable[[str], None]) -> None:
    """End one process and keep it down until ``let_go``: how an outage is rehearsed.

    Raises:
        ConfigurationError: There is no such process, or the stack does not run.
        UnavailableError: It did not end in time.
    """
    _component(configuration, name)
    supervisor.hold_file(configuration, name).touch()
    say(f"stopping {name}")
    _wait(lambda: _is_down(configuration, name), f"{name} to end")


def let_go(configuration: StackConfiguration, name: str, say: Callable[[str], None]) -> None:
    """Let one process run again that ``hold`` ended; return when it is ready.

    Raises:
        ConfigurationError: There is no such process, or the stack does not run.
        UnavailableError: It was not ready in time.
    """
    component = _component(configuration, name)
    supervisor.hold_file(configuration, name).unlink(missing_ok=True)
    say(f"starting {name}")
    _wait(lambda: health.is_ready(component, configuration), f"{name} to be ready")


def _component(configuration: StackConfiguration, name: str) -> Component:
    known = {one.name: one for one in components(configuration, load_or_create(configuration.home))}
    if name not in known:
        raise ConfigurationError(
            f"There is no process {name!r}.", remedy=f"Use one of {', '.join(known)}."
        )
    if not _supervisor_is_alive(configuration):
        raise ConfigurationError(
            "The stack does not run.", remedy="Start all of it with 'tieout stack start'."
        )
    return known[name]


def _is_down(configuration: StackConfiguration, name: str) -> bool:
    return all(record.name != name for record in processes.read_records(configuration.run))


def _wait(look: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + STOP_WAIT_S
    while not look():
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"Waited {STOP_WAIT_S:.0f} s for {what}.", remedy="Read the process's log."
            )
        time.sleep(POLL_S)


def stop(configuration: StackConfiguration, say: Callable[[str], None]) -> None:
    """End what the installation started, by id, also when its supervisor is gone."""
    records = {record.name: record for record in processes.read_records(configuration.run)}
    leader = records.pop(SUPERVISOR, None)
    if leader is not None and processes.is_alive(leader):
        say("stopping")
        processes.end(leader, grace_s=STOP_WAIT_S)
    signals = {
        component.name: component.stop_signal
        for component in components(configuration, load_or_create(configuration.home))
    }
    # PostgreSQL goes last, so that nobody else loses it under his hands.
    for name in sorted(records, key=lambda name: name == "postgres"):
        if processes.session_members(records[name]):
            processes.end(records[name], grace_s=STOP_GRACE_S, signal_number=signals[name])
        processes.forget(configuration.run, name)
    processes.forget(configuration.run, SUPERVISOR)
    for held in configuration.run.glob("*.held"):
        held.unlink()


def status(configuration: StackConfiguration) -> StackStatus:
    """Return what runs and whether it does its work."""
    records = {record.name: record for record in processes.read_records(configuration.run)}
    running = _supervisor_is_alive(configuration)
    found = []
    for component in components(configuration, load_or_create(configuration.home)):
        record = records.get(component.name)
        alive = record is not None and processes.is_alive(record)
        found.append(
            ProcessStatus(
                name=component.name,
                pid=record.pid if record else None,
                is_alive=alive,
                is_ready=alive and health.is_ready(component, configuration),
                restarts=record.restarts if record else 0,
                port=configuration.ports[component.port] if component.port else None,
                log=str(configuration.logs / f"{component.name}.log"),
            )
        )
    return StackStatus(
        is_running=running,
        phase=_progress(configuration).phase if running else "stopped",
        ui=configuration.url("airflow"),
        ui_user=environment.UI_USER,
        processes=tuple(found),
    )


def login(configuration: StackConfiguration) -> str:
    """Return the address of Airflow's pages and how to log in."""
    password = load_or_create(configuration.home).ui_password
    return (
        f"Airflow: {configuration.url('airflow')}  user {environment.UI_USER}  password {password}"
    )


def _launch(configuration: StackConfiguration) -> None:
    configuration.logs.mkdir(parents=True, exist_ok=True)
    with (configuration.logs / "supervisor.log").open("ab") as output:
        launched = subprocess.Popen(  # noqa: S603 - the command is ours
            [sys.executable, "-m", "tieout.stack.supervisor", configuration.model_dump_json()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=configuration.root,
        )
    processes.write_record(configuration.run, processes.record_of(SUPERVISOR, launched.pid))


def _supervisor_is_alive(configuration: StackConfiguration) -> bool:
    return any(
        record.name == SUPERVISOR and processes.is_alive(record)
        for record in processes.read_records(configuration.run)
    )


def _progress(configuration: StackConfiguration) -> Progress:
    try:
        text = progress_file(configuration).read_text(encoding="utf-8")
    except FileNotFoundError:
        return Progress(phase="starting", detail="the supervisor")
    return Progress.model_validate_json(text)
