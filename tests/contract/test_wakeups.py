"""What wakes a run: something new in the inbox, and documents that nobody has taken up."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

import records
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.wakeups import Waking, arrivals

POLL_S = 0.05
REMIND_S = 0.5
SOON_S = 5.0
"""How long a wake-up may take on a machine that is busy with other things."""


@pytest.fixture
def ledger(emptied_ledger_url: str) -> Iterator[PostgresLedger]:
    opened = PostgresLedger(emptied_ledger_url)
    yield opened
    opened.close()


@asynccontextmanager
async def waiting(url: str) -> AsyncIterator[list[int]]:
    """Collect the wake-ups of a ledger until the block ends."""
    woken: list[int] = []

    async def collect() -> None:
        url_of_driver = url.replace("+psycopg", "")
        async for newest in arrivals(
            url_of_driver, waking=Waking.ORDERS, poll_s=POLL_S, remind_s=REMIND_S
        ):
            woken.append(newest)  # noqa: PERF401 - it never ends, and is read meanwhile

    task = asyncio.create_task(collect())
    try:
        yield woken
    finally:
        task.cancel()


async def grown(woken: list[int], length: int) -> None:
    """Wait until there were so many wake-ups."""
    async with asyncio.timeout(SOON_S):
        while len(woken) < length:  # noqa: ASYNC110 - a list has no event
            await asyncio.sleep(POLL_S)


def test_what_lands_in_the_inbox_wakes_once(
    ledger: PostgresLedger, emptied_ledger_url: str
) -> None:
    async def scene() -> None:
        async with waiting(emptied_ledger_url) as woken:
            await asyncio.sleep(2 * REMIND_S)
            assert woken == []
            inbox_id = records.land_pending(ledger)
            await grown(woken, 1)
            await asyncio.sleep(3 * REMIND_S)
            assert woken == [inbox_id]

    asyncio.run(scene())


def test_documents_that_nobody_takes_up_remind_until_somebody_does(
    ledger: PostgresLedger, emptied_ledger_url: str
) -> None:
    records.received(ledger, "1")

    async def scene() -> None:
        async with waiting(emptied_ledger_url) as woken:
            began = asyncio.get_running_loop().time()
            await grown(woken, 3)
            assert asyncio.get_running_loop().time() - began >= 2 * REMIND_S
            records.claim(ledger)
            await asyncio.sleep(2 * POLL_S)
            before = len(woken)
            await asyncio.sleep(3 * REMIND_S)
            assert len(woken) == before

    asyncio.run(scene())


def test_a_batch_that_leaves_some_behind_wakes_the_next_when_its_lease_ends(
    ledger: PostgresLedger, emptied_ledger_url: str
) -> None:
    for number in range(3):
        records.received(ledger, str(number))
    records.claim(ledger, "run-1", limit=2)
    records.claim(ledger, "run-2", limit=2)

    async def scene() -> None:
        async with waiting(emptied_ledger_url) as woken:
            await asyncio.sleep(2 * REMIND_S)
            assert woken == []
            records.claim(ledger, "run-2", lease_s=0)
            await grown(woken, 1)

    asyncio.run(scene())
