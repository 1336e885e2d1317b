"""The receiver's configuration: which shops it hears, for which pair, with which secrets."""

import secrets
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator

from tieout.domain.base import Frozen
from tieout.errors import ConfigurationError

Secrets = Annotated[tuple[SecretStr, ...], Field(min_length=1, max_length=2)]


class ShopConfig(Frozen):
    """One shop: its pair, and its current and, for an hour after a rotation, previous secret."""

    pair: str
    secrets: Secrets

    @field_validator("secrets")
    @classmethod
    def _none_is_empty(cls, given: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(secret.get_secret_value() for secret in given):
            message = "an empty secret would let everybody in"
            raise ValueError(message)
        return given


class ReceiverConfig(Frozen):
    """What the receiver knows."""

    database_url: str
    shops: dict[str, ShopConfig]

    @field_validator("shops")
    @classmethod
    def _lower_case(cls, given: dict[str, ShopConfig]) -> dict[str, ShopConfig]:
        return {domain.lower(): shop for domain, shop in given.items()}

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
