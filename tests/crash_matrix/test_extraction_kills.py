"""A reader of Xero's lists killed at every page boundary: before, in and after the commit.

Each worker dies at the first page that it lands, so that the next one stands at the same boundary
or one page further; people edit records meanwhile, and half of the contacts have a status that
nobody knows. The oracle compares what Xero shows at the end.
"""

import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
import psycopg
import pytest
from sqlalchemy import Connection, make_url
from typing_extensions import override

from crash_matrix.killing import DONE, die, ended, fork
from figures.report import record
from simulators.xero.client import HPS
from simulators.xero.client import XeroClient as People
from simulators.xero.filling import fill
from tieout.connectors.http import Answer
from tieout.connectors.turns import MemoryCallBudget
from tieout.connectors.xero.client import XeroClient
from tieout.connectors.xero.lists import XeroLists
from tieout.domain.budget import Allowed
from tieout.domain.ledger import NewDeadLetter, NewInboxEntry
from tieout.domain.reading import Page, PageLanded, Position, Reading
from tieout.ledger.landing import PostgresLanding
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.session import Database
from tieout.usecases.extract import extract
from tieout_oracle.connections import Connection as OracleConnection
from tieout_oracle.judge import Verdict, judge
from tieout_oracle.ledger import read_ledger
from tieout_oracle.sets import Sets, SourceRecord
from wire import SetClock
from xero_simulator import XeroSimulator, xero_simulator

PAIR = "harbor_and_pine"
RECORDS = 200
SIZE = 50
"""Records on a page. Contacts share a moment and are read by number, invoices are sought."""
HALF_ACTIVE = re.compile(
    rb'("ContactID": "[0-7][^"]+",(?:\s+"(?:Contact|Account)Number": "[^"]*",)*'
    rb'\s+"ContactStatus": )"ACTIVE"'
)
WORKERS_MAX = 60
UNLIMITED = Allowed(concurrent=100, per_minute=10**9, per_day=(10**9,), app_per_minute=10**9)


class Moment(StrEnum):
    """When a worker dies at a page boundary."""

    BEFORE = "before the commit begins"
    IN_COMMIT = "inside the commit, before it is sent"
    AFTER = "after the commit, before the worker knows"


class DeadlyDatabase(Database):
    """The real database, in whose hands its worker dies before it commits."""

    is_armed = False

    @override
    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with super().transaction() as connection:
            yield connection
            if self.is_armed:
                die()


class DeadlyLanding(PostgresLanding):
    """The real inbox, whose worker dies at the first page that it lands."""

    def __init__(self, url: str, moment: Moment) -> None:
        self._deadly = DeadlyDatabase(url, pool_size=1, application_name="tieout-deadly")
        super().__init__(self._deadly)
        self._moment = moment

    @override
    def land(
        self,
        reading: Reading,
        page: Page,
        *,
        before: Position,
        set_aside: Sequence[tuple[NewInboxEntry, NewDeadLetter]] = (),
    ) -> PageLanded:
        if self._moment is Moment.BEFORE:
            die()
        self._deadly.is_armed = self._moment is Moment.IN_COMMIT
        super().land(reading, page, before=before, set_aside=set_aside)
        die()
        raise AssertionError


def strange(body: bytes) -> bytes:
    """Return an answer in which half of the active contacts hibernate."""
    return HALF_ACTIVE.sub(rb'\1"HIBERNATING"', body)


class StrangeClient(XeroClient):
    """The real client of a Xero that is newer than we are."""

    @override
    def get(
        self, path: str, params: Mapping[str, str], modified_since: datetime | None = None
    ) -> Answer:
        answer = super().get(path, params, modified_since)
        return replace(answer, body=strange(answer.body))


