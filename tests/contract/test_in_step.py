"""What every ledger keeps of records in step, the fake included; and an older ledger brought up."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import make_url

from fakes import FakeClock, FakeLedger
from records import PAIR, binding
from tieout.domain.base import DocumentId, System
from tieout.domain.in_step.merge import Conflict, Reason, Values
from tieout.domain.in_step.records import (
    AgreedRecord,
    ConflictState,
    Intended,
    IntendedWrite,
    KeptConflict,
    NewHeir,
    NotSame,
)
from tieout.errors import RejectedError, RetryableError
from tieout.ledger import migrations
from tieout.ledger.migrate import migrate
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.session import open_engine, transaction
from tieout.ports.ledger import Ledger
from tieout.usecases.in_step import answers

X, S = System.XERO, System.SAGE100
KEY = "SHOP-1"
EVERY = tuple(ConflictState)


@pytest.fixture
def fake_ledger() -> Ledger:
    return FakeLedger(FakeClock())


@pytest.fixture
def postgres_ledger(emptied_ledger_url: str) -> Iterator[Ledger]:
    ledger = PostgresLedger(emptied_ledger_url)
    yield ledger
    ledger.close()


@pytest.fixture(params=["fake_ledger", "postgres_ledger"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    chosen: Ledger = request.getfixturevalue(request.param)
    return chosen


def record(**fields: Values) -> AgreedRecord:
    return AgreedRecord(pair=PAIR, entity="customer", key=KEY, fields=fields)


def conflict(
    xero: str = "One", sage100: str = "Two", *, winner: System | None = None, field: str = "name"
) -> Conflict:
    values = Values(xero=xero, sage100=sage100)
    return Conflict(
        field=field,
        values=values,
        reason=Reason.OWNER if winner else Reason.BOTH_CHANGED,
        winner=winner,
        effect="",
    )


def met(ledger: Ledger, *conflicts: Conflict) -> list[KeptConflict]:
    """Store the next agreed record with these conflicts, and return all that are kept by now."""
    known = ledger.agreed(PAIR, "customer", [KEY]).get(KEY, record())
    ledger.agree(known, conflicts=conflicts)
    return ledger.conflicts(PAIR, states=EVERY)


def states(kept: list[KeptConflict]) -> list[str]:
    return [one.state for one in kept]


def test_what_was_agreed_comes_back_as_it_was(ledger: Ledger) -> None:
    address = {"line1": "1 Main Street", "city": ""}
    write = IntendedWrite(
        entity="customer_update",
        key=f"{KEY}@1",
        record={"a": ["b"]},
        fields={"phone": Values(xero="1")},
    )
    intended = Intended(document_id=DocumentId(7), writes={S: write})
    meant = record(address=Values(xero=address), is_active=Values(xero=True, sage100=True))
    meant = meant.model_copy(update={"intended": intended, "written_at": (FakeClock().now(),)})

    stored = ledger.agree(meant)

    assert stored == meant.model_copy(update={"version": 1})
    assert ledger.agreed(PAIR, "customer", [KEY, "other"]) == {KEY: stored}


def test_of_two_that_agree_at_once_one_is_told(ledger: Ledger) -> None:
    read = ledger.agree(record())
    ledger.agree(read)

    for late in (read, record()):
        with pytest.raises(RetryableError):
            ledger.agree(late)


def test_an_open_conflict_is_one_whatever_comes_and_gone_when_it_is_over(ledger: Ledger) -> None:
    (first,) = met(ledger, conflict())
    (second,) = met(ledger, conflict(sage100="Three"))

    assert (second.conflict_id, second.state) == (first.conflict_id, ConflictState.OPEN)
    assert second.values.sage100 == "Three"
    assert states(met(ledger)) == ["gone"]
    assert ledger.conflicts(PAIR) == []


def test_what_policy_settled_is_kept_once_for_the_same_values(ledger: Ledger) -> None:
    met(ledger, conflict(winner=X))
    met(ledger, conflict(winner=X))

    kept = met(ledger, conflict("Other", winner=X))

    assert states(kept) == ["settled", "settled"]
    assert [one.values.xero for one in kept] == ["One", "Other"]


def test_an_answer_closes_its_conflict_and_may_stand(ledger: Ledger) -> None:
    (waiting,) = met(ledger, conflict())

    answered = ledger.answer(waiting.conflict_id, S, why="the newer deed", is_standing=True)
    again = ledger.answer(waiting.conflict_id, S, why="", is_standing=False)

    assert answered == again
    assert (answered.state, answered.winner) == (ConflictState.ANSWERED, S)
    assert answered.answered_by
    assert answered.values == waiting.values
    assert ledger.standing(PAIR, "customer") == {"name": S}
    assert states(met(ledger)) == ["answered"]
    with pytest.raises(RejectedError):
        ledger.answer(waiting.conflict_id, X, why="", is_standing=False)


def test_an_answer_has_the_next_run_look_at_the_record_once(ledger: Ledger) -> None:
    bound = binding(KEY, "id-1").model_copy(update={"entity": "customer", "system": S})
    ledger.bind(bound)
    (waiting,) = met(ledger, conflict())

    for _again in range(2):
        answers.answer(ledger, waiting.conflict_id, X, why="the deed")

    (hint,) = ledger.pending_entries(PAIR, limit=10)
    assert (hint.topic, hint.resource_id) == ("AR_Customer/answered", "id-1")


@pytest.mark.parametrize("number", [0, 99])
def test_what_there_is_not_has_no_answer(ledger: Ledger, number: int) -> None:
    with pytest.raises(RejectedError):
        ledger.answer(number, X, why="", is_standing=False)


def test_an_unlinked_record_may_be_bound_to_another_one(ledger: Ledger) -> None:
    ledger.bind(binding("A", "id-1"))

    assert ledger.unlink(
        PAIR, binding("A", "id-1").entity, "A", binding("A", "id-1").system, why=""
    )
    ledger.bind(binding("B", "id-1"))
    ledger.bind(binding("A", "id-2"))

    new = binding("A", "id-2")
    assert ledger.bindings(PAIR, new.entity, ["A"], new.system)["A"].external_id == "id-2"
    assert not ledger.unlink(PAIR, new.entity, "C", new.system, why="")


def test_a_key_is_pointed_at_another_record_at_once_and_again_changes_nothing(
    ledger: Ledger,
) -> None:
    ledger.bind(binding("A", "id-1"))
    moved = binding("A", "id-2")

    ledger.repoint(moved, why="merged")
    ledger.repoint(moved, why="merged")

    place = (PAIR, moved.entity)
    assert ledger.bindings(*place, ["A"], moved.system)["A"].external_id == "id-2"
    assert set(ledger.bindings_to(*place, ["id-1", "id-2"], moved.system)) == {"id-2"}
    assert ledger.successors(*place, ["id-1"], moved.system)["id-1"].external_id == "id-2"
    assert ledger.successors(*place, ["id-2"], moved.system) == {}


def test_a_key_is_not_pointed_at_what_another_key_has(ledger: Ledger) -> None:
    ledger.bind(binding("A", "id-1"))
    ledger.bind(binding("B", "id-2"))

    with pytest.raises(RejectedError):
        ledger.repoint(binding("A", "id-2"), why="merged")

    one = binding("A", "id-1")
    assert ledger.bindings(PAIR, one.entity, ["A"], one.system)["A"].external_id == "id-1"


def test_what_was_merged_goes_by_its_heir_who_gets_what_it_lacks(ledger: Ledger) -> None:
    one = binding("A", "x-1")
    place = (PAIR, one.entity)
    for key, system, record_id in [("A", X, "x-1"), ("A", S, "s-1"), ("B", X, "x-2")]:
        ledger.bind(binding(key, record_id).model_copy(update={"system": system}))

    both = [
        NewHeir(pair=PAIR, entity=one.entity, key="A", system=system, heir="B", why="merged")
        for system in (X, S)
    ]
    ledger.hand_over(both)
    ledger.hand_over(both)

    for system, record_id in ((X, "x-2"), (S, "s-1")):
        found = ledger.bindings(*place, ["A", "B"], system)
        assert {key: (at.key, at.external_id) for key, at in found.items()} == {
            "A": ("B", record_id),
            "B": ("B", record_id),
        }
    assert ledger.bindings_to(*place, ["x-1"], X) == {}
    assert ledger.successors(*place, ["x-1"], X)["x-1"].external_id == "x-2"

    ledger.hand_over([both[0].model_copy(update={"key": "B", "heir": "C"})])
    assert ledger.bindings(*place, ["A", "B"], X)["A"].key == "C"
    ledger.bind(binding("A", "x-9"))
    assert ledger.bindings(*place, ["A"], X)["A"].external_id == "x-9"


def test_one_that_is_merged_in_one_ledger_alone_is_known_until_it_is_in_both(
    ledger: Ledger,
) -> None:
    entity = binding("A", "x-1").entity
    for key, system, record_id in [
        *(("A", X, "x-1"), ("A", S, "s-1")),
        *(("B", X, "x-2"), ("B", S, "s-2")),
    ]:
        ledger.bind(binding(key, record_id).model_copy(update={"system": system}))
    first = NewHeir(pair=PAIR, entity=entity, key="A", system=X, heir="B", why="merged")
    ledger.hand_over([first])
    assert [(one.key, one.heir) for one in ledger.half_merged(PAIR, entity)] == [("A", "B")]

    second = first.model_copy(update={"system": S, "brings": True, "why": "chosen"})
    ledger.hand_over([second])
    ledger.hand_over([second])

    assert ledger.half_merged(PAIR, entity) == []
    found = ledger.bindings(PAIR, entity, ["A", "B"], S)
    assert {key: (at.key, at.external_id) for key, at in found.items()} == {
        "A": ("B", "s-1"),
        "B": ("B", "s-1"),
    }
    assert ledger.handed_over(PAIR, entity, ["s-1", "s-2", "s-3"], S) >= {"s-2"}
    assert ledger.handed_over(PAIR, entity, ["x-1", "x-2"], X) == {"x-1"}


def test_a_guess_keeps_how_sure_it_was(ledger: Ledger) -> None:
    new = binding("A", "id-1").model_copy(update={"confidence": 0.93})
    ledger.bind(new)

    assert ledger.bindings(PAIR, new.entity, ["A"], new.system)["A"].confidence == 0.93


def test_a_word_that_two_are_not_the_same_counts_whichever_is_named_first(ledger: Ledger) -> None:
    said = NotSame(
        pair=PAIR, entity="customer", one_system=S, one_id="00-1", other_system=X, other_id="x-1"
    )
    other_way = NotSame(
        pair=PAIR, entity="customer", one_system=X, one_id="x-1", other_system=S, other_id="00-1"
    )

    ledger.part(said)
    ledger.part(other_way)
    assert ledger.parted(PAIR, "customer") == [said]

    ledger.part(other_way, is_so=False)
    assert ledger.parted(PAIR, "customer") == []


def test_an_older_ledger_keeps_its_bindings_and_gets_what_it_lacks(ledger_url: str) -> None:
    ledger = PostgresLedger(ledger_url)
    ledger.bind(binding("A", "id-1"))
    ledger.close()
    back_to(ledger_url, "0015")
    with psycopg.connect(plain(ledger_url), autocommit=True) as admin:
        admin.execute("UPDATE tieout.bindings SET agreed = '{}'")
    migrate(ledger_url)
    new = binding("A", "id-1")

    assert ledger.bindings(PAIR, new.entity, ["A"], new.system)["A"].external_id == "id-1"
    with pytest.raises(RejectedError):
        ledger.bind(binding("B", "id-1"))
    assert ledger.agree(record()).version == 1
    ledger.close()


def back_to(url: str, revision: str) -> None:
    engine = open_engine(url, application_name="test", pool_size=1)
    with transaction(engine) as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
