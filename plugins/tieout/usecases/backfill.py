"""The backfill that brings in what an interval lacks, and what it will cost.

Plans only: people create the backfill, in Airflow's pages or by the command. What is missing is
usecases.gaps' question. The estimate counts what the flow asks of each system, by the batch sizes
of the targets, and leaves a share of every budget to live orders.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from tieout.domain.base import System
from tieout.domain.gaps import (
    UNKNOWN_KINDS,
    Backfill,
    BackfillPlan,
    Budget,
    PairGaps,
    SystemLoad,
)
from tieout.usecases.capture import DOCUMENTS_PER_BATCH_MAX

DAG_ID = "order_to_cash"
LIVE_SHARE = 0.25
"""The part of every budget that the estimate leaves to orders that come in meanwhile."""
HISTORY_RUNS_AT_ONCE = 1
"""How many runs of the backfill Airflow starts at once: more would only wait for each other."""
XERO_BUDGET = Budget(per_minute=60, per_day=5000)
"""Per organization: https://developer.xero.com/documentation/guides/oauth2/limits."""
SAGE100_BUDGET = Budget(per_minute=60)
"""Commands that the agent's one writer manages; not measured on a real Sage 100."""
SHOPIFY_BUDGET = Budget(per_minute=6000)
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

IntervalOf = Callable[[datetime], tuple[datetime, datetime]]
"""The interval [start, end) of the flow's schedule that a moment falls into."""


@dataclass(frozen=True)
class _Work:
    """How much one pair has to post, and in how many batches."""

    orders: int
    payments: int
    batches: int


def plan_backfill(
    found: Sequence[PairGaps], interval_of: IntervalOf, *, now: datetime
) -> BackfillPlan:
    """Return the backfill over the intervals that hold something unknown, and its estimate.

    Airflow backfills no interval that is not over: what changed in the present one is left to the
    next sweep. Orders that the ledger knows need no backfill; they count in the estimate.
    """
    unknown = [gap for one in found for gap in one.gaps if gap.kind in UNKNOWN_KINDS]
    starts = sorted({interval_of(gap.changed_at) for gap in unknown})
    over = [interval for interval in starts if interval[1] < now]
    backfill = _backfill(over, interval_of) if over else None
    works = [_work(one, runs=len(over)) for one in found if one.gaps]
    loads = tuple(load for load in _loads(works) if load.amount)
    return BackfillPlan(
        backfill=backfill,
        next_sweep=sum(1 for gap in unknown if interval_of(gap.changed_at)[1] >= now),
        orders=sum(work.orders for work in works),
        loads=loads,
        minutes=sum(load.minutes for load in loads),
        days=max((load.days for load in loads), default=0),
    )


def _backfill(over: Sequence[tuple[datetime, datetime]], interval_of: IntervalOf) -> Backfill:
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


def _work(found: PairGaps, *, runs: int) -> _Work:
    orders = len(found.gaps)
    batches = max(ceil(orders / DOCUMENTS_PER_BATCH_MAX), min(runs, orders))
    return _Work(orders=orders, payments=found.payments, batches=batches)


def _loads(works: Sequence[_Work]) -> tuple[SystemLoad, ...]:
    """Return what the pairs ask of each kind of system; each pair has a budget of its own."""
    return (
        _load(System.XERO, "calls", [_xero_calls(work) for work in works], XERO_BUDGET),
        _load(System.SAGE100, "commands", [_sage_commands(work) for work in works], SAGE100_BUDGET),
        _load(System.SHOPIFY, "points", [_shop_points(work) for work in works], SHOPIFY_BUDGET),
    )


def _load(system: System, unit: str, amounts: Sequence[int], budget: Budget) -> SystemLoad:
    """Return the load of a system; the busiest of the pairs says how long it takes."""
    most = max(amounts, default=0)
    free = 1 - LIVE_SHARE
    return SystemLoad(
        system=system,
        unit=unit,
        amount=sum(amounts),
        minutes=round(most / (budget.per_minute * free), 1),
        days=max(1, ceil(most / (budget.per_day * free))) if budget.per_day else 1,
    )


def _xero_calls(work: _Work) -> int:
    """Count the calls of every step, as if every buyer were new."""
    orders = ceil(work.orders / work.batches)
    payments = ceil(work.payments / work.batches)
    contacts = 4 * _reads(orders) + _writes(orders)  # by e-mail, name and number; read back
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
