"""A race for one token: an identity service that rotates strictly, and processes that want it."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl

import psycopg
from cryptography.fernet import Fernet
from sqlalchemy import make_url
from typing_extensions import override

from tieout.domain.tokens import Minted
from tieout.ledger.session import Database
from tieout.ledger.tokens import PostgresTokenStore
from tieout.simulators.xero import identity as xero_identity
from tieout.simulators.xero.access_tokens import AccessDeniedError
from tieout.simulators.xero.identity import Identity, TokenRequestError
from tieout.simulators.xero.seed import apps
from tieout.simulators.xero.store import Journal
from tieout.wiring.clock import SystemClock
from tokens.refreshers import NAME

REFRESHERS = Path(__file__).with_name("refreshers.py")
PROCESSES = 2
WORKERS_EACH = 8
REDIRECT = "https://books.example/connected"


@dataclass
class IdentityService:
    """The simulated identity service over HTTP; ``counts`` has refreshes and refusals."""

    identity: Identity
    url: str
    first_refresh_token: str
    counts: Counter[str] = field(default_factory=Counter)

    def accepts(self, token: str) -> bool:
        """Say whether the API would take the token."""
        try:
            self.identity.authorize(f"Bearer {token}")
        except AccessDeniedError:
            return False
        return True


class ServiceClock:
    """The service's clock, which tests set forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return SystemClock().now() + self.ahead


@contextmanager
def serving_identity(folder: Path, clock: ServiceClock) -> Iterator[IdentityService]:
    """Serve the identity service, with a consent given to the app of all organizations."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = iter(range(1, 1_000_000))
    lock = threading.Lock()
    identity = Identity(
        Journal(folder / "identity"), clock, lambda: f"id-{next(numbers):032d}", apps()
    )
    identity.register("tieout-app", REDIRECT)
    code = identity.consent(
        {
            "client_id": "tieout-app",
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": "accounting.invoices offline_access",
        }
    )
    app = {"client_id": "tieout-app", "client_secret": "xero-secret-app"}
    granted = identity.token(
        {**app, "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    )

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            basic = base64.b64decode(self.headers["Authorization"].removeprefix("Basic "))
            client_id, _, secret = basic.decode().partition(":")
            form = {**dict(parse_qsl(body)), "client_id": client_id, "client_secret": secret}
            with lock:
                try:
                    answer, status = identity.token(form), 200
                    service.counts["refreshes"] += 1
                except TokenRequestError as error:
                    answer, status = {"error": error.code}, 400
                    service.counts["refusals"] += 1
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    service = IdentityService(identity, url, str(granted["refresh_token"]))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def strict_rotation() -> Iterator[None]:
    """Let the service refuse a refresh token as soon as it was replaced."""
    grace = xero_identity.REFRESH_GRACE
    xero_identity.REFRESH_GRACE = timedelta()  # type: ignore[misc]
    try:
        yield
    finally:
        xero_identity.REFRESH_GRACE = grace  # type: ignore[misc]


@dataclass(frozen=True)
class Round:
    """What one round brought: how often the service refreshed and refused, and all answers."""

    refreshes: int
    refusals: int
    answers: tuple[str, ...]
    is_accepted: bool

    @property
    def is_clean(self) -> bool:
        """Say whether one refresh served everybody, with one token that the API takes."""
        one_token = len(set(self.answers)) == 1 and self.is_accepted
        return (self.refreshes, self.refusals) == (1, 0) and one_token


class Racers:
    """Processes of workers; each ``run`` is a round in which all of them want a token at once."""

    def __init__(self, service: IdentityService, ledger_url: str, *, key: str) -> None:
        self._service = service
        self._ledger_url = ledger_url
        self._key = key
        store_consent(ledger_url, key, service.first_refresh_token)
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, how: str, *, processes: int = PROCESSES, workers: int = WORKERS_EACH) -> None:
        """Start processes that use the good store or a spoiled one."""
        arguments = [self._service.url, self._ledger_url]
        self._processes = [
            subprocess.Popen(
                [sys.executable, str(REFRESHERS), *arguments, self._key, how, str(workers)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            for _process in range(processes)
        ]

    def stop(self) -> None:
        """End the processes: they end with their input."""
        for process in self._processes:
            process.communicate()

    def run(self) -> Round:
        """Let the stored token expire and all workers want one."""
        expire(self._ledger_url)
        before = Counter(self._service.counts)
        for process in self._processes:
            _pipe(process.stdin).write("go\n")
            _pipe(process.stdin).flush()
        lines = [_pipe(process.stdout).readline() for process in self._processes]
        answers = tuple(answer for line in lines if line for answer in json.loads(line))
        new = self._service.counts - before
        return Round(
            refreshes=new["refreshes"],
            refusals=new["refusals"],
            answers=answers,
            is_accepted=bool(answers) and all(map(self._service.accepts, answers)),
        )


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        message = "the process was started without pipes"
        raise RuntimeError(message)
    return stream


def store_consent(ledger_url: str, key: str, refresh_token: str) -> None:
    """Store what a consent gave, as connecting does."""
    database = Database(ledger_url, pool_size=1, application_name="consent")
    consented = Minted(access_token="consented", refresh_token=refresh_token, expires_in_s=1800)  # noqa: S106
    store = PostgresTokenStore(database, [key])
    store.exchange(NAME, is_good=lambda _token: False, mint=lambda _known: consented)
    database.close()


def expire(ledger_url: str) -> None:
    """Let every stored token be over."""
    plain = make_url(ledger_url).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
        connection.execute("UPDATE tieout.tokens SET expires_at = clock_timestamp()")


@contextmanager
def racing(
    folder: Path, ledger_url: str, how: str, **how_many: int
) -> Iterator[tuple[Racers, IdentityService, ServiceClock]]:
    """Start the service and the racers, and end both."""
    with ExitStack() as stack:
        clock = ServiceClock()
        service = stack.enter_context(serving_identity(folder, clock))
        racers = Racers(service, ledger_url, key=Fernet.generate_key().decode())
        racers.start(how, **how_many)
        stack.callback(racers.stop)
        yield racers, service, clock
