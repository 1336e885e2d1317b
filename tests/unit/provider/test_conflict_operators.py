"""Conflicts in Airflow: who is asked what, and what an answer, or none, comes to."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.standard.operators import hitl
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskAwaitingInput

from tieout.domain.in_step.records import ConflictState
from tieout.provider import conflict_operators
from tieout.provider.conflict_operators import (
    LEAVE_OPEN,
    WAITS_FOR,
    AnswerConflictOperator,
    AskConflictOperator,
    ListConflictsOperator,
)
from two_ledgers import PAIR, SAGE100, XERO, TwoLedgers

PARAMS = {"params": {"pair": None}}
ASKED_AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
ANA = {"id": "7", "name": "ana"}


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> TwoLedgers:
    """Acme, renamed in both ledgers, of which policy does not say who is right."""
    town = TwoLedgers()
    town.acme = town.add_contact("Acme")
    town.settle()
    (town.customer,) = town.sage100.nodes
    town.edit(XERO, town.acme, Name="Acme Works")
    town.edit(SAGE100, town.customer, CustomerName="Acme Mill")
    town.settle()
    town.acting: list[str] = []
    town.asked: list[dict[str, Any]] = []

    def acting_as(by: str) -> Any:
        town.acting.append(by)
        return SimpleNamespace(ledger=town.ledger)

    opened = SimpleNamespace(ledger=town.ledger, acting_as=acting_as)
    monkeypatch.setattr(town.ledger, "close", lambda: None, raising=False)
    monkeypatch.setattr(conflict_operators, "open_runtime", lambda: opened)
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **asked: town.asked.append(asked))
    return town


def listed() -> list[int]:
    return ListConflictsOperator(task_id="list_conflicts").execute(PARAMS)  # type: ignore[arg-type]


def ask(conflict_id: int) -> AskConflictOperator:
    with DAG("decide_conflicts", schedule=None, params={"pair": None}):
        return AskConflictOperator(task_id="ask", conflict_id=conflict_id)


def put(operator: AskConflictOperator) -> TaskAwaitingInput:
    context: Any = {"task_instance": SimpleNamespace(id="ti")}
    with pytest.raises(TaskAwaitingInput) as waits:
        operator.execute(context)
    return waits.value


def said(operator: AskConflictOperator, choice: str, **beside: Any) -> Any:
    event = {
        "chosen_options": [choice],
        "params_input": {"reason": "", "always": False, **beside},
        "responded_at": ASKED_AT,
        "responded_by_user": None if choice == LEAVE_OPEN else ANA,
    }
    return operator.execute_complete({}, event)


def answer(conflict_id: int, answered: Any) -> str:
    operator = AnswerConflictOperator(task_id="answer", conflict_id=conflict_id, said=answered)
    return operator.execute({})


def test_a_person_is_asked_with_both_values_and_the_next_run_writes_the_winners(
    town: TwoLedgers,
) -> None:
    (conflict_id,) = listed()
    operator = ask(conflict_id)

    waits = put(operator)

    (asked,) = town.asked
    assert asked["options"] == ["Xero counts", "Sage 100 counts", LEAVE_OPEN]
    assert asked["defaults"] == [LEAVE_OPEN]
    assert set(asked["params"]) == {"reason", "always"}
    assert "which name of customer" in asked["subject"]
    assert "Acme Works" in asked["body"]
    assert "Acme Mill" in asked["body"]
    assert waits.timeout == WAITS_FOR

    answered = said(operator, "Sage 100 counts", reason="the deed says so")
    assert answer(conflict_id, answered) == "sage100"

    assert town.acting == ["ana"]
    (kept,) = town.ledger.conflicts(PAIR.pair, states=(ConflictState.ANSWERED,))
    assert (kept.winner, kept.answered_why) == (SAGE100, "the deed says so")
    town.settle()
    assert town.xero.nodes[town.acme]["Name"] == "Acme Mill"
    assert listed() == []


def test_what_nobody_answers_in_time_stays_open(town: TwoLedgers) -> None:
    (conflict_id,) = listed()

    with pytest.raises(AirflowSkipException):
        answer(conflict_id, said(ask(conflict_id), LEAVE_OPEN))

    assert listed() == [conflict_id]
    assert town.acting == []


def test_an_answer_may_count_from_then_on(town: TwoLedgers) -> None:
    (conflict_id,) = listed()

    answer(conflict_id, said(ask(conflict_id), "Xero counts", always=True))

    assert town.ledger.standing(PAIR.pair, "customer") == {"name": XERO}


@pytest.mark.usefixtures("town")
def test_what_was_answered_meanwhile_is_not_asked_and_not_answered_otherwise() -> None:
    (conflict_id,) = listed()
    answered = said(ask(conflict_id), "Xero counts")
    answer(conflict_id, answered)

    with pytest.raises(AirflowSkipException, match="meanwhile"):
        ask(conflict_id).execute({})
    assert answer(conflict_id, answered) == "xero"
    with pytest.raises(AirflowFailException):
        answer(conflict_id, said(ask(conflict_id), "Sage 100 counts"))
