"""One world for all acceptance tests of a module; each test has orders of its own in it."""

from collections.abc import Iterator

import pytest

from world import World, fresh_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[World]:
    """Simulators, agent and an empty ledger, as real processes."""
    with fresh_world(tmp_path_factory.mktemp("world"), postgres_url) as running:
        yield running


@pytest.fixture(autouse=True)
def judged(world: World) -> Iterator[None]:
    """Let the oracle judge after every test."""
    yield
    verdict = world.verdict()
    assert verdict.is_clean, verdict.text()
