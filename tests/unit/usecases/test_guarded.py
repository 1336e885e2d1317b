"""A target behind its stream: what pauses it, how often it is tried, and that nothing is burnt."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from typing_extensions import override

import records
from deliveries import delivered
from fake_streams import FakeStreams
from fakes import FakeClock, FakeLedger, FakeTarget
from records import PAIR
from tieout.domain.base import DeliveryId, System
from tieout.domain.ledger import Delivery, DeliveryState, Landed, Outcome
from tieout.domain.streams import (
    FAILURES_IN_A_ROW_MAX,
    PROBE_EVERY_S,
    StreamState,
    target_stream,
)
from tieout.errors import (
    ConsentError,
    OutcomeUnknownError,
    RateLimitedError,
    StreamHeldError,
    StreamPausedError,
    UnavailableError,
)
from tieout.usecases.delivery import Writer
from tieout.usecases.guarded import RECHECK_S, GuardedTarget

STREAM = target_stream(PAIR, System.XERO, "invoice")
HOUR_S = 3600


class CountingStreams(FakeStreams):
    """Streams that count their transactions."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.calls = 0

    @override
    def admit(self, name: str) -> object:
        self.calls += 1
        return super().admit(name)

    @override
    def succeeded(self, name: str) -> None:
        self.calls += 1
        super().succeeded(name)


