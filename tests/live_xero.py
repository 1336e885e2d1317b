"""A Demo Company of Xero for the tests marked ``live``: the contract of the targets, for real.

They write some hundred records, none of which is taken back: Xero resets a Demo Company itself. So
nothing but a Demo Company is written to, whatever the environment says. docs/howto/live-tests.md
says how to run them.
"""

import os
import time
import uuid
from collections.abc import Mapping
from functools import cache

from tieout.connectors.xero.client import Row, XeroClient
from tieout.connectors.xero.config import SCOPES, XeroConfig
from tieout.connectors.xero.connector import XeroConnector
from tieout.wiring.clock import SystemClock
from xero_places import RealPlace
from xero_simulator import MORE_SCOPES

VARIABLES = {
    "TIEOUT_LIVE_XERO_CLIENT_ID": "client_id",
    "TIEOUT_LIVE_XERO_CLIENT_SECRET": "client_secret",
    "TIEOUT_LIVE_XERO_TENANT_ID": "tenant_id",
}
ADDRESS = "TIEOUT_LIVE_XERO_URL"
"""Another address than Xero's, for the test of all this."""
NUMBER_CHARACTERS = 8
BANKS_MIN = 2


class NotADemoCompanyError(Exception):
    """The organization is a real one."""


class LivePlace(RealPlace):
    """A Demo Company, with accounts of its own."""

    def __init__(self, config: XeroConfig) -> None:
        clock = SystemClock()
        client = XeroClient(config, clock=clock, sleep=time.sleep)
        (organization,) = client.rows("Organisation", "Organisations")
        if organization.get("IsDemoCompany") is not True:
            raise NotADemoCompanyError(str(organization.get("Name")))
        run = uuid.uuid4().hex[:NUMBER_CHARACTERS]
        super().__init__(XeroConnector(config, clock=clock, sleep=time.sleep), run=run)
        self.day = clock.now().date().isoformat()
        self.currency = str(organization["BaseCurrency"])
        accounts = client.rows("Accounts", "Accounts")
        self.bank, self.other_bank = _codes(accounts, "BANK", self.currency)[:BANKS_MIN]
        self.sales = _codes(accounts, "REVENUE")[0]
        self.liability = _codes(accounts, "CURRLIAB")[0]


@cache
def demo_company() -> LivePlace:
    """Return the one that the environment names; this run's records begin with its own letters."""
    return opened(os.environ)


def opened(environ: Mapping[str, str]) -> LivePlace:
    """Open the Demo Company that the variables name.

    Raises:
        KeyError: A variable is missing.
        NotADemoCompanyError: It is a real organization; nothing was written.
    """
    named = {field: environ[name] for name, field in VARIABLES.items()}
    address = environ.get(ADDRESS)
    elsewhere = {"base_url": address, "identity_url": address} if address else {}
    scopes = (*SCOPES, *MORE_SCOPES)
    return LivePlace(XeroConfig.model_validate({**named, **elsewhere, "scopes": scopes}))


def _codes(accounts: list[Row], kind: str, currency: str = "") -> list[str]:
    """Return the codes of the active accounts of a type that people may post to."""
    return sorted(
        str(one["Code"])
        for one in accounts
        if one.get("Type") == kind
        and one.get("Status") == "ACTIVE"
        and one.get("Code")
        and not one.get("SystemAccount")
        and (not currency or one.get("CurrencyCode", currency) == currency)
    )
