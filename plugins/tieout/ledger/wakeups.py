"""Wake-ups: tell a waiting process that a run would find something to do. Reads only."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator

import psycopg
from sqlalchemy.dialects.postgresql import dialect

from tieout.ledger.claims import claimable

CHANNEL = "tieout_inbox"
RECONNECT_S = 2.0
"""Pause before connecting again after the database went away, in seconds."""

REMIND_S = 60.0
"""How long documents that nobody takes up wait for the next wake-up, in seconds."""

NEWEST_PENDING = """
SELECT coalesce(max(inbox_id), 0) FROM tieout.inbox
WHERE state = 'pending' AND (origin = 'webhook' OR source <> 'xero')"""
"""What a run has extracted from Xero wakes nobody: the run itself goes on with it."""
CLAIMABLE = str(
    claimable().compile(
        dialect=dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
)

log = logging.getLogger(__name__)


async def arrivals(url: str, *, poll_s: float, remind_s: float = REMIND_S) -> AsyncIterator[int]:
    """Yield the newest pending inbox id each time it has grown, for ever.

    Yields it as well, at most every ``remind_s``, while documents wait that no batch holds: one run
    takes up a bounded number, and what failed is free again some time later. Several arrivals
    between two looks are one wake-up. A lost connection is made again; what came in the meantime is
    seen then.
    """
    seen, reminded_at = 0, -math.inf
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                while True:
                    newest = await _newest(connection)
                    is_due = time.monotonic() - reminded_at >= remind_s
                    if newest > seen or (is_due and await _is_something_claimable(connection)):
                        seen, reminded_at = max(newest, seen), time.monotonic()
                        yield seen
                    async for _notice in connection.notifies(timeout=poll_s, stop_after=1):
                        pass
        except psycopg.OperationalError:
            log.warning("The ledger cannot be reached; trying again in %s s", RECONNECT_S)
            await asyncio.sleep(RECONNECT_S)


async def _newest(connection: psycopg.AsyncConnection) -> int:
    cursor = await connection.execute(NEWEST_PENDING)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _is_something_claimable(connection: psycopg.AsyncConnection) -> bool:
    cursor = await connection.execute(CLAIMABLE)
    return await cursor.fetchone() is not None
