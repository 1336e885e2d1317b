"""What every ledger lists of bindings and of what is not the same, the fake included."""

from collections.abc import Iterator

import pytest

from fakes import FakeClock, FakeLedger
from records import PAIR
from tieout.domain.base import System
from tieout.domain.in_step.records import NotSame
from tieout.domain.ledger import NewBinding
from tieout.ledger.postgres import PostgresLedger
from tieout.ports.ledger import Ledger

X, S = System.XERO, System.SAGE100


@pytest.fixture
def fake_ledger() -> Ledger:
    return FakeLedger(FakeClock())


@pytest.fixture
def postgres_ledger(emptied_ledger_url: str) -> Iterator[Ledger]:
    ledger = PostgresLedger(emptied_ledger_url, actor="fake")
    yield ledger
    ledger.close()


@pytest.fixture(params=["fake_ledger", "postgres_ledger"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    chosen: Ledger = request.getfixturevalue(request.param)
    return chosen


def bind(ledger: Ledger, key: str, system: System, external_id: str, number: str = "") -> None:
    ledger.bind(
        NewBinding(
            pair=PAIR,
            entity="customer",
            key=key,
            system=system,
            external_id=external_id,
            external_no=number,
            provenance="linked",
            confidence=0.9,
        )
    )


def listed(ledger: Ledger, **wanted: object) -> list[tuple[str, str]]:
    found = ledger.all_bindings(PAIR, "customer", **{"limit": 10, **wanted})
    return [(one.key, one.external_id) for one in found]


def test_bindings_are_listed_by_their_keys_and_no_key_is_torn_apart(ledger: Ledger) -> None:
    bind(ledger, "B", X, "x-2")
    bind(ledger, "A", S, "00-1", "1")
    bind(ledger, "A", X, "x-1")
    bind(ledger, "B", S, "00-2", "2")

    assert listed(ledger, limit=1) == [("A", "00-1"), ("A", "x-1")]
    assert listed(ledger, after="A", limit=1) == [("B", "x-2"), ("B", "00-2")]
    assert listed(ledger, after="B", limit=1) == []
    assert ledger.all_bindings(PAIR, "item", limit=9) == []


@pytest.mark.parametrize("named", ["A", "00-1", "1", "x-1"])
def test_a_binding_is_found_by_any_name_of_its_key(ledger: Ledger, named: str) -> None:
    bind(ledger, "A", S, "00-1", "1")
    bind(ledger, "A", X, "x-1")
    bind(ledger, "B", X, "x-2")

    assert listed(ledger, named=named) == [("A", "00-1"), ("A", "x-1")]


def test_what_was_ended_stays_with_who_and_why(ledger: Ledger) -> None:
    bind(ledger, "A", X, "x-1")
    ledger.unlink(PAIR, "customer", "A", X, why="another one")
    bind(ledger, "A", X, "x-2")

    assert listed(ledger) == [("A", "x-2")]
    first, second = ledger.all_bindings(PAIR, "customer", with_ended=True, limit=9)
    assert (first.external_id, first.bound_by) == ("x-1", "fake")
    assert (first.ended_by, first.ended_why) == ("fake", "another one")
    assert first.ended_at is not None
    assert (second.external_id, second.ended_at, second.ended_by) == ("x-2", None, "")
    assert (second.provenance, second.confidence) == ("linked", 0.9)


def test_a_word_that_two_are_not_the_same_stays_with_who_and_why(ledger: Ledger) -> None:
    said = NotSame(
        pair=PAIR, entity="customer", one_system=S, one_id="00-1", other_system=X, other_id="x-1"
    )

    ledger.part(said, why="father and son")
    ledger.part(said, why="again")
    ledger.part(said, is_so=False)
    ledger.part(said, why="after all")

    first, second = ledger.all_parted(PAIR, "customer", with_ended=True)
    assert (first.said_by, first.why, first.ended_by) == ("fake", "father and son", "fake")
    assert (second.why, second.ended_at) == ("after all", None)
    assert ledger.all_parted(PAIR, "customer") == [second]
    assert ledger.parted(PAIR, "customer") == [said]
