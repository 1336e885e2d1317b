"""The ledger's PostgreSQL crashes under load: nothing acknowledged is lost, nothing doubled (T-31).

The server runs by the stack's own command line, fsync and synchronous commit on. It is shut down
*immediately*, or killed with all its children, while workers land, claim and deliver; then it is
started and recovers. Not shown here: loss of the machine's own write cache.
"""

import os
import pwd
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

import psycopg
import pytest

from crash_matrix.airflow_scenarios import is_running, refuse_not_injected
from crash_matrix.postgres_load import ENOUGH, KEYED, TARGETS, UNKEYED
from figures.report import record
from installation import own_folder, wait_for
from processes import free_port
from records import PAIR
from tieout.ledger.migrate import migrate
from tieout.ledger.postgres import PostgresLedger
from tieout.stack import postgres
from tieout.stack.configuration import StackConfiguration, configure
from tieout.stack.secrets import StackSecrets, load_or_create
from tieout_oracle.connections import Connection
from tieout_oracle.judge import Verdict, judge
from tieout_oracle.ledger import read_ledger
from tieout_oracle.sets import Sets, TargetRecord

pytestmark = pytest.mark.tier2

WORKERS = (("lander", "a"), ("lander", "b"), ("poster", "p"), ("poster", "q"))
UP_S = 1.0
"""How long the server works between two crashes, in seconds."""
START_WITHIN_S = 60.0
DRAINED_WITHIN_S = 300.0
IN_RECOVERY = "automatic recovery in progress"
CRASHES_NIGHTLY = 50


@dataclass
class Server:
    """One PostgreSQL that may be crashed at will."""

    configuration: StackConfiguration
    secrets: StackSecrets
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its address, for psycopg."""
        return postgres.url(
            self.configuration,
            user=postgres.SUPERUSER,
            password=self.secrets.postgres_password,
            database="postgres",
        )

    @property
    def log(self) -> str:
        """Return all that it has logged."""
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    @property
    def _log_file(self) -> Path:
        return self.configuration.home / "server.log"

    def start(self, **settings: str) -> None:
        """Start it and wait until it answers."""
        planted = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        user = postgres.server_user()
        with self._log_file.open("ab") as output:
            self._process = subprocess.Popen(
                [*postgres.server_arguments(self.configuration), *planted],
                stdout=output,
                stderr=output,
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
            )
        wait_for(self._answers, limit_s=START_WITHIN_S, what="PostgreSQL to answer")

    def crash(self, how: signal.Signals) -> None:
        """Shut it down immediately (SIGQUIT), or kill it with all its children (SIGKILL)."""
        process = self._process
        assert process is not None
        family = [process.pid, *children(process.pid)]
        os.kill(process.pid, how)
        for child in family[1:] if how == signal.SIGKILL else []:
            with suppress(ProcessLookupError):  # those of a moment end by themselves
                os.kill(child, how)
        process.wait()
        wait_for(lambda: not any(map(is_running, family)), limit_s=30, what="the crash")

    def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def children(parent: int) -> list[int]:
    """Return the ids of a process's children."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


@pytest.fixture
def server() -> Iterator[Server]:
    with own_folder() as home:
        configuration = configure(home, ports={"postgres": free_port()}, environment={})
        made = Server(configuration, load_or_create(home))
        postgres.ensure_cluster(made.configuration, made.secrets)
        made.start()
        migrate(made.url)
        try:
            yield made
        finally:
            made.stop()


