"""The receiver as a real process on a real PostgreSQL, with the rights it has in production."""

import hashlib
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median, quantiles

import psycopg
import pytest
import requests
from psycopg import sql
from sqlalchemy import make_url

from figures.report import record
from processes import running
from receivers import (
    BODY,
    PAIR,
    PREVIOUS,
    SHOPIFY_PATH,
    TIMEOUT_S,
    XERO_PATH,
    Make,
    Started,
    configured,
    headers,
    killed_in_bursts,
    plain,
    shopify_webhook,
    signature,
    xero_webhook,
)
from tieout.web.message import BODY_BYTES_HARD_MAX, BODY_BYTES_MAX

ROLE = "tieout_receiver_test"
PROGRAM = ("-m", "tieout.web.receiver")
ANSWER_P99_MAX_S = 0.5


@pytest.fixture(scope="module")
def receiver_configured(
    shared_ledger_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Started]:
    """A receiver that is configured, on one port, with its own role in the database."""
    with configured(shared_ledger_url, tmp_path_factory.mktemp("receiver"), role=ROLE) as one:
        yield one


@pytest.fixture(scope="module")
def started(receiver_configured: Started) -> Iterator[Started]:
    arguments = [*PROGRAM, *receiver_configured.arguments]
    with running(arguments, ready_url=f"{receiver_configured.url}/health"):
        yield receiver_configured


@pytest.fixture
def receiver(started: Started, emptied_ledger_url: str) -> Started:
    """A running receiver with an empty inbox."""
    assert plain(emptied_ledger_url) == started.admin_url
    return started


def test_a_signed_webhook_is_stored_as_it_came(receiver: Started) -> None:
    answer = receiver.post()
    assert (answer.status_code, answer.content) == (200, b"")
    assert "Set-Cookie" not in answer.headers
    (stored,) = receiver.ledger.pending_entries(PAIR, limit=10)
    assert (stored.body, stored.body_size) == (BODY, len(BODY))
    assert (stored.event_id, stored.resource_id, stored.topic) == ("w-1", "1042", "orders/create")
    assert stored.headers["x-shopify-api-version"] == "2026-10"
    assert "cookie" not in stored.headers
    assert "x-shopify-hmac-sha256" not in stored.headers


def test_the_previous_secret_still_counts(receiver: Started) -> None:
    answer = receiver.post(X_Shopify_Hmac_Sha256=signature(BODY, PREVIOUS))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "forged",
    [
        {"X_Shopify_Hmac_Sha256": signature(BODY, "another secret")},
        {"X_Shopify_Hmac_Sha256": signature(BODY + b" ")},
        {"X_Shopify_Hmac_Sha256": ""},
        {"X_Shopify_Hmac_Sha256": "not base64!"},
        {"X_Shopify_Shop_Domain": "lotus-lane.myshopify.com"},
        {"X_Shopify_Shop_Domain": ""},
    ],
)
def test_a_forged_webhook_is_refused_and_leaves_no_row(
    receiver: Started, forged: dict[str, str]
) -> None:
    answer = receiver.send(BODY, headers(BODY, **forged))
    assert (answer.status_code, answer.content) == (401, b"")
    assert receiver.rows() == []


@pytest.mark.parametrize("missing", ["X-Shopify-Hmac-Sha256", "X-Shopify-Shop-Domain"])
def test_a_webhook_without_signature_or_shop_is_refused(receiver: Started, missing: str) -> None:
    sent = headers()
    del sent[missing]
    assert receiver.send(BODY, sent).status_code == 401
    assert receiver.rows() == []


@pytest.mark.parametrize("missing", ["X-Shopify-Topic", "X-Shopify-Webhook-Id"])
def test_a_webhook_without_topic_or_id_is_refused(receiver: Started, missing: str) -> None:
    sent = headers()
    del sent[missing]
    assert receiver.send(BODY, sent).status_code == 400
    assert receiver.rows() == []


def test_a_body_that_was_written_anew_is_refused(receiver: Started) -> None:
    rewritten = json.dumps(json.loads(BODY)).encode()
    assert receiver.send(rewritten, headers(BODY)).status_code == 401
    assert receiver.rows() == []


def test_a_body_that_is_no_json_is_stored_for_a_person(receiver: Started) -> None:
    assert receiver.post(b'{"id": 1042, "na').status_code == 200
    assert [resource for _event, resource, _hash in receiver.rows()] == [""]


def test_a_hundred_copies_at_once_are_one_row(receiver: Started) -> None:
    with ThreadPoolExecutor(50) as senders:
        answers = list(senders.map(lambda _n: receiver.post().status_code, range(100)))
    assert answers == [200] * 100
    assert len(receiver.rows()) == 1


def test_a_replay_under_another_id_is_no_new_row(receiver: Started) -> None:
    receiver.post(webhook_id="w-1")
    assert receiver.post(webhook_id="w-2").status_code == 200
    assert len(receiver.rows()) == 1


def test_an_oversized_body_is_stored_without_its_content(receiver: Started) -> None:
    large = b'{"id": 1042, "note": "' + b"x" * BODY_BYTES_MAX + b'"}'
    assert receiver.post(large).status_code == 200
    (stored,) = receiver.ledger.pending_entries(PAIR, limit=10)
    assert (stored.body, stored.body_size) == (None, len(large))
    assert stored.body_sha256 == hashlib.sha256(large).hexdigest()


def test_an_oversized_forgery_is_refused(receiver: Started) -> None:
    large = b"x" * (BODY_BYTES_MAX + 1)
    assert receiver.post(large, X_Shopify_Hmac_Sha256=signature(BODY)).status_code == 401
    assert receiver.rows() == []


