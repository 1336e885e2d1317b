"""The trigger that lets a task go on once people have posted what it waits for."""

from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from typing_extensions import override

from tieout.provider.triggers import ledger_url

POSTED_POLL_S = 60.0
"""How often a task that waits for people looks, in seconds: the DAG that sees them runs less often.
"""


class PostedTrigger(BaseTrigger):
    """Fire once when people have posted what a batch entered in Sage 100, or took it back."""

    def __init__(
        self,
        *,
        batch_id: int,
        entity: str,
        state: str,
        conn_id: str = "tieout_ledger",
        poll_s: float = POSTED_POLL_S,
    ) -> None:
        """Store what to wait for, the ledger's connection id and how often to look, in seconds."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.batch_id = batch_id
        self.entity = entity
        self.state = state
        self.conn_id = conn_id
        self.poll_s = poll_s

    @override
    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path and arguments to build the trigger again."""
        names = ("batch_id", "entity", "state", "conn_id", "poll_s")
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in names}

    @override
    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the one event."""
        from tieout.domain.ledger import DeliveryState  # noqa: PLC0415 - the triggerer only
        from tieout.ledger.posted import wait_until_posted  # noqa: PLC0415

        await wait_until_posted(
            await ledger_url(self.conn_id),
            batch_id=self.batch_id,
            entity=self.entity,
            state=DeliveryState(self.state),
            poll_s=self.poll_s,
        )
        yield TriggerEvent({"batch_id": self.batch_id})  # type: ignore[no-untyped-call]
