"""What Airflow reads of this distribution when it looks for providers: our connection types.

Found through the entry point ``apache_airflow_provider`` of pyproject.toml, in every process of
Airflow: it must import nothing. The hooks themselves belong to hooks.py.
"""

from typing import TypedDict

_HOOKS = "tieout.provider.hooks"


ProviderInfo = TypedDict(
    "ProviderInfo",
    {
        "package-name": str,
        "name": str,
        "description": str,
        "connection-types": list[dict[str, str]],
    },
)


def get_provider_info() -> ProviderInfo:
    """Return the provider's description."""
    return {
        "package-name": "tieout",
        "name": "Tieout",
        "description": "Keeps Xero and Sage 100 in agreement.",
        "connection-types": [
            _connection_type("xero", "Xero", "XeroHook"),
            _connection_type("sage100", "Sage 100", "Sage100Hook"),
            _connection_type("shopify", "Shopify", "ShopifyHook"),
        ],
    }


def _connection_type(connection_type: str, name: str, hook: str) -> dict[str, str]:
    return {
        "connection-type": connection_type,
        "hook-name": name,
        "hook-class-name": f"{_HOOKS}.{hook}",
    }
