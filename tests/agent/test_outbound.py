"""Outbound mode: real relay, real agent; the agent opens no port, and all promises hold as ever."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agent.calls import (
    KEY,
    agent_arguments,
    agent_environment,
    connected,
    customer,
    sales_order,
    signed,
)
from agent.test_writing import arm, customers, orders, select
from certificates import Certificate, new_certificate
from processes import free_port, running
from sage100_agent.app import Gate, create_app
from sage100_agent.journal import Journal
from sage100_agent.outbound import answered
from sage100_agent.reading import Readings
from tieout.connectors.sage100.agent_client import AgentClient
from tieout.errors import AuthenticationError, OutcomeUnknownError, UnavailableError
from tieout.simulators.sage100.control import NewBoiFault
from tieout.wiring.clock import SystemClock

NAME = "office"
PATH = f"/agents/{NAME}"
LISTENING = "0A"
HEARD_WITHIN_S = 30.0
OTHER_KEY = "another key, as long as ours"


@dataclass
class Meeting:
    """A relay, and an agent that asks it."""

    url: str
    """The agent's address at the relay."""
    relay: subprocess.Popen[bytes]
    agent: subprocess.Popen[bytes]
    home: Path
    sha256: str = ""

    def client(self, key: str = KEY) -> AgentClient:
        return AgentClient(
            url=self.url,
            key=SecretStr(key),
            clock=SystemClock(),
            certificate_sha256=self.sha256,
        )

    def call(self, path: str, body: bytes, **how: Any) -> tuple[int, Any]:
        """Send a request of the agent's own to the relay."""
        whole = f"{PATH}{path}"
        relay = connected(self.url)
        try:
            relay.request("POST", whole, body, signed("POST", whole, body, **how))
            answer = relay.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if content[:1] == b"{" else content
        finally:
            relay.close()

    def wait_until_heard(self) -> None:
        deadline_s = time.monotonic() + HEARD_WITHIN_S
        while time.monotonic() < deadline_s:
            try:
                self.client().command("nothing")
            except UnavailableError:
                time.sleep(0.1)
            else:
                return
        message = "the relay has not heard of the agent"
        raise TimeoutError(message)


