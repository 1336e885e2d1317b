"""Calls of Shopify's GraphQL Admin API: token, cost budget, and errors that come with HTTP 200.

Waits before a query that the budget cannot pay yet, and after THROTTLED, but never more than a
minute. Nothing of orders or stock here.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from pydantic.alias_generators import to_camel

from tieout.connectors.exact_json import plain_object
from tieout.connectors.http import Answer, HttpClient, Request, untrusted_answer
from tieout.connectors.shopify.config import ShopifyConfig
from tieout.connectors.tokens import Grant, TokenSource, send_authorized
from tieout.domain.base import Json
from tieout.errors import (
    AuthenticationError,
    ConfigurationError,
    RateLimitedError,
    TieoutError,
)
from tieout.ports.clock import Clock
from tieout.ports.tokens import TokenStore

SYSTEM = "Shopify"
THROTTLE_WAIT_TOTAL_S = 60.0
THROTTLE_WAIT_MIN_S = 0.5
DENIED_CODES = frozenset({"ACCESS_DENIED", "UNAUTHORIZED", "FORBIDDEN"})
UNWELL_CODES = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})


class QueryTooCostlyError(ConfigurationError):
    """One query asks for more points than Shopify gives to one query; nothing was done."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class _Throttle(_Said):
    currently_available: Decimal
    restore_rate: Decimal


class _Cost(_Said):
    requested_query_cost: Decimal = Decimal(0)
    throttle_status: _Throttle | None = None


class _Extensions(_Said):
    code: str = ""
    cost: _Cost | None = None
    search: list[dict[str, object]] = []


class _Error(_Said):
    message: str = ""
    extensions: _Extensions = _Extensions()


class _Envelope(_Said):
    data: dict[str, object] | None = None
    errors: list[_Error] | str = []
    extensions: _Extensions = _Extensions()


@dataclass(frozen=True)
class _Budget:
    """What Shopify last said of the points left, and when."""

    throttle: _Throttle
    told_at: datetime

    def available(self, now: datetime) -> Decimal:
        """Return the points there are by now."""
        passed_s = Decimal((now - self.told_at).total_seconds())
        return self.throttle.currently_available + passed_s * self.throttle.restore_rate


class ShopifyClient:
    """One shop's API."""

    def __init__(
        self,
        config: ShopifyConfig,
        *,
        clock: Clock,
        sleep: Callable[[float], None],
        tokens: TokenStore | None = None,
    ) -> None:
        """Prepare; nothing is called before the first request."""
        self._url = f"{config.origin}/admin/api/{config.api_version}/graphql.json"
        self._version = config.api_version
        self._clock = clock
        self._sleep = sleep
        self._budget: _Budget | None = None
        self._known_costs: dict[str, Decimal] = {}
        self.http = HttpClient(system=SYSTEM, sleep=sleep)
        self.calls_made = 0
        grant = Grant(
            f"{config.origin}/admin/oauth/access_token",
            form=(
                ("grant_type", "client_credentials"),
                ("client_id", config.client_id),
                ("client_secret", config.client_secret.get_secret_value()),
            ),
        )
        name = f"shopify {config.shop_domain} {config.client_id}"
        self._tokens = TokenSource(self.http, grant, clock=clock, store=tokens, name=name)

    def query(self, text: str, variables: Mapping[str, JsonValue]) -> Json:
        """Run a query and return its data.

        Raises:
            UnavailableError: Shopify did not answer, or not with what GraphQL answers.
            RateLimitedError: The budget did not recover within a minute.
            QueryTooCostlyError: It must ask for less.
        """
        return self._run(text, variables, is_write=False)

    def mutate(self, text: str, variables: Mapping[str, JsonValue]) -> Json:
        """Run a mutation once and return its data, with its user errors in it.

        Raises:
            RateLimitedError: Nothing was written.
            OutcomeUnknownError: Something may have been written.
        """
        return self._run(text, variables, is_write=True)

    def _run(self, text: str, variables: Mapping[str, JsonValue], *, is_write: bool) -> Json:
        waited_s = self._await_budget(text)
        while True:
            self.calls_made += 1
            envelope = self._send(text, variables, is_write=is_write)
            self._note_cost(text, envelope)
            if not _has_code(envelope, "THROTTLED"):
                return _data(envelope, is_write=is_write)
            wait_s = max(self._shortage_s(text), THROTTLE_WAIT_MIN_S)
            waited_s += wait_s
            if waited_s > THROTTLE_WAIT_TOTAL_S:
                message = "Shopify's cost budget for this app and shop is used up."
                remedy = f"It recovers in about {wait_s:.0f} s; nothing was written."
                raise RateLimitedError(message, remedy=remedy, retry_after_s=wait_s)
            self._sleep(wait_s)

    def _send(self, text: str, variables: Mapping[str, JsonValue], *, is_write: bool) -> _Envelope:
        body = json.dumps({"query": text, "variables": dict(variables)}, allow_nan=False).encode()
        answer = send_authorized(
            self.http,
            self._tokens,
            lambda token: Request(
                "POST",
                self._url,
                is_write=is_write,
                headers={
                    "Content-Type": "application/json",
                    "Accept": "application/json",
                    "X-Shopify-Access-Token": token,
                },
                body=body,
            ),
        )
        self._check_version(answer)
        return _envelope(answer)

    def _check_version(self, answer: Answer) -> None:
        served = answer.headers.get("X-Shopify-API-Version", self._version)
        if served != self._version and not answer.request.is_write:
            message = f"Shopify serves API {served} instead of {self._version}, which has retired."
            remedy = "Move the connection's api_version, and check order.graphql against it."
            raise ConfigurationError(message, remedy=remedy)

    def _note_cost(self, text: str, envelope: _Envelope) -> None:
        cost = envelope.extensions.cost
        if cost is not None and cost.throttle_status is not None:
            self._known_costs[text] = cost.requested_query_cost
            self._budget = _Budget(cost.throttle_status, self._clock.now())

    def _await_budget(self, text: str) -> float:
        """Wait, at most a minute, until the budget pays for what the query cost before."""
        wait_s = min(self._shortage_s(text), THROTTLE_WAIT_TOTAL_S)
        if wait_s > 0:
            self._sleep(wait_s)
        return wait_s

    def _shortage_s(self, text: str) -> float:
        """Return the seconds until the budget, as last told, pays for the query."""
        if self._budget is None:
            return 0.0
        cost = self._known_costs.get(text, Decimal(0))
        missing = cost - self._budget.available(self._clock.now())
        return max(0.0, float(missing / max(self._budget.throttle.restore_rate, Decimal(1))))


