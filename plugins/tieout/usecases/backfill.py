"""The backfill that brings in what an interval lacks, and what it will cost.

Plans only: people create the backfill, in Airflow's pages or by the command. What is missing is
usecases.gaps' question. The estimate counts what the flow asks of each system, by the batch sizes
of the targets, and leaves a share of every minute to live orders. Of Xero's day it takes what the
shared budget says that live flows leave; what needs more is refused, with days proposed for it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil

from tieout.domain.base import System
from tieout.domain.forecast import CallDay
from tieout.domain.gaps import (
    UNKNOWN_KINDS,
    Backfill,
    BackfillDay,
    BackfillPlan,
    PairGaps,
    SystemLoad,
)
from tieout.usecases.capture import DOCUMENTS_PER_BATCH_MAX

DAG_ID = "order_to_cash"
LIVE_SHARE = 0.25
"""The part of every minute that the estimate leaves to orders that come in meanwhile."""
HISTORY_RUNS_AT_ONCE = 1
"""How many runs of the backfill Airflow starts at once: more would only wait for each other."""
XERO_PER_MINUTE = 60
SAGE100_PER_MINUTE = 60
"""Commands that the agent's one writer manages; not measured on a real Sage 100."""
SHOPIFY_PER_MINUTE = 6000
"""Query points of a shop on the standard plan: 100 are restored each second."""
XERO_CALLS_PER_GATE = 5
"""Organisation, items, currencies, accounts, tax rates: read once a batch."""
XERO_KEYS_PER_READ = 20
"""How many contacts, invoices or payments one look-up asks for."""
XERO_RECORDS_PER_WRITE = 50
XERO_CALLS_PER_NOTE = 2
"""Looked up, then written: a note is a call of its own for each invoice."""
SHOPIFY_READS_PER_ORDER = 2
"""Once to bring it in, once because the shop tells us of our own status on it."""
SHOPIFY_POINTS_PER_READ = 22
"""What one order of one line costs to read among ten, its transactions included."""
SHOPIFY_POINTS_PER_STATUS = 25
"""What telling the shop one order's status costs: two changes of 10 points, and a look before."""

Interval = tuple[datetime, datetime]
IntervalOf = Callable[[datetime], Interval]
"""The interval [start, end) of the flow's schedule that a moment falls into."""


@dataclass(frozen=True)
class _Work:
    """How much one pair has to post, and in how many batches."""

    orders: int
    payments: int
    batches: int


def plan_backfill(
    found: Sequence[PairGaps],
    interval_of: IntervalOf,
    *,
    now: datetime,
    xero_days: Mapping[str, CallDay],
) -> BackfillPlan:
    """Return the backfill over the intervals that hold something unknown, and its estimate.

    Airflow backfills no interval that is not over: what changed in the present one is left to the
    next sweep. Orders that the ledger knows need no backfill; they count in the estimate.
    ``xero_days`` is what the budget of each pair's organization says of its day.
    """
    unknown = [gap for one in found for gap in one.gaps if gap.kind in UNKNOWN_KINDS]
    starts = sorted({interval_of(gap.changed_at) for gap in unknown})
    over = [interval for interval in starts if interval[1] < now]
    asks = [_asks(one, set(over), interval_of) for one in found if one.gaps]
    works = [one.work(over, is_first=True) for one in asks]
    days = _spread(asks, over, xero_days)
    refusal = _refusal(asks, over, xero_days) if max(days, default=0) > 0 else ""
    schedule = [
        _day(number, days[number], asks, xero_days, interval_of, now=now) for number in sorted(days)
    ]
    loads = tuple(load for load in _loads(works, days=max(days, default=0) + 1) if load.amount)
    return BackfillPlan(
        backfill=_backfill(over, interval_of) if over and not refusal else None,
        refusal=refusal,
        schedule=tuple(schedule) if refusal else (),
        next_sweep=sum(1 for gap in unknown if interval_of(gap.changed_at)[1] >= now),
        orders=sum(work.orders for work in works),
        loads=loads,
        minutes=sum(load.minutes for load in loads),
        days=max((load.days for load in loads), default=0),
    )


def _backfill(over: Sequence[Interval], interval_of: IntervalOf) -> Backfill:
    first, last = over[0][0], over[-1][0]
    runs, start = 1, first
    while start < last:
        start = interval_of(start)[1]
        runs += 1
    return Backfill(
        dag_id=DAG_ID,
        from_date=first,
        to_date=last,
        runs=runs,
        command=(
            "airflow",
            "backfill",
            "create",
            f"--dag-id={DAG_ID}",
            f"--from-date={first.isoformat()}",
            f"--to-date={last.isoformat()}",
            # The sweeps of the outage are over, well or badly: without this Airflow skips them.
            "--reprocess-behavior=completed",
            f"--max-active-runs={HISTORY_RUNS_AT_ONCE}",
        ),
    )


@dataclass(frozen=True)
class _Asks:
    """What one pair asks for: orders by the interval that brings them in, and all others."""

    pair: str
    orders: Mapping[Interval, int]
    others: int
    """Orders that need no backfill; they are posted on the first day."""
    payments: int

    def work(self, intervals: Collection[Interval], *, is_first: bool) -> _Work:
        """Return what is posted when the intervals are brought in, on the first day or later."""
        new = [self.orders[one] for one in intervals if one in self.orders]
        orders = sum(new) + (self.others if is_first else 0)
        whole = sum(self.orders.values()) + self.others
        batches = max(ceil(orders / DOCUMENTS_PER_BATCH_MAX), len(new))
        return _Work(orders, ceil(Fraction(self.payments * orders, whole)), batches)

    def calls(self, intervals: Collection[Interval], *, is_first: bool) -> int:
        """Return how many calls of Xero that takes."""
        return _xero_calls(self.work(intervals, is_first=is_first))


