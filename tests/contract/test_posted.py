"""Waiting until people have posted what a batch entered: asked of a real ledger."""

import asyncio
from collections.abc import Iterator

import pytest

import records
from tieout.domain.base import BatchId, DeliveryId, System
from tieout.domain.ledger import DeliveryState
from tieout.ledger.posted import wait_until_posted
from tieout.ledger.postgres import PostgresLedger

POLL_S = 0.02
WAIT_S = 1.5
"""Long enough for a look on a machine that is busy with other things."""


@pytest.fixture
def ledger(emptied_ledger_url: str) -> Iterator[PostgresLedger]:
    opened = PostgresLedger(emptied_ledger_url)
    yield opened
    opened.close()


def test_who_waits_goes_on_once_all_that_can_be_posted_is(
    ledger: PostgresLedger, emptied_ledger_url: str
) -> None:
    batch_id, (first, second) = entered(ledger, "r-1", "r-2")
    url = emptied_ledger_url.replace("+psycopg", "")

    async def ends(state: DeliveryState) -> bool:
        """Say whether the wait ends within a few looks."""
        wait = wait_until_posted(
            url, batch_id=batch_id, entity="cash_receipt", state=state, poll_s=POLL_S
        )
        task = asyncio.create_task(wait)
        _done, waiting = await asyncio.wait([task], timeout=WAIT_S)
        task.cancel()
        return not waiting

    async def scene() -> None:
        assert not await ends(DeliveryState.UPDATED)
        ledger.advance(first, DeliveryState.UPDATED)
        assert not await ends(DeliveryState.UPDATED)
        letter = records.dead_letter(document_id=records.stored(ledger, second).document_id)
        assert ledger.recall(second, letter)
        assert await ends(DeliveryState.UPDATED)
        assert not await ends(DeliveryState.IN_GL)
        ledger.advance(first, DeliveryState.IN_GL)
        assert await ends(DeliveryState.IN_GL)

    asyncio.run(scene())


def entered(ledger: PostgresLedger, *keys: str) -> tuple[BatchId, list[DeliveryId]]:
    """Enter a cash receipt of an order each, all in one batch; return it and their ids."""
    orders = [records.received(ledger, f"of {key}", minutes=no) for no, key in enumerate(keys)]
    held = records.fence(ledger)
    ids = []
    for document_id, key in zip(orders, keys, strict=True):
        new = records.delivery(document_id, key=key, entity="cash_receipt", target=System.SAGE100)
        (one,) = ledger.intend([new])
        ledger.mark_sent([one.delivery_id], fence=held, lease_s=900)
        records.confirm(ledger, one, records.landed(f"00001/{key}"), None)
        ids.append(one.delivery_id)
    return held.batch_id, ids
