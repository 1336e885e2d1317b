"""Following what was entered in Sage 100: an index of what is not in its GL yet."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Drop the index: nothing else came with it."""
    op.get_bind().exec_driver_sql("DROP INDEX tieout.deliveries_following")
