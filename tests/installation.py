"""A whole installation for tests: every process of the embedded stack, on ports of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from processes import free_port
from tieout.stack.configuration import PORT_NAMES, configure
from tieout.stack.environment import airflow_environment, inherited_environment
from tieout.stack.secrets import load_or_create
from tieout.wiring.installation import Tieout, open_tieout

POLL_S = 0.5


class Installation:
    """One installation in a folder of its own, on ports of its own."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.connections = home / "connections.json"
        self.ports = {name: free_port() for name in PORT_NAMES}
        self.configuration = configure(home, ports=self.ports, environment={})
        self.set_environment(environment or {})

    def set_environment(self, environment: Mapping[str, str]) -> None:
        """Give the commands to come these variables beside our own; those of before are gone."""
        self._environment = {**os.environ, **environment}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours that starts, stops or looks at processes."""
        return self._python("tieout.cli", *command, *self._own())

    def begin(self, *command: str) -> subprocess.Popen[str]:
        """Begin such a command, and leave it to the caller to wait for its end."""
        return subprocess.Popen(
            [sys.executable, "-m", "tieout.cli", *command, *self._own()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env=self._environment,
        )

    def ask(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours that reports in JSON."""
        return self._python(
            "tieout.cli", *command, "--json", "--connections", str(self.connections)
        )

    def airflow(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Airflow's, in the installation's environment."""
        told = airflow_environment(self.configuration, load_or_create(self.home))
        return self._python("airflow", *command, environment={**inherited_environment(), **told})

    def open(self) -> Tieout:
        """Open the installation as the command line does."""
        return open_tieout(self.connections, self.configuration.include)

    def _own(self) -> list[str]:
        ports = [part for name, port in self.ports.items() for part in ("--port", f"{name}={port}")]
        return ["--home", str(self.home), *ports]

    def _python(
        self, module: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=environment or self._environment,
        )


@contextmanager
def own_folder() -> Iterator[Path]:
    """Yield an empty folder that PostgreSQL's user may reach until the block ends.

    Pytest's own folders are closed to other users again whenever another session of it begins.
    """
    with TemporaryDirectory(prefix="tieout-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


Found = TypeVar("Found")


def wait_for(look: Callable[[], Found], *, limit_s: float, what: str) -> Found:
    """Return the first thing that ``look`` finds; fail when the time is over."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(POLL_S)
    message = f"waited {limit_s:.0f} s for {what}"
    raise AssertionError(message)
