"""The backfill plan: which intervals, which command, and what it costs against the budgets."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tieout.connectors.xero.client import FILTER_TERMS_MAX
from tieout.connectors.xero.targets.base import BATCH_MAX
from tieout.domain.forecast import CallDay
from tieout.domain.gaps import BackfillPlan, Gap, GapKind, PairGaps
from tieout.errors import ConfigurationError
from tieout.settings import SWEEP_CRON, sweep_cron, sweep_interval
from tieout.usecases import backfill
from tieout.usecases.backfill import plan_backfill

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
EVENING = NOON + timedelta(hours=6)


def gap(minutes: float, kind: GapKind = GapKind.MISSING) -> Gap:
    return Gap(
        pair="harbor_and_pine",
        shop="a shop",
        source_id=f"{minutes}",
        number=f"HP-{minutes}",
        kind=kind,
        changed_at=NOON + timedelta(minutes=minutes),
    )


def xero_day(*, now: int = 3750, later: int = 3750) -> CallDay:
    """Return a day of 5,000 calls of which so many are free beside live flows."""
    return CallDay(
        per_day=5000,
        left=5000,
        forecast=1250,
        live_per_day=1250,
        free_now=now,
        free_per_day=later,
        ends_at=EVENING + timedelta(hours=3),
    )


DAY = xero_day()


def plan(*gaps: Gap, cron: str = SWEEP_CRON, payments: int = 0, day: CallDay = DAY) -> BackfillPlan:
    found = PairGaps(
        pair="harbor_and_pine",
        since=NOON,
        until=EVENING,
        orders=len(gaps),
        gaps=gaps,
        payments=payments,
    )
    interval_of = partial(sweep_interval, cron)
    return plan_backfill([found], interval_of, now=EVENING, xero_days={found.pair: day})


def test_both_ends_are_starts_of_the_intervals_that_hold_a_gap() -> None:
    planned = plan(gap(20), gap(67)).backfill
    assert planned is not None
    assert planned.from_date == NOON + timedelta(minutes=15)
    assert planned.to_date == NOON + timedelta(minutes=60)
    assert planned.runs == 4


def test_an_order_changed_at_the_start_of_an_interval_belongs_to_it() -> None:
    planned = plan(gap(15)).backfill
    assert planned is not None
    assert planned.from_date == planned.to_date == NOON + timedelta(minutes=15)
    assert planned.runs == 1


def test_the_intervals_are_those_of_the_schedule() -> None:
    planned = plan(gap(20), gap(67), cron="0 * * * *").backfill
    assert planned is not None
    assert (planned.from_date, planned.to_date) == (NOON, NOON + timedelta(hours=1))
    assert planned.runs == 2


def test_the_command_processes_again_what_ran_during_the_outage() -> None:
    planned = plan(gap(20)).backfill
    assert planned is not None
    assert planned.command == (
        "airflow",
        "backfill",
        "create",
        "--dag-id=order_to_cash",
        "--from-date=2026-11-29T12:15:00+00:00",
        "--to-date=2026-11-29T12:15:00+00:00",
        "--reprocess-behavior=completed",
        "--max-active-runs=1",
    )


@pytest.mark.parametrize(
    "kind", [GapKind.WAITING, GapKind.HALF_POSTED, GapKind.SET_ASIDE, GapKind.HELD]
)
def test_what_the_ledger_knows_needs_no_backfill(kind: GapKind) -> None:
    planned = plan(gap(20, kind))
    assert planned.backfill is None
    assert planned.orders == 1
    assert planned.minutes > 0


def test_an_order_of_the_present_interval_is_left_to_the_next_sweep() -> None:
    planned = plan(gap(360 + 3))
    assert planned.backfill is None
    assert planned.next_sweep == 1


def test_nothing_missing_costs_nothing() -> None:
    planned = plan()
    assert (planned.backfill, planned.loads, planned.minutes, planned.days) == (None, (), 0, 0)


def test_five_thousand_orders_do_not_fit_into_a_day_of_xero() -> None:
    planned = plan(*(gap(number / 20) for number in range(5000)), payments=5000)
    xero, sage100, shopify = planned.loads
    assert (xero.system, sage100.system, shopify.system) == ("xero", "sage100", "shopify")
    assert xero.amount > 5000 * backfill.XERO_CALLS_PER_NOTE
    assert xero.days == planned.days
    assert planned.days > 1
    assert sage100.amount == 15_000
    assert (sage100.days, shopify.days) == (1, 1)
    assert planned.minutes == sum(load.minutes for load in planned.loads)


def hours(count: int, *, orders: int) -> list[Gap]:
    """Return gaps, so many in each of so many hours."""
    return [gap(60 * hour + number / orders) for hour in range(count) for number in range(orders)]


def test_what_would_take_the_calls_of_live_flows_is_refused_with_days_for_it() -> None:
    day = xero_day(now=500, later=1000)
    planned = plan(*hours(5, orders=100), cron="0 * * * *", day=day)
    assert planned.backfill is None
    assert "calls of Xero, and 500 are free today" in planned.refusal
    assert [one.orders for one in planned.schedule] == [200, 300]
    assert [one.starts_at for one in planned.schedule] == [EVENING, day.ends_at]
    assert all(one.calls <= free for one, free in zip(planned.schedule, (500, 1000), strict=True))
    today, tomorrow = (one.backfill for one in planned.schedule)
    assert (today.from_date, today.to_date) == (NOON, NOON + timedelta(hours=1))
    assert (tomorrow.from_date, tomorrow.to_date) == (
        NOON + timedelta(hours=2),
        NOON + timedelta(hours=4),
    )
    assert f"--from-date={tomorrow.from_date.isoformat()}" in tomorrow.command
    assert planned.loads[0].days == planned.days == 2


def test_when_nothing_is_left_today_all_of_it_is_for_another_day() -> None:
    planned = plan(gap(20), gap(67), day=xero_day(now=0))
    (only,) = planned.schedule
    assert only.starts_at == DAY.ends_at
    assert planned.backfill is None
    assert only.orders == 2


def test_an_interval_that_fits_into_no_day_has_one_of_its_own() -> None:
    planned = plan(*hours(2, orders=100), gap(180), cron="0 * * * *", day=xero_day(now=0, later=50))
    assert [one.orders for one in planned.schedule] == [100, 100, 1]
    days = [one.starts_at - DAY.ends_at for one in planned.schedule]
    assert days == [timedelta(days=number) for number in range(3)]


def test_what_waits_in_the_ledger_takes_its_calls_of_today_first() -> None:
    waiting = [gap(number / 10, GapKind.WAITING) for number in range(100)]
    free = 240
    assert plan(*waiting, day=xero_day(now=free)).refusal == ""
    planned = plan(*waiting, gap(200), day=xero_day(now=free))
    assert [one.orders for one in planned.schedule] == [1]
    assert planned.schedule[0].starts_at == DAY.ends_at


def test_live_orders_keep_their_share() -> None:
    (_, sage100, _) = plan(gap(1), gap(2), gap(3), payments=3).loads
    assert sage100.amount == 9
    assert sage100.minutes == pytest.approx(9 / 60 / (1 - backfill.LIVE_SHARE), abs=0.05)


def test_the_batch_sizes_are_those_of_the_connectors() -> None:
    assert backfill.XERO_KEYS_PER_READ == FILTER_TERMS_MAX
    assert backfill.XERO_RECORDS_PER_WRITE == BATCH_MAX


def test_the_schedule_is_read_from_the_environment() -> None:
    assert sweep_cron({}) == SWEEP_CRON
    assert sweep_cron({"TIEOUT_SWEEP_CRON": "0 * * * *"}) == "0 * * * *"


def test_what_is_no_cron_expression_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no cron expression"):
        sweep_interval("every now and then", NOON)
