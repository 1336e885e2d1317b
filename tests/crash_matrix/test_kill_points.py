"""Kills at every named point of every kind of write: one document each, the oracle clean.

Real processes, PostgreSQL, simulators and agent. A point that no worker died at fails as not
injected; a new kind of write joins by its row in the catalog.
"""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from acceptance.orders import PLACED_DAYS_AGO, maker, paid, placed
from crash_matrix.killing import DONE, Change, Death, Point, Worker
from crash_matrix.report import record
from tieout.domain.base import System
from tieout.domain.ledger import NewInboxEntry, Origin
from tieout.simulators.shopify.demo_build import Draft, order_id
from tieout.simulators.shopify.demo_people import address, person
from tieout.usecases.catalog import ORDER_DEPOSIT, WRITE_KINDS
from world import HARBOR, INCLUDE, SHOPS, World, fresh_world

EVENTS = count(1)
NUMBERS = count(20001)
DEATHS = [Death(point, kind.entity) for kind in WRITE_KINDS for point in Point]
ROUNDS_NIGHTLY = 50


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[World]:
    """A world whose orders come by webhook."""
    with fresh_world(tmp_path_factory.mktemp("killed"), postgres_url) as running:
        yield running


def order_of(number: int) -> Draft:
    """Return an order of a buyer whom nobody knows."""
    make = maker()
    first, last = f"Kit{number}", f"Rowe{number}"
    home = address(
        first, last, street=f"{number} Elm Street", city="Salem", zip_code="01970", region="MA"
    )
    buyer = person(number, first, last, f"kit.rowe.{number}@mailbox.example", home)
    line = make.line("LAMP-01", 1)
    return make.draft(number, buyer, line, at=make.at(PLACED_DAYS_AGO, "12:00"))


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
    connections = world.configuration.connections
    return Worker(connections, INCLUDE, HARBOR, claimed_by, death, change).run()


def prepare(world: World, death: Death) -> None:
    """Leave an order waiting whose posting passes by the death's kind of write."""
    draft = order_of(next(NUMBERS))
    if death.entity != ORDER_DEPOSIT.entity:
        world.place(paid(draft))
    else:
        world.place(placed(replace(draft, status="pending")))
        announce(world, draft)
        assert work(world, f"unpaid {draft.number}") == DONE
        shop = f"{world.configuration.url('shopify')}/_shops/{SHOPS[HARBOR]}"
        world.call(f"{shop}/capture", {"order_id": order_id(draft.number)})
    announce(world, draft)


def strike(world: World, death: Death, run: str) -> bool:
    """Kill one worker at the point, let its retry finish; say whether the kill struck."""
    prepare(world, death)
    struck = work(world, run, death) is None
    assert work(world, run) == DONE
    return struck


def run_matrix(world: World, deaths: list[Death], name: str) -> None:
    started_s = time.monotonic()
    hits: Counter[Death] = Counter()
    for number, death in enumerate(deaths):
        hits[death] += strike(world, death, f"{name} {number}")
    verdict = world.verdict()
    missed = [death for death in DEATHS if not hits[death]]
    figures: dict[str, Any] = {
        "kills": hits.total(),
        "kills_per_point": {
            point: sum(hits[death] for death in hits if death.point is point) for point in Point
        },
        "documents": verdict.counts["documents"],
        "lost": len(verdict.lost),
        "doubled": len(verdict.doubled),
        "phantom": len(verdict.phantom),
        "acknowledged_not_done": len(verdict.acked_not_done),
        "gaps": verdict.gaps,
        "seconds": round(time.monotonic() - started_s, 1),
    }
    record(name, **figures)
    assert missed == [], "not injected"
    assert verdict.is_clean, verdict.text()
    conservation = world.tieout.ledger.conservation(HARBOR)
    assert conservation.is_conserved
    assert (conservation.pending, conservation.in_doubt, conservation.dead_letter) == (0, 0, 0)


def test_a_kill_at_every_point_of_every_write_leaves_one_document_each(world: World) -> None:
    run_matrix(world, DEATHS, "kills at every point")


@pytest.mark.tier2
def test_three_thousand_kills_leave_one_document_each(world: World) -> None:
    run_matrix(world, DEATHS * ROUNDS_NIGHTLY, "three thousand kills")
