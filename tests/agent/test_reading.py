"""What the agent reads for Tieout, and everything that it refuses to send to Sage's driver."""

import http.client
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from agent.calls import Agent, running_agent, signed
from sage100_agent.errors import BadCommandError
from sage100_agent.reading import ROWS_MAX
from sage100_agent.statements import PROBES, check_statement
from sage100_sites import relayed
from tieout.connectors.sage100 import dialect
from tieout.connectors.sage100.catalog import DATE, TABLES
from tieout.connectors.sage100.dialect import Select
from tieout.errors import AuthenticationError, ConfigurationError, UnavailableError

PATH = "/v1/reading"
FORM = "SELECT BankCode, CashAccountKey FROM GL_Bank WHERE BankCode > ? ORDER BY BankCode"
BANKS = Select("GL_Bank", ["BankCode", "CashAccountKey"])


@dataclass
class Readable:
    """An agent that reads a file as HPS, and nothing that is there as LLT."""

    agent: Agent
    path: Path

    def ask(self, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, list[Any]]:
        """Send a request, and return its status and lines."""
        connection = http.client.HTTPConnection(urlsplit(self.agent.url).netloc, timeout=30)
        try:
            connection.request("POST", PATH, body, headers or signed("POST", PATH, body))
            answer = connection.getresponse()
            return answer.status, [json.loads(line) for line in answer.read().splitlines()]
        finally:
            connection.close()

    def rows(self, statement: str, *parameters: str, **changes: Any) -> tuple[int, list[Any]]:
        """Ask for a page."""
        asked = {
            "company": "HPS",
            "ask": "rows",
            "sql": statement,
            "parameters": [*parameters],
            "rows_max": 10,
        }
        return self.ask(json.dumps({**asked, **changes}).encode())


@pytest.fixture(scope="module")
def readable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readable]:
    folder = tmp_path_factory.mktemp("readable")
    path = folder / "hps.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE GL_Bank (BankCode VARCHAR(1), CashAccountKey VARCHAR(9))")
        rows = [(chr(65 + number), f"{number:09d}") for number in range(26)]
        connection.executemany("INSERT INTO GL_Bank VALUES (?, ?)", rows)
    connection.close()
    secret = folder / "hps.dsn"
    secret.write_text(f"Driver=SQLite3;Database={path};\n")
    arguments = ("--dsn", f"hps:@{secret}", "--dsn", "LLT:Driver=NoSuchDriver")
    with running_agent(folder, folder, *arguments) as agent:
        yield Readable(agent, path)


def test_rows_come_as_lines_and_a_last_line_counts_them(readable: Readable) -> None:
    status, lines = readable.rows(FORM, "X")
    assert (status, lines) == (200, [["Y", "000000024"], ["Z", "000000025"], {"end": 2}])


def test_no_more_rows_come_than_were_asked_for(readable: Readable) -> None:
    assert len(readable.rows(FORM, "A", rows_max=3)[1]) == 3 + 1


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM GL_Bank",
        "UPDATE GL_Bank SET BankCode = ?",
        "INSERT INTO GL_Bank (BankCode) VALUES (?)",
        "DROP TABLE GL_Bank",
        "SELECT BankCode FROM GL_Bank WHERE BankCode > ?",
        "SELECT * FROM GL_Bank WHERE BankCode > ? ORDER BY BankCode",
        "SELECT BankCode FROM GL_Bank WHERE BankCode > ? ORDER BY BankCode; DROP TABLE GL_Bank",
        "SELECT BankCode FROM GL_Bank WHERE BankCode > ? ORDER BY BankCode -- DESC",
        "SELECT BankCode FROM GL_Bank WHERE BankCode > ? ORDER BY BankCode\nLIMIT 1",
        "SELECT BankCode FROM GL_Bank WHERE BankCode > ? ORDER BY BankCode LIMIT 1",
        "SELECT BankCode FROM GL_Bank WHERE BankCode > ? OR 1 = 1 ORDER BY BankCode",
        "SELECT BankCode FROM GL_Bank WHERE (BankCode > ?) ORDER BY BankCode",
        "SELECT BankCode FROM GL_Bank WHERE BankCode > 'A''B' AND BankCode > ? ORDER BY BankCode",
        "SELECT BankCode FROM GL_Bank WHERE BankCode > 'A;B' AND BankCode > ? ORDER BY BankCode",
        "SELECT BankCode FROM GL_Bank WHERE BankCode > 'A' -- ' AND BankCode > ? ORDER BY BankCode",
        "SELECT BankCode FROM GL_Bank WHERE BankCode > 'A' OR BankCode > ? ORDER BY BankCode",
        "SELECT BankCode FROM GL_Bank WHERE BankCode IN (SELECT ? FROM GL_Bank) ORDER BY BankCode",
        "SELECT [BankCode] FROM GL_Bank WHERE BankCode > ? ORDER BY BankCode",
        'SELECT "BankCode" FROM GL_Bank WHERE BankCode > ? ORDER BY BankCode',
        "SELECT BankCode FROM GL_Bank, GL_Account WHERE BankCode > ? ORDER BY BankCode",
        "SELECT BankCode FROM GL_Bank JOIN GL_Account ON a = ? OR b = c ORDER BY BankCode",
        "SELECT load_extension(?) FROM GL_Bank ORDER BY BankCode",
        "SELECT BankCode FROM _next_number WHERE BankCode > ? ORDER BY BankCode",
        "SELECT BankCode FROM MAS_ABC.dbo.GL_Bank WHERE BankCode > ? ORDER BY BankCode",
        "WITH a AS (SELECT ? FROM GL_Bank) SELECT BankCode FROM a ORDER BY BankCode",
        "SELECT ROW_NUMBER() OVER (ORDER BY ?) FROM GL_Bank ORDER BY BankCode",
        PROBES["TOP"],
        PROBES["UNION"],
        "",
    ],
)
def test_the_agent_itself_sends_nothing_but_our_form(readable: Readable, sql: str) -> None:
    status, (answer,) = readable.rows(sql, "A")
    assert status == 400
    assert "form" in answer["error"]["message"]
    with sqlite3.connect(readable.path) as connection:
        assert connection.execute("SELECT COUNT(*) FROM GL_Bank").fetchone() == (26,)
    connection.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": []},
        {"parameters": ["A", "B"]},
        {"parameters": [1]},
        {"parameters": None},
        {"rows_max": 0},
        {"rows_max": ROWS_MAX + 1},
        {"rows_max": "all"},
        {"sql": None},
        {"company": "ZZZ"},
        {"ask": None, "sql": 5},
    ],
    ids=repr,
)
def test_a_request_that_is_not_whole_is_refused(readable: Readable, changes: Any) -> None:
    status, (answer,) = readable.rows(FORM, "A", **changes)
    assert (status, set(answer)) == (400, {"error"})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"ask": "inspection"}'])
