"""The Xero simulator as a process of its own, with its switches, and connectors to it."""

import json
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from processes import free_port, running
from tieout.connectors.xero.client import XeroClient
from tieout.connectors.xero.config import SCOPES, XeroConfig
from tieout.connectors.xero.connector import XeroConnector
from tieout.simulators.company import COMPANIES
from wire import SetClock

TENANT = str(COMPANIES["HPS"].xero_tenant_id)
PREFIX = "/api.xro/2.0/"
MORE_SCOPES = ("accounting.settings", "accounting.manualjournals", "accounting.attachments")
TIMEOUT_S = 5


class XeroSimulator:
    """One running simulator; no clock of it moves by itself slower or faster than the machine's."""

    def __init__(self, url: str) -> None:
        self.url = url

    def config(self, **changes: object) -> XeroConfig:
        given = {
            "client_id": "tieout-harbor_and_pine",
            "client_secret": "xero-secret-harbor_and_pine",
            "tenant_id": TENANT,
            "base_url": self.url,
            "identity_url": self.url,
            "scopes": (*SCOPES, *MORE_SCOPES),
            **changes,
        }
        return XeroConfig.model_validate(given)

    def client(self, clock: SetClock) -> XeroClient:
        return XeroClient(self.config(), clock=clock, sleep=clock.sleep)

    def connector(self, clock: SetClock, **changes: object) -> XeroConnector:
        return XeroConnector(self.config(**changes), clock=clock, sleep=clock.sleep)

    def arm(self, resource: str, **fault: object) -> None:
        """Let the next requests to a resource fail; see tieout.simulators.service."""
        self.call("POST", "/_faults", {"path": PREFIX + resource, **fault})

    def faults(self) -> list[dict[str, Any]]:
        """Return the armed faults with their hits."""
        armed: list[dict[str, Any]] = self.call("GET", "/_faults")
        return armed

    def disarm(self) -> None:
        self.call("DELETE", "/_faults")

    def put(self, resource: str, **members: object) -> Any:
        """Create or change a settings record, an item or a contact, whatever the rules say."""
        return self.call("POST", f"/_organisations/{TENANT}/{resource}", members)

    def overwrite(self, resource: str, record_id: str, **members: object) -> Any:
        """Change figures of a stored record, whatever the rules say."""
        return self.call("PUT", f"/_documents/{TENANT}/{resource}/{record_id}", members)

    def writes(self) -> dict[str, int]:
        """Return how many writes it took, by method and path."""
        by_path = self.call("GET", "/_calls").get(TENANT, {}).get("by_path", {})
        return {path: times for path, times in by_path.items() if not path.startswith("GET")}

    def reads(self) -> Counter[str]:
        """Return how many reads it took, by method and path."""
        by_path = self.call("GET", "/_calls").get(TENANT, {}).get("by_path", {})
        return Counter({path: no for path, no in by_path.items() if path.startswith("GET")})

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=content, method=method)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - loopback
            return json.loads(answer.read())


@contextmanager
def xero_simulator(state: Path, *arguments: str) -> Iterator[XeroSimulator]:
    """Run the simulator, unless told otherwise with no limit that a module of tests could reach."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = ["--port", str(port), "--state", str(state), "--minute-limit", "100000"]
    # Of an option that is given twice the last counts.
    command = ["-m", "tieout.simulators.xero", *options, "--day-limit", "100000", *arguments]
    with running(command, ready_url=f"{url}/_health"):
        yield XeroSimulator(url)
