"""The client of the agent, which alone writes into Sage 100.

Signs requests and turns the agent's answers into ours. What a command says belongs in the targets.
"""

import json
import time
from http import HTTPStatus
from typing import Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from typing_extensions import override

from tieout.connectors.http import Answer, HttpClient, Request, untrusted_answer
from tieout.connectors.sage100.heartbeat import PROTOCOL, Heartbeat
from tieout.connectors.sage100.signing import signed_headers
from tieout.domain.base import Json
from tieout.errors import ConfigurationError, OutcomeUnknownError, UnavailableError
from tieout.ports.clock import Clock

SYSTEM = "The Sage 100 agent"
READING_TIMEOUT_S = 900.0
"""A date is in no index of Sage's: where few rows match, the first comes when the file is read."""
COMMANDS_PATH = f"/v{PROTOCOL}/commands"
KINDS_PATH = f"/v{PROTOCOL}/kinds"
HEARTBEAT_PATH = f"/v{PROTOCOL}/heartbeat"
RHYTHM_S = 60
REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


class AgentProblem(BaseModel):
    """Why a command was refused."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    cause: str
    message: str


class AgentAnswer(BaseModel):
    """What the agent says of a command."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    status: Literal["entered", "refused", "accepted", "in_doubt", "not_written"]
    key: dict[str, str] = Field(default_factory=dict)
    document_no: str = ""
    warnings: list[str] = Field(default_factory=list)
    error: AgentProblem | None = None


