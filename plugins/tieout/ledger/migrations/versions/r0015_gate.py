"""What the gate says: warnings on what it lets through, owners of the rest, usual shares of bad."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; nothing is warned of yet, and no share is usual."""
    op.get_bind().exec_driver_sql(
        "ALTER TABLE tieout.documents ADD COLUMN warnings jsonb;"
        " CREATE INDEX documents_warned ON tieout.documents (pair, document_id)"
        " WHERE warnings IS NOT NULL;"
        " ALTER TABLE tieout.dead_letters ADD COLUMN owner text NOT NULL DEFAULT '';"
        " ALTER TABLE tieout.streams ADD COLUMN usual_judged integer NOT NULL DEFAULT 0,"
        " ADD COLUMN usual_bad integer NOT NULL DEFAULT 0"
    )


def downgrade() -> None:
    """Drop them: the answers of dead letters say the owners too."""
    op.get_bind().exec_driver_sql(
        "ALTER TABLE tieout.documents DROP COLUMN warnings;"
        " ALTER TABLE tieout.dead_letters DROP COLUMN owner;"
        " ALTER TABLE tieout.streams DROP COLUMN usual_judged, DROP COLUMN usual_bad"
    )
