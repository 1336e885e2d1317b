"""A Sage 100 home folder of its own per test, copied from one that is seeded once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.calls import Agent, running_agent
from tieout.simulators.sage100.seed import create_companies


@pytest.fixture(scope="session")
def seeded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sage100")
    create_companies(home)
    return home


@pytest.fixture
def home(seeded_home: Path, tmp_path: Path) -> Path:
    copied = tmp_path / "home"
    shutil.copytree(seeded_home, copied)
    return copied


@pytest.fixture(scope="module")
def agent(seeded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """One agent for the module's tests, which tell their documents apart by command id."""
    folder = tmp_path_factory.mktemp("agent")
    shutil.copytree(seeded_home, folder / "home")
    with running_agent(folder / "home", folder) as running:
        yield running
