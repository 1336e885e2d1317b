"""Passports: a document is found by any id of it without reading the tables whole."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INDEXES = {
    "documents_source_id": "documents (source_id)",
    "documents_name": "documents (name)",
    "deliveries_by_id": "deliveries (external_id)",
    "deliveries_by_no": "deliveries (external_no)",
    "deliveries_by_key": "deliveries (document_key)",
    "bindings_by_key": "bindings (key)",
    "bindings_by_id": "bindings (external_id)",
    "bindings_by_no": "bindings (external_no)",
    "replay_job_letters_of": "replay_job_letters (dead_letter_id)",
}


def upgrade() -> None:
    """Add the indexes."""
    for name, columns in INDEXES.items():
        op.get_bind().exec_driver_sql(f"CREATE INDEX {name} ON tieout.{columns}")


def downgrade() -> None:
    """Drop them."""
    for name in INDEXES:
        op.get_bind().exec_driver_sql(f"DROP INDEX tieout.{name}")
