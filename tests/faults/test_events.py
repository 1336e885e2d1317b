"""T-19, T-47, T-60: events in any order, and the one order that brings everything down.

A later state is never overwritten by an earlier one, and a record that cannot be stored or worked
on is set aside alone while its neighbors go on.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import permutations
from typing import Any

import pytest
from typing_extensions import override

from fake_streams import FakeStreams
from fakes import FakeClock, FakeLedger, FakeSage100, FakeShop, FakeXero
from tieout.domain.base import BatchId, Json
from tieout.domain.ledger import DocumentState, Origin
from tieout.errors import OutcomeUnknownError
from tieout.ledger.postgres import PostgresLedger
from tieout.mapping.mapper import YamlMapper
from tieout.usecases.capture import capture, drain, sweep
from tieout.usecases.flow import Flow
from tieout.usecases.steps import CRASHES_MAX, ORDER_STEPS, run_step
from unit.usecases.test_steps import PAIR, ROOT, SHOP, make_flow, worked

T0 = datetime(2026, 11, 29, 15, 0, tzinfo=UTC)
EVENTS: tuple[dict[str, Any], ...] = (
    {"transactions": []},
    {"transactions": [], "note": "please wrap it"},
    {"transactions": [], "note": "please wrap them"},
    {"note": "please wrap them"},
    {"note": "please wrap them", "cancelledAt": "2026-11-29T15:04:00Z"},
    {"note": "cancelled", "cancelledAt": "2026-11-29T15:04:00Z"},
)
"""Created unpaid, updated twice, paid, cancelled, and updated once more."""
WRITES = ("contact", "invoice", "payment")


@cache
def state(number: int) -> Json:
    """Return the order as the shop showed it after an event."""
    stamp = (T0 + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")
    return worked(**EVENTS[number], updatedAt=stamp)


def see(flow: Flow, number: int) -> None:
    """Land what a sweep would have seen after an event."""
    shop = flow.shops[SHOP]
    assert isinstance(shop, FakeShop)
    shop.nodes = {"1": state(number)}
    sweep(flow, T0 - timedelta(days=1), T0 + timedelta(days=1), origin=Origin.SWEEP)


def ends(flow: Flow) -> dict[int, str]:
    """Return how each event's entry ended, by the event's number."""
    assert isinstance(flow.ledger, FakeLedger)
    return {
        EVENTS.index(_event_of(json.loads(entry.body or b"{}"))): end
        for entry, end in flow.ledger.ends()
    }


def _event_of(node: Json) -> dict[str, Any]:
    minute = datetime.fromisoformat(str(node["updatedAt"])).minute
    return EVENTS[minute]


@cache
def base() -> Flow:
    return make_flow()


def fresh_flow() -> Flow:
    """Return a flow over empty systems; its mapper is read once for all."""
    return replace(
        base(),
        ledger=FakeLedger(FakeClock()),
        streams=FakeStreams(FakeClock()),
        shops={SHOP: FakeShop()},
        xero=FakeXero(base().xero.reference()),
        sage100=FakeSage100(base().sage100.reference([])),
    )


def run(flow: Flow, name: str) -> None:
    batch = capture(flow, interval=None, origin=Origin.SWEEP, claimed_by=name)
    if batch is not None:
        for step in ORDER_STEPS:
            run_step(flow, step, batch)


def copies(flow: Flow) -> dict[str, int]:
    targets: dict[str, Any] = {entity: flow.xero.target(entity) for entity in WRITES}
    return {entity: len(target.copies) for entity, target in targets.items()}


@pytest.mark.parametrize("first", range(len(EVENTS)))
def test_events_that_arrive_in_any_order_leave_the_latest_state(
    first: int,
) -> None:
    rest = [number for number in range(len(EVENTS)) if number != first]
    for order in permutations(rest):
        flow = fresh_flow()
        arrived = (first, *order)
        newest = -1
        for number in arrived:
            see(flow, number)
            drain(flow)
            if number < newest:
                assert ends(flow)[number] == "superseded", arrived
            newest = max(newest, number)
        run(flow, "run")
        ended = ends(flow)
        # Money was taken before it was cancelled, so a person must look; nothing was posted.
        assert ended.pop(len(EVENTS) - 1) == "dead_letter", arrived
        assert set(ended.values()) == {"superseded"}, arrived
        assert copies(flow) == dict.fromkeys(WRITES, 0), arrived
        assert flow.ledger.conservation(PAIR.pair).is_conserved


SOME = (0, 2, 3, 4)
"""Created, updated, paid, cancelled: with a run of the flow after each."""


@pytest.mark.parametrize("arrived", list(permutations(SOME)), ids=str)
def test_a_run_after_every_event_never_goes_back_and_posts_once(
    arrived: Sequence[int],
) -> None:
    flow = fresh_flow()
    for number in arrived:
        see(flow, number)
        run(flow, f"run {number}")
    ended = ends(flow)
    seen: list[int] = []
    for number in arrived:
        if any(number < earlier for earlier in seen):
            assert ended[number] == "superseded"
        seen.append(number)
    assert all(count <= 1 for count in copies(flow).values())
    if arrived[0] == SOME[-1]:
        assert copies(flow) == dict.fromkeys(WRITES, 0), "cancelled before it was paid"
    conservation = flow.ledger.conservation(PAIR.pair)
    assert (conservation.is_conserved, conservation.pending) == (True, 0)


class Deadly(BaseException):
    """What no handler catches: the worker is gone."""


class Poisoned(YamlMapper):
    """A mapper that an order of one name brings down, in a chosen way."""

    def __init__(self, how: BaseException) -> None:
        super().__init__(ROOT / "include", PAIR)
        self.how = how
        self.strikes = 0

    @override
    def order_from_shop(self, node: Json, *, shop: str = "") -> Any:
        if node["name"] == "#POISON":
            self.strikes += 1
            raise self.how
        return super().order_from_shop(node, shop=shop)


NEIGHBORS = 3


def poisoned(how: BaseException) -> tuple[Flow, Poisoned, BatchId]:
    good = [worked(legacyResourceId=str(9000 + number)) for number in range(NEIGHBORS)]
    bad = worked(legacyResourceId="666", name="#POISON")
    mapper = Poisoned(how)
    flow = replace(make_flow(*good, bad), mapper=mapper)
    interval = (T0 - timedelta(days=400), T0 + timedelta(days=400))
    batch = capture(flow, interval=interval, origin=Origin.SWEEP, claimed_by="run")
    assert batch is not None
    return flow, mapper, batch


@pytest.mark.parametrize(
    "how", [MemoryError(), RecursionError(), ZeroDivisionError(), Deadly()], ids=repr
)
def test_a_record_that_brings_its_worker_down_is_set_aside_at_its_third_crash(
    how: BaseException,
) -> None:
    flow, mapper, batch = poisoned(how)
    for _ in range(CRASHES_MAX + 1):
        try:
            run_step(flow, "shop_order", batch)
        except (type(how), OutcomeUnknownError):
            continue
        break
    assert mapper.strikes == CRASHES_MAX
    (letter,) = flow.ledger.dead_letters()
    assert letter.cause == "crashed_worker"
    passed = flow.ledger.documents(batch, DocumentState.VALIDATED)
    assert len(passed) == NEIGHBORS


@pytest.fixture
def postgres(emptied_ledger_url: str) -> Iterator[PostgresLedger]:
    ledger = PostgresLedger(emptied_ledger_url)
    yield ledger
    ledger.close()


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "\udfff"], ids=ascii)
def test_an_order_that_no_ledger_can_hold_is_set_aside_and_its_neighbors_go_on(
    postgres: PostgresLedger, text: str
) -> None:
    good, bad = worked(legacyResourceId="1"), worked(legacyResourceId="2", note=text)
    flow = replace(make_flow(good, bad), ledger=postgres)
    sweep(flow, T0 - timedelta(days=400), T0 + timedelta(days=400), origin=Origin.SWEEP)
    drained = drain(flow)
    assert (drained.documents, drained.set_aside) == (1, 1)
    (letter,) = postgres.dead_letters()
    assert letter.cause == "text_not_storable"
    assert postgres.conservation(PAIR.pair).is_conserved


@pytest.mark.parametrize("stamp", ["", "yesterday", "2026-11-29T15:00:00", None])
def test_an_order_that_does_not_say_when_it_changed_is_set_aside(
    postgres: PostgresLedger, stamp: str | None
) -> None:
    flow = replace(make_flow(), ledger=postgres)
    see(replace(flow, shops={SHOP: Undated(worked(updatedAt=stamp))}), 0)
    assert drain(flow).set_aside == 1
    assert [letter.cause for letter in postgres.dead_letters()] == ["order_incomplete"]


class Undated(FakeShop):
    """A shop whose one order is in every interval."""

    def __init__(self, node: Json) -> None:
        super().__init__({})
        self.node = node

    @override
    def changed_orders(self, since: datetime, until: datetime) -> list[Json]:
        return [self.node]
