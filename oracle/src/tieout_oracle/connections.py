"""The connections file and the pairs file, read without Tieout's settings."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Connection:
    """One connection, with the fields of an Airflow connection that are needed here."""

    host: str = ""
    port: int | None = None
    login: str = ""
    password: str = ""
    database: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a member of ``extra`` as text, '' when it is not there."""
        return str(self.extra.get(name, ""))


@dataclass(frozen=True)
class PairOfSystems:
    """What identifies one pair: its systems, its currency and how its documents are numbered."""

    pair: str
    currency: str
    xero: Connection
    sage100: Connection
    shops: dict[str, Connection]
    prefixes: tuple[str, ...]


def read_connections(path: Path) -> dict[str, Connection]:
    """Read the connections file: ids to Airflow connection objects."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: Connection(
            host=one.get("host") or "",
            port=one.get("port"),
            login=one.get("login") or "",
            password=one.get("password") or "",
            database=one.get("schema") or "",
            extra=one.get("extra") or {},
        )
        for name, one in stored.items()
    }


def read_pairs(path: Path, connections: dict[str, Connection]) -> list[PairOfSystems]:
    """Read include/pairs.yaml."""
    pairs = yaml.safe_load(path.read_text(encoding="utf-8"))["pairs"]
    return [
        PairOfSystems(
            pair=name,
            currency=one["currency"],
            xero=connections[one["xero_connection"]],
            sage100=connections[one["sage100_connection"]],
            shops={shop["domain"]: connections[shop["connection"]] for shop in one["shops"]},
            prefixes=tuple(shop["invoice_prefix"] for shop in one["shops"]),
        )
        for name, one in pairs.items()
    ]
