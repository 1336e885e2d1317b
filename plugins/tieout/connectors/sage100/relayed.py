"""The relayed route: the agent reads the DSN of its own server, where alone the driver lives.

One request brings one page, which the agent streams as it reads: a line of JSON for each row, and a
last one that says how it ended, so that a page cut short is not taken for a whole one. Text stays
text, and what JSON has no kind for says what it is: ``{"n": "12.50"}``, ``{"d": "2026-01-31"}``.
"""

import json
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from http import HTTPStatus

from pydantic import BaseModel, ValidationError

from tieout.connectors.http import Answer
from tieout.connectors.sage100.agent_client import AgentClient
from tieout.connectors.sage100.dialect import Select
from tieout.connectors.sage100.routes import Inspection, LiveColumn, Page, translated
from tieout.domain.base import Json
from tieout.errors import ConfigurationError, TieoutError, UnavailableError

READING_PATH = "/v1/reading"


class _Inspected(BaseModel):
    """An inspection on the wire."""

    dbms: str
    refused: dict[str, str]
    columns: list[tuple[str, str, str, int | None]]


class RelayedRoute:
    """Reads one company through the agent of its server."""

    def __init__(self, agent: AgentClient, company: str) -> None:
        """Take the agent, which both routes of a pair write by."""
        self._agent = agent
        self.company = company
        self.statements_made = 0

    def close(self) -> None:
        """Do nothing: the agent keeps the connection."""

    def fetch(self, select: Select, rows_max: int) -> Page:
        """Return the first rows of a statement."""
        sql, parameters = select.statement()
        self.statements_made += 1
        asked: Json = {
            "ask": "rows",
            "sql": sql,
            "parameters": [*parameters],
            "rows_max": rows_max,
        }
        rows, end = self._asked(asked, select.table)
        return Page(rows, str(end.get("unreadable", "")))

    def inspect(self, tables: Collection[str]) -> Inspection:
        """Let the agent ask its driver's catalog functions and try each probe."""
        lines, end = self._asked({"ask": "inspection", "tables": [*tables]}, "its catalog")
        try:
            found = _Inspected.model_validate({**end, "columns": lines})
        except ValidationError as error:
            raise _nonsense("it inspects in another form than we know") from error
        return Inspection(found.dbms, [LiveColumn(*one) for one in found.columns], found.refused)

    def _asked(self, asked: Json, subject: str) -> tuple[list[list[object]], dict[str, object]]:
        body = json.dumps({**asked, "company": self.company}, sort_keys=True).encode()
        answer = self._agent.read(READING_PATH, body)
        if not answer.is_success:
            raise _refused(answer)
        try:
            *rows, end = [json.loads(line, object_hook=_value) for line in answer.body.splitlines()]
            if not isinstance(end, dict):
                raise _nonsense("its answer is cut short")
        except (ValueError, InvalidOperation) as error:
            raise _nonsense("it answers with another form than we know") from error
        if "failed" in end:
            raise translated(str(end.get("state", "")), str(end["failed"]), subject)
        if end.get("end") != len(rows):
            raise _nonsense("its answer lacks rows")
        return rows, end


def _value(members: dict[str, object]) -> object:
    """Return what an object stands for: a value with its kind, or itself."""
    if len(members) != 1:
        return members
    ((kind, text),) = members.items()
    match kind:
        case "n":
            return Decimal(str(text))
        case "d":
            return date.fromisoformat(str(text))
        case "t":
            return datetime.fromisoformat(str(text))
        case _:
            return members


def _nonsense(what: str) -> UnavailableError:
    return UnavailableError(
        f"The Sage 100 agent could not relay a page: {what}.",
        remedy="Check that the agent's version is Tieout's; the read is tried again.",
    )


def _refused(answer: Answer) -> TieoutError:
    if answer.status == HTTPStatus.NOT_FOUND:
        return ConfigurationError(
            "The Sage 100 agent does not read for us.",
            remedy="Update the agent, or give the connection an ODBC string of its own.",
        )
    body = answer.json()
    said = body.get("error") if isinstance(body, dict) else None
    message = said.get("message") if isinstance(said, dict) else f"HTTP {answer.status}"
    return ConfigurationError(
        f"The Sage 100 agent refuses to read: {message}.",
        remedy="Start the agent with --dsn for the company (sage100_agent/README.md).",
    )
