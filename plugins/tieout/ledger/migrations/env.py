"""What Alembic runs around the revisions; the connection comes from ``tieout.ledger.migrate``."""

from alembic import context

import tieout.ledger.audit_tables  # noqa: F401 - metadata knows a table once it is imported
from tieout.ledger.schema import SCHEMA, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema=SCHEMA,
    include_schemas=True,
)
context.run_migrations()