def raw(receiver: Started, sent: bytes) -> bytes:
    """Send bytes, say that there are no more, and return the answer's first line."""
    with socket.create_connection(("127.0.0.1", receiver.port), TIMEOUT_S) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").readline()


def head(body: bytes, *more: str) -> bytes:
    lines = ["POST /webhooks/shopify HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers(body).items()]
    return "\r\n".join([*lines, *more, "", ""]).encode()


def test_an_announced_body_over_the_hard_limit_is_refused(receiver: Started) -> None:
    sent = head(BODY, f"Content-Length: {BODY_BYTES_HARD_MAX + 1}")
    assert b"413" in raw(receiver, sent)
    assert receiver.rows() == []


def test_a_body_that_ends_early_leaves_no_row(receiver: Started) -> None:
    raw(receiver, head(BODY, f"Content-Length: {len(BODY) + 10}") + BODY)
    assert receiver.post(b'{"id": 7}', webhook_id="w-2").status_code == 200
    assert [resource for _event, resource, _hash in receiver.rows()] == ["7"]


def test_a_body_that_is_longer_than_announced_is_refused(receiver: Started) -> None:
    assert b" 40" in raw(receiver, head(BODY, f"Content-Length: {len(BODY) - 1}") + BODY)
    assert receiver.rows() == []


def test_a_chunked_body_that_is_cut_leaves_no_row(receiver: Started) -> None:
    cut = b"%x\r\n%s\r\n" % (len(BODY), BODY)
    raw(receiver, head(BODY, "Transfer-Encoding: chunked") + cut)
    assert receiver.post(b'{"id": 7}', webhook_id="w-2").status_code == 200
    assert [resource for _event, resource, _hash in receiver.rows()] == ["7"]


def test_there_are_three_routes_and_nothing_else(receiver: Started) -> None:
    assert requests.get(f"{receiver.url}/health", timeout=TIMEOUT_S).status_code == 200
    for path in (SHOPIFY_PATH, XERO_PATH):
        assert requests.get(f"{receiver.url}{path}", timeout=TIMEOUT_S).status_code == 405
    assert requests.get(f"{receiver.url}/", timeout=TIMEOUT_S).status_code == 404
    assert requests.get(f"{receiver.url}/docs", timeout=TIMEOUT_S).status_code == 404


def allow_connections(ledger_url: str, postgres_url: str, *, allowed: bool) -> None:
    """Let PostgreSQL take connections to the ledger, or refuse them and end those there are."""
    name = make_url(ledger_url).database or ""
    with psycopg.connect(plain(postgres_url), autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(
                sql.Identifier(name), sql.SQL("true" if allowed else "false")
            )
        )
        if not allowed:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )


def test_while_the_database_is_down_the_shop_is_told_to_come_again(
    receiver: Started, emptied_ledger_url: str, postgres_url: str
) -> None:
    receiver.post(webhook_id="w-1")
    receiver.ledger.close()
    allow_connections(emptied_ledger_url, postgres_url, allowed=False)
    try:
        assert receiver.post(b'{"id": 7}', webhook_id="w-2").status_code == 503
        assert requests.get(f"{receiver.url}/health", timeout=TIMEOUT_S).status_code == 503
    finally:
        allow_connections(emptied_ledger_url, postgres_url, allowed=True)
    assert receiver.post(b'{"id": 7}', webhook_id="w-2").status_code == 200
    assert [event for event, _resource, _hash in receiver.rows()] == ["w-1", "w-2"]


def test_a_listener_hears_of_a_webhook(receiver: Started) -> None:
    with psycopg.connect(receiver.admin_url, autocommit=True) as listener:
        listener.execute("LISTEN tieout_inbox")
        receiver.post()
        heard = [notice.payload for notice in listener.notifies(timeout=TIMEOUT_S, stop_after=1)]
    assert heard == [PAIR]


@pytest.mark.usefixtures("emptied_ledger_url")
@pytest.mark.parametrize("make", [shopify_webhook, xero_webhook], ids=["Shopify", "Xero"])
@pytest.mark.parametrize(
    ("kills", "acks_per_kill"),
    [
        pytest.param(5, 150, id="5 kills"),
        pytest.param(15, 1400, id="15 kills", marks=pytest.mark.tier2),
    ],
)
def test_what_was_acknowledged_survives_kills_in_a_burst(
    receiver_configured: Started, make: Make, kills: int, acks_per_kill: int
) -> None:
    killed = receiver_configured.elsewhere()
    heard = killed_in_bursts(killed, PROGRAM, kills=kills, acks_per_kill=acks_per_kill, make=make)
    stored = [event for event, _resource, _hash in killed.rows()]
    p99_s = quantiles(heard.seconds, n=100)[98]
    of_xero = " by Xero" if make is xero_webhook else ""
    record(
        f"receiver killed {kills} times{of_xero}",
        kills=kills,
        acks=heard.acks,
        lost=len(set(heard.acked) - set(stored)),
        doubled=len(stored) - len(set(stored)),
        forged=heard.forged,
        forged_accepted=heard.forged_accepted,
        p50_ms=round(median(heard.seconds) * 1000, 1),
        p99_ms=round(p99_s * 1000, 1),
    )
    assert heard.forged > 0
    assert heard.forged_accepted == 0
    assert set(heard.acked) <= set(stored)
    assert len(stored) == len(set(stored))
    assert p99_s < ANSWER_P99_MAX_S
