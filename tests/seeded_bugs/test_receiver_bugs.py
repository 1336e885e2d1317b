"""Two bugs planted in the receiver, each caught by what shows that the real one is sound."""

import asyncio
import json
import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from typing_extensions import override

from faults.receiving import PAIR, SECRET, SHOP, headers, post, signature
from faults.test_webhooks import body_written_anew
from figures.report import record
from receivers import Started, configured, killed_in_bursts
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
def receiver_configured(emptied_ledger_url: str, tmp_path: Path) -> Iterator[Started]:
    """A receiver's configuration over an empty inbox; whatever runs by it answers at one port."""
    with configured(emptied_ledger_url, tmp_path, role=ROLE) as one:
        yield one


def lost_in_kills(receiver: Started, program: list[str]) -> int:
    """Kill a receiver in bursts and return how many acknowledged webhooks are not stored."""
    heard = killed_in_bursts(receiver, program, kills=KILLS, acks_per_kill=ACKS_PER_KILL)
    stored = {event for event, _resource, _hash in receiver.rows()}
    lost = len(set(heard.acked) - stored)
    name = Path(program[-1]).name
    record(f"{name} killed in a burst", kills=KILLS, acks=heard.acks, lost=lost)
    return lost


def test_a_receiver_that_answers_before_it_stores_is_caught_and_the_real_one_is_not(
    receiver_configured: Started,
) -> None:
    assert lost_in_kills(receiver_configured, [ACK_FIRST]) > 0
    assert lost_in_kills(receiver_configured, ["-m", "tieout.web.receiver"]) == 0


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
