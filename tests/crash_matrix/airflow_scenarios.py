"""One real installation under load, and the means to strike at its processes.

A scene is the embedded stack with PostgreSQL, Airflow, simulators, agent and receiver, and the
orders placed so far. Processes are found by the stack's own records, by Airflow's database and by
/proc, and struck by their id. What must hold afterwards belongs to test_airflow_scenarios.py.
"""

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import requests

from installation import Installation, wait_for
from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify.demo_build import build, sale
from tieout.simulators.shopify.demo_maker import Maker
from tieout.stack import control, processes, systems
from tieout.stack.environment import airflow_settings
from tieout.stack.secrets import load_or_create
from tieout.stack.supervisor import SUPERVISOR
from tieout.wiring.connections import connections_in, ledger_url
from tieout.wiring.installation import Tieout
from tieout_oracle.judge import Verdict
from tieout_oracle.reading import judge_installation

PAIR = "harbor_and_pine"
SHOP = "harbor-and-pine.myshopify.com"
FIRST_NUMBER = 9001
ORDER_EVERY_S = 4.0
ORDERS_MAX = 10
"""How many orders the traffic of one scenario has at most; Xero allows 60 calls a minute."""
ANSWER_S = 60
SETTLE_S = 60.0
"""How long after it was sent a write may still land: longer than any request here is slow."""
DRAINED_WITHIN_S = 1200.0
"""A claim that nobody renewed waits a quarter of an hour."""
AIRFLOW_PARTS = ("api-server", "scheduler", "dag-processor", "triggerer")
JOB_TYPES = {
    "scheduler": "SchedulerJob",
    "dag-processor": "DagProcessorJob",
    "triggerer": "TriggererJob",
}
KINDS = ("invoice", "payment", "sales order", "receipt")

RUNNING = """
    SELECT id::text, dag_id, task_id, run_id, map_index, try_number, pid FROM task_instance
    WHERE state = 'running' AND pid IS NOT NULL AND task_id LIKE %s ORDER BY start_date DESC
"""
ATTEMPT = """
    SELECT try_number, state, pid FROM task_instance
    WHERE dag_id = %s AND task_id = %s AND run_id = %s AND map_index = %s
"""
JOBS = "SELECT count(*) FROM job WHERE job_type = %s"
UNFINISHED = """
    SELECT count(*) FROM dag_run
    WHERE dag_id = 'order_to_cash' AND state IN ('queued', 'running')
"""
WAITING = """
    SELECT (SELECT count(*) FROM tieout.inbox WHERE state = 'pending')
         + (SELECT count(*) FROM tieout.documents
            WHERE state IN ('received', 'validated', 'ready', 'held'))
"""
DONE = """
    SELECT DISTINCT source_id FROM tieout.documents WHERE state = 'done' AND source_id = ANY(%s)
"""
ATTEMPTS_MOST = """
    SELECT coalesce(max(delivery.attempts), 0) FROM tieout.deliveries AS delivery
    JOIN tieout.documents AS document USING (document_id) WHERE document.source_id = ANY(%s)
"""


