"""What it costs to keep customers in step: by what changed, whatever else is bound."""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import UUID, uuid5

import pytest

from conftest import empty_ledger
from fakes import ItemGate
from figures.report import record
from sage100_simulator import Sage, sage100
from sage100_sites import RealClock
from scale import bound_customers
from scale.bound_customers import Bound, counted
from scale.test_xero_extraction import UNLIMITED, simulator
from simulators.xero.filling import fill
from tieout.connectors.sage100.connector import Sage100Connector
from tieout.connectors.xero.connector import XeroConnector
from tieout.domain.ledger import Origin
from tieout.ledger.landing import PostgresLanding
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.streams import PostgresStreams
from tieout.matching.matcher import ProbabilityMatcher
from tieout.usecases.extract import extract
from tieout.usecases.flow import Flow
from tieout.usecases.in_step.capture import capture_records
from tieout.usecases.in_step.entities import CUSTOMERS
from tieout.usecases.in_step.steps import steps_of
from tieout.usecases.in_step.writing import put_back_refused
from tieout.usecases.steps import run_step
from two_ledgers import (
    MAPPER,
    PAIR,
    SAGE100,
    XERO,
    TwoLedgers,
    blank_customer,
    contact,
    guid,
)
from wire import SetClock
from xero_simulator import TENANT, XeroSimulator

FEW, SOME, FEW_CHANGED = 50, 500, 5
THOUSAND, MANY, CHANGED = 1_000, 100_000, 50
ROUNDS = 5
RATIO_MAX = 1.5
CUSTOMER_ROW = """
INSERT INTO AR_Customer ({names}) SELECT {values} FROM
    (SELECT * FROM AR_Customer LIMIT 1) AS one,
    (WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ? - 1)
     SELECT n FROM numbers)
"""
LONG_AGO = """
UPDATE AR_Customer SET DateUpdated = '2026-01-02', DateCreated = '2026-01-02', TimeUpdated = '9.5',
    TimeCreated = '9.5'
"""
OF_EACH = {
    "CustomerNo": "printf('M%06d', n)",
    "CustomerName": "printf('Buyer %d', n)",
    "EmailAddress": "printf('buyer%d@shop.example', n)",
    "UDF_TIEOUT_ID": "printf('MANY-%d', n)",
    **dict.fromkeys(("AddressLine1", "AddressLine2", "AddressLine3", "City", "State"), "''"),
    **dict.fromkeys(("ZipCode", "CountryCode", "TelephoneNo"), "''"),
}


def town_of(count: int, ledger: PostgresLedger, ledger_url: str) -> TwoLedgers:
    """Return both ledgers with so many customers, all bound."""
    town = TwoLedgers(ledger=ledger)
    customers = []
    for number in range(count):
        ids = {XERO: guid(f"Buyer {number}"), SAGE100: f"00-{number:07d}"}
        name = f"Buyer {number}"
        town.xero.nodes[ids[XERO]] = contact(ids[XERO], {"Name": name})
        node = {**blank_customer(f"{number:07d}"), "CustomerName": name}
        town.sage100.nodes[ids[SAGE100]] = node
        for system, record_id in ids.items():
            town.book(system).changed[record_id] = (town.clock.now(), "Ann")
        customers.append(Bound(f"K-{number}", ids))

    def agreed(number: int) -> str:
        ids = customers[number].ids
        return bound_customers.agreed_on({one: town.book(one).nodes[ids[one]] for one in ids})

    bound_customers.bind(ledger_url, customers, agreed)
    bound_customers.tell(ledger_url)
    bound_customers.pass_by(ledger_url)
    return town


def synced(town: TwoLedgers, ledger: PostgresLedger, round_no: int) -> tuple[int, ...]:
    """Let a few change in either ledger and sync; return what was written, read and asked."""
    for number in range(FEW_CHANGED):
        system = (XERO, SAGE100)[number % 2]
        record_id = (guid(f"Buyer {number}"), f"00-{number:07d}")[number % 2]
        member = ("Name", "CustomerName")[number % 2]
        town.edit(system, record_id, **{member: f"Buyer {number} of {round_no}"})
    reads = town.flow.xero.reads, town.flow.sage100.reads
    with counted(ledger) as statements:
        written = town.sync()
    return (
        written,
        town.flow.xero.reads - reads[0],
        town.flow.sage100.reads - reads[1],
        statements.count,
    )


