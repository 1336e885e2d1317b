"""Thousands of contacts and invoices: few calls, no refusal, little memory, nothing lost, and fast.

The simulator holds Xero's real limits on a clock that jumps whenever somebody waits, or none at all
to be fast; how fast is compared with tap-xero 2.6.0, which reads the same lists in the same run.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from figures.report import record
from peers.tap_xero import TapXero
from processes import free_port, running
from scale.extracting import PAIR
from simulators.xero.client import HPS, XeroClient
from simulators.xero.filling import fill
from tieout.connectors.xero.connector import XeroConnector
from tieout.errors import RateLimitedError
from tieout.ledger.landing import PostgresLanding
from tieout.ledger.postgres import PostgresLedger
from tieout.usecases.extract import Extracted, extract
from wire import SetClock
from xero_simulator import XeroSimulator

LISTS = {"Contacts": "contact", "Invoices": "invoice"}
FEW, MANY = 3_000, 100_000
PAGE = 1000
AT_FIRST = 200
"""Contacts that the organization has already."""
CALLS_SHARE_MAX = 1.02
RSS_BYTES_MAX = 250 * 10**6
GROWTH_BYTES_MAX = 25 * 10**6
"""How much more a process may hold after the last page than after the fifth."""
FASTER_MIN = 6.0
PLUGINS = Path(__file__).parents[2] / "plugins"
PATIENCE_S = 600.0
"""How long the simulator may take to load, in seconds."""
UNLIMITED = ("--minute-limit", "10000000", "--day-limit", "10000000")
EXTRACTING_S_MAX = 1800.0


class JumpingClock(SetClock):
    """A clock that only waiting moves, and the simulator's with it."""

    def __init__(self, simulator: XeroSimulator) -> None:
        super().__init__()
        self._simulator = simulator

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._simulator.call("POST", "/_clock", {"advance_seconds": seconds})


@dataclass(frozen=True)
class Took:
    """What an extraction took, its process included."""

    records: int
    seconds: float
    reading_s: float
    """Without the start and end of the process."""
    rss_bytes_max: int
    growth_bytes: int


@contextmanager
def simulator(state: Path, *limits: str) -> Iterator[XeroSimulator]:
    """Run the simulator over a state that may take long to load."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ["-m", "tieout.simulators.xero", "--port", str(port), "--state", str(state)]
    with running([*arguments, *limits], ready_url=f"{url}/_health", patience_s=PATIENCE_S):
        yield XeroSimulator(url)


def extracted_in_turn(xero: XeroSimulator, ledger: PostgresLedger, resource: str) -> Extracted:
    """Extract a list within Xero's limits; put off, go on when it was said, as a task does."""
    clock = JumpingClock(xero)
    connector = XeroConnector(xero.config(), clock=clock, sleep=clock.sleep)
    landing = PostgresLanding(ledger.database)
    while True:
        try:
            return extract(connector.lists, landing, PAIR, resource)
        except RateLimitedError as limited:
            clock.sleep(limited.retry_after_s or 60)


def extracted_apart(xero: XeroSimulator, ledger_url: str) -> Took:
    """Extract the lists in a process of their own, without limits."""
    program = [sys.executable, str(Path(__file__).parent / "extracting.py")]
    started_s = time.perf_counter()
    ended = subprocess.run(
        [*program, xero.url, ledger_url, *LISTS],
        capture_output=True,
        check=False,
        env={"PYTHONPATH": str(PLUGINS)},
        timeout=EXTRACTING_S_MAX,
    )
    seconds = time.perf_counter() - started_s
    assert ended.returncode == 0, ended.stderr.decode()
    told = json.loads(ended.stdout)
    held = told["held_bytes"]
    return Took(
        records=told["records"],
        seconds=seconds,
        reading_s=told["seconds"],
        rss_bytes_max=told["rss_bytes_max"],
        growth_bytes=held[-1] - held[min(4, len(held) - 1)],
    )


def landed(ledger_url: str, resource: str) -> set[str]:
    """Return the ids of a list's entries, after a look that none is there twice."""
    with psycopg.connect(ledger_url.replace("+psycopg", "")) as database:
        found = database.execute(
            "SELECT resource_id FROM tieout.inbox WHERE topic = %s", [f"{resource}/sweep"]
        ).fetchall()
    ids = {str(record_id) for (record_id,) in found}
    assert len(ids) == len(found)
    return ids


def filled(resource: str, count: int) -> set[str]:
    """Return the ids of the records that the organization was filled with."""
    return {str(uuid5(UUID(HPS), f"{LISTS[resource]} {number}")) for number in range(count)}


