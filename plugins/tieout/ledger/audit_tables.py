"""The audit's own tables as SQLAlchemy sees them; beside them is ``schema.audit``.

``migrations/env.py`` imports this, so that whoever migrates knows every table. No statement belongs
here.
"""

from sqlalchemy import BigInteger, Column, DateTime, FetchedValue, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from tieout.ledger.schema import metadata

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("seal_no", BigInteger, primary_key=True, autoincrement=False),
    Column("first_audit_id", BigInteger, nullable=False),
    Column("last_audit_id", BigInteger, nullable=False),
    Column("last_xid", Text, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("rows_hash", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("seal_hash", Text, nullable=False),
    Column("sealed_at", DateTime(timezone=True), nullable=False),
)

salts = Table(
    "salts",
    metadata,
    Column("inbox_id", BigInteger, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, server_default=FetchedValue(), nullable=False),
)

redactions = Table(
    "redactions",
    metadata,
    Column("redaction_id", BigInteger, server_default=FetchedValue(), primary_key=True),
    Column("pair", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("row_counts", JSONB, nullable=False),
    Column("redacted_at", DateTime(timezone=True), server_default=FetchedValue(), nullable=False),
)
