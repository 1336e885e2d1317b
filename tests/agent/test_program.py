"""The program as a service runs it: told by a file, stopped from outside, with a clear log."""

import http.client
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.calls import KEY, Agent, agent_arguments, customer, running_agent, sales_order
from agent.test_writing import arm
from processes import free_port
from sage100_agent.arguments import parse_arguments
from sage100_agent.program import Program
from tieout.simulators.sage100.control import NewBoiFault

STARTS_WITHIN_S = 30.0
STOPS_WITHIN_S = 30.0


def arguments_file(home: Path, folder: Path, *more: str) -> str:
    """Write the arguments as the service reads them, one a line."""
    path = folder / "agent.args"
    path.write_text("\n".join([*agent_arguments(home, folder)[2:], *more]) + "\n")
    return f"@{path}"


@contextmanager
def running_program(program: Program) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=program.run)
    thread.start()
    try:
        yield thread
    finally:
        program.stop()
        thread.join(STOPS_WITHIN_S)


def is_answering(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/v1/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_a_program_told_by_a_file_serves_until_another_thread_stops_it(
    home: Path, tmp_path: Path
) -> None:
    port = free_port()
    told = arguments_file(home, tmp_path, "--port", str(port))
    program = Program(parse_arguments([told]))
    with running_program(program) as thread:
        deadline_s = time.monotonic() + STARTS_WITHIN_S
        while not is_answering(port) and time.monotonic() < deadline_s:
            time.sleep(0.05)
        assert is_answering(port)
    assert not thread.is_alive()
    assert not is_answering(port)


def test_a_program_without_a_port_is_stopped_too_though_its_relay_is_away(
    home: Path, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{free_port()}/agents/office"
    program = Program(parse_arguments([arguments_file(home, tmp_path, "--relay-url", url)]))
    with running_program(program) as thread:
        assert thread.is_alive()
    assert not thread.is_alive()


@pytest.mark.parametrize(
    "more",
    [
        [],
        ["--port", "8443", "--relay-url", "https://relay/agents/a"],
        ["--relay-url", "http://relay/agents/a"],
        ["--port", "8443", "--host", "0.0.0.0"],  # noqa: S104 - refused, is what is tested
        ["--port", "8443", "--maintenance", "22-23"],
    ],
    ids=["no face", "two faces", "a relay in the clear", "a port in the clear", "no window"],
)
def test_arguments_that_do_not_go_together_are_refused(
    home: Path, tmp_path: Path, more: list[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_arguments([arguments_file(home, tmp_path, *more)])


def test_a_short_key_is_none(home: Path, tmp_path: Path) -> None:
    given = parse_arguments([arguments_file(home, tmp_path, "--port", "8443")])
    (tmp_path / "agent.key").write_text("short")
    with pytest.raises(SystemExit, match="at least 16"):
        Program(given)


def troubled(agent: Agent) -> None:
    """Send what is written, refused by both sides, locked, lost and in doubt."""
    agent.post(customer("written"))
    agent.post(customer("refused-here", CustomerName="Š-SECRET"))
    agent.post(sales_order("refused-there", CustomerNo="SECRETNO"))
    arm(agent.home, NewBoiFault("lock", "AR_Customer_bus", count=9))
    agent.post(customer("locked"))
    arm(agent.home, NewBoiFault("com_error", "SO_SalesOrder_bus"))
    agent.post(sales_order("lost"))
    arm(agent.home, NewBoiFault("drop_after_write", "SO_SalesOrder_bus"))
    agent.post(sales_order("doubtful"))
    agent.post(sales_order("doubtful"))
    agent.call("POST", "/v1/commands", b'{"SECRET": 1}')


def test_the_log_names_every_command_and_nothing_of_a_record(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "agent.log"
    with running_agent(home, tmp_path, "--log", str(log)) as agent:
        troubled(agent)
    text = log.read_text()
    for command_id in ("written", "refused-here", "refused-there", "locked", "lost", "doubtful"):
        assert f"command={command_id} " in text
    contents = ("Ada", "Lovelace", "ada@example.com", "St James", "SECRET", "LAMP", "110.13", KEY)
    assert [one for one in contents if one in text] == []
    assert logging.getLevelName(logging.CRITICAL) not in text
