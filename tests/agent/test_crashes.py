"""Killed around the write, agent or COM server: the retry adopts what is there, and never doubles.

Every kind of command at every step that leaves a trace; the whole of it with the agent's process
killed is the night's, one kind of each sort is in every run.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.calls import Agent, customer, running_agent, sales_order
from agent.cases import CASES, short
from agent.test_writing import arm, orders
from sage100_agent.writers.catalog import WRITERS
from tieout.simulators.sage100.control import NewBoiFault

EXIT_STATUS_KILLED = 137
IN_EVERY_RUN = ("sales_order.create", "cash_receipt.create")
BEFORE_KEY, BEFORE_WRITE, AFTER_WRITE = "key", "write", "wrote"
MOMENTS = {
    BEFORE_KEY: ("com_error", "nSetKey"),
    BEFORE_WRITE: ("kill_before_write", "nWrite"),
    AFTER_WRITE: ("drop_after_write", "nWrite"),
}


@dataclass(frozen=True)
class Strike:
    """One blow: at which moment of which business object, while which kind was written."""

    kind: str
    business_object: str
    moment: str

    @property
    def label(self) -> str:
        place = CASES[self.kind].stores.index(self.business_object)
        return short(self.kind, f"{place}-{self.moment}")

    def arm(self, home: Path, *, ends_process: bool) -> None:
        fault, method = MOMENTS[self.moment]
        arm(home, NewBoiFault(fault, self.business_object, at=method, ends_process=ends_process))

    @property
    def is_late(self) -> bool:
        """Say whether something may have been stored by then."""
        is_first = self.business_object == CASES[self.kind].stores[0]
        return self.moment != BEFORE_KEY or not is_first

    @property
    def leaves_a_document(self) -> bool:
        is_last = self.business_object == CASES[self.kind].stores[-1]
        return self.moment == AFTER_WRITE and is_last


STRIKES = [
    Strike(kind, business_object, moment)
    for kind, case in CASES.items()
    for business_object in case.stores
    for moment in MOMENTS
]
Killed = dict[Strike, tuple[str, tuple[int, Any], int]]


def phase(folder: Path, command_id: str) -> str:
    with closing(sqlite3.connect(folder / "journal.sqlite")) as journal:
        sql = "select phase from command where command_id = ?"
        return str(journal.execute(sql, (command_id,)).fetchone()[0])


def killed(agent: Agent, command: dict[str, Any]) -> None:
    """Send a command for which a kill is armed."""
    with pytest.raises(OSError, match=r".*"):
        agent.post(command)
    assert agent.process.wait(10) == EXIT_STATUS_KILLED


def test_every_kind_that_the_agent_writes_has_its_case() -> None:
    assert set(CASES) == set(WRITERS)


@pytest.mark.parametrize("strike", STRIKES, ids=lambda strike: f"{strike.kind}-{strike.label}")
def test_a_com_server_that_dies_leaves_one_document_after_the_next_request(
    agent: Agent, strike: Strike
) -> None:
    case = CASES[strike.kind]
    command = case.command(agent, strike.label)
    strike.arm(agent.home, ends_process=False)
    status, first = agent.post(command)
    second = agent.post(command)
    third = agent.post(command)
    said = (202, "in_doubt") if strike.is_late else (503, "not_written")
    assert (status, first["status"]) == said
    assert (second[0], second[1]["status"]) == (200, "entered")
    assert second[1]["adopted"] == strike.leaves_a_document
    assert third == second
    assert case.count(agent.home, strike.label) == 1


def killed_in_turn(strikes: list[Strike], home: Path, folder: Path) -> Iterator[tuple[Strike, Any]]:
    """Kill the agent at every strike in turn; each next run is asked for the one before."""
    pending: tuple[Strike, dict[str, Any], str] | None = None
    for strike in [*strikes, None]:
        with running_agent(home, folder) as agent:
            if pending is not None:
                struck, command, reached = pending
                yield struck, (reached, agent.post(command))
                pending = None
            if strike is not None:
                command = CASES[strike.kind].command(agent, strike.label)
                strike.arm(home, ends_process=True)
                killed(agent, command)
                pending = (strike, command, phase(folder, command["command_id"]))


def check_kills(strikes: list[Strike], seeded_home: Path, folder: Path) -> None:
    home = folder / "home"
    shutil.copytree(seeded_home, home)
    outcomes = dict(killed_in_turn(strikes, home, folder))
    assert list(outcomes) == strikes
    for strike, (reached, (status, answer)) in outcomes.items():
        expected = {"writing"} if strike.is_late else {"accepted", "reserved"}
        assert reached in expected, strike
        assert (status, answer["status"]) == (200, "entered"), strike
        assert answer["adopted"] == strike.leaves_a_document, strike
        assert CASES[strike.kind].count(home, strike.label) == 1, strike


def test_an_agent_killed_around_a_write_leaves_one_document(
    seeded_home: Path, tmp_path: Path
) -> None:
    strikes = [
        strike for strike in STRIKES if strike.kind in IN_EVERY_RUN and strike.moment != BEFORE_KEY
    ]
    check_kills(strikes, seeded_home, tmp_path)


@pytest.mark.tier2
def test_an_agent_killed_at_any_step_of_any_kind_leaves_one_document(
    seeded_home: Path, tmp_path: Path
) -> None:
    check_kills(STRIKES, seeded_home, tmp_path)


def test_after_a_restart_the_journal_knows_before_anybody_asks_again(
    home: Path, tmp_path: Path
) -> None:
    with running_agent(home, tmp_path) as agent:
        Strike("sales_order.create", "SO_SalesOrder_bus", AFTER_WRITE).arm(home, ends_process=True)
        killed(agent, sales_order("order-after"))
    with running_agent(home, tmp_path) as agent:
        agent.post(customer("something-else"))
        status, answer = agent.get("order-after")
    assert (status, answer["status"]) == (200, "entered")
    assert orders(home, "order-after") == 1
