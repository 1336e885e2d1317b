"""The receiver as a real process: how tests configure one, what they send it, and bursts of it."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import psycopg
import requests
from sqlalchemy import make_url

from processes import free_port, running
from tieout.domain.base import Json
from tieout.ledger.grants import grants
from tieout.ledger.postgres import PostgresLedger
from tieout.simulators.company import COMPANIES

SHOP = "harbor-and-pine.myshopify.com"
PAIR, OTHER_PAIR = "harbor_and_pine", "lotus_lane"
TENANT, OTHER_TENANT = COMPANIES["HPS"].xero_tenant_id, COMPANIES["LLT"].xero_tenant_id
APP = "books"
CURRENT, PREVIOUS = "current-secret", "previous-secret"
XERO_CURRENT, XERO_PREVIOUS = "current-key", "previous-key"
BODY = b'{"id": 1042, "name": "#1042", "note": "caf\xc3\xa9 \xe6\xbc\xa2"}'
TIMEOUT_S = 10.0
SENDERS = 8
SHOPIFY_PATH, XERO_PATH = "/webhooks/shopify", "/webhooks/xero"


def signature(body: bytes, secret: str = CURRENT) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers(body: bytes = BODY, webhook_id: str = "w-1", **changed: str) -> dict[str, str]:
    """Return the headers of a well-signed webhook of the shop."""
    usual = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-Webhook-Id": webhook_id,
        "X-Shopify-Hmac-Sha256": signature(body),
        "X-Shopify-Api-Version": "2026-10",
        "Cookie": "session=1",
    }
    return usual | {name.replace("_", "-"): value for name, value in changed.items()}


def record_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def event(number: int = 1, **changed: str) -> Json:
    """Return an event as Xero sends it: an invoice of the first organization was changed."""
    usual: Json = {
        "resourceUrl": f"https://api.xero.com/api.xro/2.0/Invoices/{record_id(number)}",
        "resourceId": record_id(number),
        "tenantId": TENANT,
        "tenantType": "ORGANISATION",
        "eventCategory": "INVOICE",
        "eventType": "UPDATE",
        "eventDateUtc": "2026-11-24T04:06:33.902",
    }
    return usual | dict(changed.items())


def xero_body(*events: Json, first: int = 1, entropy: str = "S0m3r4Nd0mt3xt") -> bytes:
    """Return a webhook body of Xero: an intent to receive when it has no event."""
    last = first + len(events) - 1
    content = {
        "events": list(events),
        "firstEventSequence": first if events else 0,
        "lastEventSequence": last if events else 0,
        "entropy": entropy,
    }
    return json.dumps(content, separators=(",", ":")).encode()


def xero_headers(body: bytes, key: str = XERO_CURRENT) -> dict[str, str]:
    return {"Content-Type": "application/json", "x-xero-signature": signature(body, key)}


@dataclass(frozen=True)
class Started:
    """A running receiver, its ledger, and how to reach both."""

    url: str
    port: int
    ledger: PostgresLedger
    admin_url: str
    arguments: list[str]

    def post(self, body: bytes = BODY, **changed: str) -> requests.Response:
        return self.send(body, headers(body, **changed))

    def send(
        self, body: bytes, sent: dict[str, str], *, path: str = SHOPIFY_PATH
    ) -> requests.Response:
        return requests.post(f"{self.url}{path}", data=body, headers=sent, timeout=TIMEOUT_S)

    def post_xero(self, *events: Json, first: int = 1, key: str = XERO_CURRENT) -> int:
        """Post events as Xero does, and return the answer's status."""
        body = xero_body(*events, first=first)
        return self.send(body, xero_headers(body, key), path=XERO_PATH).status_code

    def rows(self) -> list[tuple[str, str, str]]:
        """Return event id, resource id and body hash of everything in the inbox."""
        with psycopg.connect(self.admin_url) as connection:
            return connection.execute(
                "SELECT event_id, resource_id, body_sha256 FROM tieout.inbox ORDER BY inbox_id"
            ).fetchall()

    def elsewhere(self) -> "Started":
        """Return the same receiver at another port."""
        port = free_port()
        arguments = [*self.arguments, "--port", str(port)]
        return replace(self, url=f"http://127.0.0.1:{port}", port=port, arguments=arguments)


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def configured(ledger_url: str, folder: Path, *, role: str) -> Iterator[Started]:
    """Configure a receiver at a port of its own, with its own role in the database."""
    password = secrets.token_hex()
    grants(ledger_url, role, password)
    own_url = make_url(ledger_url).set(username=role, password=password)
    config = folder / "receiver.json"
    content = {
        "database_url": own_url.render_as_string(hide_password=False),
        "shops": {SHOP: {"pair": PAIR, "secrets": [CURRENT, PREVIOUS]}},
        "xero_apps": {
            APP: {
                "keys": [XERO_CURRENT, XERO_PREVIOUS],
                "tenants": {TENANT.upper(): PAIR, OTHER_TENANT: OTHER_PAIR},
            }
        },
    }
    config.write_text(json.dumps(content), encoding="utf-8")
    port = free_port()
    ledger = PostgresLedger(ledger_url)
    yield Started(
        url=f"http://127.0.0.1:{port}",
        port=port,
        ledger=ledger,
        admin_url=plain(ledger_url),
        arguments=["--port", str(port), "--config", str(config)],
    )
    ledger.close()


