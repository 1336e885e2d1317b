"""The simulator as a process of its own, with its home folder, its HTTP controls and real ODBC."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from processes import free_port, running
from simulators.sage100.boi_client import Boi
from simulators.sage100.installation import Sage100
from tieout.simulators.sage100.com import ComError


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sage100]:
    """One process for all tests; its files as they were when new are kept beside the home."""
    port, home = free_port(), tmp_path_factory.mktemp("sage100") / "home"
    arguments = ["-m", "tieout.simulators.sage100", "--port", str(port), "--state", str(home)]
    now = ["--now", "2026-11-29T13:31:28.800000+00:00"]
    url = f"http://127.0.0.1:{port}"
    with running([*arguments, *now], ready_url=f"{url}/_health"):
        for path in home.glob("MAS_*.sqlite"):
            _copy(path, path.with_suffix(".new"))
        yield Sage100(home, url)


@pytest.fixture
def sage100(installed: Sage100) -> Sage100:
    """The simulator with empty books."""
    for path in installed.home.glob("*.new"):
        _copy(path, path.with_suffix(".sqlite"))
    return installed


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)


@pytest.fixture
def boi(sage100: Sage100) -> Iterator[Boi]:
    client = Boi(sage100.home)
    yield client
    with suppress(ComError):  # some tests lose their session on purpose
        client.session.nCleanup()
