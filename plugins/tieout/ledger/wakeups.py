"""Wake-ups: tell a waiting process that a run would find something to do. Reads only.

Our own status writes come back as webhooks of the shop, and what we write to Xero as its events:
they must not start the flow that wrote them. So news of a shop wakes for ORDERS, an event of a
contact for CONTACTS, what was passed on of a vendor for VENDORS, and the rest for HINTS. Which it
is is guessed from when we wrote what. Whoever drains a hint reads the record; what turns out to be
news after all is a document then, and such documents wake for ORDERS.
"""

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator
from enum import StrEnum

import psycopg
from sqlalchemy.dialects.postgresql import dialect

from tieout.ledger.claims import claimable

CHANNEL = "tieout_inbox"
RECONNECT_S = 2.0
"""Pause before connecting again after the database went away, in seconds."""

REMIND_S = 60.0
"""How long documents that nobody takes up wait for the next wake-up, in seconds."""


class Waking(StrEnum):
    """What a process waits for."""

    ORDERS = "orders"
    """News of a shop, or documents of it that nobody takes up."""
    HINTS = "hints"
    """Events of Xero, and what is probably the echo of a status that we wrote to a shop."""
    CONTACTS = "contacts"
    """Events of Xero's contacts, which wake nobody for HINTS."""
    VENDORS = "vendors"
    """What the flow of customers heard of a contact that is a vendor's."""


_ECHO = """(
    entry.topic = 'orders/updated' AND EXISTS (
        SELECT FROM tieout.deliveries AS told
        WHERE told.pair = entry.pair AND told.entity = 'order_status'
            AND told.document_key = entry.resource_id AND told.target = 'shopify'
            AND entry.received_at BETWEEN told.sent_at AND told.sent_at + interval '60 seconds'))"""
"""A shop tells of a change within seconds, and of our own by this topic alone."""

_OF_CONTACT = "split_part(entry.topic, '/', 1) = 'contact'"
_NEWEST = {
    Waking.ORDERS: f"source = 'shopify' AND NOT {_ECHO}",
    Waking.HINTS: f"""origin = 'webhook' AND pair <> ''
        AND ((source = 'xero' AND NOT {_OF_CONTACT}) OR (source = 'shopify' AND {_ECHO}))""",
    Waking.CONTACTS: f"origin = 'webhook' AND pair <> '' AND source = 'xero' AND {_OF_CONTACT}",
    Waking.VENDORS: "source = 'xero' AND topic = 'Suppliers/passed_on'",
}
"""What has been extracted from Xero's lists wakes nobody: the run itself goes on with it."""
CLAIMABLE = str(
    claimable().compile(
        dialect=dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
)

log = logging.getLogger(__name__)


async def arrivals(
    url: str, *, waking: Waking, poll_s: float, remind_s: float = REMIND_S
) -> AsyncGenerator[int, None]:
    """Yield the newest id of the entries that wake each time it has grown, for ever.

    For ORDERS yields it as well, at most every ``remind_s``, while documents wait that no batch
    holds: one run takes up a bounded number, and what failed is free again some time later. Several
    arrivals between two looks are one wake-up. A lost connection is made again; what came in the
    meantime is seen then.
    """
    seen, reminded_at = 0, -math.inf
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                while True:
                    newest = await newest_pending(connection, waking)
                    is_due = waking is Waking.ORDERS and time.monotonic() - reminded_at >= remind_s
                    if newest > seen or (is_due and await _is_something_claimable(connection)):
                        seen, reminded_at = max(newest, seen), time.monotonic()
                        yield seen
                    async for _notice in connection.notifies(timeout=poll_s, stop_after=1):
                        pass
        except psycopg.OperationalError:
            log.warning("The ledger cannot be reached; trying again in %s s", RECONNECT_S)
            await asyncio.sleep(RECONNECT_S)


async def newest_pending(connection: psycopg.AsyncConnection, waking: Waking) -> int:
    """Return the highest id of the entries that wake; 0 without any."""
    cursor = await connection.execute(
        "SELECT coalesce(max(inbox_id), 0) FROM tieout.inbox AS entry "  # noqa: S608 - constants
        f"WHERE state = 'pending' AND {_NEWEST[waking]}"
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _is_something_claimable(connection: psycopg.AsyncConnection) -> bool:
    cursor = await connection.execute(CLAIMABLE)
    return await cursor.fetchone() is not None
