"""Handshake and heartbeat: who the agent is, whether it fits, and when Sage is left alone."""

import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from agent.calls import KEY, Agent, customer
from agent.test_writing import customers
from sage100_agent import PROTOCOL, VERSION
from sage100_agent.maintenance import SWITCH_RETRY_S, Maintenance, window
from sage100_agent.writers.catalog import WRITERS
from tieout.cli.main import main
from tieout.connectors.sage100 import heartbeat as ours
from tieout.connectors.sage100.agent_client import AgentClient
from tieout.connectors.sage100.targets.table import TARGETS
from tieout.errors import ConfigurationError, UnavailableError
from tieout.web import relay
from tieout.wiring.clock import SystemClock

AGENT = Path(__file__).parents[2] / "sage100_agent"
INCLUDE = Path(__file__).parents[2] / "include"


def client(agent: Agent) -> AgentClient:
    return AgentClient(url=agent.url, key=SecretStr(KEY), clock=SystemClock())


@contextmanager
def maintenance(agent: Agent) -> Iterator[None]:
    switch = agent.folder / "maintenance"
    switch.touch()
    try:
        yield
    finally:
        switch.unlink()


def test_all_sides_speak_one_protocol_and_the_version_is_the_distributions() -> None:
    told = tomllib.loads((AGENT / "pyproject.toml").read_text())
    assert told["project"]["version"] == VERSION
    assert PROTOCOL == ours.PROTOCOL == relay.PROTOCOL


def test_a_heartbeat_says_who_and_how_the_agent_is(agent: Agent) -> None:
    agent.post(customer("alive"))
    heard = client(agent).heartbeat()
    assert (heard.status, heard.version, heard.protocol) == ("ok", VERSION, PROTOCOL)
    assert heard.kinds == set(WRITERS)
    assert heard.companies["HPS"].is_alive
    assert heard.companies["HPS"].has_session
    assert heard.described() == f"ok: version {VERSION}, protocol {PROTOCOL}, 0 queued, 0 in doubt"


def test_a_heartbeat_is_for_who_has_the_key(agent: Agent) -> None:
    assert agent.call("GET", "/v1/heartbeat", b"", {"X": "y"})[0] == 401


def test_an_agent_that_fits_has_no_problems_and_others_have_remedies(agent: Agent) -> None:
    heard = client(agent).heartbeat()
    kinds = {target.kind for target in TARGETS.values()}
    assert heard.problems("HPS", kinds) == []
    older = heard.model_copy(update={"protocol": 0, "kinds": heard.kinds - {"customer.create"}})
    assert older.problems("XYZ", kinds) == [
        f"it speaks protocol 0, Tieout {PROTOCOL}: update the older of the two",
        "it does not write customer.create: update the agent",
        "it does not serve XYZ: start it with --company XYZ:...",
    ]


@pytest.mark.parametrize("path", ["/v2/commands", "/v0/heartbeat", "/v17/commands/one"])
def test_another_protocol_is_told_to_update(agent: Agent, path: str) -> None:
    status, answer = agent.call("GET", path, b"")
    assert status == 426
    assert "update the older of Tieout and the agent" in answer["error"]["message"]


def test_a_kind_that_the_agent_does_not_write_stops_the_flow_and_not_the_record(
    agent: Agent,
) -> None:
    newer = {**customer("newer"), "kind": "customer.delete"}
    with pytest.raises(ConfigurationError, match=r"customer\.delete.*update"):
        client(agent).submit(newer)
    assert agent.get("newer")[0] == 404


def test_during_maintenance_nothing_is_written_or_read_and_no_session_is_open(
    agent: Agent,
) -> None:
    agent.post(customer("before"))
    with maintenance(agent):
        with pytest.raises(UnavailableError, match="maintenance") as refused:
            client(agent).submit(customer("during"))
        heard = client(agent).heartbeat()
        assert agent.call("GET", "/v1/health", b"")[1]["status"] == "maintenance"
        assert agent.call("POST", "/v1/reading", b"{}")[0] == 503
        assert agent.get("before")[1]["status"] == "entered"
        assert customers(agent.home, "during") == 0
    assert refused.value.retry_after_s == SWITCH_RETRY_S
    assert (heard.status, heard.closed_for_s) == ("maintenance", SWITCH_RETRY_S)
    assert not heard.companies["HPS"].has_session
    assert agent.post(customer("during"))[1]["status"] == "entered"
    assert customers(agent.home, "during") == 1


def at(clock: str) -> datetime:
    hour, minute = clock.split(":")
    return datetime(2026, 11, 26, int(hour), int(minute), tzinfo=UTC)


@pytest.mark.parametrize(
    ("windows", "clock", "remaining_s"),
    [
        (["22:00-23:30"], "21:59", None),
        (["22:00-23:30"], "22:00", 5400),
        (["22:00-23:30"], "23:29", 60),
        (["22:00-23:30"], "23:30", None),
        (["23:00-01:00"], "23:30", 5400),
        (["23:00-01:00"], "00:30", 1800),
        (["23:00-01:00"], "01:00", None),
        (["22:00-23:30", "23:00-23:45"], "23:15", 1800),
        ([], "12:00", None),
    ],
)
def test_a_window_lasts_until_its_end_over_midnight_too(
    windows: list[str], clock: str, remaining_s: float | None
) -> None:
    kept = Maintenance(tuple(window(text) for text in windows))
    assert kept.remaining_s(at(clock)) == remaining_s


@pytest.mark.parametrize("text", ["", "22-23", "24:00-01:00", "22:00-22:00", "22:60-23:00"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no window"):
        window(text)


def connections(agent: Agent, folder: Path, key: str) -> Path:
    sage100 = {"conn_type": "sage100", "password": key, "extra": {"agent_url": agent.url}}
    path = folder / "connections.json"
    names = ("sage100_harbor_and_pine", "sage100_lotus_lane")
    path.write_text(json.dumps(dict.fromkeys(names, sage100)))
    return path


@pytest.mark.parametrize(("key", "code", "said"), [(KEY, 0, "ok: version"), ("x", 1, "not heard")])
def test_the_command_line_asks_every_pairs_agent(
    agent: Agent,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    key: str,
    code: int,
    said: str,
) -> None:
    path = connections(agent, tmp_path, key)
    found = main(["agents", "--connections", str(path), "--include", str(INCLUDE)])
    printed = capsys.readouterr().out
    assert (found, printed.count(said)) == (code, 2)
