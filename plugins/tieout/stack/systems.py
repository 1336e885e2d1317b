"""The simulated systems of the demo: which tenants, companies and shops, and how to reach them.

Client ids and secrets of simulators are fixed and public on purpose: they guard nothing. How the
simulators behave belongs to tieout.simulators; the pairs themselves to include/pairs.yaml.
"""

from tieout.domain.base import Frozen, Json
from tieout.simulators.company import COMPANIES
from tieout.stack.configuration import LOOPBACK, StackConfiguration
from tieout.stack.secrets import StackSecrets

SHOPIFY_API_VERSION = "2026-10"
ODBC_TIMEOUT_MS = 10_000
SAGE100_DIVISION = "00"
XERO_WEBHOOK_APP = "simulated"
XERO_WEBHOOK_KEY = "xero-webhook-key"
"""The key with which the Xero simulator signs its webhooks: one app, both organizations."""
TIEOUT_DATABASE = "tieout"


class SimulatedPair(Frozen):
    """A pair and the Sage 100 company code that names its simulated company."""

    pair: str
    company: str


PAIRS = (
    SimulatedPair(pair="harbor_and_pine", company="HPS"),
    SimulatedPair(pair="lotus_lane", company="LLT"),
)


def odbc_connection_string(configuration: StackConfiguration, company: str) -> str:
    """Return how to read a simulated Sage 100 company."""
    database = configuration.simulators / "sage100" / f"MAS_{company}.sqlite"
    return f"Driver=SQLite3;Database={database};Timeout={ODBC_TIMEOUT_MS};"


def xero_secret(pair: str) -> str:
    """Return the Xero simulator's client secret of a pair."""
    return f"xero-secret-{pair}"


def shopify_secret(pair: str) -> str:
    """Return the Shopify simulator's client secret, which also signs its webhooks."""
    return f"shopify-secret-{pair}"


def connections(configuration: StackConfiguration, secrets: StackSecrets) -> dict[str, Json]:
    """Return every Airflow connection of the demo, by id."""
    known: dict[str, Json] = {
        "tieout_ledger": {
            "conn_type": "postgres",
            "host": LOOPBACK,
            "port": configuration.ports["postgres"],
            "login": TIEOUT_DATABASE,
            "password": secrets.tieout_database_password,
            "schema": TIEOUT_DATABASE,
        }
    }
    for simulated in PAIRS:
        known[f"xero_{simulated.pair}"] = _xero(configuration, simulated)
        known[f"sage100_{simulated.pair}"] = _sage100(configuration, secrets, simulated)
        known[f"shopify_{simulated.pair}"] = _shopify(configuration, simulated)
    return known


def _xero(configuration: StackConfiguration, simulated: SimulatedPair) -> Json:
    base = configuration.url("xero")
    return {
        "conn_type": "xero",
        "login": f"tieout-{simulated.pair}",
        "password": xero_secret(simulated.pair),
        "extra": {
            "base_url": base,
            "identity_url": base,
            "tenant_id": str(COMPANIES[simulated.company].xero_tenant_id),
        },
    }


def _sage100(
    configuration: StackConfiguration, secrets: StackSecrets, simulated: SimulatedPair
) -> Json:
    return {
        "conn_type": "sage100",
        "password": secrets.agent_key,
        "extra": {
            "odbc": odbc_connection_string(configuration, simulated.company),
            "agent_url": configuration.url("agent"),
            "company": simulated.company,
            "division": SAGE100_DIVISION,
        },
    }


def _shopify(configuration: StackConfiguration, simulated: SimulatedPair) -> Json:
    domain = COMPANIES[simulated.company].shop_domain
    return {
        "conn_type": "shopify",
        "host": domain,
        "login": f"tieout-{simulated.pair}",
        "password": shopify_secret(simulated.pair),
        "extra": {
            "base_url": f"{configuration.url('shopify')}/shops/{domain}",
            "api_version": SHOPIFY_API_VERSION,
        },
    }
