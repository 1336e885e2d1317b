"""How the budget of a pair's Xero organization stands, and what its day and month will come to."""

from collections.abc import Sequence

from tieout.domain.base import Frozen
from tieout.domain.budget import Allowed, Limit, Standing, Tariff, Usage
from tieout.domain.forecast import CallDay, EgressMonth, day_forecast, live_since, month_forecast
from tieout.ports.budget import CallBudget


class BudgetReport(Frozen):
    """A pair's budget: as it stands, what today (UTC) used, and the forecasts."""

    pair: str
    standing: Standing
    usage: tuple[Usage, ...]
    day: CallDay
    month: EgressMonth

    @property
    def is_good(self) -> bool:
        """Say whether the day's calls and the month's bytes will do."""
        is_open = self.standing.closed_by is not Limit.DAY
        return is_open and self.day.is_enough and self.month.is_enough


def call_day(budget: CallBudget, allowed: Allowed) -> CallDay:
    """Return what a budget's day will come to, and what of it a backfill may use."""
    standing = budget.standing()
    return day_forecast(standing, budget.usage(live_since(standing.at)), allowed)


def budget_report(
    pair: str,
    budget: CallBudget,
    allowed: Allowed,
    tariff: Tariff,
    *,
    app_usage: Sequence[Usage],
) -> BudgetReport:
    """Report on a pair's budget; ``app_usage`` is the month's, of all organizations of its app."""
    standing = budget.standing()
    recent = budget.usage(live_since(standing.at))
    return BudgetReport(
        pair=pair,
        standing=standing,
        usage=tuple(one for one in recent if one.day == standing.at.date()),
        day=day_forecast(standing, recent, allowed),
        month=month_forecast(app_usage, tariff, standing.at),
    )
