"""Xero's budget as text for people and as plain values for programs.

Renders what usecases.budget returns and decides nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue

from tieout.domain.forecast import GB, EgressMonth
from tieout.stack.tables import text_table
from tieout.usecases.budget import BudgetReport

KB = 1000


def budget_json(reports: Sequence[BudgetReport]) -> JsonValue:
    """Return every pair's budget, and whether all will do."""
    return {
        "is_good": all(one.is_good for one in reports),
        "pairs": [{**one.model_dump(mode="json"), "is_good": one.is_good} for one in reports],
    }


def budget_text(report: BudgetReport) -> str:
    """Return a pair's budget: limits, the forecasts, and what each flow used today."""
    standing, day = report.standing, report.day
    rows = [
        ("at once", str(standing.running), str(standing.concurrent), ""),
        ("minute", str(standing.minute_used), str(standing.per_minute), ""),
        (
            "day",
            str(day.per_day - day.left),
            str(day.per_day),
            f"{day.forecast} by {_moment(day.ends_at)}" + ("" if day.is_enough else ": TOO MANY"),
        ),
    ]
    parts = [
        f"{report.pair}: {standing.organization}",
        text_table(("calls", "used", "limit", "forecast"), rows, right=" rr"),
    ]
    if standing.closed_by is not None and standing.closed_until is not None:
        until = _moment(standing.closed_until)
        parts.append(f"Xero refuses calls ({standing.closed_by} limit) until {until}.")
    parts.append(
        f"Events and polls used {day.live_per_day} on the busiest of the last days; a backfill may "
        f"use {day.free_now} today and {day.free_per_day} on another day."
    )
    parts.append(_month_line(report.month))
    if report.usage:
        used = [
            (
                one.flow,
                str(one.lane),
                str(one.calls),
                str(one.limited),
                _kilobytes(one.received_bytes),
                _kilobytes(one.unpacked_bytes),
            )
            for one in report.usage
        ]
        headers = ("flow today (UTC)", "lane", "calls", "refused", "received KB", "unpacked KB")
        parts.append(text_table(headers, used, right="  rrrr"))
    return "\n".join(parts)


def _month_line(month: EgressMonth) -> str:
    tariff = month.tariff
    included = "no limit named"
    if tariff.egress_bytes is not None:
        included = f"of {_gigabytes(tariff.egress_bytes)} GB"
    over = "" if month.is_enough else ": TOO MUCH"
    return (
        f"Month: {_gigabytes(month.received_bytes)} GB received, "
        f"{_gigabytes(month.forecast_bytes)} GB at its end ({included}{over}); "
        f"tier {tariff.name}, {month.cost} {tariff.currency} this month."
    )


def _kilobytes(count: int) -> str:
    return f"{count / KB:.1f}"


def _gigabytes(count: int) -> str:
    return f"{count / GB:.3f}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
