"""Streams: what pauses, what a person holds, and why."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of streams and its audit."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Refuse: a stream that a person holds would go on."""
    message = "The ledger's fourth revision cannot be undone; restore a backup instead."
    raise NotImplementedError(message)
