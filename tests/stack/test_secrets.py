"""Secrets are made once, kept private, and may come from the environment instead."""

import json
import stat
from pathlib import Path

from tieout.stack.secrets import SECRETS_FILE, StackSecrets, load_or_create, make, secret_setting


def test_secrets_stay_the_same_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    made = load_or_create(tmp_path, {})

    assert load_or_create(tmp_path, {}) == made
    assert stat.S_IMODE((tmp_path / SECRETS_FILE).stat().st_mode) == 0o600


def test_two_installations_share_no_secret() -> None:
    assert set(make().model_dump().values()).isdisjoint(make().model_dump().values())


def test_a_secret_that_a_newer_version_knows_is_added_to_the_file(tmp_path: Path) -> None:
    made = load_or_create(tmp_path, {}).model_dump()
    older = {name: value for name, value in made.items() if name != "agent_key"}
    (tmp_path / SECRETS_FILE).write_text(json.dumps(older), encoding="utf-8")

    completed = load_or_create(tmp_path, {}).model_dump()

    assert completed["agent_key"]
    assert {**completed, "agent_key": ""} == {**made, "agent_key": ""}


def test_the_environment_gives_all_secrets_without_a_file(tmp_path: Path) -> None:
    told = {secret_setting(name): f"given-{name}" for name in StackSecrets.model_fields}

    given = load_or_create(tmp_path, told)

    assert given.agent_key == "given-agent_key"
    assert list(tmp_path.iterdir()) == []
