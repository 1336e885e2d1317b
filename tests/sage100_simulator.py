"""The Sage 100 simulator with its agent, each a process of its own, and connectors to them."""

import http.client
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from agent.calls import KEY, running_agent
from processes import free_port, running
from sage100_sites import RealClock, connected
from tieout.connectors.sage100.catalog import TABLES
from tieout.connectors.sage100.config import Sage100Config
from tieout.connectors.sage100.connector import Sage100Connector
from tieout.connectors.sage100.own_fields import Named
from tieout.simulators.company import COMPANIES


def today() -> date:
    """Return the day at HPS, which its Sage stamps rows with."""
    return RealClock().now().astimezone(ZoneInfo(COMPANIES["HPS"].time_zone)).date()


@dataclass
class Sage:
    """One running Sage 100 with its agent."""

    home: Path
    url: str
    agent_url: str
    statements: list[str] = field(default_factory=list)
    """What its connectors asked by ODBC."""

    def do(self, act: str, body: object) -> Any:
        """Let the people of HPS act."""
        return self.control(f"/_people/HPS/{act}", body)

    def control(self, path: str, body: object) -> Any:
        """Call a control of the simulator."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            connection.request("POST", path, json.dumps(body))
            answer = connection.getresponse()
            assert answer.status == 200
            return json.loads(answer.read())
        finally:
            connection.close()

    def connector(self, own_fields: Callable[[], Named] = dict, **changes: Any) -> Sage100Connector:
        """Return a connector to HPS."""
        config = {
            "company": "HPS",
            "agent_url": self.agent_url,
            "agent_key": SecretStr(KEY),
            **changes,
        }
        return Sage100Connector(
            Sage100Config.model_validate(config),
            connect=self.connect,
            clock=RealClock(),
            own_fields=own_fields,
        )

    def relayed(self) -> Sage100Connector:
        """Return a connector to HPS that the agent reads for."""
        config = Sage100Config(company="HPS", agent_url=self.agent_url, agent_key=SecretStr(KEY))
        return Sage100Connector(config, connect=None, clock=RealClock())

    def connect(self) -> Any:
        """Open HPS through ODBC."""
        return Recorded(connected(odbc(self.home)), self.statements)

    def read(self) -> dict[str, set[str]]:
        """Return the columns that were asked for, by table."""
        found: dict[str, set[str]] = {}
        for statement in self.statements:
            table = statement.partition(" FROM ")[2].partition(" ")[0]
            words = set(re.findall(r"\w+", re.sub(r"'[^']*'", "", statement)))
            found.setdefault(table, set()).update(words & TABLES[table].columns.keys())
        return found


@dataclass
class Recorded:
    """A connection, or a cursor of it, that keeps the statements."""

    inner: Any
    statements: list[str]

    def cursor(self) -> "Recorded":
        return Recorded(self.inner.cursor(), self.statements)

    def execute(self, statement: str, *parameters: Any) -> None:
        self.statements.append(statement)
        self.inner.execute(statement, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def odbc(home: Path) -> str:
    """Return the connection string of HPS."""
    return f"Driver=SQLite3;Database={home / 'MAS_HPS.sqlite'};Timeout=10000;"


@contextmanager
def sage100(folder: Path) -> Iterator[Sage]:
    """Run Sage 100 and its agent, with their files in ``folder``."""
    home = folder / "home"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ["-m", "tieout.simulators.sage100", "--port", str(port), "--state", str(home)]
    with (
        running(arguments, ready_url=f"{url}/_health"),
        running_agent(
            home, folder, "--dsn", f"HPS:{odbc(home)}", "--odbc-encoding", "utf-8"
        ) as agent,
    ):
        yield Sage(home, url, agent.url)
