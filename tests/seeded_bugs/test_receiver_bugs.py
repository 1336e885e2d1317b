"""Two bugs planted in the receiver, each caught by what shows that the real one is sound."""

import asyncio
import json
import logging
import random
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import make_url
from starlette.applications import Starlette
from typing_extensions import override

from contract.test_receiver import SENDERS, Burst, Started, burst, plain
from crash_matrix.report import record
from faults.receiving import PAIR, SECRET, SHOP, headers, post, signature
from faults.test_webhooks import body_written_anew
from processes import free_port, running
from tieout.ledger.grants import grants
from tieout.ledger.postgres import PostgresLedger
from tieout.web import receiver
from tieout.web.config import ReceiverConfig
from tieout.web.message import ReceivedBody

ROLE = "tieout_seeded_bug"
ACK_FIRST = str(Path(__file__).with_name("ack_first.py"))
KILLS = 2
ACKS_PER_KILL = 120
MUTATIONS = 200
SEED = 11


@pytest.fixture
def configured(emptied_ledger_url: str, tmp_path: Path) -> Iterator[Started]:
    """A receiver's configuration over an empty inbox; whatever runs by it answers at one port."""
    password = secrets.token_hex()
    grants(emptied_ledger_url, ROLE, password)
    own_url = make_url(emptied_ledger_url).set(username=ROLE, password=password)
    config = tmp_path / "receiver.json"
    shops = {SHOP: {"pair": PAIR, "secrets": [SECRET]}}
    database_url = own_url.render_as_string(hide_password=False)
    config.write_text(json.dumps({"database_url": database_url, "shops": shops}), "utf-8")
    port = free_port()
    ledger = PostgresLedger(emptied_ledger_url)
    yield Started(
        url=f"http://127.0.0.1:{port}",
        port=port,
        ledger=ledger,
        admin_url=plain(emptied_ledger_url),
        arguments=["--port", str(port), "--config", str(config)],
    )
    ledger.close()


def lost_in_kills(configured: Started, program: list[str]) -> int:
    """Kill a receiver in bursts and return how many acknowledged webhooks are not stored."""
    heard = Burst()
    numbers = count(1)
    for kill in range(1, KILLS + 1):
        with (
            running(
                [*program, *configured.arguments], ready_url=f"{configured.url}/health"
            ) as process,
            ThreadPoolExecutor(SENDERS) as senders,
        ):
            sending = [senders.submit(burst(configured, numbers, heard)) for _ in range(SENDERS)]
            while len(heard.acked) < kill * ACKS_PER_KILL:
                time.sleep(0.002)
            process.kill()
            for one in sending:
                one.result()
    assert heard.cut == KILLS * SENDERS, "not injected"
    stored = {event for event, _resource, _hash in configured.rows()}
    lost = len(set(heard.acked) - stored)
    name = Path(program[-1]).name
    record(f"{name} killed in a burst", kills=KILLS, acks=len(heard.acked), lost=lost)
    return lost


def test_a_receiver_that_answers_before_it_stores_is_caught_and_the_real_one_is_not(
    configured: Started,
) -> None:
    assert lost_in_kills(configured, [ACK_FIRST]) > 0
    assert lost_in_kills(configured, ["-m", "tieout.web.receiver"]) == 0


class WrittenAnewBody(ReceivedBody):
    """Checks the signature of what the body says instead of the body's bytes."""

    @override
    def is_signed(self, signature: str) -> bool:
        try:
            said = json.dumps(json.loads(self.kept() or b"")).encode()
        except ValueError:
            return False
        again = ReceivedBody([SECRET.encode()])
        again.add(said)
        return again.is_signed(signature)


@pytest.fixture
def app(emptied_ledger_url: str) -> Callable[[], Starlette]:
    """Make the receiver's app over an empty ledger."""
    config = ReceiverConfig.model_validate(
        {
            "database_url": emptied_ledger_url,
            "shops": {SHOP: {"pair": PAIR, "secrets": [SECRET]}},
        }
    )
    return lambda: receiver.create_app(config)


AS_PYTHON_WRITES = json.dumps({"id": 1042, "note": "caf\u00e9", "total": "110.13"}).encode()
AS_A_SHOP_WRITES = b'{"id":1042,"note":"caf\xc3\xa9","total":"110.13"}'


def accepted_forgeries(app: Starlette) -> int:
    """Return how many bodies are accepted that are not the one that was signed."""
    chance = random.Random(SEED)  # noqa: S311 - repeatable forgeries
    signed = headers(AS_PYTHON_WRITES)
    accepted = tried = 0
    while tried < MUTATIONS:
        body, _ = body_written_anew(chance, AS_PYTHON_WRITES, signed)
        if body == AS_PYTHON_WRITES:
            continue
        tried += 1
        accepted += asyncio.run(post(app, body, signed)) == 200
    return accepted


def test_a_receiver_that_signs_what_it_read_is_caught_and_the_real_one_is_not(
    app: Callable[[], Starlette],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    good = headers(AS_A_SHOP_WRITES) | {"x-shopify-hmac-sha256": signature(AS_A_SHOP_WRITES)}
    assert accepted_forgeries(app()) == 0
    assert asyncio.run(post(app(), AS_A_SHOP_WRITES, good)) == 200
    monkeypatch.setattr(receiver, "ReceivedBody", WrittenAnewBody)
    forged = accepted_forgeries(app())
    refused = asyncio.run(post(app(), AS_A_SHOP_WRITES, good))
    record("receiver that signs what it read", forgeries=MUTATIONS, accepted=forged, good=refused)
    assert forged > 0
    assert refused == 401
