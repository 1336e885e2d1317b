"""The nightly comparison: whatever a watermark missed, nothing is stale after it."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from typing_extensions import override

from fake_streams import FakeStreams
from fakes import FakeClock, FakeGate, FakeLedger, FakeSage100, FakeShop, FakeXero
from tieout.domain.base import Json
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import Origin
from tieout.errors import UnavailableError
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.usecases.capture import VOLATILE_MEMBERS, drain, sweep
from tieout.usecases.compare import compare_source
from tieout.usecases.flow import SHOP_ORDER, Flow
from unit.usecases.test_steps import PAIR, ROOT, SHOP

MAPPER = YamlMapper(ROOT / "include", PAIR)
HISTORIES = 200
CHANGES = 12
ORDERS = 5
POLL_EVERY_S = 300


def node(number: int, changed_at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "legacyResourceId": str(7000 + number),
        "name": f"#{number}",
        "updatedAt": changed_at.isoformat(),
        **more,
    }


class LateShop(FakeShop):
    """A shop whose index shows some changes late, and whose bulk edits leave the time alone."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock
        self.shown_from: dict[str, datetime] = {}

    @override
    def changed_orders(self, since: datetime, until: datetime) -> list[Json]:
        return [
            one
            for one in super().changed_orders(since, until)
            if self.shown_from.get(str(one["legacyResourceId"]), since) <= self.clock.now()
        ]


def make_flow() -> Flow:
    clock = FakeClock()
    return Flow(
        pair=PAIR,
        ledger=FakeLedger(clock),
        streams=FakeStreams(clock),
        xero=FakeXero(),
        sage100=FakeSage100(),
        shops={SHOP: LateShop(clock)},
        mapper=MAPPER,
        matcher=ProbabilityMatcher(),
        gate=FakeGate(),
        clock=clock,
    )


def shop_of(flow: Flow) -> LateShop:
    shop = flow.shops[SHOP]
    assert isinstance(shop, LateShop)
    return shop


def put(flow: Flow, number: int, **more: Any) -> None:
    """Change an order now."""
    one = node(number, flow.clock.now(), **more)
    shop_of(flow).nodes[str(one["legacyResourceId"])] = one


def stale(flow: Flow) -> set[str]:
    """Return the orders of which the ledger has no version, or another than the shop has."""
    nodes = shop_of(flow).nodes
    known = flow.ledger.known_records(PAIR.pair, SHOP, SHOP_ORDER, nodes)
    hashes = {key: content_hash(one, without=VOLATILE_MEMBERS) for key, one in nodes.items()}
    return {key for key in nodes if key not in known or known[key].content_hash != hashes[key]}


def poll(flow: Flow) -> None:
    now = flow.clock.now()
    sweep(flow, now - timedelta(seconds=POLL_EVERY_S), now, origin=Origin.SWEEP)
    drain(flow)


@pytest.fixture
def flow() -> Flow:
    """A flow over a shop with three orders, all known."""
    flow = make_flow()
    for number in range(3):
        put(flow, number, total="1.00")
    compare_source(flow)
    drain(flow)
    return flow


def test_where_all_is_known_nothing_lands(flow: Flow) -> None:
    compared = compare_source(flow)
    assert (compared.read, compared.missing, compared.changed, compared.landed) == (3, 0, 0, 0)


def test_an_edit_that_left_the_time_alone_is_found_by_its_content(flow: Flow) -> None:
    shop_of(flow).nodes["7001"]["total"] = "2.00"
    poll(flow)
    assert stale(flow) == {"7001"}
    compared = compare_source(flow)
    assert (compared.changed, compared.landed) == (1, 1)
    drain(flow)
    assert stale(flow) == set()
    assert compare_source(flow).landed == 0


def test_our_own_status_in_the_shop_is_no_change(flow: Flow) -> None:
    shop_of(flow).nodes["7001"]["tags"] = ["posted"]
    assert compare_source(flow).changed == 0


def test_an_order_of_any_age_is_found(flow: Flow) -> None:
    now = flow.clock.now()
    for number, days in enumerate((0, 1, 29, 31, 719, 721, 5000), 100):
        one = node(number, now - timedelta(days=days))
        shop_of(flow).nodes[str(one["legacyResourceId"])] = one
    ahead = node(200, now + timedelta(minutes=10))  # the shop's clock is before ours
    shop_of(flow).nodes[str(ahead["legacyResourceId"])] = ahead
    assert compare_source(flow).missing == 8
    drain(flow)
    assert stale(flow) == set()


def test_what_still_waits_in_the_inbox_lands_no_second_time(flow: Flow) -> None:
    put(flow, 9)
    assert compare_source(flow).landed == 1
    again = compare_source(flow)
    assert (again.missing, again.landed) == (1, 0)


def test_a_redacted_order_is_not_brought_back(flow: Flow) -> None:
    redacted = records_with_redacted(flow, "7001")
    assert redacted == 1
    assert compare_source(flow).landed == 0


def records_with_redacted(flow: Flow, source_id: str) -> int:
    """Do in memory what redaction does to the newest version in PostgreSQL."""
    ledger = flow.ledger
    assert isinstance(ledger, FakeLedger)
    changed = 0
    for key, one in list(ledger._documents.items()):  # noqa: SLF001 - redaction is the owner's
        if one.source_id == source_id:
            salted = {"payload": {"redacted": "true"}, "content_hash": "salted"}
            ledger._documents[key] = one.model_copy(update=salted)  # noqa: SLF001
            changed += 1
    return changed


def test_one_shop_that_cannot_be_read_does_not_keep_the_others(flow: Flow) -> None:
    class Down(FakeShop):
        @override
        def changed_orders(self, since: datetime, until: datetime) -> list[Json]:
            raise UnavailableError("down", remedy="Wait.")

    put(flow, 9)
    assert isinstance(flow.shops, dict)
    flow.shops.update({"another.myshopify.com": Down(), SHOP: flow.shops.pop(SHOP)})
    with pytest.raises(UnavailableError):
        compare_source(flow)
    drain(flow)
    assert stale(flow) == set()


def test_no_history_is_stale_after_a_comparison() -> None:
    was_stale = late = bulk = 0
    for seed in range(HISTORIES):
        chance = random.Random(seed)  # noqa: S311 - the seed is the history's name
        flow = make_flow()
        shop, clock = shop_of(flow), shop_of(flow).clock
        for change in range(CHANGES):
            number = chance.randrange(ORDERS)
            key = str(7000 + number)
            if key in shop.nodes and chance.random() < 0.3:
                shop.nodes[key]["total"] = f"{change}.00"
                bulk += 1
            else:
                put(flow, number, total=f"{change}.00")
                if chance.random() < 0.3:
                    shop.shown_from[key] = clock.now() + timedelta(minutes=25)
                    late += 1
            clock.advance(chance.randrange(POLL_EVERY_S))
            poll(flow)
        clock.advance(1800)
        poll(flow)
        was_stale += bool(stale(flow))
        compare_source(flow)
        drain(flow)
        assert stale(flow) == set(), f"seed {seed}"
        assert flow.ledger.conservation(PAIR.pair).is_conserved
    assert min(was_stale, late, bulk) > HISTORIES / 4, "not injected"
