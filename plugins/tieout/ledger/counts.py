"""Counts: where every inbox entry of a pair is, from one snapshot, and what was done lately."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import CompoundSelect, Connection, func, literal, select, union_all

from tieout.domain.ledger import UNFINISHED, Conservation, DeliveryState, DocumentState, InboxState
from tieout.ledger.schema import deliveries, documents, inbox


def conservation(connection: Connection, pair: str) -> Conservation:
    """Count entries by their own state and, once documented, by their document's.

    ``received`` counts entries and the rest counts states, so an entry that lost its document, or
    has both an end of its own and a document, breaks the sum.
    """
    counts: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for kind, state, rule, count in connection.execute(_counts(pair)):
        counts[f"{kind}.{state}"] += count
        counts[kind] += count
        if state == InboxState.SKIPPED:
            skipped[rule] += count
    return Conservation(
        pair=pair,
        received=counts["entry"],
        pending=counts[f"entry.{InboxState.PENDING}"]
        + sum(counts[f"document.{state}"] for state in (*UNFINISHED, DocumentState.HELD)),
        done=counts[f"document.{DocumentState.DONE}"],
        dead_letter=counts[f"entry.{InboxState.DEAD_LETTER}"]
        + counts[f"document.{DocumentState.DEAD_LETTER}"],
        skipped=dict(skipped),
        in_doubt=counts[f"delivery.{DeliveryState.IN_DOUBT}"],
    )


def done_lately(connection: Connection, pair: str, within_s: float) -> int:
    """Return how many documents of the pair were done within the last seconds."""
    # The word is that of the partial index: what was done before costs nothing.
    is_done = documents.c.state == literal(str(DocumentState.DONE), literal_execute=True)
    since = func.clock_timestamp() - timedelta(seconds=within_s)
    found: int = connection.execute(
        select(func.count()).where(
            documents.c.pair == pair, is_done, documents.c.changed_at > since
        )
    ).scalar_one()
    return found


def _counts(pair: str) -> CompoundSelect[str, str, str, int]:
    entries = (
        select(literal("entry"), inbox.c.state, inbox.c.rule, func.count())
        .where(inbox.c.pair == pair)
        .group_by(inbox.c.state, inbox.c.rule)
    )
    versions = (
        select(literal("document"), documents.c.state, documents.c.rule, func.count())
        .where(documents.c.pair == pair)
        .group_by(documents.c.state, documents.c.rule)
    )
    writes = (
        select(literal("delivery"), deliveries.c.state, literal(""), func.count())
        .where(deliveries.c.pair == pair, deliveries.c.state == DeliveryState.IN_DOUBT)
        .group_by(deliveries.c.state)
    )
    return union_all(entries, versions, writes)