@contextmanager
def worker(
    role: str, name: str, url: str, folder: Path, *options: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one worker until the block ends."""
    module = "crash_matrix.postgres_load"
    command = [sys.executable, "-m", module, role, url, str(folder), name, *options]
    path = os.pathsep.join(str(Path(__file__).parents[1] / one) for one in (".", "../plugins"))
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def acked(folder: Path) -> frozenset[str]:
    """Return the events of which a lander was told that they are safe."""
    return frozenset(
        line for path in folder.glob("acked-*") for line in path.read_text().splitlines()
    )


def held_at_targets(folder: Path) -> list[TargetRecord]:
    """Return every document at the targets, copies and all."""
    with closing(sqlite3.connect(folder / TARGETS)) as held:
        rows = held.execute("SELECT entity, id, document_key FROM held").fetchall()
    return [
        TargetRecord(target="xero", entity=entity, external_id=f"{entity}-{number}", key=key)
        for entity, number, key in rows
    ]


def verdict(server: Server, folder: Path) -> Verdict:
    """Let the oracle judge ledger, targets and what the landers were told."""
    known = Connection(
        host="127.0.0.1",
        port=server.configuration.ports["postgres"],
        login=postgres.SUPERUSER,
        password=server.secrets.postgres_password,
        database="postgres",
    )
    inbox, documents, deliveries, audit = read_ledger(known, PAIR, "USD")
    without_money = [replace(one, amount=None) for one in deliveries]
    return judge(
        Sets(
            inbox=tuple(inbox),
            documents=tuple(documents),
            deliveries=tuple(without_money),
            targets=tuple(held_at_targets(folder)),
            audit=tuple(audit),
            acked=acked(folder),
            read=frozenset({("xero", KEYED), ("xero", UNKEYED)}),
        )
    )


def test_crashes_under_load_lose_no_landing_and_double_no_delivery(
    server: Server, tmp_path: Path
) -> None:
    crashes = CRASHES_NIGHTLY
    began = time.monotonic()
    with loaded(server, tmp_path):
        strikes = crash_repeatedly(server, tmp_path, crashes)
    found = verdict(server, tmp_path)
    landed = acked(tmp_path)
    record(
        f"T-31 PostgreSQL crashed {crashes} times under load",
        strikes=strikes,
        documents=2 * len(landed),
        lost=len(found.lost) + len(found.acked_not_done),
        doubled=len(found.doubled),
        unaudited=len(found.unaudited),
        troubles=troubles(tmp_path),
        seconds=round(time.monotonic() - began, 1),
    )
    refuse_not_injected("T-31", strikes, crashes)
    refuse_not_injected("T-31, calls that broke off", troubles(tmp_path), crashes)
    assert found.is_clean, found.text()
    assert len(held_at_targets(tmp_path)) == 2 * len(landed)
    assert server.log.count(IN_RECOVERY) == crashes
    assert PostgresLedger(server.url).conservation(PAIR).is_conserved


def test_a_server_that_answers_before_it_has_written_is_found_out(
    server: Server, tmp_path: Path
) -> None:
    server.stop()
    server.start(synchronous_commit="off", wal_writer_delay="10s")
    with loaded(server, tmp_path):
        crash_repeatedly(server, tmp_path, 2)

    assert verdict(server, tmp_path).lost


def test_a_protocol_that_does_not_wait_out_late_writes_is_found_out(
    server: Server, tmp_path: Path
) -> None:
    with loaded(server, tmp_path, "--settle-s", "0"):
        crash_repeatedly(server, tmp_path, 1)

    assert verdict(server, tmp_path).doubled


@contextmanager
def loaded(server: Server, folder: Path, *options: str) -> Iterator[None]:
    """Let landers and posters work while the block runs; then let them finish."""
    with ExitStack() as stack:
        workers = [
            stack.enter_context(worker(role, name, server.url, folder, *options))
            for role, name in WORKERS
        ]
        yield
        (folder / ENOUGH).touch()
        wait_for(
            lambda: all(one.poll() == 0 for one in workers),
            limit_s=DRAINED_WITHIN_S,
            what="the workers to end",
        )


def crash_repeatedly(server: Server, folder: Path, crashes: int) -> int:
    """Crash and start the server, each time after work was done; return how often."""
    strikes = 0
    for how, _crash in zip(cycle((signal.SIGQUIT, signal.SIGKILL)), range(crashes), strict=False):
        before = len(acked(folder))
        time.sleep(UP_S)
        wait_for(lambda before=before: len(acked(folder)) > before, limit_s=60, what="landings")
        server.crash(how)
        strikes += 1
        server.start()
    return strikes


def troubles(folder: Path) -> int:
    """Return how many calls of the workers broke off for want of the database."""
    lines = [line for path in folder.glob("troubles-*") for line in path.read_text().splitlines()]
    return sum("database" in line for line in lines)
