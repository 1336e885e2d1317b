"""The wake-ups: triggers that fire when the ledger has news for a flow, or Sage 100 was written to.

An event carries no data: the run drains the inbox or reads the table, whatever woke it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import BaseHook
from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from typing_extensions import override

ORDERS, HINTS, CONTACTS, VENDORS = "orders", "hints", "contacts", "vendors"
"""What a trigger can wait for: the values of ledger.wakeups.Waking."""
POLL_S = 5.0
"""How often a trigger looks for itself, in seconds."""
REST_S = 5.0
"""How long after an event the next one waits, in seconds: what arrives meanwhile shares a run."""
HINT_WAIT_S = 15.0
"""How long a hint waits for others, in seconds. Most are echoes of a write that is still being read
back, and nobody waits for what they tell."""


SAGE100_POLL_S = 60.0
"""How often a trigger looks whether a table of Sage 100 was written to, in seconds: each look reads
through the table on Sage's server, as no index has its dates."""
SAGE100_READ_AGAIN_S = 900.0
"""After how long without a write the table is read in any case, in seconds: for what is deleted,
documents that were half written, and rows without a date."""

log = logging.getLogger(__name__)


class InboxTrigger(BaseEventTrigger):
    """Fire once for each burst of what is new, the first of a shop's news at once.

    Listens to PostgreSQL's notifications and looks for itself every ``poll_s`` seconds, so that a
    lost notification delays an entry and never loses it.
    """

    def __init__(
        self, *, waking: str = ORDERS, conn_id: str = "tieout_ledger", poll_s: float = POLL_S
    ) -> None:
        """Store what to wait for, the ledger's connection id and how often to look, in seconds."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.waking = waking
        self.conn_id = conn_id
        self.poll_s = poll_s

    @override
    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path and arguments to build the trigger again."""
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        arguments = {"waking": self.waking, "conn_id": self.conn_id, "poll_s": self.poll_s}
        return path, arguments

    @override
    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield an event each time something is new."""
        from tieout.ledger.wakeups import Waking, arrivals  # noqa: PLC0415 - the triggerer only

        uri = await ledger_url(self.conn_id)
        waking = Waking(self.waking)
        async for newest in arrivals(uri, waking=waking, poll_s=self.poll_s):
            if waking is Waking.HINTS:
                await asyncio.sleep(HINT_WAIT_S)
            yield TriggerEvent({"newest_inbox_id": newest})  # type: ignore[no-untyped-call]
            await asyncio.sleep(REST_S)


async def ledger_url(conn_id: str) -> str:
    """Return where the ledger is, by its connection, as its driver wants it."""
    connection = await BaseHook.aget_connection(conn_id)
    return str(connection.get_uri().replace("postgres://", "postgresql://", 1))


class Sage100ChangeTrigger(BaseEventTrigger):
    """Fire when a table of the pair's Sage 100 was written to, and every 15 minutes in any case.

    Sage 100 tells nothing by itself. A look compares keys and dates of the last days and moves no
    position: what changed is read by the run. ``seen`` is what the last look saw, '' for nothing.
    Sage 100 that cannot be read now is asked again at the next look.
    """

    def __init__(
        self, *, pair: str, table: str, seen: str = "", poll_s: float = SAGE100_POLL_S
    ) -> None:
        """Store what to watch, and how often to look, in seconds."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.pair = pair
        self.table = table
        self.seen = seen
        self.poll_s = poll_s

    @override
    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path and arguments to build the trigger again."""
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        arguments = {"pair": self.pair, "table": self.table}
        return path, {**arguments, "seen": self.seen, "poll_s": self.poll_s}

    @override
    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield an event each time the table is to be read."""
        from tieout.errors import RetryableError  # noqa: PLC0415 - the triggerer only

        quiet_s = 0.0
        while True:
            try:
                seen = await asyncio.to_thread(look_at_sage100, self.pair, self.table)
            except RetryableError as error:
                log.warning("%s", error)
                seen = self.seen
            if seen != self.seen or quiet_s >= SAGE100_READ_AGAIN_S:
                self.seen, quiet_s = seen, 0.0
                yield TriggerEvent({"seen": seen})  # type: ignore[no-untyped-call]
            await asyncio.sleep(self.poll_s)
            quiet_s += self.poll_s


def look_at_sage100(pair: str, table: str) -> str:
    """Return what a table of the pair's Sage 100 looks like; drivers block, so not in the loop."""
    from tieout.provider.runtime import open_runtime  # noqa: PLC0415 - adapters load when asked

    return open_runtime().sage100_fingerprint(pair, table)
