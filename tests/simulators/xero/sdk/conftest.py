"""The vendor's client with a token of the running simulator."""

from typing import Any

import pytest

from simulators.xero.client import XeroClient
from simulators.xero.sdk.sdk import Sdk, client_with


@pytest.fixture(scope="session")
def sdk(base: str, xero: XeroClient) -> Sdk:
    """Return the vendor's accounting client as it comes."""
    return Sdk(base, client_with(xero.token(grant_type="client_credentials").json(), xero))


@pytest.fixture(scope="session")
def models(sdk: Sdk) -> Any:
    return sdk.models
