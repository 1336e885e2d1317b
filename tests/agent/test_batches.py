"""A run's documents of a kind are in one private batch, which a person posts or deletes."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from agent.calls import Agent, cash_receipt, running_agent
from agent.test_writing import account_key, select
from sage100_agent.commands import Command
from sage100_agent.journal import SCHEMA, Journal


def receipt(agent: Agent, check_no: str, run: str) -> dict[str, Any]:
    key = account_key(agent.home, "230-00")
    return {**cash_receipt(f"batch-{check_no}", key, CheckNo=check_no), "run": run}


def entered(agent: Agent, check_no: str, run: str) -> str:
    """Send a receipt and return its batch."""
    _, answer = agent.post(receipt(agent, check_no, run))
    assert answer["status"] == "entered", answer
    return str(answer["key"]["BatchNo"])


def test_what_one_run_writes_is_in_one_batch_and_another_runs_in_another(agent: Agent) -> None:
    first = [entered(agent, f"RUNA{number}", "20261126-1200") for number in range(3)]
    second = [entered(agent, f"RUNB{number}", "20261126-1300") for number in range(2)]
    assert len(set(first)) == len(set(second)) == 1
    assert set(first).isdisjoint(second)
    sql = "select count(*), sum(PostingAmt) from AR_CashReceiptsHeader where BatchNo = ?"
    assert select(agent.home, sql, first[0]) == [(3, 330.39)]


def test_a_command_without_a_run_has_a_batch_for_itself(agent: Agent) -> None:
    assert entered(agent, "ALONE1", "") != entered(agent, "ALONE2", "")


def test_the_same_command_in_a_later_run_is_the_same_document(agent: Agent) -> None:
    batch = entered(agent, "LATER", "20261126-1400")
    assert entered(agent, "LATER", "20261126-1500") == batch
    sql = "select count(*) from AR_CashReceiptsHeader where CheckNo = 'LATER'"
    assert select(agent.home, sql) == [(1,)]


def test_a_run_goes_on_with_its_batch_after_a_restart(home: Path, tmp_path: Path) -> None:
    with running_agent(home, tmp_path) as agent:
        before = entered(agent, "BEFORE", "20261126-1600")
    with running_agent(home, tmp_path) as agent:
        assert entered(agent, "AFTER", "20261126-1600") == before


def test_a_batch_that_people_took_away_is_followed_by_another(home: Path, tmp_path: Path) -> None:
    with running_agent(home, tmp_path) as agent:
        entered(agent, "GONE", "20261126-1700")
        with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as journal, journal:
            journal.execute("update batch set batch_no = '99999'")  # one that Sage does not have
        fresh = entered(agent, "FRESH", "20261126-1700")
        assert entered(agent, "FRESH2", "20261126-1700") == fresh
    assert fresh != "99999"


def test_a_journal_from_before_there_were_runs_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path)) as old, old:
        old.executescript(SCHEMA)
        old.execute(
            "insert into command (command_id, company, kind, document, payload_sha256, epoch,"
            " phase) values ('old', 'HPS', 'customer.create', '{}', 'x', 3, 'accepted')"
        )
    journal = Journal(path)
    entry = journal.entry("old")
    journal.accept(Command("new", "HPS", "customer.create", {}, 0, "a-run"))
    new = journal.entry("new")
    journal.close()
    assert entry is not None
    assert new is not None
    assert (entry.command.epoch, entry.command.run, new.command.run) == (3, "", "a-run")
