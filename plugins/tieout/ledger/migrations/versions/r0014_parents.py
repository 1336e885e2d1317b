"""What a record waits for: the customer or item that must be there before it can go on."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the names, on documents and on dead letters; nothing waits yet."""
    op.get_bind().exec_driver_sql(
        "ALTER TABLE tieout.documents ADD COLUMN waits_for text[] NOT NULL DEFAULT '{}';"
        " ALTER TABLE tieout.dead_letters ADD COLUMN waits_for text[] NOT NULL DEFAULT '{}';"
        " CREATE INDEX documents_waiting ON tieout.documents (pair) WHERE waits_for <> '{}';"
        " CREATE INDEX dead_letters_waiting ON tieout.dead_letters (pair)"
        " WHERE closed_at IS NULL AND waits_for <> '{}'"
    )


def downgrade() -> None:
    """Drop them: what waited is claimed again, and set aside for the same cause."""
    op.get_bind().exec_driver_sql(
        "ALTER TABLE tieout.documents DROP COLUMN waits_for;"
        " ALTER TABLE tieout.dead_letters DROP COLUMN waits_for"
    )