def member(data: Json, name: str) -> JsonValue:
    """Return a member of a query's data that the query asked for; it may be null.

    Raises:
        UnavailableError: It is not there at all, so this is no answer to the query.
    """
    if name not in data:
        problem = f"Shopify's answer lacks {name!r}, which the query asked for."
        raise untrusted_answer(problem, is_write=False)
    return data[name]


def _envelope(answer: Answer) -> _Envelope:
    try:
        return _Envelope.model_validate(answer.json())
    except ValidationError as error:
        problem = f"Shopify answered HTTP {answer.status} with something that is not GraphQL."
        raise untrusted_answer(problem, is_write=answer.request.is_write) from error


def _has_code(envelope: _Envelope, *codes: str) -> bool:
    errors = [] if isinstance(envelope.errors, str) else envelope.errors
    return any(error.extensions.code in codes for error in errors)


def _data(envelope: _Envelope, *, is_write: bool) -> Json:
    """Return the data of an answer without errors or search warnings."""
    if envelope.errors:
        raise _error(envelope, is_write=is_write)
    if envelope.data is None:
        raise untrusted_answer("Shopify's answer has no data.", is_write=is_write)
    warnings = [search for search in envelope.extensions.search if search.get("warnings")]
    if warnings:
        # A filter that Shopify does not know is ignored: the query would return every record.
        message = f"Shopify ignored part of the search {warnings[0].get('query')!r}."
        raise ConfigurationError(message, remedy="Correct the search in the Shopify connector.")
    return plain_object(envelope.data)


def _error(envelope: _Envelope, *, is_write: bool) -> TieoutError:
    """Return the error that the top-level errors of an answer amount to."""
    if isinstance(envelope.errors, str):
        messages = envelope.errors
    else:
        messages = "; ".join(error.message for error in envelope.errors)
    said = f"Shopify refused the query: {messages}."
    if _has_code(envelope, "MAX_COST_EXCEEDED"):
        return QueryTooCostlyError(said, remedy="Ask for fewer records at once.")
    if _has_code(envelope, *DENIED_CODES):
        remedy = "Grant the app the scopes it needs, release it, and try again."
        return AuthenticationError(said, remedy=remedy)
    if _has_code(envelope, *UNWELL_CODES) or envelope.data is not None:
        # With data beside the errors, part of the work was done.
        return untrusted_answer(said, is_write=is_write)
    return ConfigurationError(said, remedy="Check the API version and the connector's documents.")
