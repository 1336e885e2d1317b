"""The command line: what it says when it cannot do what was asked, and how it replays."""

import json
from pathlib import Path

import pytest
from sqlalchemy import make_url

import records
from architecture.probing import ROOT
from tieout.cli.main import build_parser, main
from tieout.domain.streams import FAILURES_IN_A_ROW_MAX
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.streams import PostgresStreams


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


@pytest.fixture
def connections(tmp_path: Path, ledger_url: str) -> list[str]:
    """Options that name a connections file with the ledger in it."""
    url = make_url(ledger_url)
    ledger = {
        "conn_type": "postgres",
        "host": url.host or url.query["host"],
        "port": url.port,
        "login": url.username,
        "password": url.password or "",
        "schema": url.database,
    }
    path = tmp_path / "connections.json"
    path.write_text(json.dumps({"tieout_ledger": ledger}), encoding="utf-8")
    return ["--connections", str(path), "--include", str(ROOT / "include")]


def set_aside(ledger: PostgresLedger, source_id: str) -> str:
    """Set one order aside and return the number of its dead letter."""
    ledger.set_aside(records.dead_letter(document_id=records.received(ledger, source_id)))
    return str(ledger.dead_letters()[-1].dead_letter_id)


def test_dead_letters_are_listed_by_the_number_that_replay_takes(
    ledger: PostgresLedger, connections: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    number = set_aside(ledger, "1042")

    assert main(["dead-letters", *connections]) == 0
    assert capsys.readouterr().out.startswith(f"{number}  {records.SHOP} #1042  [unknown_item]\n")
    assert main(["dead-letters", "--json", *connections]) == 0
    (letter,) = json.loads(capsys.readouterr().out)["dead_letters"]
    assert str(letter["dead_letter_id"]) == number


def test_replay_says_what_it_put_back_and_what_takes_it(
    ledger: PostgresLedger, connections: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = [set_aside(ledger, "1042"), set_aside(ledger, "1043")]

    code = main(["replay", *numbers, *connections])

    first, second, then = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [first.split()[0], second.split()[0]] == numbers
    assert records.SHOP in first
    assert "next run of order_to_cash" in then
    assert ledger.conservation(records.PAIR).pending == 2


def test_replay_goes_on_after_one_that_is_closed_and_says_so(
    ledger: PostgresLedger, connections: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    closed, waiting = set_aside(ledger, "1042"), set_aside(ledger, "1043")
    main(["replay", closed, *connections])
    capsys.readouterr()

    code = main(["replay", closed, "99", waiting, *connections])

    said = capsys.readouterr()
    assert code == 2
    assert f"Dead letter {closed} is closed already" in said.err
    assert "no dead letter 99" in said.err
    assert said.out.startswith(f"{waiting}  ")
    assert ledger.dead_letters() == []


def test_dead_letters_are_filtered_and_say_what_they_are_worth(
    ledger: PostgresLedger, connections: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first = set_aside(ledger, "1042")
    new = records.dead_letter(document_id=records.received(ledger, "1043"))
    worth = {"cause": "tax_unmapped", "amount": records.MONEY, "currency": "USD"}
    ledger.set_aside(new.model_copy(update=worth))

    assert (
        main(["dead-letters", "--cause", "tax_unmapped", "--flow", "order_to_cash", *connections])
        == 0
    )
    said = capsys.readouterr().out
    assert "[tax_unmapped]  110.130 USD" in said
    assert said.endswith("open: 110.130 USD\n")
    assert "[unknown_item]" not in said
    main(["replay", first, "--by", "anna", *connections])
    capsys.readouterr()
    assert main(["dead-letters", "--since", "2020-01-01", "--all", *connections]) == 0
    assert "replayed by anna" in capsys.readouterr().out
    assert main(["dead-letters", "--until", "2020-01-01T00:00:00+01:00", *connections]) == 0
    assert capsys.readouterr().out == "No dead letters.\n"


def test_a_dead_letter_is_shown_with_all_there_is(
    ledger: PostgresLedger, connections: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    document_id = records.received(ledger)
    ledger.intend([records.delivery(document_id)])
    new = records.dead_letter(document_id=document_id)
    ledger.set_aside(new.model_copy(update={"mapped": {"Total": "1"}, "answer": ["no"]}))
    number = str(ledger.dead_letters()[0].dead_letter_id)

    assert main(["dead-letters", "show", number, *connections]) == 0
    said = capsys.readouterr().out
    for part in (
        "original (orders/create",
        "cannot be read",
        '{"Total": "1"}',
        '["no"]',
        "opened by gate",
    ):
        assert part in said
    assert main(["dead-letters", "show", number, "--json", *connections]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["payload"] == {"id": "1042", "content": "first"}
    assert [one["entity"] for one in shown["deliveries"]] == ["invoice"]


def test_a_correction_is_stored_and_overruled_by_a_newer_version(
    ledger: PostgresLedger, connections: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    number = set_aside(ledger, "1042")
    words = ["--by", "anna", "--reason", "typo"]

    assert main(["correct", number, "--set", "/content=right", *words, *connections]) == 0
    assert '"first" -> "right"' in capsys.readouterr().out
    assert main(["correct", number, "--set", "content", *words, *connections]) == 2
    assert "is not /PATH=VALUE" in capsys.readouterr().err
    assert main(["correct", number, "--remove", "/gone", *words, *connections]) == 2
    assert "no place '/gone'" in capsys.readouterr().err
    newer = records.land_document(ledger, records.document(content="second", minutes=5))
    assert main(["dead-letters", "show", number, *connections]) == 0
    assert f"newer version since (document {newer})" in capsys.readouterr().out
    assert main(["replay", number, *connections]) == 0
    assert "its correction does not apply" in capsys.readouterr().out


def test_a_patch_file_is_applied_or_refused(
    tmp_path: Path,
    ledger: PostgresLedger,
    connections: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    number = set_aside(ledger, "1042")
    words = ["--by", "anna", "--reason", "typo", "--patch", str(tmp_path / "patch.json")]
    (tmp_path / "patch.json").write_text('[{"op": "move", "path": "/a"}]')
    assert main(["correct", number, *words, *connections]) == 2
    assert "no JSON Patch" in capsys.readouterr().err
    (tmp_path / "patch.json").write_text('[{"op": "add", "path": "/a", "value": [1]}]')
    assert main(["correct", number, *words, "--json", *connections]) == 0
    assert json.loads(capsys.readouterr().out)["after"] == {"/a": [1]}


def test_a_dismissed_dead_letter_is_closed_by_name_with_a_reason(
    ledger: PostgresLedger, connections: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    number = set_aside(ledger, "1042")

    assert main(["dismiss", number, "--by", "anna", "--reason", "a test", *connections]) == 0
    assert main(["dismiss", number, "--by", "ben", "--reason", "twice", *connections]) == 2
    assert "closed already: dismissed" in capsys.readouterr().err
    assert main(["dead-letters", "show", number, *connections]) == 0
    assert "dismissed by anna: a test" in capsys.readouterr().out


def test_a_held_stream_is_listed_and_goes_on_when_a_person_says_so(
    connections: list[str], ledger: PostgresLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "harbor_and_pine/out/xero/payment"
    assert main(["streams", *connections]) == 0
    PostgresStreams(ledger.database).hold(name, reason="Xero holds HP-1042 twice.")
    assert main(["streams", *connections]) == 1
    assert f"{name}  held since" in capsys.readouterr().out
    resume = ["resume", name, "--by", "wanda", "--reason", "The copy is void.", *connections]
    assert main(resume) == 0
    assert main(["streams", "--json", *connections]) == 0
    assert '"reason": "The copy is void."' in capsys.readouterr().out
    assert main(resume) == 2


def test_a_system_that_comes_back_is_listed_with_its_pace(
    connections: list[str], ledger: PostgresLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "harbor_and_pine/read/sage100"
    streams = PostgresStreams(ledger.database)
    for _ in range(FAILURES_IN_A_ROW_MAX):
        streams.failed(name, reason="Sage 100 does not answer.")
    streams.succeeded(name)
    assert main(["streams", *connections]) == 0
    assert f"{name}  was away and is given 10 records in this minute" in capsys.readouterr().out
    assert main(["status", "--json", *connections]) == 0
    assert '"done_at"' in capsys.readouterr().out


def test_many_are_replayed_by_a_job_that_can_be_paused(
    ledger: PostgresLedger, connections: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for number in ("1042", "1043"):
        set_aside(ledger, number)
    asked = ["replay", "--cause", "unknown_item", "--flow", "order_to_cash", "--by", "anna"]

    assert main([*asked, "--per-minute", "1", *connections]) == 0
    assert "The DAG 'replay' works through it" in capsys.readouterr().out
    assert main(["replay-jobs", "--pause", "1", *connections]) == 0
    assert "paused" in capsys.readouterr().out
    assert main(["replay-jobs", "--pause", "1", *connections]) == 2
    assert "Replay job 1 is paused" in capsys.readouterr().err
    assert main(["replay-jobs", "--resume", "1", "--json", *connections]) == 0
    (job,) = json.loads(capsys.readouterr().out)["replay_jobs"]
    assert (job["state"], job["total"], job["requested_by"]) == ("running", 2, "anna")


@pytest.mark.parametrize("which", [[], ["1", "--cause", "unknown_item"], ["--cause", "no_such"]])
def test_a_replay_of_nothing_or_of_two_things_says_what_to_give(
    which: list[str], connections: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", *which, *connections]) == 2
    assert "dead letter" in capsys.readouterr().err


def test_a_replay_at_no_pace_ends_with_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["replay", "--cause", "x", "--per-minute", "0"])
    assert "not from 1 to 600" in capsys.readouterr().err


def test_an_order_is_held_listed_and_released_in_somebodys_name(
    connections: list[str], ledger_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = PostgresLedger(ledger_url)
    records.received(ledger)
    named = ["#1042", "--pair", records.PAIR, "--by", "ana"]

    assert main(["hold", *named, "--reason", "ask the customer", *connections]) == 0
    assert main(["held", "--json", *connections]) == 0
    assert main(["release", *named, *connections]) == 0
    assert main(["release", *named, *connections]) == 2

    said = capsys.readouterr()
    assert '"held_for": "ask the customer"' in said.out
    assert "#1042 goes on with the next run" in said.out
    assert "Nothing called '#1042' can be released" in said.err
    with ledger.database.transaction() as connection:
        actors = connection.exec_driver_sql(
            "SELECT action, actor FROM tieout.audit WHERE subject LIKE 'document/%%'"
            " ORDER BY audit_id"
        )
        told = [tuple(row) for row in actors]
    assert told[1:] == [("document.held", "ana"), ("document.received", "ana")]
    ledger.close()