def test_what_is_no_request_is_refused(readable: Readable, body: bytes) -> None:
    assert readable.ask(body)[0] == 400


def test_an_unsigned_or_old_request_reads_nothing(readable: Readable) -> None:
    body = json.dumps({"company": "HPS", "ask": "inspection", "tables": ["GL_Bank"]}).encode()
    assert readable.ask(body, {"Content-Type": "application/json"})[0] == 401
    assert readable.ask(body, signed("POST", PATH, body, age_s=301))[0] == 401
    assert (
        readable.ask(body, signed("POST", PATH, body, key="another key of some length"))[0] == 401
    )


def test_every_select_that_tieout_builds_passes_the_agents_own_check() -> None:
    for table in TABLES.values():
        key = [date(2026, 1, 31) if table.columns[n].kind == DATE else "A-1" for n in table.key]
        for after in (None, tuple(key), tuple(key[:1])):
            select = Select(
                table.name,
                table.readable,
                among={name: ["2026-01-31", "2026-02-01"] for name in table.key},
                since=dict.fromkeys(table.updated[:1], date(2026, 1, 31)),
                after=after,
            )
            check_statement(*select.statement())


def test_more_marks_than_values_is_refused() -> None:
    with pytest.raises(BadCommandError, match="marks"):
        check_statement(FORM, [])


def test_both_programs_ask_a_driver_the_same_of_its_dialect() -> None:
    assert PROBES == dialect.PROBES


def test_a_table_that_is_not_there_is_named_with_what_to_do(readable: Readable) -> None:
    with pytest.raises(ConfigurationError, match="lacks GL_Account"):
        relayed(readable.agent.url).fetch(Select("GL_Account", ["AccountKey"]), 1)


def test_a_driver_that_does_not_connect_is_no_page(readable: Readable) -> None:
    route = relayed(readable.agent.url)
    route.company = "LLT"
    with pytest.raises(UnavailableError, match="could not be read"):
        route.fetch(BANKS, 1)


def test_an_agent_without_the_company_says_what_to_start_it_with(readable: Readable) -> None:
    route = relayed(readable.agent.url)
    route.company = "ZZZ"
    with pytest.raises(ConfigurationError, match="--dsn"):
        route.fetch(BANKS, 1)


def test_a_wrong_key_is_a_refusal(readable: Readable) -> None:
    with pytest.raises(AuthenticationError):
        relayed(readable.agent.url, "another key of some length").fetch(BANKS, 1)


def test_pages_are_read_side_by_side_and_again_after_a_failure(readable: Readable) -> None:
    route = relayed(readable.agent.url)
    for _ in range(3):
        with pytest.raises(ConfigurationError):
            route.fetch(Select("GL_Account", ["AccountKey"]), 1)
        assert len(route.fetch(BANKS, 100).rows) == 26
