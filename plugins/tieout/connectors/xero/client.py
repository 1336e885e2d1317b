"""Calls of Xero's Accounting API: addresses, headers, envelopes and paging, nothing of an entity.

Token by client credentials, JSON both ways, exact numbers, an idempotency key on every write.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

import simplejson
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from tieout.connectors.http import (
    Answer,
    HttpClient,
    Request,
    untrusted_answer,
)
from tieout.connectors.tokens import send_authorized
from tieout.connectors.turns import MemoryCallBudget, Turns
from tieout.connectors.xero.access import ACCESS_REMEDY, SYSTEM, tenant_header, token_source
from tieout.connectors.xero.bank_details import without_bank_details
from tieout.connectors.xero.config import API_PATH, XeroConfig
from tieout.connectors.xero.limits import said
from tieout.connectors.xero.tiers import allowed_by
from tieout.domain.budget import Caller, Lane
from tieout.errors import ConfigurationError, UnavailableError
from tieout.ports.budget import CallBudget
from tieout.ports.clock import Clock
from tieout.ports.tokens import TokenStore

PAGE_SIZE_MAX = 1000
PAGES_MAX = 500
LIST_ATTEMPTS_MAX = 3
FILTER_TERMS_MAX = 20
FILTER_CHARACTERS_MAX = 1500
"""How long one ``where`` is, in terms and characters; proxies refuse addresses that are longer."""
TERM_CHARACTERS_MAX = 200
"""A text that is looked for by itself is no longer; of a longer one, its beginning is."""
NOT_FOUND = 404
ALONE = Caller(flow="", lane=Lane.EVENT)
"""On whose account calls are that nobody else's could be in the way of."""
_QUOTING = re.compile(r'["\\]')

Row = dict[str, object]
"""One record as Xero sent it, with Decimal numbers."""

_ROWS = TypeAdapter(list[Row])


class _Pagination(BaseModel):
    model_config = ConfigDict(extra="ignore")

    pageCount: int  # noqa: N815 - Xero's name
    itemCount: int  # noqa: N815 - Xero's name


class XeroClient:
    """One organization's API."""

    def __init__(
        self,
        config: XeroConfig,
        *,
        clock: Clock,
        sleep: Callable[[float], None],
        tokens: TokenStore | None = None,
        budget: CallBudget | None = None,
        caller: Caller = ALONE,
    ) -> None:
        """Prepare; nothing is called before the first request.

        Without a ``budget`` that workers share this client keeps one of its own.
        """
        self._base_url = config.base_url + API_PATH
        self._tenant_id = config.tenant_id
        turns = Turns(
            budget or MemoryCallBudget(allowed_by(config.tier), clock=clock),
            caller,
            system=SYSTEM,
            said=said,
            sleep=sleep,
        )
        self.http = HttpClient(system=SYSTEM, sleep=sleep, turn=turns.turn)
        self.http.access_remedy = ACCESS_REMEDY
        self.calls_made = 0
        self._tokens = token_source(self.http, config, clock=clock, store=tokens)

    def rows(self, path: str, member: str, *, params: Mapping[str, str] | None = None) -> list[Row]:
        """Read one unpaged list; a path that Xero does not know has no rows."""
        answer = self.get(path, params or {})
        if answer.status != NOT_FOUND:
            return rows_of(answer, member)
        if is_page(answer):
            problem = f"Something other than Xero answered {path} with HTTP {NOT_FOUND}."
            raise untrusted_answer(problem, is_write=False)
        return []

    def all_rows(
        self, resource: str, *, params: Mapping[str, str], modified_since: datetime | None = None
    ) -> list[Row]:
        """Read every page of a list, or of what changed in it at or after ``modified_since``.

        Pages move while records change, so the rows are counted against what Xero says there are,
        and the list is read again when they differ.

        Raises:
            UnavailableError: The list kept changing while it was read, or does not end.
        """
        for _ in range(LIST_ATTEMPTS_MAX):
            rows, item_count = self._pages(resource, params, modified_since)
            if len(rows) == item_count:
                return rows
        message = f"Xero's list of {resource} changed each time while it was read."
        raise UnavailableError(message, remedy="It is read again later.")

    def write(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object],
        idempotency_key: str,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a create (PUT) or upsert (POST) and return Xero's answer, also when it refuses."""
        # Sorted, so that a payload that the ledger kept is byte for byte what was sent before.
        encoded = simplejson.dumps(body, use_decimal=True, allow_nan=False, sort_keys=True).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
        return self._send(method, path, encoded, headers, params)

    def upload(
        self, path: str, *, content: bytes, content_type: str, idempotency_key: str
    ) -> Answer:
        """Put a file and return Xero's answer, also when it refuses."""
        headers = {"Content-Type": content_type, "Idempotency-Key": idempotency_key}
        return self._send("PUT", path, content, headers, None)

    def _send(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
    ) -> Answer:
        self.calls_made += 1
        answer = send_authorized(
            self.http,
            self._tokens,
            lambda token: Request(
                method,
                f"{self._base_url}/{path}",
                is_write=True,
                params=params,
                headers={**self._headers(token), **headers},
                body=body,
            ),
        )
        return without_bank_details(answer)

    def _pages(
        self, resource: str, params: Mapping[str, str], modified_since: datetime | None
    ) -> tuple[list[Row], int]:
        """Return the distinct rows of all pages and how many Xero says there are."""
        id_member = resource.removesuffix("s") + "ID"
        rows: dict[str, Row] = {}
        item_count = 0
        for page in range(1, PAGES_MAX + 1):
            paging = {"page": str(page), "pageSize": str(PAGE_SIZE_MAX)}
            answer = self.get(resource, {**params, **paging}, modified_since)
            pagination = _pagination(answer)
            item_count = pagination.itemCount
            known = len(rows)
            rows.update({str(row.get(id_member)): row for row in rows_of(answer, resource)})
            if page >= pagination.pageCount:
                return list(rows.values()), item_count
            if len(rows) == known:
                message = f"Xero repeats a page of {resource} instead of going on."
                raise UnavailableError(message, remedy="It is read again later.")
        message = f"Xero says that there are more than {PAGES_MAX} pages of {resource}."
        raise UnavailableError(message, remedy="Read a shorter interval, or raise PAGES_MAX.")

    def get(
        self, path: str, params: Mapping[str, str], modified_since: datetime | None = None
    ) -> Answer:
        """Read a path, or what changed there at or after ``modified_since``, in whole seconds."""
        self.calls_made += 1
        since = _since(modified_since)
        answer = send_authorized(
            self.http,
            self._tokens,
            lambda token: Request(
                "GET",
                f"{self._base_url}/{path}",
                is_write=False,
                params=params,
                headers={**self._headers(token), **since},
            ),
        )
        if answer.is_success or answer.status == NOT_FOUND:
            return without_bank_details(answer)
        message = f"Xero refused to read {path} (HTTP {answer.status})."
        remedy = "Check the connection's organization and the app's scopes."
        raise ConfigurationError(message, remedy=remedy)

    def _headers(self, token: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",  # without it Xero answers in XML
            **tenant_header(self._tenant_id),
        }


