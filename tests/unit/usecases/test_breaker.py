"""The breaker of incoming orders: a source turned bad leaves few dead letters, not thousands."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest
from typing_extensions import override

from fake_streams import FakeStreams
from fakes import FakeClock, FakeGate, FakeSage100, FakeShop
from tieout.domain.base import System
from tieout.domain.ledger import DocumentState
from tieout.domain.streams import (
    FAILURES_IN_A_ROW_MAX,
    PROBE_EVERY_S,
    StreamState,
    read_stream,
    source_stream,
)
from tieout.errors import UnavailableError
from tieout.ports.systems import Sage100Reference
from tieout.usecases.flow import Flow
from tieout.usecases.steps import run_step
from unit.usecases.test_steps import PAIR, SHOP, claimed, make_flow, node, worked

STREAM = source_stream(PAIR.pair, "shop_order")
DEAD_LETTERS_MAX = 60
"""What T-48 of the reliability programme allows a batch that is bad throughout."""
ORDERS = 150


def bad(number: int) -> dict[str, Any]:
    """Return an order that lacks what it had before the source changed."""
    order = worked(legacyResourceId=str(5_000_000 + number), name=f"#{number}")
    order["currencyCode"] = None
    return order


def good(number: int) -> dict[str, Any]:
    return node("order_1042", legacyResourceId=str(5_000_000 + number), name=f"#{number}")


def gate(flow: Flow, claimed_by: str = "run") -> int:
    """Claim what waits, judge it, and return how many were set aside."""
    return run_step(flow, "shop_order", claimed(flow, claimed_by)).set_aside


def gate_again(flow: Flow) -> int:
    """Claim and judge what waits, without asking the shop."""
    batch = flow.ledger.claim(
        PAIR.pair, "shop_order", claimed_by="again", limit=ORDERS, lease_s=900
    )
    return run_step(flow, "shop_order", batch.batch_id).set_aside if batch else 0


def received(flow: Flow) -> int:
    waiting = flow.ledger.unsettled(PAIR.pair, "shop_order")
    return sum(one.state is DocumentState.RECEIVED for one in waiting)


def pass_s(flow: Flow, seconds: float) -> None:
    assert isinstance(flow.clock, FakeClock)
    flow.clock.advance(seconds)


def shop_of(flow: Flow) -> FakeShop:
    shop = flow.shops[SHOP]
    assert isinstance(shop, FakeShop)
    return shop


@pytest.fixture
def broken() -> Flow:
    """A flow whose source sends nothing but bad orders, judged once."""
    flow = make_flow(*(bad(number) for number in range(ORDERS)))
    assert gate(flow) > 0
    return flow


def test_a_bad_source_leaves_few_dead_letters_and_the_rest_received(broken: Flow) -> None:
    letters = len(broken.ledger.dead_letters())
    assert 0 < letters <= DEAD_LETTERS_MAX
    assert received(broken) == ORDERS - letters
    assert broken.streams.stream(STREAM).state is StreamState.PAUSED
    assert broken.ledger.conservation(PAIR.pair).is_conserved


def test_runs_and_probes_of_a_whole_day_set_nothing_more_aside(broken: Flow) -> None:
    letters = len(broken.ledger.dead_letters())
    for _ in range(24 * 4):
        pass_s(broken, 15 * 60)
        gate_again(broken)
    assert len(broken.ledger.dead_letters()) == letters
    assert isinstance(broken.streams, FakeStreams)
    assert len(broken.streams.probes) > 90


def test_while_it_pauses_nothing_is_even_judged(broken: Flow) -> None:
    assert isinstance(broken.gate, FakeGate)
    before = len(broken.gate.validated)
    report = run_step(broken, "shop_order", claimed(broken))
    assert (report.documents, report.confirmed, report.set_aside) == (0, 0, 0)
    assert len(broken.gate.validated) == before


def test_two_runs_at_once_share_one_count() -> None:
    flow = make_flow(*(bad(number) for number in range(ORDERS)))
    first = claimed(flow)
    for _round in range(2):
        run_step(flow, "shop_order", first)
    assert len(flow.ledger.dead_letters()) <= DEAD_LETTERS_MAX


def test_a_person_who_mended_the_source_resumes_it_and_all_go_on(broken: Flow) -> None:
    letters = len(broken.ledger.dead_letters())
    for number in range(ORDERS):
        order = good(number) | {"updatedAt": "2029-11-29T00:00:00Z"}
        shop_of(broken).nodes[str(order["legacyResourceId"])] = order
    broken.streams.resume(STREAM, by="wanda", reason="The app sends totals again.")
    gate(broken, "next run")
    assert received(broken) == 0
    assert len(broken.ledger.dead_letters()) <= letters
    assert broken.streams.stream(STREAM).state is StreamState.OPEN


def test_a_probe_that_finds_the_source_mended_resumes_it_by_itself(broken: Flow) -> None:
    for number in range(ORDERS):
        order = good(number) | {"updatedAt": "2029-11-29T00:00:00Z"}
        shop_of(broken).nodes[str(order["legacyResourceId"])] = order
    pass_s(broken, PROBE_EVERY_S)
    gate(broken, "next run")
    assert broken.streams.stream(STREAM).state is StreamState.OPEN


def test_a_bad_order_among_good_ones_is_set_aside_and_nothing_pauses() -> None:
    flow = make_flow(*(good(number) for number in range(200)), bad(999))
    assert gate(flow) == 1
    assert flow.streams.stream(STREAM).state is StreamState.OPEN
    assert received(flow) == 0


class SilentSage100(FakeSage100):
    """A company that does not answer while ``is_down``; it counts who asked."""

    def __init__(self, real: FakeSage100) -> None:
        super().__init__(real.held_reference)
        self.is_down = True
        self.asked = 0

    @override
    def reference(self, item_codes: Collection[str]) -> Sage100Reference:
        self.asked += 1
        if self.is_down:
            raise UnavailableError("Sage 100 does not answer.", remedy="Wait.")
        return super().reference(item_codes)


def test_reads_before_the_writes_pause_too_and_nothing_is_set_aside() -> None:
    flow = make_flow(good(1))
    assert isinstance(flow.sage100, FakeSage100)
    silent = SilentSage100(flow.sage100)
    flow = replace(flow, sage100=silent)
    batch = claimed(flow)
    for _ in range(180):
        with pytest.raises(UnavailableError):
            run_step(flow, "shop_order", batch)
        pass_s(flow, 20)
    assert FAILURES_IN_A_ROW_MAX + 55 <= silent.asked <= FAILURES_IN_A_ROW_MAX + 60
    assert flow.streams.stream(read_stream(PAIR.pair, System.SAGE100)).state is StreamState.PAUSED
    assert flow.ledger.dead_letters() == []
    silent.is_down = False
    pass_s(flow, PROBE_EVERY_S)
    assert run_step(flow, "shop_order", batch).confirmed == 1
    assert flow.streams.stream(read_stream(PAIR.pair, System.SAGE100)).state is StreamState.OPEN
