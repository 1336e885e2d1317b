"""Ramps: a system that was away is told of once and given its work again slowly."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a row keeps of an alert and a ramp, and the index of what was done lately."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Drop them: a ramp under way is over, and people may be told a second time."""
    op.get_bind().exec_driver_sql(
        "DROP INDEX tieout.documents_done;"
        " ALTER TABLE tieout.streams DROP COLUMN told_at, DROP COLUMN back_at,"
        " DROP COLUMN ramp_minute, DROP COLUMN ramp_sent"
    )
