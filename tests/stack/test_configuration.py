"""Ports and folders of an installation, and what is said when they cannot be had."""

import socket
from pathlib import Path

import pytest

from tieout.errors import ConfigurationError
from tieout.stack.configuration import configure, refuse_taken_ports

HOME = Path("/srv/tieout")


def test_ports_follow_each_other_from_the_base_port() -> None:
    ports = configure(HOME, base_port=6000, environment={}).ports

    assert ports["postgres"] == 6000
    assert ports["airflow"] == 6006


def test_the_environment_sets_the_base_port_and_single_ports() -> None:
    told = {"TIEOUT_BASE_PORT": "6000", "TIEOUT_PORT_AIRFLOW": "8080"}

    ports = configure(HOME, environment=told).ports

    assert (ports["xero"], ports["airflow"]) == (6001, 8080)


def test_an_argument_wins_over_the_environment() -> None:
    ports = configure(HOME, ports={"xero": 7001}, environment={"TIEOUT_PORT_XERO": "7002"}).ports

    assert ports["xero"] == 7001


@pytest.mark.parametrize("text", ["port", "0", "65536", "-1"])
def test_what_is_no_port_is_refused_with_the_settings_name(text: str) -> None:
    with pytest.raises(ConfigurationError, match="TIEOUT_PORT_XERO"):
        configure(HOME, environment={"TIEOUT_PORT_XERO": text})


def test_an_unknown_name_of_a_port_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="receiver"):
        configure(HOME, ports={"mail": 25}, environment={})


def test_one_port_for_two_processes_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="TIEOUT_PORT_SHOPIFY"):
        configure(HOME, ports={"xero": 7000, "shopify": 7000}, environment={})


def test_a_taken_port_is_named_with_the_setting_that_moves_it() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        configuration = configure(HOME, ports={"receiver": taken}, environment={})

        with pytest.raises(ConfigurationError) as refusal:
            refuse_taken_ports(configuration)

    assert str(taken) in str(refusal.value)
    assert "TIEOUT_PORT_RECEIVER" in str(refusal.value)
