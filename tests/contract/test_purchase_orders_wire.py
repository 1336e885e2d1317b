"""Purchase orders from Sage 100 to Xero over the wire: ODBC and the agent here, HTTP there.

People order, receive and bill in Sage 100; Xero shows how each order stands.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from fake_ledger.ledger import FakeLedger
from fake_streams import FakeStreams
from fakes import FakeClock, ItemGate
from sage100_payables import VALLEY, billed, goods, order, posted
from sage100_places import SimulatedPlace
from sage100_simulator import sage100
from tieout.connectors.sage100.targets.base import header_of
from tieout.connectors.xero.connector import XeroConnector
from tieout.domain.base import System
from tieout.domain.ledger import NewBinding, NewInboxEntry, Origin
from tieout.domain.pair import FlowName
from tieout.domain.reading import START, SWEPT
from tieout.matching.matcher import ProbabilityMatcher
from tieout.usecases.flow import Flow
from tieout.usecases.payees import VENDOR
from tieout.usecases.purchase_orders import ORDER_LIST
from tieout.usecases.steps import FLOWS, run_step
from two_ledgers import MAPPER, PAIR
from wire import SetClock
from xero_simulator import TENANT, XeroSimulator, xero_simulator

VENDOR_ID = f"00-{VALLEY}"


@dataclass
class Purchasing:
    """Both ledgers with their people, and the flow that shows orders in Xero."""

    simulator: XeroSimulator
    place: SimulatedPlace
    xero: XeroConnector
    told: dict[str, str] = field(default_factory=dict)
    runs: int = 0

    def __post_init__(self) -> None:
        clock = FakeClock()
        self.ledger = FakeLedger(clock)
        self.flow = Flow(
            pair=PAIR,
            ledger=self.ledger,
            streams=FakeStreams(clock),
            xero=self.xero,
            sage100=self.place.sage100,
            shops={},
            mapper=MAPPER,
            matcher=ProbabilityMatcher(),
            gate=ItemGate(),
            clock=clock,
        )

    def sync(self) -> int:
        """Read what changed in Sage 100, run the flow over it, and return how many Xero got."""
        self.ledger.land(self._news())
        steps = FLOWS[FlowName.PURCHASE_ORDERS]
        self.runs += 1
        run = f"run {self.runs}"
        batch = steps.capture(self.flow, interval=None, origin=Origin.SWEEP, claimed_by=run)
        before = sum(self.simulator.writes().values())
        for step in steps.steps if batch is not None else ():
            run_step(self.flow, step, batch)
        return sum(self.simulator.writes().values()) - before

    def _news(self) -> list[NewInboxEntry]:
        found = []
        for page in self.place.sage.connector().lists().pages(ORDER_LIST, START):
            for one in page.records:
                digest = hashlib.sha256(one.body).hexdigest()
                if self.told.get(one.record_id) == digest:
                    continue
                self.told[one.record_id] = digest
                found.append(
                    NewInboxEntry(
                        pair=PAIR.pair,
                        source=System.SAGE100,
                        account=PAIR.sage100_company,
                        topic=f"{ORDER_LIST}/{SWEPT}",
                        event_id="",
                        resource_id=one.record_id,
                        origin=Origin.SWEEP,
                        body=one.body,
                        body_sha256=digest,
                        body_size=len(one.body),
                    )
                )
        return found

    def bind(self, name: str) -> str:
        """Let a person make a contact, and say that it is the vendor of the orders."""
        body = {"Name": name}
        made = self.simulator.call("POST", f"/_people/{TENANT}/create_contact", body)
        for system, external_id in ((System.XERO, made["ContactID"]), (System.SAGE100, VENDOR_ID)):
            self.ledger.bind(
                NewBinding(
                    pair=PAIR.pair,
                    entity=VENDOR,
                    key="valley",
                    system=system,
                    external_id=external_id,
                    external_no="",
                    provenance="a person",
                )
            )
        return str(made["ContactID"])

    def ordered(self) -> str:
        """Let a person order 10 lamps at 5.00 in Sage 100, and return the order's number."""
        return self.place.landed(order(self.place)).external_no

    def change(self, number: str, **values: str) -> None:
        """Let a person change the head of an order at Sage 100's own screen."""
        with closing(sqlite3.connect(self.place.sage.home / "MAS_HPS.sqlite")) as connection:
            for column, value in values.items():
                connection.execute(
                    f"UPDATE PO_PurchaseOrderHeader SET {column} = ? WHERE PurchaseOrderNo = ?",  # noqa: S608 - our own names
                    (value, number),
                )
            connection.commit()

    def shown(self, number: str) -> dict[str, Any]:
        """Return the order as Xero shows it."""
        (row,) = self.xero._client.rows(f"PurchaseOrders/{number}", "PurchaseOrders")  # noqa: SLF001 - as Xero shows it
        return dict(row)

    def letters(self) -> list[str]:
        return [one.cause for one in self.ledger.dead_letters(PAIR.pair)]


