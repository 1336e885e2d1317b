"""HTTP for the connectors: one place that sends, waits and names what went wrong.

Here: time limits, when a request may be repeated, how long to wait when asked to, and the
translation of transport failures and general HTTP statuses to ``tieout.errors``. Not here: what an
answer says (connectors/exact_json.py), tokens (connectors/tokens.py) and anything that only one
system says (connectors/xero, connectors/shopify).
"""

import math
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from typing import NoReturn

import requests
from urllib3.exceptions import (
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from tieout.connectors.exact_json import parse_json
from tieout.connectors.pinning import FINGERPRINT_DIFFERS, NoAdapter, PinnedAdapter
from tieout.errors import (
    AuthenticationError,
    ConfigurationError,
    OutcomeUnknownError,
    RateLimitedError,
    TieoutError,
    UnavailableError,
)

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 60.0
"""Longest silence, in seconds."""
ANSWER_TIMEOUT_S = 120.0
"""Longest time a whole answer may take, in seconds: a drip is never silent."""
ANSWER_BYTES_MAX = 64 * 1024 * 1024
"""Longest answer that is read, unpacked, in bytes; a page of 1,000 invoices is a tenth of it."""
ANSWER_PART_BYTES = 64 * 1024
READ_ATTEMPTS_MAX = 3
READ_RETRY_WAIT_S = 0.5
RATE_LIMIT_WAIT_TOTAL_S = 60.0
RATE_LIMIT_WAIT_MIN_S = 0.5
RATE_LIMIT_WAIT_DEFAULT_S = 2.0
RATE_LIMIT_WAIT_MAX_S = 86_400.0
"""No limit lasts longer than a day, whatever a header says."""
ACCESS_REMEDY = "Check the connection's credentials, and the app's rights in that system."
UNUSABLE_ADDRESSES = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)
UNWELL_STATUSES = frozenset({500, 502, 503, 504})


