"""A merge in Airflow: what the approval shows, and what its answer does, in whose name."""

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tieout.provider import merge_operators
from tieout.provider.merge_operators import APPROVAL, AdviseMergeOperator, DecideMergeOperator
from two_ledgers import PAIR, SAGE100, XERO, TwoLedgers

CUSTOMER = (PAIR.pair, "customer")
ANSWERED = {"chosen_options": ["Approve"], "responded_by_user": {"id": "7", "name": "ana"}}


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> TwoLedgers:
    """Acme and Birch, in step, of which people merged Acme's contact into Birch's."""
    town = TwoLedgers()
    acme, birch = town.add_contact("Acme"), town.add_contact("Birch")
    town.settle()
    town.lost, town.kept = (
        town.ledger.bindings_to(*CUSTOMER, [one], XERO)[one].key for one in (acme, birch)
    )
    town.merge_contacts(acme, birch)
    town.settle()
    town.acting: list[str] = []

    def acting_as(by: str) -> Any:
        town.acting.append(by)
        return SimpleNamespace(
            flow=lambda _pair: town.flow, ledger=SimpleNamespace(close=lambda: None)
        )

    opened = SimpleNamespace(flow=lambda _pair: town.flow, acting_as=acting_as)
    monkeypatch.setattr(merge_operators, "open_runtime", lambda: opened)
    return town


def context(town: TwoLedgers, *, answered: Any = ANSWERED) -> Any:
    params = {
        "pair": PAIR.pair,
        "kind": "customer",
        "key": town.lost,
        "choice": "survivor",
        "reason": "one company since May",
    }
    return {
        "params": params,
        "ti": SimpleNamespace(xcom_pull=lambda task_ids: {APPROVAL: answered}[task_ids]),
    }


def number(town: TwoLedgers, key: str) -> str:
    return town.ledger.bindings(*CUSTOMER, [key], SAGE100)[key].external_id


def test_the_advice_is_shown_with_the_choice_that_is_to_be_approved(town: TwoLedgers) -> None:
    shown = AdviseMergeOperator(task_id="advise_merge").execute(context(town))

    assert shown.startswith("Approve: **survivor**.")
    assert f"Both go by {number(town, town.kept)}" in shown
    assert number(town, town.lost) != number(town, town.kept)


def test_what_was_approved_is_done_in_the_name_of_who_approved_it(town: TwoLedgers) -> None:
    decide = DecideMergeOperator(task_id="decide_merge")

    assert decide.execute(context(town)) == "survivor"

    assert number(town, town.lost) == number(town, town.kept)
    assert town.acting == ["ana"]
    with pytest.raises(AirflowFailException, match="waits"):
        decide.execute(context(town))


def test_an_answer_without_a_user_is_airflows(town: TwoLedgers) -> None:
    answered = {"chosen_options": ["Approve"], "responded_by_user": None}

    DecideMergeOperator(task_id="decide_merge").execute(context(town, answered=answered))

    assert town.acting == ["airflow"]