def _since(moment: datetime | None) -> dict[str, str]:
    """Return the header that restricts a list to what changed since, to the second, in UTC."""
    if moment is None:
        return {}
    return {"If-Modified-Since": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"}


def is_page(answer: Answer) -> bool:
    """Say whether a 404 comes from something between us: Xero's own has no page (README, 2.5)."""
    return bool(answer.body.strip()) and "html" in answer.headers.get("Content-Type", "")


def rows_of(answer: Answer, member: str) -> list[Row]:
    """Return the rows under ``member`` of an answer's envelope.

    Raises:
        UnavailableError: A read's answer has no such list.
        OutcomeUnknownError: A write's answer has no such list.
    """
    envelope = answer.json()
    rows = envelope.get(member) if isinstance(envelope, dict) else None
    try:
        return _ROWS.validate_python(rows, strict=True)
    except ValidationError as error:
        problem = f"Xero's answer has no list {member!r}."
        raise untrusted_answer(problem, is_write=answer.request.is_write) from error


def any_of(member: str, values: Sequence[str], *, as_guid: bool = False) -> Iterator[str]:
    """Yield ``where`` texts that together let through the rows whose member is one of the values.

    How Xero escapes a quotation mark is not documented. A value that has one is looked for by the
    longest part without it, and a long one by its beginning, so the caller may get rows that it did
    not ask for.
    """
    yield from filters([term(member, value, as_guid=as_guid) for value in values])


def on_days(member: str, days: Iterable[date]) -> Iterator[str]:
    """Yield ``where`` texts that together let through the rows whose member is one of the days."""
    terms = [f"{member}==DateTime({day.year},{day.month},{day.day})" for day in sorted(set(days))]
    yield from filters(terms)


def filters(terms: Iterable[str]) -> Iterator[str]:
    """Yield ``where`` texts that together let through the rows that one of the terms does."""
    joined: list[str] = []
    for one in terms:
        is_full = len(joined) >= FILTER_TERMS_MAX
        if is_full or sum(map(len, joined)) + len(one) > FILTER_CHARACTERS_MAX:
            if joined:
                yield " OR ".join(joined)
            joined = []
        joined.append(one)
    if joined:
        yield " OR ".join(joined)


def term(member: str, value: str, *, as_guid: bool = False) -> str:
    """Return the term of a ``where`` text for one value of a member, as ``any_of`` has it."""
    if as_guid:
        return f'{member}==guid("{value}")'
    parts = _QUOTING.split(value)
    if len(parts) == 1 and len(value) <= TERM_CHARACTERS_MAX:
        return f'{member}=="{value}"'
    part = max(parts, key=len)[:TERM_CHARACTERS_MAX]
    return f'({member}!=null AND {member}.Contains("{part}"))'


def _pagination(answer: Answer) -> _Pagination:
    envelope = answer.json()
    found = envelope.get("pagination") if isinstance(envelope, dict) else None
    try:
        return _Pagination.model_validate(found)
    except ValidationError as error:
        problem = "Xero's answer to a page request does not say how many pages there are."
        raise untrusted_answer(problem, is_write=False) from error