@dataclass(frozen=True)
class Request:
    """One request; ``is_write`` says whether a second copy could change something twice."""

    method: str
    url: str
    is_write: bool
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """An answer of a system: success, or a refusal that the caller must interpret."""

    system: str
    request: Request
    status: int
    headers: Mapping[str, str]
    body: bytes

    received_bytes: int = 0
    """How large the body was on the wire, packed."""

    @property
    def is_success(self) -> bool:
        """Say whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def json(self) -> object:
        """Parse the body; numbers with a fraction become Decimal.

        Raises:
            UnavailableError: It is not the JSON of a read.
            OutcomeUnknownError: It is not the JSON of a write, so the answer cannot be trusted.
        """
        try:
            return parse_json(self.body)
        except ValueError as error:
            problem = f"{self.system} answered {self.request.url} with a body that is not JSON."
            raise untrusted_answer(problem, is_write=self.request.is_write) from error


def error_of(status: int, *, is_write: bool) -> type[TieoutError] | None:
    """Return the error that an answer of this status is; None = a success, or for the caller."""
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return AuthenticationError
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimitedError
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutcomeUnknownError if is_write else UnavailableError
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return ConfigurationError
    return None


def untrusted_answer(problem: str, *, is_write: bool) -> TieoutError:
    """Return the error for an answer that says nothing reliable about its request."""
    if is_write:
        return OutcomeUnknownError(
            problem, remedy="Look the record up at the target before sending it again."
        )
    return UnavailableError(problem, remedy="Nothing was changed; the same read is tried again.")


@contextmanager
def after_write() -> Iterator[None]:
    """Say of any failure inside that something was written before it.

    Reading back fails like any read, but its error must not claim that nothing was written.
    """
    try:
        yield
    except OutcomeUnknownError:
        raise
    except TieoutError as error:
        message = f"It was sent, but not read back: {error.message}"
        remedy = "Look the record up at the target before sending it again."
        raise OutcomeUnknownError(message, remedy=remedy) from error


Sent = Callable[[Answer], None]
"""What a turn is told when its answer is there."""
Turn = AbstractContextManager[Sent]
"""Leave to send one request, which may have to be waited for; left without an answer if none came.
"""


class Patience:
    """How long one request may yet be waited for, in seconds."""

    def __init__(self, left_s: float = RATE_LIMIT_WAIT_TOTAL_S) -> None:
        """Start with all of it."""
        self.left_s = left_s

    def lasts(self, seconds: float) -> bool:
        """Say whether so much is left, and if so take it."""
        is_enough = seconds <= self.left_s
        if is_enough:
            self.left_s -= seconds
        return is_enough


def at_once(_patience: Patience) -> Turn:
    """Return a turn at a system that has no budget."""
    return nullcontext(lambda _answer: None)


class HttpClient:
    """A session with one system.

    Reads are repeated a few times, writes never, except where the system answered that it did not
    take the request (429). ``rate_limits`` holds the limit headers of the latest answer;
    ``access_remedy`` says what to do when the system lets us in no more.
    """

    def __init__(
        self,
        *,
        system: str,
        sleep: Callable[[float], None],
        turn: Callable[[Patience], Turn] = at_once,
        read_timeout_s: float = READ_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        answer_bytes_max: int = ANSWER_BYTES_MAX,
    ) -> None:
        """Name the system for messages, take the way to wait, and how a request gets its turn."""
        self.system = system
        self.access_remedy = ACCESS_REMEDY
        self._turn = turn
        self.rate_limits: dict[str, str] = {}
        self.sleep = sleep
        self._timeouts_s = (CONNECT_TIMEOUT_S, read_timeout_s)
        self._answer_timeout_s = answer_timeout_s
        self._answer_bytes_max = answer_bytes_max
        self._session = requests.Session()
        # Without an auth of its own, requests would replace our Authorization header by what a
        # .netrc file of the host says.
        self._session.auth = _keep_headers
        self._session.headers["Accept-Encoding"] = "gzip"

    def pin(self, certificate_sha256: str) -> None:
        """Talk only to a server that shows this very certificate, whoever signed it."""
        self._session.mount("https://", PinnedAdapter(certificate_sha256))
        self._session.mount("http://", NoAdapter())

    def send(self, request: Request) -> Answer:
        """Send a request and return any answer but 401, 403, 429, redirects and 5xx.

        Raises:
            AuthenticationError: The system refused our credentials or rights (401, 403).
            RateLimitedError: It still asked us to wait after a minute of waiting.
            UnavailableError: It was not reached; or a read failed for now.
            OutcomeUnknownError: A write was sent and no trustworthy answer came.
            ConfigurationError: The address is wrong.
        """
        patience = Patience()
        answer = self._send_patiently(request, patience)
        while answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            wait_s = _retry_after_s(answer)
            if not patience.lasts(wait_s):
                raise self._rate_limited(answer, wait_s)
            self.sleep(wait_s)
            answer = self._send_patiently(request, patience)
        return self._judged(answer)

    def _send_patiently(self, request: Request, patience: Patience) -> Answer:
        """Send; repeat a read that was dropped or met by an unwell server."""
        attempts_max = 1 if request.is_write else READ_ATTEMPTS_MAX
        for attempt in range(1, attempts_max):
            try:
                answer = self._send_once(request, patience)
            except UnavailableError as error:
                if isinstance(error.__cause__, requests.ReadTimeout | ReadTimeoutError | _TooMuch):
                    raise  # it has had its time; three times as long is too long
            else:
                if answer.status not in UNWELL_STATUSES:
                    return answer
            self.sleep(READ_RETRY_WAIT_S * attempt)
        return self._send_once(request, patience)

    def _send_once(self, request: Request, patience: Patience) -> Answer:
        with self._turn(patience) as sent:
            answer = self._exchange(request)
            sent(answer)
        return answer

    def _exchange(self, request: Request) -> Answer:
        deadline_s = time.monotonic() + self._answer_timeout_s
        try:
            with self._session.request(
                request.method,
                request.url,
                params=request.params,
                headers=request.headers,
                data=request.body,
                timeout=self._timeouts_s,
                # A redirected write would be repeated at an address nobody configured.
                allow_redirects=False,
                stream=True,
            ) as response:
                body = self._read(response, deadline_s)
                received_bytes = response.raw.tell()
        except requests.RequestException as error:
            self._translate(request, error)
        except (HTTPError, _TooMuch) as error:
            message = f"{self.system} gave no usable answer to {request.method} {request.url}."
            raise untrusted_answer(message, is_write=request.is_write) from error
        self.rate_limits.update(
            {name.lower(): value for name, value in response.headers.items() if _is_limit(name)}
        )
        return Answer(
            self.system, request, response.status_code, response.headers, body, received_bytes
        )

    def _read(self, response: requests.Response, deadline_s: float) -> bytes:
        """Return the unpacked body, as far as it comes in time and is not endless."""
        body = bytearray()
        # read1 returns what has come; everything else waits for a whole part.
        while part := response.raw.read1(ANSWER_PART_BYTES, decode_content=True):
            body += part
            if len(body) > self._answer_bytes_max:
                raise _TooMuch
            if time.monotonic() > deadline_s:
                raise _TooMuch
        return bytes(body)

    def _translate(self, request: Request, error: requests.RequestException) -> NoReturn:
        if isinstance(error, UNUSABLE_ADDRESSES):
            message = f"{self.system} has no usable address: {request.url}."
            raise ConfigurationError(message, remedy="Correct the connection's URL.") from error
        if _is_certificate_refused(error):
            message = f"{self.system} at {request.url} shows a certificate that is not trusted."
            remedy = "Nothing was sent. Check the URL and which certificates are trusted."
            raise ConfigurationError(message, remedy=remedy) from error
        if _was_never_sent(error):
            message = f"{self.system} could not be reached at {request.url}."
            remedy = "Nothing was sent. Check that it runs; the request is tried again later."
            raise UnavailableError(message, remedy=remedy) from error
        message = f"{self.system} gave no complete answer to {request.method} {request.url}."
        raise untrusted_answer(message, is_write=request.is_write) from error

    def _judged(self, answer: Answer) -> Answer:
        is_write = answer.request.is_write
        error = error_of(answer.status, is_write=is_write)
        if error is AuthenticationError:
            message = f"{self.system} refused {answer.request.url} with HTTP {answer.status}."
            raise AuthenticationError(message, remedy=self.access_remedy)
        if error is ConfigurationError:
            message = f"{self.system} redirects {answer.request.url} (HTTP {answer.status})."
            raise ConfigurationError(message, remedy="Correct the connection's URL.")
        if error is not None:
            message = f"{self.system} answered {answer.request.url} with HTTP {answer.status}."
            raise untrusted_answer(message, is_write=is_write)
        return answer

    def _rate_limited(self, answer: Answer, wait_s: float) -> RateLimitedError:
        limit = answer.headers.get("X-Rate-Limit-Problem", "")
        message = f"{self.system} limits our calls{f' ({limit})' if limit else ''}."
        remedy = f"It takes calls again in {wait_s:.0f} s; nothing was written."
        return RateLimitedError(message, remedy=remedy, retry_after_s=wait_s)


class _TooMuch(Exception):  # noqa: N818 - never leaves this module
    """An answer took too long or is too large."""


def _is_limit(header: str) -> bool:
    name = header.lower()
    return name.startswith("x-") and "limit" in name


def _retry_after_s(answer: Answer) -> float:
    try:
        told_s = float(answer.headers.get("Retry-After", ""))
    except ValueError:
        return RATE_LIMIT_WAIT_DEFAULT_S
    if math.isnan(told_s):
        return RATE_LIMIT_WAIT_DEFAULT_S
    return min(max(RATE_LIMIT_WAIT_MIN_S, told_s), RATE_LIMIT_WAIT_MAX_S)


def _reason(error: requests.RequestException) -> object:
    cause = error.args[0] if error.args else None
    return cause.reason if isinstance(cause, MaxRetryError) else None


def _is_certificate_refused(error: requests.RequestException) -> bool:
    reason = _reason(error)
    return isinstance(reason, SSLError) and any(
        isinstance(cause, ssl.SSLCertVerificationError) or FINGERPRINT_DIFFERS in str(cause)
        for cause in reason.args
    )


def _was_never_sent(error: requests.RequestException) -> bool:
    """Say whether no connection came about; everything later may have reached the system."""
    never_connected = isinstance(_reason(error), NewConnectionError | ProxyError)
    return never_connected or isinstance(error, requests.ConnectTimeout)


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
