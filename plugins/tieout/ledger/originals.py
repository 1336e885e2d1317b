"""Stored documents as their sources sent them, for whoever tries mappings on them. Only reading."""

from datetime import datetime

from sqlalchemy import literal, or_, select

from tieout.domain.base import DocumentId
from tieout.domain.ledger import Document, DocumentState
from tieout.ledger import rows
from tieout.ledger.documents import same_record
from tieout.ledger.schema import documents
from tieout.ledger.session import Database


class PostgresOriginals:
    """Stored documents over the ledger's database."""

    def __init__(self, database: Database) -> None:
        """Keep the database; nothing is connected before the first call."""
        self._database = database

    def newest(self, pair: str, document_type: str, name: str) -> list[Document]:
        """Return the newest version of each record that people call so: by name or by id."""
        newer = documents.alias("newer")
        superseded = (
            select(newer.c.document_id)
            .where(same_record(newer, documents), newer.c.version_no > documents.c.version_no)
            .exists()
        )
        statement = (
            select(*rows.DOCUMENT)
            .where(
                documents.c.pair == pair,
                documents.c.document_type == document_type,
                or_(documents.c.name == name, documents.c.source_id == name),
                ~superseded,
            )
            .order_by(documents.c.document_id)
        )
        with self._database.transaction() as connection:
            found = connection.execute(statement).mappings()
            return [rows.document(row) for row in found]

    def done_since(
        self,
        pair: str,
        document_type: str,
        since: datetime,
        *,
        after: DocumentId | None = None,
        limit: int,
    ) -> list[Document]:
        """Return documents done since, by their ids; ``after`` is the last of the page before.

        The cost grows with what was done since, not with all that is stored.
        """
        # The word is that of the partial index: what was done before costs nothing.
        is_done = documents.c.state == literal(str(DocumentState.DONE), literal_execute=True)
        statement = (
            select(*rows.DOCUMENT)
            .where(
                documents.c.pair == pair,
                documents.c.document_type == document_type,
                is_done,
                documents.c.changed_at >= since,
                documents.c.document_id > (after or 0),
            )
            .order_by(documents.c.document_id)
            .limit(limit)
        )
        with self._database.transaction() as connection:
            found = connection.execute(statement).mappings()
            return [rows.document(row) for row in found]
