"""Statements on claims: which documents a batch takes hold of, and for how long.

What happens to a document once it is held belongs to documents.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import BatchId, DocumentId, System
from tieout.domain.ledger import UNFINISHED, Batch, Document
from tieout.errors import RetryableError
from tieout.ledger import rows
from tieout.ledger.documents import lease_end
from tieout.ledger.locks import lock_until_commit
from tieout.ledger.schema import batch_steps, batches, documents


def claim(  # noqa: PLR0913 - which stream, for whom, how much
    connection: Connection,
    pair: str,
    document_type: str,
    *,
    claimed_by: str,
    limit: int,
    lease_s: int,
    history_first: bool = False,
) -> Batch | None:
    """Claim unfinished documents that no live lease of another batch holds.

    Claims of one stream follow each other, so that none reads leases that another is writing. Fresh
    documents and history never share a batch, and one batch at a time works on history: a fresh
    document waits for no history, however much of it there is. A batch that a step has begun takes
    nothing more in: an earlier step would never see it.
    """
    lock_until_commit(connection, f"claim|{pair}|{document_type}")
    batch_id = _known_batch(connection, pair, document_type, claimed_by)
    if batch_id is not None:
        # Before the look at its steps: whoever begins one waits for this row until the commit.
        _lease(connection, pair, document_type, claimed_by=claimed_by, lease_s=lease_s)
    free: list[int] = []
    if batch_id is None or not _has_begun(connection, batch_id):
        stream = _Stream(pair, document_type, batch_id)
        for is_history in _kinds(connection, stream, history_first=history_first):
            free = _free_documents(connection, stream, is_history=is_history, limit=limit)
            if free:
                break
    if batch_id is None and not free:
        return None
    if batch_id is None:
        batch_id = _lease(connection, pair, document_type, claimed_by=claimed_by, lease_s=lease_s)
    connection.execute(
        update(documents)
        .where(documents.c.document_id.in_(free))
        .values(batch_id=batch_id, changed_at=func.clock_timestamp())
    )
    count = connection.execute(
        select(func.count()).select_from(documents).where(documents.c.batch_id == batch_id)
    ).scalar_one()
    return rows.batch(batch_id, pair, count) if count else None


def _known_batch(
    connection: Connection, pair: str, document_type: str, claimed_by: str
) -> int | None:
    return connection.execute(
        select(batches.c.batch_id).where(
            batches.c.pair == pair,
            batches.c.document_type == document_type,
            batches.c.claimed_by == claimed_by,
        )
    ).scalar_one_or_none()


def _has_begun(connection: Connection, batch_id: int) -> bool:
    """Say whether any step of the batch was ever begun."""
    begun = select(batch_steps.c.batch_id).where(batch_steps.c.batch_id == batch_id).limit(1)
    return connection.execute(begun).first() is not None


def claim_these(
    connection: Connection,
    pair: str,
    document_type: str,
    document_ids: Collection[DocumentId],
    *,
    claimed_by: str,
    lease_s: int,
) -> Batch:
    """Claim exactly these documents, or none.

    Raises:
        RetryableError: Some are finished, or a live lease of another batch holds them.
    """
    lock_until_commit(connection, f"claim|{pair}|{document_type}")
    batch_id = _known_batch(connection, pair, document_type, claimed_by)
    free = connection.execute(
        select(documents.c.document_id)
        .outerjoin(batches, batches.c.batch_id == documents.c.batch_id)
        .where(
            documents.c.document_id.in_(sorted(document_ids)),
            _is_claimable(pair, document_type, batch_id),
        )
        .with_for_update(of=documents)
    ).scalars()
    taken = sorted(set(document_ids) - set(free))
    if taken or not document_ids:
        raise RetryableError(
            f"Documents {taken} are finished by now, or another run holds them.",
            remedy="Nothing was claimed; read what waits, and try again.",
        )
    batch_id = _lease(connection, pair, document_type, claimed_by=claimed_by, lease_s=lease_s)
    connection.execute(
        update(documents)
        .where(documents.c.document_id.in_(sorted(document_ids)))
        .values(batch_id=batch_id, changed_at=func.clock_timestamp())
    )
    return rows.batch(batch_id, pair, len(set(document_ids)))


def claimed(
    connection: Connection, pair: str, document_type: str, claimed_by: str
) -> BatchId | None:
    """Return the batch of a name."""
    batch_id = _known_batch(connection, pair, document_type, claimed_by)
    return None if batch_id is None else BatchId(batch_id)


def waiting(connection: Connection, pair: str, document_type: str) -> list[Document]:
    """Return the unfinished documents that no live lease holds, in the order of claims."""
    statement = (
        select(*rows.DOCUMENT)
        .outerjoin(batches, batches.c.batch_id == documents.c.batch_id)
        .where(_is_claimable(pair, document_type, None))
        .order_by(documents.c.is_history, documents.c.version_at, documents.c.document_id)
    )
    return [rows.document(row) for row in connection.execute(statement).mappings()]


def _is_claimable(pair: str, document_type: str, batch_id: int | None) -> ColumnElement[bool]:
    """Say of a document, joined to its batch, whether the batch ``batch_id`` may claim it."""
    return and_(
        documents.c.pair == pair,
        documents.c.document_type == document_type,
        documents.c.state.in_(UNFINISHED),
        _is_free(batch_id),
    )


def _is_free(batch_id: int | None) -> ColumnElement[bool]:
    """Say of a document, joined to its batch, that it waits for no parent and no lease holds it.

    A live lease of another batch, that is.
    """
    return and_(
        func.cardinality(documents.c.waits_for) == 0,
        or_(
            documents.c.batch_id.is_(None),
            documents.c.batch_id == batch_id,
            batches.c.lease_until <= func.clock_timestamp(),
        ),
    )


@dataclass(frozen=True)
class _Stream:
    """The unfinished documents of one pair and type, as one batch sees them."""

    pair: str
    document_type: str
    batch_id: int | None = None

    def unfinished(self, *, is_history: bool) -> ColumnElement[bool]:
        """Return the condition on documents, in the words of their index."""
        return and_(
            documents.c.pair == self.pair,
            documents.c.document_type == self.document_type,
            documents.c.state.in_(UNFINISHED),
            documents.c.is_history == is_history,
        )

    def claimable(self, *, is_history: bool) -> ColumnElement[bool]:
        """Return the condition that no live lease of another batch holds a document."""
        return and_(
            _is_claimable(self.pair, self.document_type, self.batch_id),
            documents.c.is_history == is_history,
        )


def _kinds(connection: Connection, stream: _Stream, *, history_first: bool) -> Sequence[bool]:
    """Return whether to look among history (True) or fresh documents (False), in which order."""
    held = (
        select(documents.c.batch_id)
        .join(batches, batches.c.batch_id == documents.c.batch_id)
        .where(stream.unfinished(is_history=True), batches.c.lease_until > func.clock_timestamp())
    )
    others = held.where(documents.c.batch_id.is_distinct_from(stream.batch_id))
    if connection.execute(others.limit(1)).first() is not None:
        return (False,)
    own = select(documents.c.document_id).where(
        stream.unfinished(is_history=True), documents.c.batch_id == stream.batch_id
    )
    if stream.batch_id is not None and connection.execute(own.limit(1)).first() is not None:
        return (True,)
    return (True, False) if history_first else (False, True)


def _free_documents(
    connection: Connection, stream: _Stream, *, is_history: bool, limit: int
) -> list[int]:
    statement = (
        select(documents.c.document_id)
        .outerjoin(batches, batches.c.batch_id == documents.c.batch_id)
        .where(stream.claimable(is_history=is_history))
        .order_by(documents.c.version_at, documents.c.document_id)
        .limit(limit)
        .with_for_update(of=documents)
    )
    return list(connection.execute(statement).scalars())


def claimable() -> Select[tuple[int]]:
    """Return the statement that finds what a batch yet to come could claim now of any shop's."""
    other, lease = documents.alias(), batches.alias()
    at_history = (
        select(other.c.document_id)
        .join(lease, lease.c.batch_id == other.c.batch_id)
        .where(
            other.c.pair == documents.c.pair,
            other.c.document_type == documents.c.document_type,
            other.c.state.in_(UNFINISHED),
            other.c.is_history,
            lease.c.lease_until > func.clock_timestamp(),
        )
    )
    return (
        select(documents.c.document_id)
        .outerjoin(batches, batches.c.batch_id == documents.c.batch_id)
        .where(
            documents.c.state.in_(UNFINISHED),
            documents.c.source == System.SHOPIFY,
            _is_free(None),
            or_(~documents.c.is_history, ~at_history.exists()),
        )
        .limit(1)
    )


def waits(connection: Connection, pair: str, document_type: str) -> bool:
    """Say whether a claim would find a document now."""
    statement = claimable().where(
        documents.c.pair == pair, documents.c.document_type == document_type
    )
    return connection.execute(statement).first() is not None


def _lease(
    connection: Connection, pair: str, document_type: str, *, claimed_by: str, lease_s: int
) -> int:
    statement = insert(batches).values(
        pair=pair,
        document_type=document_type,
        claimed_by=claimed_by,
        lease_until=lease_end(lease_s),
    )
    renewed = statement.on_conflict_do_update(
        constraint="batches_claimed_by",
        set_={"lease_until": statement.excluded.lease_until, "epoch": batches.c.epoch + 1},
    )
    return int(connection.execute(renewed.returning(batches.c.batch_id)).scalar_one())
