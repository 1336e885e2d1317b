"""One installation on which the demo has run twice, for every test in this folder.

Its files run in the order of their names, in one process (tests/conftest.py): each goes on with
what those before it left.
"""

from collections.abc import Iterator

import pytest

from e2e.running.demo import DemoRun, run_demo
from e2e.running.sweeps import SWEEPS
from installation import Installation, own_folder
from tieout.wiring.installation import Tieout


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """Return one whose processes end with the session."""
    with own_folder() as folder:
        made = Installation(folder, SWEEPS)
        try:
            yield made
        finally:
            made.run("stack", "stop")


@pytest.fixture(scope="session")
def first(installation: Installation) -> DemoRun:
    """Return the first run of the demo, from nothing on."""
    return run_demo(installation)


@pytest.fixture(scope="session")
def second(installation: Installation, first: DemoRun) -> DemoRun:
    """Return the run after it."""
    assert first.returncode == 0, first.stdout[-4000:] + first.stderr[-2000:]
    return run_demo(installation)


@pytest.fixture(scope="session")
def tieout(installation: Installation, second: DemoRun) -> Iterator[Tieout]:
    """Return the installation as the command line opens it, once the demo has run twice."""
    assert second.returncode == 0, second.stdout[-4000:]
    opened = installation.open()
    yield opened
    opened.ledger.close()
