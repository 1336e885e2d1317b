"""Since when a key is in use: the target counts from the first send under it, not from the last."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the moment; of what is in doubt, the last send is the first that is known of."""
    op.get_bind().exec_driver_sql(
        "ALTER TABLE tieout.deliveries ADD COLUMN key_sent_at timestamptz;"
        " UPDATE tieout.deliveries SET key_sent_at = sent_at WHERE state IN ('sent', 'in_doubt')"
    )


def downgrade() -> None:
    """Drop it: the window of a key is counted from its last send again."""
    op.get_bind().exec_driver_sql("ALTER TABLE tieout.deliveries DROP COLUMN key_sent_at")
