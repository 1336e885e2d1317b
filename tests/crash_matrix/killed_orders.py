"""Orders whose posting passes by every kind of write, and one run of a worker over what waits."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from acceptance.orders import PLACED_DAYS_AGO, maker, paid, placed
from crash_matrix.killing import DONE, Change, Death, Worker
from tieout.domain.base import System
from tieout.domain.ledger import NewInboxEntry, Origin
from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify.demo_build import Draft, order_id
from tieout.simulators.shopify.demo_people import address, person
from tieout.usecases.catalog import ORDER_DEPOSIT
from world import HARBOR, INCLUDE, SHOPS, World

EVENTS = count(1)
NUMBERS = count(20001)
ITEMS = [item.code for item in COMPANIES["HPS"].items]


def order_of(number: int) -> Draft:
    """Return an order of a buyer whom nobody knows; each sells another item than its neighbors.

    No item is ever sold out: a quantity that stays 0 would be no write.
    """
    make = maker()
    first, last = f"Kit{number}", f"Rowe{number}"
    home = address(
        first, last, street=f"{number} Elm Street", city="Salem", zip_code="01970", region="MA"
    )
    buyer = person(number, first, last, f"kit.rowe.{number}@mailbox.example", home)
    line = make.line(ITEMS[number % len(ITEMS)], 1)
    return make.draft(number, buyer, line, at=make.at(PLACED_DAYS_AGO, "12:00"))


def new_orders(how_many: int, numbers: Iterator[int] = NUMBERS) -> list[Draft]:
    """Return orders that nobody placed before."""
    return [order_of(next(numbers)) for _order in range(how_many)]


def place_paid(world: World, *drafts: Draft) -> None:
    """Place orders that are paid in full, and tell us of them."""
    for draft in drafts:
        world.place(paid(draft))
        announce(world, draft)


def place_unpaid(world: World, *drafts: Draft) -> None:
    """Place orders whose money comes later, and tell us of them."""
    for draft in drafts:
        world.place(placed(replace(draft, status="pending")))
        announce(world, draft)


def take_money(world: World, *drafts: Draft, amount: str = "") -> None:
    """Take what orders owe, or only an amount of it, and tell us."""
    shop = f"{world.configuration.url('shopify')}/_shops/{SHOPS[HARBOR]}"
    for draft in drafts:
        asked = {"order_id": order_id(draft.number), **({"amount": amount} if amount else {})}
        world.call(f"{shop}/capture", asked)
        announce(world, draft)


def announce(world: World, draft: Draft) -> None:
    """Land what the shop's webhook about the order says."""
    body = json.dumps({"id": order_id(draft.number), "event": next(EVENTS)}).encode()
    world.tieout.ledger.land(
        [
            NewInboxEntry(
                pair=HARBOR,
                source=System.SHOPIFY,
                account=SHOPS[HARBOR],
                topic="orders/updated",
                event_id="",
                resource_id=str(order_id(draft.number)),
                origin=Origin.WEBHOOK,
                body=body,
                body_sha256=hashlib.sha256(body).hexdigest(),
                body_size=len(body),
            )
        ]
    )


def work(
    world: World,
    claimed_by: str,
    death: Death | None = None,
    change: Change = lambda flow: flow,
) -> int | None:
    """Let one worker run the flow over what waits; say how it ended."""
    connections = world.configuration.connections
    return Worker(connections, INCLUDE, HARBOR, claimed_by, death, change).run()


def prepare(world: World, death: Death) -> None:
    """Leave an order waiting whose posting passes by the death's kind of write."""
    (draft,) = new_orders(1)
    if death.entity != ORDER_DEPOSIT.entity:
        place_paid(world, draft)
        return
    place_unpaid(world, draft)
    assert work(world, f"unpaid {draft.number}") == DONE
    take_money(world, draft)
