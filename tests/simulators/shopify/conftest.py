"""A real simulator process, clients with tokens, and a real server that receives webhooks."""

from collections.abc import Iterator

import pytest

from simulators.shopify.shop_client import (
    LOTUS,
    Client,
    Receiver,
    client,
    receiving,
    simulator,
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture(scope="package")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("shopify")
    with simulator(folder, "--retry-delays-s", "0.1", "0.1") as address:
        yield address


@pytest.fixture
def shop(base: str) -> Iterator[Client]:
    with client(base) as made:
        made.control("throttle", {"available": 2000})
        yield made


@pytest.fixture
def lotus(base: str) -> Iterator[Client]:
    with client(base, LOTUS) as made:
        yield made
