"""Tieout talks to the holder of the certificate that the connection names, and to nobody else."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from agent.calls import KEY, Agent, customer, running_agent
from agent.test_writing import customers
from certificates import Certificate, new_certificate
from processes import free_port
from tieout.connectors.sage100.agent_client import AgentClient
from tieout.connectors.sage100.config import Sage100Config
from tieout.errors import ConfigurationError, UnavailableError
from tieout.wiring.clock import SystemClock


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return new_certificate(tmp_path_factory.mktemp("ours"), "agent")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return new_certificate(tmp_path_factory.mktemp("other"), "agent")


@pytest.fixture(scope="module")
def agent(
    seeded_home: Path, tmp_path_factory: pytest.TempPathFactory, ours: Certificate
) -> Iterator[Agent]:
    folder = tmp_path_factory.mktemp("agent")
    shutil.copytree(seeded_home, folder / "home")
    with running_agent(folder / "home", folder, *ours.arguments) as running:
        yield running


def client(url: str, certificate_sha256: str) -> AgentClient:
    return AgentClient(
        url=url,
        key=SecretStr(KEY),
        clock=SystemClock(),
        certificate_sha256=certificate_sha256,
    )


def test_the_right_certificate_is_talked_to_though_nobody_signed_it(
    agent: Agent, ours: Certificate
) -> None:
    answer = client(agent.url, ours.sha256).submit(customer("pinned"))
    assert answer.status == "entered"
    assert customers(agent.home, "pinned") == 1


@pytest.mark.parametrize("pin", ["other", "none"])
def test_another_certificate_is_sent_nothing(agent: Agent, other: Certificate, pin: str) -> None:
    sha256 = other.sha256 if pin == "other" else ""
    with pytest.raises(ConfigurationError, match="not trusted"):
        client(agent.url, sha256).submit(customer("not-pinned"))
    assert agent.get("not-pinned")[0] == 404


def test_a_read_of_another_certificate_is_not_tried_again(agent: Agent, other: Certificate) -> None:
    with pytest.raises(ConfigurationError, match="not trusted"):
        client(agent.url, other.sha256).command("pinned")


def test_a_pinned_agent_is_not_talked_to_in_the_clear(ours: Certificate) -> None:
    port = free_port()
    with pytest.raises(ConfigurationError, match="no usable address"):
        client(f"http://127.0.0.1:{port}", ours.sha256).submit(customer("clear"))


def test_an_agent_that_is_away_is_away_whatever_is_pinned(ours: Certificate) -> None:
    port = free_port()
    with pytest.raises(UnavailableError, match="could not be reached"):
        client(f"https://127.0.0.1:{port}", ours.sha256).submit(customer("away"))


def config(given: str) -> Sage100Config:
    return Sage100Config(
        company="HPS",
        agent_url="https://agent",
        agent_key=SecretStr(KEY),
        agent_certificate_sha256=given,
    )


def test_a_fingerprint_is_taken_in_the_forms_in_which_tools_print_it(ours: Certificate) -> None:
    plain = ours.sha256
    pairs = [plain[at : at + 2] for at in range(0, 64, 2)]
    for given in (plain, plain.upper(), ":".join(pairs), " ".join(pairs).upper()):
        assert config(given).agent_certificate_sha256 == plain
    assert config("").agent_certificate_sha256 == ""


@pytest.mark.parametrize("given", ["ab" * 20, "zz" * 32, "sha256//" + "A" * 44])
def test_what_is_no_sha256_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="64 hexadecimal digits"):
        config(given)
