"""Who is woken by what: news of a shop starts the flow, and the echo of our own writes does not."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

import psycopg
import pytest

import records
from receivers import plain
from records import PAIR, claim, delivery, document, entry
from tieout.domain.base import System
from tieout.domain.ledger import Origin
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.wakeups import Waking, arrivals, newest_pending

POLL_S = 0.05
WAIT_S = 30.0


@pytest.fixture
def ledger(emptied_ledger_url: str) -> Iterator[PostgresLedger]:
    ledger = PostgresLedger(emptied_ledger_url)
    yield ledger
    ledger.close()


@pytest.fixture
def admin(emptied_ledger_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(plain(emptied_ledger_url), autocommit=True) as connection:
        yield connection


@pytest.fixture
def url(emptied_ledger_url: str) -> str:
    return plain(emptied_ledger_url)


def woken(url: str) -> set[Waking]:
    """Return whom what waits now wakes."""

    async def look() -> set[Waking]:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            return {one for one in Waking if await newest_pending(connection, one)}

    return asyncio.run(look())


def status_told(ledger: PostgresLedger, admin: psycopg.Connection, *, seconds_ago: float) -> None:
    """Write the order's status to the shop, so long ago."""
    records.land_document(ledger, document())
    batch = claim(ledger)
    assert batch is not None
    (stored,) = ledger.documents(batch)
    told = delivery(stored.document_id).model_copy(
        update={"target": System.SHOPIFY, "entity": "order_status"}
    )
    ledger.intend([told])
    admin.execute(
        "UPDATE tieout.deliveries SET sent_at = clock_timestamp() - make_interval(secs => %s)",
        [seconds_ago],
    )


def test_news_of_a_shop_wakes_the_flow(ledger: PostgresLedger, url: str) -> None:
    ledger.land([entry(str(number)) for number in range(20)])
    assert woken(url) == {Waking.ORDERS}


def test_events_of_xero_start_no_flow_of_orders(ledger: PostgresLedger, url: str) -> None:
    ledger.land([entry("7", source=System.XERO, topic="invoice/update")])
    assert woken(url) == {Waking.HINTS}


def test_an_event_of_a_contact_wakes_who_keeps_contacts_in_step(
    ledger: PostgresLedger, url: str
) -> None:
    ledger.land([entry("7", source=System.XERO, topic="contact/update")])
    assert woken(url) == {Waking.CONTACTS}


def test_what_was_passed_on_of_a_vendor_wakes_who_keeps_vendors(
    ledger: PostgresLedger, url: str
) -> None:
    passed_on = entry("7", source=System.XERO, topic="Suppliers/passed_on")
    ledger.land([passed_on.model_copy(update={"origin": Origin.POLL})])
    assert woken(url) == {Waking.VENDORS}


def test_what_belongs_to_no_pair_wakes_nobody(ledger: PostgresLedger, url: str) -> None:
    ledger.land([entry("7", source=System.XERO, topic="invoice/update", pair="")])
    assert woken(url) == set()


def test_our_own_status_that_comes_back_starts_no_flow_of_orders(
    ledger: PostgresLedger, admin: psycopg.Connection, url: str
) -> None:
    status_told(ledger, admin, seconds_ago=3)
    ledger.land([entry(topic="orders/updated", body=b"echo")])
    assert woken(url) == {Waking.HINTS}


@pytest.mark.parametrize(
    ("topic", "resource_id", "seconds_ago"),
    [
        ("orders/updated", "1042", 61),
        ("orders/paid", "1042", 3),
        ("orders/updated", "9", 3),
    ],
)
def test_what_is_no_echo_wakes_the_flow_at_once(
    ledger: PostgresLedger,
    admin: psycopg.Connection,
    url: str,
    topic: str,
    resource_id: str,
    seconds_ago: float,
) -> None:
    status_told(ledger, admin, seconds_ago=seconds_ago)
    ledger.land([entry(resource_id, topic=topic, body=b"news")])
    assert woken(url) == {Waking.ORDERS}


def test_a_burst_is_one_wake_up_and_what_comes_later_is_another(
    ledger: PostgresLedger, url: str
) -> None:
    async def wait() -> list[int]:
        woken = []
        async with aclosing(arrivals(url, waking=Waking.HINTS, poll_s=POLL_S)) as coming:
            for burst in range(3):
                told = [
                    entry(f"{burst}-{number}", source=System.XERO, topic="invoice/update")
                    for number in range(10)
                ]
                await asyncio.to_thread(ledger.land, told)
                woken.append(await asyncio.wait_for(anext(coming), WAIT_S))
        return woken

    woken = asyncio.run(wait())
    waiting = [one.inbox_id for one in ledger.pending_entries(PAIR, limit=100)]
    assert woken == [waiting[9], waiting[19], waiting[29]]
