"""What may get lost beside the process: the journal, room on its disk, a reply; and twins.

Whatever it is, each command ends as exactly one document in Sage.
"""

import json
import resource
import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from agent.calls import Agent, running_agent, sales_order, signed
from agent.cases import CASES, short
from agent.test_writing import arm
from tieout.simulators.sage100.control import NewBoiFault

KINDS = sorted(CASES)
OFTEN = ("cash_receipt.create", "sales_order.create")
"""Kinds whose disk fills up in every run; those of all others in the night."""
WAL_FRAME_BYTES = 4096 + 24
"""What SQLite appends for each page that a transaction changed."""
FRAMES_TO_TRY = range(16)
"""A command changes fewer pages from its acceptance to its result."""
TWINS = 8
HEADROOM_BYTES = 100_000
LOG_BYTES_MAX = 1000 * WAL_FRAME_BYTES
FAT_LINES, FAT_TEXT = 200, "x" * 2000


def settled(agent: Agent, command: dict[str, Any]) -> Any:
    """Send a command until the agent knows what became of it."""
    for _ in range(3):
        status, answer = agent.post(command)
        if status == 200:
            return answer
    message = f"three answers, and none that settles: {status} {answer}"
    raise AssertionError(message)


def lose(folder: Path) -> None:
    for file in folder.glob("journal.sqlite*"):
        file.unlink()


def test_a_lost_journal_doubles_nothing_that_was_entered_or_was_being_written(
    home: Path, tmp_path: Path
) -> None:
    commands: dict[str, dict[str, Any]] = {}
    first: dict[str, Any] = {}
    with running_agent(home, tmp_path) as agent:
        for kind in KINDS:
            whole, cut = short(kind, "whole"), short(kind, "cut")
            commands |= {label: CASES[kind].command(agent, label) for label in (whole, cut)}
            first[whole] = agent.post(commands[whole])[1]
            arm(home, NewBoiFault("drop_after_write", CASES[kind].stores[-1]))
            assert agent.post(commands[cut])[0] == 202
    lose(tmp_path)
    with running_agent(home, tmp_path) as agent:
        again = {label: settled(agent, command) for label, command in commands.items()}
        for label, answer in again.items():
            assert (answer["status"], answer["error"]) == ("entered", None), label
            assert CASES[commands[label]["kind"]].count(home, label) == 1, label
    for label, answer in first.items():
        assert again[label]["key"] == answer["key"], label
        assert again[label]["document_no"] == answer["document_no"], label


@pytest.mark.parametrize("kind", [kind for kind in KINDS if len(CASES[kind].stores) > 1])
def test_a_lost_journal_leaves_no_half_of_a_document_beside_the_whole(
    home: Path, tmp_path: Path, kind: str
) -> None:
    case = CASES[kind]
    with running_agent(home, tmp_path) as agent:
        command = case.command(agent, "half")
        arm(home, NewBoiFault("drop_after_write", case.stores[0]))
        agent.post(command)
    lose(tmp_path)
    with running_agent(home, tmp_path) as agent:
        assert settled(agent, command)["status"] == "entered"
    assert case.count(home, "half") == 1


def grow_journal(agent: Agent, label: str) -> None:
    """Make the journal's log the largest of the agent's files: it meets a limit of size first."""
    for file in (agent.folder / "journal.sqlite", *agent.home.glob("*.sqlite")):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("pragma wal_checkpoint(truncate)")
    fat = sales_order(f"{label}-fat", CustomerNo="NOBODY")
    line = {"ItemCode": "LAMP-01", "QuantityOrdered": "1", "CommentText": FAT_TEXT}
    fat["document"]["lines"] = [line] * FAT_LINES
    assert agent.post(fat)[1]["status"] == "refused"
    size = log_size(agent)
    assert all(size > file.stat().st_size + HEADROOM_BYTES for file in agent.home.iterdir())


def log_size(agent: Agent) -> int:
    return (agent.folder / "journal.sqlite-wal").stat().st_size


@contextmanager
def disk_full_after(agent: Agent, frames: int) -> Iterator[None]:
    """Let the journal grow by so many pages and no further, as on a disk that is full then."""
    size = log_size(agent)
    unlimited = resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE)
    limit = (size + frames * WAL_FRAME_BYTES, unlimited[1])
    resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, limit)
    try:
        yield
    finally:
        resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, unlimited)


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=() if kind in OFTEN else pytest.mark.tier2) for kind in KINDS],
)
def test_a_disk_that_fills_up_at_any_page_of_the_journal_costs_no_document_and_doubles_none(
    agent: Agent, kind: str
) -> None:
    case = CASES[kind]
    said = []
    grow_journal(agent, kind)
    for frames in FRAMES_TO_TRY:
        label = short(kind, f"full-{frames}")
        command = case.command(agent, label)
        with disk_full_after(agent, frames):
            status, answer = agent.post(command)
        said.append((status, answer["status"]))
        assert case.count(agent.home, label) <= (0 if status == 503 else 1)
        assert settled(agent, command)["status"] == "entered"
        assert case.count(agent.home, label) == 1
        assert log_size(agent) < LOG_BYTES_MAX  # else it begins anew, and limits nothing
    assert said[0] == (503, "not_written")
    assert (202, "in_doubt") in said
    assert said[-1] == (200, "entered")


@pytest.mark.parametrize("kind", KINDS)
def test_a_reply_that_is_lost_is_given_again(agent: Agent, kind: str) -> None:
    label = short(kind, "unheard")
    command = CASES[kind].command(agent, label)
    body = json.dumps(command).encode()
    head = [f"POST /v1/commands HTTP/1.1\r\nHost: agent\r\nContent-Length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in signed("POST", "/v1/commands", body).items()]
    address = (urlsplit(agent.url).hostname, urlsplit(agent.url).port)
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
    assert settled(agent, command)["status"] == "entered"
    assert CASES[kind].count(agent.home, label) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_twins_at_one_moment_are_one_document_and_hear_the_same(agent: Agent, kind: str) -> None:
    label = short(kind, "twins")
    command = CASES[kind].command(agent, label)
    with ThreadPoolExecutor(TWINS) as pool:
        answers = list(pool.map(lambda _: agent.post(command), range(TWINS)))
    assert {status for status, _ in answers} == {200}
    assert {(answer["status"], answer["document_no"]) for _, answer in answers} == {
        ("entered", answers[0][1]["document_no"])
    }
    assert CASES[kind].count(agent.home, label) == 1
