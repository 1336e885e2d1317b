"""The audit's commands: seal, verify, export, anchors, redact."""

import json
from pathlib import Path

import pytest
from sqlalchemy import make_url

import records
from architecture.probing import ROOT
from audits import run_verifier, some_orders
from records import PAIR, SHOP
from tieout.cli.main import main
from tieout.ledger.postgres import PostgresLedger


@pytest.fixture
def options(tmp_path: Path, ledger: PostgresLedger, ledger_url: str) -> list[str]:
    """Options that name a connections file with a filled ledger in it."""
    some_orders(ledger)
    url = make_url(ledger_url)
    connection = {
        "conn_type": "postgres",
        "host": url.host or url.query["host"],
        "port": url.port,
        "login": url.username,
        "password": url.password or "",
        "schema": url.database,
    }
    path = tmp_path / "connections.json"
    path.write_text(json.dumps({"tieout_ledger": connection}), encoding="utf-8")
    return ["--connections", str(path), "--include", str(ROOT / "include")]


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    return json.loads(capsys.readouterr().out)


def test_seal_writes_anchors_beside_the_connections_and_verify_finds_nothing(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "seal", "--json", *options]) == 0
    sealed = said(capsys)
    assert (sealed["seals"], sealed["anchors"]) == (1, 1)
    assert sealed["anchor_file"] == str(tmp_path / "audit_anchors.jsonl")
    assert main(["audit", "verify", "--json", *options]) == 0
    verdict = said(capsys)
    assert (verdict["is_good"], verdict["rows_sealed"]) == (True, sealed["rows"])
    assert main(["audit", "verify", *options]) == 0
    assert "The audit is what was sealed." in capsys.readouterr().out


def test_verify_without_anchors_cannot_be_done(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "verify", *options]) == 2
    assert "audit seal" in capsys.readouterr().err


def test_tampering_makes_verify_and_anchors_not_good(
    options: list[str], tmp_path: Path, ledger: PostgresLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    anchors = ["--anchors", str(tmp_path / "elsewhere.jsonl")]
    assert main(["audit", "seal", *options, *anchors]) == 0
    assert main(["audit", "anchors", *options, *anchors]) == 0
    with ledger.database.transaction() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("DELETE FROM tieout.audit_seals")
    capsys.readouterr()
    assert main(["audit", "verify", *options, *anchors]) == 1
    assert "tail_cut: seal 1" in capsys.readouterr().out
    assert main(["audit", "anchors", *options, *anchors]) == 1
    assert "differs" in capsys.readouterr().out


def test_a_seal_without_an_anchor_is_listed_as_such(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "seal", *options]) == 0
    (tmp_path / "audit_anchors.jsonl").write_bytes(b"")
    assert main(["audit", "anchors", *options]) == 1
    assert "not anchored" in capsys.readouterr().out


def test_an_export_satisfies_the_strangers_verifier(options: list[str], tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    assert main(["audit", "seal", *options]) == 0
    assert main(["audit", "export", str(file), *options]) == 0
    assert run_verifier(file, tmp_path / "audit_anchors.jsonl") == []


def test_an_export_to_nowhere_cannot_be_done(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "export", str(tmp_path / "no folder" / "x"), *options]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_redact_says_what_it_changed_and_what_still_has_the_data(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    record = ["--pair", PAIR, "--account", SHOP, "--record", "3", "--by", "anna"]
    assert main(["audit", "redact", *record, *options]) == 0
    out = capsys.readouterr().out
    assert "1 of documents" in out
    assert "Backups" in out


def test_redact_refuses_a_record_that_is_under_way(
    options: list[str], ledger: PostgresLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    records.received(ledger, "under way")
    record = ["--pair", PAIR, "--account", SHOP, "--record", "under way"]
    assert main(["audit", "redact", *record, *options]) == 2
    assert "still" in capsys.readouterr().err
