"""Which budget stands behind the calls of an organization, and on whose account they are."""

from tieout.connectors.xero.config import ALLOWED, XeroConfig
from tieout.domain.budget import Caller, Lane
from tieout.ledger.budget import PostgresCallBudget
from tieout.ledger.session import Database

COMMAND_LINE = Caller(flow="command line", lane=Lane.POLL)
"""On whose account calls are that no flow makes."""


def xero_app(config: XeroConfig) -> str:
    """Name the app's budget: what Xero counts for all organizations together."""
    return f"xero {config.client_id}"


def xero_budget(database: Database, config: XeroConfig) -> PostgresCallBudget:
    """Return the budget that all workers share for one organization of Xero."""
    app = xero_app(config)
    # A custom connection need not name the only organization that it has.
    organization = f"{app} {config.tenant_id or 'organization'}"
    return PostgresCallBudget(database, app=app, organization=organization, allowed=ALLOWED)
