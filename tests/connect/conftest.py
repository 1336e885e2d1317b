"""A simulated Xero with a person who consents, an empty ledger, and the command line."""

import json
import threading
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.fernet import Fernet
from sqlalchemy import make_url

from processes import free_port, running
from tieout.cli.main import main
from tieout.ledger.tokens import KEY_SETTING
from world import INCLUDE

HARBOR = "xero_harbor_and_pine"
LOTUS = "xero_lotus_lane"
CLIENT = ("tieout-app", "xero-secret-app")
"""The simulator's app of all organizations."""
TIMEOUT_S = 30


@dataclass
class Desk:
    """Somebody at a command line, whose browser the simulated Xero answers."""

    base: str
    connections: Path
    callback_port: int
    opened: list[str] = field(default_factory=list)
    """The addresses that the browser was given."""

    def tieout(self, *arguments: str) -> int:
        """Run ``tieout connect xero`` and return its exit code."""
        places = ("--connections", str(self.connections), "--include", str(INCLUDE))
        port = ("--port", str(self.callback_port))
        return main(["connect", "xero", *arguments, *places, *port])

    def stored(self, connection_id: str) -> dict[str, Any]:
        """Return a connection as the file has it."""
        found: dict[str, Any] = json.loads(self.connections.read_text("utf-8"))[connection_id]
        return found

    def store(self, connection_id: str, **changes: Any) -> None:
        """Change a connection in the file."""
        known = json.loads(self.connections.read_text("utf-8"))
        kept = known.setdefault(connection_id, {"conn_type": "xero"})
        extra = {**kept.get("extra", {}), **changes.pop("extra", {})}
        known[connection_id] = {**kept, **changes, "extra": extra}
        self.connections.write_text(json.dumps(known), "utf-8")

    def as_web_app(self, connection_id: str = HARBOR) -> None:
        """Let a connection be the app of all organizations, which a person must consent to."""
        self.store(
            connection_id,
            login=CLIENT[0],
            password=CLIENT[1],
            extra={"grant_type": "authorization_code", "tenant_id": ""},
        )

    def disconnect_everything(self, redirect_uri: str) -> None:
        """Let the app of all organizations be connected to none."""
        query = {"response_type": "code", "client_id": CLIENT[0], "redirect_uri": redirect_uri}
        url = f"{self.base}/identity/connect/authorize"
        sent = requests.get(url, query, allow_redirects=False, timeout=TIMEOUT_S)
        code = parse_qs(urlsplit(sent.headers["location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        url = f"{self.base}/connect/token"
        token = requests.post(url, form, auth=CLIENT, timeout=TIMEOUT_S).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.base}/connections"
        for one in requests.get(url, headers=headers, timeout=TIMEOUT_S).json():
            requests.delete(f"{url}/{one['id']}", headers=headers, timeout=TIMEOUT_S)

    def control(self, path: str, body: object) -> None:
        """Use a control of the simulator."""
        requests.post(f"{self.base}/_{path}", json=body, timeout=TIMEOUT_S).raise_for_status()


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the simulated Xero."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    state = str(tmp_path_factory.mktemp("xero"))
    arguments = ["-m", "tieout.simulators.xero", "--port", str(port), "--state", state]
    with running([*arguments, "--minute-limit", "6000"], ready_url=f"{base}/_health"):
        yield base


@pytest.fixture
def desk(
    tmp_path: Path, simulated: str, emptied_ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setenv(KEY_SETTING, Fernet.generate_key().decode())
    made = Desk(simulated, tmp_path / "connections.json", free_port())
    made.connections.write_text(json.dumps(connections(simulated, emptied_ledger_url)), "utf-8")

    def browse(address: str) -> bool:
        made.opened.append(address)
        threading.Thread(target=requests.get, args=(address,), kwargs={"timeout": 30}).start()
        return True

    monkeypatch.setattr(webbrowser, "open", browse)
    uri = f"http://localhost:{made.callback_port}/callback"
    made.control("redirects", {"ClientID": CLIENT[0], "RedirectURI": uri})
    made.control("consent", {"Answer": "allow"})
    made.disconnect_everything(uri)
    return made


def connections(base: str, ledger_url: str) -> dict[str, Any]:
    """Return the ledger, and custom connections of the two organizations."""
    ledger = make_url(ledger_url)
    xero = {"base_url": base, "identity_url": base}
    pairs = ("harbor_and_pine", "lotus_lane")
    return {
        "tieout_ledger": {
            "conn_type": "postgres",
            "host": str(ledger.query.get("host") or ledger.host),
            "port": ledger.port,
            "login": ledger.username or "",
            "password": ledger.password or "",
            "schema": ledger.database,
        },
        **{
            f"xero_{pair}": {
                "conn_type": "xero",
                "login": f"tieout-{pair}",
                "password": f"xero-secret-{pair}",
                "extra": dict(xero),
            }
            for pair in pairs
        },
    }