class RunningTask(NamedTuple):
    """One attempt of one task, running in the process ``pid``."""

    id: str
    dag_id: str
    task_id: str
    run_id: str
    map_index: int
    try_number: int
    pid: int

    @property
    def supervisor_pid(self) -> int:
        """Return the process that supervises it: its parent, a worker of the executor."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        return int(stat.rpartition(")")[2].split()[1])


class Attempt(NamedTuple):
    """Where a task stands now."""

    try_number: int
    state: str | None
    pid: int | None


@dataclass
class Scene:
    """An installation, and every order that was placed in it."""

    installation: Installation
    orders: list[dict[str, Any]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(FIRST_NUMBER))

    def start(self, environment: Mapping[str, str]) -> None:
        """Start all processes, with these settings, and a Xero that is not slow for long."""
        self.installation.set_environment({**environment, **self._xero()})
        started = self.installation.run("stack", "start")
        assert started.returncode == 0, started.stdout + started.stderr

    def _xero(self) -> dict[str, str]:
        """Return the connection of a Xero of which we know how late its writes land."""
        secrets = load_or_create(self.installation.home)
        known = systems.connections(self.installation.configuration, secrets)
        connection: Any = known[f"xero_{PAIR}"]
        connection["extra"]["settle_s"] = SETTLE_S
        return {f"TIEOUT_AIRFLOW_CONN_XERO_{PAIR.upper()}": json.dumps(connection)}

    def stop(self) -> None:
        """Stop all processes."""
        stopped = self.installation.run("stack", "stop")
        assert stopped.returncode == 0, stopped.stdout + stopped.stderr

    def place(self) -> dict[str, Any]:
        """Place a fresh paid order, of which the shop tells us by webhook."""
        now = datetime.now(UTC)  # noqa: TID251 - the schedule's own clock
        make = Maker(COMPANIES["HPS"], now.date())
        number = next(self._numbers)
        buyer = make.known[number % len(make.known)]
        draft = make.draft(number, buyer, make.line("LAMP-01"), at=now - timedelta(seconds=5))
        order = {**build(draft), "updated_at": now.isoformat()}
        self.tell("shopify", f"_shops/{SHOP}/orders", {**order, "transactions": [sale(order)]})
        self.orders.append(order)
        return order

    @contextmanager
    def traffic(self) -> Iterator[None]:
        """Place orders one after the other while the block runs; at least one before and after."""
        ended = threading.Event()
        troubles: list[Exception] = []

        def place_orders() -> None:
            with _kept(troubles):
                for _order in range(ORDERS_MAX - 1):
                    self.place()
                    if ended.wait(ORDER_EVERY_S):
                        break

        thread = threading.Thread(target=place_orders)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        assert troubles == []
        self.place()

    def tell(self, system: str, path: str, body: object = None, *, method: str = "POST") -> Any:
        """Send JSON to a simulator's control address and return the JSON answer."""
        url = f"{self.installation.configuration.url(system)}/{path}"
        answer = requests.request(method, url, json=body, timeout=ANSWER_S)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    @contextmanager
    def slow(self, system: str, path: str, method: str, *, seconds: float) -> Iterator[None]:
        """Let the next such request to a simulator take long; it does its work all the same."""
        self.make_slow(system, path, method, seconds=seconds)
        try:
            yield
        finally:
            self.tell(system, "_faults", method="DELETE")

    def make_slow(self, system: str, path: str, method: str, *, seconds: float) -> None:
        """Arm one slow request."""
        fault = {"kind": "latency", "path": path, "method": method, "seconds": seconds}
        self.tell(system, "_faults", fault)

    def wait_until_slow(self, system: str) -> None:
        """Wait until the slow request is under way."""
        wait_for(
            lambda: any(one["hits"] for one in self.tell(system, "_faults", method="GET")),
            limit_s=DRAINED_WITHIN_S,
            what=f"a slow request to {system}",
        )

    def wait_for_task(self, step: str) -> RunningTask:
        """Return the newest running task of a step, once there is one."""
        found: list[tuple[Any, ...]] = wait_for(
            lambda: self.ask_airflow(RUNNING, f"%.{step}"),
            limit_s=DRAINED_WITHIN_S,
            what=f"{step} to run",
        )
        return RunningTask(*found[0])

    def attempt(self, task: RunningTask) -> Attempt:
        """Return where a task stands now."""
        key = (task.dag_id, task.task_id, task.run_id, task.map_index)
        return Attempt(*self.ask_airflow(ATTEMPT, *key)[0])

    def wait_for_attempt(self, task: RunningTask, *, limit_s: float) -> Attempt:
        """Wait until a later attempt of a task runs, or has ended."""

        def later() -> Attempt | None:
            now = self.attempt(task)
            is_begun = now.state in {"running", "success", "failed"}
            return now if now.try_number > task.try_number and is_begun else None

        found = wait_for(later, limit_s=limit_s, what=f"another attempt of {task.task_id}")
        assert found is not None
        return found

    def record(self, name: str) -> processes.ProcessRecord:
        """Return the stack's record of one of its processes."""
        records = processes.read_records(self.installation.configuration.run)
        return next(record for record in records if record.name == name)

    def restarts(self) -> dict[str, int]:
        """Return how often the stack started each process again."""
        records = processes.read_records(self.installation.configuration.run)
        return {record.name: record.restarts for record in records}

    def kill_part(self, name: str) -> None:
        """Kill a process of the stack, and wait until its successor does its work."""
        before, jobs = self.record(name), self._jobs(name)
        kill(before.pid)
        self.wait_until_restarted(name, before.restarts)
        # Airflow's report calls the dead one healthy until its last heartbeat is 30 s old.
        wait_for(
            lambda: name not in JOB_TYPES or self._jobs(name) > jobs,
            limit_s=DRAINED_WITHIN_S,
            what=f"the new {name} to report",
        )

    def _jobs(self, name: str) -> int:
        return int(self.ask_airflow(JOBS, JOB_TYPES.get(name, ""))[0][0])

    @contextmanager
    def unkept(self) -> Iterator[None]:
        """Keep what died from being started again until the block ends: its keeper sleeps."""
        keeper = self.record(SUPERVISOR).pid
        os.kill(keeper, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(keeper, signal.SIGCONT)

    def wait_until_restarted(self, name: str, before: int) -> None:
        """Wait until a process was started again and does its work."""
        wait_for(
            lambda: self.restarts().get(name, 0) > before,
            limit_s=DRAINED_WITHIN_S,
            what=f"{name} to be started again",
        )
        self.wait_until_healthy()

    def wait_until_healthy(self) -> None:
        """Wait until every process does its work, by what Airflow's health report says."""
        wait_for(
            lambda: self.status().is_healthy,
            limit_s=DRAINED_WITHIN_S,
            what="a healthy installation",
        )

    def status(self) -> control.StackStatus:
        """Return what runs."""
        return control.status(self.installation.configuration)

    def wait_until_drained(self) -> None:
        """Wait until every order that was placed is done, and nothing else waits."""
        wait_for(self._is_drained, limit_s=DRAINED_WITHIN_S, what="every order to be done")

    def _is_drained(self) -> bool:
        placed = self.ids()
        with suppress(psycopg.Error):
            done = {str(row[0]) for row in self.ask_ledger(DONE, placed)}
            return done == set(placed) and self.ask_ledger(WAITING)[0][0] == 0
        return False

    def wait_until_quiet(self) -> None:
        """Wait until no run is under way."""
        wait_for(
            lambda: self.ask_airflow(UNFINISHED)[0][0] == 0,
            limit_s=DRAINED_WITHIN_S,
            what="a moment without a run",
        )

    def ids(self) -> list[str]:
        """Return the ids of every order placed."""
        return [str(order["id"]) for order in self.orders]

    def copies(self) -> dict[str, Counter[str]]:
        """Return how many documents of each kind each order has at the targets."""
        tieout = self.installation.open()
        try:
            return dict(zip(KINDS, _copies(tieout), strict=True))
        finally:
            tieout.ledger.close()

    def verdict(self) -> Verdict:
        """Return what the oracle says."""
        configuration = self.installation.configuration
        found = judge_installation(
            configuration.connections, configuration.include / "pairs.yaml", pair=PAIR
        )
        return found[PAIR]

    def attempts_most(self, ids: Sequence[str]) -> int:
        """Return the most attempts that any delivery of these orders took."""
        return int(self.ask_ledger(ATTEMPTS_MOST, list(ids))[0][0])

    def kill_backend(self) -> None:
        """Kill one session's server process: PostgreSQL drops all sessions and recovers."""
        with psycopg.connect(self._ledger_url()) as database:
            kill(database.info.backend_pid)

    def ask_airflow(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return what Airflow's database answers."""
        installation = self.installation
        settings = airflow_settings(installation.configuration, load_or_create(installation.home))
        url = settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg", "")
        return _ask(url, question, values)

    def ask_ledger(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return what the ledger's database answers."""
        return _ask(self._ledger_url(), question, values)

    def _ledger_url(self) -> str:
        connection = connections_in(self.installation.connections)("tieout_ledger")
        return ledger_url(connection).replace("+psycopg", "")


class Faults(NamedTuple):
    """What a run lost and doubled: orders and kinds of document."""

    lost: list[str]
    doubled: list[str]


def faults(copies: Mapping[str, Counter[str]], numbers: Sequence[str]) -> Faults:
    """Compare what is at the targets with the orders placed: one document of each kind for each."""
    each = [(kind, number, copies[kind][number]) for kind in KINDS for number in numbers]
    return Faults(
        lost=[f"{number} has no {kind}" for kind, number, found in each if found == 0],
        doubled=[f"{number}: {found} of {kind}" for kind, number, found in each if found > 1],
    )


def refuse_not_injected(name: str, strikes: int, wanted: int) -> None:
    """Fail a scenario whose fault did not strike: it would prove nothing."""
    if strikes < wanted:
        message = f"{name}: not injected ({strikes} strikes of {wanted})"
        raise AssertionError(message)


def number_of(order: Mapping[str, Any]) -> str:
    """Return the number that an order's documents carry."""
    return f"HP-{order['name'].lstrip('#')}"


def kill(*pids: int) -> None:
    """Kill processes by their ids, and see them dead.

    Raises:
        ProcessLookupError: One was gone already: nothing was struck.
    """
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        wait_for(lambda pid=pid: not is_running(pid), limit_s=10, what=f"{pid} to die")


def is_running(pid: int) -> bool:
    """Say whether a process exists and is no mere zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def sleep_until(at: float) -> None:
    """Let an outage last."""
    time.sleep(max(0.0, at - time.monotonic()))


def _copies(tieout: Tieout) -> list[Counter[str]]:
    xero, sage100 = tieout.xero(PAIR), tieout.sage100(PAIR)
    payments, orders = xero.payments(), sage100.orders()
    numbers_by_check = {
        f"T{_base36(one.reference.split(' ')[1])}": one.reference.split(" ")[0]
        for one in payments
        if one.reference.startswith("HP-")
    }
    receipts = Counter(
        numbers_by_check[one.check_no]
        for one in sage100.receipts()
        if one.check_no in numbers_by_check
    )
    return [
        Counter(one.number for one in xero.invoices()),
        Counter(one.reference.split(" ")[0] for one in payments),
        Counter(one.customer_po for one in orders),
        receipts,
    ]


def _base36(digits: str) -> str:
    number, text = int(digits), ""
    while number:
        number, rest = divmod(number, 36)
        text = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest] + text
    return text


def _ask(url: str, question: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, connect_timeout=5) as database:
        return database.execute(question, values or None).fetchall()


@contextmanager
def _kept(troubles: list[Exception]) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - raised again by whoever joins the thread
        troubles.append(error)
