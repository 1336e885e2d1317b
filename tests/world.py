"""A whole world without Airflow: simulators, agent and ledger as real processes, use cases called.

What Airflow would call task by task is called here step by step; everything beneath is real: HTTP,
ODBC, PostgreSQL, processes.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import requests
from psycopg import sql
from sqlalchemy.engine import make_url

from processes import free_port, running
from tieout.domain.ledger import Origin
from tieout.domain.tie_out import TieOut
from tieout.errors import OutcomeUnknownError, RetryableError, TieoutError
from tieout.ledger.migrate import migrate
from tieout.stack.components import components
from tieout.stack.configuration import PORT_NAMES, StackConfiguration, configure
from tieout.stack.secrets import load_or_create
from tieout.stack.setup import write_files
from tieout.usecases.capture import capture
from tieout.usecases.steps import ORDER_STEPS, run_step
from tieout.wiring.installation import Tieout, open_tieout
from tieout_oracle.judge import Verdict
from tieout_oracle.reading import judge_installation

INCLUDE = Path(__file__).parents[1] / "include"
HARBOR = "harbor_and_pine"
LOTUS = "lotus_lane"
SHOPS = {HARBOR: "harbor-and-pine.myshopify.com", LOTUS: "lotus-lane.myshopify.com"}
COMPANIES = {HARBOR: "HPS", LOTUS: "LLT"}
CALL_TIMEOUT_S = 30
MORE_ARGUMENTS = {
    "xero": ("--minute-limit", "6000"),
    "agent": ("--settle-after-s", "0"),
}
"""A module makes more calls in a minute than Xero allows; the limit has tests of its own.

And no test waits for a COM server that died to come to rest.
"""
SHOPIFY_BUDGET = {"maximum": 1e6, "available": 1e6, "restore_per_s": 1e6}
"""Nor for query points: every sweep of these runs reads every order of the module again."""
SWEEP_FROM = datetime(2020, 1, 1, tzinfo=UTC)
RETRIES_MAX = 3

Act = Callable[[], object]


@dataclass
class World:
    """The running world; ``post`` places orders and runs the flow over them."""

    tieout: Tieout
    configuration: StackConfiguration
    _runs: Iterator[int]

    def call(self, url: str, body: object = None, *, method: str = "POST") -> Any:
        """Send JSON to a control address and return the JSON answer."""
        answer = requests.request(method, url, json=body, timeout=CALL_TIMEOUT_S)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def place(self, order: dict[str, Any], *, pair: str = HARBOR) -> None:
        """Put an order into the shop."""
        self.call(f"{self.configuration.url('shopify')}/_shops/{SHOPS[pair]}/orders", order)

    def run(self, *, pair: str = HARBOR, name: str = "") -> None:
        """Sweep the shop, then run every step of order-to-cash, as one DAG run does.

        A run of the same ``name`` again has the same batch, as a cleared run in Airflow has.
        """
        self._run(pair, lambda _step, attempt: attempt(), name=name)

    def run_retrying(
        self,
        before: Mapping[str, Act],
        *,
        between: Act = lambda: None,
        retries_max: int = RETRIES_MAX,
        pair: str = HARBOR,
    ) -> list[TieoutError]:
        """Run as ``run`` does, but like Airflow: a failing step runs again over the same batch.

        ``before`` acts ahead of a step's first attempt, ``between`` ahead of every later one.
        Returns what failed. After ``retries_max`` retries of one step the run stops there.
        """
        troubles: list[TieoutError] = []

        def patiently(step: str, attempt: Act) -> None:
            before.get(step, lambda: None)()
            for retries_left in reversed(range(retries_max + 1)):
                try:
                    attempt()
                except (RetryableError, OutcomeUnknownError) as error:
                    troubles.append(error)
                    if not retries_left:
                        raise
                    between()
                else:
                    return

        with suppress(RetryableError, OutcomeUnknownError):
            self._run(pair, patiently)
        return troubles

    def _run(self, pair: str, perform: Callable[[str, Act], object], *, name: str = "") -> None:
        """Capture, then ``perform`` each step; mappings are read once, not once for each step."""
        flow = self.tieout.flow(pair)
        batch = capture(
            flow,
            interval=(SWEEP_FROM, flow.clock.now() + timedelta(minutes=1)),
            origin=Origin.SWEEP,
            claimed_by=name or f"run {next(self._runs)}",
        )
        if batch is not None:
            for step in ORDER_STEPS:
                perform(step, partial(run_step, flow, step, batch))

    def post(self, *orders: dict[str, Any], pair: str = HARBOR) -> None:
        """Place orders and run the flow over them."""
        for order in orders:
            self.place(order, pair=pair)
        self.run(pair=pair)

    def people(self, act: str, *, pair: str = HARBOR, **body: object) -> Any:
        """Let the simulated people of the Sage 100 company do something."""
        return self.call(
            f"{self.configuration.url('sage100')}/_people/{COMPANIES[pair]}/{act}", body
        )

    def verdict(self, *, pair: str = HARBOR) -> Verdict:
        """Let the oracle judge the pair, by its own reading of everything."""
        return judge_installation(
            self.configuration.connections, INCLUDE / "pairs.yaml", pair=pair
        )[pair]

    def tie_out(self, *, pair: str = HARBOR) -> TieOut:
        """Prove both ledgers against each other, as of today."""
        return self.tieout.tie_out(pair)


@contextmanager
def running_world(folder: Path, ledger_url: str) -> Iterator[World]:
    """Start simulators and agent on free ports over empty state, and wire Tieout to them."""
    ports = {name: free_port() for name in PORT_NAMES}
    configuration = configure(folder, ports=ports, environment={})
    secrets = load_or_create(folder)
    write_files(configuration, secrets)
    _point_to(ledger_url, configuration.connections)
    with ExitStack() as stack:
        for component in components(configuration, secrets):
            if component.is_demo:
                url = configuration.url(component.port) + (component.ready_path or "/v1/health")
                arguments = [*component.arguments[1:], *MORE_ARGUMENTS.get(component.name, ())]
                stack.enter_context(running(arguments, ready_url=url))
        world = World(
            tieout=open_tieout(configuration.connections, INCLUDE),
            configuration=configuration,
            _runs=count(1),
        )
        for shop in SHOPS.values():
            world.call(f"{configuration.url('shopify')}/_shops/{shop}/throttle", SHOPIFY_BUDGET)
        yield world


@contextmanager
def fresh_world(folder: Path, postgres_url: str) -> Iterator[World]:
    """Start a world on an empty ledger of its own."""
    name = folder.name.replace("-", "_")
    plain = make_url(postgres_url).set(drivername="postgresql")
    with psycopg.connect(
        plain.render_as_string(hide_password=False), autocommit=True
    ) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    migrate(url)
    with running_world(folder, url) as running:
        yield running
        running.tieout.ledger.close()


def _point_to(ledger_url: str, connections: Path) -> None:
    """Let the ledger connection be the test's own database."""
    ledger = make_url(ledger_url)
    known = json.loads(connections.read_text())
    known["tieout_ledger"] = {
        "conn_type": "postgres",
        "host": str(ledger.query.get("host") or ledger.host),
        "port": ledger.port,
        "login": ledger.username or "",
        "password": ledger.password or "",
        "schema": ledger.database,
    }
    for pair in SHOPS:
        # No simulator writes later than it answers: what is in doubt and not there stays away.
        known[f"xero_{pair}"]["extra"]["settle_s"] = "0"
    connections.write_text(json.dumps(known))
