"""A payment that Xero holds twice: found at the wire, held, voided by a person, gone on from."""

import time
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from acceptance.orders import PLACED_DAYS_AGO, maker, number_of, paid
from tieout.connectors.xero.client import XeroClient
from tieout.domain.base import System
from tieout.domain.books import XeroPayment
from tieout.domain.ledger import Origin
from tieout.domain.streams import StreamState, target_stream
from tieout.errors import StreamHeldError
from tieout.simulators.shopify.demo_build import Draft, build
from tieout.simulators.shopify.demo_people import address, person
from tieout.usecases.capture import capture
from tieout.usecases.doubles import Swept
from tieout.usecases.steps import STEPS, run_step
from tieout.wiring import connections_in, xero_config
from world import HARBOR, SWEEP_FROM, World

STREAM = target_stream(HARBOR, System.XERO, "payment")
NUMBERS = count(8801)
DEPOSIT = Decimal("20.00")


def partly_paid() -> Draft:
    """Return an order of which something stays due: Xero takes no payment beyond that."""
    make = maker()
    number = next(NUMBERS)
    last = f"Double{number}"
    home = address("Nell", last, street="2 Elm Street", city="Salem", zip_code="01970", region="MA")
    buyer = person(number, "Nell", last, f"nell.{number}@mailbox.example", home)
    at = make.at(PLACED_DAYS_AGO, "12:00")
    draft = make.draft(number, buyer, make.line("LAMP-01", 3), at=at)
    return replace(draft, status="partially_paid")


def with_a_deposit(draft: Draft) -> dict[str, Any]:
    total = Decimal(str(build(draft)["current_total_price"]))
    return paid(draft, str(DEPOSIT), total_outstanding=str(total - DEPOSIT))


def client_of(world: World) -> XeroClient:
    pair = world.tieout.pairs[HARBOR]
    connection = connections_in(world.configuration.connections)(pair.xero_connection)
    return XeroClient(xero_config(connection), clock=world.tieout.clock, sleep=time.sleep)


def payments_of(world: World, draft: Draft) -> list[XeroPayment]:
    ours = world.tieout.xero(HARBOR).payments()
    return [one for one in ours if one.reference.startswith(f"{number_of(draft)} ")]


def planted(world: World, original: XeroPayment) -> str:
    """Enter a second payment like the first one, as a worker that woke up late would."""
    body = {
        "Invoice": {"InvoiceID": original.invoice_id},
        "Account": {"Code": original.account_code},
        "Date": original.date.isoformat(),
        "Amount": "1.00",
        "Reference": original.reference,
    }
    client = client_of(world)
    answer = client.write(
        "PUT", "Payments", body=body, idempotency_key=f"late {original.reference}"
    )
    return str(answer.json()["Payments"][0]["PaymentID"])


def void(world: World, payment_id: str) -> None:
    client_of(world).write(
        "POST",
        f"Payments/{payment_id}",
        body={"Status": "DELETED"},
        idempotency_key=f"void {payment_id}",
    )


def sweep(world: World, *, is_whole: bool = False) -> Swept:
    return world.tieout.sweep_doubles(HARBOR, is_whole=is_whole)


def run_to_its_end(world: World, claimed_by: str) -> None:
    """Run every step; called again with the same name it goes on with the same batch."""
    flow = world.tieout.flow(HARBOR)
    interval = (SWEEP_FROM, flow.clock.now())
    batch = capture(flow, interval=interval, origin=Origin.SWEEP, claimed_by=claimed_by)
    assert batch is not None
    for step in STEPS:
        run_step(flow, step, batch)


@pytest.mark.parametrize("is_whole", [False, True])
def test_a_second_payment_is_held_until_a_person_voids_it(world: World, *, is_whole: bool) -> None:
    first, second = partly_paid(), partly_paid()
    world.post(with_a_deposit(first))
    (original,) = payments_of(world, first)
    assert sweep(world, is_whole=is_whole).doubles == ()
    assert world.tieout.streams.stream(STREAM).state is StreamState.OPEN

    copy = planted(world, original)
    assert len(world.verdict().doubled) == 1  # the oracle sees it as well
    (double,) = sweep(world, is_whole=is_whole).doubles
    assert set(double.external_ids) == {original.payment_id, copy}
    assert double.known_id == original.payment_id
    assert world.tieout.streams.stream(STREAM).state is StreamState.HELD

    world.place(with_a_deposit(second))
    with pytest.raises(StreamHeldError, match=copy):
        run_to_its_end(world, f"held {is_whole}")
    assert payments_of(world, second) == []

    void(world, copy)
    world.tieout.streams.resume(STREAM, by="wanda", reason="The copy is void.")
    assert sweep(world, is_whole=is_whole).doubles == ()
    run_to_its_end(world, f"held {is_whole}")
    assert len(payments_of(world, second)) == 1
    assert sweep(world, is_whole=is_whole).doubles == ()
    assert world.tieout.streams.stream(STREAM).state is StreamState.OPEN


def test_a_payment_with_our_mark_that_nobody_meant_is_held(world: World) -> None:
    draft = partly_paid()
    world.post(with_a_deposit(draft))
    (original,) = payments_of(world, draft)
    stray = original.model_copy(update={"reference": f"{number_of(draft)} 99887766"})
    copy = planted(world, stray)
    (double,) = sweep(world).doubles
    assert (double.external_ids, double.known_id) == ((copy,), "")
    void(world, copy)
    world.tieout.streams.resume(STREAM, by="wanda", reason="It is void.")
    assert sweep(world).doubles == ()
