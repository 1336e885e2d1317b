"""The oracle as the night asks it: a program of its own whose words reach the task."""

import json
from pathlib import Path

import pytest

from tieout.errors import ConfigurationError, RetryableError
from tieout.provider import nightly_operators
from tieout.provider.nightly_operators import (
    FollowPostingsOperator,
    ask_oracle,
    connections_file,
)
from tieout.usecases.follow import Followed


def test_an_oracle_that_cannot_read_fails_with_its_words(tmp_path: Path) -> None:
    connections, pairs = tmp_path / "connections.json", tmp_path / "pairs.yaml"
    connections.write_text(json.dumps({}))
    with pytest.raises(RetryableError, match=r"could not judge.*could not be read.*pairs\.yaml"):
        ask_oracle(connections, pairs, pair="harbor_and_pine")


def test_an_oracle_that_is_not_installed_is_a_matter_of_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly_operators, "ORACLE", "no_such_oracle")
    with pytest.raises(ConfigurationError, match="not installed"):
        ask_oracle(tmp_path, tmp_path, pair="harbor_and_pine")


def test_a_connections_file_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_CONNECTIONS", str(tmp_path / "gone.json"))
    with pytest.raises(ConfigurationError, match=r"gone\.json"):
        connections_file()


class FollowedRuntime:
    """An installation in which people took one receipt back."""

    def follow(self, pair: str) -> list[Followed]:
        gone = ("cash_receipt T1 was reversed in Sage 100.",)
        return [Followed(pair=pair, entity="cash_receipt", read=3, updated=1, in_gl=0,
                         taken_back=gone)]  # fmt: skip


def test_what_people_took_back_is_logged_and_does_not_fail_the_night(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(nightly_operators, "open_runtime", FollowedRuntime)
    operator = FollowPostingsOperator(task_id="follow", pair="harbor_and_pine")
    counts = operator.execute({})
    assert counts == {"cash_receipt": {"read": 3, "updated": 1, "in_gl": 0, "taken_back": 1}}
    assert "T1 was reversed" in capsys.readouterr().out
