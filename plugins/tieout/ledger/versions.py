"""The step from an inbox entry to a document: one version of one record, in order, once.

A record is (source, account, document type, source id). A version equal in content to the newest
one, or seen before, is a duplicate; one older than the newest is superseded.
"""

from sqlalchemy import ColumnElement, Connection, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import DocumentId, InboxId
from tieout.domain.ledger import DocumentState, InboxState, NewDocument, Origin
from tieout.errors import ConfigurationError
from tieout.ledger.documents import SUPERSEDED
from tieout.ledger.inbox import settle
from tieout.ledger.locks import lock_until_commit
from tieout.ledger.schema import documents, inbox

DUPLICATE = "duplicate"


def document(connection: Connection, inbox_id: InboxId, new: NewDocument) -> DocumentId | None:
    """Insert the next version of a record, or skip the entry by a rule.

    The lock orders the versions of one record; the unique version number would refuse a second row
    even without it. An entry that is no longer pending keeps the document that it became.
    """
    entry = connection.execute(
        select(inbox.c.state, inbox.c.origin).where(inbox.c.inbox_id == inbox_id).with_for_update()
    ).one_or_none()
    if entry is None:
        raise ConfigurationError(
            f"The ledger has no inbox entry {inbox_id}.",
            remedy="Take ids from pending_entries of the same ledger.",
        )
    if entry.state != InboxState.PENDING:
        return _document_of(connection, inbox_id)
    lock_until_commit(
        connection, f"record|{new.source}|{new.account}|{new.document_type}|{new.source_id}"
    )
    rule, version_no = _judge(connection, new)
    if rule == DUPLICATE:
        _see_again(connection, new)
    if rule:
        settle(connection, inbox_id, InboxState.SKIPPED, rule)
        return None
    document_id = connection.execute(
        insert(documents)
        .values(
            inbox_id=inbox_id,
            version_no=version_no,
            known_through=new.version_at,
            is_history=entry.origin == Origin.BACKFILL,
            **new.model_dump(),
        )
        .returning(documents.c.document_id)
    ).scalar_one()
    settle(connection, inbox_id, InboxState.DOCUMENTED)
    if version_no > 1:
        _supersede_older(connection, new, version_no)
    return DocumentId(document_id)


def _supersede_older(connection: Connection, new: NewDocument, version_no: int) -> None:
    """Skip the older versions that nobody has begun to post."""
    connection.execute(
        update(documents)
        .where(
            _same_record(new),
            documents.c.version_no < version_no,
            documents.c.state == DocumentState.RECEIVED,
        )
        .values(state=DocumentState.SKIPPED, rule=SUPERSEDED, changed_at=func.clock_timestamp())
    )


def _document_of(connection: Connection, inbox_id: InboxId) -> DocumentId | None:
    found = connection.execute(
        select(documents.c.document_id).where(documents.c.inbox_id == inbox_id)
    ).scalar_one_or_none()
    return None if found is None else DocumentId(found)


def judge(connection: Connection, new: NewDocument) -> str:
    """Return the rule that would skip the version, or ''."""
    return _judge(connection, new)[0]


def _see_again(connection: Connection, new: NewDocument) -> None:
    """Note how late the newest version's content was still seen, if this is that content."""
    newest = select(func.max(documents.c.version_no)).where(_same_record(new)).scalar_subquery()
    connection.execute(
        update(documents)
        .where(
            _same_record(new),
            documents.c.version_no == newest,
            documents.c.content_hash == new.content_hash,
        )
        .values(known_through=func.greatest(documents.c.known_through, new.version_at))
    )


def _judge(connection: Connection, new: NewDocument) -> tuple[str, int]:
    """Return the rule that skips the version, or '' and its number."""
    latest = connection.execute(
        select(
            documents.c.document_id,
            documents.c.version_no,
            documents.c.known_through,
            documents.c.content_hash,
        )
        .where(_same_record(new))
        .order_by(documents.c.version_no.desc())
        .limit(1)
    ).one_or_none()
    if latest is None:
        return "", 1
    if latest.content_hash == new.content_hash:
        return DUPLICATE, 0
    if new.version_at >= latest.known_through:
        return "", latest.version_no + 1
    seen = select(documents.c.document_id).where(
        _same_record(new),
        documents.c.content_hash == new.content_hash,
        documents.c.version_at == new.version_at,
    )
    return (SUPERSEDED if connection.execute(seen).first() is None else DUPLICATE), 0


def _same_record(new: NewDocument) -> ColumnElement[bool]:
    return and_(
        documents.c.source == new.source,
        documents.c.account == new.account,
        documents.c.document_type == new.document_type,
        documents.c.source_id == new.source_id,
    )
