"""docker-compose.yaml, made from the same tables as the embedded stack, so the two cannot drift.

``python -m tieout.stack.compose`` prints the file, ``... compose secrets`` a new .env for it.
All containers share one network namespace, like a pod: the processes find each other on the
loopback interface, exactly as in the embedded stack, and nothing is reachable but what ``ports``
publishes.
Simulators and the agent's double are under the profile ``demo``.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import JsonValue

from tieout.stack import environment, postgres, secrets
from tieout.stack.components import Component, components
from tieout.stack.configuration import LOOPBACK, StackConfiguration, configure
from tieout.stack.secrets import StackSecrets, secret_setting

ROOT = Path("/opt/tieout")
HOME = Path("/var/lib/tieout")
IMAGE = "tieout:latest"
DATABASE_IMAGE = f"postgres:{postgres.MAJOR_VERSION}"
DATABASE_VOLUME = "/var/lib/postgresql"
POD = "postgres"
"""The service whose network namespace all others share: it is up before them and after them."""
EVERYWHERE = "0.0.0.0"  # noqa: S104 - inside the pod's namespace; ``ports`` decides who gets in
PUBLISHED = ("airflow", "receiver")
HEADER = """\
# Made by `python -m tieout.stack.compose > docker-compose.yaml`; edit that module, not this file.
#
#   python -m tieout.stack.compose secrets > .env      once
#   docker compose --profile demo up --build           with the simulators
#   docker compose up --build                          with your systems, whose AIRFLOW_CONN_* you
#                                                      put into docker-compose.override.yaml
"""


def document() -> dict[str, JsonValue]:
    """Return the compose file as plain values."""
    configuration = configure(HOME, root=ROOT, environment={})
    placeholders = StackSecrets(**{name: _placeholder(name) for name in StackSecrets.model_fields})
    services: dict[str, JsonValue] = {}
    for component in components(configuration, placeholders):
        if component.name == "postgres":
            services["postgres"] = _database(configuration, placeholders)
            services["setup"] = _setup(configuration, placeholders)
        else:
            services[component.name] = _service(component, configuration)
    return {
        "name": "tieout",
        "services": services,
        "volumes": {"database": {}, "home": {}},
    }


def text() -> str:
    """Return the compose file."""
    body = yaml.safe_dump(document(), sort_keys=False, width=100, allow_unicode=True)
    return f"{HEADER}\n{body}"


def secrets_text() -> str:
    """Return a new .env file."""
    made = secrets.make()
    lines = [f"{secret_setting(name)}={getattr(made, name)}" for name in StackSecrets.model_fields]
    return "\n".join(lines) + "\n"


def _placeholder(name: str) -> str:
    return f"${{{secret_setting(name)}:?}}"


def _database(configuration: StackConfiguration, placeholders: StackSecrets) -> JsonValue:
    port = str(configuration.ports["postgres"])
    return {
        "image": DATABASE_IMAGE,
        "command": ["postgres", "-c", f"listen_addresses={LOOPBACK}", "-c", f"port={port}"],
        "environment": {"POSTGRES_PASSWORD": placeholders.postgres_password},
        "volumes": [f"database:{DATABASE_VOLUME}"],
        "ports": [
            f"{LOOPBACK}:{configuration.ports[name]}:{configuration.ports[name]}"
            for name in PUBLISHED
        ],
        "healthcheck": {
            "test": ["CMD", "pg_isready", "-h", LOOPBACK, "-p", port],
            "interval": "2s",
            "retries": 30,
        },
        "restart": "unless-stopped",
    }


def _setup(configuration: StackConfiguration, placeholders: StackSecrets) -> JsonValue:
    told = {
        **environment.tieout_settings(configuration),
        **{secret_setting(name): getattr(placeholders, name) for name in StackSecrets.model_fields},
    }
    return {
        **_common(told),
        "build": ".",
        "command": ["python", "-m", "tieout.stack.setup", "--home", str(HOME)],
        "depends_on": {POD: {"condition": "service_healthy"}},
        "restart": "no",
    }


def _service(component: Component, configuration: StackConfiguration) -> JsonValue:
    told = dict(component.environment)
    if component.name == "api-server":
        told["AIRFLOW__API__HOST"] = EVERYWHERE
    command = list(command_of(component))
    if component.name == "receiver":
        command += ["--host", EVERYWHERE]
    service: dict[str, JsonValue] = {
        **_common(told),
        "command": list(command),
        "depends_on": {"setup": {"condition": "service_completed_successfully"}},
        "restart": "unless-stopped",
    }
    if component.ready_path:
        url = f"http://{LOOPBACK}:{configuration.ports[component.port]}{component.ready_path}"
        probe = f"import urllib.request as r; r.urlopen({url!r}, timeout=3)"
        service["healthcheck"] = {"test": ["CMD", "python", "-c", probe], "start_period": "60s"}
    if component.is_demo:
        service["profiles"] = ["demo"]
    return service


def command_of(component: Component) -> tuple[str, ...]:
    """Return the component's command line as a container runs it."""
    program, *arguments = component.arguments
    return ("python" if program == sys.executable else program, *arguments)


def _common(told: Mapping[str, str]) -> dict[str, JsonValue]:
    return {
        "image": IMAGE,
        "network_mode": f"service:{POD}",
        "environment": dict(told),
        "volumes": [f"home:{HOME}"],
        "init": True,
    }


def main() -> None:
    """Print the compose file or a new .env."""
    parser = argparse.ArgumentParser(prog="python -m tieout.stack.compose")
    parser.add_argument("what", nargs="?", choices=("file", "secrets"), default="file")
    given = parser.parse_args()
    sys.stdout.write(secrets_text() if given.what == "secrets" else text())


if __name__ == "__main__":
    main()
