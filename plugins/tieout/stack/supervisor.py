"""The process that starts all others, keeps them alive, and ends them when told to.

``python -m tieout.stack.supervisor`` runs it in the foreground; ``tieout stack start`` puts it in
the background. How far it is stands in <home>/run/progress. A process that dies is started again,
after a pause that grows; its log says why it died. What to start belongs to components.py.
"""

import argparse
import json
import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Literal

from tieout.domain.base import Frozen
from tieout.errors import TieoutError, UnavailableError
from tieout.stack import environment, health, postgres, processes, setup
from tieout.stack.components import Component, components
from tieout.stack.configuration import StackConfiguration, refuse_taken_ports
from tieout.stack.secrets import StackSecrets, load_or_create

POLL_S = 0.2
READY_WAIT_S = 180.0
STOP_GRACE_S = 10.0
PAUSE_FIRST_S = 1.0
PAUSE_MAX_S = 30.0
STEADY_S = 60.0
"""A process that ran this long before it died is started again after the first, short pause."""
DEATHS_AT_START_MAX = 3
SUPERVISOR = "supervisor"


class Progress(Frozen):
    """How far the supervisor is, for whoever waits."""

    phase: Literal["starting", "ready", "failed", "stopping"]
    detail: str = ""


def progress_file(configuration: StackConfiguration) -> Path:
    """Return the file that says how far the supervisor is."""
    return configuration.run / "progress"


def hold_file(configuration: StackConfiguration, name: str) -> Path:
    """Return the file whose being there keeps the component ``name`` down."""
    return configuration.run / f"{name}.held"


class StoppedError(Exception):
    """The supervisor was told to stop while it waited."""


class Child:
    """One component under supervision: at most one process at a time."""

    def __init__(self, component: Component, configuration: StackConfiguration) -> None:
        """Remember what to run; nothing starts."""
        self.component = component
        self.deaths = 0
        self._configuration = configuration
        self._process: subprocess.Popen[bytes] | None = None
        self._record: processes.ProcessRecord | None = None
        self._is_held = False
        self._started_at = 0.0
        self._restart_at = 0.0
        self._pause_s = PAUSE_FIRST_S

    def start(self) -> None:
        """Start the process in a session of its own, and record it."""
        component, user = self.component, self.component.system_user
        log = self._configuration.logs / f"{component.name}.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                component.arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
                env={**environment.inherited_environment(), **component.environment},
                user=user,
                group=postgres.primary_group(user) if user else None,
                extra_groups=[] if user else None,
            )
        self._started_at = time.monotonic()
        self._record = processes.record_of(component.name, self._process.pid, restarts=self.deaths)
        processes.write_record(self._configuration.run, self._record)

    def keep_alive(self) -> None:
        """Start the process again if it has died and its pause is over; not while it is held."""
        if hold_file(self._configuration, self.component.name).exists():
            self._hold()
            return
        if self._process is None and self._is_held:
            self._is_held = False
            self.start()
        if self._process is None or self._process.poll() is None:
            return
        now = time.monotonic()
        if self._record is not None:
            # What it forked would go on beside its successor.
            processes.end(self._record, grace_s=0)
            self._record = None
            self.deaths += 1
            steady = now - self._started_at > STEADY_S
            self._pause_s = PAUSE_FIRST_S if steady else min(self._pause_s * 2, PAUSE_MAX_S)
            self._restart_at = now + self._pause_s
        if now >= self._restart_at:
            self.start()

    def _hold(self) -> None:
        """End the process once, and leave it so."""
        if not self._is_held:
            self.stop()
            self._process = self._record = None
            self._is_held = True

    def stop(self) -> None:
        """End the process and all it forked."""
        if self._record is not None:
            processes.end(
                self._record, grace_s=STOP_GRACE_S, signal_number=self.component.stop_signal
            )
        if self._process is not None:
            self._process.wait()
        processes.forget(self._configuration.run, self.component.name)