@contextmanager
def running_relay(folder: Path, port: int, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / "relay.json"
    config.write_text(json.dumps({"agents": {NAME: {"key": KEY}}}))
    scheme = "https" if more else "http"
    arguments = ["-m", "tieout.web.relay", "--port", str(port), "--config", str(config), *more]
    ready = f"{scheme}://127.0.0.1:{port}/health"
    with running(arguments, ready_url=ready, env=agent_environment()) as process:
        yield process


@contextmanager
def running_outbound(home: Path, folder: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run an agent that asks; there is nothing to see from outside but that it is heard."""
    arguments = [sys.executable, *agent_arguments(home, folder), *more]
    process = subprocess.Popen(arguments, env={**os.environ, **agent_environment()})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def met(home: Path, folder: Path, certificate: Certificate | None = None) -> Iterator[Meeting]:
    with ExitStack() as stack:
        port = free_port()
        scheme = "https" if certificate else "http"
        url = f"{scheme}://127.0.0.1:{port}{PATH}"
        tls = certificate.arguments if certificate else ()
        pin = ("--relay-certificate-sha256", certificate.sha256) if certificate else ()
        relay = stack.enter_context(running_relay(folder, port, *tls))
        odbc = f"HPS:Driver=SQLite3;Database={home / 'MAS_HPS.sqlite'};"
        told = ("--relay-url", url, *pin, "--dsn", odbc)
        agent = stack.enter_context(running_outbound(home, folder, *told))
        meeting = Meeting(url, relay, agent, home, certificate.sha256 if certificate else "")
        meeting.wait_until_heard()
        yield meeting


@pytest.fixture(scope="module")
def meeting(seeded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    folder = tmp_path_factory.mktemp("outbound")
    shutil.copytree(seeded_home, folder / "home")
    with met(folder / "home", folder) as running_pair:
        yield running_pair


def listening_ports(pid: int) -> set[int]:
    """Return the TCP ports that a process listens on, as the kernel says."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    sockets = {link[8:-1] for link in links if link.startswith("socket:[")}
    ports = set()
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = row.split()
            if state == LISTENING and rest[5] in sockets:
                ports.add(int(local.rpartition(":")[2], 16))
    return ports


def test_the_agent_opens_no_port(meeting: Meeting) -> None:
    assert listening_ports(meeting.agent.pid) == set()
    assert len(listening_ports(meeting.relay.pid)) == 1


def test_a_command_goes_through_and_is_written_once(meeting: Meeting) -> None:
    client = meeting.client()
    first, again = client.submit(customer("through")), client.submit(customer("through"))
    assert (first.status, again) == ("entered", first)
    assert client.command("through") == first
    assert client.command("never-sent") is None
    assert customers(meeting.home, "through") == 1


def test_a_refusal_and_a_doubt_mean_what_they_mean_on_a_port(meeting: Meeting) -> None:
    client = meeting.client()
    refused = client.submit(customer("lower", CustomerNo="lower"))
    assert refused.error is not None
    assert refused.error.cause == "wrong_key_form"
    arm(meeting.home, NewBoiFault("drop_after_write", "SO_SalesOrder_bus"))
    with pytest.raises(OutcomeUnknownError):
        client.submit(sales_order("doubtful"))
    assert client.submit(sales_order("doubtful")).status == "entered"
    assert orders(meeting.home, "doubtful") == 1


def test_a_record_that_is_locked_is_not_written_and_taken_later(meeting: Meeting) -> None:
    client = meeting.client()
    arm(meeting.home, NewBoiFault("lock", "AR_Customer_bus", count=4))
    with pytest.raises(UnavailableError, match="wrote nothing"):
        client.submit(customer("locked"))
    assert client.submit(customer("locked")).status == "entered"


def test_a_reading_goes_through_whole(meeting: Meeting) -> None:
    asked = {
        "ask": "rows",
        "company": "HPS",
        "sql": "SELECT CustomerNo, ARDivisionNo FROM AR_Customer ORDER BY CustomerNo",
        "parameters": [],
        "rows_max": 1000,
    }
    answer = meeting.client().read("/v1/reading", json.dumps(asked).encode())
    lines = answer.body.splitlines()
    count = select(meeting.home, "select count(*) from AR_Customer")[0][0]
    assert json.loads(lines[-1]) == {"end": count}
    assert len(lines) == count + 1


def test_somebody_with_another_key_is_heard_by_nobody(meeting: Meeting) -> None:
    with pytest.raises(AuthenticationError):
        meeting.client(OTHER_KEY).submit(customer("forged"))
    assert meeting.client().command("forged") is None


POLL = {"nonce": "one-nonce", "protocol": 1, "version": "0"}


@pytest.mark.parametrize("path", ["/poll", "/answers/0"])
@pytest.mark.parametrize("how", [{"key": OTHER_KEY}, {"age_s": 301}, {"age_s": -400}])
def test_a_forged_or_stale_poll_or_answer_is_refused(
    meeting: Meeting, path: str, how: dict[str, Any]
) -> None:
    assert meeting.call(path, json.dumps(POLL).encode(), **how)[0] == 401


def test_a_poll_sent_again_is_given_nothing(meeting: Meeting) -> None:
    body = json.dumps({**POLL, "nonce": "sent-twice"}).encode()
    whole = f"{PATH}/poll"
    first = connected(meeting.url)
    first.request("POST", whole, body, signed("POST", whole, body))
    time.sleep(0.5)  # the relay keeps it open
    assert meeting.call("/poll", body)[0] == 409
    first.close()


def test_an_agent_of_another_protocol_is_told_to_update(meeting: Meeting) -> None:
    status, answer = meeting.call("/poll", json.dumps({**POLL, "protocol": 2}).encode())
    assert status == 426
    assert "protocol 2" in answer["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"nonce": 1}'])
def test_what_is_no_poll_is_refused(meeting: Meeting, body: bytes) -> None:
    assert meeting.call("/poll", body)[0] == 400


def test_an_answer_that_nobody_waits_for_is_refused(meeting: Meeting) -> None:
    assert meeting.call("/answers/none", b"{}\n")[0] == 410


def test_a_request_that_is_too_large_is_a_refusal_of_one_record(meeting: Meeting) -> None:
    assert meeting.call("/v1/commands", b" " * 1_000_001)[0] == 413
    answer = meeting.client().submit(customer("large", CustomerName="x" * 2_000_000))
    assert answer.error is not None
    assert (answer.status, answer.error.cause) == ("refused", "request entity too large")


def test_an_unknown_agent_is_like_a_wrong_key(meeting: Meeting) -> None:
    client = AgentClient(
        url=meeting.url.replace(NAME, "nobody"), key=SecretStr(KEY), clock=SystemClock()
    )
    with pytest.raises(AuthenticationError):
        client.command("any")


def test_a_relay_cannot_command_an_agent_by_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    app = create_app(Gate(KEY.encode(), journal, {}, Readings({})))
    body = json.dumps(customer("by-the-relay")).encode()
    path = f"{PATH}/v1/commands"
    said = {}
    for name, headers in {
        "signed": signed("POST", path, body),
        "forged": signed("POST", path, body, key=OTHER_KEY),
        "other path": signed("POST", "/agents/other/v1/commands", body),
        "stale": signed("POST", path, body, age_s=301),
    }.items():
        head = {"method": "POST", "path": path, "headers": headers}
        answer = asyncio.run(answered(app, PATH, json.dumps(head).encode() + b"\n" + body))
        said[name] = json.loads(answer.partition(b"\n")[0])["status"]
    journal.close()
    assert said == {"signed": 400, "forged": 401, "other path": 401, "stale": 401}


def test_an_agent_that_is_away_has_certainly_written_nothing(tmp_path: Path) -> None:
    port = free_port()
    with running_relay(tmp_path, port) as relay:
        meeting = Meeting(f"http://127.0.0.1:{port}{PATH}", relay, relay, tmp_path)
        with pytest.raises(UnavailableError, match="not been heard of"):
            meeting.client().submit(customer("away"))


def test_a_relay_that_dies_with_the_answer_leaves_a_doubt_that_the_next_one_settles(
    home: Path, tmp_path: Path
) -> None:
    with met(home, tmp_path) as meeting:
        body = json.dumps(customer("unheard")).encode()
        whole = f"{PATH}/v1/commands"
        caller = connected(meeting.url)
        caller.request("POST", whole, body, signed("POST", whole, body))
        while not customers(home, "unheard"):
            time.sleep(0.01)
        meeting.relay.kill()
        meeting.relay.wait()
        caller.close()
        port = int(meeting.url.split(":")[2].split("/")[0])
        with running_relay(tmp_path, port):
            meeting.wait_until_heard()
            assert meeting.client().submit(customer("unheard")).status == "entered"
    assert customers(home, "unheard") == 1


def test_both_sides_know_the_relay_by_its_certificate(home: Path, tmp_path: Path) -> None:
    certificate = new_certificate(tmp_path, "relay")
    with met(home, tmp_path, certificate) as meeting:
        assert meeting.client().submit(customer("by-tls")).status == "entered"


def test_an_agent_asks_no_relay_that_shows_another_certificate(home: Path, tmp_path: Path) -> None:
    shown, other = new_certificate(tmp_path, "shown"), new_certificate(tmp_path, "other")
    port = free_port()
    with running_relay(tmp_path, port, *shown.arguments) as relay:
        url = f"https://127.0.0.1:{port}{PATH}"
        told = ("--relay-url", url, "--relay-certificate-sha256", other.sha256)
        with running_outbound(home, tmp_path, *told) as agent:
            meeting = Meeting(url, relay, agent, home, shown.sha256)
            time.sleep(2)
            with pytest.raises(UnavailableError, match="since the relay began"):
                meeting.client().submit(customer("wrong-relay"))
            assert agent.poll() is None
