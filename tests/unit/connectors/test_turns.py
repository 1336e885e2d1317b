"""Requests that wait for their turn, and what their answers teach the budget."""

import gzip
from collections.abc import Sequence
from datetime import date, datetime

import pytest
from typing_extensions import override

from processes import free_port
from tieout.connectors.http import HttpClient, Request
from tieout.connectors.turns import MemoryCallBudget, Turns
from tieout.connectors.xero.limits import said, said_of
from tieout.connectors.xero.tiers import Tier, allowed_by
from tieout.domain.budget import Answered, Caller, Lane, Limit, Permit, Usage, Wait
from tieout.errors import RateLimitedError, UnavailableError
from tieout.ports.budget import CallBudget
from wire import Reply, SetClock, Wire, json_reply, serving

ALLOWED = allowed_by(Tier.CUSTOM)
CALLER = Caller(flow="order_to_cash", lane=Lane.BACKFILL)
EVENT = Caller(flow="order_to_cash", lane=Lane.EVENT)
DAY = date(2026, 11, 29)
OK = json_reply({"ok": True})


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def budget(clock: SetClock) -> CallBudget:
    return MemoryCallBudget(ALLOWED, clock=clock)


def client(budget: CallBudget, clock: SetClock, caller: Caller = CALLER) -> HttpClient:
    turns = Turns(budget, caller, system="Vendor", said=said, sleep=clock.sleep)
    return HttpClient(system="Vendor", sleep=clock.sleep, turn=turns.turn)


def read(wire: Wire) -> Request:
    return Request("GET", f"{wire.url}/things", is_write=False)


def write(wire: Wire) -> Request:
    return Request("PUT", f"{wire.url}/things", is_write=True, body=b"{}")


def only_usage(budget: CallBudget) -> Usage:
    (usage,) = budget.usage(DAY)
    return usage


def test_a_request_waits_in_the_worker_for_a_turn_that_comes_soon(
    budget: CallBudget, clock: SetClock
) -> None:
    with serving(OK, OK) as wire:
        vendor = client(budget, clock)
        vendor.send(read(wire))
        vendor.send(read(wire))
    assert clock.slept_s == [1.0]


def test_a_turn_that_comes_late_is_an_error_that_says_when_and_nothing_is_sent(
    budget: CallBudget, clock: SetClock
) -> None:
    used_up = {"X-Rate-Limit-Problem": "day", "Retry-After": "5000", "X-DayLimit-Remaining": "0"}
    with serving(Reply(status=429, headers=used_up), OK) as wire:
        vendor = client(budget, clock)
        with pytest.raises(RateLimitedError):
            vendor.send(write(wire))
        with pytest.raises(RateLimitedError) as raised:
            vendor.send(write(wire))
        assert len(wire.received) == 1
    assert raised.value.retry_after_s == 5001
    assert "tieout budget" in raised.value.remedy
    assert clock.slept_s == []


def test_nobody_waits_longer_than_a_minute_however_often_it_is_asked(clock: SetClock) -> None:
    class Full(MemoryCallBudget):
        @override
        def admit(self, lane: Lane, *, since: datetime | None = None) -> Permit | Wait:
            now = since or clock.now()
            return Wait(limit=Limit.CONCURRENT, retry_in_s=0.25, opens_in_s=0.25, since=now)

    with serving(OK) as wire, pytest.raises(RateLimitedError) as raised:
        client(Full(ALLOWED, clock=clock), clock).send(read(wire))
    assert sum(clock.slept_s) == 60
    assert raised.value.retry_after_s == 60


def test_a_refusal_for_concurrency_is_waited_for_and_metered(
    budget: CallBudget, clock: SetClock
) -> None:
    refused = Reply(status=429, headers={"X-Rate-Limit-Problem": "concurrent"})
    with serving(refused, OK) as wire:
        assert client(budget, clock, EVENT).send(write(wire)).is_success
    usage = only_usage(budget)
    assert (usage.calls, usage.limited) == (2, 1)