def _asks(found: PairGaps, over: Collection[Interval], interval_of: IntervalOf) -> _Asks:
    orders = Counter[Interval]()
    for gap in found.gaps:
        interval = interval_of(gap.changed_at)
        if gap.kind in UNKNOWN_KINDS and interval in over:
            orders[interval] += 1
    return _Asks(
        pair=found.pair,
        orders=orders,
        others=len(found.gaps) - orders.total(),
        payments=found.payments,
    )


def _spread(
    asks: Sequence[_Asks], over: Sequence[Interval], xero_days: Mapping[str, CallDay]
) -> dict[int, list[Interval]]:
    """Give each interval, the oldest first, a day that has the calls for it; 0 is today.

    One that would not fit into any day has a day of its own: the budget's lanes hold it back.
    """
    days: dict[int, list[Interval]] = {}
    number = 0
    for interval in over:
        while not _fits([*days.get(number, ()), interval], number, asks, xero_days):
            if number and number not in days:
                break
            number += 1
        days.setdefault(number, []).append(interval)
    return days


def _fits(
    intervals: Sequence[Interval],
    number: int,
    asks: Sequence[_Asks],
    xero_days: Mapping[str, CallDay],
) -> bool:
    return all(
        one.calls(intervals, is_first=number == 0) <= _free(xero_days[one.pair], number)
        for one in asks
        if any(interval in one.orders for interval in intervals)
    )


def _free(day: CallDay, number: int) -> int:
    return day.free_per_day if number else day.free_now


def _day(
    number: int,
    intervals: Sequence[Interval],
    asks: Sequence[_Asks],
    xero_days: Mapping[str, CallDay],
    interval_of: IntervalOf,
    *,
    now: datetime,
) -> BackfillDay:
    begin = max(xero_days[one.pair].ends_at for one in asks) + timedelta(days=number - 1)
    return BackfillDay(
        starts_at=begin if number else now,
        orders=sum(one.orders.get(interval, 0) for one in asks for interval in intervals),
        calls=sum(one.calls(intervals, is_first=number == 0) for one in asks),
        backfill=_backfill(intervals, interval_of),
    )


def _refusal(
    asks: Sequence[_Asks], over: Sequence[Interval], xero_days: Mapping[str, CallDay]
) -> str:
    """Say who would go without calls."""
    whole = [
        f"{one.pair} takes {one.calls(over, is_first=True)} calls of Xero, and "
        f"{xero_days[one.pair].free_now} are free today"
        for one in asks
        if one.calls(over, is_first=True) > xero_days[one.pair].free_now
    ]
    return f"{'; '.join(whole)}: the rest of the day is left to live orders."


def _loads(works: Sequence[_Work], *, days: int) -> tuple[SystemLoad, ...]:
    """Return what the pairs ask of each kind of system; each pair has a budget of its own."""
    xero = [_xero_calls(work) for work in works]
    sage100 = [_sage_commands(work) for work in works]
    shopify = [_shop_points(work) for work in works]
    return (
        _load(System.XERO, "calls", xero, XERO_PER_MINUTE, days),
        _load(System.SAGE100, "commands", sage100, SAGE100_PER_MINUTE),
        _load(System.SHOPIFY, "points", shopify, SHOPIFY_PER_MINUTE),
    )


def _load(
    system: System, unit: str, amounts: Sequence[int], per_minute: int, days: int = 1
) -> SystemLoad:
    """Return the load of a system; the busiest of the pairs says how long it takes."""
    most = max(amounts, default=0)
    return SystemLoad(
        system=system,
        unit=unit,
        amount=sum(amounts),
        minutes=round(most / (per_minute * (1 - LIVE_SHARE)), 1),
        days=days,
    )


def _xero_calls(work: _Work) -> int:
    """Count the calls of every step, as if every buyer were new."""
    if not work.orders:
        return 0
    orders = ceil(work.orders / work.batches)
    payments = ceil(work.payments / work.batches)
    # By e-mail, name and number; read back; suspects by two clues each.
    contacts = 6 * _reads(orders) + _writes(orders)
    invoices = _writes(orders) + _reads(orders)
    paid = 2 * _reads(payments) + _writes(payments)  # looked up before, and read back
    a_batch = XERO_CALLS_PER_GATE + contacts + invoices + paid
    return work.batches * a_batch + work.orders * XERO_CALLS_PER_NOTE


def _reads(records: int) -> int:
    return ceil(records / XERO_KEYS_PER_READ)


def _writes(records: int) -> int:
    return ceil(records / XERO_RECORDS_PER_WRITE)


def _sage_commands(work: _Work) -> int:
    """Count one customer and one sales order an order, and one receipt a payment."""
    return 2 * work.orders + work.payments


def _shop_points(work: _Work) -> int:
    """Count what reading the orders and telling their status costs, and setting stock by batch."""
    an_order = SHOPIFY_READS_PER_ORDER * SHOPIFY_POINTS_PER_READ + SHOPIFY_POINTS_PER_STATUS
    return work.orders * an_order + work.batches * SHOPIFY_POINTS_PER_STATUS