@dataclass(frozen=True)
class Webhook:
    """One webhook to send, and the ids of the inbox entries that its acknowledgement promises."""

    path: str
    body: bytes
    headers: dict[str, str]
    promises: tuple[str, ...]


Make = Callable[[int, bool], Webhook]
"""Makes the webhook of a number, forged or not."""


def shopify_webhook(number: int, is_forged: bool) -> Webhook:  # noqa: FBT001 - as Make says
    body = f'{{"id": {number}, "note": "\u202e\u200b\U0001f9fe"}}'.encode()
    given = headers(body, webhook_id=f"w-{number}")
    if is_forged:
        given["X-Shopify-Hmac-Sha256"] = signature(body, "guessed")
    return Webhook(SHOPIFY_PATH, body, given, (f"w-{number}",))


def xero_webhook(number: int, is_forged: bool) -> Webhook:  # noqa: FBT001 - as Make says
    """Make one of three events of two organizations."""
    events = [
        event(number),
        event(number, eventType="CREATE"),
        event(number, tenantId=OTHER_TENANT),
    ]
    moments = [f"2026-11-24T04:06:33.{place:03d}" for place in range(len(events))]
    told = [one | {"eventDateUtc": at} for one, at in zip(events, moments, strict=True)]
    body = xero_body(*told, first=number * len(told) + 1)
    given = xero_headers(body, "guessed" if is_forged else XERO_PREVIOUS)
    promises = tuple(f"{record_id(number)} {at.lower()}" for at in moments)
    return Webhook(XERO_PATH, body, given, promises)


@dataclass
class Burst:
    """What senders heard: the acknowledged entries, how long each answer took, and forgeries."""

    acked: list[str] = field(default_factory=list)
    acks: int = 0
    seconds: list[float] = field(default_factory=list)
    forged: int = 0
    forged_accepted: int = 0
    cut: int = 0


FORGED_EVERY, REPEATED_EVERY = 50, 20


def _post_one(
    session: requests.Session, receiver: Started, number: int, heard: Burst, make: Make
) -> None:
    """Post a webhook: one in 50 is forged, one in 20 is delivered twice."""
    is_forged = number % FORGED_EVERY == 0
    sent = make(number, is_forged)
    for _copy in range(2 if number % REPEATED_EVERY == 1 else 1):
        started_s = time.perf_counter()
        answer = session.post(
            f"{receiver.url}{sent.path}", data=sent.body, headers=sent.headers, timeout=TIMEOUT_S
        )
        heard.seconds.append(time.perf_counter() - started_s)
        if is_forged:
            heard.forged += 1
            heard.forged_accepted += answer.status_code == 200
        elif answer.status_code == 200:
            heard.acked += sent.promises
            heard.acks += 1


def _burst(
    receiver: Started, numbers: Iterator[int], heard: Burst, make: Make
) -> Callable[[], None]:
    """Make a sender that posts new webhooks until the receiver is gone."""

    def send_until_it_fails() -> None:
        with requests.Session() as session:
            for number in numbers:
                try:
                    _post_one(session, receiver, number, heard, make)
                except requests.ConnectionError:
                    heard.cut += 1
                    return

    return send_until_it_fails


def killed_in_bursts(
    receiver: Started,
    program: Sequence[str],
    *,
    kills: int,
    acks_per_kill: int,
    make: Make = shopify_webhook,
) -> Burst:
    """Kill the receiver again and again while all senders send, and return what they heard."""
    numbers = count(1)
    heard = Burst()
    arguments = [*program, *receiver.arguments]
    for kill in range(1, kills + 1):
        with (
            running(arguments, ready_url=f"{receiver.url}/health") as process,
            ThreadPoolExecutor(SENDERS) as senders,
        ):
            sending = [
                senders.submit(_burst(receiver, numbers, heard, make)) for _one in range(SENDERS)
            ]
            while heard.acks < kill * acks_per_kill:
                time.sleep(0.002)
            process.kill()
            for one in sending:
                one.result()
    assert heard.cut == kills * SENDERS, "a kill that cut nobody off shows nothing"
    return heard
