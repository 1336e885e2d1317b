"""Running Xero simulators for the tests beside this file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from processes import free_port, running
from simulators.xero.client import LLT, Start, XeroClient, observers
from simulators.xero.judge import Judge

MISSING = "the vendor's documents are not beside this checkout"
SHARED = Path(__file__).parents[4] / "shared" / "domain" / "xero"


@contextmanager
def simulator(state: Path, *options: str) -> Iterator[str]:
    """Run a simulator and yield its base address."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    arguments = ["-m", "tieout.simulators.xero", "--port", str(port), "--state", str(state)]
    with running([*arguments, *options], ready_url=f"{base}/_health"):
        yield base


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a simulator with room for many calls."""
    options = ("--minute-limit", "100000", "--day-limit", "100000")
    with simulator(tmp_path_factory.mktemp("xero"), *options) as address:
        yield address


@pytest.fixture(scope="session")
def xero(base: str) -> XeroClient:
    """Return a client of the USD organisation."""
    return XeroClient(base)


@pytest.fixture(scope="session")
def lotus(base: str) -> XeroClient:
    """Return a client of the HKD organisation."""
    return XeroClient(
        base,
        tenant_id=LLT,
        client_id="tieout-lotus_lane",
        secret="xero-secret-lotus_lane",  # noqa: S106 - the simulator's own
    )


@pytest.fixture(scope="session")
def travelling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a simulator whose clock the tests set forward."""
    with simulator(tmp_path_factory.mktemp("travelling")) as address:
        yield address


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Return how to start a simulator of one's own over this test's state folder."""
    return lambda *options: simulator(tmp_path, *options)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of the vendor's documents; skip without it."""
    if not SHARED.is_dir():
        pytest.skip(MISSING)
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def judging() -> Iterator[Judge | None]:
    """Judge every answer to the tests beside this file, where the vendor's documents are."""
    if not SHARED.is_dir():
        yield None
        return
    judge = Judge(SHARED)
    observers.append(judge)
    yield judge
    observers.remove(judge)


@pytest.fixture(scope="session")
def judge(judging: Judge | None) -> Judge:
    """Return the judge of the answers; skip without the vendor's documents."""
    if judging is None:
        pytest.skip(MISSING)
    return judging
