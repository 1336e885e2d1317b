"""The task of a tie-out: it fails with its words where the proof is not good."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tie_out.books_of import Order, agreeing, changed, proven
from tieout.domain.tie_out import TieOut
from tieout.provider import tie_out_operators
from tieout.provider.tie_out_operators import TieOutOperator


@dataclass
class Runtime:
    """An installation that proves what it is given."""

    order: Order
    asked: list[tuple[str, date | None]] = field(default_factory=list)

    def tie_out(self, pair: str, *, as_of: date | None) -> TieOut:
        self.asked.append((pair, as_of))
        return proven([self.order])


def executed(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, **more: str) -> dict[str, Any]:
    monkeypatch.setattr(tie_out_operators, "open_runtime", lambda: runtime)
    return TieOutOperator(task_id="tie_out", pair="harbor_and_pine", **more).execute({})


def test_a_good_proof_is_returned_as_of_the_day_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Runtime(agreeing(1001))
    assert executed(runtime, monkeypatch, as_of="2026-11-30")["light"] == "green"
    assert runtime.asked == [("harbor_and_pine", date(2026, 11, 30))]


def test_an_error_fails_the_task_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Runtime(changed(agreeing(1001), receipts=[]))
    with pytest.raises(AirflowFailException, match="missing HP-1001"):
        executed(runtime, monkeypatch)


def test_another_pair_than_the_one_asked_for_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Runtime(agreeing(1001))
    assert executed(runtime, monkeypatch, only="lotus_lane") == {}
    assert runtime.asked == []