def test_what_came_over_the_wire_is_metered_packed_and_unpacked(
    budget: CallBudget, clock: SetClock
) -> None:
    plain = b'{"a": "' + b"a" * 5000 + b'"}'
    packed = gzip.compress(plain)
    with serving(Reply(packed, headers={"Content-Encoding": "gzip"})) as wire:
        client(budget, clock).send(read(wire))
    usage = only_usage(budget)
    assert (usage.flow, usage.lane) == ("order_to_cash", "backfill")
    assert (usage.received_bytes, usage.unpacked_bytes) == (len(packed), len(plain))


def test_every_attempt_of_a_read_has_its_turn(budget: CallBudget, clock: SetClock) -> None:
    dropped = Reply(is_dropped=True)
    with serving(dropped, Reply(status=503), OK) as wire:
        client(budget, clock, EVENT).send(read(wire))
    assert only_usage(budget).calls == budget.standing().minute_used == 3
    assert budget.standing().running == 0


def test_a_request_that_reached_nobody_gives_its_place_back(
    budget: CallBudget, clock: SetClock
) -> None:
    away = Request("PUT", f"http://127.0.0.1:{free_port()}", is_write=True)
    with pytest.raises(UnavailableError):
        client(budget, clock, EVENT).send(away)
    assert budget.standing().running == 0


class Broken(CallBudget):
    """A budget whose store is away, from the start or once a call has its permit."""

    def __init__(self, *, is_open: bool) -> None:
        self.is_open = is_open

    @override
    def admit(self, lane: Lane, *, since: datetime | None = None) -> Permit | Wait:
        if not self.is_open:
            raise UnavailableError("The ledger is away.", remedy="Wait.")
        return Permit(number=1)

    @override
    def settle(self, permit: Permit, caller: Caller, answered: Answered) -> None:
        raise UnavailableError("The ledger is away.", remedy="Wait.")

    @override
    def standing(self) -> None:  # type: ignore[override]  # nobody asks
        return None

    @override
    def usage(self, since: date) -> Sequence[Usage]:
        return ()


def test_what_a_write_came_to_is_not_lost_when_it_cannot_be_settled(
    clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(OK) as wire:
        answer = client(Broken(is_open=True), clock).send(write(wire))
    assert answer.is_success
    assert "not settled" in caplog.text


def test_without_the_store_nothing_is_sent(clock: SetClock) -> None:
    with serving(OK) as wire:
        with pytest.raises(UnavailableError, match="away"):
            client(Broken(is_open=False), clock).send(write(wire))
        assert wire.received == []


@pytest.mark.parametrize(
    ("problem", "retry_after", "limit"),
    [
        ("minute", "26", Limit.MINUTE),
        ("Minute limit", "26", Limit.MINUTE),
        ("day", "66975", Limit.DAY),
        ("daily", "66975", Limit.DAY),
        ("DayLimit", "66975", Limit.DAY),
        ("concurrent", "", Limit.CONCURRENT),
        ("Concurrent", "1", Limit.CONCURRENT),
        ("appminute", "3", Limit.APP_MINUTE),
        ("App Minute", "3", Limit.APP_MINUTE),
        ("", "26", Limit.MINUTE),
        ("", "", Limit.MINUTE),
        ("something new", "5000", Limit.DAY),
    ],
)
def test_a_refusal_is_read_however_it_is_written(
    problem: str, retry_after: str, limit: Limit
) -> None:
    headers = {"x-rate-limit-problem": problem, "retry-after": retry_after}
    read = said_of(429, headers)
    assert read.limited_by is limit
    assert read.retry_after_s == (float(retry_after) if retry_after else None)


def test_only_a_refusal_is_one() -> None:
    assert said_of(200, {"X-Rate-Limit-Problem": "day", "Retry-After": "9"}) == Answered()
    assert said_of(503, {"Retry-After": "9"}) == Answered()


def test_what_is_left_is_read_where_it_is_a_number() -> None:
    headers = {
        "X-MinLimit-Remaining": "59",
        "x-daylimit-remaining": "4999",
        "X-AppMinLimit-Remaining": "many",
    }
    assert said_of(200, headers) == Answered(minute_left=59, day_left=4999)
