"""``tieout connect sage100`` and Airflow's *Test*, by both routes, on the simulated Sage 100."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from agent.calls import KEY, running_agent
from tieout.cli.main import main
from tieout.connectors.sage100.needs import NEEDS
from tieout.provider.sage100_hook import Sage100Hook
from tieout.simulators.sage100.seed import create_companies
from world import INCLUDE

PAIR = "harbor_and_pine"
ROUTES = ("direct", "relayed")


@dataclass
class Place:
    """A seeded company, an agent that reads it, and connections by either route."""

    folder: Path
    agent_url: str

    @property
    def company(self) -> Path:
        """The file of the company's tables."""
        return self.folder / "MAS_HPS.sqlite"

    def fields(self, route: str) -> dict[str, str]:
        """Return what a connection by this route says."""
        direct = {"odbc": f"Driver=SQLite3;Database={self.company};"}
        return {"agent_url": self.agent_url, **(direct if route == "direct" else {})}

    def tieout(self, route: str, *arguments: str, include: Path = INCLUDE) -> int:
        """Run ``tieout connect sage100`` and return its exit code."""
        connection = {"conn_type": "sage100", "password": KEY, "extra": self.fields(route)}
        path = self.folder / "connections.json"
        path.write_text(json.dumps({f"sage100_{PAIR}": connection}))
        places = ("--connections", str(path), "--include", str(include), "--pair", PAIR)
        return main(["connect", "sage100", *arguments, *places])

    def rename(self, old: str, new: str) -> None:
        """Let a table have another name."""
        with sqlite3.connect(self.company) as connection:
            connection.execute(f'ALTER TABLE "{old}" RENAME TO "{new}"')
        connection.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("connect-sage100")
    create_companies(folder)
    odbc = f"Driver=SQLite3;Database={folder / 'MAS_HPS.sqlite'};"
    with running_agent(folder, folder, "--dsn", f"HPS:{odbc}", "--odbc-encoding", "utf-8") as agent:
        yield Place(folder, agent.url)


@pytest.mark.parametrize("route", ROUTES)
def test_a_company_with_what_flows_need_is_ready(
    place: Place, route: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.tieout(route) == 0
    said = capsys.readouterr().out
    assert "Standard or Advanced (SQLite), ready" in said
    assert "problem" not in said
    assert "kinds are written by what no public source confirms" in said
    assert "vendor.save" in said


@pytest.mark.parametrize("route", ROUTES)
def test_what_is_missing_is_a_problem_before_any_flow_runs(
    place: Place, route: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place.rename("GL_Bank", "GL_Banque")
    try:
        code = place.tieout(route, "--json")
    finally:
        place.rename("GL_Banque", "GL_Bank")
    found: Any = json.loads(capsys.readouterr().out)[PAIR]
    assert code == 1
    assert any(problem.startswith("GL_Bank is missing") for problem in found["problems"])
    assert "GL_Bank.BankDesc" in found["unconfirmed"]
    assert found["tables"] >= len(NEEDS) - 1


def test_a_field_that_a_mapping_names_and_the_site_lacks_is_a_problem_with_what_to_do(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    include = tmp_path / "include"
    copytree(INCLUDE, include)
    path = include / "mappings/to_sage100/customer.yaml"
    own = "  header.UDF_ROUTE: customer_no\n  header.UDF_NOWHERE: customer_no\n"
    path.write_text(path.read_text("utf-8") + own, "utf-8")
    assert place.tieout("direct", include=include) == 1
    (problem,) = [line for line in capsys.readouterr().out.splitlines() if "problem:" in line]
    assert "to_sage100/customer.yaml" in problem
    assert "has no customer field header.UDF_NOWHERE" in problem
    assert "Custom Office" in problem


def test_an_agent_that_is_away_is_said_and_no_report(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    away = Place(place.folder, "http://127.0.0.1:9")
    assert away.tieout("relayed") == 2
    assert "could not be reached" in capsys.readouterr().err
    assert away.tieout("direct") == 1
    assert "problem: Nothing can be written" in capsys.readouterr().out


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("TIEOUT_INCLUDE", str(INCLUDE))
    monkeypatch.setenv("TIEOUT_DATA_DOCS", str(tmp_path))
    return monkeypatch


@pytest.mark.parametrize("route", ROUTES)
def test_airflows_test_of_a_connection_of_no_pair_is_the_same_check(
    place: Place, route: str, airflow: pytest.MonkeyPatch
) -> None:
    extra = {**place.fields(route), "company": "HPS"}
    connection = {"conn_type": "sage100", "password": KEY, "extra": extra}
    airflow.setenv("AIRFLOW_CONN_SAGE100_TRIED", json.dumps(connection))
    is_good, said = Sage100Hook("sage100_tried").test_connection()
    assert (is_good, "ready" in said) == (True, True)


def test_airflows_test_says_what_to_do(place: Place, airflow: pytest.MonkeyPatch) -> None:
    extra = {"agent_url": place.agent_url, "company": "ZZZ"}
    connection = {"conn_type": "sage100", "password": KEY, "extra": extra}
    airflow.setenv("AIRFLOW_CONN_SAGE100_TRIED", json.dumps(connection))
    is_good, said = Sage100Hook("sage100_tried").test_connection()
    assert not is_good
    assert "--dsn" in said
