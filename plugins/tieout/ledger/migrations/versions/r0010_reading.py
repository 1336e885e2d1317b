"""Reading lists by pages: where a reading goes on, and entries that land by the thousand."""

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Extend watermarks and inbox."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Refuse: entries that differ by their occurrence alone would be lost."""
    message = "The ledger's tenth revision cannot be undone; restore a backup instead."
    raise NotImplementedError(message)
