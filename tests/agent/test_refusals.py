"""Who is not heard: requests that are forged, replayed, cut short, too large or no command."""

import json
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from agent.calls import KEY, Agent, customer, signed
from agent.test_writing import customers, select
from tieout.connectors.sage100.agent_client import AgentClient
from tieout.wiring.clock import SystemClock

PATH = "/v1/commands"
OTHER_KEY = "another key, as long as ours"
BODY_BYTES_MAX = 1_000_000


def body_of(command_id: str) -> bytes:
    return json.dumps(customer(command_id)).encode()


def sent_raw(agent: Agent, headers: dict[str, str], *parts: bytes) -> bytes:
    """Send a request by hand, part after part, and return what came back until the end."""
    host = urlsplit(agent.url).netloc
    lines = [f"POST {PATH} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    address = (urlsplit(agent.url).hostname, urlsplit(agent.url).port)
    received = b""
    with socket.create_connection(address, timeout=30) as connection, suppress(OSError):
        # The agent need not hear the rest of what it has refused, and may hang up.
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65536):
            received += piece
    return received


@pytest.mark.parametrize(
    ("name", "key", "age_s"),
    [
        ("forged", OTHER_KEY, 0),
        ("replayed", KEY, 301),
        ("from-the-future", KEY, -400),
        ("forged-and-old", OTHER_KEY, 301),
    ],
)
def test_a_forged_or_replayed_write_is_refused_and_writes_nothing(
    agent: Agent, name: str, key: str, age_s: float
) -> None:
    body = body_of(name)
    headers = signed("POST", PATH, body, key=key, age_s=age_s)
    status, answer = agent.call("POST", PATH, body, headers)
    assert (status, answer["error"]["cause"]) == (401, "unauthorized")
    assert agent.get(name)[0] == 404
    assert customers(agent.home, name) == 0


def test_the_very_same_request_within_the_window_is_answered_from_the_journal(
    agent: Agent,
) -> None:
    body = body_of("captured")
    headers = signed("POST", PATH, body)
    first = agent.call("POST", PATH, body, headers)
    counted = select(agent.home, "select count(*) from AR_Customer")
    replayed = agent.call("POST", PATH, body, headers)
    assert (first[0], first[1]["status"]) == (200, "entered")
    assert replayed == first
    assert select(agent.home, "select count(*) from AR_Customer") == counted


@pytest.mark.parametrize("changed", ["body", "path", "method", "timestamp"])
def test_a_signature_covers_every_part_of_its_request(agent: Agent, changed: str) -> None:
    body = body_of("covered")
    method, path = "POST", PATH
    headers = signed(method, path, body)
    if changed == "body":
        body = body.replace(b"London", b"Lisbon")
    elif changed == "path":
        path = "/v1/commands/covered"
        method = "GET"
        headers = signed(method, "/v1/commands/other", body)
    elif changed == "method":
        headers = signed("GET", path, body)
    else:
        headers["X-Tieout-Timestamp"] = str(int(headers["X-Tieout-Timestamp"]) + 1)
    assert agent.call(method, path, body, headers)[0] == 401
    assert customers(agent.home, "covered") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Tieout-Timestamp": "", "X-Tieout-Signature": ""},
        {"X-Tieout-Timestamp": "1e9", "X-Tieout-Signature": "00"},
        {"X-Tieout-Timestamp": "-5", "X-Tieout-Signature": "00"},
        {"X-Tieout-Timestamp": "9" * 30, "X-Tieout-Signature": "00"},
        {"X-Tieout-Timestamp": "1", "X-Tieout-Signature": "\xe4"},
    ],
)
def test_headers_that_say_nothing_are_refused(agent: Agent, headers: dict[str, str]) -> None:
    assert agent.call("POST", PATH, b"{}", headers)[0] == 401


def test_a_request_cut_short_writes_nothing(agent: Agent) -> None:
    body = body_of("cut-short")
    headers = {**signed("POST", PATH, body), "Content-Length": str(len(body))}
    received = sent_raw(agent, headers, body[: len(body) // 2])
    assert b" 200 " not in received
    assert agent.get("cut-short")[0] == 404
    assert customers(agent.home, "cut-short") == 0


def test_a_body_that_lost_its_end_on_the_way_is_refused(agent: Agent) -> None:
    body = body_of("lost-end")
    status, _ = agent.call("POST", PATH, body[:-1], signed("POST", PATH, body))
    assert status == 401


def test_a_body_that_is_too_large_is_refused_and_its_sender_told(agent: Agent) -> None:
    body = b" " * (BODY_BYTES_MAX + 1)
    status, answer = agent.call("POST", PATH, body)
    assert (status, answer["error"]["cause"]) == (413, "request entity too large")


def test_a_body_that_grows_too_large_is_refused(agent: Agent) -> None:
    headers = {**signed("POST", PATH, b""), "Transfer-Encoding": "chunked"}
    part = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    received = sent_raw(agent, headers, *([part] * 17), b"0\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("how", [{"Content-Length": "9000000"}, {"Transfer-Encoding": "chunked"}])
def test_what_is_larger_by_far_is_not_read_to_its_end(agent: Agent, how: dict[str, str]) -> None:
    part = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    received = sent_raw(agent, {**signed("POST", PATH, b""), **how}, *([part] * 8))
    assert received[:12] in {b"HTTP/1.1 413", b""}  # or hangs up on who does not listen


def test_a_command_that_is_too_large_is_a_refusal_of_one_record(agent: Agent) -> None:
    client = AgentClient(url=agent.url, key=SecretStr(KEY), clock=SystemClock())
    command = customer("too-large", CustomerName="x" * BODY_BYTES_MAX)
    answer = client.submit(command)
    assert answer.error is not None
    assert (answer.status, answer.error.cause) == ("refused", "request entity too large")
    assert agent.get("too-large")[0] == 404


def test_a_body_of_just_the_most_is_read(agent: Agent) -> None:
    body = b" " * (BODY_BYTES_MAX - 2) + b"{}"
    assert agent.call("POST", PATH, body)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe{\x00}\x00",
        b"[" * 200_000,
        b'{"command_id": "one", "command_id": "two"}',
        body_of("named-twice").replace(b'"City"', b'"ZipCode"'),
    ],
    ids=["empty", "list", "half", "utf-16", "deep", "named twice", "named twice inside"],
)
def test_a_signed_body_that_is_no_command_is_refused(agent: Agent, body: bytes) -> None:
    status, answer = agent.call("POST", PATH, body)
    assert (status, answer["error"]["cause"]) == (400, "bad request")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("command_id", ""),
        ("command_id", "two words"),
        ("command_id", "x" * 129),
        ("command_id", 7),
        ("company", None),
        ("company", "XXX"),
        ("document", []),
        ("epoch", -1),
        ("epoch", True),
        ("run", 7),
        ("run", "a run of many words"),
        ("surprise", 1),
    ],
)
def test_an_envelope_with_a_member_out_of_form_is_refused(
    agent: Agent, member: str, value: Any
) -> None:
    assert agent.post({**customer("in-form"), member: value})[0] == 400
    assert customers(agent.home, "in-form") == 0


def test_a_clock_that_is_off_by_less_than_the_window_is_heard(agent: Agent) -> None:
    body = body_of("clock-off")
    headers = signed("POST", PATH, body, age_s=280)
    assert agent.call("POST", PATH, body, headers)[0] == 200


def test_the_agent_is_well_after_all_of_it(agent: Agent) -> None:
    assert agent.process.poll() is None
    assert agent.post(customer("after-all"))[1]["status"] == "entered"
