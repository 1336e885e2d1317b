"""Which budget stands behind the calls of an organization, and on whose account they are."""

from tieout.connectors.xero.config import XeroConfig
from tieout.connectors.xero.tiers import TARIFFS, allowed_by
from tieout.domain.budget import Caller, Lane
from tieout.domain.forecast import CallDay
from tieout.ledger.budget import PostgresCallBudget, app_usage
from tieout.ledger.session import Database
from tieout.usecases.budget import BudgetReport, budget_report, call_day

COMMAND_LINE = Caller(flow="command line", lane=Lane.POLL)
"""On whose account calls are that no flow makes."""


class XeroBudget:
    """The budget that all workers share for one organization of Xero."""

    def __init__(self, database: Database, config: XeroConfig) -> None:
        """Name it by the app and the organization; nothing is asked yet."""
        self._database = database
        self._tariff = TARIFFS[config.tier]
        self._allowed = allowed_by(config.tier)
        self._app = f"xero {config.client_id}"
        # A custom connection need not name the only organization that it has.
        self.organization = f"{self._app} {config.tenant_id or 'organization'}"
        self.calls = PostgresCallBudget(
            database, app=self._app, organization=self.organization, allowed=self._allowed
        )

    def day(self) -> CallDay:
        """Return what its day of calls will come to."""
        return call_day(self.calls, self._allowed)

    def report(self, pair: str) -> BudgetReport:
        """Report on it, as the budget of a pair."""
        month = self.calls.standing().at.date().replace(day=1)
        used = app_usage(self._database, self._app, month)
        return budget_report(pair, self.calls, self._allowed, self._tariff, app_usage=used)
