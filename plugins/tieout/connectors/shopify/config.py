"""What the Shopify connector must be told; filled from an Airflow connection by wiring."""

from pydantic import SecretStr, field_validator

from tieout.domain.base import Frozen

API_VERSION = "2026-10"
"""Supported until October 2027; Shopify serves a retired version as another one without a word."""


class ShopifyConfig(Frozen):
    """An app's client credentials for one shop; ``base_url`` defaults to the shop's own address."""

    shop_domain: str
    client_id: str
    client_secret: SecretStr
    base_url: str = ""
    api_version: str = API_VERSION

    @field_validator("base_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @property
    def origin(self) -> str:
        """Return where the shop's API is, without a path behind it."""
        return self.base_url or f"https://{self.shop_domain}"
