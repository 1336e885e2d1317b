"""Windows of the vendor's limits (domain/xero README, 2.3), on a clock that the tests set."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tieout.simulators.xero.limits import Limits, Meter

FIRST, SECOND = "4f0e6a52-9d1b-4c63-8b7e-1a2c5d8e9f01", "b83d2c17-60f4-4e9a-a5d2-7c9e0b1f3a02"


@dataclass
class SetClock:
    """A clock that stands still until it is set."""

    moment: datetime = datetime(2026, 11, 20, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def call(meter: Meter, tenant_id: str = FIRST, app: str = "app") -> dict[str, str]:
    """Call once; return the headers of a refusal."""
    refused = meter.enter(app, tenant_id, "GET contacts")
    if not refused:
        meter.leave(app, tenant_id)
    return refused


def left_s(clock: SetClock, tenant_id: str) -> int:
    """Return how long a minute that is used up lasts, for one organisation."""
    meter = Meter(Limits(per_minute=1), clock)
    call(meter, tenant_id)
    return int(call(meter, tenant_id)["Retry-After"])


def test_a_window_is_fixed_and_opens_anew_when_retry_after_says(clock: SetClock) -> None:
    meter = Meter(Limits(per_minute=2), clock)
    refusals = [call(meter) for _thrice in range(3)]
    clock.moment += timedelta(seconds=int(refusals[2]["Retry-After"]) - 1)
    before = call(meter)
    clock.moment += timedelta(seconds=1)
    assert refusals[:2] == [{}, {}]
    assert refusals[2]["X-Rate-Limit-Problem"] == before["X-Rate-Limit-Problem"] == "minute"
    assert call(meter) == {}


def test_windows_of_two_organisations_open_at_different_times(clock: SetClock) -> None:
    assert left_s(clock, FIRST) != left_s(clock, SECOND)


def test_organisations_share_the_apps_minute_and_nothing_else(clock: SetClock) -> None:
    meter = Meter(Limits(per_minute=2, app_per_minute=3), clock)
    refusals = [call(meter, tenant) for tenant in (FIRST, FIRST, SECOND, SECOND)]
    assert refusals[:3] == [{}, {}, {}]
    assert refusals[3]["X-Rate-Limit-Problem"] == "appminute"
    assert call(meter, SECOND, app="another") == {}


def test_a_refused_call_uses_nothing_up(clock: SetClock) -> None:
    meter = Meter(Limits(per_minute=1, per_day=10), clock)
    for _thrice in range(3):
        call(meter)
    assert meter.headers("app", FIRST)["X-DayLimit-Remaining"] == "9"
    assert meter.refused[FIRST] == 2
