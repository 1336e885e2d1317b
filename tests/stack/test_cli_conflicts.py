"""`tieout conflicts`: what waits is listed and answered by the commands that people type."""

import json
from pathlib import Path

import pytest
from sqlalchemy import make_url

from architecture.probing import ROOT
from records import PAIR
from tieout.cli.main import main
from tieout.domain.base import System
from tieout.domain.in_step.merge import Conflict, Reason, Values
from tieout.domain.in_step.records import AgreedRecord, ConflictState
from tieout.ledger.postgres import PostgresLedger
from tieout.stack.demo_records import conflicts_text

KEY = "S-00-ACME"


@pytest.fixture
def options(tmp_path: Path, ledger_url: str) -> list[str]:
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


def test_a_conflict_is_listed_answered_in_a_persons_name_and_waits_no_more(
    ledger: PostgresLedger, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["conflicts", "list", *options]) == 0
    assert capsys.readouterr().out == "No conflict waits.\n"
    met = Conflict(
        field="name",
        values=Values(xero="陳大文", sage100="ChenDaWen"),
        reason=Reason.BOTH_CHANGED,
        winner=None,
        effect="nothing is written",
    )
    ledger.agree(AgreedRecord(pair=PAIR, entity="customer", key=KEY), conflicts=[met])
    (waiting,) = ledger.conflicts()

    assert main(["conflicts", "list", "--pair", PAIR, *options]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"{waiting.conflict_id}  {PAIR}  customer {KEY}  name: open")
    assert "陳大文" in said
    assert "ChenDaWen" in said
    assert conflicts_text([waiting]) == (
        "Conflicts for a person to decide (tieout conflicts): "
        f"name of customer {KEY} (陳大文 in Xero, ChenDaWen in Sage 100)"
    )

    number = str(waiting.conflict_id)
    answer = ["conflicts", "answer", number, "sage100", "--reason", "the deed", "--by", "ana"]
    assert main([*answer, *options]) == 0
    assert "sage100 counts; the next run writes it" in capsys.readouterr().out

    assert ledger.conflicts() == []
    (kept,) = ledger.conflicts(states=(ConflictState.ANSWERED,))
    assert (kept.winner, kept.answered_by, kept.answered_why) == (System.SAGE100, "ana", "the deed")
    assert main(["conflicts", "answer", number, "xero", "--reason", "no", *options]) == 2
    assert main(["conflicts", "list", *options]) == 0
    assert main(["conflicts", "list", "--all", *options]) == 0
    assert "sage100 counts, said ana: the deed" in capsys.readouterr().out


def test_the_demo_says_that_nothing_waits() -> None:
    assert conflicts_text([]).endswith(": none")
