"""Webhooks at the wire: our own writes come back as echoes, and what people void in Xero is found.

Simulators, receiver and ledger are real processes; what Airflow would run is called.
"""

import asyncio
import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from acceptance.orders import PLACED_DAYS_AGO, maker, number_of, paid, placed
from installation import wait_for
from processes import running
from receivers import plain
from simulators.xero.client import XeroClient
from tieout.ledger.grants import grants
from tieout.ledger.wakeups import Waking, newest_pending
from tieout.simulators.shopify.demo_build import Draft
from tieout.stack.components import components
from tieout.stack.secrets import load_or_create
from tieout.stack.subscriptions import subscribe
from world import HARBOR, World

NUMBERS = count(9301)
ROLE = "tieout_receiver_acceptance"
WAIT_S = 60.0
TOLD = "SELECT topic FROM tieout.inbox WHERE origin = 'webhook' AND state = 'pending'"


@pytest.fixture(scope="module")
def told(world: World) -> Iterator[World]:
    """The world with a receiver, of which the shops and Xero know."""
    home = world.configuration.home
    password = secrets.token_hex()
    ledger_url = ledger_url_of(world)
    grants(ledger_url, ROLE, password)
    config = home / "receiver.json"
    own = make_url(ledger_url).set(username=ROLE, password=password)
    content = json.loads(config.read_text("utf-8"))
    content["database_url"] = own.render_as_string(hide_password=False)
    config.write_text(json.dumps(content), "utf-8")
    (receiver,) = (
        one
        for one in components(world.configuration, load_or_create(home))
        if one.name == "receiver"
    )
    url = f"{world.configuration.url('receiver')}/health"
    with running(receiver.arguments[1:], ready_url=url):
        subscribe(world.configuration, world.tieout)
        yield world


def ledger_url_of(world: World) -> str:
    return world.tieout.ledger.database.engine.url.render_as_string(hide_password=False)


def waiting_topics(world: World) -> list[str]:
    with psycopg.connect(plain(ledger_url_of(world))) as ledger:
        return [topic for (topic,) in ledger.execute(TOLD)]


def wait_for_topic(world: World, topic: str) -> None:
    wait_for(lambda: topic in waiting_topics(world), limit_s=WAIT_S, what=f"a webhook of {topic}")


def woken(world: World) -> set[Waking]:
    """Return whom what waits wakes."""

    async def look() -> set[Waking]:
        url = plain(ledger_url_of(world))
        async with await psycopg.AsyncConnection.connect(url) as connection:
            return {one for one in Waking if await newest_pending(connection, one)}

    return asyncio.run(look())


def lamp(**changed: Any) -> Draft:
    make = maker()
    at = make.at(PLACED_DAYS_AGO, "12:00")
    draft = make.draft(next(NUMBERS), make.known[3], make.line("LAMP-01"), at=at)
    return replace(draft, **changed)


def settle(world: World) -> None:
    world.tieout.look_into_hints(HARBOR)
    world.tieout.drain(HARBOR)
    assert world.tieout.ledger.conservation(HARBOR).pending == 0


def test_our_own_writes_come_back_and_wake_nobody_but_hints(told: World) -> None:
    told.post(paid(lamp()))
    for topic in ("invoice/create", "orders/updated"):
        wait_for_topic(told, topic)
    assert woken(told) == {Waking.HINTS}
    hinted = told.tieout.look_into_hints(HARBOR)
    assert hinted.rules["own_write"] == 1
    assert (hinted.read, hinted.set_aside, hinted.taken_back) == (0, 0, ())
    assert told.tieout.drain(HARBOR).documents == 0
    assert woken(told) == set()
    assert told.tieout.ledger.conservation(HARBOR).pending == 0
    assert told.tieout.webhook_alarms() == []


def test_an_invoice_that_people_void_in_xero_is_held_and_set_aside(told: World) -> None:
    draft = lamp(status="pending")
    told.post(placed(draft))
    wait_for_topic(told, "invoice/create")
    settle(told)
    (invoice,) = told.tieout.xero(HARBOR).invoices_numbered([number_of(draft)])
    voided = {"InvoiceID": invoice.invoice_id, "Status": "VOIDED"}
    bookkeeper = XeroClient(told.configuration.url("xero"))
    bookkeeper.post(f"Invoices/{invoice.invoice_id}", voided).raise_for_status()
    wait_for_topic(told, "invoice/update")
    hinted = told.tieout.look_into_hints(HARBOR)
    assert (hinted.rules, hinted.read) == ({"taken_back": 1}, 1)
    (letter,) = [one for one in told.tieout.dead_letters() if one.cause == "taken_back"]
    assert letter.value == invoice.invoice_id
    settle(told)
    told.run()  # the next sweep sees the order again, and writes nothing a second time
    assert told.tieout.xero(HARBOR).invoices_numbered([number_of(draft)]) == []
    assert told.tieout.ledger.conservation(HARBOR).is_conserved


def test_a_payment_that_people_delete_in_xero_is_found_by_the_poll(told: World) -> None:
    told.tieout.poll(HARBOR, "Payments")  # the first one begins where the installation did
    draft = lamp()
    told.post(paid(draft))
    (payment,) = [
        one
        for one in told.tieout.xero(HARBOR).payments()
        if one.reference.startswith(f"{number_of(draft)} ")
    ]
    polled = told.tieout.poll(HARBOR, "Payments")
    assert polled.hinted.rules["as_delivered"] >= 1
    assert polled.hinted.taken_back == ()
    bookkeeper = XeroClient(told.configuration.url("xero"))
    deleted = {"Status": "DELETED"}
    bookkeeper.post(f"Payments/{payment.payment_id}", deleted).raise_for_status()
    polled = told.tieout.poll(HARBOR, "Payments")
    (trouble,) = polled.hinted.taken_back
    assert "is DELETED (it counts for nothing any more) in Xero" in trouble
    (letter,) = [one for one in told.tieout.dead_letters() if one.value == payment.payment_id]
    assert letter.cause == "taken_back"
    assert told.tieout.poll(HARBOR, "Payments").hinted.taken_back == ()
    settle(told)
    assert told.tieout.ledger.conservation(HARBOR).is_conserved
