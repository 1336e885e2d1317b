"""One world for each module, with a fault proxy before each of the three systems."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from faults.proxy import FaultProxy, proxying
from tieout.wiring.installation import open_tieout
from world import INCLUDE, World, fresh_world

XERO, SHOPIFY, AGENT = "xero", "shopify", "agent"
ADDRESSES = ("base_url", "identity_url", "agent_url")


@dataclass(frozen=True)
class ProxiedWorld:
    """A world whose Tieout reaches the systems through the proxies; the oracle reads directly."""

    world: World
    proxies: dict[str, FaultProxy]


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[ProxiedWorld]:
    """Simulators, agent, an empty ledger, and the proxies between them and Tieout."""
    folder = tmp_path_factory.mktemp("proxied")
    with ExitStack() as stack:
        direct = stack.enter_context(fresh_world(folder, postgres_url))
        urls = {name: direct.configuration.url(name) for name in (XERO, SHOPIFY, AGENT)}
        proxies = {name: stack.enter_context(proxying(url)) for name, url in urls.items()}
        connections = folder / "proxied.json"
        connections.write_text(
            json.dumps(_through(proxies, urls, direct.configuration.connections)), "utf-8"
        )
        tieout = open_tieout(connections, INCLUDE)
        stack.callback(tieout.ledger.close)
        yield ProxiedWorld(replace(direct, tieout=tieout), proxies)


def _through(
    proxies: dict[str, FaultProxy], urls: dict[str, str], connections: Path
) -> dict[str, object]:
    """Return the connections with the proxies' addresses in the place of the systems'."""
    stored = json.loads(connections.read_text("utf-8"))
    for connection in stored.values():
        extra = connection.get("extra", {})
        for member in ADDRESSES:
            for name, url in urls.items():
                if str(extra.get(member, "")).startswith(url):
                    extra[member] = extra[member].replace(url, proxies[name].url)
    return stored
