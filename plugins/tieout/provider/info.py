"""What Airflow reads of this distribution as a provider: connection types, and their forms.

Found through the entry point ``apache_airflow_provider`` of pyproject.toml, in every process of
Airflow: it must import nothing. The hooks themselves belong to hooks.py; what the fields mean, to
tieout.wiring.connections. A field here is a member of the connection's ``extra``.
"""

from typing import TypedDict

_HOOKS = "tieout.provider.hooks"


class Field(TypedDict):
    """One field of a form; ``schema`` is JSON Schema."""

    label: str
    description: str
    schema: dict[str, object]


Behaviour = TypedDict(
    "Behaviour",
    {
        "hidden-fields": list[str],
        "relabeling": dict[str, str],
        "placeholders": dict[str, str],
    },
)
ConnectionType = TypedDict(
    "ConnectionType",
    {
        "connection-type": str,
        "hook-name": str,
        "hook-class-name": str,
        "ui-field-behaviour": Behaviour,
        "conn-fields": dict[str, Field],
    },
)
ProviderInfo = TypedDict(
    "ProviderInfo",
    {
        "package-name": str,
        "name": str,
        "description": str,
        "connection-types": list[ConnectionType],
    },
)


def get_provider_info() -> ProviderInfo:
    """Return the provider's description."""
    return {
        "package-name": "tieout",
        "name": "Tieout",
        "description": "Keeps Xero and Sage 100 in agreement.",
        "connection-types": [_xero(), _sage100(), _shopify()],
    }


def _xero() -> ConnectionType:
    return {
        "connection-type": "xero",
        "hook-name": "Xero",
        "hook-class-name": f"{_HOOKS}.XeroHook",
        "ui-field-behaviour": {
            "hidden-fields": ["host", "port", "schema"],
            "relabeling": {"login": "Client id", "password": "Client secret"},
            "placeholders": {},
        },
        "conn-fields": {
            "grant_type": {
                "label": "Granted by",
                "description": "client_credentials: a custom connection. authorization_code: a "
                "person's consent, which 'tieout connect xero' asks for.",
                "schema": {
                    "type": ["string", "null"],
                    "default": "client_credentials",
                    "enum": ["client_credentials", "authorization_code"],
                },
            },
            "tenant_id": _text(
                "Organization (tenant id)", "As 'tieout connect xero' prints and writes it."
            ),
            "tier": {
                "label": "Tier",
                "description": "What the app pays Xero for; it bounds the calls of a day.",
                "schema": {
                    "type": ["string", "null"],
                    "default": "custom",
                    "enum": ["custom", "starter", "core", "plus", "advanced"],
                },
            },
            "scopes": _text(
                "More scopes",
                "What DAGs of your own need beside the pair's flows, separated by spaces.",
            ),
            "base_url": _text("API address", "Only for a simulator; empty means Xero's own."),
            "identity_url": _text(
                "Identity address", "Only for a simulator; empty means Xero's own."
            ),
        },
    }


def _sage100() -> ConnectionType:
    return {
        "connection-type": "sage100",
        "hook-name": "Sage 100",
        "hook-class-name": "tieout.provider.sage100_hook.Sage100Hook",
        "ui-field-behaviour": {
            "hidden-fields": ["host", "port", "schema", "login"],
            "relabeling": {"password": "Agent key"},
            "placeholders": {},
        },
        "conn-fields": {
            "odbc": _text(
                "ODBC connection string",
                "How its tables are read: DSN=SAGE100_ABC. Empty: the agent reads them for us.",
            ),
            "agent_url": _text(
                "Agent address", "The service on the Sage server, or its relay, by https."
            ),
            "agent_certificate_sha256": _text(
                "Agent certificate", "Its SHA-256; empty means one of a trusted authority."
            ),
            "company": _text(
                "Company code", "Whose tables Test reads through the agent; flows go by the pair's."
            ),
            "import_folder": _text(
                "Import folder", "Where Visual Integrator jobs of the site find files of ours."
            ),
            "import_kinds": _text(
                "Kinds by file",
                "What goes there and not through the agent: cash_receipt ap_invoice.",
            ),
        },
    }


def _shopify() -> ConnectionType:
    return {
        "connection-type": "shopify",
        "hook-name": "Shopify",
        "hook-class-name": f"{_HOOKS}.ShopifyHook",
        "ui-field-behaviour": {
            "hidden-fields": ["port", "schema"],
            "relabeling": {
                "host": "Shop domain",
                "login": "Client id",
                "password": "Client secret",
            },
            "placeholders": {"host": "your-shop.myshopify.com"},
        },
        "conn-fields": {
            "api_version": _text("API version", "Such as 2026-10; empty means the one we know."),
            "base_url": _text("API address", "Only for a simulator; empty means the shop's own."),
        },
    }


def _text(label: str, description: str) -> Field:
    return {"label": label, "description": description, "schema": {"type": ["string", "null"]}}
