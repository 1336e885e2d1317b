"""The long-lived processes of one installation, in the order they start.

One table: what runs, on which port, how one sees that it is ready. Preparing databases and files
belongs to setup.py, keeping the processes alive to supervisor.py.
"""

import json
import os
import shlex
import signal
import sys

from pydantic import Field

from tieout.domain.base import Frozen
from tieout.simulators.company import COMPANIES
from tieout.stack import environment, postgres, systems
from tieout.stack.configuration import StackConfiguration
from tieout.stack.secrets import StackSecrets

MORE_ARGUMENTS_PREFIX = "TIEOUT_SIMULATOR_"
"""With a simulator's name: more arguments for it, such as other limits in a rehearsal."""
SIMULATORS = ("xero", "shopify", "sage100")
AGENT_COM = "tieout.simulators.sage100.boi:dispatch"
AGENT_USER = "tieout"
RECEIVER_ROLE = "tieout_receiver"
AGENT_PASSWORD = "secret"  # noqa: S105 - the double's user, who guards nothing


class Component(Frozen):
    """One long-lived process."""

    name: str
    arguments: tuple[str, ...]
    """The whole command line."""
    environment: dict[str, str] = Field(default_factory=dict)
    port: str = ""
    """The name of the port it listens on; '' when its being alive is all there is to see."""
    ready_path: str = ""
    """A path that answers 200 over http when it is ready; '' = the port accepts connections."""
    health_part: str = ""
    """The part of Airflow's health report that speaks of it."""
    stop_signal: signal.Signals = signal.SIGTERM
    system_user: str | None = None
    needs_databases: bool = False
    """Whether it must not start before the schemas are up to date."""
    is_demo: bool = False
    """Whether a real system takes its place in production."""


def components(configuration: StackConfiguration, secrets: StackSecrets) -> tuple[Component, ...]:
    """Return every process, in starting order."""
    return (
        _postgres(configuration),
        *(_simulator(configuration, name) for name in SIMULATORS),
        _agent(configuration),
        _receiver(configuration),
        *_airflow(configuration, secrets),
    )


def receiver_config(configuration: StackConfiguration, secrets: StackSecrets) -> str:
    """Return the receiver's configuration file: its own database role and the signing secrets."""
    database = postgres.alchemy_url(
        configuration,
        user=RECEIVER_ROLE,
        password=secrets.receiver_database_password,
        database=systems.TIEOUT_DATABASE,
    )
    shops = {
        COMPANIES[one.company].shop_domain: {
            "pair": one.pair,
            "secrets": [systems.shopify_secret(one.pair)],
        }
        for one in systems.PAIRS
    }
    xero = {
        "keys": [systems.XERO_WEBHOOK_KEY],
        "tenants": {str(COMPANIES[one.company].xero_tenant_id): one.pair for one in systems.PAIRS},
    }
    content = {
        "database_url": database,
        "shops": shops,
        "xero_apps": {systems.XERO_WEBHOOK_APP: xero},
    }
    return json.dumps(content, indent=2)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _postgres(configuration: StackConfiguration) -> Component:
    return Component(
        name="postgres",
        arguments=postgres.server_arguments(configuration),
        port="postgres",
        stop_signal=signal.SIGINT,  # "fast": ends sessions, loses nothing
        system_user=postgres.server_user(),
    )


def _simulator(configuration: StackConfiguration, name: str) -> Component:
    more = os.environ.get(f"{MORE_ARGUMENTS_PREFIX}{name.upper()}", "")
    return Component(
        name=name,
        arguments=_python(
            f"tieout.simulators.{name}",
            "--port",
            str(configuration.ports[name]),
            "--state",
            str(configuration.simulators / name),
            *shlex.split(more),
        ),
        port=name,
        ready_path="/_health",
        is_demo=True,
    )


def _agent(configuration: StackConfiguration) -> Component:
    companies = [
        part
        for simulated in systems.PAIRS
        for part in ("--company", f"{simulated.company}:{AGENT_USER}:{AGENT_PASSWORD}")
    ]
    return Component(
        name="agent",
        arguments=_python(
            "sage100_agent",
            "--port",
            str(configuration.ports["agent"]),
            "--journal",
            str(configuration.home / "agent" / "journal.sqlite"),
            "--com",
            AGENT_COM,
            "--home",
            str(configuration.simulators / "sage100"),
            *companies,
            "--key-file",
            str(configuration.home / "agent" / "key"),
        ),
        port="agent",
        is_demo=True,
    )


def _receiver(configuration: StackConfiguration) -> Component:
    return Component(
        name="receiver",
        arguments=_python(
            "tieout.web.receiver",
            "--port",
            str(configuration.ports["receiver"]),
            "--config",
            str(configuration.home / "receiver.json"),
        ),
        environment=environment.tieout_settings(configuration),
        port="receiver",
        ready_path="/health",
        needs_databases=True,
    )


def _airflow(configuration: StackConfiguration, secrets: StackSecrets) -> tuple[Component, ...]:
    told = environment.airflow_environment(configuration, secrets)
    server = Component(
        name="api-server",
        arguments=_python("airflow", "api-server"),
        environment=told,
        port="airflow",
        ready_path="/api/v2/version",
        needs_databases=True,
    )
    others = (
        Component(
            name=name,
            arguments=_python("airflow", name, *options),
            environment=told,
            health_part=name.replace("-", "_"),
            needs_databases=True,
        )
        for name, options in (
            # The API server reads the log files itself; their servers would listen to everybody.
            ("scheduler", ("--skip-serve-logs",)),
            ("dag-processor", ()),
            ("triggerer", ("--skip-serve-logs",)),
        )
    )
    return (server, *others)