@dataclass(frozen=True)
class Scene:
    """Xero with a few hundred records, and an empty ledger."""

    simulator: XeroSimulator
    ledger_url: str

    def lists(self) -> XeroLists:
        clock = SetClock()
        budget = MemoryCallBudget(UNLIMITED, clock=clock)
        config = self.simulator.config()
        client = StrangeClient(config, clock=clock, sleep=clock.sleep, budget=budget)
        return XeroLists(client, tenant_id=config.tenant_id)

    def doomed(self, resource: str, moment: Moment) -> int | None:
        """Let a worker read until it dies; return its exit code, or None if it was killed."""

        def work() -> None:
            extract(self.lists(), DeadlyLanding(self.ledger_url, moment), PAIR, resource)

        return ended(fork(work, name=f"{resource} {moment}"))

    def survivor(self, resource: str) -> None:
        """Let a worker read to the end."""

        def work() -> None:
            landing = PostgresLanding(PostgresLedger(self.ledger_url).database)
            extract(self.lists(), landing, PAIR, resource)

        assert ended(fork(work, name=resource)) == DONE

    def position(self, resource: str) -> str:
        """Return where the reading stands."""
        with psycopg.connect(self.ledger_url.replace("+psycopg", "")) as database:
            found = database.execute(
                "SELECT position FROM tieout.watermarks WHERE resource LIKE %s", [f"{resource} %"]
            ).fetchone()
        return json.dumps(found)

    def shown(self, resource: str) -> dict[str, bytes]:
        """Return every record as Xero shows it now, by its id, its bytes as they are."""
        people = People(self.simulator.url)
        query = {"page": 1, "pageSize": 1000, "includeArchived": "true"}
        more = {"unitdp": 4} if resource == "Invoices" else {}
        answer = people.get(resource, **query, **more)
        rows = msgspec.json.decode(strange(answer.content), type=dict[str, msgspec.Raw])[resource]
        id_member = resource.removesuffix("s") + "ID"
        bodies = [bytes(row) for row in msgspec.json.decode(rows, type=list[msgspec.Raw])]
        return {json.loads(body)[id_member]: body for body in bodies}

    def verdict(self, resource: str) -> Verdict:
        """Let the oracle compare what Xero shows with what landed."""
        url = make_url(self.ledger_url)
        database = OracleConnection(
            host=str(url.query.get("host") or url.host),
            login=url.username or "",
            database=url.database or "",
        )
        inbox, documents, deliveries, audit = read_ledger(database, PAIR, "USD")
        shown = self.shown(resource)
        assert len(shown) >= RECORDS
        sets = Sets(
            source=tuple(SourceRecord(HPS, one, "USD", Decimal(0)) for one in shown),
            inbox=tuple(inbox),
            documents=tuple(documents),
            deliveries=tuple(deliveries),
            audit=tuple(audit),
            acked=frozenset(hashlib.sha256(body).hexdigest() for body in shown.values()),
        )
        return judge(sets)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XeroSimulator]:
    state = tmp_path_factory.mktemp("xero")
    fill(state, contacts=1, invoices=RECORDS)
    with xero_simulator(state) as running:
        yield running


@pytest.fixture
def scene(
    simulator: XeroSimulator, emptied_ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    monkeypatch.setattr("tieout.connectors.xero.lists.PAGE_SIZE_MAX", SIZE)
    return Scene(simulator, emptied_ledger_url)


def edit(scene: Scene, resource: str, number: int) -> None:
    """Let somebody change a record, which thereby moves to the end of the list."""
    people = People(scene.simulator.url)
    ids = sorted(scene.shown(resource))
    chosen = ids[number * 7 % len(ids)]
    change = {"Name": f"Renamed {number}"} if resource == "Contacts" else {"Reference": str(number)}
    people.post(f"{resource}/{chosen}", change).raise_for_status()
    people.control("POST", "clock", {"advance_seconds": 1}).raise_for_status()


@pytest.mark.parametrize("resource", ["Contacts", "Invoices"])
def test_a_reader_killed_at_every_page_boundary_loses_and_doubles_nothing(
    scene: Scene, resource: str
) -> None:
    started_s = time.monotonic()
    kills = dict.fromkeys(Moment, 0)
    boundaries: set[str] = set()
    for number in range(WORKERS_MAX):
        moment = list(Moment)[number % len(Moment)]
        before = scene.position(resource)
        if scene.doomed(resource, moment) is not None:
            raise AssertionError("a worker was not killed")
        kills[moment] += 1
        edit(scene, resource, number)
        after = scene.position(resource)
        assert (after != before) == (moment is Moment.AFTER)
        boundaries.add(after)
        if moment is Moment.AFTER and is_at_the_end(after):
            break
    scene.survivor(resource)
    verdict = scene.verdict(resource)
    ledger = PostgresLedger(scene.ledger_url)
    counts = ledger.conservation(PAIR)
    bodies = [entry.body or b"" for entry in ledger.pending_entries(PAIR, limit=10_000)]
    ledger.close()
    record(
        f"a reader of {resource} killed at every page boundary",
        kills=sum(kills.values()),
        kills_per_point=kills,
        boundaries=len(boundaries),
        documents=counts.received,
        lost=len(verdict.lost),
        doubled=len(bodies) - len(set(bodies)),
        seconds=time.monotonic() - started_s,
    )
    assert verdict.is_clean, verdict.text()
    assert counts.is_conserved
    assert len(set(bodies)) == len(bodies) == counts.received == counts.pending
    assert len(boundaries) > RECORDS // SIZE
    hibernating = sum(b'"HIBERNATING"' in body for body in bodies)
    assert (RECORDS // 4 < hibernating < len(bodies)) is (resource == "Contacts")


def is_at_the_end(position: str) -> bool:
    """Say whether everything up to the last edit but one has been read."""
    found: Any = json.loads(position)[0]
    return not found["numbered"] and found["through"] > "2026-01-02"