@pytest.fixture(scope="module")
def purchasing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Purchasing]:
    with (
        xero_simulator(tmp_path_factory.mktemp("xero")) as simulator,
        sage100(tmp_path_factory.mktemp("sage100")) as sage,
    ):
        yield Purchasing(simulator, SimulatedPlace(sage), simulator.connector(SetClock()))


def test_an_order_goes_its_way_from_ordered_to_billed(purchasing: Purchasing) -> None:
    number = purchasing.ordered()
    assert (purchasing.sync(), purchasing.letters()) == (0, ["vendor_unbound"])

    contact_id = purchasing.bind("Valley Linen Mills")
    (letter,) = purchasing.ledger.dead_letters(PAIR.pair)
    purchasing.ledger.replay(letter.dead_letter_id)
    assert (purchasing.sync(), purchasing.letters()) == (1, [])
    shown = purchasing.shown(number)
    assert (shown["Status"], shown["Contact"]["ContactID"]) == ("AUTHORISED", contact_id)
    assert (f"{shown['Total']:.2f}", shown["Reference"]) == (
        "50.00",
        f"Sage 100 purchase order {number}",
    )
    (line,) = shown["LineItems"]
    assert (line["ItemCode"], line["Description"].endswith(f"(PO {number})")) == ("LAMP-01", True)
    assert purchasing.sync() == 0

    place = purchasing.place
    place.landed(goods(place, order_no=number, quantity="4"))
    posted(place, "post_receipts")
    assert (purchasing.sync(), purchasing.shown(number)["Status"]) == (0, "AUTHORISED")
    place.landed(goods(place, order_no=number, quantity="6"))
    posted(place, "post_receipts")
    bill = billed(place)
    header = {**header_of(bill.payload), "PurchaseOrderNo": number}
    place.landed(bill.model_copy(update={"payload": {**bill.payload, "header": header}}))
    posted(place, "post_receipts")
    assert purchasing.sync() >= 1
    assert (purchasing.shown(number)["Status"], purchasing.letters()) == ("BILLED", [])
    assert purchasing.shown(number)["PurchaseOrderID"] == shown["PurchaseOrderID"]
    assert purchasing.ledger.conservation(PAIR.pair).pending == 0


def test_a_changed_order_is_written_over_and_a_held_one_waits(purchasing: Purchasing) -> None:
    number = purchasing.ordered()
    purchasing.sync()
    purchasing.change(number, OnHold="Y")
    assert purchasing.sync() == 0
    purchasing.change(number, OnHold="N", RequiredExpireDate="2026-12-24")
    assert purchasing.sync() == 1
    assert purchasing.shown(number)["DeliveryDateString"].startswith("2026-12-24")
    assert purchasing.ledger.conservation(PAIR.pair).skipped["order_on_hold"] == 1