class Supervisor:
    """All components of one installation."""

    def __init__(self, configuration: StackConfiguration, secrets: StackSecrets) -> None:
        """Read the table of components; nothing starts."""
        self._configuration = configuration
        self._secrets = secrets
        self._stopping = threading.Event()
        self._children = {
            component.name: Child(component, configuration)
            for component in components(configuration, secrets)
        }
        self._started: list[Child] = []

    def run(self) -> bool:
        """Start everything, watch it until told to stop, end it; say whether it ever was ready."""
        signal.signal(signal.SIGTERM, self._told_to_stop)
        signal.signal(signal.SIGINT, self._told_to_stop)
        try:
            self._start_all()
            self._report(Progress(phase="ready"))
            self._watch()
        except StoppedError:
            return True
        except TieoutError as error:
            self._stop_all()
            self._report(Progress(phase="failed", detail=str(error)))
            return False
        else:
            return True
        finally:
            self._stop_all()
            processes.forget(self._configuration.run, SUPERVISOR)

    def _told_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _start_all(self) -> None:
        self._report(Progress(phase="starting", detail="PostgreSQL"))
        refuse_taken_ports(self._configuration)
        setup.write_files(self._configuration, self._secrets)
        postgres.ensure_cluster(self._configuration, self._secrets)
        self._launch("postgres")
        self._launch(*(name for name in self._children if name not in self._after_migrations()))
        self._report(Progress(phase="starting", detail="databases"))
        setup.prepare_databases(self._configuration, self._secrets)
        self._migrate()
        self._launch(*self._after_migrations())
        self._wait_until_ready()

    def _after_migrations(self) -> list[str]:
        return [name for name, child in self._children.items() if child.component.needs_databases]

    def _migrate(self) -> None:
        with ThreadPoolExecutor(max_workers=2) as pool:
            steps = [
                pool.submit(step, self._configuration, self._secrets)
                for step in (setup.migrate_ledger, setup.migrate_airflow)
            ]
        for step in steps:
            step.result()

    def _launch(self, *names: str) -> None:
        for name in names:
            child = self._children[name]
            if child not in self._started:
                self._started.append(child)
                child.start()

    def _wait_until_ready(self) -> None:
        waiting = dict(self._children)
        deadline = time.monotonic() + READY_WAIT_S
        while waiting:
            self._report(Progress(phase="starting", detail=", ".join(waiting)))
            self._pause()
            for name, child in list(waiting.items()):
                child.keep_alive()
                if health.is_ready(child.component, self._configuration):
                    del waiting[name]
                elif child.deaths >= DEATHS_AT_START_MAX or time.monotonic() > deadline:
                    raise UnavailableError(
                        f"{name} does not start.",
                        remedy=f"Read {self._configuration.logs / name}.log.",
                    )

    def _watch(self) -> None:
        while True:
            self._pause()
            for child in self._started:
                child.keep_alive()

    def _pause(self) -> None:
        if self._stopping.wait(POLL_S):
            raise StoppedError

    def _stop_all(self) -> None:
        if not self._started:
            return
        if self._stopping.is_set():
            self._report(Progress(phase="stopping"))
        first, *others = self._started
        # Everybody else leaves PostgreSQL first, side by side.
        with ThreadPoolExecutor(max_workers=len(self._children)) as pool:
            list(pool.map(Child.stop, others))
        first.stop()
        self._started.clear()

    def _report(self, progress: Progress) -> None:
        path = progress_file(self._configuration)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_text(progress.model_dump_json() + "\n", encoding="utf-8")
        draft.replace(path)


def main() -> None:
    """Run the supervisor of the configuration given as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tieout.stack.supervisor")
    parser.add_argument("configuration", help="StackConfiguration as JSON")
    configuration = StackConfiguration.model_validate(json.loads(parser.parse_args().configuration))
    processes.write_record(configuration.run, processes.record_of(SUPERVISOR, os.getpid()))
    secrets = load_or_create(configuration.home)
    raise SystemExit(0 if Supervisor(configuration, secrets).run() else 1)


if __name__ == "__main__":
    main()
