"""Wait until people have posted what a batch entered in Sage 100. Reads only."""

import asyncio
import logging

import psycopg

from tieout.domain.ledger import DeliveryState
from tieout.ledger.wakeups import RECONNECT_S

_SHORT_OF = {
    DeliveryState.UPDATED: ["intent", "sent", "in_doubt", "entered"],
    DeliveryState.IN_GL: ["intent", "sent", "in_doubt", "entered", "updated"],
}
_WAITING = """
    SELECT count(*) FROM tieout.deliveries AS d JOIN tieout.documents AS o USING (document_id)
    WHERE o.batch_id = %s AND d.entity = %s AND d.target = 'sage100' AND d.state = ANY(%s)"""
log = logging.getLogger(__name__)


async def wait_until_posted(
    url: str, *, batch_id: int, entity: str, state: DeliveryState, poll_s: float
) -> None:
    """Return once no delivery of one kind of a batch's documents is short of ``state`` any more.

    What is held or refused does not come further and is not waited for. A lost connection is made
    again. Between two looks none is kept: people take days.
    """
    given = (batch_id, entity, _SHORT_OF[state])
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                cursor = await connection.execute(_WAITING, given)
                row = await cursor.fetchone()
        except psycopg.OperationalError:
            log.warning("The ledger cannot be reached; trying again in %s s", RECONNECT_S)
            await asyncio.sleep(RECONNECT_S)
            continue
        if row is not None and row[0] == 0:
            return
        await asyncio.sleep(poll_s)
