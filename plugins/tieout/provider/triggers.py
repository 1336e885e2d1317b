"""The wake-up: a trigger that fires when the ledger has something new for a flow.

The event carries no data: the run drains the inbox, whatever woke it.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import BaseHook
from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from typing_extensions import override

ORDERS, HINTS = "orders", "hints"
"""What a trigger can wait for: the values of ledger.wakeups.Waking."""
POLL_S = 5.0
"""How often a trigger looks for itself, in seconds."""
REST_S = 5.0
"""How long after an event the next one waits, in seconds: what arrives meanwhile shares a run."""
HINT_WAIT_S = 15.0
"""How long a hint waits for others, in seconds. Most are echoes of a write that is still being read
back, and nobody waits for what they tell."""


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

        connection = await BaseHook.aget_connection(self.conn_id)
        uri = connection.get_uri().replace("postgres://", "postgresql://", 1)
        waking = Waking(self.waking)
        async for newest in arrivals(uri, waking=waking, poll_s=self.poll_s):
            if waking is Waking.HINTS:
                await asyncio.sleep(HINT_WAIT_S)
            yield TriggerEvent({"newest_inbox_id": newest})  # type: ignore[no-untyped-call]
            await asyncio.sleep(REST_S)
