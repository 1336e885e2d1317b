"""docker-compose.yaml is what the stack's tables make, and is a valid compose file."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tieout.stack import compose
from tieout.stack.components import Component, components
from tieout.stack.configuration import configure
from tieout.stack.environment import airflow_settings
from tieout.stack.secrets import StackSecrets, make

ROOT = Path(__file__).parents[2]
Services = dict[str, dict[str, Any]]
FILE = ROOT / "docker-compose.yaml"


@pytest.fixture(scope="module")
def services() -> Services:
    found: Services = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    return found


@pytest.fixture(scope="module")
def table() -> dict[str, Component]:
    return {one.name: one for one in components(configure(compose.HOME, environment={}), make())}


def test_the_file_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == compose.text(), "run: make compose"


def test_the_file_is_valid_by_the_compose_specification() -> None:
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", str(FILE)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout


def test_it_runs_every_process_of_the_stack_and_its_setup(
    services: Services, table: dict[str, Component]
) -> None:
    assert set(services) == {*table, "setup"}


def test_only_what_a_real_system_replaces_is_under_the_demo_profile(services: Services) -> None:
    assert {name for name, one in services.items() if one.get("profiles") == ["demo"]} == {
        "agent",
        "sage100",
        "shopify",
        "xero",
    }


@pytest.mark.parametrize("name", ["api-server", "scheduler", "dag-processor", "triggerer"])
def test_airflow_is_told_the_same_settings_as_in_the_stack(services: Services, name: str) -> None:
    known = set(airflow_settings(configure(compose.HOME, environment={}), make()))

    assert known <= set(services[name]["environment"])


def test_no_secret_stands_in_the_file(services: Services) -> None:
    given = json.dumps(services)

    assert all(f"TIEOUT_SECRET_{name.upper()}:?" in given for name in StackSecrets.model_fields)


def test_a_new_env_file_gives_every_secret_once() -> None:
    lines = compose.secrets_text().splitlines()

    assert [line.partition("=")[0] for line in lines] == [
        f"TIEOUT_SECRET_{name.upper()}" for name in StackSecrets.model_fields
    ]


def test_nothing_is_published_beyond_this_machine(services: Services) -> None:
    published = [port for one in services.values() for port in one.get("ports", [])]

    assert published == ["127.0.0.1:5406:5406", "127.0.0.1:5405:5405"]
