"""What a day of calls and a month of bytes will come to."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tieout.connectors.xero.tiers import TARIFFS, Tier, allowed_by
from tieout.domain.budget import Lane, Standing, Usage
from tieout.domain.forecast import GB, day_forecast, live_per_day, month_forecast

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
ALLOWED = allowed_by(Tier.CUSTOM)


def used(days_ago: int, calls: int, *, lane: Lane = Lane.POLL, received: int = 0) -> Usage:
    return Usage(
        organization="one",
        day=NOON.date() - timedelta(days=days_ago),
        flow="order_to_cash",
        lane=lane,
        calls=calls,
        limited=0,
        received_bytes=received,
        unpacked_bytes=0,
    )


def standing(left: int | None, *, hours: float | None = None, per_day: int = 5000) -> Standing:
    return Standing(
        organization="one",
        at=NOON,
        running=0,
        concurrent=5,
        minute_used=0,
        per_minute=60,
        day_left=left,
        per_day=None if left is None else per_day,
        day_ends_at=None if hours is None else NOON + timedelta(hours=hours),
    )


def test_live_use_is_that_of_the_busiest_day_without_backfills() -> None:
    usage = [
        used(1, 300),
        used(1, 200, lane=Lane.EVENT),
        used(1, 4000, lane=Lane.BACKFILL),
        used(2, 450),
    ]
    assert live_per_day(usage) == 500
    assert live_per_day([]) == 0


def test_the_day_comes_to_what_was_used_and_what_live_flows_will_use_until_it_ends() -> None:
    day = day_forecast(standing(3000, hours=6), [used(1, 2400)], ALLOWED)
    assert day.forecast == 2000 + 600
    assert day.is_enough
    assert day.free_now == 3000 - 600
    assert day.free_per_day == 5000 - 2400


def test_a_quarter_is_left_to_live_flows_that_use_less() -> None:
    day = day_forecast(standing(5000), [used(1, 100)], ALLOWED)
    assert (day.free_now, day.free_per_day) == (3750, 3750)
    assert day.ends_at == NOON + timedelta(days=1)


def test_a_day_that_will_not_do_says_so() -> None:
    day = day_forecast(standing(500, hours=12), [used(0, 4500)], ALLOWED)
    assert day.forecast == 4500 + 2250
    assert not day.is_enough
    assert day.free_now == 0


def test_before_the_first_answer_a_day_is_the_smallest_that_there_is() -> None:
    assert day_forecast(standing(None), [], ALLOWED).per_day == 1000
    assert day_forecast(standing(None), [], allowed_by(Tier.CORE)).per_day == 5000


def test_the_month_goes_on_as_it_began_and_what_is_over_costs() -> None:
    half = [used(10, 1, received=8 * GB), used(1, 1, received=20 * GB // 30)]
    month = month_forecast(half, TARIFFS[Tier.CORE], NOON)
    passed_s = (NOON - datetime(2026, 11, 1, tzinfo=UTC)).total_seconds()
    assert month.forecast_bytes == int(month.received_bytes * 30 * 86_400 / passed_s)
    over = Decimal(month.forecast_bytes - 10 * GB) / GB
    assert not month.is_enough
    assert month.cost == round(35 + over * Decimal("2.40"), 2)


def test_last_months_bytes_are_no_part_of_this_months() -> None:
    month = month_forecast([used(20, 1, received=GB)], TARIFFS[Tier.CORE], NOON)
    assert (month.received_bytes, month.cost, month.is_enough) == (0, 35, True)


def test_a_tier_without_a_limit_is_always_enough() -> None:
    month = month_forecast([used(1, 1, received=999 * GB)], TARIFFS[Tier.CUSTOM], NOON)
    assert (month.is_enough, month.cost) == (True, 0)


def test_the_first_hours_of_a_month_do_not_make_a_forecast_of_it() -> None:
    start = datetime(2026, 11, 1, 0, 10, tzinfo=UTC)
    first = used(0, 1, received=GB).model_copy(update={"day": date(2026, 11, 1)})
    assert month_forecast([first], TARIFFS[Tier.CORE], start).forecast_bytes == 30 * GB
