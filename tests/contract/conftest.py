"""Every implementation of the Ledger port, the fake included: a test runs against each."""

from collections.abc import Iterator

import pytest

from fakes import FakeClock, FakeLedger
from tieout.ledger.postgres import PostgresLedger
from tieout.ports.ledger import Ledger

WRITER_WAIT_S = 0.2


@pytest.fixture
def fake_ledger() -> Ledger:
    return FakeLedger(FakeClock(), writer_wait_s=WRITER_WAIT_S)


@pytest.fixture
def postgres_ledger(emptied_ledger_url: str) -> Iterator[Ledger]:
    ledger = PostgresLedger(emptied_ledger_url, writer_wait_s=WRITER_WAIT_S)
    yield ledger
    ledger.close()


@pytest.fixture(params=["fake_ledger", "postgres_ledger"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    chosen: Ledger = request.getfixturevalue(request.param)
    return chosen