def check_nothing_is_lost(ledger_url: str, count: int) -> None:
    """Compare what landed with what the organization was filled with."""
    for resource in LISTS:
        ids = landed(ledger_url, resource)
        assert filled(resource, count) <= ids
        assert len(ids) == count + (AT_FIRST if resource == "Contacts" else 0)
    ledger = PostgresLedger(ledger_url)
    counts = ledger.conservation(PAIR)
    ledger.close()
    assert counts.is_conserved
    assert counts.received == counts.pending == len(LISTS) * count + AT_FIRST


def calls_taken(xero: XeroSimulator) -> dict[str, Any]:
    """Return what the simulator counted of the organization's calls since it started."""
    taken: dict[str, Any] = xero.call("GET", "/_calls")[HPS]
    return taken


def check_calls(xero: XeroSimulator, count: int, *, more: int) -> dict[str, int]:
    """Compare the calls with the fewest there could be; return them by list."""
    taken = calls_taken(xero)
    assert taken["refused"] == 0
    calls = {name: taken["by_path"][f"GET {name.lower()}"] for name in LISTS}
    for name, made in calls.items():
        fewest = -(-(count + (AT_FIRST if name == "Contacts" else 0)) // PAGE)
        assert made <= max(CALLS_SHARE_MAX * fewest, fewest + more), (name, made)
    return calls


@contextmanager
def emptied(ledger_url: str) -> Iterator[str]:
    """Yield the ledger, and empty it after."""
    yield ledger_url
    plain = make_url(ledger_url).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        for table in ("inbox", "salts", "audit", "watermarks"):
            admin.execute(sql.SQL("TRUNCATE tieout.{} CASCADE").format(sql.Identifier(table)))


def within_limits(state: Path, ledger_url: str, count: int, *, more: int) -> dict[str, int]:
    """Extract within Xero's real limits and check what that took; return the calls by list."""
    ledger = PostgresLedger(ledger_url)
    with simulator(state) as xero:
        for resource in LISTS:
            done = extracted_in_turn(xero, ledger, resource)
            assert done.set_aside == done.tombstones == 0
        calls = check_calls(xero, count, more=more)
    ledger.close()
    check_nothing_is_lost(ledger_url, count)
    return calls


def test_thousands_of_records_take_few_calls_and_little_memory(
    tmp_path: Path, ledger_url: str
) -> None:
    fill(tmp_path, contacts=FEW, invoices=FEW)
    with emptied(ledger_url):
        within_limits(tmp_path, ledger_url, FEW, more=1)
    with simulator(tmp_path, *UNLIMITED) as xero:
        took = extracted_apart(xero, ledger_url)
        check_calls(xero, FEW, more=1)
    check_nothing_is_lost(ledger_url, FEW)
    assert took.rss_bytes_max < RSS_BYTES_MAX
    assert took.growth_bytes < GROWTH_BYTES_MAX


@pytest.mark.bench
def test_a_hundred_thousand_of_each_are_read_six_times_as_fast_as_by_tap_xero(
    tmp_path: Path, ledger_url: str
) -> None:
    fill(tmp_path, contacts=MANY, invoices=MANY)
    with emptied(ledger_url):
        calls = within_limits(tmp_path, ledger_url, MANY, more=0)
    with simulator(tmp_path, *UNLIMITED) as xero:
        warm(xero)
        tap = TapXero(xero.url, tmp_path / "tap", options={"include_archived_contacts": "true"})
        peer = tap.sync([name.lower() for name in LISTS])
        took = extracted_apart(xero, ledger_url)
        assert calls_taken(xero)["refused"] == 0
    check_nothing_is_lost(ledger_url, MANY)
    ours, theirs = took.records / took.seconds, peer.records_per_s
    record(
        "a hundred thousand contacts and invoices of Xero",
        calls=calls,
        refused=0,
        lost=0,
        records_per_s=ours,
        records_per_s_without_start=took.records / took.reading_s,
        tap_xero_records_per_s=theirs,
        times_faster=ours / theirs,
        rss_mb=took.rss_bytes_max / 10**6,
        growth_mb=took.growth_bytes / 10**6,
        tap_xero_rss_mb=peer.rss_bytes_max / 10**6,
    )
    assert peer.counts().total() == took.records
    assert took.rss_bytes_max < RSS_BYTES_MAX
    assert took.growth_bytes < GROWTH_BYTES_MAX
    assert ours >= FASTER_MIN * theirs


def warm(xero: XeroSimulator) -> None:
    """Let the simulator write every record down once: what that takes is nobody's."""
    people = XeroClient(xero.url)
    for resource, more in (("Contacts", {}), ("Invoices", {}), ("Invoices", {"unitdp": 4})):
        for page in range(1, MANY // PAGE + 2):
            given = {"page": page, "pageSize": PAGE, "includeArchived": "true", **more}
            people.get(resource, **given).raise_for_status()
