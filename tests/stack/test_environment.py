"""What Airflow's processes are told: settings that exist, connections in Airflow's own form."""

import importlib.util
import json
from pathlib import Path

import pytest
import yaml

from tieout.connectors.xero.targets.base import KEY_WINDOW_S
from tieout.settings import load_pairs
from tieout.stack import environment
from tieout.stack.configuration import StackConfiguration, checkout, configure
from tieout.stack.secrets import make
from tieout.wiring.connections import (
    ConnectionSettings,
    sage100_config,
    shopify_config,
    xero_config,
)


@pytest.fixture
def configuration(tmp_path: Path) -> StackConfiguration:
    return configure(tmp_path, environment={})


def test_every_setting_is_one_that_this_airflow_knows(configuration: StackConfiguration) -> None:
    airflow = importlib.util.find_spec("airflow")
    assert airflow is not None
    assert airflow.submodule_search_locations is not None
    folder = Path(airflow.submodule_search_locations[0])
    known = {
        f"AIRFLOW__{section}__{option}".upper()
        for section, described in yaml.safe_load(
            (folder / "config_templates/config.yml").read_text(encoding="utf-8")
        ).items()
        for option in described["options"]
    }

    told = set(environment.airflow_settings(configuration, make())) - {"AIRFLOW_HOME"}

    assert told - known == set()


def test_every_connection_that_a_pair_names_is_there_and_can_be_read(
    configuration: StackConfiguration,
) -> None:
    told = environment.airflow_connections(configuration, make())
    connections = {
        name.removeprefix("AIRFLOW_CONN_").lower(): ConnectionSettings.model_validate_json(value)
        for name, value in told.items()
    }

    for pair in load_pairs(checkout() / "include").values():
        assert xero_config(connections[pair.xero_connection]).tenant_id
        assert sage100_config(connections[pair.sage100_connection], pair).agent_url
        assert [
            shopify_config(connections[shop.connection]).shop_domain for shop in pair.shops
        ] == [shop.domain for shop in pair.shops]


def test_the_ledger_is_not_the_database_of_airflow(configuration: StackConfiguration) -> None:
    told = environment.airflow_environment(configuration, make())

    assert json.loads(told["AIRFLOW_CONN_TIEOUT_LEDGER"])["schema"] == "tieout"
    assert told["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].endswith("/airflow")


def test_another_airflow_in_our_own_environment_is_not_inherited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", "/elsewhere")

    assert "AIRFLOW__CORE__DAGS_FOLDER" not in environment.inherited_environment()


def test_a_setting_of_airflow_can_be_changed_for_one_installation(
    configuration: StackConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_AIRFLOW__CORE__PARALLELISM", "9")

    assert (
        environment.airflow_environment(configuration, make())["AIRFLOW__CORE__PARALLELISM"] == "9"
    )


def test_a_connection_can_be_replaced_for_one_installation(
    configuration: StackConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_AIRFLOW_CONN_TIEOUT_LEDGER", '{"conn_type": "postgres"}')

    told = environment.airflow_environment(configuration, make())

    assert json.loads(told["AIRFLOW_CONN_TIEOUT_LEDGER"]) == {"conn_type": "postgres"}


def test_a_lost_task_is_tried_again_while_xero_still_knows_its_keys(
    configuration: StackConfiguration,
) -> None:
    told = environment.airflow_environment(configuration, make())
    silence_s = int(told["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"])

    assert silence_s <= KEY_WINDOW_S / 2