def test_a_sync_asks_and_writes_by_what_changed_whatever_is_bound(
    emptied_ledger_url: str,
) -> None:
    took = []
    for count in (FEW, SOME):
        empty_ledger(emptied_ledger_url)
        ledger = PostgresLedger(emptied_ledger_url)
        town = town_of(count, ledger, emptied_ledger_url)
        took.append([synced(town, ledger, number) for number in range(2)])
        ledger.close()
    few, some = took
    assert few == some
    assert few[0][0] == few[1][0] == FEW_CHANGED


@dataclass(frozen=True)
class Took:
    """What a part of a sync took: calls of each kind, and seconds."""

    calls: Counter[str]
    records: int
    seconds: float


@dataclass
class World:
    """Both simulators with customers that are bound, and what keeps them in step."""

    simulator: XeroSimulator
    sage: Sage
    xero: XeroConnector
    sage100: Sage100Connector
    ledger: PostgresLedger
    runs: int = 0

    def __post_init__(self) -> None:
        self.landing = PostgresLanding(self.ledger.database)
        self.flow = Flow(
            pair=PAIR,
            ledger=self.ledger,
            streams=PostgresStreams(self.ledger.database),
            xero=self.xero,
            sage100=self.sage100,
            shops={},
            mapper=MAPPER,
            matcher=ProbabilityMatcher(),
            gate=ItemGate(),
            clock=RealClock(),
        )

    def read(self) -> int:
        """Bring in what changed in both lists; return how many records were looked at."""
        lists = (
            (self.xero.lists, "Contacts"),
            (self.sage100.lists(told=self.landing.told), "AR_Customer"),
        )
        return sum(extract(one, self.landing, PAIR.pair, name).records for one, name in lists)

    def sync(self) -> int:
        """Run the flow over what was read; return how many writes that took."""
        self.runs += 1
        put_back_refused(self.flow, CUSTOMERS)
        batch = capture_records(
            self.flow,
            entity=CUSTOMERS,
            interval=None,
            origin=Origin.SWEEP,
            claimed_by=f"run {self.runs}",
        )
        assert batch is not None
        reports = {name: run_step(self.flow, name, batch) for name in steps_of(CUSTOMERS)}
        return sum(one.confirmed for name, one in reports.items() if "_to_" in name)

    def taken(self) -> Counter[str]:
        """Return how many calls were made of each kind so far."""
        by_path = self.simulator.call("GET", "/_calls").get(TENANT, {}).get("by_path", {})
        statements = len(self.sage.statements)
        return Counter(
            {
                **by_path,
                "ODBC statements": statements,
                "calls of the agent": self.sage100.calls_made - statements,
            }
        )

    def change(self, round_no: int) -> None:
        """Let people change half of them in Xero, and the other half in Sage 100."""
        first = round_no * CHANGED
        for number in range(first, first + CHANGED):
            name = f"Buyer {number} of {round_no}"
            if number % 2:
                body = {"ContactID": contact_id(number), "Name": name}
                self.simulator.call("POST", f"/_people/{TENANT}/change_contact", body)
            else:
                key = {"ARDivisionNo": "00", "CustomerNo": f"M{number:06d}"}
                values = {"CustomerName": name}
                self.sage.do(
                    "change_record", {"table": "AR_Customer", "key": key, "values": values}
                )

    def took(self, act: Callable[[], int]) -> Took:
        """Do something, and return what that took."""
        before = self.taken()
        with counted(self.ledger) as statements:
            started_s = time.perf_counter()
            records = act()
            seconds = time.perf_counter() - started_s
        calls = self.taken()
        calls.subtract(before)
        calls["SQL statements"] = statements.count
        return Took(+calls, records, seconds)


def contact_id(number: int) -> str:
    return str(uuid5(UUID(TENANT), f"contact {number}"))


