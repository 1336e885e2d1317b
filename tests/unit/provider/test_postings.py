"""The operators of postings: what people took back is said, and waiting holds no worker."""

from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from tieout.provider import posting_operators
from tieout.provider.posting_operators import (
    CapturePostingsOperator,
    FollowPostingsOperator,
    Sage100PostedSensor,
)
from tieout.provider.posting_triggers import PostedTrigger
from tieout.usecases.follow import Followed, Stand


class FollowedRuntime:
    """An installation in which people took one receipt back."""

    def follow(self, pair: str, *, is_whole: bool) -> list[Followed]:
        gone = ("cash_receipt T1 was reversed in Sage 100.",)
        return [Followed(pair=pair, entity="cash_receipt", read=3 if is_whole else 1, updated=1,
                         in_gl=0, taken_back=gone)]  # fmt: skip


def test_what_people_took_back_is_logged_and_does_not_fail_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(posting_operators, "open_runtime", FollowedRuntime)
    whole = FollowPostingsOperator(task_id="follow", pair="harbor_and_pine", is_whole=True)
    part = FollowPostingsOperator(task_id="part", pair="harbor_and_pine")
    wanted = {"read": 3, "updated": 1, "in_gl": 0, "taken_back": 1}
    assert whole.execute({}) == {"cash_receipt": wanted}
    assert part.execute({}) == {"cash_receipt": {**wanted, "read": 1}}
    assert "T1 was reversed" in capsys.readouterr().out


def opened(monkeypatch: pytest.MonkeyPatch, **answers: object) -> None:
    calls = {name: lambda *_given, found=found, **_named: found for name, found in answers.items()}
    monkeypatch.setattr(posting_operators, "open_runtime", lambda: SimpleNamespace(**calls))


def test_where_nothing_was_posted_xero_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    context = {"dag_run": SimpleNamespace(run_id="run 1")}
    operator = CapturePostingsOperator(task_id="capture", pair="harbor_and_pine")
    opened(monkeypatch, capture_postings=None)
    with pytest.raises(AirflowSkipException):
        operator.execute(context)  # type: ignore[arg-type]
    opened(monkeypatch, capture_postings=7)
    assert operator.execute(context) == 7  # type: ignore[arg-type]


def sensor() -> Sage100PostedSensor:
    return Sage100PostedSensor(
        task_id="posted", entity="cash_receipt", batch_id="7", pair="harbor_and_pine"
    )


def test_the_sensor_waits_in_a_trigger_and_goes_on_when_all_is_posted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened(monkeypatch, posted=Stand(posted=1, waiting=2, lost=()))
    with pytest.raises(TaskDeferred) as put_off:
        sensor().execute({})
    trigger = put_off.value.trigger
    assert isinstance(trigger, PostedTrigger)
    path, arguments = trigger.serialize()
    assert path == "tieout.provider.posting_triggers.PostedTrigger"
    assert PostedTrigger(**arguments).serialize() == (path, arguments)
    assert arguments.items() >= {"batch_id": 7, "entity": "cash_receipt", "state": "in_gl"}.items()
    opened(monkeypatch, posted=Stand(posted=3, waiting=0, lost=()))
    assert getattr(sensor(), put_off.value.method_name)({}, {"batch_id": 7}) == {"posted": 3}


def test_the_sensor_waits_for_nothing_that_people_took_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened(monkeypatch, posted=Stand(posted=1, waiting=1, lost=("cash_receipt T1 is held",)))
    with pytest.raises(AirflowFailException, match="cash_receipt T1 is held"):
        sensor().execute({})
