"""The command line: what it says when it cannot do what was asked."""

from pathlib import Path

import pytest

from tieout.cli import build_parser, main


def test_a_missing_connections_file_is_an_error_that_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "connections.json"

    code = main(["status", "--connections", str(missing)])

    assert code == 2
    assert str(missing) in capsys.readouterr().err


def test_a_wrong_port_is_refused_with_an_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["stack", "status", "--home", str(tmp_path), "--port", "airflow"])

    assert code == 2
    assert "--port airflow=8080" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["simulate", "oracle"], ["stack"]])
def test_what_the_parser_does_not_know_ends_with_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(arguments)

    assert "usage: tieout" in capsys.readouterr().err
