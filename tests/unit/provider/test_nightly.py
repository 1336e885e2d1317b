"""The oracle as the night asks it: a program of its own whose words reach the task."""

import json
from pathlib import Path

import pytest

from tieout.errors import ConfigurationError, RetryableError
from tieout.provider import nightly_operators
from tieout.provider.nightly_operators import ask_oracle, connections_file


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
