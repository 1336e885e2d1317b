"""Codes of Xero that one process read and others use, on PostgreSQL beside the real simulator."""

from collections.abc import Callable, Iterator

import pytest

from tieout.connectors.xero.connector import XeroConnector
from tieout.connectors.xero.shared import Shared
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.references import PostgresReferences
from tieout.ports.references import KeptReference
from wire import SetClock
from xero_simulator import XeroSimulator, xero_simulator

AGE_MAX_S = 900.0
CALLS = 5
Open = Callable[[], XeroConnector]


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XeroSimulator]:
    with xero_simulator(tmp_path_factory.mktemp("xero")) as running:
        yield running


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def open_process(
    simulator: XeroSimulator, clock: SetClock, emptied_ledger_url: str
) -> Iterator[Open]:
    """Yield what opens a connector as each process does, all of them on one ledger."""
    ledger = PostgresLedger(emptied_ledger_url)

    def opened() -> XeroConnector:
        kept = PostgresReferences(ledger.database, "harbor")
        shared = Shared(references=kept)
        return XeroConnector(simulator.config(), clock=clock, sleep=clock.sleep, shared=shared)

    yield opened
    ledger.close()


def test_what_one_process_read_another_need_not_read(open_process: Open) -> None:
    first, second = open_process(), open_process()
    read = first.reference(age_max_s=AGE_MAX_S)
    kept = second.reference(age_max_s=AGE_MAX_S)
    assert (first.calls_made, second.calls_made) == (CALLS, 0)
    assert (read.is_kept, kept.is_kept) == (False, True)
    assert kept.model_copy(update={"is_kept": False}) == read


def test_what_is_too_old_is_read_again_and_kept_anew(open_process: Open, clock: SetClock) -> None:
    first, second = open_process(), open_process()
    first.reference()
    clock.sleep(AGE_MAX_S)
    assert not second.reference(age_max_s=AGE_MAX_S).is_kept
    clock.sleep(AGE_MAX_S - 1)
    assert first.reference(age_max_s=AGE_MAX_S).is_kept
    assert (first.calls_made, second.calls_made) == (CALLS, CALLS)


def test_who_asks_for_the_present_gets_it_and_leaves_it_to_others(
    open_process: Open, simulator: XeroSimulator
) -> None:
    first, second = open_process(), open_process()
    first.reference()
    simulator.put("Items", Code="NEW-01", Name="New")
    assert "NEW-01" not in second.reference(age_max_s=AGE_MAX_S).item_codes
    assert "NEW-01" in second.reference().item_codes
    assert "NEW-01" in first.reference(age_max_s=AGE_MAX_S).item_codes


def test_the_last_closed_day_goes_by_what_was_read_unless_the_present_is_asked(
    open_process: Open,
) -> None:
    first, second = open_process(), open_process()
    read = first.reference()
    assert second.lock_date(age_max_s=AGE_MAX_S) == read.lock_date
    assert second.calls_made == 0
    assert second.lock_date() == read.lock_date
    assert second.calls_made == 1


def test_a_reading_that_took_long_does_not_replace_a_newer_one(
    emptied_ledger_url: str, clock: SetClock
) -> None:
    ledger = PostgresLedger(emptied_ledger_url)
    try:
        kept = PostgresReferences(ledger.database, "harbor")
        begun = clock.now()
        clock.sleep(5)
        kept.keep(KeptReference(content={"is": "newer"}, read_at=clock.now()))
        kept.keep(KeptReference(content={"is": "older"}, read_at=begun))
        assert kept.kept() == KeptReference(content={"is": "newer"}, read_at=clock.now())
        assert PostgresReferences(ledger.database, "lotus").kept() is None
    finally:
        ledger.close()