class _Kinds(BaseModel):
    """What the agent writes."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kinds: dict[str, str]


class _AgentHttp(HttpClient):
    """HTTP whose 503 means what the agent promises by it: nothing was written."""

    @override
    def _judged(self, answer: Answer) -> Answer:
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and _is_own(answer):
            raise UnavailableError(
                f"The Sage 100 agent wrote nothing: {_message(answer)}",
                remedy="Sage or the record is busy or away; the command is sent again later.",
                retry_after_s=_retry_after_s(answer),
            )
        if answer.status == HTTPStatus.UPGRADE_REQUIRED:
            problem = _problem(answer)
            raise ConfigurationError(
                f"The Sage 100 agent and Tieout do not fit: {problem.message if problem else ''}.",
                remedy="Nothing was written; the same records go on after the update.",
            )
        return super()._judged(answer)


class AgentClient:
    """The agent of one Sage 100 server."""

    def __init__(
        self, *, url: str, key: SecretStr, clock: Clock, certificate_sha256: str = ""
    ) -> None:
        """Take the agent's address, the key both sides hold, and the certificate it must show."""
        self._url = url.rstrip("/")
        self._base_path = urlsplit(self._url).path
        self._key = key
        self._clock = clock
        self._run = f"{clock.now():%Y%m%d-%H%M%S}"
        """Names the batches in which people find what this client sends."""
        self.calls_made = 0
        self._http = _AgentHttp(system=SYSTEM, sleep=time.sleep)
        self._reading = _AgentHttp(
            system=SYSTEM,
            sleep=time.sleep,
            read_timeout_s=READING_TIMEOUT_S,
            answer_timeout_s=READING_TIMEOUT_S,
        )
        if certificate_sha256:
            self._http.pin(certificate_sha256)
            self._reading.pin(certificate_sha256)

    def submit(self, command: Json) -> AgentAnswer:
        """Send a command; sending one again is safe.

        Raises:
            UnavailableError: Certainly nothing was written.
            OutcomeUnknownError: Something may have been written.
        """
        body = json.dumps({**command, "run": self._run}, sort_keys=True).encode()
        answer = self._send("POST", COMMANDS_PATH, body)
        if answer.status == HTTPStatus.GONE and _problem(answer) is not None:
            raise UnavailableError(
                "The Sage 100 agent has seen a later attempt at this command.",
                remedy="Nothing to do: the worker of that attempt carries the record on.",
            )
        if answer.status in REFUSALS:
            return _refused(answer)
        parsed = _parsed(answer)
        if parsed.status == "in_doubt":
            raise OutcomeUnknownError(
                "The Sage 100 agent lost Sage while it was writing.",
                remedy="The agent looks the document up when the same command comes again.",
            )
        return parsed

    def kinds(self) -> dict[str, str]:
        """Return what the agent writes, each kind with what no public source confirms of it."""
        answer = self._send("GET", KINDS_PATH, b"")
        if answer.status == HTTPStatus.NOT_FOUND:
            return {}
        try:
            return _Kinds.model_validate(answer.json()).kinds
        except ValidationError as error:
            problem = f"{answer.system} answered {answer.request.url} with something else."
            raise untrusted_answer(problem, is_write=False) from error

    def command(self, command_id: str) -> AgentAnswer | None:
        """Return what became of a command, or None when the agent never accepted it."""
        answer = self._send("GET", f"{COMMANDS_PATH}/{quote(command_id, safe='/:')}", b"")
        return None if answer.status == HTTPStatus.NOT_FOUND else _parsed(answer)

    def heartbeat(self) -> Heartbeat:
        """Return what the agent says of itself.

        Raises:
            ConfigurationError: It speaks another protocol.
            UnavailableError: It does not answer.
        """
        answer = self._send("GET", HEARTBEAT_PATH, b"")
        try:
            return Heartbeat.model_validate(answer.json())
        except ValidationError as error:
            raise ConfigurationError(
                f"{answer.system} answered {answer.request.url} with something else.",
                remedy="Check the address, and update the agent.",
            ) from error

    def read(self, path: str, body: bytes) -> Answer:
        """Ask for what changes nothing, so that a dropped answer is asked for again."""
        return self._reading.send(self._signed("POST", path, body, is_write=False))

    def _send(self, method: str, path: str, body: bytes) -> Answer:
        return self._http.send(self._signed(method, path, body, is_write=method == "POST"))

    def _signed(self, method: str, path: str, body: bytes, *, is_write: bool) -> Request:
        self.calls_made += 1
        signed = signed_headers(
            self._key.get_secret_value().encode(),
            method=method,
            path=f"{self._base_path}{path}",
            body=body,
            now_s=self._clock.now().timestamp(),
        )
        headers = {"Content-Type": "application/json", **signed}
        url = f"{self._url}{path}"
        return Request(method, url, is_write=is_write, headers=headers, body=body or None)


def _is_own(answer: Answer) -> bool:
    """Say whether the agent itself answered, and not something between us."""
    try:
        return AgentAnswer.model_validate_json(answer.body).status == "not_written"
    except ValidationError:
        return False


def _retry_after_s(answer: Answer) -> float | None:
    """Return when to ask again, if that is for longer than a stream's own rhythm: maintenance."""
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() and int(told) > RHYTHM_S else None


def _message(answer: Answer) -> str:
    body = answer.json()
    return str(body.get("message", "")) if isinstance(body, dict) else ""


def _parsed(answer: Answer) -> AgentAnswer:
    try:
        return AgentAnswer.model_validate(answer.json())
    except ValidationError as error:
        problem = f"{answer.system} answered {answer.request.url} with something else."
        raise untrusted_answer(problem, is_write=answer.request.is_write) from error


def _refused(answer: Answer) -> AgentAnswer:
    problem = _problem(answer)
    if problem is None:
        said = f"{answer.system} refused a command (HTTP {answer.status}) without saying why."
        raise untrusted_answer(said, is_write=answer.request.is_write)
    return AgentAnswer(status="refused", error=problem)


def _problem(answer: Answer) -> AgentProblem | None:
    """Return why the agent refused, or None when it was not the agent that did."""
    body = answer.json()
    try:
        return AgentProblem.model_validate(body.get("error") if isinstance(body, dict) else None)
    except ValidationError:
        return None
