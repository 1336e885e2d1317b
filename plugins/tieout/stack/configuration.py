"""Where one installation keeps its files and which ports its processes listen on: the one place.

The embedded stack, the demo, the tests and docker-compose.yaml all take names, ports and paths from
here. What each process is told belongs to components.py and environment.py.
"""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

import tieout
from tieout.domain.base import Frozen
from tieout.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
BASE_PORT = 5400
BASE_PORT_SETTING = "TIEOUT_BASE_PORT"
PORT_SETTING_PREFIX = "TIEOUT_PORT_"
PORT_NAMES = (
    "postgres",
    "xero",
    "shopify",
    "sage100",
    "agent",
    "receiver",
    "airflow",
)
"""Order is offset: ``postgres`` listens on the base port, ``xero`` on the next, and so on."""
PORT_MAX = 65535


class StackConfiguration(Frozen):
    """One installation: its checkout, its folder for everything it writes, its ports by name."""

    root: Path
    """The checkout: dags, plugins and include are in it."""
    home: Path
    """Everything the processes write: databases, logs, secrets, simulator state."""
    ports: dict[str, int]

    @property
    def include(self) -> Path:
        """Return the folder of pairs, mappings and expectations."""
        return self.root / "include"

    @property
    def logs(self) -> Path:
        """Return the folder with one log file per process."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """Return the folder with one record per running process."""
        return self.home / "run"

    @property
    def airflow_home(self) -> Path:
        """Return AIRFLOW_HOME."""
        return self.home / "airflow"

    @property
    def simulators(self) -> Path:
        """Return the folder of the simulators' state."""
        return self.home / "simulators"

    @property
    def connections(self) -> Path:
        """Return the file of Airflow connections by id."""
        return self.home / "connections.json"

    def url(self, name: str) -> str:
        """Return the http address of the process that listens on the port ``name``."""
        return f"http://{LOOPBACK}:{self.ports[name]}"


def checkout() -> Path:
    """Return the checkout this code runs from: the package is installed editable from plugins/."""
    return Path(tieout.__file__).resolve().parents[2]


def configure(
    home: Path,
    *,
    root: Path | None = None,
    base_port: int | None = None,
    ports: Mapping[str, int] | None = None,
    environment: Mapping[str, str] | None = None,
) -> StackConfiguration:
    """Return the configuration: arguments win over ``environment``, which wins over defaults.

    Raises:
        ConfigurationError: A port is no number, not a name of ours, or given twice.
    """
    settings = os.environ if environment is None else environment
    base = base_port or _port(settings.get(BASE_PORT_SETTING, str(BASE_PORT)), BASE_PORT_SETTING)
    chosen = {name: base + offset for offset, name in enumerate(PORT_NAMES)}
    for name in PORT_NAMES:
        setting = port_setting(name)
        if settings.get(setting):
            chosen[name] = _port(settings[setting], setting)
    for name, port in (ports or {}).items():
        if name not in chosen:
            raise ConfigurationError(
                f"There is no port named {name!r}.", remedy=f"Use one of {', '.join(PORT_NAMES)}."
            )
        chosen[name] = _port(str(port), f"--port {name}")
    _refuse_shared_ports(chosen)
    return StackConfiguration(root=root or checkout(), home=home.resolve(), ports=chosen)


def port_setting(name: str) -> str:
    """Return the environment variable that sets the port ``name``."""
    return f"{PORT_SETTING_PREFIX}{name.upper()}"


def refuse_taken_ports(configuration: StackConfiguration) -> None:
    """Check that every port is free.

    Raises:
        ConfigurationError: Another program listens on one of them; names the port and its setting.
    """
    for name, port in configuration.ports.items():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError as error:
                raise ConfigurationError(
                    f"Port {port}, wanted for {name}, is taken ({error.strerror}).",
                    remedy=f"Stop the program that listens there, or choose another port: set "
                    f"{port_setting(name)}, or move them all with {BASE_PORT_SETTING}.",
                ) from error


def _port(text: str, setting: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= PORT_MAX:
        raise ConfigurationError(
            f"{setting} is {text!r}, which is no port.", remedy=f"Give a number up to {PORT_MAX}."
        )
    return int(text)


def _refuse_shared_ports(ports: Mapping[str, int]) -> None:
    for name, port in ports.items():
        others = [other for other in ports if ports[other] == port and other != name]
        if others:
            raise ConfigurationError(
                f"Port {port} is set for both {name} and {others[0]}.",
                remedy=f"Change {port_setting(name)} or {port_setting(others[0])}.",
            )
