"""References: what was read of an organization's codes, so that not every gate reads it anew."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; the first gate fills them."""
    op.get_bind().exec_driver_sql(
        "CREATE TABLE tieout.kept_references (name text PRIMARY KEY, content jsonb NOT NULL,"
        " read_at timestamptz NOT NULL)"
    )


def downgrade() -> None:
    """Drop them: they are read again."""
    op.get_bind().exec_driver_sql("DROP TABLE tieout.kept_references")
