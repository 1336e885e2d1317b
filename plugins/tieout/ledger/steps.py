"""Statements on the steps of batches: who may act on a step now, and who never came to an end."""

from sqlalchemy import Connection, case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import BatchId
from tieout.domain.ledger import Fence
from tieout.errors import RetryableError
from tieout.ledger.documents import is_leased, lease_end, renew
from tieout.ledger.schema import batch_steps, batches


def begin(connection: Connection, batch_id: BatchId, step: str, lease_s: int) -> Fence:
    """Raise the step's epoch, which outdates every earlier fence of it, and renew the lease."""
    renew(connection, batch_id, lease_s)
    begun = insert(batch_steps).values(batch_id=batch_id, step=step)
    unfinished = case((batch_steps.c.ended_at.is_(None), batch_steps.c.unfinished + 1), else_=0)
    again = begun.on_conflict_do_update(
        constraint="batch_steps_pkey",
        set_={
            "epoch": batch_steps.c.epoch + 1,
            "unfinished": unfinished,
            "begun_at": func.clock_timestamp(),
            "ended_at": None,
        },
    )
    row = connection.execute(again.returning(batch_steps.c.epoch, batch_steps.c.unfinished)).one()
    return Fence(batch_id=batch_id, step=step, epoch=row.epoch, unfinished=row.unfinished)


def end(connection: Connection, fence: Fence, lease_s: int | None) -> None:
    """Record that the step came to its end, unless somebody has begun it anew; cut the lease."""
    ended = connection.execute(
        update(batch_steps)
        .where(
            batch_steps.c.batch_id == fence.batch_id,
            batch_steps.c.step == fence.step,
            batch_steps.c.epoch == fence.epoch,
        )
        .values(ended_at=func.clock_timestamp())
    )
    if ended.rowcount and lease_s is not None:
        cut = func.least(batches.c.lease_until, lease_end(lease_s))
        connection.execute(
            update(batches).where(batches.c.batch_id == fence.batch_id).values(lease_until=cut)
        )


def check(connection: Connection, fence: Fence) -> None:
    """Make sure that the fence holds, and keep it so until the transaction ends.

    Raises:
        RetryableError: It does not: nothing may be sent.
    """
    held = connection.execute(
        select(batch_steps.c.epoch)
        .where(batch_steps.c.batch_id == fence.batch_id, batch_steps.c.step == fence.step)
        .with_for_update(read=True)
    ).scalar_one_or_none()
    if held == fence.epoch and is_leased(connection, fence.batch_id):
        return
    raise RetryableError(
        f"Step {fence.step!r} of batch {fence.batch_id} belongs to another worker by now.",
        remedy="Nothing was sent, and nothing is to do: that worker carries the documents on.",
    )
