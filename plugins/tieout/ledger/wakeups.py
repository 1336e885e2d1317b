"""Wake-ups: tell a waiting process that the inbox has something new. Reads only."""

import asyncio
import logging
from collections.abc import AsyncIterator

import psycopg

CHANNEL = "tieout_inbox"
RECONNECT_S = 2.0
"""Pause before connecting again after the database went away, in seconds."""

NEWEST_PENDING = """
SELECT coalesce(max(inbox_id), 0) FROM tieout.inbox
WHERE state = 'pending' AND (origin = 'webhook' OR source <> 'xero')"""
"""What a run has extracted from Xero wakes nobody: the run itself goes on with it."""

log = logging.getLogger(__name__)


async def arrivals(url: str, *, poll_s: float) -> AsyncIterator[int]:
    """Yield the newest pending inbox id each time it has grown, for ever.

    Several arrivals between two looks are one wake-up. A lost connection is made again; what came
    in the meantime is seen then.
    """
    seen = 0
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                while True:
                    newest = await _newest(connection)
                    if newest > seen:
                        seen = newest
                        yield newest
                    async for _notice in connection.notifies(timeout=poll_s, stop_after=1):
                        pass
        except psycopg.OperationalError:
            log.warning("The ledger cannot be reached; trying again in %s s", RECONNECT_S)
            await asyncio.sleep(RECONNECT_S)


async def _newest(connection: psycopg.AsyncConnection) -> int:
    cursor = await connection.execute(NEWEST_PENDING)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
