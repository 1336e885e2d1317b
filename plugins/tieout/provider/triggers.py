"""The wake-up: a trigger that fires when the ledger's inbox has something new.

The event carries no data: the run drains the inbox, whatever woke it.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import BaseHook
from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from typing_extensions import override

REST_S = 5.0
"""How long after an event the next one waits, in seconds: what arrives meanwhile shares a run."""


class InboxTrigger(BaseEventTrigger):
    """Fire once for each burst of new inbox entries, the first at once.

    Listens to PostgreSQL's notifications and looks for itself every ``poll_s`` seconds, so that a
    lost notification delays an entry and never loses it.
    """

    def __init__(self, *, conn_id: str = "tieout_ledger", poll_s: float = 5.0) -> None:
        """Store the ledger's connection id and how often to look, in seconds."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.conn_id = conn_id
        self.poll_s = poll_s

    @override
    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path and arguments to build the trigger again."""
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {"conn_id": self.conn_id, "poll_s": self.poll_s}

    @override
    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield an event for each new high mark of the inbox."""
        from tieout.ledger.wakeups import arrivals  # noqa: PLC0415 - the triggerer only

        connection = await BaseHook.aget_connection(self.conn_id)
        uri = connection.get_uri().replace("postgres://", "postgresql://", 1)
        async for newest in arrivals(uri, poll_s=self.poll_s):
            yield TriggerEvent({"newest_inbox_id": newest})  # type: ignore[no-untyped-call]
            await asyncio.sleep(REST_S)
