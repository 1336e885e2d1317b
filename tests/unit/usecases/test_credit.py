"""Whom the gate asks Sage 100's credit for."""

import json
from decimal import Decimal
from pathlib import Path

from fake_ledger.ledger import FakeLedger
from fake_streams import FakeStreams
from fakes import FakeClock, FakeGate, FakeSage100, FakeXero
from tieout.domain.base import System
from tieout.domain.ledger import NewBinding
from tieout.domain.order import Order
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.ports.systems import Credit, Party
from tieout.settings import load_pairs
from tieout.usecases.credit import on_account
from tieout.usecases.flow import Flow

ROOT = Path(__file__).parents[3]
PAIR = load_pairs(ROOT / "include")["harbor_and_pine"]
CREDIT = Credit(limit=Decimal(500), owed=Decimal(0), on_order=Decimal(0), is_on_hold=False)
DANA = Party(external_id="00-DANA", external_no="DANA", name="", email="Dana.Okafor@example.com")


def paid(case: str = "order_1042") -> Order:
    read = json.loads((ROOT / f"tests/golden/order/{case}.canonical.json").read_text("utf-8"))
    return Order.model_validate(read)


def order(case: str = "order_1042") -> Order:
    """Return an order of which nothing is paid."""
    return paid(case).model_copy(update={"payments": ()})


def flow(*customers: Party) -> tuple[Flow, FakeSage100]:
    clock, sage100 = FakeClock(), FakeSage100()
    sage100.held_customers = list(customers)
    sage100.held_credit = dict.fromkeys(("DANA", "WEBGUEST"), CREDIT)
    made = Flow(
        pair=PAIR,
        ledger=FakeLedger(clock),
        streams=FakeStreams(clock),
        xero=FakeXero(),
        sage100=sage100,
        shops={},
        mapper=YamlMapper(ROOT / "include", PAIR),
        matcher=ProbabilityMatcher(),
        gate=FakeGate(),
        clock=clock,
    )
    return made, sage100


def bind(known: Flow, number: str) -> None:
    known.ledger.bind(
        NewBinding(
            pair=PAIR.pair,
            entity="customer",
            key=f"SHOP-{order().buyer.source_id}",
            system=System.SAGE100,
            external_id=f"00-{number}",
            external_no=number,
            provenance="a test",
        )
    )


def test_the_customer_to_whom_the_buyer_is_bound_is_asked_for() -> None:
    known, _ = flow()
    bind(known, "DANA")
    found = on_account(known, [order()])
    assert (found.owing, found.credits) == ({order().source_id: "DANA"}, {"DANA": CREDIT})


def test_a_buyer_who_is_new_here_is_recognized_by_the_one_customer_of_the_email() -> None:
    known, _ = flow(DANA)
    assert on_account(known, [order()]).owing == {order().source_id: "DANA"}
    twice, _ = flow(DANA, DANA.model_copy(update={"external_no": "DANA2"}))
    assert on_account(twice, [order()]).owing == {}


def test_a_guest_owes_as_the_house_account() -> None:
    known, _ = flow()
    guest = order("guest")
    found = on_account(known, [guest])
    assert (found.owing, set(found.credits)) == ({guest.source_id: "WEBGUEST"}, {"WEBGUEST"})


def test_of_paid_orders_nothing_is_asked() -> None:
    known, sage100 = flow(DANA)
    assert on_account(known, [paid()]).owing == {}
    assert sage100.calls_made == 0
