"""What is known of some records of one shop: read by their keys, never the whole ledger.

Reads only. Judging what is read belongs to usecases.gaps.
"""

from collections.abc import Collection

from sqlalchemy import CollectionAggregate, Connection, Text, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from tieout.domain.base import System
from tieout.domain.gaps import KnownRecord
from tieout.domain.ledger import InboxState
from tieout.ledger.schema import dead_letters, documents, inbox


def known_records(
    connection: Connection, pair: str, account: str, document_type: str, source_ids: Collection[str]
) -> dict[str, KnownRecord]:
    """Return the newest version of each record, and whether a message of it waits or was set aside.

    Versions are found by their unique key. Messages are found among those that are pending, or open
    dead letters: both have indexes of their own.
    """
    wanted = sorted(set(source_ids))
    pending = _resources(connection, pair, account, wanted)
    aside = _resources_set_aside(connection, pair, account, wanted)
    known = {
        source_id: KnownRecord(
            source_id=source_id, is_pending=source_id in pending, is_set_aside=source_id in aside
        )
        for source_id in pending | aside
    }
    newest = (
        select(
            *(documents.c.source_id, documents.c.state, documents.c.rule, documents.c.content_hash),
            func.jsonb_exists(documents.c.payload, "redacted").label("is_redacted"),
        )
        .ext(distinct_on(documents.c.source_id))
        .where(
            documents.c.source == System.SHOPIFY,
            documents.c.account == account,
            documents.c.document_type == document_type,
            documents.c.source_id == _any(wanted),
        )
        .order_by(documents.c.source_id, documents.c.version_no.desc())
    )
    for row in connection.execute(newest).mappings():
        known[row["source_id"]] = KnownRecord(
            is_pending=row["source_id"] in pending, is_set_aside=row["source_id"] in aside, **row
        )
    return known


def _any(values: Collection[str]) -> CollectionAggregate[bool]:
    """Return the values as one array: a long list of parameters has a limit."""
    return any_(literal(list(values), ARRAY(Text)))


def _resources(
    connection: Connection, pair: str, account: str, wanted: Collection[str]
) -> set[str]:
    statement = select(inbox.c.resource_id).where(
        inbox.c.pair == pair,
        inbox.c.account == account,
        inbox.c.state == InboxState.PENDING,
        inbox.c.resource_id == _any(wanted),
    )
    return set(connection.execute(statement).scalars())


def _resources_set_aside(
    connection: Connection, pair: str, account: str, wanted: Collection[str]
) -> set[str]:
    statement = (
        select(inbox.c.resource_id)
        .join(dead_letters, dead_letters.c.inbox_id == inbox.c.inbox_id)
        .where(
            dead_letters.c.pair == pair,
            dead_letters.c.closed_at.is_(None),
            inbox.c.account == account,
            inbox.c.state == InboxState.DEAD_LETTER,
            inbox.c.resource_id == _any(wanted),
        )
    )
    return set(connection.execute(statement).scalars())
