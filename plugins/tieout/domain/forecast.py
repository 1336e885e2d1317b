"""What a budget will come to: the day's calls and the month's bytes, from what was used so far."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil

from pydantic import AwareDatetime

from tieout.domain.admission import day_reserve
from tieout.domain.base import Frozen
from tieout.domain.budget import DAY_S, Allowed, Lane, Standing, Tariff, Usage
from tieout.domain.money import to_currency

LIVE_DAYS = 7
"""How many days back tell what live flows use: a week has every weekday."""
GB = 10**9


class CallDay(Frozen):
    """A budget's day: what it holds, what is left, what a backfill may use beside live flows."""

    per_day: int
    left: int
    forecast: int
    """How many calls will have been used when the day ends."""
    live_per_day: int
    """What live flows used on the busiest of the last days."""
    free_now: int
    """What a backfill may use until the day ends."""
    free_per_day: int
    """What a backfill may use on a day that has not begun."""
    ends_at: AwareDatetime
    """When the day ends; while nobody knows, a day from now."""

    @property
    def is_enough(self) -> bool:
        """Say whether the day's calls will do."""
        return self.forecast <= self.per_day


class EgressMonth(Frozen):
    """What an app receives in a calendar month (UTC), and what that costs."""

    received_bytes: int
    forecast_bytes: int
    tariff: Tariff
    cost: Decimal
    """The plan's price and what is over, by the forecast."""

    @property
    def is_enough(self) -> bool:
        """Say whether the plan includes it all."""
        included = self.tariff.egress_bytes
        return included is None or self.forecast_bytes <= included


def live_since(now: datetime) -> date:
    """Return the first of the days that tell what live flows use."""
    return (now - timedelta(days=LIVE_DAYS)).date()


def live_per_day(usage: Sequence[Usage]) -> int:
    """Return what events and polls used on the busiest day."""
    days: dict[date, int] = {}
    for one in usage:
        if one.lane is not Lane.BACKFILL:
            days[one.day] = days.get(one.day, 0) + one.calls
    return max(days.values(), default=0)


def day_forecast(standing: Standing, usage: Sequence[Usage], allowed: Allowed) -> CallDay:
    """Return what the day will come to; before the first answer it is taken for the smallest."""
    per_day = standing.per_day or allowed.per_day[0]
    left = per_day if standing.day_left is None else standing.day_left
    ends_at, now = standing.day_ends_at, standing.at
    live = live_per_day(usage)
    part_left = min((ends_at - now).total_seconds() / DAY_S, 1.0) if ends_at else 1.0
    whole = day_reserve(per_day, None, Lane.BACKFILL, live, now)
    reserve = day_reserve(per_day, ends_at, Lane.BACKFILL, live, now)
    return CallDay(
        per_day=per_day,
        left=left,
        forecast=per_day - left + ceil(live * part_left),
        live_per_day=live,
        free_now=max(left - reserve, 0),
        free_per_day=max(per_day - whole, 0),
        ends_at=ends_at or now + timedelta(seconds=DAY_S),
    )


def month_forecast(usage: Sequence[Usage], tariff: Tariff, now: datetime) -> EgressMonth:
    """Return what the month will come to if the rest of it is like its days so far.

    ``usage`` is that of all organizations of the app.
    """
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    received = sum(one.received_bytes for one in usage if one.day >= start.date())
    passed_s = (now - start).total_seconds()
    whole_s = monthrange(now.year, now.month)[1] * DAY_S
    # The first hours of a month tell nothing of the rest of it.
    forecast = int(received * whole_s / max(passed_s, DAY_S))
    over = max(forecast - tariff.egress_bytes, 0) if tariff.egress_bytes is not None else 0
    cost = tariff.price + tariff.overage_per_gb * Decimal(over) / GB
    return EgressMonth(
        received_bytes=received,
        forecast_bytes=forecast,
        tariff=tariff,
        cost=to_currency(cost, tariff.currency),
    )
