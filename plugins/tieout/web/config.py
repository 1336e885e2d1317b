"""The receiver's configuration: whom it hears, for which pair, with which secrets."""

import secrets
from collections import Counter
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from tieout.domain.base import Frozen
from tieout.errors import ConfigurationError


def _none_is_empty(given: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if not all(secret.get_secret_value() for secret in given):
        message = "an empty secret would let everybody in"
        raise ValueError(message)
    return given


Secrets = Annotated[
    tuple[SecretStr, ...], Field(min_length=1, max_length=2), AfterValidator(_none_is_empty)
]
"""The current one and, while a rotation is under way, the previous one."""


class ShopConfig(Frozen):
    """One shop: its pair and its secrets, which change within an hour."""

    pair: str
    secrets: Secrets


class XeroApp(Frozen):
    """One app of Xero: the keys of its webhook, and its organizations' pairs by tenant id."""

    keys: Secrets
    tenants: dict[str, str]

    @field_validator("tenants")
    @classmethod
    def _lower_case(cls, given: dict[str, str]) -> dict[str, str]:
        return {tenant.lower(): pair for tenant, pair in given.items()}


class XeroKey(Frozen):
    """A key and the app whose it is."""

    app: str
    key: bytes


class ReceiverConfig(Frozen):
    """What the receiver knows."""

    database_url: str
    shops: dict[str, ShopConfig]
    xero_apps: dict[str, XeroApp] = Field(default_factory=dict)

    @field_validator("shops")
    @classmethod
    def _lower_case(cls, given: dict[str, ShopConfig]) -> dict[str, ShopConfig]:
        return {domain.lower(): shop for domain, shop in given.items()}

    @model_validator(mode="after")
    def _a_key_names_its_app(self) -> Self:
        """Nothing else in a message of Xero says which app sent it."""
        counts = Counter(one.key for one in self.xero_keys())
        if any(count > 1 for count in counts.values()):
            message = "xero_apps: a key is given twice; every app's webhook has keys of its own"
            raise ValueError(message)
        return self

    def xero_keys(self) -> list[XeroKey]:
        """Return the keys of every app."""
        return [
            XeroKey(app=name, key=key.get_secret_value().encode())
            for name, app in self.xero_apps.items()
            for key in app.keys
        ]

    def secrets_of(self, domain: str) -> list[bytes]:
        """Return the shop's secrets; a random one, which signs nothing, for an unknown shop.

        Both take the same time, so that nobody learns which shops are known.
        """
        shop = self.shops.get(domain)
        if shop is None:
            return [secrets.token_bytes()]
        return [secret.get_secret_value().encode() for secret in shop.secrets]


def read_config(path: Path) -> ReceiverConfig:
    """Read the configuration file.

    Raises:
        ConfigurationError: It is missing or wrong.
    """
    remedy = "See the docstring of tieout.web.receiver for its form."
    try:
        return ReceiverConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        message = f"The receiver's configuration {path} cannot be read: {error.strerror}."
        raise ConfigurationError(message, remedy=remedy) from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
        )
        message = f"The receiver's configuration {path} is wrong: {wrong}."
        raise ConfigurationError(message, remedy=remedy) from error
