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
from tieout.errors import RetryableError, StreamHeldError
from tieout.provider.nightly_operators import ask_oracle
from tieout.simulators.shopify.demo_build import Draft, build
from tieout.simulators.shopify.demo_people import address, person
from tieout.usecases.capture import capture
from tieout.usecases.doubles import Swept
from tieout.usecases.steps import ORDER_STEPS, run_step
from tieout.wiring.connections import connections_in, xero_config
from world import HARBOR, INCLUDE, SWEEP_FROM, World

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


def asked(world: World) -> str:
    """Ask the oracle as the night does: by its own program."""
    connections = world.configuration.connections
    return ask_oracle(connections, INCLUDE / "pairs.yaml", pair=HARBOR)


def run_to_its_end(world: World, claimed_by: str, *, is_swept: bool = True) -> None:
    """Run every step; called again with the same name it goes on with the same batch."""
    flow = world.tieout.flow(HARBOR)
    interval = (SWEEP_FROM, flow.clock.now()) if is_swept else None
    batch = capture(flow, interval=interval, origin=Origin.SWEEP, claimed_by=claimed_by)
    assert batch is not None
    for step in ORDER_STEPS:
        run_step(flow, step, batch)


def test_a_second_payment_is_held_until_a_person_voids_it(world: World) -> None:
    first, second = partly_paid(), partly_paid()
    world.post(with_a_deposit(first))
    (original,) = payments_of(world, first)
    assert sweep(world).doubles == ()
    assert world.tieout.streams.stream(STREAM).state is StreamState.OPEN
    assert "lost 0, doubled 0, phantom 0" in asked(world)

    copy = planted(world, original)
    with pytest.raises(RetryableError, match="doubled 1"):
        asked(world)
    (double,) = sweep(world).doubles
    assert set(double.external_ids) == {original.payment_id, copy}
    assert double.known_id == original.payment_id
    assert world.tieout.streams.stream(STREAM).state is StreamState.HELD

    world.place(with_a_deposit(second))
    with pytest.raises(StreamHeldError, match=copy):
        run_to_its_end(world, "while it is held")
    assert payments_of(world, second) == []

    void(world, copy)
    world.tieout.streams.resume(STREAM, by="wanda", reason="The copy is void.")
    assert sweep(world).doubles == ()
    run_to_its_end(world, "while it is held")
    assert len(payments_of(world, second)) == 1
    assert sweep(world, is_whole=True).doubles == ()
    assert world.tieout.streams.stream(STREAM).state is StreamState.OPEN


def test_an_order_that_no_sweep_saw_and_a_payment_that_nobody_meant(world: World) -> None:
    draft = partly_paid()
    world.place(with_a_deposit(draft))
    compared = world.tieout.compare_source(HARBOR)
    assert (compared.missing, compared.changed, compared.landed) == (1, 0, 1)
    run_to_its_end(world, "after the night", is_swept=False)
    (original,) = payments_of(world, draft)
    assert world.tieout.compare_source(HARBOR).landed == 0

    stray = original.model_copy(update={"reference": f"{number_of(draft)} 99887766"})
    copy = planted(world, stray)
    (double,) = sweep(world, is_whole=True).doubles
    assert (double.external_ids, double.known_id) == ((copy,), "")
    void(world, copy)
    world.tieout.streams.resume(STREAM, by="wanda", reason="It is void.")
    assert sweep(world).doubles == ()
