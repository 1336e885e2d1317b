"""Passwords and keys of one installation: made once, kept in a file that only its owner can read.

The simulators' client secrets are fixed and public (docs/reference/settings.md) and are not here.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from tieout.domain.base import Frozen

SECRETS_FILE = "secrets.json"
KEY_BYTES = 32
UI_PASSWORD_BYTES = 12


class StackSecrets(Frozen):
    """What one installation must keep to itself."""

    postgres_password: str
    airflow_database_password: str
    tieout_database_password: str
    receiver_database_password: str
    fernet_key: str
    api_secret_key: str
    jwt_secret: str
    agent_key: str
    ui_password: str


def load_or_create(home: Path, environment: Mapping[str, str] | None = None) -> StackSecrets:
    """Return the installation's secrets: from the environment if it has all, else from their file.

    The file is made the first time. docker-compose.yaml gives them in the environment.
    """
    given = os.environ if environment is None else environment
    settings = {name: secret_setting(name) for name in StackSecrets.model_fields}
    if all(given.get(setting) for setting in settings.values()):
        return StackSecrets(**{name: given[setting] for name, setting in settings.items()})
    path = home / SECRETS_FILE
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    # A newer version may know one more; what is in use stays.
    complete = StackSecrets.model_validate({**make().model_dump(), **kept})
    if complete.model_dump() != kept:
        write_private(path, complete.model_dump_json(indent=2) + "\n")
    return complete


def make() -> StackSecrets:
    """Return new secrets."""
    fernet_key = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")
    others = {
        name: secrets.token_urlsafe(UI_PASSWORD_BYTES if name == "ui_password" else KEY_BYTES)
        for name in StackSecrets.model_fields
        if name != "fernet_key"
    }
    return StackSecrets(fernet_key=fernet_key, **others)


def kept_fernet_key(home: Path) -> str:
    """Return the key that the installation in this folder made for itself; '' if it has none."""
    path = home / SECRETS_FILE
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return str(kept.get("fernet_key", ""))


def secret_setting(name: str) -> str:
    """Return the environment variable that gives one secret."""
    return f"TIEOUT_SECRET_{name.upper()}"


def replace_private(path: Path, text: str) -> None:
    """Put a new private file in the place of an old one, all of it or nothing."""
    new = path.with_name(f"{path.name}.new")
    write_private(new, text)
    new.replace(path)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
