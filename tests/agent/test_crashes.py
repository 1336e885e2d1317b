"""The agent is killed around the write: the retry adopts what is there and never doubles."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.calls import Agent, cash_receipt, customer, running_agent, sales_order
from agent.test_writing import account_key, arm, customers, orders, select
from tieout.simulators.sage100.control import NewBoiFault

Crashed = tuple[Path, dict[str, str], dict[str, tuple[int, Any]]]
BEFORE, AFTER = "kill_before_write", "drop_after_write"
STRUCK = {
    "order-before": (BEFORE, "SO_SalesOrder_bus"),
    "order-after": (AFTER, "SO_SalesOrder_bus"),
    "customer-before": (BEFORE, "AR_Customer_bus"),
    "customer-after": (AFTER, "AR_Customer_bus"),
    "deposit-before": (BEFORE, "AR_CashReceiptsDeposit_bus"),
    "deposit-after": (AFTER, "AR_CashReceiptsDeposit_bus"),
    "receipt-before": (BEFORE, "AR_CashReceipts_bus"),
    "receipt-after": (AFTER, "AR_CashReceipts_bus"),
}


def phase(folder: Path, command_id: str) -> str:
    with closing(sqlite3.connect(folder / "journal.sqlite")) as journal:
        sql = "select phase from command where command_id = ?"
        return str(journal.execute(sql, (command_id,)).fetchone()[0])


def command(home: Path, command_id: str) -> dict[str, Any]:
    if command_id.startswith("order"):
        return sales_order(command_id)
    if command_id.startswith("customer"):
        return customer(command_id)
    check_no = command_id.replace("-", "").upper()[:10]
    return cash_receipt(command_id, account_key(home, "230-00"), CheckNo=check_no)


def killed(agent: Agent, command_id: str) -> None:
    """Send a command whose write takes the agent's process with it."""
    kind, business_object = STRUCK[command_id]
    arm(agent.home, NewBoiFault(kind, business_object, at="nWrite", ends_process=True))
    with pytest.raises(OSError, match=r".*"):
        agent.post(command(agent.home, command_id))
    assert agent.process.wait(10) == 137


@pytest.fixture(scope="module")
def crashed(seeded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Crashed:
    """Kill the agent at every point in turn; each next run is asked for the one before."""
    folder = tmp_path_factory.mktemp("crashed")
    home = folder / "home"
    shutil.copytree(seeded_home, home)
    phases: dict[str, str] = {}
    answers: dict[str, tuple[int, Any]] = {}
    pending = ""
    for command_id in [*STRUCK, ""]:
        with running_agent(home, folder) as agent:
            if pending:
                answers[pending] = agent.post(command(home, pending))
            if command_id:
                killed(agent, command_id)
                phases[command_id] = phase(folder, command_id)
        pending = command_id
    return home, phases, answers


def test_every_kill_hit_between_writing_and_written(crashed: Crashed) -> None:
    _, phases, _ = crashed
    assert phases == dict.fromkeys(STRUCK, "writing")


def test_every_retry_ends_entered(crashed: Crashed) -> None:
    _, _, answers = crashed
    outcomes = {command_id: answer["status"] for command_id, (_, answer) in answers.items()}
    assert outcomes == dict.fromkeys(STRUCK, "entered")


def test_what_was_stored_is_adopted_and_what_was_not_is_written(crashed: Crashed) -> None:
    _, _, answers = crashed
    adopted = [command_id for command_id, (_, answer) in answers.items() if answer["adopted"]]
    assert adopted == ["order-after", "customer-after", "receipt-after"]


def test_nothing_is_there_twice(crashed: Crashed) -> None:
    home, _, _ = crashed
    assert (orders(home, "order-before"), orders(home, "order-after")) == (1, 1)
    assert (customers(home, "customer-before"), customers(home, "customer-after")) == (1, 1)
    receipts = select(home, "select CheckNo, PostingAmt from AR_CashReceiptsHeader order by 1")
    assert receipts == [
        ("DEPOSITAFT", 110.13),
        ("DEPOSITBEF", 110.13),
        ("RECEIPTAFT", 110.13),
        ("RECEIPTBEF", 110.13),
    ]
    assert select(home, "select count(*) from AR_CashReceiptsDeposit") == [(4,)]


def test_after_a_restart_the_journal_knows_before_anybody_asks_again(
    home: Path, tmp_path: Path
) -> None:
    with running_agent(home, tmp_path) as agent:
        killed(agent, "order-after")
    with running_agent(home, tmp_path) as agent:
        agent.post(customer("something-else"))
        status, answer = agent.get("order-after")
    assert (status, answer["status"]) == (200, "entered")


def test_a_com_server_that_dies_in_the_write_leaves_doubt_that_the_next_request_settles(
    home: Path, tmp_path: Path
) -> None:
    arm(home, NewBoiFault("drop_after_write", "SO_SalesOrder_bus"))
    with running_agent(home, tmp_path) as agent:
        first = agent.post(sales_order("order-1"))
        second = agent.post(sales_order("order-1"))
    assert first == (202, {"command_id": "order-1", "status": "in_doubt"})
    assert (second[0], second[1]["status"], second[1]["adopted"]) == (200, "entered", True)
    assert orders(home, "order-1") == 1


def test_a_lost_journal_does_not_double_an_order(home: Path, tmp_path: Path) -> None:
    with running_agent(home, tmp_path) as agent:
        agent.post(sales_order("order-1"))
    (tmp_path / "journal.sqlite").unlink()
    with running_agent(home, tmp_path) as agent:
        _, answer = agent.post(sales_order("order-1"))
    assert answer["error"]["cause"] == "number_taken"
    assert orders(home, "order-1") == 1