class DownTarget(FakeTarget):
    """A target that does not answer while it is down; it counts who asked, and when."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(System.XERO, "invoice", batch_max=1)
        self.is_down = False
        self.lets_us_in = True
        self.asked: list[float] = []
        self._clock = clock

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        self._ask()
        return super().find(deliveries)

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        self._ask()
        return super().send(deliveries)

    def _ask(self) -> None:
        self.asked.append(self._clock.now().timestamp())
        if self.is_down:
            raise UnavailableError("Xero is down.", remedy="Wait.")
        if not self.lets_us_in:
            raise ConsentError("Xero needs consent again.", remedy="Run tieout connect xero.")


class World:
    """A ledger with received orders, a target and its stream."""

    def __init__(self, orders: int) -> None:
        self.clock = FakeClock()
        self.ledger = FakeLedger(self.clock)
        self.streams = CountingStreams(self.clock)
        self.target = DownTarget(self.clock)
        self.ids = [records.received(self.ledger, str(1000 + n)) for n in range(orders)]

    def step(self) -> None:
        """Write the invoice of every order, as one step of one run does."""
        guarded = GuardedTarget(self.target, self.streams, STREAM, clock=self.clock)
        guarded.enter()
        wanted = [records.delivery(document_id, key=f"{document_id}") for document_id in self.ids]
        writer = Writer(
            ledger=self.ledger,
            target=guarded,
            fence=records.fence(self.ledger),
            lease_s=900,
            binding_of=lambda _delivery, _landed: None,
        )
        delivered(writer, wanted)
        guarded.leave()

    def try_step(self) -> bool:
        """Run the step and say whether it came to its end."""
        try:
            self.step()
        except UnavailableError:
            return False
        return True

    @property
    def state(self) -> StreamState:
        return self.streams.stream(STREAM).state


@pytest.fixture
def world() -> World:
    return World(orders=20)


def test_a_step_without_trouble_asks_its_stream_once(world: World) -> None:
    world.step()
    assert len(world.target.held) == 20
    assert world.streams.calls == 1


def test_a_target_that_is_down_is_asked_a_few_times_and_no_attempt_is_burnt(world: World) -> None:
    world.target.is_down = True
    assert not world.try_step()
    assert world.state is StreamState.PAUSED
    assert len(world.target.asked) == FAILURES_IN_A_ROW_MAX
    deliveries = world.ledger.deliveries(world.ids)
    assert {(one.state, one.attempts) for one in deliveries} == {(DeliveryState.INTENT, 0)}


def test_a_paused_stream_raises_and_asks_nobody(world: World) -> None:
    world.target.is_down = True
    world.try_step()
    asked = len(world.target.asked)
    with pytest.raises(StreamPausedError):
        world.step()
    assert len(world.target.asked) == asked


def test_an_outage_of_eight_hours_costs_a_probe_a_minute_and_no_document(world: World) -> None:
    world.target.is_down = True
    for _ in range(8 * HOUR_S // 20):
        world.try_step()
        world.clock.advance(20)
    probes = world.target.asked[FAILURES_IN_A_ROW_MAX:]
    apart = [later - earlier for earlier, later in pairwise(probes)]
    assert 470 <= len(probes) <= 480
    assert min(apart) >= PROBE_EVERY_S
    assert world.ledger.dead_letters() == []
    assert {one.attempts for one in world.ledger.deliveries(world.ids)} == {0}
    world.target.is_down = False
    world.clock.advance(PROBE_EVERY_S)
    world.step()
    assert world.state is StreamState.OPEN
    assert sorted(world.target.copies) == sorted(map(str, world.ids))


def test_the_first_success_of_a_probe_lets_the_rest_of_the_step_go_on(world: World) -> None:
    world.target.is_down = True
    world.try_step()
    world.target.is_down = False
    world.clock.advance(PROBE_EVERY_S)
    assert world.try_step()
    assert [event.action for event in world.streams.audit] == ["stream.paused", "stream.open"]


def test_a_probe_that_only_looked_up_resumes_too(world: World) -> None:
    world.step()
    for _ in range(FAILURES_IN_A_ROW_MAX):
        world.streams.failed(STREAM, reason="down")
    world.clock.advance(PROBE_EVERY_S)
    guarded = GuardedTarget(world.target, world.streams, STREAM, clock=world.clock)
    guarded.enter()
    guarded.find(world.ledger.deliveries(world.ids))
    assert world.state is StreamState.PAUSED
    guarded.leave()
    assert world.state is StreamState.OPEN


def test_a_lost_consent_pauses_at_once_says_what_to_do_and_burns_nothing(world: World) -> None:
    world.target.lets_us_in = False
    with pytest.raises(ConsentError):
        world.step()
    assert world.state is StreamState.PAUSED
    assert len(world.target.asked) == 1
    with pytest.raises(StreamPausedError, match="Run tieout connect xero"):
        world.step()
    assert len(world.target.asked) == 1
    deliveries = world.ledger.deliveries(world.ids)
    assert {(one.state, one.attempts) for one in deliveries} == {(DeliveryState.INTENT, 0)}
    assert world.ledger.dead_letters() == []


def test_what_waited_for_a_consent_goes_on_by_itself_with_the_next_probe(world: World) -> None:
    world.target.lets_us_in = False
    for _ in range(5):
        with pytest.raises(ConsentError):
            world.step()
        world.clock.advance(PROBE_EVERY_S)
    assert len(world.target.asked) == 5
    world.target.lets_us_in = True
    world.step()
    assert world.state is StreamState.OPEN
    assert sorted(world.target.copies) == sorted(map(str, world.ids))


def test_lost_answers_in_a_row_pause_the_stream(world: World) -> None:
    world.target.faults.extend(["drop_after_write"] * FAILURES_IN_A_ROW_MAX)
    with pytest.raises(OutcomeUnknownError):
        world.step()
    assert world.state is StreamState.PAUSED
    assert len(world.target.copies) == FAILURES_IN_A_ROW_MAX
    assert not world.target.faults


def test_a_refusal_is_an_answer(world: World) -> None:
    world.target.faults.extend(["refuse"] * 20)
    world.step()
    assert world.state is StreamState.OPEN


def test_a_refusal_to_a_probe_says_that_the_system_answers_again(world: World) -> None:
    world.target.is_down = True
    world.try_step()
    world.target.is_down = False
    world.target.faults.append("refuse")
    world.clock.advance(PROBE_EVERY_S)
    world.step()
    assert world.state is StreamState.OPEN
    assert len(world.target.copies) == len(world.ids) - 1


def test_being_asked_to_wait_is_an_answer(world: World) -> None:
    class Busy(DownTarget):
        @override
        def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
            raise RateLimitedError("slower", remedy="Wait.")

    world.target = Busy(world.clock)
    for _ in range(FAILURES_IN_A_ROW_MAX):
        with pytest.raises(RateLimitedError):
            world.step()
    assert world.state is StreamState.OPEN


def test_a_held_stream_stops_the_step_before_anything_is_intended(world: World) -> None:
    world.streams.hold(STREAM, reason="Xero holds HP-1042 twice.")
    with pytest.raises(StreamHeldError, match=r"HP-1042 twice.*tieout resume"):
        world.step()
    assert world.ledger.deliveries(world.ids) == []


def test_a_worker_in_mid_step_learns_of_a_hold(world: World) -> None:
    class Slow(DownTarget):
        @override
        def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
            world.clock.advance(RECHECK_S / 3)
            if len(self.sends) == 2:
                world.streams.hold(STREAM, reason="a double")
            return super().send(deliveries)

    world.target = Slow(world.clock)
    with pytest.raises(StreamPausedError, match="held"):
        world.step()
    assert len(world.target.sends) < 7
    unsent = [one for one in world.ledger.deliveries(world.ids) if not one.external_id]
    assert {(one.state, one.attempts) for one in unsent} == {(DeliveryState.INTENT, 0)}