@contextmanager
def world(folder: Path, ledger_url: str, count: int) -> Iterator[World]:
    """Run both simulators with so many customers, all bound, told of and done with long ago."""
    (folder / "xero").mkdir(parents=True)
    fill(folder / "xero", contacts=count, invoices=0)
    with (
        simulator(folder / "xero", *UNLIMITED) as xero,
        sage100(folder / "sage100") as sage,
        closing(sage.connector()) as connector,
        closing(PostgresLedger(ledger_url)) as ledger,
    ):
        fill_sage100(sage, count)
        made = World(xero, sage, xero.connector(SetClock()), connector, ledger)
        made.read()
        ids = [{XERO: contact_id(one), SAGE100: f"00-M{one:06d}"} for one in range(count)]
        nodes = {
            XERO: made.xero.shown("Contacts", [ids[0][XERO]])[ids[0][XERO]].node,
            SAGE100: made.sage100.shown("AR_Customer", [ids[0][SAGE100]])[ids[0][SAGE100]].node,
        }
        first = bound_customers.agreed_on(nodes)

        def agreed(number: int) -> str:
            named = first.replace('"Buyer 0"', f'"Buyer {number}"')
            return named.replace("buyer0@", f"buyer{number}@")

        customers = [Bound(f"MANY-{number}", one) for number, one in enumerate(ids)]
        bound_customers.bind(ledger_url, customers, agreed)
        bound_customers.pass_by(ledger_url)
        yield made


def fill_sage100(sage: Sage, count: int) -> None:
    """Let the company have so many more customers, like its first, and all of them old."""
    with closing(sqlite3.connect(sage.home / "MAS_HPS.sqlite", timeout=60)) as file:
        names = [row[1] for row in file.execute("PRAGMA table_info(AR_Customer)")]
        quoted = [f'"{name}"' for name in names]
        values = [OF_EACH.get(name, f'one."{name}"') for name in names]
        filled = CUSTOMER_ROW.format(names=", ".join(quoted), values=", ".join(values))
        file.execute(filled, (count,))
        file.execute(LONG_AGO)
        file.commit()


def compare(folder: Path, ledger_urls: tuple[str, str], counts: tuple[int, int]) -> None:
    """Let the same change in both worlds, turn by turn, and hold one against the other."""
    reading: dict[int, list[Took]] = {one: [] for one in counts}
    syncing: dict[int, list[Took]] = {one: [] for one in counts}
    with ExitStack() as stack:
        worlds = {
            count: stack.enter_context(world(folder / str(count), url, count))
            for url, count in zip(ledger_urls, counts, strict=True)
        }
        for round_no in range(ROUNDS + 1):
            for count, one in worlds.items():
                one.change(round_no)
                reading[count].append(one.took(one.read))
                syncing[count].append(one.took(one.sync))
                assert syncing[count][-1].records == CHANGED
    figures = {}
    for what, took in (("reading", reading), ("syncing", syncing)):
        few, many = (took[count][1:] for count in counts)  # the first round is warming up
        seconds = [median(one.seconds for one in some) for some in (few, many)]
        figures[what] = {
            "calls": dict(few[-1].calls),
            "calls of the many": dict(many[-1].calls),
            "few_s": seconds[0],
            "many_s": seconds[1],
            "ratio": seconds[1] / seconds[0],
        }
    whole = [sum(figures[what][part] for what in figures) for part in ("few_s", "many_s")]
    record(
        "a hundred thousand bound customers, fifty changed",
        customers=list(counts),
        changed=CHANGED,
        ratio=whole[1] / whole[0],
        **figures,
    )
    for took in (reading, syncing):
        few, many = (took[count][1:] for count in counts)
        assert [one.calls for one in few] == [one.calls for one in many]
    assert whole[1] / whole[0] < RATIO_MAX
    assert figures["syncing"]["ratio"] < RATIO_MAX


@pytest.mark.bench
def test_fifty_of_a_hundred_thousand_cost_what_fifty_of_a_thousand_do(
    tmp_path: Path, ledger_url: str, emptied_ledger_url: str
) -> None:
    compare(tmp_path, (emptied_ledger_url, ledger_url), (THOUSAND, MANY))
